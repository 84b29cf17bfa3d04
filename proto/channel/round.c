/* The full-duplex round: both parties send each other equally many bytes, block by block. */
#include <string.h>

#include "dispatch/error.h"
#include "proto/channel/transfer.h"

/* The counter of a block of a round. */
static sonic_traffic *counter_of_block(sonic_channel *channel, const sonic_round *round,
                                       size_t block)
{
    size_t layer = round->layer ? round->layer(round->arg, block) : channel->layer;
    return &channel->traffic[(layer < channel->layers ? layer : 0) * SONIC_PHASES + channel->phase];
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
    sonic_status status = sonic_channel_reserve(&channel->outgoing, room, &channel->cause);
    return status ? status : sonic_channel_reserve(&channel->incoming, room, &channel->cause);
}

/* The body of a round.  Deadlock free: a party stops receiving only while the peer is a whole block
 * ahead of it, and then the peer can always take the bytes that this party has still to send. */
static sonic_status run_round(sonic_channel *channel, const sonic_round *round)
{
    sonic_transfer t = {0};
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
            sonic_status status = sonic_channel_move(channel, &t, NULL);
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
        return sonic_channel_report_dead(channel, error);
    size_t largest;
    sonic_status status = prepare_round(channel, round, &largest);
    if (!status && largest) {
        sonic_channel_counter(channel)->rounds++;
        channel->sent_last = 0;
    }
    if (!status)
        status = sonic_channel_flush(channel, NULL);
    if (!status)
        status = run_round(channel, round);
    if (!status)
        return SONIC_OK;
    if (!channel->cause.status)
        (void)sonic_fail(&channel->cause, status, "a round with %s failed", channel->peer);
    return sonic_channel_report_dead(channel, error);
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
