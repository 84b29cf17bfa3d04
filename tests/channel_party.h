/** @file
 * For tests of the channel: one party of a round whose blocks hold bytes that both parties know.
 */
#ifndef SONIC_TESTS_CHANNEL_PARTY_H
#define SONIC_TESTS_CHANNEL_PARTY_H

#include "proto/channel/channel.h"

/** More than any test takes, in milliseconds. */
enum { PATIENCE_MS = 20000 };

/** One party of one round: what it does, and what it notices. */
typedef struct channel_party {
    sonic_channel *channel;
    unsigned me;
    uint64_t seed;
    size_t blocks;
    const size_t *bytes;
    int by_layer; /**< block b belongs to layer b % 4 */
    size_t produced, consumed;
    int wrong; /**< a block came out of order, too early or with other bytes than the peer made */
    sonic_status status;
    sonic_error error;
} channel_party;

/** Byte i of a block that a party sends. */
uint8_t channel_party_byte(uint64_t seed, unsigned party, size_t block, size_t i);

/** The callbacks of a round whose argument is a party. */
size_t channel_party_bytes(void *arg, size_t block);
sonic_status channel_party_produce(void *arg, size_t block, uint8_t *out, sonic_error *error);
sonic_status channel_party_consume(void *arg, size_t block, const uint8_t *in, sonic_error *error);

/** Runs the party's round; a thread's work, arg is the party. */
void *channel_party_run(void *arg);

#endif
