/** @file
 * The layout of a ppa call's material, agreed between the dealer and proto/compare/ppa.c, and its costs.
 */
#ifndef SONIC_PROTO_OFFLINE_PPA_PLAN_H
#define SONIC_PROTO_OFFLINE_PPA_PLAN_H

#include "proto/offline/plan.h"

typedef struct sonic_ppa_cost {
    uint64_t online_bytes;  /**< one direction */
    uint64_t online_rounds;
    uint64_t offline_bytes; /**< party 1's corrections */
} sonic_ppa_cost;

/** Of relu on n elements; shift 0 or local truncation: no truncation material. */
sonic_ppa_cost sonic_ppa_cost_of(sonic_ring ring, uint64_t n, unsigned shift,
                                 sonic_truncation truncation);

/** Elements that level `level` of a max-pool node compares, 0 beyond the last level.  A window of k
 * valid candidates costs k - 1 comparisons in ceil(log2 k) levels; padding is never a candidate. */
uint64_t sonic_max_pool_level(const sonic_graph *graph, uint32_t node, uint32_t batch, uint32_t level);

#endif
