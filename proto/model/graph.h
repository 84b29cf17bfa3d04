/** @file
 * The network as the servers know it: a list of integer operations in topological order, public.
 *
 * Node 0 is the input, the last node the output; every node has one output tensor, and its index
 * names both.  Tensors are [batch][dims...], row-major; convolutions and pools read dims as C, H,
 * W.  A tensor of integers q stands for the reals unit * q.
 */
#ifndef SONIC_PROTO_MODEL_GRAPH_H
#define SONIC_PROTO_MODEL_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sonicnn/context.h>
#include <sonicnn/ring.h>

enum { SONIC_RANK_MAX = 4, SONIC_NODES_MAX = 4096, SONIC_NAME_MAX = 63 };

/** Most elements of a tensor (one image), and most weights and biases of a graph: 2^31. */
#define SONIC_ELEMENTS_MAX ((size_t)1 << 31)
/** Largest kernel, stride, dilation and padding of a window along one axis. */
enum { SONIC_WINDOW_MAX = 65535 };
/** Most candidates (outputs times kh * kw) of one pool: products with 64 * 64 fit 64 bits. */
#define SONIC_CANDIDATES_MAX ((uint64_t)1 << 40)

/** Dimensions without the batch. */
typedef struct sonic_shape {
    uint32_t rank; /**< 1 .. SONIC_RANK_MAX */
    uint32_t dim[SONIC_RANK_MAX];
} sonic_shape;

typedef enum sonic_op {
    SONIC_OP_INPUT,
    SONIC_OP_CONV,     /**< secret weights and bias; C, H, W (rank 3), or fully connected on
                            features (rank 1, output rank 1), where H = W = KH = KW = 1 */
    SONIC_OP_BIAS,     /**< adds a secret tensor of the node's own shape */
    SONIC_OP_RELU,     /**< and drops `shift` bits */
    SONIC_OP_MAX_POOL, /**< padding never wins */
    SONIC_OP_AVG_POOL, /**< integers: the window's sum, times lcm / count where padding is excluded;
                            the division is in `unit` */
    SONIC_OP_ADD,      /**< factor[0] * a + factor[1] * b */
    SONIC_OP_CONCAT,   /**< of any number of tensors along `axis` (0: the first after the batch) */
    SONIC_OP_TRUNC,    /**< drops `shift` bits */
    SONIC_OP_SCALE,    /**< factor[0] * a */
    SONIC_OP_PERMUTE,  /**< output dim i is input dim perm[i] */
    SONIC_OP_RESHAPE,  /**< the same elements */
    SONIC_OP_PAD,      /**< zeros around H and W (window.pad_*) */
    SONIC_OPS
} sonic_op;

typedef struct sonic_window {
    uint32_t kh, kw, stride_h, stride_w, dilation_h, dilation_w;
    uint32_t pad_top, pad_left, pad_bottom, pad_right;
} sonic_window;

typedef struct sonic_node {
    sonic_op op;
    char name[SONIC_NAME_MAX + 1]; /**< printable ASCII, unique not required */
    uint32_t inputs;               /**< how many */
    uint32_t *input;               /**< node indices, each below this node's own */
    sonic_shape shape;
    sonic_window window;
    uint32_t groups;
    bool exclude_pad;
    uint32_t shift;
    int64_t factor[2];
    uint32_t perm[SONIC_RANK_MAX];
    uint32_t axis;
    double unit;  /**< > 0 */
    double bound; /**< proven: |q| <= bound < 2^(ring - 2) in every run on inputs in range */
    double error; /**< proven: |q secure - q plain| <= error, gross errors of `local` apart */
} sonic_node;

typedef enum sonic_truncation { SONIC_TRUNC_STOCHASTIC, SONIC_TRUNC_LOCAL } sonic_truncation;
typedef enum sonic_last { SONIC_LAST_NONE, SONIC_LAST_SOFTMAX, SONIC_LAST_ARGMAX } sonic_last;

typedef struct sonic_graph {
    sonic_ring ring;
    sonic_truncation truncation;
    double failure;      /**< local truncation: proven bound on the chance of a gross error */
    sonic_last last;     /**< what the user applies to the opened result */
    double input_low, input_high; /**< inputs are in this range: the range proof rests on it */
    uint32_t nodes;
    sonic_node *node;
} sonic_graph;

void sonic_graph_free(sonic_graph *graph); /**< frees the contents and zeroes the struct */

/** Elements of a shape.  @return SONIC_E_SHAPE on a zero rank, a zero dimension or overflow */
SONIC_MUST_CHECK sonic_status sonic_shape_elements(const sonic_shape *shape, size_t *elements,
                                                   sonic_error *error);

bool sonic_shape_equal(const sonic_shape *a, const sonic_shape *b);

/** "conv", "relu", ...: static storage, never NULL. */
const char *sonic_op_name(sonic_op op);

/** Elements of a node's tensor for one image; the graph has been validated, so this cannot fail. */
size_t sonic_node_elements(const sonic_graph *graph, uint32_t node);

/** Weights and biases of a node: 0 for all but CONV and BIAS (which has only biases). */
size_t sonic_node_weights(const sonic_graph *graph, uint32_t node);
size_t sonic_node_biases(const sonic_graph *graph, uint32_t node);

/** The convolution of a CONV node for a batch. */
sonic_conv_shape sonic_node_conv(const sonic_graph *graph, uint32_t node, size_t batch);

/** Checks everything a reader of an untrusted graph must: indices, arities, shapes recomputed from
 * the inputs, windows, shifts (1 .. ring / 2), factors, sizes.  @return SONIC_E_FORMAT naming the
 * node */
SONIC_MUST_CHECK sonic_status sonic_graph_validate(const sonic_graph *graph, sonic_error *error);

/** The part of it that holds of an imported graph too, whose numbers are not set yet. */
SONIC_MUST_CHECK sonic_status sonic_graph_validate_shapes(const sonic_graph *graph,
                                                          sonic_error *error);

/** Shape of a node's output from its inputs' shapes and its own attributes (CONV: shape.dim[0] is
 * the number of output channels; INPUT and RESHAPE: the shape itself).  Every window of a pool must
 * have a candidate that is not padding.  @return SONIC_E_SHAPE naming the node */
SONIC_MUST_CHECK sonic_status sonic_node_infer_shape(const sonic_graph *graph, uint32_t node,
                                                     sonic_shape *shape, sonic_error *error);

/** Serialised form (little-endian, versioned); *bytes is malloc'ed. */
SONIC_MUST_CHECK sonic_status sonic_graph_write(const sonic_graph *graph, uint8_t **bytes,
                                                size_t *n, sonic_error *error);
/** Parses and validates untrusted bytes. */
SONIC_MUST_CHECK sonic_status sonic_graph_read(sonic_graph *graph, const uint8_t *bytes, size_t n,
                                               sonic_error *error);

#endif
