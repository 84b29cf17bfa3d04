/* Bit planes and labels with AVX-512, by the template but for the last elements' planes: bytes of
 * equal significance are gathered into one register, from which one instruction takes one bit of 64
 * elements. */
#ifndef __AVX512BW__
#error "this file needs -mavx512bw"
#endif
#include "kernels/bitmat/bitmat.h"

#include <immintrin.h>

#include "kernels/common/loop.h"

/* Of 16 elements of 32 bits: their lowest bytes in quarter 0, the next ones in quarter 1, ... */
SONIC_INLINE __m512i group_bytes(__m512i v)
{
    const __m512i in_lane =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    const __m512i across = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(across, _mm512_shuffle_epi8(v, in_lane));
}

/* 32 planes' words of 64 elements of 32 bits, in order in v. */
SONIC_INLINE void write_planes(uint64_t *planes, size_t stride, __m512i v[4])
{
    for (int i = 0; i < 4; i++)
        v[i] = group_bytes(v[i]);
    /* Quarter b of each of the four registers to register b. */
    const __m512i low01 = _mm512_shuffle_i32x4(v[0], v[1], 0x44),
                  high01 = _mm512_shuffle_i32x4(v[0], v[1], 0xee);
    const __m512i low23 = _mm512_shuffle_i32x4(v[2], v[3], 0x44),
                  high23 = _mm512_shuffle_i32x4(v[2], v[3], 0xee);
    v[0] = _mm512_shuffle_i32x4(low01, low23, 0x88);
    v[1] = _mm512_shuffle_i32x4(low01, low23, 0xdd);
    v[2] = _mm512_shuffle_i32x4(high01, high23, 0x88);
    v[3] = _mm512_shuffle_i32x4(high01, high23, 0xdd);
    for (size_t byte = 0; byte < 4; byte++) {
#pragma GCC unroll 8
        for (size_t bit = 0; bit < 8; bit++)
            planes[(8 * byte + bit) * stride] =
                _mm512_test_epi8_mask(v[byte], _mm512_set1_epi8((char)(1u << bit)));
    }
}

static void block32(uint64_t *planes, size_t stride, const uint8_t *x)
{
    __m512i v[4];
    for (int i = 0; i < 4; i++)
        v[i] = _mm512_loadu_si512(x + 64 * i);
    write_planes(planes, stride, v);
}

static void block64(uint64_t *planes, size_t stride, const uint8_t *x)
{
    const __m512i even =
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
    __m512i low[4], high[4];
    for (int i = 0; i < 4; i++) {
        const __m512i a = _mm512_loadu_si512(x + 128 * i), b = _mm512_loadu_si512(x + 128 * i + 64);
        low[i] = _mm512_permutex2var_epi32(a, even, b);
        high[i] = _mm512_permutex2var_epi32(a, odd, b);
    }
    write_planes(planes, stride, low);
    write_planes(planes + 32 * stride, stride, high);
}

SONIC_INLINE __m128i load_lane(const uint8_t *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

SONIC_INLINE __m512i load_lanes(const uint8_t *p, size_t step)
{
    const __m256i low = _mm256_set_m128i(load_lane(p + step), load_lane(p));
    const __m256i high = _mm256_set_m128i(load_lane(p + 3 * step), load_lane(p + 2 * step));
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

SONIC_INLINE void exchange_bits(__m512i *a, __m512i *b, int half, __m512i mask)
{
    /* The second operand's bit where the first one's is set, else the third's. */
    enum { FIRST_CHOOSES = 0xca };
    const __m512i low = *a, high = *b;
    *a = _mm512_ternarylogic_epi64(mask, low, _mm512_slli_epi64(high, (unsigned)half),
                                   FIRST_CHOOSES);
    *b = _mm512_ternarylogic_epi64(mask, _mm512_srli_epi64(low, (unsigned)half), high,
                                   FIRST_CHOOSES);
}

SONIC_INLINE void rotate_lanes(__m512i v[4])
{
    /* Pieces 0 and 2 of a vector to its even lanes, of the next vector to the odd ones. */
    const __m512i even =
        _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 2, 6, 10, 14, 18, 22, 26, 30);
    const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
    const __m512i even01 = _mm512_permutex2var_epi32(v[0], even, v[1]),
                  odd01 = _mm512_permutex2var_epi32(v[0], odd, v[1]);
    const __m512i even23 = _mm512_permutex2var_epi32(v[2], even, v[3]),
                  odd23 = _mm512_permutex2var_epi32(v[2], odd, v[3]);
    v[0] = _mm512_shuffle_i32x4(even01, even23, 0x44);
    v[1] = _mm512_shuffle_i32x4(odd01, odd23, 0x44);
    v[2] = _mm512_shuffle_i32x4(even01, even23, 0xee);
    v[3] = _mm512_shuffle_i32x4(odd01, odd23, 0xee);
}

#define VEC __m512i
#define LANES 4
#define LOAD_LANES load_lanes
#define STORE(p, v) _mm512_storeu_si512(p, v)
#define LOW8 _mm512_unpacklo_epi8
#define HIGH8 _mm512_unpackhi_epi8
#define SET1 _mm512_set1_epi8
#include "kernels/bitmat/bitmat_tmpl.h"

void sonic_bitmat_select_avx512(sonic_bitmat_kernels *table)
{
    fill(table);
}
