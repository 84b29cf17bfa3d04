/* Packed operands as they are multiplied lane by lane: the form of every tier
 * whose lane vocabulary has a madd.  A file that includes it with FORM_OWN_SUMS
 * has better sums().
 *
 * Every form offers: step, words and panel_words (kernels/ring/ring.h);
 * keep_row(), which packs a row of A; seal(), which turns one panel's rows into
 * what sums() reads; and sums(). */

enum {
    FORM(step) = 1,
    FORM(words) = LANES(words),
    FORM(panel_words) = 1,
};

static inline void FORM(keep_row)(RING(element) *out, const void *a, size_t stride, size_t k)
{
    for (size_t p = 0; p < k; p++)
        LANES(keep)(out + p * LANES(words), WORD(load)(a, p * stride));
}

static inline void FORM(seal)(RING(element) *panel, size_t k)
{
    (void)panel;
    (void)k;
}

/* totals = the first `vectors` vectors of each of `rows` packed rows times a
 * panel.  Both numbers are constants where it is inlined, and the sums
 * registers. */
SONIC_INLINE void FORM(lane_sums)(LANES(vec) (*totals)[RING_VECTORS], const RING(element) *const *a,
                                  const RING(element) *b, size_t k, size_t rows, size_t vectors)
{
    LANES(sum) sums[RING_MR][RING_VECTORS];
    SONIC_UNROLL
    for (size_t i = 0; i < rows; i++) {
        SONIC_UNROLL
        for (size_t v = 0; v < vectors; v++)
            sums[i][v] = LANES(zero)();
    }
    for (size_t p = 0; p < k; p++, b += RING(nr)) {
        LANES(vec) columns[RING_VECTORS];
        SONIC_UNROLL
        for (size_t v = 0; v < vectors; v++)
            columns[v] = LANES(load)(b + v * LANES(count));
        SONIC_UNROLL
        for (size_t i = 0; i < rows; i++) {
            LANES(factor) f = LANES(spread)(a[i] + p * LANES(words));
            SONIC_UNROLL
            for (size_t v = 0; v < vectors; v++)
                sums[i][v] = LANES(madd)(sums[i][v], f, columns[v]);
        }
    }
    SONIC_UNROLL
    for (size_t i = 0; i < rows; i++) {
        SONIC_UNROLL
        for (size_t v = 0; v < vectors; v++)
            totals[i][v] = LANES(total)(sums[i][v]);
    }
}

#ifdef FORM_OWN_SUMS
#undef FORM_OWN_SUMS
#else
SONIC_INLINE void FORM(sums)(LANES(vec) (*totals)[RING_VECTORS], const RING(element) *const *a,
                             const RING(element) *b, size_t k, size_t rows, size_t vectors)
{
    FORM(lane_sums)(totals, a, b, k, rows, vectors);
}
#endif
