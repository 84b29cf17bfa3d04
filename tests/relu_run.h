/** @file
 * For tests of relu on shares: inputs that are hard on it, one call by both
 * parties, and the check of what comes out.
 */
#ifndef SONIC_TESTS_RELU_RUN_H
#define SONIC_TESTS_RELU_RUN_H

#include "proto/compare/compare.h"
#include "tests/dealt.h"

/** One call of relu by both parties. */
typedef struct test_relu {
    const sonic_context *context[2];
    sonic_relu relu;         /**< ppa, unless set */
    const test_pools *pools; /**< dealt for a graph whose node 1 the call is of */
    sonic_ring ring;
    uint32_t slot;
    sonic_relu_call call;
    void *x[2];
    unsigned quits; /**< the party, plus one, that leaves without a word */
} test_relu;

/** A party of test_run(); arg is a test_relu. */
sonic_status test_relu_party(void *arg, unsigned party, sonic_channel *channel, sonic_error *error);

/** Element i of an array at any alignment, and a new value for it. */
int64_t test_relu_get(sonic_ring ring, const void *x, size_t i);
void test_relu_put(sonic_ring ring, void *x, size_t i, uint64_t value);

/** Secrets below 2^bits in magnitude (bits = l: all of the ring), corners
 * first, and shares of them: random, all ones, zero, and such that carries run
 * through all bits. */
void test_relu_inputs(sonic_ring ring, unsigned bits, int64_t *secret, void *x[2], size_t n,
                      uint64_t *state);

/** Fails the test unless both parties' x add up to the relu of each secret,
 * truncated as the call says. */
void test_relu_check(const test_relu *run, const int64_t *secret, const char *what);

#endif
