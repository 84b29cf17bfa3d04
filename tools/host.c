/* Accepts connections in the background and talks to each in a thread of its own. */
#include "tools/host.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dispatch/error.h"

struct sonic_host {
    sonic_listener *listener;
    int io_timeout_ms;
    sonic_host_talk talk;
    void *arg;
    atomic_bool stop;
    pthread_t acceptor;
    pthread_mutex_t lock;
    pthread_cond_t ended; /* a conversation has */
    unsigned active;
};

typedef struct conversation {
    sonic_host *host;
    sonic_channel *channel;
} conversation;

struct timespec sonic_host_deadline(int milliseconds)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += milliseconds / 1000;
    t.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

static void end_conversation(conversation *c)
{
    sonic_host *host = c->host;
    sonic_channel_free(c->channel);
    free(c);
    pthread_mutex_lock(&host->lock);
    host->active--;
    pthread_cond_broadcast(&host->ended);
    pthread_mutex_unlock(&host->lock);
}

static void *converse(void *arg)
{
    conversation *c = arg;
    c->host->talk(c->host->arg, c->channel);
    end_conversation(c);
    return NULL;
}

/* Threads of the host take no signals: these are the main thread's. */
static int start_thread(pthread_t *thread, void *(*run)(void *), void *arg)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(thread, NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

static void begin_conversation(sonic_host *host, sonic_channel *channel)
{
    pthread_t thread;
    conversation *c = malloc(sizeof *c);
    if (!c) {
        sonic_channel_free(channel);
        return;
    }
    *c = (conversation){ host, channel };
    pthread_mutex_lock(&host->lock);
    host->active++;
    pthread_mutex_unlock(&host->lock);
    if (start_thread(&thread, converse, c) != 0)
        end_conversation(c);
    else
        (void)pthread_detach(thread);
}

/* Waits until there is room for one more conversation; false: stop. */
static bool wait_for_room(sonic_host *host)
{
    pthread_mutex_lock(&host->lock);
    while (!host->stop && host->active >= SONIC_HOST_MOST) {
        struct timespec until = sonic_host_deadline(200);
        (void)pthread_cond_timedwait(&host->ended, &host->lock, &until);
    }
    pthread_mutex_unlock(&host->lock);
    return !host->stop;
}

static void *accept_all(void *arg)
{
    sonic_host *host = arg;
    while (wait_for_room(host)) {
        sonic_channel *channel = NULL;
        sonic_status status =
            sonic_listener_accept(&channel, host->listener, 200, host->io_timeout_ms, NULL);
        if (status == SONIC_OK)
            begin_conversation(host, channel);
        else if (status != SONIC_E_TIMEOUT && !host->stop)
            /* Out of descriptors, say: others may be closed soon. */
            (void)nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
    }
    return NULL;
}

sonic_status sonic_host_start(sonic_host **host, sonic_listener *listener, int io_timeout_ms,
                              sonic_host_talk talk, void *arg, sonic_error *error)
{
    sonic_host *made = calloc(1, sizeof *made);
    if (!made)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory");
    made->listener = listener;
    made->io_timeout_ms = io_timeout_ms;
    made->talk = talk;
    made->arg = arg;
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->ended, NULL);
    int code = start_thread(&made->acceptor, accept_all, made);
    if (code != 0) {
        free(made);
        return sonic_fail_errno(error, SONIC_E_SYSTEM, code, "cannot start a thread");
    }
    *host = made;
    return SONIC_OK;
}

bool sonic_host_stop(sonic_host *host, int wait_ms)
{
    if (!host)
        return true;
    struct timespec until = sonic_host_deadline(wait_ms);
    int code = 0;
    host->stop = true;
    (void)pthread_join(host->acceptor, NULL);
    pthread_mutex_lock(&host->lock);
    while (host->active > 0 && code == 0)
        code = pthread_cond_timedwait(&host->ended, &host->lock, &until);
    bool ended = host->active == 0;
    pthread_mutex_unlock(&host->lock);
    if (!ended)
        return false;
    pthread_cond_destroy(&host->ended);
    pthread_mutex_destroy(&host->lock);
    free(host);
    return true;
}

void sonic_host_report(const sonic_channel *channel, const sonic_error *error)
{
    const char *peer = sonic_channel_peer(channel);
    bool named = strncmp(error->text, peer, strlen(peer)) == 0;
    fprintf(stderr, "sonicnn: %s%s%s\n", named ? "" : peer, named ? "" : ": ", error->text);
}
