/* Blocking sends and receives over any transport, and the rule that a channel which failed once
 * stays dead. */
#include "proto/channel/transfer.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "proto/channel/clock.h"
#include "proto/share/secret.h"

enum { BLOCK_ALIGNMENT = 64 };

void sonic_channel_release(sonic_channel_block *block)
{
    sonic_secret_free(block->bytes, block->capacity);
}

sonic_status sonic_channel_reserve(sonic_channel_block *block, size_t bytes, sonic_error *error)
{
    if (bytes <= block->capacity)
        return SONIC_OK;
    size_t capacity = (bytes + BLOCK_ALIGNMENT - 1) / BLOCK_ALIGNMENT * BLOCK_ALIGNMENT;
    uint8_t *memory = aligned_alloc(BLOCK_ALIGNMENT, capacity);
    if (!memory)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for a block of %zu bytes", bytes);
    sonic_channel_release(block);
    block->bytes = memory;
    block->capacity = capacity;
    return SONIC_OK;
}

sonic_status sonic_channel_report_dead(const sonic_channel *channel, sonic_error *error)
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
    return sonic_channel_report_dead(channel, error);
}

static sonic_status kill_stalled(sonic_channel *channel, int receiving, sonic_error *error)
{
    int ms = channel->timeout_ms;
    (void)sonic_fail(&channel->cause, SONIC_E_TIMEOUT, "%s %s nothing for %d %s", channel->peer,
                     receiving ? "sent" : "took", ms % 1000 ? ms : ms / 1000,
                     ms % 1000 ? "ms" : "s");
    return sonic_channel_report_dead(channel, error);
}

/* Sends what can be sent at once; *moved: how many bytes. */
static sonic_status send_some(sonic_channel *channel, sonic_transfer *t, size_t *moved,
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

sonic_status sonic_channel_move(sonic_channel *channel, sonic_transfer *t, sonic_error *error)
{
    const sonic_transport *transport = &channel->transport;
    size_t moved;
    /* Not only before a wait: a peer that keeps up leaves nothing to wait for. */
    if (channel->stop && *channel->stop) {
        (void)sonic_fail(&channel->cause, SONIC_E_CLOSED, "told to stop while talking to %s",
                         channel->peer);
        return sonic_channel_report_dead(channel, error);
    }
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
    sonic_channel_counter(channel)->waited += sonic_clock_seconds() - since;
    return ready < 0 ? kill_channel(channel, ready, error) : SONIC_OK;
}

sonic_status sonic_channel_flush(sonic_channel *channel, sonic_error *error)
{
    sonic_status status = SONIC_OK;
    while (!status && channel->post.out_left)
        status = sonic_channel_move(channel, &channel->post, error);
    return status;
}

sonic_status sonic_channel_send(sonic_channel *channel, const void *data, size_t n,
                                sonic_error *error)
{
    if (channel->cause.status)
        return sonic_channel_report_dead(channel, error);
    sonic_transfer t = {.out = data, .out_left = n, .out_counter = sonic_channel_counter(channel)};
    sonic_status status = sonic_channel_flush(channel, error);
    if (n)
        channel->sent_last = 1;
    while (!status && t.out_left)
        status = sonic_channel_move(channel, &t, error);
    return status;
}

sonic_status sonic_channel_receive(sonic_channel *channel, void *data, size_t n, sonic_error *error)
{
    if (channel->cause.status)
        return sonic_channel_report_dead(channel, error);
    sonic_transfer *t = &channel->post;
    sonic_status status = SONIC_OK;
    t->in = data;
    t->in_left = n;
    t->in_counter = sonic_channel_counter(channel);
    t->deadline = 0;
    if (n && channel->sent_last) {
        sonic_channel_counter(channel)->rounds++;
        channel->sent_last = 0;
    }
    while (!status && t->in_left)
        status = sonic_channel_move(channel, t, error);
    t->in_left = 0;
    if (status)
        sodium_memzero(data, n);
    return status;
}

sonic_status sonic_channel_post(sonic_channel *channel, const void *data, size_t n,
                                sonic_error *error)
{
    if (channel->cause.status)
        return sonic_channel_report_dead(channel, error);
    sonic_transfer t = {.out = data, .out_left = n, .out_counter = sonic_channel_counter(channel)};
    size_t moved = n;
    sonic_status status = sonic_channel_flush(channel, error);
    if (n)
        channel->sent_last = 1;
    while (!status && moved)
        status = send_some(channel, &t, &moved, error);
    if (status || !t.out_left)
        return status;
    status = sonic_channel_reserve(&channel->posted, t.out_left, &channel->cause);
    if (status)
        return sonic_channel_report_dead(channel, error);
    memcpy(channel->posted.bytes, t.out, t.out_left);
    t.out = channel->posted.bytes;
    channel->post = t;
    return SONIC_OK;
}
