/* Channels over any transport: blocking sends and receives, the full-duplex round, the counters,
 * and the rule that a channel which failed once stays dead. */
#include "proto/channel/channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/channel/clock.h"
#include "proto/channel/tcp.h"

enum { BLOCK_ALIGNMENT = 64 };

/* A scratch block of the round, kept from round to round. */
struct block {
    uint8_t *bytes;
    size_t capacity;
};

/* One buffer on its way out, one on its way in, and since when neither has moved. */
struct transfer {
    const uint8_t *out;
    size_t out_left;
    uint8_t *in;
    size_t in_left;
    sonic_traffic *out_counter, *in_counter;
    int64_t deadline; /* 0 while bytes move */
};

struct sonic_channel {
    sonic_transport transport;
    void *self;
    char peer[128];
    int timeout_ms;
    sonic_error cause; /* why the channel is dead; status SONIC_OK while it lives */
    struct block outgoing, incoming, posted;
    struct transfer post;   /* what of posted is still to be sent */
    sonic_traffic *traffic; /* [layer][phase] */
    size_t layers;
    size_t layer;
    sonic_phase phase;
    const volatile int *stop; /* NULL, or non-zero once the program is told to stop */
    int sent_last;            /* bytes were sent since this party last received any */
};

sonic_status sonic_channel_create(sonic_channel **channel, const sonic_transport *transport,
                                  void *self, const char *peer, int timeout_ms, sonic_error *error)
{
    if (timeout_ms <= 0) {
        transport->close(self);
        return sonic_fail(error, SONIC_E_ARGUMENT, "the timeout for %s must be at least 1 ms",
                          peer);
    }
    sonic_channel *made = calloc(1, sizeof *made);
    sonic_traffic *traffic = calloc(SONIC_PHASES, sizeof *traffic);
    if (!made || !traffic) {
        free(made);
        free(traffic);
        transport->close(self);
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for the connection to %s", peer);
    }
    made->transport = *transport;
    made->self = self;
    made->timeout_ms = timeout_ms;
    made->traffic = traffic;
    made->layers = 1;
    sonic_channel_rename(made, peer);
    *channel = made;
    return SONIC_OK;
}

static void release_block(struct block *block)
{
    if (block->bytes)
        sodium_memzero(block->bytes, block->capacity);
    free(block->bytes);
}

void sonic_channel_free(sonic_channel *channel)
{
    if (!channel)
        return;
    channel->transport.close(channel->self);
    release_block(&channel->outgoing);
    release_block(&channel->incoming);
    release_block(&channel->posted);
    free(channel->traffic);
    free(channel);
}

const char *sonic_channel_peer(const sonic_channel *channel)
{
    return channel->peer;
}

void sonic_channel_rename(sonic_channel *channel, const char *peer)
{
    (void)snprintf(channel->peer, sizeof channel->peer, "%s", peer);
}

void sonic_channel_stop_on(sonic_channel *channel, const volatile int *stop)
{
    channel->stop = stop;
}

void sonic_channel_mark(sonic_channel *channel, sonic_phase phase, size_t layer)
{
    channel->phase = phase < SONIC_PHASES ? phase : SONIC_ONLINE;
    channel->layer = layer < channel->layers ? layer : 0;
}

sonic_status sonic_channel_layers(sonic_channel *channel, size_t layers, sonic_error *error)
{
    size_t counters;
    if (layers == 0)
        layers = 1;
    sonic_traffic *traffic = NULL;
    if (sonic_size_mul(&counters, layers, SONIC_PHASES))
        traffic = calloc(counters, sizeof *traffic);
    if (!traffic)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for the counters of %zu layers",
                          layers);
    free(channel->traffic);
    channel->traffic = traffic;
    channel->layers = layers;
    channel->layer = 0;
    channel->post.out_counter = traffic;
    return SONIC_OK;
}

sonic_traffic sonic_channel_traffic(const sonic_channel *channel, sonic_phase phase, size_t layer)
{
    sonic_traffic sum = {0};
    if (phase >= SONIC_PHASES)
        return sum;
    for (size_t i = 0; i < channel->layers; i++) {
        if (layer != SIZE_MAX && layer != i)
            continue;
        const sonic_traffic *counter = &channel->traffic[i * SONIC_PHASES + phase];
        sum.sent += counter->sent;
        sum.received += counter->received;
        sum.rounds += counter->rounds;
        sum.waited += counter->waited;
    }
    return sum;
}

static sonic_traffic *counter_of(sonic_channel *channel)
{
    return &channel->traffic[channel->layer * SONIC_PHASES + channel->phase];
}

/* The counter of a block of a round. */
static sonic_traffic *counter_of_block(sonic_channel *channel, const sonic_round *round,
                                       size_t block)
{
    size_t layer = round->layer ? round->layer(round->arg, block) : channel->layer;
    return &channel->traffic[(layer < channel->layers ? layer : 0) * SONIC_PHASES + channel->phase];
}

/* Says again why the channel died. */
static sonic_status report_dead(const sonic_channel *channel, sonic_error *error)
{
    return sonic_fail(error, channel->cause.status, "%s", channel->cause.text);
}

/* Kills the channel for what channel->cause says, or where it says nothing, for the status alone.
 */
static sonic_status kill_channel(sonic_channel *channel, sonic_status status, sonic_error *error)
{
    sonic_error *cause = &channel->cause;
    if (cause->text[0])
        (void)sonic_fail_in(cause, status, channel->peer);
    else if (status == SONIC_E_CLOSED)
        (void)sonic_fail(cause, status, "%s closed the connection", channel->peer);
    else
        (void)sonic_fail(cause, status, "the connection to %s failed", channel->peer);
    return report_dead(channel, error);
}

static sonic_status kill_stalled(sonic_channel *channel, int receiving, sonic_error *error)
{
    int ms = channel->timeout_ms;
    (void)sonic_fail(&channel->cause, SONIC_E_TIMEOUT, "%s %s nothing for %d %s", channel->peer,
                     receiving ? "sent" : "took", ms % 1000 ? ms : ms / 1000,
                     ms % 1000 ? "ms" : "s");
    return report_dead(channel, error);
}

/* Sends what can be sent at once; *moved: how many bytes. */
static sonic_status send_some(sonic_channel *channel, struct transfer *t, size_t *moved,
                              sonic_error *error)
{
    *moved = 0;
    if (!t->out_left)
        return SONIC_OK;
    ssize_t n = channel->transport.try_send(channel->self, t->out, t->out_left, &channel->cause);
    if (n < 0)
        return kill_channel(channel, (sonic_status)n, error);
    t->out += n;
    t->out_left -= (size_t)n;
    t->out_counter->sent += (uint64_t)n;
    *moved = (size_t)n;
    return SONIC_OK;
}

/* Moves what it can of either buffer, and waits once if that is nothing. */
static sonic_status move_some(sonic_channel *channel, struct transfer *t, sonic_error *error)
{
    const sonic_transport *transport = &channel->transport;
    size_t moved;
    sonic_status status = send_some(channel, t, &moved, error);
    if (status)
        return status;
    if (t->in_left) {
        ssize_t n = transport->try_receive(channel->self, t->in, t->in_left, &channel->cause);
        if (n < 0)
            return kill_channel(channel, (sonic_status)n, error);
        t->in += n;
        t->in_left -= (size_t)n;
        t->in_counter->received += (uint64_t)n;
        moved += (size_t)n;
    }
    if (moved) {
        t->deadline = 0;
        return SONIC_OK;
    }
    int64_t now = sonic_clock_ms();
    if (channel->stop && *channel->stop) {
        (void)sonic_fail(&channel->cause, SONIC_E_CLOSED, "told to stop while waiting for %s",
                         channel->peer);
        return report_dead(channel, error);
    }
    if (t->deadline == 0)
        t->deadline = now + channel->timeout_ms;
    if (now >= t->deadline)
        return kill_stalled(channel, t->in_left != 0, error);
    int64_t patience = t->deadline - now;
    if (channel->stop && patience > SONIC_STOP_MS)
        patience = SONIC_STOP_MS;
    double since = sonic_clock_seconds();
    int ready = transport->wait(channel->self, t->out_left != 0, t->in_left != 0, (int)patience,
                                &channel->cause);
    counter_of(channel)->waited += sonic_clock_seconds() - since;
    return ready < 0 ? kill_channel(channel, ready, error) : SONIC_OK;
}

/* Waits until what was posted is sent. */
static sonic_status send_posted(sonic_channel *channel, sonic_error *error)
{
    sonic_status status = SONIC_OK;
    while (!status && channel->post.out_left)
        status = move_some(channel, &channel->post, error);
    return status;
}

sonic_status sonic_channel_send(sonic_channel *channel, const void *data, size_t n,
                                sonic_error *error)
{
    if (channel->cause.status)
        return report_dead(channel, error);
    struct transfer t = {.out = data, .out_left = n, .out_counter = counter_of(channel)};
    sonic_status status = send_posted(channel, error);
    if (n)
        channel->sent_last = 1;
    while (!status && t.out_left)
        status = move_some(channel, &t, error);
    return status;
}

sonic_status sonic_channel_receive(sonic_channel *channel, void *data, size_t n, sonic_error *error)
{
    if (channel->cause.status)
        return report_dead(channel, error);
    struct transfer *t = &channel->post;
    sonic_status status = SONIC_OK;
    t->in = data;
    t->in_left = n;
    t->in_counter = counter_of(channel);
    t->deadline = 0;
    if (n && channel->sent_last) {
        counter_of(channel)->rounds++;
        channel->sent_last = 0;
    }
    while (!status && t->in_left)
        status = move_some(channel, t, error);
    t->in_left = 0;
    if (status)
        sodium_memzero(data, n);
    return status;
}

static sonic_status reserve_block(struct block *block, size_t bytes, sonic_error *error)
{
    if (bytes <= block->capacity)
        return SONIC_OK;
    size_t capacity = (bytes + BLOCK_ALIGNMENT - 1) / BLOCK_ALIGNMENT * BLOCK_ALIGNMENT;
    uint8_t *memory = aligned_alloc(BLOCK_ALIGNMENT, capacity);
    if (!memory)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for a block of %zu bytes", bytes);
    release_block(block);
    block->bytes = memory;
    block->capacity = capacity;
    return SONIC_OK;
}

sonic_status sonic_channel_post(sonic_channel *channel, const void *data, size_t n,
                                sonic_error *error)
{
    if (channel->cause.status)
        return report_dead(channel, error);
    struct transfer t = {.out = data, .out_left = n, .out_counter = counter_of(channel)};
    size_t moved = n;
    sonic_status status = send_posted(channel, error);
    if (n)
        channel->sent_last = 1;
    while (!status && moved)
        status = send_some(channel, &t, &moved, error);
    if (status || !t.out_left)
        return status;
    status = reserve_block(&channel->posted, t.out_left, &channel->cause);
    if (status)
        return report_dead(channel, error);
    memcpy(channel->posted.bytes, t.out, t.out_left);
    t.out = channel->posted.bytes;
    channel->post = t;
    return SONIC_OK;
}

/* Checks every block's size and makes room for the largest, before anything is on the wire.  A
 * failure here leaves the peer waiting for this round, so it kills the channel too. */
static sonic_status prepare_round(sonic_channel *channel, const sonic_round *round, size_t *largest)
{
    *largest = 0;
    for (size_t b = 0; b < round->blocks; b++) {
        size_t bytes = round->block_bytes(round->arg, b);
        if (bytes > SONIC_BLOCK_BYTES_MAX)
            return sonic_fail(&channel->cause, SONIC_E_SHAPE,
                              "block %zu of a round with %s has %zu bytes, %zu are the most", b,
                              channel->peer, bytes, SONIC_BLOCK_BYTES_MAX);
        if (bytes > *largest)
            *largest = bytes;
    }
    size_t room = *largest ? *largest : 1;
    sonic_status status = reserve_block(&channel->outgoing, room, &channel->cause);
    return status ? status : reserve_block(&channel->incoming, room, &channel->cause);
}

/* The body of a round.  Deadlock free: a party stops receiving only while the peer is a whole block
 * ahead of it, and then the peer can always take the bytes that this party has still to send. */
static sonic_status run_round(sonic_channel *channel, const sonic_round *round)
{
    struct transfer t = {0};
    sonic_error *cause = &channel->cause;
    size_t produced = 0, arriving = 0, consumed = 0; /* blocks; arriving: begun to be received */

    while (consumed < round->blocks || t.out_left) {
        if (t.out_left == 0 && produced < round->blocks) {
            sonic_status status =
                round->produce(round->arg, produced, channel->outgoing.bytes, cause);
            if (status)
                return status;
            t.out = channel->outgoing.bytes;
            t.out_counter = counter_of_block(channel, round, produced);
            t.out_left = round->block_bytes(round->arg, produced++);
        }
        if (arriving == consumed && arriving < round->blocks) {
            t.in = channel->incoming.bytes;
            t.in_counter = counter_of_block(channel, round, arriving);
            t.in_left = round->block_bytes(round->arg, arriving++);
        }
        if (t.out_left || t.in_left) {
            sonic_status status = move_some(channel, &t, NULL);
            if (status)
                return status;
        }
        if (arriving > consumed && t.in_left == 0 && produced > consumed) {
            sonic_status status =
                round->consume(round->arg, consumed++, channel->incoming.bytes, cause);
            if (status)
                return status;
        }
    }
    return SONIC_OK;
}

sonic_status sonic_channel_round(sonic_channel *channel, const sonic_round *round,
                                 sonic_error *error)
{
    if (channel->cause.status)
        return report_dead(channel, error);
    size_t largest;
    sonic_status status = prepare_round(channel, round, &largest);
    if (!status && largest) {
        counter_of(channel)->rounds++;
        channel->sent_last = 0;
    }
    if (!status)
        status = send_posted(channel, NULL);
    if (!status)
        status = run_round(channel, round);
    if (!status)
        return SONIC_OK;
    if (!channel->cause.status)
        (void)sonic_fail(&channel->cause, status, "a round with %s failed", channel->peer);
    return report_dead(channel, error);
}

struct exchange {
    const void *mine;
    void *theirs;
    size_t n;
};

static size_t exchange_bytes(void *arg, size_t block)
{
    (void)block;
    return ((const struct exchange *)arg)->n;
}

static sonic_status exchange_produce(void *arg, size_t block, uint8_t *out, sonic_error *error)
{
    const struct exchange *e = arg;
    (void)block;
    (void)error;
    memcpy(out, e->mine, e->n);
    return SONIC_OK;
}

static sonic_status exchange_consume(void *arg, size_t block, const uint8_t *in, sonic_error *error)
{
    const struct exchange *e = arg;
    (void)block;
    (void)error;
    memcpy(e->theirs, in, e->n);
    return SONIC_OK;
}

sonic_status sonic_channel_exchange(sonic_channel *channel, const void *mine, void *theirs,
                                    size_t n, sonic_error *error)
{
    struct exchange e = {mine, theirs, n};
    sonic_round round = {.blocks = 1,
                         .block_bytes = exchange_bytes,
                         .produce = exchange_produce,
                         .consume = exchange_consume,
                         .arg = &e};
    return sonic_channel_round(channel, &round, error);
}
