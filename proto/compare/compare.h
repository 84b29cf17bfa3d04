/** @file
 * ReLU of additive shares, in the way that the session has chosen.
 */
#ifndef SONIC_PROTO_COMPARE_COMPARE_H
#define SONIC_PROTO_COMPARE_COMPARE_H

#include "proto/channel/channel.h"
#include "proto/compare/gc.h"
#include "proto/offline/material.h"
#include "proto/offline/relu_plan.h"

/** How a layer compares, and with what. */
typedef struct sonic_compare {
    sonic_methods methods;
    sonic_gc *gc; /**< SONIC_RELU_GC: the session's */
    int spill;    /**< the file of what is prepared before the input comes ... */
    uint64_t at;  /**< ... and where the layer's part of it starts */
} sonic_compare;

/** Makes what a session of compare->methods compares with; sonic_relu_setup_cost(). */
SONIC_MUST_CHECK sonic_status sonic_compare_begin(sonic_compare *compare,
                                                  const sonic_context *context,
                                                  sonic_channel *channel, unsigned party,
                                                  sonic_error *error);
/** Wipes and frees it; after a failure and a second time nothing happens. */
void sonic_compare_end(sonic_compare *compare);

/** Does what a call can before its values come.  Both parties must pass the same calls, and run
 * them in the same order. */
SONIC_MUST_CHECK sonic_status sonic_compare_prepare(const sonic_compare *compare, sonic_ring ring,
                                                    const sonic_relu_call *call,
                                                    sonic_error *error);

/** x = relu(x), or relu(x) / 2^shift when shift > 0, in place, on shares of call->n elements, which
 * were prepared; bytes and rounds are sonic_relu_cost_of()'s.  Both parties must pass the same
 * call.
 * @param material  of the node, where the way takes dealt material
 * @param x         call->n secret elements, any alignment; zeroes on failure
 * @return what the way says: proto/compare/ppa.h, gc.h, fss.h */
SONIC_MUST_CHECK sonic_status sonic_compare_relu(const sonic_compare *compare,
                                                 const sonic_context *context,
                                                 sonic_channel *channel,
                                                 const sonic_material *material, sonic_ring ring,
                                                 const sonic_relu_call *call, void *x,
                                                 sonic_error *error);

#endif
