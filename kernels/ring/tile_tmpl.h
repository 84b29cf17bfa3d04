/* Tiles, over a form: a loop of its own for each number of vectors that a narrow panel's columns
 * fill, and for 1, 2, 4 and mr rows. */

/* n columns, of which the last vector alone may lack some; vectors is a constant. */
SONIC_INLINE void RING(finish)(void *c, const LANES(vec) *totals, size_t n, bool accumulate,
                               size_t vectors)
{
    uint8_t *out = c;
    SONIC_UNROLL
    for (size_t v = 0; v + 1 < vectors; v++, out += LANES(count) * RING(size))
        LANES(store)(out, accumulate ? LANES(add)(LANES(load)(out), totals[v]) : totals[v]);
    const LANES(vec) last = totals[vectors - 1];
    const size_t left = n - (vectors - 1) * LANES(count);
    if (left == LANES(count))
        LANES(store)(out, accumulate ? LANES(add)(LANES(load)(out), last) : last);
    else
        LANES(put)(out, accumulate ? LANES(add)(LANES(part)(out, left), last) : last, left);
}

/* rows and vectors are constants where it is inlined; m <= rows, and the rows of A beyond the
 * last are the last again, whose totals are dropped. */
SONIC_INLINE void RING(tile_of)(void *c, size_t ldc, const void *a, const void *b, size_t m,
                                size_t n, size_t k, bool accumulate, size_t rows, size_t vectors)
{
    const size_t length = (k + FORM(step) - 1) / FORM(step) * FORM(words);
    const RING(element) *row[RING_MR];
    LANES(vec) totals[RING_MR][RING_VECTORS];
    SONIC_UNROLL
    for (size_t i = 0; i < rows; i++)
        row[i] = (const RING(element) *)a + (i < m ? i : m - 1) * length;
    /* The output's lines come while the sums are made. */
    SONIC_UNROLL
    for (size_t i = 0; i < rows; i++) {
        const uint8_t *line = WORD(at)(c, (i < m ? i : m - 1) * ldc);
        SONIC_UNROLL
        for (size_t at = 0; at < vectors * LANES(count) * RING(size); at += 64)
            __builtin_prefetch(line + at, 1);
        __builtin_prefetch(line + n * RING(size) - 1, 1);
    }
    FORM(sums)(totals, row, b, k, rows, vectors);
    SONIC_UNROLL
    for (size_t i = 0; i < rows; i++)
        if (i < m)
            RING(finish)(WORD(place)(c, i * ldc), totals[i], n, accumulate, vectors);
}

/* As many vectors as the columns fill. */
SONIC_INLINE void RING(tile_rows)(void *c, size_t ldc, const void *a, const void *b, size_t m,
                                  size_t n, size_t k, bool accumulate, size_t rows)
{
    const size_t vectors = (n + LANES(count) - 1) / LANES(count);
    if (RING_VECTORS > 1 && vectors == 1)
        RING(tile_of)(c, ldc, a, b, m, n, k, accumulate, rows, 1);
    else if (RING_VECTORS > 2 && vectors == 2)
        RING(tile_of)(c, ldc, a, b, m, n, k, accumulate, rows, 2);
    else if (RING_VECTORS > 3 && vectors == 3)
        RING(tile_of)(c, ldc, a, b, m, n, k, accumulate, rows, 3);
    else
        RING(tile_of)(c, ldc, a, b, m, n, k, accumulate, rows, RING_VECTORS);
}

static void RING(tile)(void *c, size_t ldc, const void *a, const void *b, size_t m, size_t n,
                       size_t k, bool accumulate)
{
    if (!m || !n)
        return;
    /* 64 rows, and all their multiples, leave 2 or 4 of 6. */
    if (m == 1)
        RING(tile_rows)(c, ldc, a, b, m, n, k, accumulate, 1);
    else if (RING_MR > 4 && m <= 2)
        RING(tile_rows)(c, ldc, a, b, m, n, k, accumulate, 2);
    else if (RING_MR > 4 && m <= 4)
        RING(tile_rows)(c, ldc, a, b, m, n, k, accumulate, 4);
    else
        RING(tile_rows)(c, ldc, a, b, m, n, k, accumulate, RING_MR);
}
