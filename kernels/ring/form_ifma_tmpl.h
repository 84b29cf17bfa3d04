/* Packed operands mod 2^64 for vpmadd52 and vpdpwssd.
 *
 * With a = a1 2^52 + a0, a1 of 12 bits, and b alike,
 *   a b = lo(a0 b0) + (hi(a0 b0) + a1 b0 + a0 b1) 2^52   mod 2^64,
 * lo and hi being the 52-bit halves of the product that vpmadd52luq and vpmadd52huq add to a sum;
 * they read only a0 and b0 of whole words.  Of a1 b0 + a0 b1 only 12 bits survive, so that 16-bit
 * factors will do, and one vpdpwssd adds it for two consecutive p at once, one in each half of a
 * lane: from (a1, a0 mod 2^16) and (b0 mod 2^16, b1), whose signs do not matter mod 2^16.  That is
 * 2.5 instructions for 8 multiply-adds; vpmullq is 3 micro-operations on Intel, and an add.
 *
 * Two elements are kept as three words: themselves, and the factors of vpdpwssd. */

enum {
    FORM(step) = 2,
    FORM(words) = 3,
    FORM(panel_words) = 3,
};

/* (high 12 bits, low 16 bits) of a factor on the left, and the other way round on the right. */
static inline uint64_t FORM(left)(uint64_t v)
{
    return v >> 52 | (v & 0xffff) << 16;
}

/* The same of eight. */
SONIC_INLINE __m512i FORM(lefts)(__m512i v)
{
    const __m512i low = _mm512_slli_epi64(_mm512_and_si512(v, _mm512_set1_epi64(0xffff)), 16);
    return _mm512_or_si512(_mm512_srli_epi64(v, 52), low);
}

/* Sixteen elements side by side: (first, second, both's factor) eight times. */
SONIC_INLINE void FORM(keep_sixteen)(uint64_t *out, __m512i v0, __m512i v1)
{
    const __m512i even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14),
                  odd = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
    const __m512i first = FORM(lefts)(_mm512_permutex2var_epi64(v0, even, v1));
    const __m512i second = FORM(lefts)(_mm512_permutex2var_epi64(v0, odd, v1));
    const __m512i both = _mm512_or_si512(first, _mm512_slli_epi64(second, 32));
    const __m512i middle =
        _mm512_permutex2var_epi64(v0, _mm512_setr_epi64(0, 6, 7, 0, 8, 9, 0, 10), v1);
    _mm512_storeu_si512(
        out, _mm512_permutex2var_epi64(v0, _mm512_setr_epi64(0, 1, 8, 2, 3, 9, 4, 5), both));
    _mm512_storeu_si512(out + 8, _mm512_permutex2var_epi64(
                                     middle, _mm512_setr_epi64(10, 1, 2, 11, 4, 5, 12, 7), both));
    const __m512i last =
        _mm512_permutex2var_epi64(v1, _mm512_setr_epi64(3, 13, 4, 5, 14, 6, 7, 15), both);
    _mm512_storeu_si512(out + 16, last);
}

static inline void FORM(keep_row)(uint64_t *out, const void *a, size_t stride, size_t k)
{
    size_t p = 0;
    for (; stride == 1 && p + 16 <= k; p += 16, out += 24)
        FORM(keep_sixteen)(out, lanes64_load(WORD(at)(a, p)), lanes64_load(WORD(at)(a, p + 8)));
    for (; p < k; p += 2, out += 3) {
        const uint64_t first = WORD(load)(a, p * stride);
        const uint64_t second = p + 1 < k ? WORD(load)(a, (p + 1) * stride) : 0;
        out[0] = first;
        out[1] = second;
        out[2] = FORM(left)(first) | FORM(left)(second) << 32;
    }
}

/* Factors on the right of eight elements. */
SONIC_INLINE __m512i FORM(rights)(__m512i v)
{
    const __m512i high = _mm512_and_si512(_mm512_srli_epi64(v, 36), _mm512_set1_epi64(0xffff0000));
    return _mm512_or_si512(_mm512_and_si512(v, _mm512_set1_epi64(0xffff)), high);
}

static inline void FORM(seal)(uint64_t *panel, size_t k)
{
    for (size_t p = 0; p < k; p += 2, panel += 3 * RING(nr))
        for (size_t j = 0; j < RING(nr); j += 8) {
            if (p + 1 == k)
                _mm512_store_si512(panel + RING(nr) + j, _mm512_setzero_si512());
            const __m512i first = FORM(rights)(_mm512_load_si512(panel + j));
            const __m512i second = FORM(rights)(_mm512_load_si512(panel + RING(nr) + j));
            _mm512_store_si512(panel + 2 * RING(nr) + j,
                               _mm512_or_si512(first, _mm512_slli_epi64(second, 32)));
        }
}

/* The instructions by name: of gcc's intrinsics with an accumulator each costs a move, and the
 * moves cost registers, which spill. */
SONIC_INLINE __m512i FORM(add_low)(__m512i sum, __m512i a, __m512i b)
{
    __asm__("vpmadd52luq %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    return sum;
}

SONIC_INLINE __m512i FORM(add_high)(__m512i sum, __m512i a, __m512i b)
{
    __asm__("vpmadd52huq %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    return sum;
}

SONIC_INLINE __m512i FORM(add_cross)(__m512i sum, __m512i a, __m512i b)
{
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    return sum;
}

SONIC_INLINE __m512i FORM(spread)(const uint64_t *word)
{
    __m512i all = _mm512_set1_epi64((long long)*word);
    __asm__("" : "+v"(all)); /* a broadcast once, not as an operand of every instruction */
    return all;
}

/* See form_lanes_tmpl.h. */
SONIC_INLINE void FORM(sums)(__m512i (*totals)[RING_VECTORS], const uint64_t *const *a,
                             const uint64_t *b, size_t k, size_t rows, size_t vectors)
{
    __m512i low[RING_MR][RING_VECTORS], high[RING_MR][RING_VECTORS], cross[RING_MR][RING_VECTORS];
    SONIC_UNROLL
    for (size_t i = 0; i < rows; i++) {
        SONIC_UNROLL
        for (size_t v = 0; v < vectors; v++)
            low[i][v] = high[i][v] = cross[i][v] = _mm512_setzero_si512();
    }
    const size_t words = (k + 1) / 2 * 3;
    for (size_t w = 0; w < words; w += 3, b += 3 * RING(nr)) {
        __m512i columns[RING_VECTORS];
        SONIC_UNROLL
        for (size_t q = 0; q < 2; q++) {
            SONIC_UNROLL
            for (size_t v = 0; v < vectors; v++)
                columns[v] = _mm512_load_si512(b + q * RING(nr) + 8 * v);
            SONIC_UNROLL
            for (size_t i = 0; i < rows; i++) {
                const __m512i f = FORM(spread)(a[i] + w + q);
                SONIC_UNROLL
                for (size_t v = 0; v < vectors; v++) {
                    low[i][v] = FORM(add_low)(low[i][v], f, columns[v]);
                    high[i][v] = FORM(add_high)(high[i][v], f, columns[v]);
                }
            }
        }
        SONIC_UNROLL
        for (size_t v = 0; v < vectors; v++)
            columns[v] = _mm512_load_si512(b + 2 * RING(nr) + 8 * v);
        SONIC_UNROLL
        for (size_t i = 0; i < rows; i++) {
            const __m512i f = FORM(spread)(a[i] + w + 2);
            SONIC_UNROLL
            for (size_t v = 0; v < vectors; v++)
                cross[i][v] = FORM(add_cross)(cross[i][v], f, columns[v]);
        }
    }
    SONIC_UNROLL
    for (size_t i = 0; i < rows; i++) {
        SONIC_UNROLL
        for (size_t v = 0; v < vectors; v++) {
            const __m512i both = _mm512_add_epi64(cross[i][v], _mm512_srli_epi64(cross[i][v], 32));
            const __m512i above = _mm512_add_epi64(high[i][v], both);
            totals[i][v] = _mm512_add_epi64(low[i][v], _mm512_slli_epi64(above, 52));
        }
    }
}
