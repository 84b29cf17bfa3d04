/* Ceilings of the products on AVX2: the kernels' mixes, and those that they were chosen over. */
#include "kernels/ceiling/ceiling.h"

#include "kernels/ring/lanes_avx2.h"

#define CEILING_BITS 32
#include "kernels/ceiling/ring_tmpl.h"

#define CEILING_BITS 64
#include "kernels/ceiling/ring_tmpl.h"

enum { SUMS = 4 };

/* Hidden from the compiler, which would multiply the same two once and for all. */
#define HIDE(v) __asm__ volatile("" : "+x"(v))

/* mod 2^32 in 16-bit halves of two consecutive p: vpmaddwd three times for 16 multiply-adds. */
static uint64_t halves_ceiling(uint64_t steps, void *sink)
{
    uint32_t *memory = sink;
    __m256i a = lanes32_load(memory), b = lanes32_load(memory + 8), c = lanes32_load(memory + 16);
    __m256i low[SUMS], cross[SUMS];
#pragma GCC unroll 4
    for (unsigned i = 0; i < SUMS; i++)
        low[i] = cross[i] = a;
    for (uint64_t s = 0; s < steps; s++) {
#pragma GCC unroll 4
        for (unsigned i = 0; i < SUMS; i++) {
            HIDE(b);
            HIDE(c);
            low[i] = _mm256_add_epi32(low[i], _mm256_madd_epi16(a, b));
            cross[i] = _mm256_add_epi32(cross[i], _mm256_madd_epi16(a, c));
            cross[i] = _mm256_add_epi32(cross[i], _mm256_madd_epi16(b, c));
        }
    }
#pragma GCC unroll 4
    for (unsigned i = 0; i < SUMS; i++)
        lanes32_store(memory + 8 * i, _mm256_add_epi32(low[i], cross[i]));
    return steps * 2 * SUMS * 8;
}

/* mod 2^64 in 32-bit halves: vpmuludq three times for 4 multiply-adds. */
static uint64_t thirds_ceiling(uint64_t steps, void *sink)
{
    uint64_t *memory = sink;
    __m256i a = lanes64_load(memory), b = lanes64_load(memory + 4), c = lanes64_load(memory + 8);
    __m256i low[SUMS], cross[SUMS];
#pragma GCC unroll 4
    for (unsigned i = 0; i < SUMS; i++)
        low[i] = cross[i] = a;
    for (uint64_t s = 0; s < steps; s++) {
#pragma GCC unroll 4
        for (unsigned i = 0; i < SUMS; i++) {
            HIDE(b);
            HIDE(c);
            low[i] = _mm256_add_epi64(low[i], _mm256_mul_epu32(a, b));
            cross[i] = _mm256_add_epi64(cross[i], _mm256_mul_epu32(a, c));
            cross[i] = _mm256_add_epi64(cross[i], _mm256_mul_epu32(b, c));
        }
    }
#pragma GCC unroll 4
    for (unsigned i = 0; i < SUMS; i++)
        lanes64_store(memory + 4 * i, _mm256_add_epi64(low[i], cross[i]));
    return steps * SUMS * 4;
}

void sonic_ceiling_select_avx2(sonic_ceilings *ceilings)
{
    ceilings->ring[0][0] = ring32_ceiling;
    ceilings->ring[0][1] = halves_ceiling;
    ceilings->ring[1][0] = ring64_ceiling;
    ceilings->ring[1][1] = thirds_ceiling;
}
