/** @file
 * Inside correlated oblivious transfer: both states.  Private to proto/ot/cot*.
 */
#ifndef SONIC_PROTO_OT_COT_RUN_H
#define SONIC_PROTO_OT_COT_RUN_H

#include "proto/ot/cot.h"

enum {
    SONIC_COT_ROWS = 128, /**< bits of delta, and of a label */
    SONIC_COT_LABEL = 16,
    /** Transfers worked on at once, which the bytes of a message depend on.  Rows are 136 KiB; with
     * 1024 of them k = 8 has half of the rate, because AVX-512 makes 2048 at a time. */
    SONIC_COT_BATCH = 8192,
    SONIC_COT_WORDS = SONIC_COT_BATCH / 64,
    /** From row to row: a line more than a power of two, or all rows would be in few sets of the
     * first-level cache. */
    SONIC_COT_STRIDE = SONIC_COT_WORDS + 8
};

/** Of a digit and what it has in common with the other ones; digit d is bits d k ... of delta. */
typedef struct sonic_cot_state {
    sonic_aes_key pi; /**< of the last extension */
    _Alignas(64) uint64_t rows[SONIC_COT_ROWS][SONIC_COT_STRIDE];
    uint64_t message[SONIC_COT_WORDS]; /**< a digit's, where it is not used in its place */
    uint64_t choice[SONIC_COT_WORDS];
    /** Of the leaves of the digits' trees: [128 / k][2^k].  The sender's are ordered such that the
     * missing one, which is not read, is the first. */
    sonic_aes_key *keys;
    const sonic_context *context;
    sonic_cot_options options;
    uint64_t extensions;
    uint64_t counter; /**< of each key's stream the blocks before it are used */
    uint8_t seed[16]; /**< of the public keys of extensions */
} sonic_cot_state;

struct sonic_cot_sender {
    sonic_cot_state state;
    uint8_t delta[SONIC_COT_LABEL];
};

struct sonic_cot_receiver {
    sonic_cot_state state;
};

#endif
