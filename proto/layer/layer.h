/** @file
 * The layers that talk, on additive shares: linear, ReLU, max-pool, truncation.
 *
 * Semi-honest, with dealt material; both servers call the same function for the same node.
 * Everything else a graph does is local (proto/model/local_ops.h).  Tensors are ring elements,
 * [batch][dims...], secret unless said otherwise.  Errors are the channel's, the pool's, or
 * SONIC_E_MEMORY; the session puts the layer's name before them.  A layer is used by one thread.
 * With l the bits of the ring, bytes are of one direction; both servers send equally many.
 */
#ifndef SONIC_PROTO_LAYER_LAYER_H
#define SONIC_PROTO_LAYER_LAYER_H

#include "proto/channel/channel.h"
#include "proto/compare/compare.h"
#include "proto/model/model.h"
#include "proto/model/weights.h"
#include "proto/offline/material.h"

/** One node of one inference, as one server sees it. */
typedef struct sonic_layer {
    const sonic_context *context;
    sonic_channel *channel;
    const sonic_graph *graph;
    uint32_t node;
    size_t batch;
    sonic_compare compare;
    sonic_material material;
} sonic_layer;

/** Elements of the tensor of `node` for the whole batch.  @return SONIC_E_SHAPE on overflow */
SONIC_MUST_CHECK sonic_status sonic_layer_elements(const sonic_layer *layer, uint32_t node,
                                                   size_t *elements, sonic_error *error);

/** The comparisons that a ReLU or max-pool makes. */
sonic_relu_calls sonic_layer_calls(const sonic_layer *layer);

/** Puts "layer 'NAME' (node N): " before the sentence in error, and returns the status. */
sonic_status sonic_layer_fail(const sonic_layer *layer, sonic_status status, sonic_error *error);

/** Memory of n elements, 64-byte aligned and never NULL on success; sonic_layer_free() wipes it. */
SONIC_MUST_CHECK sonic_status sonic_layer_alloc(void **buffer, sonic_ring ring, size_t n,
                                                sonic_error *error);
void sonic_layer_free(void *buffer, sonic_ring ring, size_t n);

/** A linear layer's weights as its products read them; for other nodes none. */
typedef struct sonic_linear {
    sonic_weights f; /**< the opened F = W - B, which both servers know and nobody else; or secret,
                          F + B_i */
    sonic_weights w; /**< the party's share of W */
} sonic_linear;

/** Opens F = W - B of every linear layer, once a session, and makes F and W ready: 1 round,
 * l |W| / 8 bytes, each node's bytes attributed to it, the round to node 0.  Servers that make
 * their C themselves keep F + B_i in F's place, so that it need be shares of A_0 * B_1 + A_1 * B_0
 * only: A_i * B_i is in A_i * (F + B_i) already, and takes no product of its own.
 * Memory: F as it is, |W| elements, which node by node is replaced by what `linear` holds
 * (proto/model/weights.h).
 * @param model    its weights must outlive `linear`, which refers to those that are not packed
 * @param batch    images of an inference
 * @param seed     this party's 16 secret bytes
 * @param made     whether the servers make C
 * @param linear   one a node, without weights; to be freed with sonic_linear_free().  On failure
 *                 all without.
 * @param seconds  one a node: the time its blocks and its weights took is added */
SONIC_MUST_CHECK sonic_status sonic_linear_setup(const sonic_context *context,
                                                 sonic_channel *channel,
                                                 const sonic_model_share *model, size_t batch,
                                                 const uint8_t seed[16], bool made,
                                                 sonic_linear *linear, double *seconds,
                                                 sonic_error *error);

/** Wipes and frees what is the layer's own; it has no weights then. */
void sonic_linear_free(sonic_linear *linear);

/** How many images of a batch sonic_linear_prepare() takes at a time: as many as fit
 * SONIC_LINEAR_GROUP_BYTES with their outputs, at least one. */
size_t sonic_linear_group(const sonic_graph *graph, uint32_t node, size_t batch);
#define SONIC_LINEAR_GROUP_BYTES ((size_t)4 << 20)

/** Computes D = A * F + C + b, or A * (F + B_i) + C + b, for a batch and writes it to the file
 * `spill` from byte `at` on, |y| elements; C may have been there.  No traffic.  Scratch: input and
 * output of sonic_linear_group() images, and the product's.
 * @param b  the party's share of the biases, or NULL */
SONIC_MUST_CHECK sonic_status sonic_linear_prepare(const sonic_layer *layer,
                                                   const sonic_linear *linear, const void *b,
                                                   int spill, uint64_t at, sonic_error *error);

/** y = E * W + D, where E = X - A is opened in the place of x: 1 round, l |x| / 8 bytes, one ring
 * product, no memory but the product's scratch.
 * @param x     replaced by E, and then, if `keep`, by shares of X again: E + A_0 and A_1
 * @param keep  whether x is needed later */
SONIC_MUST_CHECK sonic_status sonic_linear_run(const sonic_layer *layer, const sonic_linear *linear,
                                               int spill, uint64_t at, void *y, void *x, bool keep,
                                               sonic_error *error);

/** Does what a ReLU or max-pool can before the input comes: all its comparisons'
 * sonic_compare_prepare(). */
SONIC_MUST_CHECK sonic_status sonic_relu_prepare(const sonic_layer *layer, sonic_error *error);

/** x = relu(x), shifted as the node says, in place.  Rounds and bytes: sonic_relu_cost_of(). */
SONIC_MUST_CHECK sonic_status sonic_relu_run(const sonic_layer *layer, void *x, sonic_error *error);

/** y = the maximum over each window of x, padding excepted: a tournament of a + relu(b - a), of
 * ceil(log2 k) levels for windows of k valid candidates, k - 1 comparisons a window; each level
 * costs what sonic_compare_relu() of its comparisons does.  x is unchanged and no alias of y.
 * Scratch: ceil(k / 2) times the output (2 x 2 windows: half the input), more than other layers',
 * because all windows of a level are compared in the same rounds. */
SONIC_MUST_CHECK sonic_status sonic_max_pool_run(const sonic_layer *layer, void *y, const void *x,
                                                 sonic_error *error);

/** x = x / 2^shift in place.  Local: no traffic.  Stochastic: floor or floor + 1, 1 round,
 * l n / 8 bytes for n elements.  With SONIC_RELU_FSS: floor, whatever the graph says, at the
 * stochastic one's cost. */
SONIC_MUST_CHECK sonic_status sonic_trunc_run(const sonic_layer *layer, void *x,
                                              sonic_error *error);

#endif
