/* The range proof against every input we can think of, the operator norm against power iteration,
 * and the refusals. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/spectral.h"
#include "tests/nets.h"

enum { SEEDS = 1200 };

static const sonic_window one = {1, 1, 1, 1, 1, 1, 0, 0, 0, 0};

static sonic_quantise_options options_of(uint64_t seed)
{
    uint64_t s = seed * 7 + 1;
    sonic_quantise_options o = {.ring = seed % 2 ? SONIC_RING_64 : SONIC_RING_32,
                                .truncation =
                                    seed % 8 == 1 ? SONIC_TRUNC_LOCAL : SONIC_TRUNC_STOCHASTIC,
                                .fraction = seed % 3 ? 0 : 6 + sonic_test_below(&s, 6)};
    if (seed % 4 > 1) {
        o.input_low = sonic_test_uniform(&s, -3, 0);
        o.input_high = sonic_test_uniform(&s, 0.1, 3);
    }
    if (seed % 16 > 13) { /* 0 is no input, but what padding adds */
        o.input_low = seed % 32 > 16 ? 1 : -3;
        o.input_high = o.input_low + 2;
    }
    return o;
}

static void free_values(const sonic_model *model, int64_t **value)
{
    for (uint32_t i = 0; i < model->graph.nodes; i++)
        free(value[i]);
}

/* A run's tensors are inside the bounds; returns the largest |output 0|. */
static double check_bounds(const sonic_model *model, int64_t **value, uint64_t seed,
                           const char *what)
{
    for (uint32_t i = 0; i < model->graph.nodes; i++) {
        const sonic_node *n = &model->graph.node[i];
        for (size_t j = 0; j < sonic_node_elements(&model->graph, i); j++)
            cr_assert(fabs((double)value[i][j]) <= n->bound,
                      "seed %lu, %s: %s[%zu] is %ld, bound %g", (unsigned long)seed, what, n->name,
                      j, (long)value[i][j], n->bound);
    }
    return fabs((double)value[model->graph.nodes - 1][0]);
}

/* The input's corners, moved greedily to make the first output large. */
static void climb(const sonic_model *model, uint64_t seed, int64_t low, int64_t high,
                  uint64_t *state)
{
    int64_t *value[200];
    const size_t n = sonic_node_elements(&model->graph, 0);
    int64_t *x = calloc(n, sizeof *x);
    double best = -1;
    for (size_t i = 0; i < n; i++)
        x[i] = sonic_test_next(state) & 1 ? low : high;
    for (size_t step = 0; step < 2 * n; step++) {
        const size_t i = step % n;
        const int64_t before = x[i];
        x[i] = before == low ? high : low;
        sonic_test_net_run(model, value, x, SONIC_TEST_EITHER, state);
        const double now = check_bounds(model, value, seed, "climb");
        free_values(model, value);
        if (now < best)
            x[i] = before;
        else
            best = now;
    }
    free(x);
}

/* Two runs, one of them rounding as the plain reference, stay within the bounds, and each other's
 * error. */
static void compare_runs(const sonic_model *model, uint64_t seed, const int64_t *x,
                         sonic_test_rounding rounding, uint64_t *state)
{
    int64_t *value[200], *secure[200];
    sonic_test_net_run(model, value, x, SONIC_TEST_DOWN, NULL);
    sonic_test_net_run(model, secure, x, rounding, state);
    (void)check_bounds(model, value, seed, "plain");
    (void)check_bounds(model, secure, seed, "secure");
    for (uint32_t i = 0; i < model->graph.nodes; i++) {
        const sonic_node *n = &model->graph.node[i];
        for (size_t j = 0; j < sonic_node_elements(&model->graph, i); j++)
            cr_assert(fabs((double)(value[i][j] - secure[i][j])) <= n->error,
                      "seed %lu: %s[%zu] differs by %ld, proven %g", (unsigned long)seed, n->name,
                      j, (long)(value[i][j] - secure[i][j]), n->error);
    }
    free_values(model, value);
    free_values(model, secure);
}

/* Weights that are all alike: the inputs that are all alike then reach the norms' bounds. */
static void level(sonic_model *model)
{
    for (uint32_t i = 0; i < model->graph.nodes; i++) {
        for (size_t j = 0; j < sonic_node_weights(&model->graph, i); j++)
            model->constants[i].w[j] = 0.1;
        for (size_t j = 0; j < sonic_node_biases(&model->graph, i); j++)
            model->constants[i].b[j] = 0;
    }
}

/* Who needs more bits than there are is told so; a lack of less would be none. */
static void expect_lack(const char *text)
{
    int needed, ring, bits;
    const char *behind = strstr(text, "' needs ");
    cr_assert(strncmp(text, "layer '", 7) == 0, "%s", text);
    if (behind && sscanf(behind, "' needs %d bits, ring %d has %d", &needed, &ring, &bits) == 3)
        cr_assert_gt(needed, bits, "%s", text);
}

Test(quantise, bounds_hold)
{
    size_t proven = 0, ops[SONIC_OPS] = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        sonic_model model;
        sonic_error error;
        uint64_t state = seed;
        sonic_test_net_random(&model, seed);
        if (seed % 5 == 0)
            level(&model);
        sonic_quantise_options o = options_of(seed);
        if (sonic_model_quantise(&model, &o, &error)) {
            cr_assert_eq(error.status, SONIC_E_RANGE, "seed %lu: %s", (unsigned long)seed,
                         error.text);
            expect_lack(error.text);
            sonic_model_free(&model);
            continue;
        }
        proven++;
        cr_assert_eq(sonic_graph_validate(&model.graph, &error), SONIC_OK, "seed %lu: %s",
                     (unsigned long)seed, error.text);
        const double unit = model.graph.node[0].unit;
        const int64_t low = (int64_t)round(model.graph.input_low / unit);
        const int64_t high = (int64_t)round(model.graph.input_high / unit);
        const size_t n = sonic_node_elements(&model.graph, 0);
        int64_t *x = calloc(n, sizeof *x);
        for (int run = 0; run < 12; run++) {
            for (size_t i = 0; i < n; i++) {
                const int64_t inner =
                    low + (int64_t)sonic_test_below(&state, (uint32_t)(high - low + 1));
                x[i] = run == 0 ? low : run == 1 ? high : run % 2 ? inner
                       : sonic_test_next(&state) & 1 ? low : high;
            }
            compare_runs(&model, seed, x, run < 4 ? SONIC_TEST_UP : SONIC_TEST_EITHER, &state);
        }
        free(x);
        if (seed % 8 == 3)
            climb(&model, seed, low, high, &state);
        for (uint32_t i = 0; i < model.graph.nodes; i++)
            ops[model.graph.node[i].op]++;
        const double failure = model.graph.failure;
        cr_assert(o.truncation == SONIC_TRUNC_LOCAL ? failure > 0 && failure <= 0x1p-20
                                                    : failure == 0,
                  "seed %lu: chance of failure %g", (unsigned long)seed, failure);
        sonic_model_free(&model);
    }
    cr_assert_gt(proven, SEEDS / 2);
    for (size_t i = 0; i < SONIC_OPS; i++)
        cr_assert_gt(ops[i], 0, "no network had a %s", sonic_op_name((sonic_op)i));
}

/* Where every element can be extreme at once the bound is the extreme itself. */
Test(quantise, bounds_are_tight)
{
    uint64_t state = 5;
    for (int round = 0; round < 20; round++) {
        sonic_model model;
        sonic_error error;
        sonic_test_net_begin(&model, 1, 40, 0, 0);
        (void)sonic_test_net_conv(&model, 0, 7, one, 1, 2, &state);
        sonic_quantise_options o = {.ring = SONIC_RING_64, .input_low = -1, .input_high = 2};
        cr_assert_eq(sonic_model_quantise(&model, &o, &error), SONIC_OK, "%s", error.text);
        const double scale = 1 / model.graph.node[0].unit;
        double exact = 0;
        for (int i = 0; i < 7; i++) {
            double low = (double)model.constants[1].bq[i], high = low;
            for (int j = 0; j < 40; j++) {
                const double w = (double)model.constants[1].wq[i * 40 + j] * scale;
                low += fmin(-w, 2 * w);
                high += fmax(-w, 2 * w);
            }
            exact = fmax(exact, fmax(-low, high));
        }
        const double bound = model.graph.node[1].bound;
        cr_assert(bound >= exact && bound <= exact * (1 + 1e-9), "bound %g, exact %g", bound,
                  exact);
        sonic_model_free(&model);
    }
}

/* y = A x or x = A^T y of a zero-padded convolution. */
static void apply(const sonic_conv_shape *s, const double *w, double *x, double *y, size_t oh,
                  size_t ow, bool transposed)
{
    memset(transposed ? x : y, 0, (transposed ? s->c * s->h * s->w : s->o * oh * ow) * sizeof *x);
    const size_t per = s->c / s->groups, outputs = s->o / s->groups;
    for (size_t o = 0; o < s->o; o++)
        for (size_t c = 0; c < per; c++)
            for (size_t k = 0; k < s->kh * s->kw; k++)
                for (size_t p = 0; p < oh * ow; p++) {
                    const size_t i = p / ow * s->stride_h + k / s->kw * s->dilation_h - s->pad_top;
                    const size_t j = p % ow * s->stride_w + k % s->kw * s->dilation_w - s->pad_left;
                    if (i >= s->h || j >= s->w)
                        continue;
                    double *in = &x[((o / outputs * per + c) * s->h + i) * s->w + j];
                    double *out = &y[o * oh * ow + p];
                    const double weight = w[(o * per + c) * s->kh * s->kw + k];
                    if (transposed)
                        *in += weight * *out;
                    else
                        *out += weight * *in;
                }
}

static double power_iteration(const sonic_conv_shape *s, const double *w, uint64_t *state)
{
    size_t oh, ow;
    cr_assert_eq(sonic_conv_output(s, &oh, &ow, NULL), SONIC_OK);
    const size_t n = s->c * s->h * s->w, m = s->o * oh * ow;
    double *x = calloc(n, sizeof *x), *y = calloc(m, sizeof *y), norm = 0;
    for (size_t i = 0; i < n; i++)
        x[i] = sonic_test_uniform(state, -1, 1);
    for (int round = 0; round < 120; round++) {
        double square = 0, image = 0;
        for (size_t i = 0; i < n; i++)
            square += x[i] * x[i];
        for (size_t i = 0; i < n && square > 0; i++)
            x[i] /= sqrt(square);
        apply(s, w, x, y, oh, ow, false);
        for (size_t i = 0; i < m; i++)
            image += y[i] * y[i];
        norm = sqrt(image);
        apply(s, w, x, y, oh, ow, true);
    }
    free(x);
    free(y);
    return norm;
}

Test(quantise, operator_norms)
{
    uint64_t state = 11;
    for (int round = 0; round < 60; round++) {
        const size_t groups = 1 + sonic_test_below(&state, 2), k = 1 + sonic_test_below(&state, 3);
        sonic_conv_shape s = {.n = 1,
                              .c = groups * (1 + sonic_test_below(&state, 3)),
                              .h = k + sonic_test_below(&state, 6),
                              .w = 3 + sonic_test_below(&state, 5),
                              .o = groups * (1 + sonic_test_below(&state, 4)),
                              .kh = k,
                              .kw = 3,
                              .stride_h = 1 + sonic_test_below(&state, 2),
                              .stride_w = 1,
                              .dilation_h = 1,
                              .dilation_w = 1,
                              .groups = groups,
                              .pad_top = sonic_test_below(&state, 2),
                              .pad_left = sonic_test_below(&state, 3),
                              .pad_right = 2};
        if (round % 3 == 0 && s.h >= 2 * k)
            s.dilation_h = 2;
        double w[600];
        for (size_t i = 0; i < s.o * s.c / groups * s.kh * s.kw; i++)
            w[i] = round % 5 ? sonic_test_uniform(&state, -1, 1) : 1;
        const double bound = sonic_conv_norm(&s, w), schur = sonic_conv_schur(&s, w);
        const double reached = power_iteration(&s, w, &state);
        cr_assert(reached <= bound, "round %d: norm %g, bound %g", round, reached, bound);
        cr_assert(bound <= schur, "round %d: bound %g above Schur's %g", round, bound, schur);
        /* The bound is the norm on a torus: that of a large image with much padding, nearly. */
        if (round % 12 == 1) {
            sonic_conv_shape large = s;
            large.h = large.w = 24;
            large.stride_h = large.stride_w = 1;
            large.pad_top = large.pad_bottom = large.pad_left = large.pad_right = 4;
            const double whole = power_iteration(&large, w, &state);
            cr_assert(sonic_conv_norm(&large, w) <= whole * 1.06, "round %d: %g for %g", round,
                      sonic_conv_norm(&large, w), whole);
        }
    }
    double zero[9] = {0};
    const sonic_conv_shape s = {.n = 1,
                                .c = 1,
                                .h = 5,
                                .w = 5,
                                .o = 1,
                                .kh = 3,
                                .kw = 3,
                                .stride_h = 1,
                                .stride_w = 1,
                                .dilation_h = 1,
                                .dilation_w = 1,
                                .groups = 1};
    cr_assert_eq(sonic_conv_norm(&s, zero), 0);
}

static uint32_t count(const sonic_graph *graph, sonic_op op)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < graph->nodes; i++)
        n += graph->node[i].op == op;
    return n;
}

static void quantise(sonic_model *model, sonic_ring ring)
{
    sonic_error error = {0};
    const sonic_quantise_options o = {.ring = ring};
    cr_assert_eq(sonic_model_quantise(model, &o, &error), SONIC_OK, "%s", error.text);
}

Test(quantise, truncates_only_where_it_must)
{
    for (int deep = 0; deep < 2; deep++) {
        for (sonic_ring ring = SONIC_RING_32; ring <= SONIC_RING_64; ring += 32) {
            sonic_model model;
            uint64_t state = 3;
            sonic_test_net_begin(&model, 1, 20, 0, 0);
            uint32_t at = sonic_test_net_conv(&model, 0, 20, one, 1, 0.5, &state);
            if (!deep)
                at = sonic_test_net_add(&model, (sonic_node){.op = SONIC_OP_RELU}, at, 0);
            (void)sonic_test_net_conv(&model, at, 20, one, 1, 0.5, &state);
            quantise(&model, ring);
            const sonic_graph *graph = &model.graph;
            /* Two linear layers in a row need one in the small ring, none where there is room. */
            cr_assert_eq(count(graph, SONIC_OP_TRUNC), deep && ring == SONIC_RING_32);
            cr_assert_eq(graph->node[graph->nodes - 1].op, SONIC_OP_CONV);
            for (uint32_t i = 0; i < graph->nodes; i++)
                cr_assert_eq(graph->node[i].shift > 0, graph->node[i].op == SONIC_OP_TRUNC
                                                           || graph->node[i].op == SONIC_OP_RELU);
            sonic_model_free(&model);
        }
    }
    /* A residual add of a truncated and an untruncated tensor is a factor, and a concatenation of
     * two units a scaling; a TRUNC is made once for two readers. */
    sonic_model model;
    uint64_t state = 4;
    sonic_test_net_begin(&model, 3, 2, 4, 4);
    const uint32_t conv = sonic_test_net_conv(&model, 0, 2, one, 1, 0.5, &state);
    const uint32_t add = sonic_test_net_add(&model, (sonic_node){.op = SONIC_OP_ADD}, conv, 0);
    const uint32_t a = sonic_test_net_conv(&model, add, 2, one, 1, 0.5, &state);
    const uint32_t b = sonic_test_net_conv(&model, add, 2, one, 1, 0.5, &state);
    const uint32_t both = sonic_test_net_add(&model, (sonic_node){.op = SONIC_OP_CONCAT}, a, b);
    (void)sonic_test_net_add(&model, (sonic_node){.op = SONIC_OP_CONCAT}, both, 0);
    quantise(&model, SONIC_RING_32);
    cr_assert_eq(count(&model.graph, SONIC_OP_TRUNC), 1);
    cr_assert_eq(count(&model.graph, SONIC_OP_SCALE), 1);
    cr_assert_eq(count(&model.graph, SONIC_OP_CONCAT), 2);
    sonic_model_free(&model);
}

static void expect(sonic_model *model, sonic_quantise_options o, sonic_status status, const char *a,
                   const char *b)
{
    sonic_error error = {0};
    cr_assert_eq(sonic_model_quantise(model, &o, &error), status, "%s", error.text);
    cr_assert(strstr(error.text, a) && strstr(error.text, b), "'%s' lacks '%s' or '%s'", error.text,
              a, b);
}

Test(quantise, refusals_name_the_layer)
{
    sonic_model model;
    uint64_t state = 9;
    sonic_test_net_begin(&model, 1, 16, 0, 0);
    uint32_t at = sonic_test_net_conv(&model, 0, 64, one, 1, 1, &state);
    at = sonic_test_net_add(&model, (sonic_node){.op = SONIC_OP_RELU}, at, 0);
    at = sonic_test_net_conv(&model, at, 64, one, 1, 4000, &state);
    const sonic_quantise_options r32 = {.ring = SONIC_RING_32}, r64 = {.ring = SONIC_RING_64};
    sonic_quantise_options o = r32;
    expect(&model, r32, SONIC_E_RANGE, "layer 'conv-3' needs ", "--ring 64");
    /* A refused model is as it was. */
    cr_assert_eq(model.graph.nodes, 4);
    cr_assert_eq((int)model.graph.ring, 0);
    o.truncation = SONIC_TRUNC_LOCAL;
    expect(&model, o, SONIC_E_RANGE, "layer 'conv-", "--ring 64");
    at = sonic_test_net_conv(&model, at, 64, one, 1, 1e9, &state);
    expect(&model, r64, SONIC_E_RANGE, "layer 'conv-4' needs ", "range");
    at = sonic_test_net_conv(&model, at, 4, one, 1, 1e300, &state);
    (void)sonic_test_net_conv(&model, at, 4, one, 1, 1e300, &state);
    expect(&model, r64, SONIC_E_RANGE, "layer 'conv-5'", "finite");
    model.constants[1].w[3] = NAN;
    expect(&model, r64, SONIC_E_RANGE, "layer 'conv-1'", "weight");
    model.constants[1].w[3] = 0;
    model.constants[1].b[3] = INFINITY;
    expect(&model, r64, SONIC_E_RANGE, "layer 'conv-1'", "bias");
    sonic_model_free(&model);

    sonic_test_net_begin(&model, 1, 16, 0, 0);
    (void)sonic_test_net_conv(&model, 0, 2, one, 1, 1, &state);
    o = r64;
    o.input_low = 2;
    o.input_high = 1;
    expect(&model, o, SONIC_E_ARGUMENT, "range of inputs", "empty");
    o.input_low = NAN;
    expect(&model, o, SONIC_E_ARGUMENT, "range of inputs", "");
    o = r64;
    o.fraction = 3;
    expect(&model, o, SONIC_E_ARGUMENT, "3 fraction bits", "");
    o.fraction = 31;
    expect(&model, o, SONIC_E_ARGUMENT, "31 fraction bits", "");
    o = r64;
    o.ring = (sonic_ring)16;
    expect(&model, o, SONIC_E_ARGUMENT, "ring 16", "");
    quantise(&model, SONIC_RING_64);
    expect(&model, r64, SONIC_E_ARGUMENT, "quantised already", "");
    sonic_model_free(&model);
}
