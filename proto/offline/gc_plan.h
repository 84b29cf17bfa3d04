/** @file
 * Geometry and costs of ReLU by garbled circuits, agreed between the plan, proto/compare/gc and the
 * session.
 */
#ifndef SONIC_PROTO_OFFLINE_GC_PLAN_H
#define SONIC_PROTO_OFFLINE_GC_PLAN_H

#include "proto/model/graph.h"

/** Values that are garbled together, gate by gate.  Their labels, some 200 wires' of 16 bytes, stay
 * in the second-level cache, and their tables are one block of a round. */
enum { SONIC_GC_LANES = 64 };

/** Values between two rounds of preparation: a group's choice bits are exchanged, then its tables.
 * Bounds memory; more would save rounds. */
enum { SONIC_GC_GROUP = 128 * SONIC_GC_LANES };

/** Bits of delta that a transfer of the evaluator's labels works on at once (proto/ot/cot.h). */
enum { SONIC_GC_OT_K = 1 };

/** A session's first message: the garbling seed, and the key of the labels that both may know. */
enum { SONIC_GC_HELLO_BYTES = 32 };

/** Either server garbles half of the values and evaluates the other half (ceil(n / 2) of them, one
 * of zero added where n is odd): bytes are of one direction, both servers send equally many. */
typedef struct sonic_gc_cost {
    uint64_t prepare_bytes; /**< before the input: choice bits' messages, tables, decoding bits */
    uint64_t prepare_rounds;
    uint64_t spill_bytes; /**< kept in a file from then until the input comes */
    uint64_t online_bytes;
    uint64_t online_rounds;
} sonic_gc_cost;

/** AND gates of a value: two sums and a ReLU, 3 (l - 1) - shift. */
unsigned sonic_gc_ands(sonic_ring ring, unsigned shift);

/** Of relu on n < 2^48 values of l bits; with h = ceil(n / 2):
 *   prepare  h (16 l + 32 ands + l / 8) bytes, 2 ceil(h / SONIC_GC_GROUP) rounds; all but what is
 *            sent is kept: equally many bytes
 *   online   h (l / 8 + 16 l) bytes, 2 rounds
 * and nothing of all that for n = 0. */
sonic_gc_cost sonic_gc_cost_of(sonic_ring ring, uint64_t n, unsigned shift);

/** Of a session's start, as prepare_bytes and prepare_rounds: seeds, and proto/ot/pair.h. */
sonic_gc_cost sonic_gc_setup_cost(void);

#endif
