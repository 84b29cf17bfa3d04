/** @file
 * Integer models written by hand: nodes one after the other, constants drawn at random.
 */
#ifndef SONIC_TESTS_BUILD_MODEL_H
#define SONIC_TESTS_BUILD_MODEL_H

#include "proto/model/model.h"

/** A generator that a seed determines (splitmix64). */
uint64_t build_draw(uint64_t *state);

/** A model that has nothing but its input.  Everything here asserts success. */
void build_begin(sonic_model *model, sonic_ring ring, sonic_truncation truncation,
                 sonic_shape input);

/** Appends a node with 1 x 1 windows, one group and factors 1; attributes may be set before
 * build_finish().  inputs: as many node indices as are given. */
sonic_node *build_add(sonic_model *model, sonic_op op, const char *name, uint32_t inputs, ...);

/** Infers the last node's shape (a CONV's dim[0], a RESHAPE's shape are to be set before) and draws
 * its constants from -limit .. limit. */
void build_finish(sonic_model *model, uint64_t *state, int64_t limit);

/** n ring elements from -limit .. limit - 1, or of the whole ring with limit 0. */
void build_draw_elements(sonic_ring ring, void *x, size_t n, int64_t limit, uint64_t *state);

#endif
