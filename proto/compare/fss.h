/** @file
 * ReLU and truncation of additive shares by function secret sharing: one opening of the masked
 * value and one of a masked bit.
 *
 * Semi-honest, with keys from a dealer.  Exact: relu(x) >> shift and x >> shift are rounded down,
 * bit for bit what the plain reference computes.  The equations are proto/offline/fss_plan.h's; the
 * masks, seeds and products lie as proto/offline/streams.h says.
 *
 * Security: e is uniform to a server that does not know the other's mask, so is the masked bit;
 * keys hide r by kernels/dpf/dpf.h's assumption.  Sources: Boyle et al., EUROCRYPT 2021; Jawalkar
 * et al., Orca, IEEE S&P 2024; Gupta et al., SIGMA, PoPETs 2024.
 */
#ifndef SONIC_PROTO_COMPARE_FSS_H
#define SONIC_PROTO_COMPARE_FSS_H

#include "dispatch/context.h"
#include "proto/channel/channel.h"
#include "proto/offline/material.h"
#include "proto/offline/relu_plan.h"

/** x = relu(x) >> call->shift in place, exact for every x: 2 rounds, l / 8 bytes a value and
 * ceil(n / 8) each way.  Memory: a block's keys and call->n elements' bits.
 * @param x  call->n secret elements, any alignment; zeroes on failure
 * @return SONIC_E_ARGUMENT for an unknown ring or shift > l / 2, SONIC_E_MEMORY, and what channel
 * and pool report */
SONIC_MUST_CHECK sonic_status sonic_fss_relu(const sonic_context *context, sonic_channel *channel,
                                             const sonic_material *material, sonic_ring ring,
                                             const sonic_relu_call *call, void *x,
                                             sonic_error *error);

/** x = x >> shift in place, rounded down, if -2^(l-2) <= x < 2^(l-2): 1 round, l / 8 bytes a value
 * each way.  As sonic_fss_relu() otherwise; 0 < shift <= l / 2. */
SONIC_MUST_CHECK sonic_status sonic_fss_trunc(const sonic_context *context, sonic_channel *channel,
                                              const sonic_material *material, sonic_ring ring,
                                              unsigned shift, void *x, size_t n,
                                              sonic_error *error);

#endif
