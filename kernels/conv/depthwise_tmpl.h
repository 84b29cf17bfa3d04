/* The body of the depthwise kernels, included once a ring by each tier with
 * DEPTHWISE_BITS, 32 or 64, over the tier's lane vocabulary (kernels/ring);
 * undefined at the end. */

#define DEPTHWISE_PASTE_(a, bits, b) a##bits##_##b
#define DEPTHWISE_PASTE(a, bits, b) DEPTHWISE_PASTE_(a, bits, b)
#define LANES(name) DEPTHWISE_PASTE(lanes, DEPTHWISE_BITS, name)
#define DEPTHWISE(name) DEPTHWISE_PASTE(depthwise, DEPTHWISE_BITS, name)

typedef LANES(element) DEPTHWISE(element);
enum {
    DEPTHWISE(taps) = 8 /**< taps of a kernel row that one pass over an output row adds */
};

static inline const void *DEPTHWISE(at)(const void *base, size_t index)
{
    return (const uint8_t *)base + index * sizeof(DEPTHWISE(element));
}

static inline DEPTHWISE(element) DEPTHWISE(get)(const void *base, size_t index)
{
    DEPTHWISE(element) v;
    memcpy(&v, DEPTHWISE(at)(base, index), sizeof v);
    return v;
}

/* What `taps` taps of one kernel row add to output column ox, reading only
 * inside the input row. */
static inline DEPTHWISE(element)
    DEPTHWISE(one)(const void *x, const void *w, const sonic_conv_geometry *g, size_t kx0,
                   size_t taps, size_t ox)
{
    DEPTHWISE(element) v = 0;
    for (size_t t = 0; t < taps; t++) {
        size_t column = ox * g->stride_w + (kx0 + t) * g->dilation_w;
        if (column >= g->pad_left && column - g->pad_left < g->w)
            v += DEPTHWISE(get)(w, kx0 + t) * DEPTHWISE(get)(x, column - g->pad_left);
    }
    return v;
}

/* y += the taps kx0 to kx0 + taps of one kernel row over one input row; taps <=
 * DEPTHWISE(taps). */
static void DEPTHWISE(add_taps)(void *y, const void *x, const void *w, const sonic_conv_geometry *g,
                                size_t kx0, size_t taps)
{
    conv_range first = conv_inside(kx0 * g->dilation_w, g->pad_left, g->w, g->stride_w, 0, g->ow);
    conv_range last =
        conv_inside((kx0 + taps - 1) * g->dilation_w, g->pad_left, g->w, g->stride_w, 0, g->ow);
    LANES(factor) factors[DEPTHWISE(taps)];
    for (size_t t = 0; t < taps; t++) {
        DEPTHWISE(element) words[LANES(words)];
        LANES(keep)(words, DEPTHWISE(get)(w, kx0 + t));
        factors[t] = LANES(spread)(words);
    }
    uint8_t *out = y;
    for (size_t ox = 0; ox < g->ow;) {
        if (g->stride_w == 1 && ox >= first.begin && ox + LANES(count) <= last.end) {
            LANES(sum) sum = LANES(zero)();
            size_t from = ox + kx0 * g->dilation_w - g->pad_left;
            for (size_t t = 0; t < taps; t++)
                sum = LANES(madd)(sum, factors[t],
                                  LANES(load)(DEPTHWISE(at)(x, from + t * g->dilation_w)));
            LANES(store)(out, LANES(add)(LANES(load)(out), LANES(total)(sum)));
            ox += LANES(count);
            out += LANES(count) * sizeof(DEPTHWISE(element));
        } else {
            DEPTHWISE(element)
            v = DEPTHWISE(get)(out, 0) + DEPTHWISE(one)(x, w, g, kx0, taps, ox);
            memcpy(out, &v, sizeof v);
            ox++;
            out += sizeof v;
        }
    }
}

static void DEPTHWISE(run)(void *y, const void *x, const void *w, const sonic_conv_geometry *g,
                           size_t oy0, size_t rows, bool accumulate)
{
    for (size_t oy = oy0; oy < oy0 + rows; oy++) {
        uint8_t *out = (uint8_t *)y + oy * g->ow * sizeof(DEPTHWISE(element));
        if (!accumulate)
            memset(out, 0, g->ow * sizeof(DEPTHWISE(element)));
        for (size_t ky = 0; ky < g->kh; ky++) {
            size_t row = oy * g->stride_h + ky * g->dilation_h;
            if (row < g->pad_top || row - g->pad_top >= g->h)
                continue;
            for (size_t kx = 0; kx < g->kw; kx += DEPTHWISE(taps)) {
                size_t taps = g->kw - kx < DEPTHWISE(taps) ? g->kw - kx : DEPTHWISE(taps);
                const void *from = DEPTHWISE(at)(x, (row - g->pad_top) * g->w);
                DEPTHWISE(add_taps)
                (out, from, DEPTHWISE(at)(w, ky * g->kw), g, kx, taps);
            }
        }
    }
}

#undef DEPTHWISE
#undef LANES
#undef DEPTHWISE_PASTE
#undef DEPTHWISE_PASTE_
#undef DEPTHWISE_BITS
