/* Oblivious transfer on four blocks a register. */
#include "kernels/ot/ot.h"

#include "kernels/aes/lanes_avx512.h"
#include "kernels/common/loop.h"

#define LOW_HALVES(x, y) PICK(x, y, 0, 2, 4, 6, 8, 10, 12, 14)
#define HIGH_HALVES(x, y) PICK(x, y, 1, 3, 5, 7, 9, 11, 13, 15)

SONIC_INLINE void keep_bits(uint8_t *low, uint8_t *high, const VEC h[8])
{
    SONIC_UNROLL
    for (int i = 0; i < 4; i++) {
        const VEC halves = LOW_HALVES(h[2 * i], h[2 * i + 1]);
        low[i] = _mm512_test_epi64_mask(halves, SPREAD64(1, 1));
        if (high)
            high[i] = _mm512_test_epi64_mask(halves, SPREAD64(2, 2));
    }
}

SONIC_INLINE void keep_words32(uint8_t *low, uint8_t *high, const VEC h[8])
{
    const VEC even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const VEC odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    SONIC_UNROLL
    for (int i = 0; i < 2; i++) {
        const VEC x = LOW_HALVES(h[4 * i], h[4 * i + 1]);
        const VEC y = LOW_HALVES(h[4 * i + 2], h[4 * i + 3]);
        STORE(low + i * sizeof x, _mm512_permutex2var_epi32(x, even, y));
        if (high)
            STORE(high + i * sizeof x, _mm512_permutex2var_epi32(x, odd, y));
    }
}

SONIC_INLINE void keep_words64(uint8_t *low, uint8_t *high, const VEC h[8])
{
    SONIC_UNROLL
    for (int i = 0; i < 4; i++) {
        STORE(low + i * sizeof *h, LOW_HALVES(h[2 * i], h[2 * i + 1]));
        if (high)
            STORE(high + i * sizeof *h, HIGH_HALVES(h[2 * i], h[2 * i + 1]));
    }
}

#define ADD_LANE(v, p, lane)                                                                       \
    _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(const void *)(p)), lane)
#define GATHER(p, stride)                                                                          \
    ADD_LANE(ADD_LANE(ADD_LANE(SPREAD(p), (p) + (stride), 1), (p) + 2 * (stride), 2),              \
             (p) + 3 * (stride), 3)
#define CLMUL _mm512_clmulepi64_epi128
#include "kernels/ot/ot_tmpl.h"

void sonic_ot_select_avx512(sonic_ot_kernels *table)
{
    fill(table);
}
