/** @file
 * What depthwise convolutions need beside the lanes of products, on AVX-512; see edge_ref.h.
 */
#ifndef SONIC_KERNELS_CONV_EDGE_H
#define SONIC_KERNELS_CONV_EDGE_H

#include <stddef.h>

#include "kernels/ring/lanes_avx512.h"

#define EDGE_AVX512(bits)                                                                          \
    static inline lanes##bits##_vec edge##bits##_less(lanes##bits##_vec a, lanes##bits##_vec b)    \
    {                                                                                              \
        return _mm512_sub_epi##bits(a, b);                                                         \
    }                                                                                              \
    static inline lanes##bits##_sum edge##bits##_join(lanes##bits##_sum a, lanes##bits##_sum b)    \
    {                                                                                              \
        return _mm512_add_epi##bits(a, b);                                                         \
    }                                                                                              \
    static inline void edge##bits##_hold(lanes##bits##_sum *s)                                     \
    {                                                                                              \
        __asm__("" : "+v"(*s));                                                                    \
    }

EDGE_AVX512(32)
EDGE_AVX512(64)
#undef EDGE_AVX512

static inline void edge32_split(lanes32_vec *even, lanes32_vec *odd, lanes32_vec a, lanes32_vec b)
{
    const __m512i from =
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    *even = _mm512_permutex2var_epi32(a, from, b);
    *odd = _mm512_permutex2var_epi32(a, _mm512_add_epi32(from, _mm512_set1_epi32(1)), b);
}

static inline void edge64_split(lanes64_vec *even, lanes64_vec *odd, lanes64_vec a, lanes64_vec b)
{
    const __m512i from = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
    *even = _mm512_permutex2var_epi64(a, from, b);
    *odd = _mm512_permutex2var_epi64(a, _mm512_add_epi64(from, _mm512_set1_epi64(1)), b);
}

#endif
