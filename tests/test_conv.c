/* The convolution kernels on every tier, and sonic_conv() on every tier and number of threads. */
#include <criterion/criterion.h>
#include <sonicnn/ring.h>

#include <stdlib.h>
#include <string.h>

#include "dispatch/context.h"
#include "dispatch/cpu.h"
#include "tests/checks.h"
#include "tests/elements.h"

SONIC_CONV_CHECKS(SONIC_KERNEL_TEST)

/* An assertion is a message to another process: only failures are worth one in the inner loops. */
#define REQUIRE(holds, ...)                                                                        \
    do {                                                                                           \
        if (!(holds))                                                                              \
            cr_assert(0, __VA_ARGS__);                                                             \
    } while (0)

enum { SEED = 20230212, MAX_THREADS = 3, MOST_IMAGES = 5 };
enum { MOST = 3000000 /* multiply-adds of a random shape */ };

/* The input at a place that may lie in the padding. */
static uint64_t input(const sonic_conv_shape *s, const void *x, size_t plane, size_t row,
                      size_t column, size_t bytes)
{
    if (row < s->pad_top || column < s->pad_left || row >= s->pad_top + s->h ||
        column >= s->pad_left + s->w)
        return 0;
    return element_get(x, (plane * s->h + row - s->pad_top) * s->w + column - s->pad_left, bytes);
}

/* y (+)= x * w by the definition. */
static void definition(const sonic_conv_shape *s, size_t oh, size_t ow, size_t bytes, void *y,
                       const void *x, const void *w, bool accumulate)
{
    const size_t group_in = s->c / s->groups, group_out = s->o / s->groups;
    for (size_t i = 0; i < s->n * s->o * oh * ow; i++) {
        const size_t ox = i % ow, oy = i / ow % oh, o = i / ow / oh % s->o,
                     image = i / ow / oh / s->o;
        uint64_t sum = accumulate ? element_get(y, i, bytes) : 0;
        for (size_t c = 0; c < group_in; c++)
            for (size_t ky = 0; ky < s->kh; ky++)
                for (size_t kx = 0; kx < s->kw; kx++)
                    sum += element_get(w, ((o * group_in + c) * s->kh + ky) * s->kw + kx, bytes) *
                           input(s, x, image * s->c + o / group_out * group_in + c,
                                 oy * s->stride_h + ky * s->dilation_h,
                                 ox * s->stride_w + kx * s->dilation_w, bytes);
        element_put(y, i, bytes, sum);
    }
}

static sonic_context *context_make(unsigned tier, int threads)
{
    const sonic_context_options options = {sonic_tier_name((sonic_tier)tier), threads};
    sonic_context *context;
    sonic_error error = {0};
    REQUIRE(sonic_context_create(&context, &options, &error) == SONIC_OK, "%s", error.text);
    return context;
}

/* Weights packed on a tier, with another number of threads, for a batch of `expected`. */
static sonic_conv_weights *pack(const sonic_conv_shape *s, sonic_ring ring, unsigned tier,
                                int threads, size_t expected, const void *w)
{
    sonic_context *context = context_make(tier, 1 + threads % MAX_THREADS);
    sonic_conv_weights *weights = NULL;
    sonic_conv_shape shape = *s;
    sonic_error error = {0};
    shape.n = expected;
    REQUIRE(sonic_conv_pack(&weights, context, ring, &shape, w, &error) == SONIC_OK && weights,
            "%s", error.text);
    sonic_context_free(context);
    return weights;
}

/* One shape on all tiers and numbers of threads, weights packed and not, against the definition. */
static void convolve(harness_random *random, sonic_ring ring, const sonic_conv_shape *s)
{
    const size_t bytes = sonic_ring_bytes(ring);
    const bool accumulate = harness_next(random) % 2;
    size_t oh, ow;
    unsigned other = SONIC_TIER_REF;
    REQUIRE(sonic_conv_output(s, &oh, &ow, NULL) == SONIC_OK, "a shape that is none");
    harness_buffer x = harness_buffer_make(s->n * s->c * s->h * s->w * bytes, HARNESS_AT_END, 0);
    harness_buffer w =
        harness_buffer_make(s->o * (s->c / s->groups) * s->kh * s->kw * bytes, HARNESS_AT_END, 0);
    harness_buffer y = harness_buffer_make(s->n * s->o * oh * ow * bytes, HARNESS_AT_END, 0);
    uint8_t *before = malloc(y.n + 1), *want = malloc(y.n + 1);
    REQUIRE(before && want, "no memory");
    harness_fill(random, x.data, x.n, HARNESS_RANDOM);
    harness_fill(random, w.data, w.n, (harness_fill_kind)harness_below(random, HARNESS_FILLS));
    harness_fill(random, before, y.n, HARNESS_RANDOM);
    memcpy(want, before, y.n);
    definition(s, oh, ow, bytes, want, x.data, w.data, accumulate);
    for (unsigned t = 0; t < SONIC_TIERS; t++) {
        sonic_kernels kernels;
        sonic_kernels_select(&kernels, 1u << t);
        if (!(sonic_cpu_tiers() >> t & 1) || kernels.chosen[SONIC_PRIMITIVE_RING] != (sonic_tier)t)
            continue; /* it convolves as the tier below it */
        for (int i = 0; i < 2 * MAX_THREADS; i++) {
            const int threads = 1 + i / 2;
            const bool packed = i % 2;
            const size_t expected = harness_below(random, MOST_IMAGES + 1);
            const unsigned tier = packed && threads % 2 == 0 ? other : t;
            sonic_context *context = context_make(tier, threads);
            sonic_conv_weights *weights =
                packed ? pack(s, ring, t, threads, expected, w.data) : NULL;
            sonic_error error = {0};
            memcpy(y.data, before, y.n);
            const sonic_status status =
                packed
                    ? sonic_conv_packed(context, weights, s->n, y.data, x.data, accumulate, &error)
                    : sonic_conv(context, ring, s, y.data, x.data, w.data, accumulate, &error);
            REQUIRE(status == SONIC_OK, "%s", error.text);
            REQUIRE(memcmp(y.data, want, y.n) == 0 && harness_buffer_intact(&y),
                    "seed %d: n %zu c %zu h %zu w %zu o %zu kernel %zu x %zu stride %zu %zu "
                    "dilation %zu %zu "
                    "pad %zu %zu %zu %zu groups %zu accumulate %d mod 2^%d on %s with %d threads%s "
                    "%s for a batch of %zu",
                    SEED, s->n, s->c, s->h, s->w, s->o, s->kh, s->kw, s->stride_h, s->stride_w,
                    s->dilation_h, s->dilation_w, s->pad_top, s->pad_left, s->pad_bottom,
                    s->pad_right, s->groups, accumulate, (int)ring,
                    sonic_tier_name((sonic_tier)tier), threads,
                    packed ? ", packed on" : "; not packed, on", sonic_tier_name((sonic_tier)t),
                    expected);
            sonic_conv_weights_free(weights);
            sonic_context_free(context);
        }
        other = t;
    }
    harness_buffer_free(&x);
    harness_buffer_free(&w);
    harness_buffer_free(&y);
    free(before);
    free(want);
}

static size_t between(harness_random *random, size_t low, size_t high)
{
    return low + harness_below(random, high - low + 1);
}

Test(conv_driver, random_shapes)
{
    harness_random random = {SEED};
    for (size_t done = 0; done < harness_rounds(200);) {
        const size_t kind =
            harness_below(&random, 4); /* 0: plain, 1: groups, 2: depthwise, 3: pointwise */
        sonic_conv_shape s = {
            .n = between(&random, 0, MOST_IMAGES),
            .c = between(&random, 1, 20),
            .h = between(&random, 1, 14),
            .w = between(&random, 1, 40),
            .o = between(&random, 1, 20),
            .kh = between(&random, 1, 5),
            .kw = between(&random, 1, 5),
            .stride_h = between(&random, 1, 3),
            .stride_w = between(&random, 1, 3),
            .dilation_h = between(&random, 1, 2),
            .dilation_w = between(&random, 1, 2),
            .pad_top = between(&random, 0, 3),
            .pad_left = between(&random, 0, 3),
            .pad_bottom = between(&random, 0, 3),
            .pad_right = between(&random, 0, 3),
            .groups = 1,
        };
        if (kind == 1) {
            s.groups = between(&random, 2, 4);
            s.c *= s.groups;
            s.o *= s.groups;
        } else if (kind == 2) {
            s.groups = s.c;
            s.o = s.c * between(&random, 1, 5);
        } else if (kind == 3) {
            s.kh = s.kw = s.stride_h = s.stride_w = 1;
            s.pad_top = s.pad_left = s.pad_bottom = s.pad_right = 0;
        }
        if (done % 3 == 0)
            s.h = s.w = 1 + 2 * between(&random, 0, 3); /* images share panels */
        size_t oh, ow;
        if (sonic_conv_output(&s, &oh, &ow, NULL) ||
            s.n * s.o * oh * ow * (s.c / s.groups) * s.kh * s.kw > MOST)
            continue;
        convolve(&random, done % 2 ? SONIC_RING_32 : SONIC_RING_64, &s);
        done++;
    }
}

/* Maps so small that a panel of any tier holds columns of several images. */
Test(conv_driver, small_maps)
{
    harness_random random = {SEED};
    for (size_t i = 0; i < harness_rounds(60); i++) {
        const size_t size = 1 + i % 7, groups = 1 + i % 2, kernel = 1 + 2 * (i % 3 == 0);
        const sonic_conv_shape s = {
            .n = between(&random, 2, 40 / size),
            .c = groups * between(&random, 2, 40),
            .h = size,
            .w = size,
            .o = groups * between(&random, 4, 20),
            .kh = kernel,
            .kw = kernel,
            .stride_h = 1,
            .stride_w = 1,
            .dilation_h = 1,
            .dilation_w = 1,
            .pad_top = kernel / 2,
            .pad_left = kernel / 2,
            .pad_bottom = kernel / 2,
            .pad_right = kernel / 2,
            .groups = groups,
        };
        convolve(&random, i % 4 < 2 ? SONIC_RING_32 : SONIC_RING_64, &s);
    }
}

/* Shapes of networks, patches deeper and maps wider than a block, and the corners of the special
 * cases. */
Test(conv_driver, chosen_shapes)
{
#define SHAPE(n, c, h, w, o, kernel, stride, pad, groups)                                          \
    {                                                                                              \
        n, c, h, w, o, kernel, kernel, stride, stride, 1, 1, pad, pad, pad, pad, groups            \
    }
    const sonic_conv_shape shapes[] = {
        SHAPE(1, 1, 28, 28, 8, 5, 1, 2, 1), /* one input channel, few output channels */
        SHAPE(1, 3, 32, 32, 17, 3, 1, 1, 1),
        SHAPE(2, 64, 8, 8, 16, 3, 2, 1, 1),  /* 576 deep */
        SHAPE(1, 2, 26, 26, 5, 3, 1, 1, 1),  /* 676 positions */
        SHAPE(1, 70, 5, 5, 33, 1, 1, 0, 1),  /* pointwise */
        SHAPE(1, 24, 9, 9, 10, 1, 2, 0, 1),  /* kernel of one tap, but strided */
        SHAPE(1, 24, 3, 3, 10, 1, 1, 1, 1),  /* and padded */
        SHAPE(1, 300, 1, 1, 50, 1, 1, 0, 1), /* fully connected, one row */
        SHAPE(4, 300, 1, 1, 50, 1, 1, 0, 1),
        SHAPE(33, 90, 1, 1, 10, 1, 1, 0, 1),
        SHAPE(3, 6, 4, 4, 21, 4, 1, 0, 1),    /* fully connected from a map */
        SHAPE(2, 9, 1, 1, 7, 3, 1, 1, 1),     /* all but one tap in the padding */
        SHAPE(2, 12, 9, 33, 12, 3, 1, 1, 12), /* depthwise */
        SHAPE(1, 6, 9, 20, 24, 3, 2, 1, 6),   /* with a multiplier */
        SHAPE(0, 3, 8, 8, 4, 3, 1, 1, 1),     /* no image */
        SHAPE(2, 3, 8, 8, 0, 3, 1, 1, 1),     /* no output channel */
        SHAPE(2, 0, 8, 8, 4, 3, 1, 1, 1),     /* no input channel: zeros */
        SHAPE(1, 2, 0, 0, 4, 3, 1, 2, 1),     /* nothing but padding: zeros */
        SHAPE(1, 5, 7, 7, 9, 7, 3, 0, 1),
        SHAPE(1, 24, 6, 6, 100, 3, 1, 1, 1),  /* weights that are used once */
        SHAPE(2, 900, 3, 3, 600, 1, 1, 0, 1), /* and some that are too many to pack at once */
        SHAPE(2, 512, 2, 2, 200, 3, 1, 1, 2),
        SHAPE(1, 2, 6, 6, 4, 3, SIZE_MAX, 1, 1), /* one position */
        /* kernels as large as the input that do not lie on it: their taps are apart */
        {2, 2, 3, 3, 5, 3, 3, 1, 1, 2, 1, 0, 0, 2, 0, 1},
        {2, 2, 3, 3, 5, 3, 3, 1, 1, 1, 2, 0, 0, 0, 2, 1},
        {2, 2, 1, 4, 5, 1, 4, 1, 1, 9, 1, 0, 0, 0, 0, 1}, /* one row of taps: it does */
    };
#undef SHAPE
    harness_random random = {SEED};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        convolve(&random, SONIC_RING_32, &shapes[i]);
        convolve(&random, SONIC_RING_64, &shapes[i]);
    }
}

/* A good shape with one thing wrong. */
Test(conv_driver, bad_shapes)
{
    const sonic_conv_shape good = {1, 4, 5, 5, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 2};
    const struct {
        size_t field; /* index among the shape's sizes */
        size_t value;
        const char *names; /* what the sentence must mention */
    } cases[] = {
        {5, 0, "kernel"},
        {6, 0, "kernel"},
        {7, 0, "stride"},
        {8, 0, "stride"},
        {9, 0, "dilation"},
        {10, 0, "dilation"},
        {15, 0, "groups"},
        {15, 3, "groups"},
        {1, 5, "groups"},
        {4, 5, "groups"},
        {5, 8, "height"},
        {6, 8, "width"},
        {9, 9, "height"},
        {10, 9, "width"},
        {2, 0, "height"},
        {11, SIZE_MAX, "height"},
        {12, SIZE_MAX, "width"},
        {14, SIZE_MAX - 4, "width"},
        {9, SIZE_MAX, "height"},
        {0, SIZE_MAX / 16, "input"},
        {1, SIZE_MAX - 1, "input"},
        {4, SIZE_MAX - 1, "kernel"},
        {2, SIZE_MAX / 2, "height"},
        {2, SIZE_MAX / 64, "input"},
        {13, SIZE_MAX / 64, "output"},
    };
    uint64_t x[100] = {0}, w[100] = {0}, y[100] = {42};
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t fields[16], oh = 7, ow = 7;
        sonic_conv_shape s;
        sonic_error error = {0};
        _Static_assert(sizeof fields == sizeof s, "a shape is 16 sizes");
        memcpy(fields, &good, sizeof fields);
        fields[cases[i].field] = cases[i].value;
        memcpy(&s, fields, sizeof s);
        cr_expect_eq(sonic_conv_output(&s, &oh, &ow, &error), SONIC_E_SHAPE, "case %zu", i);
        cr_expect(strstr(error.text, cases[i].names), "case %zu: \"%s\" does not name the %s", i,
                  error.text, cases[i].names);
        cr_expect(oh == 7 && ow == 7, "case %zu changed the outputs", i);
        cr_expect_eq(sonic_conv(context, SONIC_RING_64, &s, y, x, w, false, NULL), SONIC_E_SHAPE,
                     "case %zu", i);
    }
    cr_expect_eq(y[0], 42);
    sonic_context_free(context);
}

Test(conv_driver, null_pointers)
{
    const sonic_conv_shape s = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1};
    uint32_t x = 3, w = 5, y = 9;
    size_t out;
    sonic_context *context;
    sonic_error error;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    cr_expect_eq(sonic_conv(context, SONIC_RING_32, &s, NULL, &x, &w, false, &error),
                 SONIC_E_ARGUMENT);
    cr_expect(strstr(error.text, "output"), "%s", error.text);
    cr_expect_eq(sonic_conv(context, SONIC_RING_32, &s, &y, NULL, &w, false, &error),
                 SONIC_E_ARGUMENT);
    cr_expect(strstr(error.text, "input"), "%s", error.text);
    cr_expect_eq(sonic_conv(context, SONIC_RING_32, &s, &y, &x, NULL, false, &error),
                 SONIC_E_ARGUMENT);
    cr_expect(strstr(error.text, "kernel"), "%s", error.text);
    cr_expect_eq(sonic_conv(context, SONIC_RING_32, NULL, &y, &x, &w, false, &error),
                 SONIC_E_ARGUMENT);
    cr_expect_eq(sonic_conv(NULL, SONIC_RING_32, &s, &y, &x, &w, false, &error), SONIC_E_ARGUMENT);
    cr_expect_eq(sonic_conv(context, (sonic_ring)0, &s, &y, &x, &w, false, &error),
                 SONIC_E_ARGUMENT);
    cr_expect_eq(sonic_conv_output(&s, NULL, &out, &error), SONIC_E_ARGUMENT);
    cr_expect_eq(sonic_conv_output(&s, &out, NULL, &error), SONIC_E_ARGUMENT);
    cr_expect_eq(y, 9);
    cr_expect_eq(sonic_conv(context, SONIC_RING_32, &s, &y, &x, &w, true, &error), SONIC_OK);
    cr_expect_eq(y, 24);
    sonic_context_free(context);
}
