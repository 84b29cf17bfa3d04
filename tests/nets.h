/** @file
 * Small networks for tests, random ones among them, and an evaluator of their integers that shares
 * no code with the library.
 */
#ifndef SONIC_TESTS_NETS_H
#define SONIC_TESTS_NETS_H

#include "proto/model/model.h"

/** A 64-bit generator (splitmix64). */
uint64_t sonic_test_next(uint64_t *state);
/** Uniform in [low, high], and in 0 .. n - 1. */
double sonic_test_uniform(uint64_t *state, double low, double high);
uint32_t sonic_test_below(uint64_t *state, uint32_t n);

/** An empty imported network whose input has this shape; the functions below append a node and
 * return its index, with everything but what they take at its default.  They abort on a shape that
 * does not fit. */
void sonic_test_net_begin(sonic_model *model, uint32_t rank, uint32_t c, uint32_t h, uint32_t w);
uint32_t sonic_test_net_add(sonic_model *model, sonic_node node, uint32_t a, uint32_t b);
/** CONV of `outputs` channels with weights uniform in +-size (0: all 0, to be set by the caller).
 */
uint32_t sonic_test_net_conv(sonic_model *model, uint32_t in, uint32_t outputs, sonic_window window,
                             uint32_t groups, double size, uint64_t *state);

/** A random network that has every op over enough seeds; it ends with a fully connected layer. */
void sonic_test_net_random(sonic_model *model, uint64_t seed);

/** What inexact truncations do: round down as the plain reference, up, or either as servers do. */
typedef enum sonic_test_rounding {
    SONIC_TEST_DOWN,
    SONIC_TEST_UP,
    SONIC_TEST_EITHER
} sonic_test_rounding;

/** Runs one image of a quantised network in 128-bit integers that never wrap: value[node] is
 * malloc'ed. Aborts when a value leaves the ring.  state: of the generator, for SONIC_TEST_EITHER.
 */
void sonic_test_net_run(const sonic_model *model, int64_t **value, const int64_t *x,
                        sonic_test_rounding rounding, uint64_t *state);

#endif
