/** @file
 * A network's output in the clear, and what a person wants to know of it.
 */
#ifndef SONIC_TOOLS_SCORES_H
#define SONIC_TOOLS_SCORES_H

#include "proto/model/graph.h"

typedef struct sonic_scores {
    uint64_t count; /**< images */
    size_t classes; /**< values an image */
    sonic_shape shape;
    double *score; /**< count x classes: the network's output */
    uint32_t *top; /**< the class of each image: the largest value */
} sonic_scores;

/** Allocates for `count` images of a graph. */
SONIC_MUST_CHECK sonic_status sonic_scores_make(sonic_scores *scores, const sonic_graph *graph,
                                                uint64_t count, sonic_error *error);
void sonic_scores_free(sonic_scores *scores); /**< wipes; zeroes the struct */

/** From the last node's values to the network's output: softmax where the network ends in one, and
 * the class of each image. */
void sonic_scores_finish(sonic_scores *scores, const sonic_graph *graph);

typedef struct sonic_scores_output {
    const char *labels; /**< IDX or NPY file of true labels; may be NULL */
    uint64_t first;     /**< of the labels */
    const char *npy;    /**< file to write the output to; may be NULL */
    bool json;
} sonic_scores_output;

/** Prints class, score and label of every image and the accuracy. */
SONIC_MUST_CHECK sonic_status sonic_scores_print(const sonic_scores *scores,
                                                 const sonic_scores_output *output,
                                                 sonic_error *error);

#endif
