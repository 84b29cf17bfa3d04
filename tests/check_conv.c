/* Checks of kernels/conv against the definition of a padded input. */
#include <string.h>

#include "tests/checks.h"
#include "tests/elements.h"

enum { ROUNDS = 1500 };

/* The padded input of one channel under output (oy, ox) and tap (ky, kx). */
static uint64_t padded(const sonic_conv_geometry *g, const uint8_t *plane, size_t oy, size_t ox,
                       size_t ky, size_t kx, size_t bytes)
{
    const long y = (long)(oy * g->stride_h + ky * g->dilation_h) - (long)g->pad_top;
    const long x = (long)(ox * g->stride_w + kx * g->dilation_w) - (long)g->pad_left;
    if (y < 0 || x < 0 || y >= (long)g->h || x >= (long)g->w)
        return 0;
    return element_get(plane, (size_t)y * g->w + (size_t)x, bytes);
}

static bool wrong(const char *what, const sonic_conv_geometry *g, size_t bytes, size_t i, size_t j)
{
    return harness_fail(
        "%s mod 2^%zu, input %zu x %zu, kernel %zu x %zu, stride %zu %zu, dilation %zu %zu, "
        "pad %zu %zu, output %zu x %zu: element %zu, %zu is wrong",
        what, 8 * bytes, g->h, g->w, g->kh, g->kw, g->stride_h, g->stride_w, g->dilation_h,
        g->dilation_w, g->pad_top, g->pad_left, g->oh, g->ow, i, j);
}

static size_t output(size_t size, size_t pads, size_t kernel, size_t stride, size_t dilation)
{
    const size_t reach = dilation * (kernel - 1) + 1;
    return reach > size + pads ? 0 : (size + pads - reach) / stride + 1;
}

/* A geometry with at least one output. */
static sonic_conv_geometry geometry(harness_random *random)
{
    for (;;) {
        sonic_conv_geometry g = {
            .h = harness_below(random, 12),
            .w = harness_below(random, 70),
            .kh = 1 + harness_below(random, 4),
            .kw = 1 + harness_below(random, 12),
            .stride_h = 1 + harness_below(random, 3),
            .stride_w = 1 + harness_below(random, 3),
            .dilation_h = 1 + harness_below(random, 3),
            .dilation_w = 1 + harness_below(random, 3),
            .pad_top = harness_below(random, 5),
            .pad_left = harness_below(random, 14),
        };
        if (harness_next(random) % 2)
            g.stride_w = g.dilation_w = 1; /* what vectors are for */
        g.oh = output(g.h, g.pad_top + harness_below(random, 5), g.kh, g.stride_h, g.dilation_h);
        g.ow = output(g.w, g.pad_left + harness_below(random, 14), g.kw, g.stride_w, g.dilation_w);
        if (g.oh && g.ow)
            return g;
    }
}

static harness_buffer panels_make(size_t bytes)
{
    return harness_buffer_make((bytes + 63) / 64 * 64, HARNESS_AT_END, 0);
}

/* A random rectangle of the patch matrix of 1 to 4 channels, in panels of a tier's layout from any
 * column on; what is not of the rectangle must stay as it was. */
static bool pack(harness_tier *tier, unsigned r)
{
    const size_t bytes = r == SONIC_MOD64 ? 8 : 4;
    const sonic_panel_layout *layout = &tier->kernels->ring[r].b;
    const sonic_conv_geometry g = geometry(&tier->random);
    const size_t channels = 1 + harness_below(&tier->random, 4), taps = g.kh * g.kw;
    const size_t k0 = harness_below(&tier->random, channels * taps);
    const size_t k = harness_below(&tier->random, channels * taps - k0 + 1);
    const size_t j0 = harness_below(&tier->random, g.oh * g.ow);
    const size_t n = harness_below(&tier->random, g.oh * g.ow - j0 + 1);
    const size_t at = harness_below(&tier->random, 2 * layout->nr);
    const size_t panel = (k + layout->step - 1) / layout->step * layout->words * layout->nr;
    const size_t size = (at + n + layout->nr - 1) / layout->nr * panel;
    harness_buffer x = harness_buffer_make(channels * g.h * g.w * bytes, HARNESS_AT_END, 0);
    harness_buffer panels = panels_make(size * bytes), want = panels_make(size * bytes);
    harness_fill(&tier->random, x.data, x.n, HARNESS_RANDOM);
    harness_fill(&tier->random, panels.data, panels.n, HARNESS_RANDOM);
    memcpy(want.data, panels.data, panels.n);
    for (size_t j = 0; j < n; j++)
        for (size_t q = 0; q < k; q++) {
            const size_t p = k0 + q, c = p / taps, column = at + j;
            const size_t row = q / layout->step * layout->words + q % layout->step;
            element_put(want.data,
                        column / layout->nr * panel + row * layout->nr + column % layout->nr, bytes,
                        padded(&g, x.data + c * g.h * g.w * bytes, (j0 + j) / g.ow,
                               (j0 + j) % g.ow, p % taps / g.kw, p % g.kw, bytes));
        }
    tier->kernels->conv[r].pack(panels.data, layout, at, x.data, &g, k0, k, j0, n);
    const bool right = memcmp(panels.data, want.data, panels.n) == 0;
    const bool intact = harness_buffer_intact(&panels);
    harness_buffer_free(&x);
    harness_buffer_free(&panels);
    harness_buffer_free(&want);
    HARNESS_CHECK(right, "pack mod 2^%zu: rows %zu + %zu, columns %zu + %zu of %zux%zu over %zux%zu",
                  8 * bytes, k0, k, j0, n, g.kh, g.kw, g.h, g.w);
    HARNESS_CHECK(intact, "pack: bytes outside of the panels were written");
    return true;
}

/* What a depthwise convolution leaves in output (oy, ox) of channel o that held `before`. */
static uint64_t depthwise_element(const sonic_conv_geometry *g, const sonic_depthwise_part *part,
                                  const uint8_t *x, const uint8_t *w, size_t o, size_t oy,
                                  size_t ox, uint64_t before, size_t bytes)
{
    const uint8_t *plane = x + o / part->multiplier * g->h * g->w * bytes;
    unsigned __int128 v = part->accumulate ? before : 0;
    if (o < part->first || o >= part->first + part->planes || oy < part->row ||
        oy >= part->row + part->rows)
        return before;
    for (size_t t = 0; t < g->kh * g->kw; t++)
        v += (unsigned __int128)element_get(w, o * g->kh * g->kw + t, bytes) *
             padded(g, plane, oy, ox, t / g->kw, t % g->kw, bytes);
    return element_reduce(v, bytes);
}

/* A part of an image of inputs * multiplier output channels. */
static bool depthwise(harness_tier *tier, unsigned r, const sonic_conv_geometry *g, size_t inputs,
                      const sonic_depthwise_part *part)
{
    const size_t bytes = r == SONIC_MOD64 ? 8 : 4, outputs = inputs * part->multiplier;
    harness_buffer x = harness_buffer_make(inputs * g->h * g->w * bytes, HARNESS_AT_END, 0);
    harness_buffer w = harness_buffer_make(outputs * g->kh * g->kw * bytes, HARNESS_AT_END, 0);
    harness_buffer y = harness_buffer_make(outputs * g->oh * g->ow * bytes, HARNESS_AT_END, 0);
    harness_buffer before = harness_buffer_make(y.n, HARNESS_AT_END, 0);
    harness_buffer scratch = harness_buffer_make(SONIC_DEPTHWISE_SCRATCH, HARNESS_AT_END, 0);
    harness_fill(&tier->random, x.data, x.n,
                 harness_next(&tier->random) % 2 ? HARNESS_RANDOM : HARNESS_MIXED);
    harness_fill(&tier->random, w.data, w.n, HARNESS_RANDOM);
    harness_fill(&tier->random, y.data, y.n, HARNESS_MIXED);
    memcpy(before.data, y.data, y.n);
    tier->kernels->conv[r].depthwise(scratch.data, y.data, x.data, w.data, g, part);
    bool right = true;
    for (size_t i = 0; i < outputs * g->oh * g->ow && right; i++) {
        const size_t o = i / (g->oh * g->ow), oy = i / g->ow % g->oh, ox = i % g->ow;
        if (element_get(y.data, i, bytes) != depthwise_element(g, part, x.data, w.data, o, oy, ox,
                                                               element_get(before.data, i, bytes),
                                                               bytes))
            right = wrong("depthwise", g, bytes, oy, ox);
    }
    const bool intact = harness_buffer_intact(&y) && harness_buffer_intact(&scratch);
    harness_buffer_free(&x);
    harness_buffer_free(&w);
    harness_buffer_free(&y);
    harness_buffer_free(&before);
    harness_buffer_free(&scratch);
    HARNESS_CHECK(!right || intact, "depthwise: bytes outside of output and scratch were written");
    return right;
}

/* Random rows of random channels. */
static bool depthwise_random(harness_tier *tier, unsigned r)
{
    const sonic_conv_geometry g = geometry(&tier->random);
    const size_t inputs = 1 + harness_below(&tier->random, 3);
    sonic_depthwise_part part = {.multiplier = 1 + harness_below(&tier->random, 3),
                                 .row = harness_below(&tier->random, g.oh),
                                 .accumulate = harness_next(&tier->random) % 2};
    part.first = harness_below(&tier->random, inputs * part.multiplier);
    part.planes = harness_below(&tier->random, inputs * part.multiplier - part.first + 1);
    part.rows = harness_below(&tier->random, g.oh - part.row + 1);
    return depthwise(tier, r, &g, inputs, &part);
}

/* Every kernel, stride, dilation and pads of a small range at widths around the vectors'. */
static bool depthwise_swept(harness_tier *tier)
{
    static const size_t kernels[] = {1, 2, 3, 5}, widths[] = {1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33};
    enum { STRIDES = 5, DILATIONS = 3, PADS = 3, KERNELS = 4, WIDTHS = 11 };
    for (size_t i = 0; i < STRIDES * DILATIONS * PADS * PADS * KERNELS * WIDTHS; i++) {
        const size_t stride = 1 + i % STRIDES, dilation = 1 + i / STRIDES % DILATIONS;
        const size_t j = i / STRIDES / DILATIONS;
        sonic_conv_geometry g = {
            .h = 1 + harness_below(&tier->random, 9),
            .kh = kernels[j % KERNELS],
            .kw = kernels[j % KERNELS],
            .stride_h = stride,
            .stride_w = stride,
            .dilation_h = dilation,
            .dilation_w = dilation,
            .pad_top = j / KERNELS % PADS,
            .pad_left = j / KERNELS % PADS,
            .ow = widths[j / KERNELS / PADS / PADS],
        };
        const size_t after = j / KERNELS / PADS % PADS;
        const size_t reach = (g.ow - 1) * stride + dilation * (g.kw - 1) + 1;
        if (reach <= g.pad_left + after)
            continue;
        g.w = reach - g.pad_left - after + harness_below(&tier->random, stride);
        g.oh = output(g.h, g.pad_top + after, g.kh, stride, dilation);
        const sonic_depthwise_part part = {0, 1, 1, 0, g.oh, i % 2};
        if (!depthwise(tier, SONIC_MOD32, &g, 1, &part) ||
            !depthwise(tier, SONIC_MOD64, &g, 1, &part))
            return false;
    }
    return true;
}

/* Rows wider than scratch, kernels larger than it: in pieces. */
static bool depthwise_large(harness_tier *tier)
{
    static const sonic_conv_geometry large[] = {
        {4, 3000, 4, 3000, 3, 3, 1, 1, 1, 1, 1, 1},
        {3, 3001, 2, 1501, 3, 3, 2, 2, 1, 1, 1, 1},
        {3, 1999, 3, 1999, 5, 5, 1, 1, 1, 1, 2, 2},
        {2, 700, 2, 1400, 3, 3, 1, 1, 1, 1, 1, 350},
        {20, 21, 12, 13, 9, 9, 1, 1, 1, 1, 0, 0},
        {40, 9, 8, 7, 3, 3, 1, 1, 16, 1, 0, 0},
        {3, 2600, 3, 2600, 1, 3, 1, 1, 1, 1300, 0, 1300},
        {2, 1400, 1, 700, 2, 11, 1, 2, 1, 1, 0, 5},
    };
    for (size_t i = 0; i < 2 * sizeof large / sizeof *large; i++) {
        const sonic_conv_geometry *g = &large[i / 2];
        const sonic_depthwise_part part = {0, 1, 1, 0, g->oh, i % 3 == 0};
        if (!depthwise(tier, i % 2 ? SONIC_MOD32 : SONIC_MOD64, g, 1, &part))
            return false;
    }
    return true;
}

bool check_conv_pack(harness_tier *tier)
{
    for (size_t i = 0; i < harness_rounds(ROUNDS); i++)
        if (!pack(tier, i % SONIC_RINGS))
            return false;
    return true;
}

bool check_conv_depthwise(harness_tier *tier)
{
    for (size_t i = 0; i < harness_rounds(ROUNDS); i++)
        if (!depthwise_random(tier, i % SONIC_RINGS))
            return false;
    return depthwise_swept(tier) && depthwise_large(tier);
}
