/* The memory transport: two byte rings between two ends inside one process. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/channel/channel.h"
#include "proto/share/secret.h"

/* Turns a waiting end gives away before it sleeps.  Where both ends share a core, that saves the
 * other one waking it for every block it sends, to be interrupted by it; where each has its own, it
 * costs a microsecond a wait. */
enum { YIELDS = 4 };

/* Bytes [head, head + held) of a circular buffer wait to be received. */
struct pipe {
    uint8_t *bytes;
    size_t head, held;
};

struct link {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t buffer;       /* capacity of each pipe */
    struct pipe pipe[2]; /* pipe[i] carries what end i sends */
    int closed[2];
};

struct end {
    struct link *link;
    int side;
};

static ssize_t memory_try_send(void *self, const uint8_t *data, size_t n, sonic_error *error)
{
    struct end *end = self;
    struct link *link = end->link;
    struct pipe *pipe = &link->pipe[end->side];
    (void)error;
    pthread_mutex_lock(&link->lock);
    ssize_t moved = SONIC_E_CLOSED;
    if (!link->closed[!end->side]) {
        size_t left = sonic_size_min(n, link->buffer - pipe->held);
        moved = (ssize_t)left;
        while (left) {
            size_t at = (pipe->head + pipe->held) % link->buffer;
            size_t run = sonic_size_min(left, link->buffer - at);
            memcpy(pipe->bytes + at, data, run);
            pipe->held += run;
            data += run;
            left -= run;
        }
        if (moved)
            pthread_cond_broadcast(&link->changed);
    }
    pthread_mutex_unlock(&link->lock);
    return moved;
}

static ssize_t memory_try_receive(void *self, uint8_t *data, size_t n, sonic_error *error)
{
    struct end *end = self;
    struct link *link = end->link;
    struct pipe *pipe = &link->pipe[!end->side];
    (void)error;
    pthread_mutex_lock(&link->lock);
    size_t left = sonic_size_min(n, pipe->held);
    ssize_t moved = left || !link->closed[!end->side] ? (ssize_t)left : SONIC_E_CLOSED;
    while (left) {
        size_t run = sonic_size_min(left, link->buffer - pipe->head);
        memcpy(data, pipe->bytes + pipe->head, run);
        pipe->head = (pipe->head + run) % link->buffer;
        pipe->held -= run;
        data += run;
        left -= run;
    }
    if (moved > 0)
        pthread_cond_broadcast(&link->changed);
    pthread_mutex_unlock(&link->lock);
    return moved;
}

/* Whether a try would do something, if only report that the other end is gone. */
static int can_progress(const struct end *end, int want_send, int want_receive)
{
    const struct link *link = end->link;
    return link->closed[!end->side] || (want_send && link->pipe[end->side].held < link->buffer) ||
           (want_receive && link->pipe[!end->side].held > 0);
}

static int memory_wait(void *self, int want_send, int want_receive, int milliseconds,
                       sonic_error *error)
{
    struct end *end = self;
    struct link *link = end->link;
    struct timespec until;
    (void)error;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += milliseconds / 1000;
    until.tv_nsec += milliseconds % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&link->lock);
    for (int yields = 0; yields < YIELDS && !can_progress(end, want_send, want_receive); yields++) {
        pthread_mutex_unlock(&link->lock);
        sched_yield();
        pthread_mutex_lock(&link->lock);
    }
    int waited = 0;
    while (!can_progress(end, want_send, want_receive) && waited == 0)
        waited = pthread_cond_timedwait(&link->changed, &link->lock, &until);
    int ready = can_progress(end, want_send, want_receive);
    pthread_mutex_unlock(&link->lock);
    return ready;
}

static void free_link(struct link *link)
{
    for (int i = 0; i < 2; i++) {
        sonic_secret_free(link->pipe[i].bytes, link->buffer);
    }
    pthread_cond_destroy(&link->changed);
    pthread_mutex_destroy(&link->lock);
    free(link);
}

static void memory_close(void *self)
{
    struct end *end = self;
    struct link *link = end->link;
    pthread_mutex_lock(&link->lock);
    link->closed[end->side] = 1;
    int last = link->closed[!end->side];
    pthread_cond_broadcast(&link->changed);
    pthread_mutex_unlock(&link->lock);
    free(end);
    if (last)
        free_link(link);
}

const sonic_transport sonic_memory_transport = {memory_try_send, memory_try_receive, memory_wait,
                                                memory_close};

/* A condition variable whose deadlines do not move when someone sets the clock. */
static int init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    int failed = pthread_condattr_init(&attributes);
    if (failed)
        return failed;
    failed = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (!failed)
        failed = pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return failed;
}

sonic_status sonic_memory_transport_pair(void **a, void **b, size_t buffer, sonic_error *error)
{
    if (buffer == 0)
        return sonic_fail(error, SONIC_E_ARGUMENT,
                          "a memory channel needs a buffer of at least 1 byte");
    struct link *link = calloc(1, sizeof *link);
    struct end *end0 = calloc(1, sizeof *end0), *end1 = calloc(1, sizeof *end1);
    if (!link || !end0 || !end1)
        goto free_all;
    link->buffer = buffer;
    link->pipe[0].bytes = malloc(buffer);
    link->pipe[1].bytes = malloc(buffer);
    if (!link->pipe[0].bytes || !link->pipe[1].bytes)
        goto free_all;
    if (pthread_mutex_init(&link->lock, NULL))
        goto free_all;
    if (init_condition(&link->changed))
        goto destroy_lock;
    *end0 = (struct end){link, 0};
    *end1 = (struct end){link, 1};
    *a = end0;
    *b = end1;
    return SONIC_OK;

destroy_lock:
    pthread_mutex_destroy(&link->lock);
free_all:
    if (link) {
        free(link->pipe[0].bytes);
        free(link->pipe[1].bytes);
    }
    free(link);
    free(end0);
    free(end1);
    return sonic_fail(error, SONIC_E_MEMORY, "out of memory for a memory channel of %zu bytes",
                      buffer);
}

sonic_status sonic_channel_memory_pair(sonic_channel **a, sonic_channel **b, size_t buffer,
                                       int timeout_ms, sonic_error *error)
{
    void *end[2];
    sonic_channel *first;
    sonic_status status = sonic_memory_transport_pair(&end[0], &end[1], buffer, error);
    if (status)
        return status;
    status = sonic_channel_create(&first, &sonic_memory_transport, end[0], "server 1", timeout_ms,
                                  error);
    if (status) {
        memory_close(end[1]);
        return status;
    }
    status =
        sonic_channel_create(b, &sonic_memory_transport, end[1], "server 0", timeout_ms, error);
    if (status) {
        sonic_channel_free(first);
        return status;
    }
    *a = first;
    return SONIC_OK;
}
