/* Packing, over a form. */

static const sonic_panel_layout RING(layout) = {RING(nr), FORM(step), FORM(panel_words)};

static void RING(pack_a)(void *rows, const void *a, size_t row_stride, size_t column_stride,
                         size_t m, size_t k)
{
    RING(element) *out = rows;
    const size_t length = (k + FORM(step) - 1) / FORM(step) * FORM(words);
    if (column_stride == 1)
        for (size_t i = 0; i < m; i++, out += length)
            FORM(keep_row)(out, RING(at)(a, i * row_stride), 1, k);
    else
        for (size_t i = 0; i < m; i++, out += length)
            FORM(keep_row)(out, RING(at)(a, i * row_stride), column_stride, k);
}

static void RING(seal_b)(void *panels, size_t k, size_t n)
{
    RING(element) *panel = panels;
    const size_t length = sonic_panel_steps(&RING(layout), k) * FORM(panel_words) * RING(nr);
    for (size_t j = 0; j < n; j += RING(nr), panel += length)
        FORM(seal)(panel, k);
}

/* Columns that lie side by side: whole rows of a panel. */
static inline void RING(copy_row)(RING(element) *out, const void *from)
{
    SONIC_UNROLL
    for (size_t v = 0; v < RING_VECTORS; v++)
        LANES(store)
    (out + v * LANES(count), LANES(load)(RING(at)(from, v * LANES(count))));
}

static void RING(pack_b)(void *panels, const void *b, size_t row_stride, size_t column_stride,
                         size_t k, size_t n)
{
    RING(element) *panel = panels;
    const size_t length = sonic_panel_steps(&RING(layout), k) * FORM(panel_words) * RING(nr);
    for (size_t j0 = 0; j0 < n; j0 += RING(nr), panel += length) {
        size_t columns = n - j0 < RING(nr) ? n - j0 : RING(nr);
        for (size_t p = 0; p < k; p++) {
            RING(element) *out = panel + sonic_panel_row(&RING(layout), p);
            const void *from = RING(at)(b, p * row_stride + j0 * column_stride);
            if (columns == RING(nr) && column_stride == 1) {
                RING(copy_row)(out, from);
                continue;
            }
            for (size_t j = 0; j < columns; j++)
                out[j] = RING(get)(from, j * column_stride);
        }
        FORM(seal)(panel, k);
    }
}
