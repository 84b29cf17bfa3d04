/* Bit planes and labels with AVX2, by the template but for the last elements' planes: bytes of
 * equal significance are gathered into one register, from which one instruction takes the top bit
 * of 32 elements. */
#ifndef __AVX2__
#error "this file needs -mavx2"
#endif
#include "kernels/bitmat/bitmat.h"

#include <immintrin.h>

#include "kernels/common/loop.h"

SONIC_INLINE __m256i load(const uint8_t *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

/* Of 8 elements of 32 bits: their lowest bytes in quarter 0, the next ones in quarter 1, ... */
SONIC_INLINE __m256i group_bytes(__m256i v)
{
    const __m256i in_lane = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    return _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(v, in_lane),
                                       _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

/* v[b] becomes byte b of each of the 32 elements that v held in order. */
SONIC_INLINE void byte_planes(__m256i v[4])
{
    for (int i = 0; i < 4; i++)
        v[i] = group_bytes(v[i]);
    const __m256i low01 = _mm256_unpacklo_epi64(v[0], v[1]),
                  high01 = _mm256_unpackhi_epi64(v[0], v[1]);
    const __m256i low23 = _mm256_unpacklo_epi64(v[2], v[3]),
                  high23 = _mm256_unpackhi_epi64(v[2], v[3]);
    v[0] = _mm256_permute2x128_si256(low01, low23, 0x20);
    v[1] = _mm256_permute2x128_si256(high01, high23, 0x20);
    v[2] = _mm256_permute2x128_si256(low01, low23, 0x31);
    v[3] = _mm256_permute2x128_si256(high01, high23, 0x31);
}

/* 32 planes' words of 64 elements of 32 bits, in order in v. */
SONIC_INLINE void write_planes(uint64_t *planes, size_t stride, __m256i v[8])
{
    byte_planes(v);
    byte_planes(v + 4);
    for (size_t byte = 0; byte < 4; byte++) {
        __m256i low = v[byte], high = v[4 + byte];
#pragma GCC unroll 8
        for (size_t bit = 8; bit-- > 0;) {
            planes[(8 * byte + bit) * stride] =
                (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high)
                                                          << 32;
            low = _mm256_add_epi8(low, low);
            high = _mm256_add_epi8(high, high);
        }
    }
}

static void block32(uint64_t *planes, size_t stride, const uint8_t *x)
{
    __m256i v[8];
    for (int i = 0; i < 8; i++)
        v[i] = load(x + 32 * i);
    write_planes(planes, stride, v);
}

static void block64(uint64_t *planes, size_t stride, const uint8_t *x)
{
    __m256i low[8], high[8];
    for (int i = 0; i < 8; i++) {
        const __m256i even_first = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
        const __m256i a = _mm256_permutevar8x32_epi32(load(x + 64 * i), even_first);
        const __m256i b = _mm256_permutevar8x32_epi32(load(x + 64 * i + 32), even_first);
        low[i] = _mm256_permute2x128_si256(a, b, 0x20);
        high[i] = _mm256_permute2x128_si256(a, b, 0x31);
    }
    write_planes(planes, stride, low);
    write_planes(planes + 32 * stride, stride, high);
}

SONIC_INLINE __m128i load_lane(const uint8_t *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

SONIC_INLINE void exchange_bits(__m256i *a, __m256i *b, int half, __m256i mask)
{
    const __m256i moved = _mm256_and_si256(_mm256_xor_si256(_mm256_srli_epi64(*a, half), *b), mask);
    *a = _mm256_xor_si256(*a, _mm256_slli_epi64(moved, half));
    *b = _mm256_xor_si256(*b, moved);
}

SONIC_INLINE void rotate_lanes(__m256i v[2])
{
    const __m256i low = _mm256_unpacklo_epi64(v[0], v[1]), high = _mm256_unpackhi_epi64(v[0], v[1]);
    v[0] = _mm256_permute4x64_epi64(low, _MM_SHUFFLE(3, 1, 2, 0));
    v[1] = _mm256_permute4x64_epi64(high, _MM_SHUFFLE(3, 1, 2, 0));
}

#define VEC __m256i
#define LANES 2
#define LOAD_LANES(p, step) _mm256_set_m128i(load_lane((p) + (step)), load_lane(p))
#define STORE(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), v)
#define LOW8 _mm256_unpacklo_epi8
#define HIGH8 _mm256_unpackhi_epi8
#define SET1 _mm256_set1_epi8
#include "kernels/bitmat/bitmat_tmpl.h"

void sonic_bitmat_select_avx2(sonic_bitmat_kernels *table)
{
    fill(table);
}
