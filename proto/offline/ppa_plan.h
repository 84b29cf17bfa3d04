/** @file
 * The geometry of a ppa call, agreed between the dealer and proto/compare: blocks, rounds, what
 * each round opens and what is dealt for it; and its costs.
 */
#ifndef SONIC_PROTO_OFFLINE_PPA_PLAN_H
#define SONIC_PROTO_OFFLINE_PPA_PLAN_H

#include "proto/model/graph.h"

/** Activations of a block: work, messages and material go block by block.  A multiple of 128, so
 * that whole blocks of planes are whole AES blocks; 4096 keeps a block's 64-bit scratch in half a
 * MiB. */
enum { SONIC_PPA_BLOCK = 4096 };

typedef struct sonic_ppa_cost {
    uint64_t online_bytes; /**< one direction */
    uint64_t online_rounds;
    uint64_t offline_bytes; /**< party 1's corrections */
} sonic_ppa_cost;

/** Of relu on n < 2^48 elements; shift 0 or local truncation: no truncation material. */
sonic_ppa_cost sonic_ppa_cost_of(sonic_ring ring, uint64_t n, unsigned shift,
                                 sonic_truncation truncation);

/** log2 l: the carry rounds are rounds 1 .. levels, round 0 is the first AND, round levels + 1 the
 * last. */
unsigned sonic_ppa_levels(sonic_ring ring);

/** A level of the carry tree: `pairs` combines, of which the first `full` (from the top) make p
 * too. */
typedef struct sonic_ppa_level {
    unsigned pairs, full;
} sonic_ppa_level;

/** Level 0 pairs positions (l-2, l-3) ... (2, 1) and leaves 0 over; later ones halve evenly, and
 * their lowest pair makes only g. */
sonic_ppa_level sonic_ppa_level_of(sonic_ring ring, unsigned level);

/** Bytes of `planes` bit planes of `rows` activations. */
size_t sonic_ppa_plane_bytes(size_t planes, size_t rows);

/** Elements an activation that are dealt for the last round: 2, or 4 with stochastic truncation. */
unsigned sonic_ppa_dealt_elements(unsigned shift, sonic_truncation truncation);

/** Bytes of a block of `rows` activations in a round: on the wire, one direction ... */
size_t sonic_ppa_wire_bytes(sonic_ring ring, unsigned round, size_t rows);
/** ... and of party 1's corrections. */
size_t sonic_ppa_dealt_bytes(sonic_ring ring, unsigned round, size_t rows, unsigned shift,
                             sonic_truncation truncation);
/** The latter of all blocks of n activations. */
uint64_t sonic_ppa_round_bytes(sonic_ring ring, unsigned round, uint64_t n, unsigned shift,
                               sonic_truncation truncation);

#endif
