/* Packing, over a form. */

static const sonic_panel_layout RING(layout) = {RING(nr), FORM(step), FORM(panel_words)};

static void RING(pack_a)(void *rows, const void *a, size_t row_stride, size_t column_stride,
                         size_t m, size_t k)
{
    RING(element) *out = rows;
    const size_t length = (k + FORM(step) - 1) / FORM(step) * FORM(words);
    if (column_stride == 1) /* apart, for loops that know it and are vectors */
        for (size_t i = 0; i < m; i++, out += length)
            FORM(keep_row)(out, WORD(at)(a, i * row_stride), 1, k);
    else
        for (size_t i = 0; i < m; i++, out += length)
            FORM(keep_row)(out, WORD(at)(a, i * row_stride), column_stride, k);
}

static void RING(seal_b)(void *panels, size_t k, size_t n)
{
    RING(element) *panel = panels;
    const size_t length = sonic_panel_steps(&RING(layout), k) * FORM(panel_words) * RING(nr);
    for (size_t j = 0; j < n; j += RING(nr), panel += length)
        FORM(seal)(panel, k);
}

enum {
    RING(together) = 512 / (RING(nr) * RING(size)), /**< panels filled at once, for runs of lines */
    RING(ahead) = 4, /**< rows of B whose lines are asked for before they are copied */
};

_Static_assert((int)RING(together) > 0, "a panel's row is at most 512 bytes");

/* Columns that lie side by side: whole rows of a panel. */
static inline void RING(copy_row)(RING(element) *out, const void *from)
{
    SONIC_UNROLL
    for (size_t v = 0; v < RING_VECTORS; v++)
        LANES(store)(out + v * LANES(count), LANES(load)(WORD(at)(from, v * LANES(count))));
}

/* One panel whose columns are apart, or fewer than nr. */
static void RING(pack_panel)(RING(element) *panel, const void *b, size_t row_stride,
                             size_t column_stride, size_t k, size_t columns)
{
    for (size_t p = 0; p < k; p++) {
        RING(element) *out = panel + sonic_panel_row(&RING(layout), p);
        for (size_t j = 0; j < columns; j++)
            out[j] = WORD(load)(b, p * row_stride + j * column_stride);
    }
}

static void RING(pack_b)(void *panels, const void *b, size_t row_stride, size_t column_stride,
                         size_t k, size_t n)
{
    RING(element) *panel = panels;
    const size_t length = sonic_panel_steps(&RING(layout), k) * FORM(panel_words) * RING(nr);
    size_t j = 0;
    while (column_stride == 1 && n - j >= RING(nr)) {
        size_t count = (n - j) / RING(nr) < RING(together) ? (n - j) / RING(nr) : RING(together);
        for (size_t p = 0; p < k; p++) {
            const void *from = WORD(at)(b, p * row_stride + j);
            RING(element) *out = panel + sonic_panel_row(&RING(layout), p);
            for (size_t g = 0; g < count; g++)
                RING(copy_row)(out + g * length, WORD(at)(from, g * RING(nr)));
            if (p + RING(ahead) < k)
                for (size_t at = 0; at < count * RING(nr); at += 64 / RING(size))
                    __builtin_prefetch(WORD(at)(from, RING(ahead) * row_stride + at));
        }
        for (size_t g = 0; g < count; g++)
            FORM(seal)(panel + g * length, k);
        j += count * RING(nr);
        panel += count * length;
    }
    for (size_t columns; j < n; j += columns, panel += length) {
        columns = n - j < RING(nr) ? n - j : RING(nr);
        RING(pack_panel)(panel, WORD(at)(b, j * column_stride), row_stride, column_stride, k,
                         columns);
        FORM(seal)(panel, k);
    }
}
