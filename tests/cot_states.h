/** @file
 * Both states of correlated transfers, made in two threads; what comes after needs none.
 */
#ifndef SONIC_TESTS_COT_STATES_H
#define SONIC_TESTS_COT_STATES_H

#include "proto/ot/cot.h"

enum { COT_LABEL = 16 };

/** Index 0 is the sender, 1 the receiver. */
typedef struct cot_states {
    sonic_cot_options options[2];
    const char *tier[2];
    uint64_t seed;
    uint8_t delta[COT_LABEL];
    /** May change bytes [at, at + n) of what the receiver sends to make the states; NULL: honest.
     */
    void (*alter)(void *arg, uint64_t at, uint8_t *bytes, size_t n);
    void *arg;
    uint64_t cut; /**< of these bytes this many are sent before the channel closes; 0: all */

    sonic_cot_sender *sender;
    sonic_cot_receiver *receiver;
    sonic_context *context[2];
    sonic_traffic traffic[2];
    sonic_status status[2];
    sonic_error error[2];
} cot_states;

/** Makes both with the same options, of tiers that may be NULL for the best, and a delta. */
void cot_states_make(cot_states *states, sonic_cot_options options, const char *sender_tier,
                     const char *receiver_tier, uint64_t seed);
/** Makes them as they are set. */
void cot_states_run(cot_states *states);
void cot_states_free(cot_states *states);

/** n bytes and one, zeroes. */
void *cot_take(size_t n);

/** Zero bytes except n random bits that the seed decides. */
uint8_t *cot_choices(size_t n, uint64_t seed);

/** Extends, and requires that every transfer is right. */
void cot_extend(cot_states *states, uint8_t *q, uint8_t *t, uint8_t *message, const uint8_t *choice,
                size_t n);

#endif
