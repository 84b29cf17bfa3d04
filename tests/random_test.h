/** @file
 * Deterministic randomness, linked into tests only.
 */
#ifndef SONIC_TESTS_RANDOM_TEST_H
#define SONIC_TESTS_RANDOM_TEST_H

#include <stdint.h>

/** Restarts the generator behind sonic_random_bytes() of this thread from a seed. */
void sonic_test_seed(uint64_t seed);

#endif
