/** @file
 * Sign and ReLU of additive shares by a parallel prefix adder on bit-sliced XOR shares.
 *
 * Semi-honest, with dealt correlations, perfect given uniform correlations.  n values of l bits cost,
 * in bits of both directions together, n (10 l - 10 - 2 log2 l), each message rounded up to bytes, and
 * log2 l + 2 rounds:
 *   first AND, private inputs x0_j x1_j, j < l - 1       2 (l - 1)                1 round
 *   carry combines, P1, G0, P0 opened (the lowest: P1, G0)  6 (l - 2) - 2 (log2 l - 1)  log2 l rounds
 *   bit to arithmetic, times x, and truncation             2 l + 2                  1 round
 * Sources: Sonic (Liu et al. 2023) for the PPA on shares; the private-input AND, the shared operand of
 * the combine and the joint last step are ours (DESIGN section 5).
 */
#ifndef SONIC_PROTO_COMPARE_PPA_H
#define SONIC_PROTO_COMPARE_PPA_H

#include "proto/channel/channel.h"
#include "proto/offline/material.h"

/** x = relu(x), or trunc(relu(x)) when shift > 0, in place, on shares of n elements.
 * @param first   where in the node's material this call's n elements start: one node may compare
 *                several times (a max-pool's levels); see sonic_ppa_material() */
typedef struct sonic_ppa_call {
    size_t n;
    unsigned shift;        /**< 0: none */
    sonic_truncation truncation;
    uint32_t index;        /**< which call of this node, from 0: separates the streams */
    uint64_t correction;   /**< where this call's corrections start among the node's */
} sonic_ppa_call;

SONIC_MUST_CHECK sonic_status sonic_ppa_relu(const sonic_context *context, sonic_channel *channel,
                                             const sonic_material *material, sonic_ring ring,
                                             const sonic_ppa_call *call, void *x, sonic_error *error);

#endif
