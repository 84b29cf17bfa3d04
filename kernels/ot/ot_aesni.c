/* Oblivious transfer on one block a register. */
#include "kernels/ot/ot.h"

#include "kernels/aes/lanes_aesni.h"

/* The first byte of every hash, in order. */
SONIC_INLINE VEC first_bytes(const VEC h[8])
{
    VEC x[4];
    SONIC_UNROLL
    for (int i = 0; i < 4; i++)
        x[i] = _mm_unpacklo_epi8(h[2 * i], h[2 * i + 1]);
    x[0] = _mm_unpacklo_epi16(x[0], x[1]);
    x[2] = _mm_unpacklo_epi16(x[2], x[3]);
    return _mm_unpacklo_epi32(x[0], x[2]);
}

SONIC_INLINE void keep_bits(uint8_t *low, uint8_t *high, const VEC h[8])
{
    const VEC bytes = first_bytes(h);
    *low = (uint8_t)_mm_movemask_epi8(_mm_slli_epi16(bytes, 7));
    if (high)
        *high = (uint8_t)_mm_movemask_epi8(_mm_slli_epi16(bytes, 6));
}

SONIC_INLINE void keep_words32(uint8_t *low, uint8_t *high, const VEC h[8])
{
    SONIC_UNROLL
    for (int i = 0; i < 2; i++) {
        const __m128 x = _mm_castsi128_ps(_mm_unpacklo_epi64(h[4 * i], h[4 * i + 1]));
        const __m128 y = _mm_castsi128_ps(_mm_unpacklo_epi64(h[4 * i + 2], h[4 * i + 3]));
        STORE(low + i * sizeof *h, _mm_castps_si128(_mm_shuffle_ps(x, y, 0x88)));
        if (high)
            STORE(high + i * sizeof *h, _mm_castps_si128(_mm_shuffle_ps(x, y, 0xdd)));
    }
}

SONIC_INLINE void keep_words64(uint8_t *low, uint8_t *high, const VEC h[8])
{
    SONIC_UNROLL
    for (int i = 0; i < 4; i++) {
        STORE(low + i * sizeof *h, _mm_unpacklo_epi64(h[2 * i], h[2 * i + 1]));
        if (high)
            STORE(high + i * sizeof *h, _mm_unpackhi_epi64(h[2 * i], h[2 * i + 1]));
    }
}

#define GATHER(p, stride) LOAD(p)
#define CLMUL _mm_clmulepi64_si128
#include "kernels/ot/ot_tmpl.h"

void sonic_ot_select_aesni(sonic_ot_kernels *table)
{
    fill(table);
}
