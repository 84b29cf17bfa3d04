/** @file
 * What a channel keeps, and what moves its bytes.  Private to proto/channel/channel.c, transfer.c
 * and round.c.
 */
#ifndef SONIC_PROTO_CHANNEL_TRANSFER_H
#define SONIC_PROTO_CHANNEL_TRANSFER_H

#include "proto/channel/channel.h"

/** Scratch that is kept from use to use. */
typedef struct sonic_channel_block {
    uint8_t *bytes;
    size_t capacity;
} sonic_channel_block;

/** One buffer on its way out, one on its way in, and since when neither has moved. */
typedef struct sonic_transfer {
    const uint8_t *out;
    size_t out_left;
    uint8_t *in;
    size_t in_left;
    sonic_traffic *out_counter, *in_counter;
    int64_t deadline; /**< 0 while bytes move */
} sonic_transfer;

struct sonic_channel {
    sonic_transport transport;
    void *self;
    char peer[128];
    int timeout_ms;
    sonic_error cause; /**< why the channel is dead; status SONIC_OK while it lives */
    sonic_channel_block outgoing, incoming, posted;
    sonic_transfer post;    /**< what of posted is still to be sent */
    sonic_traffic *traffic; /**< [layer][phase] */
    size_t layers;
    size_t layer;
    sonic_phase phase;
    const volatile int *stop; /**< NULL, or non-zero once the program is told to stop */
    int sent_last;            /**< bytes were sent since this party last received any */
};

/** The counter of the marked phase and layer. */
static inline sonic_traffic *sonic_channel_counter(sonic_channel *channel)
{
    return &channel->traffic[channel->layer * SONIC_PHASES + channel->phase];
}

/** Says again why the channel died. */
sonic_status sonic_channel_report_dead(const sonic_channel *channel, sonic_error *error);

/** Moves what it can of either buffer, and waits once if that is nothing. */
SONIC_MUST_CHECK sonic_status sonic_channel_move(sonic_channel *channel, sonic_transfer *transfer,
                                                 sonic_error *error);

/** Waits until what was posted is sent. */
SONIC_MUST_CHECK sonic_status sonic_channel_flush(sonic_channel *channel, sonic_error *error);

SONIC_MUST_CHECK sonic_status sonic_channel_reserve(sonic_channel_block *block, size_t bytes,
                                                    sonic_error *error);
/** Wipes and frees. */
void sonic_channel_release(sonic_channel_block *block);

#endif
