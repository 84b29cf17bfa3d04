/* Products of a row, and dot products, on operands as they lie. */

enum {
    RING(unroll) = 8 /**< rows of B that one pass of row() adds: a load and a store of c for all */
};

/* c (+)= the sum of `count` rows of B, each times its element of a; count <= RING(unroll).  The
 * same part of the rows `ahead` further on is asked for: B comes from far away, and each row is
 * too short for the processor to see it coming. */
SONIC_INLINE void RING(add_rows)(void *c, const void *a, const void *b, size_t ldb, size_t count,
                                 size_t n, size_t ahead, bool accumulate)
{
    LANES(factor) factors[RING(unroll)];
    for (size_t q = 0; q < count; q++) {
        RING(element) words[LANES(words)];
        LANES(keep)(words, WORD(load)(a, q));
        factors[q] = LANES(spread)(words);
    }
    size_t j = 0;
    for (; j + LANES(count) <= n; j += LANES(count)) {
        LANES(sum) sum = LANES(zero)();
        for (size_t q = 0; q < count; q++) {
            sum = LANES(madd)(sum, factors[q], LANES(load)(WORD(at)(b, q * ldb + j)));
            if (ahead)
                __builtin_prefetch(WORD(at)(b, (q + ahead) * ldb + j));
        }
        LANES(vec) total = LANES(total)(sum);
        uint8_t *out = WORD(place)(c, j);
        LANES(store)(out, accumulate ? LANES(add)(LANES(load)(out), total) : total);
    }
    for (; j < n; j++) {
        RING(element) v = accumulate ? WORD(load)(c, j) : 0;
        for (size_t q = 0; q < count; q++)
            v += WORD(load)(a, q) * WORD(load)(b, q * ldb + j);
        WORD(store)(c, j, v);
    }
}

static void RING(row)(void *c, const void *a, const void *b, size_t ldb, size_t k, size_t n,
                      bool accumulate)
{
    size_t p = 0;
    for (; p + 2 * RING(unroll) <= k; p += RING(unroll)) {
        RING(add_rows)(c, WORD(at)(a, p), WORD(at)(b, p * ldb), ldb, RING(unroll), n, RING(unroll),
                       accumulate);
        accumulate = true;
    }
    for (size_t count; p < k || !accumulate; p += count) {
        count = k - p < RING(unroll) ? k - p : RING(unroll);
        RING(add_rows)(c, WORD(at)(a, p), WORD(at)(b, p * ldb), ldb, count, n, 0, accumulate);
        accumulate = true;
    }
}

static RING(element) RING(dot_one)(const void *x, const void *row, size_t k)
{
    enum { chains = 4 }; /* sums that hide the latency of one another */
    LANES(sum) sums[chains];
    RING(element) parts[LANES(count)], dot = 0;
    size_t p = 0;
    SONIC_UNROLL
    for (size_t s = 0; s < chains; s++)
        sums[s] = LANES(zero)();
    for (; p + chains * LANES(count) <= k; p += chains * LANES(count)) {
        SONIC_UNROLL
        for (size_t s = 0; s < chains; s++) {
            LANES(factor) f = LANES(factor_of)(LANES(load)(WORD(at)(x, p + s * LANES(count))));
            sums[s] = LANES(madd)(sums[s], f, LANES(load)(WORD(at)(row, p + s * LANES(count))));
        }
    }
    for (size_t s = 0; s < chains; s++) {
        LANES(store)(parts, LANES(total)(sums[s]));
        for (size_t i = 0; i < LANES(count); i++)
            dot += parts[i];
    }
    for (; p < k; p++)
        dot += WORD(load)(x, p) * WORD(load)(row, p);
    return dot;
}

static void RING(dot)(void *c, size_t stride, const void *x, const void *rows, size_t row_stride,
                      size_t m, size_t k, bool accumulate)
{
    for (size_t r = 0; r < m; r++) {
        RING(element) v = RING(dot_one)(x, WORD(at)(rows, r * row_stride), k);
        WORD(store)(c, r * stride, accumulate ? WORD(load)(c, r * stride) + v : v);
    }
}
