/** @file
 * What a user would write or link instead of our products, built as fast as the compilers at hand
 * can: -O3 for this processor, and for x86-64-v3 (AVX2) as the opponent of our avx2 tier where the
 * processor has more.
 */
#ifndef SONIC_BENCH_COMPETITORS_H
#define SONIC_BENCH_COMPETITORS_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/competitors/needs.h"

/** c = a b mod 2^32 or 2^64, dense row-major, m x k times k x n; no aliases. */
typedef void bench_competitor_product(size_t m, size_t n, size_t k, void *c, const void *a,
                                      const void *b);

typedef struct bench_competitor {
    const char *name;                     /**< "eigen-gcc-native", ... */
    bool native;                          /**< for the building processor; else x86-64-v3 */
    const bench_needs *needs;             /**< may not be called where any is missing */
    bench_competitor_product *product[2]; /**< mod 2^32, mod 2^64 */
} bench_competitor;

/** Those that were built; none may be. */
extern const bench_competitor bench_competitors[];
extern const size_t bench_competitors_count;

#endif
