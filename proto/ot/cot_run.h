/** @file
 * Inside correlated oblivious transfer: both states.  Private to proto/ot/cot*.
 */
#ifndef SONIC_PROTO_OT_COT_RUN_H
#define SONIC_PROTO_OT_COT_RUN_H

#include "proto/ot/cot.h"

enum {
    SONIC_COT_ROWS = 128, /**< bits of delta, and of a label */
    SONIC_COT_LABEL = 16,
    /** Transfers worked on at once, which the bytes of a message depend on: 128 KiB of rows.  With
     * a half, a quarter and an eighth of it, 86, 42 and 23% of the rate (avx512 on Ice Lake). */
    SONIC_COT_BATCH = 8192,
    SONIC_COT_WORDS = SONIC_COT_BATCH / 64,
    /** From row to row: a line more than a power of two, or all rows would be in few sets of the
     * first-level cache. */
    SONIC_COT_STRIDE = SONIC_COT_WORDS + 8
};

/** What both sides of a state have. */
typedef struct sonic_cot_common {
    sonic_aes_key pi; /**< of the last extension */
    const sonic_context *context;
    sonic_cot_options options;
    uint64_t extensions;
    uint64_t counter; /**< of each key's stream the blocks before it are used */
    uint8_t seed[16]; /**< of the public keys */
} sonic_cot_common;

struct sonic_cot_sender {
    sonic_cot_common common;
    sonic_aes_key key[SONIC_COT_ROWS]; /**< of the receiver's two, that of delta's bit */
    _Alignas(64) uint64_t rows[SONIC_COT_ROWS][SONIC_COT_STRIDE];
    uint64_t message[SONIC_COT_WORDS]; /**< a row of it */
    uint64_t wanted[SONIC_COT_WORDS];  /**< delta's bit, everywhere */
    uint8_t delta[SONIC_COT_LABEL];
};

struct sonic_cot_receiver {
    sonic_cot_common common;
    sonic_aes_key key[SONIC_COT_ROWS][2];
    _Alignas(64) uint64_t rows[SONIC_COT_ROWS][SONIC_COT_STRIDE];
    uint64_t message[SONIC_COT_WORDS]; /**< a row of it */
    uint64_t choice[SONIC_COT_WORDS];  /**< of the batch */
};

#endif
