/** @file
 * What depthwise convolutions need beside the lanes of products, on AVX2; see edge_ref.h.
 */
#ifndef SONIC_KERNELS_CONV_EDGE_H
#define SONIC_KERNELS_CONV_EDGE_H

#include <stddef.h>

#include "kernels/ring/lanes_avx2.h"

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
