/** @file
 * The owner's side: import, quantisation with the range proof, the plain references, sharing.
 */
#ifndef SONIC_PROTO_MODEL_MODEL_H
#define SONIC_PROTO_MODEL_MODEL_H

#include "dispatch/context.h"
#include "proto/model/graph.h"
#include "proto/share/file.h"

/** Constants of one node: w is [o][c/groups][kh][kw], b is [o] (CONV) or the node's shape (BIAS).
 * SCALE: w is the one real number, public, that an imported SCALE multiplies by.
 * Real values after import; integers beside them after quantisation (w: real = q * unit of w). */
typedef struct sonic_constants {
    double *w, *b;
    int64_t *wq, *bq;
} sonic_constants;

/** A network in the clear.  After import the graph's ops have their real meaning (RELU and TRUNC
 * drop no bits, AVG_POOL divides, ADD adds) and ring, unit, bound, shift and error are unset.
 */
typedef struct sonic_model {
    sonic_graph graph;
    sonic_constants *constants; /**< one a node */
} sonic_model;

void sonic_model_free(sonic_model *model);

/** What a SCALE node multiplies reals by: 1 where it was quantisation that made it. */
static inline double sonic_model_factor(const sonic_model *model, uint32_t node)
{
    return model->constants[node].w ? model->constants[node].w[0] : 1;
}

/** Reads an ONNX file (opset 7 to 21) into a real-valued model: constants folded, batch norms
 * folded into convolutions, max-pools moved before the ReLUs they follow.  Unsupported operators
 * and attributes are named with their node.  @return SONIC_E_FILE, _FORMAT, _UNSUPPORTED, _SHAPE */
SONIC_MUST_CHECK sonic_status sonic_model_import(sonic_model *model, const char *path,
                                                 sonic_error *error);

typedef struct sonic_quantise_options {
    sonic_ring ring;
    sonic_truncation truncation;
    double input_low, input_high; /**< the range every input must be in; both 0: 0 .. 1 */
    unsigned fraction;            /**< most fraction bits of activations and weights; 0: by ring */
} sonic_quantise_options;

/** Quantises in place: sets units, shifts, factors, integer constants; proves the range.
 * @return SONIC_E_RANGE naming the layer that cannot be proven to stay in the ring, and what would
 * help */
SONIC_MUST_CHECK sonic_status sonic_model_quantise(sonic_model *model,
                                                   const sonic_quantise_options *options,
                                                   sonic_error *error);

/** Runs the imported (real) network in double precision.  x, y: batch images.  For checking. */
SONIC_MUST_CHECK sonic_status sonic_model_run_real(const sonic_model *model, size_t batch,
                                                   double *y, const double *x, sonic_error *error);

/** The plain integer reference: the ring arithmetic of a secure run, in the clear, truncation
 * rounding down.  A secure run is the same but for each truncation, which gives 0 or 1 more where
 * it is inexact (local truncation: unless a share wraps, whose chance graph.failure bounds); what
 * that can add up to is every node's `error`.  x and y are ring elements (uint32_t or uint64_t).
 * `taps`, if not NULL, gets a malloc'ed copy of every node's tensor (taps[node], to be freed by the
 * caller).
 * @return SONIC_E_ARGUMENT for a model that is not quantised, SONIC_E_SHAPE, SONIC_E_MEMORY */
SONIC_MUST_CHECK sonic_status sonic_model_run_plain(const sonic_model *model,
                                                    const sonic_context *context, size_t batch,
                                                    void *y, const void *x, void **taps,
                                                    sonic_error *error);

/** One node of the plain reference on given inputs (in[i]: the tensor of node->input[i]). */
SONIC_MUST_CHECK sonic_status sonic_node_run_plain(const sonic_model *model,
                                                   const sonic_context *context, uint32_t node,
                                                   size_t batch, void *y, const void *const *in,
                                                   sonic_error *error);

/** q = round(x / unit) in the ring.  @return SONIC_E_RANGE for a value outside the input range or
 * NaN */
SONIC_MUST_CHECK sonic_status sonic_graph_encode(const sonic_graph *graph, void *q, const float *x,
                                                 size_t n, sonic_error *error);
/** x = unit of the output * signed q. */
void sonic_graph_decode(const sonic_graph *graph, double *x, const void *q, size_t n);

/** Splits a quantised model into BASE.graph (public), BASE.0 and BASE.1 (one share each), under a
 * new random model id.  All three appear or none. */
SONIC_MUST_CHECK sonic_status sonic_model_split(const sonic_model *model,
                                                const sonic_context *context, const char *base,
                                                sonic_error *error);

/** One server's share: per node w (ring elements) and b. */
typedef struct sonic_model_share {
    sonic_graph graph;
    unsigned party;
    uint8_t id[SONIC_ID_BYTES];
    void **w, **b; /**< one pointer a node, NULL where there is none; wiped on free */
} sonic_model_share;

SONIC_MUST_CHECK sonic_status sonic_model_share_load(sonic_model_share *share, const char *path,
                                                     sonic_error *error);
void sonic_model_share_free(sonic_model_share *share);

/** The public graph alone, from a .graph file. */
SONIC_MUST_CHECK sonic_status sonic_graph_load(sonic_graph *graph, uint8_t id[SONIC_ID_BYTES],
                                               const char *path, sonic_error *error);

#endif
