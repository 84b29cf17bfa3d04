/* Oblivious transfer on two blocks a register. */
#include "kernels/ot/ot.h"

#include <string.h>

#include "kernels/aes/lanes_vaes256.h"

/* The first byte of every hash, in order. */
SONIC_INLINE __m128i first_bytes(const VEC h[8])
{
    VEC x[4];
    SONIC_UNROLL
    for (int i = 0; i < 4; i++)
        x[i] = _mm256_unpacklo_epi8(h[2 * i], h[2 * i + 1]);
    x[0] = _mm256_unpacklo_epi16(x[0], x[1]);
    x[2] = _mm256_unpacklo_epi16(x[2], x[3]);
    x[0] = _mm256_unpacklo_epi32(x[0], x[2]);
    return _mm_unpacklo_epi8(_mm256_castsi256_si128(x[0]), _mm256_extracti128_si256(x[0], 1));
}

SONIC_INLINE void keep_bits(uint8_t *low, uint8_t *high, const VEC h[8])
{
    const __m128i bytes = first_bytes(h);
    const uint16_t first = (uint16_t)_mm_movemask_epi8(_mm_slli_epi16(bytes, 7));
    memcpy(low, &first, sizeof first);
    if (high) {
        const uint16_t second = (uint16_t)_mm_movemask_epi8(_mm_slli_epi16(bytes, 6));
        memcpy(high, &second, sizeof second);
    }
}

SONIC_INLINE void keep_words32(uint8_t *low, uint8_t *high, const VEC h[8])
{
    const VEC order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    SONIC_UNROLL
    for (int i = 0; i < 2; i++) {
        const __m256 x = _mm256_castsi256_ps(_mm256_unpacklo_epi64(h[4 * i], h[4 * i + 1]));
        const __m256 y = _mm256_castsi256_ps(_mm256_unpacklo_epi64(h[4 * i + 2], h[4 * i + 3]));
        const VEC first = _mm256_castps_si256(_mm256_shuffle_ps(x, y, 0x88));
        const VEC second = _mm256_castps_si256(_mm256_shuffle_ps(x, y, 0xdd));
        STORE(low + i * sizeof *h, _mm256_permutevar8x32_epi32(first, order));
        if (high)
            STORE(high + i * sizeof *h, _mm256_permutevar8x32_epi32(second, order));
    }
}

SONIC_INLINE void keep_words64(uint8_t *low, uint8_t *high, const VEC h[8])
{
    SONIC_UNROLL
    for (int i = 0; i < 4; i++) {
        const VEC first = _mm256_unpacklo_epi64(h[2 * i], h[2 * i + 1]);
        const VEC second = _mm256_unpackhi_epi64(h[2 * i], h[2 * i + 1]);
        STORE(low + i * sizeof *h, _mm256_permute4x64_epi64(first, 0xd8));
        if (high)
            STORE(high + i * sizeof *h, _mm256_permute4x64_epi64(second, 0xd8));
    }
}

#define GATHER(p, stride)                                                                          \
    _mm256_inserti128_si256(                                                                       \
        _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)(p))),               \
        _mm_loadu_si128((const __m128i *)(const void *)((p) + (stride))), 1)
#define CLMUL _mm256_clmulepi64_epi128
#include "kernels/ot/ot_tmpl.h"

void sonic_ot_select_vaes256(sonic_ot_kernels *table)
{
    fill(table);
}
