/** @file
 * What depthwise convolutions need beside the lanes of products, on AVX2; see edge_ref.h.
 */
#ifndef SONIC_KERNELS_CONV_EDGE_H
#define SONIC_KERNELS_CONV_EDGE_H

#include <stddef.h>

#include "kernels/ring/lanes_avx2.h"

/* The first n of 8 32-bit words. */
static inline __m256i edge_mask(size_t n)
{
    static const int32_t words[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_loadu_si256((const __m256i *)(words + 8 - n));
}

static inline lanes32_vec edge32_part(const void *p, size_t n)
{
    return _mm256_maskload_epi32(p, edge_mask(n));
}

static inline lanes64_vec edge64_part(const void *p, size_t n)
{
    return _mm256_maskload_epi32(p, edge_mask(2 * n));
}

static inline void edge32_put(void *p, lanes32_vec v, size_t n)
{
    _mm256_maskstore_epi32(p, edge_mask(n), v);
}

static inline void edge64_put(void *p, lanes64_vec v, size_t n)
{
    _mm256_maskstore_epi32(p, edge_mask(2 * n), v);
}

static inline lanes32_vec edge32_less(lanes32_vec a, lanes32_vec b)
{
    return _mm256_sub_epi32(a, b);
}

static inline lanes64_vec edge64_less(lanes64_vec a, lanes64_vec b)
{
    return _mm256_sub_epi64(a, b);
}

static inline lanes32_sum edge32_join(lanes32_sum a, lanes32_sum b)
{
    return _mm256_add_epi32(a, b);
}

static inline lanes64_sum edge64_join(lanes64_sum a, lanes64_sum b)
{
    return (lanes64_sum){_mm256_add_epi64(a.low, b.low), _mm256_add_epi32(a.cross, b.cross)};
}

static inline void edge32_hold(lanes32_sum *s)
{
    __asm__("" : "+x"(*s));
}

static inline void edge64_hold(lanes64_sum *s)
{
    __asm__("" : "+x"(s->low), "+x"(s->cross));
}

static inline void edge32_split(lanes32_vec *even, lanes32_vec *odd, lanes32_vec a, lanes32_vec b)
{
    const __m256 x = _mm256_castsi256_ps(a), y = _mm256_castsi256_ps(b);
    *even = _mm256_permute4x64_epi64(_mm256_castps_si256(_mm256_shuffle_ps(x, y, 0x88)), 0xd8);
    *odd = _mm256_permute4x64_epi64(_mm256_castps_si256(_mm256_shuffle_ps(x, y, 0xdd)), 0xd8);
}

static inline void edge64_split(lanes64_vec *even, lanes64_vec *odd, lanes64_vec a, lanes64_vec b)
{
    *even = _mm256_permute4x64_epi64(_mm256_unpacklo_epi64(a, b), 0xd8);
    *odd = _mm256_permute4x64_epi64(_mm256_unpackhi_epi64(a, b), 0xd8);
}

#endif
