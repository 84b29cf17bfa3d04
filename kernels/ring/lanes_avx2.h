/** @file
 * The lane vocabulary of products mod 2^l on AVX2; see lanes_ref.h for what the names mean.
 *
 * mod 2^64 there is no instruction.  With a = a1 2^32 + a0, b alike: a b = a0 b0 + (a0 b1 + a1 b0)
 * 2^32.  vpmuludq gives a0 b0; vpmulld of b with a's halves swapped gives a1 b0 and a0 b1 in the
 * two halves of one lane, mod 2^32, which is all that survives the shift.  Summed apart, they are
 * joined once at the end: 4 instructions for 4 multiply-adds instead of 6 (and of 9 for a product
 * made on the spot).
 */
#ifndef SONIC_KERNELS_RING_LANES_H
#define SONIC_KERNELS_RING_LANES_H

#ifndef __AVX2__
#error "this file is built with the flags of the avx2 tier"
#endif

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

/* The first n of 8 32-bit words. */
static inline __m256i lanes_mask(size_t n)
{
    static const int32_t words[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_loadu_si256((const __m256i *)(words + 8 - n));
}

typedef uint32_t lanes32_element;
typedef __m256i lanes32_vec, lanes32_factor, lanes32_sum;
enum { lanes32_count = 8, lanes32_words = 1 };

static inline lanes32_vec lanes32_load(const void *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

static inline void lanes32_store(void *p, lanes32_vec v)
{
    _mm256_storeu_si256((__m256i *)p, v);
}

static inline lanes32_vec lanes32_part(const void *p, size_t n)
{
    return _mm256_maskload_epi32(p, lanes_mask(n));
}

static inline void lanes32_put(void *p, lanes32_vec v, size_t n)
{
    _mm256_maskstore_epi32(p, lanes_mask(n), v);
}

static inline lanes32_vec lanes32_add(lanes32_vec a, lanes32_vec b)
{
    return _mm256_add_epi32(a, b);
}

static inline void lanes32_keep(lanes32_element *words, lanes32_element v)
{
    words[0] = v;
}

static inline lanes32_factor lanes32_spread(const lanes32_element *words)
{
    return _mm256_set1_epi32((int)words[0]);
}

static inline lanes32_factor lanes32_factor_of(lanes32_vec v)
{
    return v;
}

static inline lanes32_sum lanes32_zero(void)
{
    return _mm256_setzero_si256();
}

static inline lanes32_sum lanes32_madd(lanes32_sum s, lanes32_factor f, lanes32_vec v)
{
    return _mm256_add_epi32(s, _mm256_mullo_epi32(f, v));
}

static inline lanes32_vec lanes32_total(lanes32_sum s)
{
    return s;
}

typedef uint64_t lanes64_element;
typedef __m256i lanes64_vec;
typedef struct lanes64_factor {
    __m256i plain, swapped;
} lanes64_factor;
typedef struct lanes64_sum {
    __m256i low, cross;
} lanes64_sum;
enum { lanes64_count = 4, lanes64_words = 2 };

static inline lanes64_vec lanes64_load(const void *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

static inline void lanes64_store(void *p, lanes64_vec v)
{
    _mm256_storeu_si256((__m256i *)p, v);
}

static inline lanes64_vec lanes64_part(const void *p, size_t n)
{
    return _mm256_maskload_epi32(p, lanes_mask(2 * n));
}

static inline void lanes64_put(void *p, lanes64_vec v, size_t n)
{
    _mm256_maskstore_epi32(p, lanes_mask(2 * n), v);
}

static inline lanes64_vec lanes64_add(lanes64_vec a, lanes64_vec b)
{
    return _mm256_add_epi64(a, b);
}

static inline void lanes64_keep(lanes64_element *words, lanes64_element v)
{
    words[0] = v;
    words[1] = v << 32 | v >> 32;
}

static inline lanes64_factor lanes64_spread(const lanes64_element *words)
{
    return (lanes64_factor){_mm256_set1_epi64x((long long)words[0]),
                            _mm256_set1_epi64x((long long)words[1])};
}

static inline lanes64_factor lanes64_factor_of(lanes64_vec v)
{
    return (lanes64_factor){v, _mm256_shuffle_epi32(v, 0xb1)};
}

static inline lanes64_sum lanes64_zero(void)
{
    return (lanes64_sum){_mm256_setzero_si256(), _mm256_setzero_si256()};
}

static inline lanes64_sum lanes64_madd(lanes64_sum s, lanes64_factor f, lanes64_vec v)
{
    s.low = _mm256_add_epi64(s.low, _mm256_mul_epu32(f.plain, v));
    s.cross = _mm256_add_epi32(s.cross, _mm256_mullo_epi32(f.swapped, v));
    return s;
}

static inline lanes64_vec lanes64_total(lanes64_sum s)
{
    __m256i high = _mm256_add_epi32(s.cross, _mm256_srli_epi64(s.cross, 32));
    return _mm256_add_epi64(s.low, _mm256_slli_epi64(high, 32));
}

static inline lanes32_vec lanes32_less(lanes32_vec a, lanes32_vec b)
{
    return _mm256_sub_epi32(a, b);
}

static inline lanes64_vec lanes64_less(lanes64_vec a, lanes64_vec b)
{
    return _mm256_sub_epi64(a, b);
}

static inline lanes32_sum lanes32_join(lanes32_sum a, lanes32_sum b)
{
    return _mm256_add_epi32(a, b);
}

static inline lanes64_sum lanes64_join(lanes64_sum a, lanes64_sum b)
{
    return (lanes64_sum){_mm256_add_epi64(a.low, b.low), _mm256_add_epi32(a.cross, b.cross)};
}

static inline void lanes32_hold(lanes32_sum *s)
{
    __asm__("" : "+x"(*s));
}

static inline void lanes64_hold(lanes64_sum *s)
{
    __asm__("" : "+x"(s->low), "+x"(s->cross));
}

static inline void lanes32_split(lanes32_vec *even, lanes32_vec *odd, lanes32_vec a, lanes32_vec b)
{
    const __m256 x = _mm256_castsi256_ps(a), y = _mm256_castsi256_ps(b);
    *even = _mm256_permute4x64_epi64(_mm256_castps_si256(_mm256_shuffle_ps(x, y, 0x88)), 0xd8);
    *odd = _mm256_permute4x64_epi64(_mm256_castps_si256(_mm256_shuffle_ps(x, y, 0xdd)), 0xd8);
}

static inline void lanes64_split(lanes64_vec *even, lanes64_vec *odd, lanes64_vec a, lanes64_vec b)
{
    *even = _mm256_permute4x64_epi64(_mm256_unpacklo_epi64(a, b), 0xd8);
    *odd = _mm256_permute4x64_epi64(_mm256_unpackhi_epi64(a, b), 0xd8);
}

#endif
