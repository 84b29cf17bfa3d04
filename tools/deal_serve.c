/* Dealing to servers over TCP: each gets its own pool, once, and the dealer forgets. */
#include "tools/deal_serve.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dispatch/error.h"
#include "proto/channel/clock.h"
#include "proto/session/request.h"
#include "tools/cli.h"
#include "tools/host.h"

enum { HEARTBEAT_MS = 250 };

typedef enum stage { DEALING, DEALT, FAILED } stage;

typedef struct dealer {
    const sonic_dealing *dealing;
    int fd[2]; /* of the pools */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    stage stage;
    bool asked[2], delivered[2];
    bool abandoned;    /* a conversation still runs, so this must not be freed */
    sonic_error error; /* of the conversation that failed */
} dealer;

static void fail(dealer *d, const sonic_error *error)
{
    pthread_mutex_lock(&d->lock);
    if (d->stage != FAILED)
        d->error = *error;
    d->stage = FAILED;
    pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->lock);
}

/* Who is it?  A server that may have a pool is noted down; whoever else comes is turned away. */
static sonic_status admit(dealer *d, sonic_channel *channel, unsigned *party, sonic_error *error)
{
    const sonic_dealing *dealing = d->dealing;
    const sonic_deal_options *options = dealing->options;
    sonic_greeting theirs, mine = { .role = SONIC_ROLE_DEALER,
                                    .party = SONIC_NO_PARTY,
                                    .ring = dealing->graph.ring,
                                    .relu = options->relu,
                                    .batch = options->batch,
                                    .count = options->count };
    memcpy(mine.model, dealing->model, SONIC_ID_BYTES);
    sonic_status status = sonic_greeting_send(channel, &mine, error);
    if (status == SONIC_OK)
        status =
            sonic_greeting_receive(channel, &theirs, SONIC_ROLE_SERVER, SONIC_ROLE_SERVER, error);
    if (status != SONIC_OK)
        return status;
    pthread_mutex_lock(&d->lock);
    if (theirs.party > 1)
        status = sonic_fail(error, SONIC_E_PEER, "a server is either 0 or 1");
    else if (memcmp(theirs.model, dealing->model, SONIC_ID_BYTES) != 0)
        status = sonic_fail(error, SONIC_E_MISMATCH, "the server has another model than %s",
                            options->graph);
    else if (theirs.relu != options->relu)
        status = sonic_fail(error, SONIC_E_MISMATCH,
                            "the server runs --relu %s, this dealer deals for --relu %s",
                            sonic_relu_name(theirs.relu), sonic_relu_name(options->relu));
    else if (d->asked[theirs.party])
        status = sonic_fail(error, SONIC_E_REFUSED, "server %u has asked for its pool already",
                            theirs.party);
    if (status == SONIC_OK)
        d->asked[ *party = theirs.party] = true;
    pthread_mutex_unlock(&d->lock);
    if (status != SONIC_OK)
        sonic_message_try(channel, SONIC_MESSAGE_REFUSED, error->text);
    return status;
}

/* Keeps a server informed until the pools are dealt, and where it has its own until the other
 * server has, too. */
static sonic_status keep_waiting(dealer *d, sonic_channel *channel, bool has_pool,
                                 sonic_error *error)
{
    sonic_status status = SONIC_OK;
    pthread_mutex_lock(&d->lock);
    while (status == SONIC_OK &&
           (d->stage == DEALING ||
            (d->stage == DEALT && has_pool && !(d->delivered[0] && d->delivered[1])))) {
        struct timespec until = sonic_host_deadline(HEARTBEAT_MS);
        (void)pthread_cond_timedwait(&d->changed, &d->lock, &until);
        pthread_mutex_unlock(&d->lock);
        status = sonic_message_say(channel, SONIC_MESSAGE_WAIT, "", error);
        pthread_mutex_lock(&d->lock);
    }
    const bool failed = status == SONIC_OK && d->stage == FAILED;
    if (failed)
        status = sonic_fail(error, SONIC_E_CLOSED, "%s", d->error.text);
    pthread_mutex_unlock(&d->lock);
    if (failed)
        sonic_message_try(channel, SONIC_MESSAGE_REFUSED, error->text);
    return status;
}

static sonic_status send_pool(dealer *d, sonic_channel *channel, unsigned party, sonic_error *error)
{
    struct stat info;
    sonic_message message = { .type = SONIC_MESSAGE_FILE };
    if (fstat(d->fd[party], &info) != 0)
        return sonic_fail_errno(error, SONIC_E_FILE, errno, "cannot read the pool of server %u",
                                party);
    message.total = (uint64_t)info.st_size;
    sonic_status status = sonic_message_send(channel, &message, error);
    if (status == SONIC_OK)
        status = sonic_file_send(channel, d->fd[party], message.total, NULL, NULL, error);
    if (status == SONIC_OK)
        status = sonic_message_receive(channel, &message, error);
    if (status == SONIC_OK && message.type != SONIC_MESSAGE_DONE)
        status = sonic_fail(error, SONIC_E_PEER, "server %u did not confirm its pool", party);
    return status;
}

static void talk(void *arg, sonic_channel *channel)
{
    dealer *d = arg;
    sonic_error error = { 0 };
    unsigned party;
    if (admit(d, channel, &party, &error) != SONIC_OK) {
        sonic_host_report(channel, &error);
        return;
    }
    sonic_channel_rename(channel, party ? "server 1" : "server 0");
    sonic_status status = keep_waiting(d, channel, false, &error);
    if (status == SONIC_OK)
        status = send_pool(d, channel, party, &error);
    if (status == SONIC_OK) {
        pthread_mutex_lock(&d->lock);
        d->delivered[party] = true;
        pthread_cond_broadcast(&d->changed);
        pthread_mutex_unlock(&d->lock);
        status = keep_waiting(d, channel, true, &error);
    }
    if (status == SONIC_OK)
        sonic_message_try(channel, SONIC_MESSAGE_DONE, "");
    else
        fail(d, &error);
}

/* Waits until both servers have their pools. */
static sonic_status await_delivery(dealer *d, sonic_error *error)
{
    const sonic_deal_options *options = d->dealing->options;
    double end = sonic_clock_seconds() + options->timeout_ms / 1000.0;
    sonic_status status = SONIC_OK;
    pthread_mutex_lock(&d->lock);
    while (status == SONIC_OK && !(d->delivered[0] && d->delivered[1])) {
        struct timespec until = sonic_host_deadline(HEARTBEAT_MS);
        (void)pthread_cond_timedwait(&d->changed, &d->lock, &until);
        unsigned missing = d->asked[0] ? 1 : 0;
        if (d->stage == FAILED)
            status = sonic_fail(error, d->error.status, "%s", d->error.text);
        else if (options->stop && *options->stop)
            status =
                sonic_fail(error, SONIC_E_CLOSED, "stopped before both servers had their pools");
        else if (!d->asked[missing] && sonic_clock_seconds() > end)
            status =
                sonic_fail(error, SONIC_E_TIMEOUT, "server %u did not ask for its pool within %g s",
                           missing, options->timeout_ms / 1000.0);
    }
    pthread_mutex_unlock(&d->lock);
    return status;
}

static sonic_status make_files(dealer *d, sonic_error *error)
{
    sonic_status status = sonic_anonymous_file(&d->fd[0], NULL, error);
    return status ? status : sonic_anonymous_file(&d->fd[1], NULL, error);
}

static void close_files(const dealer *d)
{
    for (unsigned i = 0; i < 2; i++)
        if (d->fd[i] >= 0)
            (void)close(d->fd[i]);
}

static void announce(const sonic_deal_options *options, unsigned port)
{
    char text[128];
    if (options->listening)
        options->listening(options->arg, port);
    if (options->quiet)
        return;
    sonic_cli_address(text, options->listen, port);
    fprintf(stderr, "sonicnn: the dealer listens for the servers on %s\n", text);
}

static sonic_status deal_and_deliver(dealer *d, sonic_listener *listener, sonic_error *error)
{
    const sonic_deal_options *options = d->dealing->options;
    sonic_host *host;
    sonic_status status = sonic_host_start(&host, listener, options->timeout_ms, talk, d, error);
    if (status != SONIC_OK)
        return status;
    status = d->dealing->deal(d->dealing, d->fd, error);
    if (status == SONIC_OK) {
        pthread_mutex_lock(&d->lock);
        d->stage = d->stage == DEALING ? DEALT : d->stage;
        pthread_cond_broadcast(&d->changed);
        pthread_mutex_unlock(&d->lock);
        status = await_delivery(d, error);
    }
    if (status != SONIC_OK)
        fail(d, error);
    d->abandoned = !sonic_host_stop(host, options->timeout_ms);
    return status;
}

sonic_status sonic_deal_serve(const sonic_dealing *dealing, sonic_error *error)
{
    sonic_listener *listener;
    dealer *d = calloc(1, sizeof *d);
    if (!d)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory");
    d->dealing = dealing;
    d->fd[0] = d->fd[1] = -1;
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->changed, NULL);
    sonic_status status = sonic_listener_create(&listener, dealing->options->listen, error);
    if (status != SONIC_OK)
        goto free_dealer;
    status = make_files(d, error);
    if (status == SONIC_OK) {
        announce(dealing->options, sonic_listener_port(listener));
        status = deal_and_deliver(d, listener, error);
    }
    sonic_listener_free(listener);
free_dealer:
    if (!d->abandoned) {
        close_files(d);
        free(d);
    }
    return status;
}
