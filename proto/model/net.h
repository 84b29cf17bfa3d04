/** @file
 * A network between the importer and the finished graph: nodes are appended in topological order,
 * then passes rewrite them, then it settles into a model.
 *
 * As in an imported graph, with three differences: BIAS holds its constant compactly, SCALE
 * multiplies by any real constant (extra.w), and RELU may have a slope or a top; the constants
 * have the shape extra.spread, which broadcasts to the node's.  Passes keep the order: they bypass a
 * node or swap it with its only consumer in place.
 */
#ifndef SONIC_PROTO_MODEL_NET_H
#define SONIC_PROTO_MODEL_NET_H

#include "proto/model/model.h"

/** Most nodes and edges while building: passes shrink what lowering makes. */
enum { SONIC_NET_NODES_MAX = 4 * SONIC_NODES_MAX, SONIC_NET_EDGES_MAX = 1 << 16 };

/** Most constants that broadcasts may create in all (a file bounds its own): 2^25. */
#define SONIC_NET_SPREAD_MAX ((size_t)1 << 25)

typedef struct sonic_net_extra {
    double *w, *b;      /**< CONV: both; SCALE: w; BIAS: b */
    sonic_shape spread; /**< SCALE, BIAS: each dimension is 1 or the node's own */
    double slope;       /**< RELU: what is below 0 is multiplied by; 0 or 2^-16 .. 1 */
    double top;         /**< RELU: its largest value, 0: none; without a slope only */
    uint32_t uses; /**< live consumers, the network's own output among them; sonic_net_count() */
    uint32_t consumer;  /**< one of them */
} sonic_net_extra;

typedef struct sonic_net {
    sonic_graph graph;
    sonic_net_extra *extra; /**< one a node */
    uint32_t room, edges;
    size_t spread;   /**< constants made by broadcasts so far */
    uint32_t output; /**< the node that is the result */
} sonic_net;

void sonic_net_free(sonic_net *net);

/** Appends a node with neutral attributes and no shape. */
SONIC_MUST_CHECK sonic_status sonic_net_append(sonic_net *net, sonic_op op, const char *name,
                                               uint32_t inputs, const uint32_t *input,
                                               uint32_t *index, sonic_error *error);
/** Sets a node's shape from its inputs and attributes. */
SONIC_MUST_CHECK sonic_status sonic_net_shape(sonic_net *net, uint32_t node, sonic_error *error);

/** The builders append what is needed and give the node that holds the result.  A permutation of a
 * permutation becomes one or none; element-wise operations move before permutations, so that pairs
 * of them meet.  Constants are owned by the net from the call on, also when it fails. */
SONIC_MUST_CHECK sonic_status sonic_net_permute(sonic_net *net, const char *name, uint32_t x,
                                                const uint32_t *perm, uint32_t *y,
                                                sonic_error *error);
SONIC_MUST_CHECK sonic_status sonic_net_reshape(sonic_net *net, const char *name, uint32_t x,
                                                const sonic_shape *shape, uint32_t *y,
                                                sonic_error *error);
SONIC_MUST_CHECK sonic_status sonic_net_relu(sonic_net *net, const char *name, uint32_t x,
                                             double slope, double top, uint32_t *y,
                                             sonic_error *error);
SONIC_MUST_CHECK sonic_status sonic_net_add(sonic_net *net, const char *name, uint32_t a,
                                            uint32_t b, uint32_t *y, sonic_error *error);
/** op: SONIC_OP_SCALE or SONIC_OP_BIAS. */
SONIC_MUST_CHECK sonic_status sonic_net_affine(sonic_net *net, sonic_op op, const char *name,
                                               uint32_t x, const sonic_shape *spread,
                                               double *constant, uint32_t *y, sonic_error *error);
/** The same with one number for all elements. */
SONIC_MUST_CHECK sonic_status sonic_net_affine_all(sonic_net *net, sonic_op op, const char *name,
                                                   uint32_t x, double constant, uint32_t *y,
                                                   sonic_error *error);
/** op: SONIC_OP_MAX_POOL, SONIC_OP_AVG_POOL or SONIC_OP_PAD. */
SONIC_MUST_CHECK sonic_status sonic_net_window(sonic_net *net, sonic_op op, const char *name,
                                               uint32_t x, const sonic_window *window,
                                               bool exclude_pad, uint32_t *y, sonic_error *error);
/** window NULL: fully connected. */
SONIC_MUST_CHECK sonic_status sonic_net_conv(sonic_net *net, const char *name, uint32_t x,
                                             uint32_t outputs, uint32_t groups,
                                             const sonic_window *window, double *w, double *b,
                                             uint32_t *y, sonic_error *error);

/** Counts live uses. */
void sonic_net_count(sonic_net *net);
/** Makes every consumer of a one-input node read that node's input instead. */
void sonic_net_bypass(sonic_net *net, uint32_t node);
/** The only consumer of a node, or its own index where it has none, several or is the output. */
uint32_t sonic_net_only_consumer(const sonic_net *net, uint32_t node);
/** Swaps the operations (not the places) of a node and its only consumer, both of one input, and
 * recomputes their shapes. */
SONIC_MUST_CHECK sonic_status sonic_net_swap(sonic_net *net, uint32_t node, uint32_t consumer,
                                             sonic_error *error);

/** Takes n constants out of what broadcasts may create. */
SONIC_MUST_CHECK sonic_status sonic_net_spend(sonic_net *net, size_t n, sonic_error *error);
/** Elements of a validated shape. */
size_t sonic_shape_size(const sonic_shape *shape);
/** Moves a constant of shape `from` through a permutation: dimension i of the result is perm[i] of
 * it. The inverse direction where `inverse`.  NULL without memory. */
double *sonic_spread_permute(const double *constant, const sonic_shape *from, const uint32_t *perm,
                             bool inverse, sonic_shape *to);

/** The passes, each repeated until it finds nothing. */
SONIC_MUST_CHECK sonic_status sonic_net_fold_affine(sonic_net *net, sonic_error *error);
SONIC_MUST_CHECK sonic_status sonic_net_reorder(sonic_net *net, sonic_error *error);
SONIC_MUST_CHECK sonic_status sonic_net_drop(sonic_net *net, sonic_error *error);
/** SCALE nodes that are left, whose constants are secret, become convolutions of one channel a
 * group; RELU nodes with a slope or a top become plain ones, sums, and multiplications by public
 * numbers, the only SCALE nodes of a model. */
SONIC_MUST_CHECK sonic_status sonic_net_lower(sonic_net *net, sonic_error *error);
/** Moves what is live into a model; the net is freed in any case. */
SONIC_MUST_CHECK sonic_status sonic_net_settle(sonic_net *net, sonic_model *model,
                                               sonic_error *error);

#endif
