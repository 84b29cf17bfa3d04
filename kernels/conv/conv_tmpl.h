/* The body of the packing of patches, included once a ring by each tier with CONV_BITS, 32 or 64,
 * over the tier's lane vocabulary (kernels/ring); undefined at the end. */

#define CONV_PASTE_(a, bits, b) a##bits##_##b
#define CONV_PASTE(a, bits, b) CONV_PASTE_(a, bits, b)
#define LANES(name) CONV_PASTE(lanes, CONV_BITS, name)
#define WORD(name) SONIC_WORD(name, CONV_BITS)
#define CONV(name) CONV_PASTE(conv, CONV_BITS, name)

typedef LANES(element) CONV(element);

static inline void CONV(zero)(CONV(element) *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = 0;
}

/* Inline, because runs are a few vectors long. */
static inline void CONV(copy)(CONV(element) *out, const void *from, size_t n)
{
    size_t i = 0;
    for (; i + LANES(count) <= n; i += LANES(count))
        LANES(store)(out + i, LANES(load)(WORD(at)(from, i)));
    if (i < n)
        LANES(put)(out + i, LANES(part)(WORD(at)(from, i), n - i), n - i);
}

/* The even ones of 2 n - 1 elements. */
static inline void CONV(copy_even)(CONV(element) *out, const void *from, size_t n)
{
    LANES(vec) even, odd;
    size_t i = 0;
    for (; i + LANES(count) < n; i += LANES(count)) {
        LANES(split)(&even, &odd, LANES(load)(WORD(at)(from, 2 * i)),
                    LANES(load)(WORD(at)(from, 2 * i + LANES(count))));
        LANES(store)(out + i, even);
    }
    if (i == n)
        return;
    const size_t left = 2 * (n - i) - 1, first = left < LANES(count) ? left : LANES(count);
    LANES(split)(&even, &odd, LANES(part)(WORD(at)(from, 2 * i), first),
                LANES(part)(WORD(at)(from, 2 * i + first), left - first));
    LANES(put)(out + i, even, n - i);
}

static inline void CONV(copy_apart)(CONV(element) *out, const void *from, size_t stride, size_t n)
{
    if (stride == 1)
        CONV(copy)(out, from, n);
    else if (stride == 2)
        CONV(copy_even)(out, from, n);
    else
        for (size_t i = 0; i < n; i++)
            out[i] = WORD(load)(from, i * stride);
}

/* The part of a panel whose columns are `count` neighbours of output row oy, from column ox on; out
 * is the panel's first element of that part. */
static void CONV(pack_run)(CONV(element) *out, const sonic_panel_layout *layout, const void *x,
                           const sonic_conv_geometry *g, size_t k0, size_t k, size_t oy, size_t ox,
                           size_t count)
{
    size_t taps = g->kh * g->kw, plane = g->h * g->w, tap = 0;
    for (size_t ky = 0; ky < g->kh; ky++) {
        size_t y = oy * g->stride_h + ky * g->dilation_h; /* in the padded input */
        bool row_inside = y >= g->pad_top && y - g->pad_top < g->h;
        for (size_t kx = 0; kx < g->kw; kx++, tap++) {
            conv_range in = {ox, ox};
            if (row_inside)
                in =
                    conv_inside(kx * g->dilation_w, g->pad_left, g->w, g->stride_w, ox, ox + count);
            size_t before = in.begin - ox, run = in.end - in.begin, from = 0;
            if (run)
                from = (y - g->pad_top) * g->w + in.begin * g->stride_w + kx * g->dilation_w -
                       g->pad_left;
            size_t c = k0 > tap ? (k0 - tap + taps - 1) / taps : 0;
            for (; c * taps + tap < k0 + k; c++) {
                CONV(element) *o = out + sonic_panel_row(layout, c * taps + tap - k0);
                CONV(zero)(o, before);
                CONV(copy_apart)(o + before, WORD(at)(x, c * plane + from), g->stride_w, run);
                CONV(zero)(o + before + run, count - before - run);
            }
        }
    }
}

static void CONV(pack)(void *panels, const sonic_panel_layout *layout, size_t at, const void *x,
                       const sonic_conv_geometry *g, size_t k0, size_t k, size_t j0, size_t n)
{
    const size_t nr = layout->nr, length = sonic_panel_steps(layout, k) * layout->words * nr;
    for (size_t done = 0, count; done < n; done += count) {
        const size_t oy = (j0 + done) / g->ow, ox = (j0 + done) % g->ow, column = (at + done) % nr;
        count = n - done < g->ow - ox ? n - done : g->ow - ox;
        count = count < nr - column ? count : nr - column;
        CONV(pack_run)((CONV(element) *)panels + (at + done) / nr * length + column, layout, x, g,
                       k0, k, oy, ox, count);
    }
}

#undef CONV
#undef WORD
#undef LANES
#undef CONV_PASTE
#undef CONV_PASTE_
#undef CONV_BITS
