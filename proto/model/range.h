/** @file
 * What every tensor of a network can be on any input in range: intervals and Euclidean norms,
 * pushed through the graph, all rounded outwards.
 *
 * An element is bounded by interval arithmetic on the layer's inputs and, at the same time, by the
 * norm of the whole tensor times the norm of the element's weights; norms grow by a layer's
 * operator norm (spectral.h).  Deep networks need the second, which does not add up channels as if
 * all were extreme at once.
 */
#ifndef SONIC_PROTO_MODEL_RANGE_H
#define SONIC_PROTO_MODEL_RANGE_H

#include "proto/model/model.h"

/** One node's result, over its elements. */
typedef struct sonic_range {
    double magnitude; /**< no element exceeds it */
    double error; /**< no element differs by more between a secure run and the plain reference */
    double mass;      /**< the sum of the elements' own bounds */
} sonic_range;

typedef enum sonic_range_mode {
    SONIC_RANGE_REAL,   /**< the imported network: averages divide, nothing is dropped */
    SONIC_RANGE_INTEGER /**< the quantised network, in units; truncation adds 0 or 1 */
} sonic_range_mode;

/** Bounds every node.
 * @param norms       operator norm of each CONV node's weights in this mode, 0 elsewhere
 * @param low, high   the input's interval in this mode
 * @param[out] range  one a node
 * @return SONIC_E_RANGE naming the layer whose values have no finite bound, SONIC_E_MEMORY */
SONIC_MUST_CHECK sonic_status sonic_range_find(const sonic_model *model, sonic_range_mode mode,
                                               const double *norms, double low, double high,
                                               sonic_range *range, sonic_error *error);

#endif
