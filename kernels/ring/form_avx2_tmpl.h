/* Packed operands on AVX2: the lane-wise form, with the rows of a whole tile in assembler.
 *
 * Two vectors of B, a factor, a product and the tile's sums, 6 rows of 2 vectors mod 2^32 and 3
 * rows of 2 with two sums each mod 2^64, are all 16 registers; compilers want one more, and spill.
 */
#define FORM_OWN_SUMS
#include "kernels/ring/form_lanes_tmpl.h"

/* sums += the factor of `words` times both vectors.  Volatile, or loads are moved up, which takes
 * registers. */
SONIC_INLINE void FORM(add_row)(LANES(sum) sums[2], const RING(element) *words, __m256i first,
                                __m256i second)
{
    __m256i factor, product;
#if RING_BITS == 32
    __asm__ volatile("vpbroadcastd %[plain], %[factor]\n\t"
                     "vpmulld %[first], %[factor], %[product]\n\t"
                     "vpaddd %[product], %[sum0], %[sum0]\n\t"
                     "vpmulld %[second], %[factor], %[product]\n\t"
                     "vpaddd %[product], %[sum1], %[sum1]"
                     : [sum0] "+&x"(sums[0]), [sum1] "+x"(sums[1]), [factor] "=&x"(factor),
                       [product] "=&x"(product)
                     : [plain] "m"(words[0]), [first] "x"(first), [second] "x"(second));
#else
    __asm__ volatile("vpbroadcastq %[plain], %[factor]\n\t"
                     "vpmuludq %[first], %[factor], %[product]\n\t"
                     "vpaddq %[product], %[low0], %[low0]\n\t"
                     "vpmuludq %[second], %[factor], %[product]\n\t"
                     "vpaddq %[product], %[low1], %[low1]\n\t"
                     "vpbroadcastq %[swapped], %[factor]\n\t"
                     "vpmulld %[first], %[factor], %[product]\n\t"
                     "vpaddd %[product], %[cross0], %[cross0]\n\t"
                     "vpmulld %[second], %[factor], %[product]\n\t"
                     "vpaddd %[product], %[cross1], %[cross1]"
                     : [low0] "+&x"(sums[0].low), [low1] "+&x"(sums[1].low),
                       [cross0] "+&x"(sums[0].cross), [cross1] "+x"(sums[1].cross),
                       [factor] "=&x"(factor), [product] "=&x"(product)
                     : [plain] "m"(words[0]), [swapped] "m"(words[1]), [first] "x"(first),
                       [second] "x"(second));
#endif
}

SONIC_INLINE void FORM(sums)(__m256i (*totals)[RING_VECTORS], const RING(element) *const *a,
                             const RING(element) *b, size_t k, size_t rows, size_t vectors)
{
    if (vectors != 2) {
        FORM(lane_sums)(totals, a, b, k, rows, vectors);
        return;
    }
    LANES(sum) sums[RING_MR][2];
    SONIC_UNROLL
    for (size_t i = 0; i < rows; i++)
        sums[i][0] = sums[i][1] = LANES(zero)();
    for (size_t p = 0; p < k; p++, b += 2 * LANES(count)) {
        const __m256i first = _mm256_load_si256((const __m256i *)b);
        const __m256i second = _mm256_load_si256((const __m256i *)(b + LANES(count)));
        SONIC_UNROLL
        for (size_t i = 0; i < rows; i++)
            FORM(add_row)(sums[i], a[i] + p * LANES(words), first, second);
    }
    SONIC_UNROLL
    for (size_t i = 0; i < rows; i++) {
        totals[i][0] = LANES(total)(sums[i][0]);
        totals[i][1] = LANES(total)(sums[i][1]);
    }
}
