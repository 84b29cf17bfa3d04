/** @file
 * Sign and ReLU of additive shares by a parallel prefix adder on bit-sliced XOR shares.
 *
 * Semi-honest, with dealt correlations, perfect given uniform correlations.  n values of l bits
 * cost, in bits of both directions together, n (10 l - 10 - 2 log2 l), and log2 l + 2 rounds:
 *   first AND, private inputs x0_j x1_j, j < l - 1      2 (l - 1)                     1 round
 *   carry combines, P1, G0, P0 opened (lowest: P1, G0)  6 (l - 2) - 2 (log2 l - 1)    log2 l rounds
 *   bit to arithmetic, times x, and truncation          2 l + 2                       1 round
 * Each round's message is rounded up to bytes once a block of SONIC_PPA_BLOCK values; the exact
 * bytes are sonic_ppa_cost_of()'s.
 * From its seed each party expands n (6.5 l - 8 - log2 l) bits of masks, and party 0 dealt values
 * of n (7 l - 4 - log2 l) bits, 128 an AES call; without stochastic truncation n l more of masks
 * and 2 n l fewer of dealt values.
 * Sources: Sonic (Liu et al. 2023) for the PPA on shares; the private-input AND, the shared operand
 * of the combine and the joint last step are ours (DESIGN section 5).
 */
#ifndef SONIC_PROTO_COMPARE_PPA_H
#define SONIC_PROTO_COMPARE_PPA_H

#include "proto/channel/channel.h"
#include "proto/offline/material.h"
#include "proto/offline/relu_plan.h"

/** x = relu(x), or relu(x) / 2^shift when shift > 0, in place, on shares of call->n elements.
 *
 * Exact for every x when shift = 0.  Stochastic truncation rounds down or up, and is exact for
 * multiples of 2^shift, if -2^(l-2) <= x < 2^(l-2).  Local truncation is off by at most one, but
 * for a chance of |x| / 2^(l-1) of a gross error.
 *
 * Memory: l bits an element and at most 0.5 MiB.  Both parties must pass the same call; the
 * material must be of the same node and slot, and consumed once.
 * @param x  call->n secret elements, any alignment; zeroes on failure
 * @return SONIC_E_ARGUMENT for an unknown ring or shift > l / 2, SONIC_E_SHAPE, SONIC_E_MEMORY, and
 *         what channel and pool report.  Thread safe for distinct channels and pools. */
SONIC_MUST_CHECK sonic_status sonic_ppa_relu(const sonic_context *context, sonic_channel *channel,
                                             const sonic_material *material, sonic_ring ring,
                                             const sonic_relu_call *call, void *x,
                                             sonic_error *error);

#endif
