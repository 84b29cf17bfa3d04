/** @file
 * Costs of ReLU by garbled circuits, agreed between the plan, proto/compare/gc and the session.
 */
#ifndef SONIC_PROTO_OFFLINE_GC_PLAN_H
#define SONIC_PROTO_OFFLINE_GC_PLAN_H

#include "proto/model/graph.h"

/** Either server garbles half of the values, the other one's half (ceil(n / 2) of them, one padded
 * where n is odd) it evaluates: bytes are of one direction, both servers send equally many. */
typedef struct sonic_gc_cost {
    uint64_t prepare_bytes; /**< before the input: choice bits' messages, tables, decoding bits */
    uint64_t prepare_rounds;
    uint64_t spill_bytes; /**< kept in a file from then until the input comes */
    uint64_t online_bytes;
    uint64_t online_rounds;
} sonic_gc_cost;

/** Of relu on n < 2^48 values of l bits. */
sonic_gc_cost sonic_gc_cost_of(sonic_ring ring, uint64_t n);

/** Of a session's start: garbling seeds and base transfers in both directions. */
sonic_gc_cost sonic_gc_setup_cost(void);

#endif
