/** @file
 * Choosing the unit of every tensor.  Private to quantisation.
 *
 * A unit is 2^-bits / odd: powers of two, and the odd part of the counts that average pools do not
 * divide by.  A convolution's weights absorb its input's odd part, so that its output's unit is a
 * power of two again.
 */
#ifndef SONIC_PROTO_MODEL_SCALE_H
#define SONIC_PROTO_MODEL_SCALE_H

#include "proto/model/range.h"

typedef struct sonic_scale {
    int bits;
    uint64_t odd;
} sonic_scale;

/** What quantisation does at one node of the imported graph. */
typedef struct sonic_choice {
    sonic_scale scale;       /**< of the node's output */
    unsigned shift;          /**< RELU: bits dropped */
    int64_t factor[2];       /**< ADD, SCALE */
    int64_t *align;          /**< CONCAT: what each input is multiplied by; malloc'ed */
    unsigned drop;           /**< bits dropped by a TRUNC node after this one, 0: there is none */
    sonic_scale dropped;     /**< the unit after it */
    bool reads_dropped;      /**< CONV, SCALE: reads its input after that TRUNC */
    double head; /**< most -log2(unit) that this tensor and those of its scale can have */
    double wish;             /**< the -log2(unit) that the convolutions behind it would have */
    uint32_t binding;        /**< the node whose bound sets `head` */
    int size;                /**< values are about 2^size or less: fraction bits count from there */
} sonic_choice;

static inline double sonic_scale_unit(sonic_scale scale)
{
    return __builtin_ldexp(1.0 / (double)scale.odd, -scale.bits);
}

/** Fewest fraction bits, from their size on, that inputs of convolutions, and their weights, are worth
 * running with:
 * with 5, the network c1 of ../shared/models loses 3% to 10% of its predictions. */
enum { SONIC_FRACTION_MIN = 6 };

/** Chooses for every node.
 * @param range       real bounds, one a node
 * @param reserve     bits by which each node's bound must stay clear of the ring, one a node
 * @param[out] choice one a node; `align` to be freed, also on failure
 * @return SONIC_E_RANGE naming the layer that does not fit, and what would help */
SONIC_MUST_CHECK sonic_status sonic_scale_choose(const sonic_model *model,
                                                 const sonic_quantise_options *options,
                                                 const sonic_range *range, const unsigned *reserve,
                                                 sonic_choice *choice, sonic_error *error);

/** The refusal: `node` needs more bits than the ring has. */
sonic_status sonic_scale_refuse(const sonic_graph *graph, const sonic_quantise_options *options,
                                uint32_t node, double bits, double limit, sonic_error *error);

#endif
