/** @file
 * The lane vocabulary of products mod 2^l on AVX-512; see lanes_ref.h for what the names mean.
 *
 * mod 2^64 one vpmullq: on Intel 3 micro-operations and an add for 8 multiply-adds, against 5 for
 * the split that lanes_avx2.h makes (vpmulld is 2 there); on AMD's Zen 4 and 5 it is 1.
 */
#ifndef SONIC_KERNELS_RING_LANES_H
#define SONIC_KERNELS_RING_LANES_H

#if !defined(__AVX512F__) || !defined(__AVX512DQ__)
#error "this file is built with the flags of the avx512 tier"
#endif

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define LANES_AVX512(bits, mask, multiplier, constant)                                             \
    typedef uint##bits##_t lanes##bits##_element;                                                  \
    typedef __m512i lanes##bits##_vec, lanes##bits##_factor, lanes##bits##_sum;                    \
    enum { lanes##bits##_count = 512 / bits, lanes##bits##_words = 1 };                            \
    static inline lanes##bits##_vec lanes##bits##_load(const void *p)                              \
    {                                                                                              \
        return _mm512_loadu_si512(p);                                                              \
    }                                                                                              \
    static inline void lanes##bits##_store(void *p, lanes##bits##_vec v)                           \
    {                                                                                              \
        _mm512_storeu_si512(p, v);                                                                 \
    }                                                                                              \
    static inline mask lanes##bits##_mask(size_t n)                                                \
    {                                                                                              \
        return (mask)((1u << n) - 1);                                                              \
    }                                                                                              \
    static inline lanes##bits##_vec lanes##bits##_part(const void *p, size_t n)                    \
    {                                                                                              \
        return _mm512_maskz_loadu_epi##bits(lanes##bits##_mask(n), p);                             \
    }                                                                                              \
    static inline void lanes##bits##_put(void *p, lanes##bits##_vec v, size_t n)                   \
    {                                                                                              \
        _mm512_mask_storeu_epi##bits(p, lanes##bits##_mask(n), v);                                 \
    }                                                                                              \
    static inline lanes##bits##_vec lanes##bits##_add(lanes##bits##_vec a, lanes##bits##_vec b)    \
    {                                                                                              \
        return _mm512_add_epi##bits(a, b);                                                         \
    }                                                                                              \
    static inline void lanes##bits##_keep(lanes##bits##_element *words, lanes##bits##_element v)   \
    {                                                                                              \
        words[0] = v;                                                                              \
    }                                                                                              \
    static inline lanes##bits##_factor lanes##bits##_spread(const lanes##bits##_element *words)    \
    {                                                                                              \
        return _mm512_set1_epi##bits((constant)words[0]);                                          \
    }                                                                                              \
    static inline lanes##bits##_factor lanes##bits##_factor_of(lanes##bits##_vec v)                \
    {                                                                                              \
        return v;                                                                                  \
    }                                                                                              \
    static inline lanes##bits##_sum lanes##bits##_zero(void)                                       \
    {                                                                                              \
        return _mm512_setzero_si512();                                                             \
    }                                                                                              \
    static inline lanes##bits##_sum lanes##bits##_madd(                                            \
        lanes##bits##_sum s, lanes##bits##_factor f, lanes##bits##_vec v)                          \
    {                                                                                              \
        return _mm512_add_epi##bits(s, multiplier(f, v));                                          \
    }                                                                                              \
    static inline lanes##bits##_vec lanes##bits##_total(lanes##bits##_sum s)                       \
    {                                                                                              \
        return s;                                                                                  \
    }                                                                                              \
    static inline lanes##bits##_vec lanes##bits##_less(lanes##bits##_vec a, lanes##bits##_vec b)   \
    {                                                                                              \
        return _mm512_sub_epi##bits(a, b);                                                         \
    }                                                                                              \
    static inline lanes##bits##_sum lanes##bits##_join(lanes##bits##_sum a, lanes##bits##_sum b)   \
    {                                                                                              \
        return _mm512_add_epi##bits(a, b);                                                         \
    }                                                                                              \
    static inline void lanes##bits##_hold(lanes##bits##_sum *s)                                    \
    {                                                                                              \
        __asm__("" : "+v"(*s));                                                                    \
    }

LANES_AVX512(32, __mmask16, _mm512_mullo_epi32, int)
LANES_AVX512(64, __mmask8, _mm512_mullo_epi64, long long)
#undef LANES_AVX512

static inline void lanes32_split(lanes32_vec *even, lanes32_vec *odd, lanes32_vec a, lanes32_vec b)
{
    const __m512i from =
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    *even = _mm512_permutex2var_epi32(a, from, b);
    *odd = _mm512_permutex2var_epi32(a, _mm512_add_epi32(from, _mm512_set1_epi32(1)), b);
}

static inline void lanes64_split(lanes64_vec *even, lanes64_vec *odd, lanes64_vec a, lanes64_vec b)
{
    const __m512i from = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
    *even = _mm512_permutex2var_epi64(a, from, b);
    *odd = _mm512_permutex2var_epi64(a, _mm512_add_epi64(from, _mm512_set1_epi64(1)), b);
}

#endif
