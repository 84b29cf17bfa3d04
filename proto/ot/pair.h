/** @file
 * Correlated oblivious transfer in both directions between two servers: each is sender of one state
 * and receiver of the other, so that work and bytes are even.
 */
#ifndef SONIC_PROTO_OT_PAIR_H
#define SONIC_PROTO_OT_PAIR_H

#include "proto/ot/cot.h"

typedef struct sonic_ot_pair {
    const sonic_context *context;
    sonic_channel *channel;
    unsigned party; /**< 0 or 1 */
    unsigned k;
    uint8_t delta[16];            /**< secret, of the sender */
    sonic_cot_sender *sender;     /**< this party sends */
    sonic_cot_receiver *receiver; /**< this party chooses */
} sonic_ot_pair;

/** Bytes that each party sends to make a pair, and rounds. */
uint64_t sonic_ot_pair_bytes(unsigned k);
uint64_t sonic_ot_pair_rounds(unsigned k);

/** Runs the base transfers of both directions.
 * @param context, channel  must outlive the pair
 * @param delta  16 secret bytes, copied; NULL: random ones */
SONIC_MUST_CHECK sonic_status sonic_ot_pair_create(sonic_ot_pair *pair,
                                                   const sonic_context *context,
                                                   sonic_channel *channel, unsigned party,
                                                   unsigned k, const uint8_t *delta,
                                                   sonic_error *error);
/** Wipes and frees what is in it; a second time nothing happens. */
void sonic_ot_pair_free(sonic_ot_pair *pair);

#endif
