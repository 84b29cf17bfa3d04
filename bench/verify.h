/** @file
 * Whether a bench's result is right, by the definition: a bench of a wrong kernel is worthless.  Of
 * large results a sample.
 */
#ifndef SONIC_BENCH_VERIFY_H
#define SONIC_BENCH_VERIFY_H

#include "dispatch/context.h"

#include <sonicnn/ring.h>

/** Element i of an array in the ring, and the same as a signed number. */
uint64_t bench_element(sonic_ring ring, const void *array, size_t i);
int64_t bench_signed(sonic_ring ring, const void *array, size_t i);

/** Whether c = a b for dense matrices, m x k times k x n. */
bool bench_check_product(sonic_ring ring, size_t m, size_t n, size_t k, const void *c,
                         const void *a, const void *b);

/** Whether y = x * w. */
bool bench_check_conv(sonic_ring ring, const sonic_conv_shape *shape, const void *y, const void *x,
                      const void *w);

#endif
