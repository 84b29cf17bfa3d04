/** @file
 * The plan: what correlated randomness one inference of a graph consumes, to the byte, and the
 * closed forms of every layer's traffic.
 */
#ifndef SONIC_PROTO_OFFLINE_PLAN_H
#define SONIC_PROTO_OFFLINE_PLAN_H

#include "proto/model/graph.h"

enum { SONIC_DIGEST_BYTES = 32 };

/** One node's part of a plan.  Bytes are of one direction; both servers send equally many. */
typedef struct sonic_step {
    uint64_t offset;        /**< where party 1's corrections of this node start in a slot */
    uint64_t offline_bytes; /**< party 1's corrections; party 0 needs none: its half is a seed */
    uint64_t setup_bytes;   /**< opening of the weights, once a session */
    uint64_t online_bytes;
    uint64_t online_rounds;
} sonic_step;

typedef struct sonic_plan {
    uint32_t batch;
    uint32_t nodes;
    sonic_step *step;                   /**< one a node */
    uint64_t slot_bytes;                /**< party 1's corrections of one inference (a batch) */
    uint64_t setup_bytes, online_bytes; /**< sums over the nodes */
    uint64_t online_rounds; /**< of one inference; setup is 1 round if there are weights */
    uint8_t digest[SONIC_DIGEST_BYTES]; /**< BLAKE2b of the serialised graph, batch and format
                                           version */
} sonic_plan;

SONIC_MUST_CHECK sonic_status sonic_plan_make(sonic_plan *plan, const sonic_graph *graph,
                                              uint32_t batch, sonic_error *error);
void sonic_plan_free(sonic_plan *plan);

/** Bytes of one opening of n elements, one direction. */
uint64_t sonic_plan_open_bytes(sonic_ring ring, uint64_t n);

#endif
