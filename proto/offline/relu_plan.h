/** @file
 * The comparisons of a network: in which way it makes them, which calls a layer consists of, and
 * what they cost.
 */
#ifndef SONIC_PROTO_OFFLINE_RELU_PLAN_H
#define SONIC_PROTO_OFFLINE_RELU_PLAN_H

#include "proto/model/graph.h"
#include "proto/offline/source.h"

/** How ReLU and max-pool compare; the same in all of a network. */
typedef enum sonic_relu {
    SONIC_RELU_PPA, /**< a parallel prefix adder, with material: proto/compare/ppa.h */
    SONIC_RELU_GC,  /**< garbled circuits, without: proto/compare/gc.h */
    SONIC_RELU_FSS, /**< function secret sharing, with keys that a dealer makes, and with exact
                         truncation wherever a network truncates: proto/compare/fss.h */
    SONIC_RELUS
} sonic_relu;

/** How the two servers of a network work; the same in both. */
typedef struct sonic_methods {
    sonic_relu relu;
    sonic_source source;
} sonic_methods;

/** Whether these go together: fss takes a dealer. */
bool sonic_methods_fit(sonic_methods methods);

/** "ppa", "gc", "fss". */
const char *sonic_relu_name(sonic_relu relu);
/** The inverse.  @return SONIC_E_ARGUMENT, with a sentence that lists the names */
SONIC_MUST_CHECK sonic_status sonic_relu_parse(sonic_relu *relu, const char *name,
                                               sonic_error *error);

/** Of relu on n values.  Bytes that servers send are of one direction; both send equally many. */
typedef struct sonic_relu_cost {
    uint64_t online_bytes;
    uint64_t online_rounds;
    uint64_t offline_bytes; /**< party 1's material, from the dealer */
    uint64_t common_bytes;  /**< party 0's: keys that both have, which are among party 1's, too */
    uint64_t prepare_bytes; /**< between the servers, before the input comes */
    uint64_t prepare_rounds;
    uint64_t spill_bytes; /**< kept in a file from then until the input comes */
} sonic_relu_cost;

/** n < 2^48. */
sonic_relu_cost sonic_relu_cost_of(sonic_methods methods, sonic_ring ring, uint64_t n,
                                   unsigned shift, sonic_truncation truncation);

/** Of a session's start, as prepare_bytes and prepare_rounds. */
sonic_relu_cost sonic_relu_setup_cost(sonic_relu relu);

/** One comparison of many values at a time: a ReLU layer is one, each level of a max-pool, too. */
typedef struct sonic_relu_call {
    size_t n;
    unsigned shift; /**< 0: none */
    sonic_truncation truncation;
    uint32_t index;      /**< which call of this node, from 0: separates the streams */
    uint64_t correction; /**< where this call's material starts among the node's */
    uint64_t common;     /**< the same of party 0's */
    uint64_t spill_at;   /**< where what is kept for it starts among the node's; correction, where
                              that is material */
} sonic_relu_call;

/** A walk over the calls of a node, in their order. */
typedef struct sonic_relu_calls {
    sonic_methods methods;
    const sonic_graph *graph;
    uint32_t node, batch;
    sonic_relu_call call; /**< the current one; all zeros before the first */
} sonic_relu_calls;

/** Goes on to the first or next call; false where there is none.  A node that does not compare has
 * none.  @param calls its call, if any, has n < 2^48 */
bool sonic_relu_next(sonic_relu_calls *calls);

/** Elements that level `level` of a max-pool node compares, 0 beyond the last level; UINT64_MAX
 * when they are too many to count.  A window of k valid candidates costs k - 1 comparisons in
 * ceil(log2 k) levels: level i pairs candidates while ceil(k / 2^i) > 1, and an odd one goes on
 * unpaired; padding is never a candidate. */
uint64_t sonic_max_pool_level(const sonic_graph *graph, uint32_t node, uint32_t batch,
                              uint32_t level);

#endif
