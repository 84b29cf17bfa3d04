/* The body of the product kernels, included once a ring by each tier with
 *   RING_BITS     32 or 64
 *   RING_MR       rows of a tile
 *   RING_VECTORS  vectors a row of a tile
 * over the tier's lane vocabulary; all three are undefined at the end. */

#define RING_PASTE_(a, bits, b) a##bits##_##b
#define RING_PASTE(a, bits, b) RING_PASTE_(a, bits, b)
#define LANES(name) RING_PASTE(lanes, RING_BITS, name)
#define RING(name) RING_PASTE(ring, RING_BITS, name)

typedef LANES(element) RING(element);
enum {
    RING(nr) = RING_VECTORS * LANES(count),
    RING(size) = RING_BITS / 8,
    RING(unroll) = 8 /**< rows of B that one pass of row() adds: a load and a store of c for all */
};
_Static_assert(RING_MR * RING(nr) <= SONIC_RING_TILE_MAX, "tile() keeps one on its stack");

static inline const void *RING(at)(const void *base, size_t index)
{
    return (const uint8_t *)base + index * RING(size);
}

static inline RING(element) RING(get)(const void *base, size_t index)
{
    RING(element) v;
    memcpy(&v, RING(at)(base, index), sizeof v);
    return v;
}

static inline void RING(put)(void *base, size_t index, RING(element) v)
{
    memcpy((uint8_t *)base + index * RING(size), &v, sizeof v);
}

static void RING(pack_a)(void *panels, const void *a, size_t row_stride, size_t column_stride,
                         size_t m, size_t k)
{
    RING(element) *out = panels;
    for (size_t i0 = 0; i0 < m; i0 += RING_MR) {
        size_t rows = m - i0 < RING_MR ? m - i0 : RING_MR;
        for (size_t p = 0; p < k; p++)
            for (size_t i = 0; i < RING_MR; i++, out += LANES(words)) {
                RING(element) v = 0;
                if (i < rows)
                    v = RING(get)(a, (i0 + i) * row_stride + p * column_stride);
                LANES(keep)(out, v);
            }
    }
}

static void RING(pack_b)(void *panels, const void *b, size_t row_stride, size_t column_stride,
                         size_t k, size_t n)
{
    RING(element) *out = panels;
    for (size_t j0 = 0; j0 < n; j0 += RING(nr)) {
        size_t columns = n - j0 < RING(nr) ? n - j0 : RING(nr);
        if (columns == RING(nr) && column_stride == 1)
            for (size_t p = 0; p < k; p++, out += RING(nr))
                memcpy(out, RING(at)(b, p * row_stride + j0), sizeof *out * RING(nr));
        else
            for (size_t p = 0; p < k; p++, out += RING(nr)) {
                for (size_t j = 0; j < columns; j++)
                    out[j] = RING(get)(b, p * row_stride + (j0 + j) * column_stride);
                for (size_t j = columns; j < RING(nr); j++)
                    out[j] = 0;
            }
    }
}

/* The whole tile into c, whose rows are ldc apart. */
static inline void RING(full_tile)(void *c, size_t ldc, const RING(element) *a,
                                   const RING(element) *b, size_t k, bool accumulate)
{
    LANES(sum) sums[RING_MR][RING_VECTORS];
#pragma GCC unroll 16
    for (size_t i = 0; i < RING_MR; i++)
#pragma GCC unroll 4
        for (size_t v = 0; v < RING_VECTORS; v++)
            sums[i][v] = LANES(zero)();
    for (size_t p = 0; p < k; p++, a += RING_MR * LANES(words), b += RING(nr)) {
        LANES(vec) columns[RING_VECTORS];
#pragma GCC unroll 4
        for (size_t v = 0; v < RING_VECTORS; v++)
            columns[v] = LANES(load)(b + v * LANES(count));
#pragma GCC unroll 16
        for (size_t i = 0; i < RING_MR; i++) {
            LANES(factor) f = LANES(spread)(a + i * LANES(words));
#pragma GCC unroll 4
            for (size_t v = 0; v < RING_VECTORS; v++)
                sums[i][v] = LANES(madd)(sums[i][v], f, columns[v]);
        }
    }
#pragma GCC unroll 16
    for (size_t i = 0; i < RING_MR; i++)
#pragma GCC unroll 4
        for (size_t v = 0; v < RING_VECTORS; v++) {
            uint8_t *out = (uint8_t *)c + (i * ldc + v * LANES(count)) * RING(size);
            LANES(vec) total = LANES(total)(sums[i][v]);
            LANES(store)(out, accumulate ? LANES(add)(LANES(load)(out), total) : total);
        }
}

static void RING(tile)(void *c, size_t ldc, const void *a, const void *b, size_t m, size_t n,
                       size_t k, bool accumulate)
{
    if (m == RING_MR && n == RING(nr)) {
        RING(full_tile)(c, ldc, a, b, k, accumulate);
        return;
    }
    RING(element) whole[RING_MR * RING(nr)];
    RING(full_tile)(whole, RING(nr), a, b, k, false);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            RING(element) v = whole[i * RING(nr) + j];
            RING(put)(c, i * ldc + j, accumulate ? RING(get)(c, i * ldc + j) + v : v);
        }
}

/* c (+)= the sum of `count` rows of B, each times its element of a; count <= RING(unroll). */
static inline void RING(add_rows)(void *c, const void *a, const void *b, size_t ldb, size_t count,
                                  size_t n, bool accumulate)
{
    LANES(factor) factors[RING(unroll)];
    for (size_t q = 0; q < count; q++) {
        RING(element) words[LANES(words)];
        LANES(keep)(words, RING(get)(a, q));
        factors[q] = LANES(spread)(words);
    }
    size_t j = 0;
    for (; j + LANES(count) <= n; j += LANES(count)) {
        LANES(sum) sum = LANES(zero)();
        for (size_t q = 0; q < count; q++)
            sum = LANES(madd)(sum, factors[q], LANES(load)(RING(at)(b, q * ldb + j)));
        LANES(vec) total = LANES(total)(sum);
        uint8_t *out = (uint8_t *)c + j * RING(size);
        LANES(store)(out, accumulate ? LANES(add)(LANES(load)(out), total) : total);
    }
    for (; j < n; j++) {
        RING(element) v = accumulate ? RING(get)(c, j) : 0;
        for (size_t q = 0; q < count; q++)
            v += RING(get)(a, q) * RING(get)(b, q * ldb + j);
        RING(put)(c, j, v);
    }
}

static void RING(row)(void *c, const void *a, const void *b, size_t ldb, size_t k, size_t n,
                      bool accumulate)
{
    size_t p = 0;
    for (; p + RING(unroll) <= k; p += RING(unroll)) {
        RING(add_rows)(c, RING(at)(a, p), RING(at)(b, p * ldb), ldb, RING(unroll), n, accumulate);
        accumulate = true;
    }
    if (p < k || !accumulate)
        RING(add_rows)(c, RING(at)(a, p), RING(at)(b, p * ldb), ldb, k - p, n, accumulate);
}

static RING(element) RING(dot_one)(const void *x, const void *row, size_t k)
{
    enum { chains = 4 }; /* sums that hide the latency of one another */
    LANES(sum) sums[chains];
    RING(element) parts[LANES(count)], dot = 0;
    size_t p = 0;
#pragma GCC unroll 4
    for (size_t s = 0; s < chains; s++)
        sums[s] = LANES(zero)();
    for (; p + chains * LANES(count) <= k; p += chains * LANES(count))
#pragma GCC unroll 4
        for (size_t s = 0; s < chains; s++)
            sums[s] = LANES(madd)(sums[s],
                                  LANES(factor_of)(LANES(load)(RING(at)(x, p + s * LANES(count)))),
                                  LANES(load)(RING(at)(row, p + s * LANES(count))));
    for (size_t s = 0; s < chains; s++) {
        LANES(store)(parts, LANES(total)(sums[s]));
        for (size_t i = 0; i < LANES(count); i++)
            dot += parts[i];
    }
    for (; p < k; p++)
        dot += RING(get)(x, p) * RING(get)(row, p);
    return dot;
}

static void RING(dot)(void *c, size_t stride, const void *x, const void *rows, size_t row_stride,
                      size_t m, size_t k, bool accumulate)
{
    for (size_t r = 0; r < m; r++) {
        RING(element) v = RING(dot_one)(x, RING(at)(rows, r * row_stride), k);
        RING(put)(c, r * stride, accumulate ? RING(get)(c, r * stride) + v : v);
    }
}

static void RING(select)(sonic_ring_kernels *table, size_t kc, size_t mc, size_t nc)
{
    *table = (sonic_ring_kernels){
        .mr = RING_MR,
        .nr = RING(nr),
        .a_words = LANES(words),
        .kc = kc,
        .mc = mc,
        .nc = nc,
        .pack_a = RING(pack_a),
        .pack_b = RING(pack_b),
        .tile = RING(tile),
        .row = RING(row),
        .dot = RING(dot),
    };
}

#undef RING
#undef LANES
#undef RING_PASTE
#undef RING_PASTE_
#undef RING_BITS
#undef RING_MR
#undef RING_VECTORS
