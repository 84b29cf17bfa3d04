/* Packed operands mod 2^64 on AVX2: the lane-wise form, with the rows of a whole tile in assembler.
 *
 * 3 rows of 2 vectors with two sums each, two vectors of B, a factor and a product are all 16
 * registers; compilers want one more, and spill. */
#define FORM_OWN_SUMS
#include "kernels/ring/form_lanes_tmpl.h"

/* sums += the factor of `words` times both vectors.  Volatile, or loads are moved up, which takes
 * registers. */
SONIC_INLINE void FORM(add_row)(lanes64_sum sums[2], const uint64_t *words, __m256i first,
                                __m256i second)
{
    __m256i factor, product;
    __asm__ volatile(
        "vpbroadcastq %[plain], %[factor]\n\t"
        "vpmuludq %[first], %[factor], %[product]\n\t"
        "vpaddq %[product], %[low0], %[low0]\n\t"
        "vpmuludq %[second], %[factor], %[product]\n\t"
        "vpaddq %[product], %[low1], %[low1]\n\t"
        "vpbroadcastq %[swapped], %[factor]\n\t"
        "vpmulld %[first], %[factor], %[product]\n\t"
        "vpaddd %[product], %[cross0], %[cross0]\n\t"
        "vpmulld %[second], %[factor], %[product]\n\t"
        "vpaddd %[product], %[cross1], %[cross1]"
        : [low0] "+x"(sums[0].low), [low1] "+x"(sums[1].low), [cross0] "+x"(sums[0].cross),
          [cross1] "+x"(sums[1].cross), [factor] "=&x"(factor), [product] "=&x"(product)
        : [plain] "m"(words[0]), [swapped] "m"(words[1]), [first] "x"(first), [second] "x"(second));
}

SONIC_INLINE void FORM(sums)(__m256i (*totals)[RING_VECTORS], const uint64_t *const *a,
                             const uint64_t *b, size_t k, size_t rows, size_t vectors)
{
    if (rows != RING_MR || vectors != 2) {
        FORM(lane_sums)(totals, a, b, k, rows, vectors);
        return;
    }
    lanes64_sum sums[RING_MR][2];
    SONIC_UNROLL
    for (size_t i = 0; i < RING_MR; i++)
        sums[i][0] = sums[i][1] = lanes64_zero();
    for (size_t p = 0; p < 2 * k; p += 2, b += 8) {
        const __m256i first = _mm256_load_si256((const __m256i *)b);
        const __m256i second = _mm256_load_si256((const __m256i *)(b + 4));
        SONIC_UNROLL
        for (size_t i = 0; i < RING_MR; i++)
            FORM(add_row)(sums[i], a[i] + p, first, second);
    }
    SONIC_UNROLL
    for (size_t i = 0; i < RING_MR; i++) {
        totals[i][0] = lanes64_total(sums[i][0]);
        totals[i][1] = lanes64_total(sums[i][1]);
    }
}
