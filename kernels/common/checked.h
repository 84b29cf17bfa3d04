/** @file
 * Arithmetic on sizes.  Those that come from outside are multiplied and added only through these.
 */
#ifndef SONIC_KERNELS_COMMON_CHECKED_H
#define SONIC_KERNELS_COMMON_CHECKED_H

#include <stdbool.h>
#include <stddef.h>

/** *product = a * b; false, and *product untouched, on overflow. */
static inline bool sonic_size_mul(size_t *product, size_t a, size_t b)
{
    size_t p;
    if (__builtin_mul_overflow(a, b, &p))
        return false;
    *product = p;
    return true;
}

/** *sum = a + b; false, and *sum untouched, on overflow. */
static inline bool sonic_size_add(size_t *sum, size_t a, size_t b)
{
    size_t s;
    if (__builtin_add_overflow(a, b, &s))
        return false;
    *sum = s;
    return true;
}

/** The smaller one. */
static inline size_t sonic_size_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

/** How many pieces, the last perhaps smaller, n consists of. */
static inline size_t sonic_size_pieces(size_t n, size_t piece)
{
    return n / piece + (n % piece != 0);
}

#endif
