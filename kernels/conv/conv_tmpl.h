/* The body of the convolution kernels, included once a ring by each tier with CONV_BITS, 32 or 64,
 * over the tier's lane vocabulary (kernels/ring); undefined at the end. */

#define CONV_PASTE_(a, bits, b) a##bits##_##b
#define CONV_PASTE(a, bits, b) CONV_PASTE_(a, bits, b)
#define LANES(name) CONV_PASTE(lanes, CONV_BITS, name)
#define CONV(name) CONV_PASTE(conv, CONV_BITS, name)

typedef LANES(element) CONV(element);
enum { CONV(taps) = 8 /**< taps of a kernel row that one pass over an output row adds */ };

static inline const void *CONV(at)(const void *base, size_t index)
{
    return (const uint8_t *)base + index * sizeof(CONV(element));
}

static inline CONV(element) CONV(get)(const void *base, size_t index)
{
    CONV(element) v;
    memcpy(&v, CONV(at)(base, index), sizeof v);
    return v;
}

static inline void CONV(zero)(CONV(element) *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = 0;
}

/* Inline, because runs are a few vectors long. */
static inline void CONV(copy)(CONV(element) *out, const void *from, size_t stride, size_t n)
{
    size_t i = 0;
    if (stride == 1)
        for (; i + LANES(count) <= n; i += LANES(count))
            LANES(store)(out + i, LANES(load)(CONV(at)(from, i)));
    for (; i < n; i++)
        out[i] = CONV(get)(from, i * stride);
}

/* The part of a panel whose columns are `count` neighbours of output row oy, from column ox on; out
 * is the panel's first element of that part. */
static void CONV(pack_run)(CONV(element) *out, size_t nr, const void *x,
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
                CONV(element) *o = out + (c * taps + tap - k0) * nr;
                CONV(zero)(o, before);
                CONV(copy)(o + before, CONV(at)(x, c * plane + from), g->stride_w, run);
                CONV(zero)(o + before + run, count - before - run);
            }
        }
    }
}

static void CONV(pack)(void *panels, size_t nr, const void *x, const sonic_conv_geometry *g,
                       size_t k0, size_t k, size_t j0, size_t n)
{
    CONV(element) *panel = panels;
    for (size_t done = 0; done < n; done += nr, panel += k * nr) {
        size_t columns = n - done < nr ? n - done : nr, count;
        for (size_t i = 0; i < columns; i += count) {
            size_t oy = (j0 + done + i) / g->ow, ox = (j0 + done + i) % g->ow;
            count = columns - i < g->ow - ox ? columns - i : g->ow - ox;
            CONV(pack_run)(panel + i, nr, x, g, k0, k, oy, ox, count);
        }
        for (size_t p = 0; columns < nr && p < k; p++)
            CONV(zero)(panel + p * nr + columns, nr - columns);
    }
}

/* What `taps` taps of one kernel row add to output column ox, reading only inside the input row. */
static inline CONV(element) CONV(one)(const void *x, const void *w, const sonic_conv_geometry *g,
                                      size_t kx0, size_t taps, size_t ox)
{
    CONV(element) v = 0;
    for (size_t t = 0; t < taps; t++) {
        size_t column = ox * g->stride_w + (kx0 + t) * g->dilation_w;
        if (column >= g->pad_left && column - g->pad_left < g->w)
            v += CONV(get)(w, kx0 + t) * CONV(get)(x, column - g->pad_left);
    }
    return v;
}

/* y += the taps kx0 to kx0 + taps of one kernel row over one input row; taps <= CONV(taps). */
static void CONV(add_taps)(void *y, const void *x, const void *w, const sonic_conv_geometry *g,
                           size_t kx0, size_t taps)
{
    conv_range first = conv_inside(kx0 * g->dilation_w, g->pad_left, g->w, g->stride_w, 0, g->ow);
    conv_range last =
        conv_inside((kx0 + taps - 1) * g->dilation_w, g->pad_left, g->w, g->stride_w, 0, g->ow);
    LANES(factor) factors[CONV(taps)];
    for (size_t t = 0; t < taps; t++) {
        CONV(element) words[LANES(words)];
        LANES(keep)(words, CONV(get)(w, kx0 + t));
        factors[t] = LANES(spread)(words);
    }
    uint8_t *out = y;
    for (size_t ox = 0; ox < g->ow;) {
        if (g->stride_w == 1 && ox >= first.begin && ox + LANES(count) <= last.end) {
            LANES(sum) sum = LANES(zero)();
            size_t from = ox + kx0 * g->dilation_w - g->pad_left;
            for (size_t t = 0; t < taps; t++)
                sum = LANES(madd)(sum, factors[t],
                                  LANES(load)(CONV(at)(x, from + t * g->dilation_w)));
            LANES(store)(out, LANES(add)(LANES(load)(out), LANES(total)(sum)));
            ox += LANES(count);
            out += LANES(count) * sizeof(CONV(element));
        } else {
            CONV(element) v = CONV(get)(out, 0) + CONV(one)(x, w, g, kx0, taps, ox);
            memcpy(out, &v, sizeof v);
            ox++;
            out += sizeof v;
        }
    }
}

static void CONV(depthwise)(void *y, const void *x, const void *w, const sonic_conv_geometry *g,
                            size_t oy0, size_t rows, bool accumulate)
{
    for (size_t oy = oy0; oy < oy0 + rows; oy++) {
        uint8_t *out = (uint8_t *)y + oy * g->ow * sizeof(CONV(element));
        if (!accumulate)
            memset(out, 0, g->ow * sizeof(CONV(element)));
        for (size_t ky = 0; ky < g->kh; ky++) {
            size_t row = oy * g->stride_h + ky * g->dilation_h;
            if (row < g->pad_top || row - g->pad_top >= g->h)
                continue;
            for (size_t kx = 0; kx < g->kw; kx += CONV(taps)) {
                size_t taps = g->kw - kx < CONV(taps) ? g->kw - kx : CONV(taps);
                const void *from = CONV(at)(x, (row - g->pad_top) * g->w);
                CONV(add_taps)(out, from, CONV(at)(w, ky * g->kw), g, kx, taps);
            }
        }
    }
}

static void CONV(select)(sonic_conv_kernels *table)
{
    *table = (sonic_conv_kernels){.pack = CONV(pack), .depthwise = CONV(depthwise)};
}

#undef CONV
#undef LANES
#undef CONV_PASTE
#undef CONV_PASTE_
#undef CONV_BITS
