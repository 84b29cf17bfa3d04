/** @file
 * ReLU of additive shares, in the way that the session has chosen.
 */
#ifndef SONIC_PROTO_COMPARE_COMPARE_H
#define SONIC_PROTO_COMPARE_COMPARE_H

#include "proto/channel/channel.h"
#include "proto/offline/material.h"
#include "proto/offline/relu_plan.h"

/** How a layer compares. */
typedef struct sonic_compare {
    sonic_relu relu;
} sonic_compare;

/** x = relu(x), or relu(x) / 2^shift when shift > 0, in place, on shares of call->n elements; bytes
 * and rounds are sonic_relu_cost_of()'s.  Both parties must pass the same call.
 * @param material  of the node, where the way takes dealt material
 * @param x         call->n secret elements, any alignment; zeroes on failure
 * @return what the way says: proto/compare/ppa.h */
SONIC_MUST_CHECK sonic_status sonic_compare_relu(const sonic_compare *compare,
                                                 const sonic_context *context,
                                                 sonic_channel *channel,
                                                 const sonic_material *material, sonic_ring ring,
                                                 const sonic_relu_call *call, void *x,
                                                 sonic_error *error);

#endif
