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

/* A random rectangle of the patch matrix of 1 to 4 channels. */
static bool pack(harness_tier *tier, unsigned r)
{
    const size_t bytes = r == SONIC_MOD64 ? 8 : 4, nr = tier->kernels->ring[r].nr;
    const sonic_conv_geometry g = geometry(&tier->random);
    const size_t channels = 1 + harness_below(&tier->random, 4), taps = g.kh * g.kw;
    const size_t k0 = harness_below(&tier->random, channels * taps);
    const size_t k = harness_below(&tier->random, channels * taps - k0 + 1);
    const size_t j0 = harness_below(&tier->random, g.oh * g.ow);
    const size_t n = harness_below(&tier->random, g.oh * g.ow - j0 + 1),
                 width = (n + nr - 1) / nr * nr;
    harness_buffer x = harness_buffer_make(channels * g.h * g.w * bytes, HARNESS_AT_END, 0);
    harness_buffer panels =
        harness_buffer_make((k * width * bytes + 63) / 64 * 64, HARNESS_AT_END, 0);
    harness_fill(&tier->random, x.data, x.n, HARNESS_RANDOM);
    tier->kernels->conv[r].pack(panels.data, nr, x.data, &g, k0, k, j0, n);
    bool right = true;
    for (size_t i = 0; i < k * width && right; i++) {
        const size_t j = i / (k * nr) * nr + i % nr, p = k0 + i % (k * nr) / nr, c = p / taps;
        const uint64_t want = j < n ? padded(&g, x.data + c * g.h * g.w * bytes, (j0 + j) / g.ow,
                                             (j0 + j) % g.ow, p % taps / g.kw, p % g.kw, bytes)
                                    : 0;
        if (element_get(panels.data, i, bytes) != want)
            right = wrong("pack", &g, bytes, p, j0 + j);
    }
    const bool intact = harness_buffer_intact(&panels);
    harness_buffer_free(&x);
    harness_buffer_free(&panels);
    HARNESS_CHECK(!right || intact, "pack: bytes outside of the panels were written");
    return right;
}

/* A random range of rows of one channel. */
static bool depthwise(harness_tier *tier, unsigned r)
{
    const size_t bytes = r == SONIC_MOD64 ? 8 : 4;
    const sonic_conv_geometry g = geometry(&tier->random);
    const size_t first = harness_below(&tier->random, g.oh);
    const size_t rows = harness_below(&tier->random, g.oh - first + 1);
    const bool accumulate = harness_next(&tier->random) % 2;
    harness_buffer x = harness_buffer_make(g.h * g.w * bytes, HARNESS_AT_END, 0);
    harness_buffer w = harness_buffer_make(g.kh * g.kw * bytes, HARNESS_AT_END, 0);
    harness_buffer y = harness_buffer_make(g.oh * g.ow * bytes, HARNESS_AT_END, 0);
    harness_buffer before = harness_buffer_make(y.n, HARNESS_AT_END, 0);
    harness_fill(&tier->random, x.data, x.n, HARNESS_RANDOM);
    harness_fill(&tier->random, w.data, w.n, HARNESS_RANDOM);
    harness_fill(&tier->random, y.data, y.n, HARNESS_MIXED);
    memcpy(before.data, y.data, y.n);
    tier->kernels->conv[r].depthwise(y.data, x.data, w.data, &g, first, rows, accumulate);
    bool right = true;
    for (size_t i = 0; i < g.oh * g.ow && right; i++) {
        const size_t oy = i / g.ow, ox = i % g.ow;
        const bool inside = oy >= first && oy < first + rows;
        unsigned __int128 want = inside && !accumulate ? 0 : element_get(before.data, i, bytes);
        for (size_t t = 0; inside && t < g.kh * g.kw; t++)
            want += (unsigned __int128)element_get(w.data, t, bytes) *
                    padded(&g, x.data, oy, ox, t / g.kw, t % g.kw, bytes);
        if (element_get(y.data, i, bytes) != element_reduce(want, bytes))
            right = wrong("depthwise", &g, bytes, oy, ox);
    }
    const bool intact = harness_buffer_intact(&y);
    harness_buffer_free(&x);
    harness_buffer_free(&w);
    harness_buffer_free(&y);
    harness_buffer_free(&before);
    HARNESS_CHECK(!right || intact, "depthwise: bytes outside of the output were written");
    return right;
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
        if (!depthwise(tier, i % SONIC_RINGS))
            return false;
    return true;
}
