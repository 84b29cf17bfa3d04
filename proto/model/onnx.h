/** @file
 * Inside the importer: values by name, one call a node, handlers of operators.
 */
#ifndef SONIC_PROTO_MODEL_ONNX_H
#define SONIC_PROTO_MODEL_ONNX_H

#include "proto/model/net.h"
#include "proto/model/onnx.pb-c.h"
#include "proto/model/tensor.h"

enum { SONIC_OPSET_MIN = 7, SONIC_OPSET_MAX = 21 };

/** Folding may make this many constants, and eight times as many as the file holds: 2^24. */
#define SONIC_FOLDED_MAX ((size_t)1 << 24)

typedef enum sonic_onnx_kind {
    SONIC_ONNX_UNKNOWN,
    SONIC_ONNX_CONSTANT,
    SONIC_ONNX_ACTIVATION
} sonic_onnx_kind;

/** What a name stands for. */
typedef struct sonic_onnx_value {
    const char *name;
    const Onnx__TensorProto *initializer; /**< read when it is first used */
    size_t producer;                      /**< index of the node, SIZE_MAX: none */
    sonic_onnx_kind kind;
    sonic_tensor *tensor; /**< CONSTANT: owned */
    uint32_t
        node; /**< ACTIVATION: node of the net; ONNX dimensions are the batch, then its shape */
    bool ended;           /**< after Softmax or ArgMax: nothing may follow */
} sonic_onnx_value;

typedef struct sonic_onnx {
    const Onnx__ModelProto *model;
    const char *directory; /**< of the model file; NULL: external data are refused */
    int64_t opset;
    int64_t batch; /**< as declared, 0: symbolic */
    sonic_net net;
    sonic_onnx_value *value; /**< sorted by name */
    size_t values;
    size_t constants; /**< elements read so far, at most SONIC_ELEMENTS_MAX */
    size_t made;      /**< elements of folded constants so far, bounded by SONIC_FOLDED_MAX */
    sonic_error *error;
} sonic_onnx;

/** One node being imported. */
typedef struct sonic_onnx_call {
    sonic_onnx *onnx;
    const Onnx__NodeProto *node;
    const char *name;      /**< the node's, or its first output's */
    size_t inputs;
    sonic_onnx_value **in; /**< NULL for an input left out */
    sonic_onnx_value *out; /**< the first output */
} sonic_onnx_call;

typedef sonic_status (*sonic_onnx_handler)(const sonic_onnx_call *call);

/** Fails with "node 'NAME' (OP): " and the sentence. */
sonic_status sonic_onnx_refuse(const sonic_onnx_call *call, sonic_status status, const char *format,
                               ...) SONIC_PRINTF(3, 4);
/** Puts the same prefix before an error that is already there. */
sonic_status sonic_onnx_blame(const sonic_onnx_call *call, sonic_status status);

/** Input i, or NULL where it is left out. */
sonic_onnx_value *sonic_onnx_input(const sonic_onnx_call *call, size_t i);
/** Input i must be an activation, or a constant of reals (any constant). */
SONIC_MUST_CHECK sonic_status sonic_onnx_activation(const sonic_onnx_call *call, size_t i,
                                                    uint32_t *node);
SONIC_MUST_CHECK sonic_status sonic_onnx_constant(const sonic_onnx_call *call, size_t i,
                                                  const sonic_tensor **tensor);
/** The shape of an activation's node. */
const sonic_shape *sonic_onnx_shape(const sonic_onnx_call *call, uint32_t node);
/** The whole of a tensor, `factor` times, as reals that the caller frees. */
SONIC_MUST_CHECK sonic_status sonic_onnx_reals(const sonic_onnx_call *call,
                                               const sonic_tensor *tensor, double factor,
                                               double **reals);

/** Results. */
sonic_status sonic_onnx_give_node(const sonic_onnx_call *call, uint32_t node);
sonic_status sonic_onnx_give_tensor(const sonic_onnx_call *call, sonic_tensor *tensor);

/** Attributes.  A wrong type is refused by name; the default stays where one is absent. */
SONIC_MUST_CHECK sonic_status sonic_onnx_int(const sonic_onnx_call *call, const char *name,
                                             int64_t *value);
SONIC_MUST_CHECK sonic_status sonic_onnx_float(const sonic_onnx_call *call, const char *name,
                                               double *value);
/** *n stays where the attribute is absent; the array stays the node's. */
SONIC_MUST_CHECK sonic_status sonic_onnx_ints(const sonic_onnx_call *call, const char *name,
                                              const int64_t **value, size_t *n);
/** Copies a text, cut to size - 1 characters. */
SONIC_MUST_CHECK sonic_status sonic_onnx_text(const sonic_onnx_call *call, const char *name,
                                              char *text, size_t size);
const Onnx__AttributeProto *sonic_onnx_attribute(const sonic_onnx_call *call, const char *name);
/** Integers from input i if it is there, else from the attribute (name may be NULL); at most
 * `room`. *given says whether there were any.  Refuses integers that mention the batch size. */
SONIC_MUST_CHECK sonic_status sonic_onnx_list(const sonic_onnx_call *call, size_t i,
                                              const char *name, int64_t *value, size_t room,
                                              size_t *n, bool *given);
/** Axes as a bit set out of 0 .. rank - 1, negative ones counted from the end. */
SONIC_MUST_CHECK sonic_status sonic_onnx_axes(const sonic_onnx_call *call, size_t i,
                                              const char *name, uint32_t rank, unsigned *axes,
                                              bool *given);
/** One axis in 0 .. rank - 1. */
SONIC_MUST_CHECK sonic_status sonic_onnx_axis(const sonic_onnx_call *call, int64_t axis,
                                              uint32_t rank, uint32_t *result);

/** Reads a tensor of a model, external data included. */
SONIC_MUST_CHECK sonic_status sonic_onnx_tensor(sonic_onnx *onnx, const Onnx__TensorProto *proto,
                                                const char *name, sonic_tensor **tensor);
/** Makes room in the budget of folded constants and creates one. */
SONIC_MUST_CHECK sonic_status sonic_onnx_make(const sonic_onnx_call *call, bool integer,
                                              uint32_t rank, const size_t *dim,
                                              sonic_tensor **tensor);

/** The value of a name, or NULL. */
sonic_onnx_value *sonic_onnx_find(const sonic_onnx *onnx, const char *name);
/** Follows the nodes from the output back to the input and imports each once. */
SONIC_MUST_CHECK sonic_status sonic_onnx_walk(sonic_onnx *onnx, const char *output);

/** How an operator is treated. */
typedef struct sonic_onnx_operator {
    const char *type;
    const char *attributes; /**< the known ones, separated by spaces */
    size_t inputs_min, inputs_max;
    sonic_onnx_handler handler;
} sonic_onnx_operator;

/** Operators on constants, and Shape; NULL for an unknown one. */
const sonic_onnx_operator *sonic_onnx_fold_operator(const char *type);
/** Operators on activations. */
const sonic_onnx_operator *sonic_onnx_lower_operator(const char *type);

/** Handlers, by file. */
sonic_status sonic_onnx_fold_gather(const sonic_onnx_call *call);
sonic_status sonic_onnx_fold_slice(const sonic_onnx_call *call);
sonic_status sonic_onnx_fold_concat(const sonic_onnx_call *call);
sonic_status sonic_onnx_fold_reshape(const sonic_onnx_call *call);
sonic_status sonic_onnx_fold_flatten(const sonic_onnx_call *call);
sonic_status sonic_onnx_fold_transpose(const sonic_onnx_call *call);
sonic_status sonic_onnx_fold_squeeze(const sonic_onnx_call *call);
sonic_status sonic_onnx_fold_unsqueeze(const sonic_onnx_call *call);
sonic_status sonic_onnx_fold_expand(const sonic_onnx_call *call);
sonic_status sonic_onnx_fold_binary(const sonic_onnx_call *call);
sonic_status sonic_onnx_fold_unary(const sonic_onnx_call *call);
sonic_status sonic_onnx_fold_reduce(const sonic_onnx_call *call);
sonic_status sonic_onnx_fold_where(const sonic_onnx_call *call);

sonic_status sonic_onnx_lower_conv(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_gemm(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_matmul(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_batch_norm(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_add(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_sub(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_mul(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_div(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_sum(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_relu(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_leaky_relu(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_clip(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_pool(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_global_pool(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_reduce_mean(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_pad(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_flatten(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_reshape(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_transpose(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_squeeze(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_unsqueeze(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_concat(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_same(const sonic_onnx_call *call);
sonic_status sonic_onnx_lower_last(const sonic_onnx_call *call);

/** The windows of Conv and the pools: kernel, strides, dilations, auto_pad, pads, ceil_mode.
 * kernel: the weights' (Conv), or zeros: from kernel_shape.  *overhang: ceil_mode lets the last
 * window reach beyond the padding, and the pads have been enlarged to hold it. */
SONIC_MUST_CHECK sonic_status sonic_onnx_window(const sonic_onnx_call *call, const sonic_shape *in,
                                                const size_t kernel[2], sonic_window *window,
                                                bool *overhang);

/** Import from memory: what sonic_model_import() does with a file's bytes, and what is fuzzed. */
SONIC_MUST_CHECK sonic_status sonic_model_import_bytes(sonic_model *model, const uint8_t *bytes,
                                                       size_t n, const char *directory,
                                                       sonic_error *error);

#endif
