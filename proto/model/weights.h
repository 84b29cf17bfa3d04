/** @file
 * The weights of a linear layer, made ready once for all its products.
 *
 * Secret, whoever holds them: wiped when freed.  Used by one thread at a time while they are made
 * and freed, by any number in between.
 */
#ifndef SONIC_PROTO_MODEL_WEIGHTS_H
#define SONIC_PROTO_MODEL_WEIGHTS_H

#include "dispatch/context.h"
#include "proto/model/graph.h"

/** Weights of a CONV node, packed, or as they are where packing would only copy them: those of
 * depthwise convolutions, and of a fully connected layer for few images, which most of VGG-16's
 * are.  All zero: none.
 * Memory: packed, one to two times the weights (<sonicnn/ring.h>); as they are, nothing more. */
typedef struct sonic_weights {
    sonic_conv_weights *packed; /**< or NULL: */
    const void *raw;            /**< as they are */
    void *own;                  /**< what is freed with them: raw's memory or NULL */
    size_t bytes;               /**< of it */
} sonic_weights;

/** Makes ready the weights `raw` of a node for products of mostly `images` images.
 * @param raw  stays the caller's, and must outlive the weights
 * @return as sonic_conv_pack(); weights are none then */
SONIC_MUST_CHECK sonic_status sonic_weights_borrow(sonic_weights *weights,
                                                   const sonic_context *context,
                                                   const sonic_graph *graph, uint32_t node,
                                                   size_t images, const void *raw,
                                                   sonic_error *error);

/** The same with weights that free() frees: taken over also on failure, and wiped and freed as soon
 * as they are packed. */
SONIC_MUST_CHECK sonic_status sonic_weights_take(sonic_weights *weights,
                                                 const sonic_context *context,
                                                 const sonic_graph *graph, uint32_t node,
                                                 size_t images, void *raw, sonic_error *error);

/** y = x * w, or y += x * w, for `images` images, as many as there are; graph and node are those
 * the weights were made for.  Memory and errors: sonic_conv_packed(). */
SONIC_MUST_CHECK sonic_status sonic_weights_conv(const sonic_weights *weights,
                                                 const sonic_context *context,
                                                 const sonic_graph *graph, uint32_t node,
                                                 size_t images, void *y, const void *x,
                                                 bool accumulate, sonic_error *error);

/** Wipes and frees what is theirs; they are none then. */
void sonic_weights_free(sonic_weights *weights);

#endif
