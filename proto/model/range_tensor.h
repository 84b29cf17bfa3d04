/** @file
 * The abstract tensor of the range analysis, and its linear layers.  Private to range*.c.
 */
#ifndef SONIC_PROTO_MODEL_RANGE_TENSOR_H
#define SONIC_PROTO_MODEL_RANGE_TENSOR_H

#include <float.h>

#include "proto/model/range.h"

/** Element i lies in [low[i], high[i]] and a secure run's differs by at most error[i] from the
 * plain one's; the tensor's Euclidean norms are at most norm and error_norm. */
typedef struct sonic_range_tensor {
    double *low, *high, *error; /**< one allocation, at low */
    size_t n;
    double norm, error_norm;
} sonic_range_tensor;

/** A factor above 1 that covers the rounding of a sum of n products, and of what follows it. */
static inline double sonic_range_slack(size_t n)
{
    return 1 + (double)(n + 32) * DBL_EPSILON;
}

/** Constants of a node as doubles of the mode; integers below 2^53 are exact. */
typedef struct sonic_range_constants {
    const double *w, *b;
} sonic_range_constants;

/** y is allocated for the node's shape; on success its elements and norms are set. */
SONIC_MUST_CHECK sonic_status sonic_range_conv(const sonic_graph *graph, uint32_t node,
                                               const sonic_range_constants *constants, double norm,
                                               sonic_range_tensor *y, const sonic_range_tensor *x,
                                               sonic_error *error);
void sonic_range_avg_pool(const sonic_graph *graph, uint32_t node, sonic_range_mode mode,
                          sonic_range_tensor *y, const sonic_range_tensor *x);
void sonic_range_max_pool(const sonic_graph *graph, uint32_t node, sonic_range_tensor *y,
                          const sonic_range_tensor *x);

#endif
