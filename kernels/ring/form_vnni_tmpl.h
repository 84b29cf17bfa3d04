/* Packed operands mod 2^32 for vpdpwssd.
 *
 * With a = a1 2^16 + a0, where a0 is signed, and b alike, a b = a0 b0 + (a0 b1 + a1 b0) 2^16 mod
 * 2^32; of a1 and b1 only 16 bits matter, and their sign does not.  vpdpwssd adds two products of
 * 16 bits, of two consecutive p, to each 32-bit lane, without saturation: 3 instructions for 32
 * multiply-adds; vpmulld is 2 micro-operations on Intel, and an add, for 16.
 *
 * Two elements are kept as two words: both a0, and both a1. */

enum {
    FORM(step) = 2,
    FORM(words) = 2,
    FORM(panel_words) = 2,
};

/* a0 of both, and a1 of both: adding 2^15 carries the sign of a0 into a1. */
static inline void FORM(keep)(uint32_t *out, uint32_t first, uint32_t second)
{
    out[0] = (first & 0xffff) | second << 16;
    out[1] = (first + 0x8000) >> 16 | ((second + 0x8000) & 0xffff0000);
}

/* The same of eight pairs side by side: 16-bit words 0 to 3 of a pair are a0, a1, a0, a1. */
SONIC_INLINE __m512i FORM(keep_eight)(__m512i v)
{
    const __m512i carried = _mm512_add_epi32(v, _mm512_set1_epi32(0x8000));
    const __m512i words = _mm512_mask_blend_epi16(0xaaaaaaaa, v, carried);
    enum { ORDER = 0xd8 }; /* 0, 2, 1, 3 */
    return _mm512_shufflehi_epi16(_mm512_shufflelo_epi16(words, ORDER), ORDER);
}

static inline void FORM(keep_row)(uint32_t *out, const void *a, size_t stride, size_t k)
{
    size_t p = 0;
    for (; stride == 1 && p + 16 <= k; p += 16)
        lanes32_store(out + p, FORM(keep_eight)(lanes32_load(WORD(at)(a, p))));
    for (; p + 1 < k; p += 2)
        FORM(keep)(out + p, WORD(load)(a, p * stride), WORD(load)(a, (p + 1) * stride));
    if (k % 2)
        FORM(keep)(out + k - 1, WORD(load)(a, (k - 1) * stride), 0);
}

static inline void FORM(seal)(uint32_t *panel, size_t k)
{
    const __m512i half = _mm512_set1_epi32(0x8000);
    const __mmask32 odd = 0xaaaaaaaa; /* the upper 16 bits of each lane */
    for (size_t p = 0; p < k; p += 2, panel += 2 * RING(nr))
        for (size_t j = 0; j < RING(nr); j += 16) {
            const __m512i first = _mm512_load_si512(panel + j);
            const __m512i second =
                p + 1 < k ? _mm512_load_si512(panel + RING(nr) + j) : _mm512_setzero_si512();
            const __m512i low = _mm512_mask_blend_epi16(odd, first, _mm512_slli_epi32(second, 16));
            const __m512i high =
                _mm512_mask_blend_epi16(odd, _mm512_srli_epi32(_mm512_add_epi32(first, half), 16),
                                        _mm512_add_epi32(second, half));
            _mm512_store_si512(panel + j, low);
            _mm512_store_si512(panel + RING(nr) + j, high);
        }
}

/* By name: gcc's intrinsic costs a move, and the moves cost registers, which spill. */
SONIC_INLINE __m512i FORM(add)(__m512i sum, __m512i a, __m512i b)
{
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    return sum;
}

SONIC_INLINE __m512i FORM(spread)(const uint32_t *word)
{
    __m512i all = _mm512_set1_epi32((int)*word);
    __asm__("" : "+v"(all)); /* a broadcast once, not as an operand of every instruction */
    return all;
}

/* See form_lanes_tmpl.h. */
SONIC_INLINE void FORM(sums)(__m512i (*totals)[RING_VECTORS], const uint32_t *const *a,
                             const uint32_t *b, size_t k, size_t rows, size_t vectors)
{
    __m512i low[RING_MR][RING_VECTORS], cross[RING_MR][RING_VECTORS];
    SONIC_UNROLL
    for (size_t i = 0; i < rows; i++) {
        SONIC_UNROLL
        for (size_t v = 0; v < vectors; v++)
            low[i][v] = cross[i][v] = _mm512_setzero_si512();
    }
    const size_t words = (k + 1) / 2 * 2;
    for (size_t w = 0; w < words; w += 2, b += 2 * RING(nr)) {
        __m512i columns[2][RING_VECTORS];
        SONIC_UNROLL
        for (size_t v = 0; v < vectors; v++) {
            columns[0][v] = _mm512_load_si512(b + 16 * v);
            columns[1][v] = _mm512_load_si512(b + RING(nr) + 16 * v);
        }
        SONIC_UNROLL
        for (size_t i = 0; i < rows; i++) {
            const __m512i f = FORM(spread)(a[i] + w);
            SONIC_UNROLL
            for (size_t v = 0; v < vectors; v++) {
                low[i][v] = FORM(add)(low[i][v], f, columns[0][v]);
                cross[i][v] = FORM(add)(cross[i][v], f, columns[1][v]);
            }
            const __m512i g = FORM(spread)(a[i] + w + 1);
            SONIC_UNROLL
            for (size_t v = 0; v < vectors; v++)
                cross[i][v] = FORM(add)(cross[i][v], g, columns[0][v]);
        }
    }
    SONIC_UNROLL
    for (size_t i = 0; i < rows; i++) {
        SONIC_UNROLL
        for (size_t v = 0; v < vectors; v++)
            totals[i][v] = _mm512_add_epi32(low[i][v], _mm512_slli_epi32(cross[i][v], 16));
    }
}
