/* A server's door: users come in, leave their input's share and wait for the result's. */
#include "tools/door.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dispatch/context.h"
#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "tools/host.h"

/* How often a waiting user hears from the server; the shortest --timeout is four times this. */
enum { HEARTBEAT_MS = 250 };

typedef enum visit { ARRIVING, WAITING, TAKEN, ANSWERED, REFUSED } visit;

struct sonic_visitor {
    sonic_door *door;
    sonic_visitor *next; /* in order of arrival */
    visit visit;
    bool gone;
    uint8_t request[SONIC_ID_BYTES];
    sonic_reader *input;
    uint32_t batches, done;
    int result;
    char why[SONIC_MESSAGE_TEXT];
};

struct sonic_door {
    sonic_host *host;
    sonic_greeting greeting;
    size_t batch_bytes; /* of an input's share */
    int timeout_ms;
    bool closed;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    sonic_visitor *first;
};

static void enter(sonic_door *door, sonic_visitor *visitor)
{
    pthread_mutex_lock(&door->lock);
    sonic_visitor **end = &door->first;
    while (*end)
        end = &(*end)->next;
    *end = visitor;
    pthread_mutex_unlock(&door->lock);
}

static void leave(sonic_door *door, sonic_visitor *visitor)
{
    pthread_mutex_lock(&door->lock);
    sonic_visitor **at = &door->first;
    while (*at != visitor)
        at = &(*at)->next;
    *at = visitor->next;
    pthread_mutex_unlock(&door->lock);
}

static void change(sonic_visitor *visitor, visit to)
{
    pthread_mutex_lock(&visitor->door->lock);
    visitor->visit = to;
    pthread_cond_broadcast(&visitor->door->changed);
    pthread_mutex_unlock(&visitor->door->lock);
}

/* What the user says it brings, against what this server takes. */
static sonic_status check_greeting(const sonic_door *door, const sonic_greeting *theirs,
                                   sonic_error *error)
{
    const sonic_greeting *mine = &door->greeting;
    uint64_t least, most;
    if (memcmp(theirs->model, mine->model, SONIC_ID_BYTES) != 0)
        return sonic_fail(error, SONIC_E_MISMATCH, "the input is for another model");
    if (theirs->ring != mine->ring)
        return sonic_fail(error, SONIC_E_MISMATCH, "the input has ring %u, the model has %u",
                          (unsigned)theirs->ring, (unsigned)mine->ring);
    if (theirs->party != mine->party)
        return sonic_fail(error, SONIC_E_MISMATCH, "the input is the share of server %u",
                          theirs->party);
    if (theirs->batch != mine->batch)
        return sonic_fail(error, SONIC_E_MISMATCH,
                          "the input has batches of %u, the server takes those of %u",
                          theirs->batch, mine->batch);
    /* Nobody fills the disk with what cannot be served. */
    if (theirs->count > 0 && (theirs->count - 1) / theirs->batch >= mine->count)
        return sonic_fail(error, SONIC_E_USED_UP,
                          "the input of %u images needs more than the %u "
                          "inferences of the whole pool",
                          theirs->count, mine->count);
    /* The container adds a checksum to every 64 KiB, pages and metadata; its reader is exact. */
    if (theirs->count == 0 ||
        !sonic_size_mul(&least, door->batch_bytes, (theirs->count - 1) / theirs->batch + 1) ||
        !sonic_size_add(&most, least, least / 1024 + SONIC_META_MAX + (1 << 20)) ||
        theirs->bytes < least || theirs->bytes > most)
        return sonic_fail(error, SONIC_E_PEER, "the input of %u images cannot have %llu bytes",
                          theirs->count, (unsigned long long)theirs->bytes);
    return SONIC_OK;
}

static sonic_status check_input(const sonic_door *door, sonic_visitor *visitor,
                                const sonic_greeting *theirs, sonic_error *error)
{
    const sonic_file_header *h = sonic_reader_header(visitor->input);
    const sonic_greeting *mine = &door->greeting;
    visitor->batches = (theirs->count - 1) / theirs->batch + 1;
    if (h->party != mine->party || h->ring != mine->ring || h->batch != mine->batch ||
        memcmp(h->model, mine->model, SONIC_ID_BYTES) != 0 || h->count != theirs->count ||
        h->data_bytes != visitor->batches * (uint64_t)door->batch_bytes)
        return sonic_fail(error, SONIC_E_PEER, "the input is not what the user announced");
    return SONIC_OK;
}

/* Receives the input; a failure is told to the user by the caller. */
static sonic_status receive_input(sonic_door *door, sonic_visitor *visitor, sonic_channel *channel,
                                  const sonic_greeting *theirs, sonic_error *error)
{
    int fd;
    sonic_status status = sonic_anonymous_file(&fd, NULL, error);
    if (status != SONIC_OK)
        return status;
    status = sonic_file_receive(channel, fd, theirs->bytes, NULL, NULL, error);
    if (status == SONIC_OK)
        status = sonic_reader_open_fd(&visitor->input, fd, "the input", SONIC_FILE_INPUT, error);
    if (status == SONIC_OK)
        status = check_input(door, visitor, theirs, error);
    (void)close(fd);
    return status;
}

static sonic_status send_result(sonic_visitor *visitor, sonic_channel *channel, sonic_error *error)
{
    struct stat info;
    sonic_message message = { .type = SONIC_MESSAGE_FILE };
    if (fstat(visitor->result, &info) != 0)
        return sonic_fail(error, SONIC_E_SYSTEM, "cannot read the result");
    message.total = (uint64_t)info.st_size;
    sonic_status status = sonic_message_send(channel, &message, error);
    if (status == SONIC_OK)
        status = sonic_file_send(channel, visitor->result, message.total, NULL, NULL, error);
    if (status == SONIC_OK)
        status = sonic_message_receive(channel, &message, error);
    if (status == SONIC_OK && message.type != SONIC_MESSAGE_DONE)
        status = sonic_fail(error, SONIC_E_PEER, "%s did not confirm the result",
                            sonic_channel_peer(channel));
    return status;
}

/* Keeps the user informed until the main thread has answered or refused. */
static sonic_status wait_for_answer(sonic_visitor *visitor, sonic_channel *channel,
                                    sonic_error *error)
{
    sonic_door *door = visitor->door;
    sonic_status status = SONIC_OK;
    pthread_mutex_lock(&door->lock);
    visitor->visit = WAITING;
    pthread_cond_broadcast(&door->changed);
    while (visitor->visit == WAITING || visitor->visit == TAKEN) {
        sonic_message message = { .type = SONIC_MESSAGE_WAIT,
                                  .done = visitor->done,
                                  .total = visitor->batches };
        if (visitor->visit == WAITING && (visitor->gone || door->closed))
            break;
        if (!visitor->gone) {
            pthread_mutex_unlock(&door->lock);
            status = sonic_message_send(channel, &message, error);
            pthread_mutex_lock(&door->lock);
            visitor->gone = status != SONIC_OK;
        }
        struct timespec until = sonic_host_deadline(HEARTBEAT_MS);
        if (visitor->visit == TAKEN || (visitor->visit == WAITING && !visitor->gone))
            (void)pthread_cond_timedwait(&door->changed, &door->lock, &until);
    }
    if (visitor->visit == WAITING) {
        (void)snprintf(visitor->why, sizeof visitor->why, "the server is stopping");
        visitor->visit = REFUSED;
    }
    pthread_mutex_unlock(&door->lock);
    return status;
}

static void talk(void *arg, sonic_channel *channel)
{
    sonic_door *door = arg;
    sonic_error error = { 0 };
    sonic_greeting theirs;
    sonic_visitor visitor = { .door = door, .result = -1 };
    sonic_status status = sonic_greeting_send(channel, &door->greeting, &error);
    if (status == SONIC_OK)
        status = sonic_greeting_receive(channel, &theirs, SONIC_ROLE_USER, SONIC_ROLE_USER, &error);
    if (status != SONIC_OK) {
        sonic_host_report(channel, &error);
        return;
    }
    memcpy(visitor.request, theirs.request, SONIC_ID_BYTES);
    enter(door, &visitor);
    status = check_greeting(door, &theirs, &error);
    if (status == SONIC_OK)
        status = receive_input(door, &visitor, channel, &theirs, &error);
    if (status == SONIC_OK) {
        status = wait_for_answer(&visitor, channel, &error);
        if (visitor.visit == ANSWERED && status == SONIC_OK)
            status = send_result(&visitor, channel, &error);
        else if (status == SONIC_OK)
            sonic_message_try(channel, SONIC_MESSAGE_REFUSED, visitor.why);
    } else {
        /* A user whose input is wrong is told so; one who is gone cannot be. */
        sonic_message_try(channel, SONIC_MESSAGE_REFUSED, error.text);
    }
    if (status != SONIC_OK)
        sonic_host_report(channel, &error);
    leave(door, &visitor);
    sonic_reader_free(visitor.input);
    if (visitor.result >= 0)
        (void)close(visitor.result);
}

sonic_status sonic_door_open(sonic_door **door, sonic_listener *listener,
                             const sonic_greeting *greeting, size_t elements, int timeout_ms,
                             sonic_error *error)
{
    sonic_door *made = calloc(1, sizeof *made);
    if (!made)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory");
    made->greeting = *greeting;
    made->timeout_ms = timeout_ms;
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->changed, NULL);
    sonic_status status = SONIC_OK;
    if (!sonic_size_mul(&made->batch_bytes, elements, greeting->batch) ||
        !sonic_size_mul(&made->batch_bytes, made->batch_bytes, sonic_ring_bytes(greeting->ring)))
        status =
            sonic_fail(error, SONIC_E_SHAPE, "a batch of %u images is too large", greeting->batch);
    if (status == SONIC_OK)
        status = sonic_host_start(&made->host, listener, timeout_ms, talk, made, error);
    if (status != SONIC_OK) {
        free(made);
        return status;
    }
    *door = made;
    return SONIC_OK;
}

void sonic_door_close(sonic_door *door)
{
    if (!door)
        return;
    pthread_mutex_lock(&door->lock);
    door->closed = true;
    pthread_cond_broadcast(&door->changed);
    pthread_mutex_unlock(&door->lock);
    if (!sonic_host_stop(door->host, door->timeout_ms))
        return;
    pthread_cond_destroy(&door->changed);
    pthread_mutex_destroy(&door->lock);
    free(door);
}

/* The first visitor that fits and waits, taken; any: request may be NULL. */
static sonic_visitor *take(sonic_door *door, const uint8_t *request, bool *arriving)
{
    for (sonic_visitor *v = door->first; v; v = v->next) {
        if (request && memcmp(v->request, request, SONIC_ID_BYTES) != 0)
            continue;
        if (v->visit == ARRIVING && arriving)
            *arriving = true;
        if (v->visit != WAITING || v->gone)
            continue;
        v->visit = TAKEN;
        return v;
    }
    return NULL;
}

static sonic_visitor *wait_for(sonic_door *door, const uint8_t *request, int timeout_ms,
                               bool *arriving)
{
    struct timespec until = sonic_host_deadline(timeout_ms);
    pthread_mutex_lock(&door->lock);
    sonic_visitor *visitor = take(door, request, arriving);
    while (!visitor && pthread_cond_timedwait(&door->changed, &door->lock, &until) == 0)
        visitor = take(door, request, arriving);
    pthread_mutex_unlock(&door->lock);
    return visitor;
}

sonic_visitor *sonic_door_next(sonic_door *door, int timeout_ms)
{
    return wait_for(door, NULL, timeout_ms, NULL);
}

sonic_visitor *sonic_door_find(sonic_door *door, const uint8_t request[SONIC_ID_BYTES],
                               int timeout_ms, bool *arriving)
{
    *arriving = false;
    return wait_for(door, request, timeout_ms, arriving);
}

const uint8_t *sonic_visitor_request(const sonic_visitor *visitor)
{
    return visitor->request;
}

sonic_reader *sonic_visitor_input(sonic_visitor *visitor)
{
    return visitor->input;
}

uint32_t sonic_visitor_batches(const sonic_visitor *visitor)
{
    return visitor->batches;
}

bool sonic_visitor_present(sonic_visitor *visitor)
{
    pthread_mutex_lock(&visitor->door->lock);
    bool present = !visitor->gone;
    pthread_mutex_unlock(&visitor->door->lock);
    return present;
}

void sonic_visitor_progress(sonic_visitor *visitor, uint32_t done)
{
    pthread_mutex_lock(&visitor->door->lock);
    visitor->done = done;
    pthread_cond_broadcast(&visitor->door->changed);
    pthread_mutex_unlock(&visitor->door->lock);
}

void sonic_visitor_answer(sonic_visitor *visitor, int fd)
{
    visitor->result = fd;
    change(visitor, ANSWERED);
}

void sonic_visitor_refuse(sonic_visitor *visitor, const char *why)
{
    (void)snprintf(visitor->why, sizeof visitor->why, "%s", why);
    change(visitor, REFUSED);
}
