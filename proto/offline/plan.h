/** @file
 * The plan: what correlated randomness one inference of a graph consumes, to the byte, and the
 * closed forms of every layer's traffic, given how the two servers work.
 */
#ifndef SONIC_PROTO_OFFLINE_PLAN_H
#define SONIC_PROTO_OFFLINE_PLAN_H

#include "proto/offline/relu_plan.h"

enum { SONIC_DIGEST_BYTES = 32 };

/** One node's part of a plan.  Bytes are of one direction; both servers send equally many. */
typedef struct sonic_step {
    uint64_t offset;        /**< where party 1's corrections of this node start in a slot */
    uint64_t offline_bytes; /**< party 1's material */
    uint64_t common_at;     /**< where party 0's material of this node starts in its slot */
    uint64_t common_bytes;  /**< party 0's: keys of functions; all else of its half is a seed */
    uint64_t setup_bytes;   /**< once a session: opening of the weights, and for servers that make
                               the material trees of their masks; node 0: what comparing and
                               making begin with, where there is a node that does */
    uint64_t setup_rounds;  /**< the opening of all weights is node 0's */
    uint64_t prepare_bytes; /**< between the servers, before the input comes */
    uint64_t prepare_rounds;
    uint64_t spill_at; /**< where what is prepared for this node starts in the file that keeps it:
                          tables, material that the servers made, or D, before it C */
    uint64_t spill_bytes;
    uint64_t online_bytes;
    uint64_t online_rounds;
} sonic_step;

typedef struct sonic_plan {
    sonic_methods methods;
    uint32_t batch;
    uint32_t nodes;
    sonic_step *step;      /**< one a node */
    uint64_t slot_bytes;   /**< party 1's material of one inference (a batch) ... */
    uint64_t common_bytes; /**< ... and party 0's */
    bool compares;         /**< the session begins comparing: sonic_relu_setup_cost() */
    bool makes;            /**< the session begins making: sonic_ot_pair_bytes() */
    uint64_t setup_bytes, prepare_bytes, spill_bytes, online_bytes; /**< sums over the nodes */
    uint64_t setup_rounds;                  /**< of a session, without the handshake */
    uint64_t prepare_rounds, online_rounds; /**< of one inference */
    uint8_t digest[SONIC_DIGEST_BYTES];     /**< BLAKE2b of the serialised graph, batch, format
                                               version and methods */
} sonic_plan;

SONIC_MUST_CHECK sonic_status sonic_plan_make(sonic_plan *plan, const sonic_graph *graph,
                                              uint32_t batch, sonic_methods methods,
                                              sonic_error *error);
void sonic_plan_free(sonic_plan *plan);

/** Which methods the plan with this digest had; relu is SONIC_RELUS where it is not one of this
 * graph and batch. */
SONIC_MUST_CHECK sonic_status sonic_plan_methods_of(sonic_methods *methods,
                                                    const uint8_t digest[SONIC_DIGEST_BYTES],
                                                    const sonic_graph *graph, uint32_t batch,
                                                    sonic_error *error);

/** Bytes of an inference in a party's pool. */
static inline uint64_t sonic_plan_pool_bytes(const sonic_plan *plan, unsigned party)
{
    return party == 0 ? plan->common_bytes : plan->slot_bytes;
}

/** Bytes of one opening of n elements, one direction. */
uint64_t sonic_plan_open_bytes(sonic_ring ring, uint64_t n);

#endif
