/* The plain integer reference against naive 128-bit integers and against the real network. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/nets.h"

static sonic_context *context_of(const char *tier)
{
    sonic_context *context;
    const sonic_context_options options = {.tier = tier};
    cr_assert_eq(sonic_context_create(&context, &options, NULL), SONIC_OK);
    return context;
}

static int64_t element(const void *q, size_t i, sonic_ring ring)
{
    return ring == SONIC_RING_64 ? (int64_t)((const uint64_t *)q)[i]
                                 : (int32_t)((const uint32_t *)q)[i];
}

/* The network whose real values are the integers of a quantised one, without any rounding. */
static void unrounded(sonic_model *out, const sonic_model *model)
{
    *out = *model;
    out->constants = calloc(model->graph.nodes, sizeof *out->constants);
    for (uint32_t i = 0; i < model->graph.nodes; i++) {
        const sonic_node *n = &model->graph.node[i];
        const size_t weights = sonic_node_weights(&model->graph, i);
        const size_t biases = sonic_node_biases(&model->graph, i);
        const double unit = weights ? n->unit / model->graph.node[n->input[0]].unit : 0;
        out->constants[i].w = calloc(weights + 1, sizeof(double));
        if (n->op == SONIC_OP_SCALE)
            out->constants[i].w[0] =
                (double)n->factor[0] * n->unit / model->graph.node[n->input[0]].unit;
        out->constants[i].b = calloc(biases + 1, sizeof(double));
        for (size_t j = 0; j < weights; j++)
            out->constants[i].w[j] = (double)model->constants[i].wq[j] * unit;
        for (size_t j = 0; j < biases; j++)
            out->constants[i].b[j] = (double)model->constants[i].bq[j] * n->unit;
    }
}

static void check_against_real(const sonic_model *model, size_t batch, const void *q, const void *y,
                               uint64_t seed)
{
    const sonic_graph *graph = &model->graph;
    const sonic_node *last = &graph->node[graph->nodes - 1];
    const size_t in = sonic_node_elements(graph, 0),
                 out = sonic_node_elements(graph, graph->nodes - 1);
    double *x = calloc(batch * in, sizeof *x), *real = calloc(batch * out, sizeof *real);
    for (size_t i = 0; i < batch * in; i++)
        x[i] = (double)element(q, i, graph->ring) * graph->node[0].unit;
    sonic_model exact;
    unrounded(&exact, model);
    cr_assert_eq(sonic_model_run_real(&exact, batch, real, x, NULL), SONIC_OK);
    for (size_t i = 0; i < batch * out; i++) {
        const double difference = fabs((double)element(y, i, graph->ring) - real[i] / last->unit);
        cr_assert(difference <= last->error + last->bound * 1e-12,
                  "seed %lu: output %zu is %g units from the real network's, proven %g",
                  (unsigned long)seed, i, difference, last->error);
    }
    for (uint32_t i = 0; i < graph->nodes; i++) {
        free(exact.constants[i].w);
        free(exact.constants[i].b);
    }
    free(exact.constants);
    free(x);
    free(real);
}

static void compare(const sonic_model *model, const sonic_context *context, uint64_t seed)
{
    enum { BATCH = 3 };
    const sonic_graph *graph = &model->graph;
    const uint32_t nodes = graph->nodes;
    const size_t in = sonic_node_elements(graph, 0), out = sonic_node_elements(graph, nodes - 1);
    uint64_t state = seed;
    float *x = calloc(BATCH * in, sizeof *x);
    void *q = calloc(BATCH * in, 8), *y = calloc(BATCH * out, 8), *taps[200] = {0},
         *again = calloc(BATCH * out, 8);
    for (size_t i = 0; i < BATCH * in; i++)
        x[i] = (float)sonic_test_uniform(&state, graph->input_low, graph->input_high);
    cr_assert_eq(sonic_graph_encode(graph, q, x, BATCH * in, NULL), SONIC_OK);
    cr_assert_eq(sonic_model_run_plain(model, context, BATCH, y, q, taps, NULL), SONIC_OK);
    for (size_t b = 0; b < BATCH; b++) {
        int64_t *value[200], *first = calloc(in, sizeof *first);
        for (size_t i = 0; i < in; i++)
            first[i] = element(q, b * in + i, graph->ring);
        sonic_test_net_run(model, value, first, SONIC_TEST_DOWN, NULL);
        for (uint32_t n = 0; n < nodes; n++) {
            const size_t count = sonic_node_elements(graph, n);
            for (size_t i = 0; i < count; i++)
                cr_assert_eq(element(taps[n], b * count + i, graph->ring), value[n][i],
                             "seed %lu: %s[%zu] of image %zu is %ld, not %ld", (unsigned long)seed,
                             graph->node[n].name, i, b,
                             (long)element(taps[n], b * count + i, graph->ring), (long)value[n][i]);
            free(value[n]);
        }
        free(first);
    }
    const size_t bytes = BATCH * out * (size_t)graph->ring / 8;
    cr_assert_eq(memcmp(y, taps[nodes - 1], bytes), 0);
    cr_assert_eq(sonic_model_run_plain(model, context, BATCH, again, q, NULL, NULL), SONIC_OK);
    cr_assert_eq(memcmp(y, again, bytes), 0);
    check_against_real(model, BATCH, q, y, seed);
    for (uint32_t n = 0; n < nodes; n++)
        free(taps[n]);
    free(x);
    free(q);
    free(y);
    free(again);
}

Test(plain, equals_naive_integers_and_the_real_network)
{
    sonic_context *context[2] = {context_of("ref"), context_of(NULL)};
    size_t compared = 0;
    for (uint64_t seed = 1000; seed < 1300; seed++) {
        sonic_model model;
        sonic_test_net_random(&model, seed);
        const sonic_quantise_options o = {.ring = seed % 2 ? SONIC_RING_64 : SONIC_RING_32,
                                          .input_low = seed % 3 ? -1 : 0, .input_high = 1};
        if (!sonic_model_quantise(&model, &o, NULL)) {
            compare(&model, context[seed / 2 % 2], seed);
            compared++;
        }
        sonic_model_free(&model);
    }
    cr_assert_gt(compared, 200);
    sonic_context_free(context[0]);
    sonic_context_free(context[1]);
}

Test(plain, encodes_and_decodes)
{
    for (sonic_ring ring = SONIC_RING_32; ring <= SONIC_RING_64; ring += 32) {
        sonic_model model;
        uint64_t state = 1;
        sonic_test_net_begin(&model, 1, 4, 0, 0);
        (void)sonic_test_net_conv(&model, 0, 2, (sonic_window){1, 1, 1, 1, 1, 1, 0, 0, 0, 0}, 1, 1,
                                  &state);
        const float values[4] = {-1, 0.3f, -0.7f, 2};
        uint64_t q[4];
        /* Not quantised yet. */
        cr_assert_eq(sonic_model_run_plain(&model, NULL, 1, q, q, NULL, NULL), SONIC_E_ARGUMENT);
        const sonic_quantise_options o = {
            .ring = ring, .input_low = -1, .input_high = 2, .fraction = 11};
        cr_assert_eq(sonic_model_quantise(&model, &o, NULL), SONIC_OK);
        const sonic_graph *graph = &model.graph;
        /* Values of up to 2 have a bit less after the point than values of up to 1. */
        cr_assert_eq(graph->node[0].unit, 0x1p-10);
        cr_assert_eq(sonic_graph_encode(graph, q, values, 4, NULL), SONIC_OK);
        const int64_t expected[4] = {-1024, 307, -717, 2048};
        for (size_t i = 0; i < 4; i++)
            cr_assert_eq(element(q, i, ring), expected[i], "%zu: %ld", i,
                         (long)element(q, i, ring));
        double real[2];
        sonic_graph_decode(graph, real, q, 2);
        cr_assert_eq(real[0], -1024 * graph->node[1].unit);
        cr_assert_eq(real[1], 307 * graph->node[1].unit);
        const float wrong[5] = {-1.01f, 2.01f, NAN, INFINITY, -INFINITY};
        for (size_t i = 0; i < 5; i++) {
            float x[4] = {0, 0, wrong[i], 0};
            sonic_error error;
            memset(q, 0x55, sizeof q);
            cr_assert_eq(sonic_graph_encode(graph, q, x, 4, &error), SONIC_E_RANGE);
            cr_assert(strstr(error.text, "element 2 of the input"), "%s", error.text);
            cr_assert_eq(q[0], 0x5555555555555555u);
        }
        sonic_model_free(&model);
    }
}

/* A network that is the same but for where its sizes are: pixels of 0 .. 255 and tiny weights, or a
 * constant that shrinks everything, cost no precision. */
static double worst_error(sonic_ring ring, double high, double size)
{
    sonic_model model;
    uint64_t state = 5;
    sonic_test_net_begin(&model, 1, 32, 0, 0);
    uint32_t hidden = sonic_test_net_conv(&model, 0, 24, (sonic_window){1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
                                          1, size / high, &state);
    uint32_t relu = sonic_test_net_add(&model, (sonic_node){.op = SONIC_OP_RELU, .inputs = 1}, hidden, 0);
    sonic_test_net_conv(&model, relu, 8, (sonic_window){1, 1, 1, 1, 1, 1, 0, 0, 0, 0}, 1, 0.5, &state);
    double x[32], real[8], decoded[8], most = 0, off = 0;
    float narrow[32];
    uint64_t q[32], y[8];
    sonic_context *context;
    for (size_t i = 0; i < 32; i++) {
        narrow[i] = (float)(high * sonic_test_uniform(&state, 0, 1));
        x[i] = narrow[i];
    }
    cr_assert_eq(sonic_model_run_real(&model, 1, real, x, NULL), SONIC_OK);
    const sonic_quantise_options o = {.ring = ring, .input_low = 0, .input_high = high};
    sonic_error error = {0};
    cr_assert_eq(sonic_model_quantise(&model, &o, &error), SONIC_OK, "%s", error.text);
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    cr_assert_eq(sonic_graph_encode(&model.graph, q, narrow, 32, NULL), SONIC_OK);
    cr_assert_eq(sonic_model_run_plain(&model, context, 1, y, q, NULL, &error), SONIC_OK, "%s",
                 error.text);
    sonic_graph_decode(&model.graph, decoded, y, 8);
    for (size_t i = 0; i < 8; i++) {
        most = fmax(most, fabs(real[i]));
        off = fmax(off, fabs(real[i] - decoded[i]));
    }
    sonic_context_free(context);
    sonic_model_free(&model);
    return off / most;
}

Test(plain, precision_follows_sizes)
{
    for (sonic_ring ring = SONIC_RING_32; ring <= SONIC_RING_64; ring += 32)
        for (double high = 1; high <= 1 << 16; high *= 16)
            for (double size = 1; size > 1e-3; size /= 4) {
                double error = worst_error(ring, high, size);
                cr_assert_lt(error, ring == SONIC_RING_64 ? 1e-3 : 1e-2, "ring %d, %g, %g: %g",
                             (int)ring, high, size, error);
            }
}

/* The sum of a window's elements that are in the image, and how many there are. */
static int64_t window_sum(const sonic_model *model, const void *q, uint32_t row, uint32_t col,
                          int64_t *taps)
{
    const sonic_node *pool = &model->graph.node[1];
    const sonic_shape *in = &model->graph.node[0].shape;
    int64_t sum = 0;
    *taps = 0;
    for (uint32_t i = 0; i < pool->window.kh; i++)
        for (uint32_t j = 0; j < pool->window.kw; j++) {
            const uint32_t y = row * pool->window.stride_h + i - pool->window.pad_top;
            const uint32_t x = col * pool->window.stride_w + j - pool->window.pad_left;
            if (y < in->dim[1] && x < in->dim[2]) {
                sum += element(q, y * in->dim[2] + x, model->graph.ring);
                ++*taps;
            }
        }
    return sum;
}

/* An image, its averages, and a convolution that gives them back. */
static void check_averages(sonic_ring ring, sonic_window window, bool exclude, uint64_t *state)
{
    sonic_model model;
    sonic_context *context = context_of(NULL);
    sonic_error error = {0};
    sonic_test_net_begin(&model, 3, 1, 7, 6);
    const sonic_node average = {
        .op = SONIC_OP_AVG_POOL, .window = window, .exclude_pad = exclude};
    const uint32_t pool = sonic_test_net_add(&model, average, 0, 0);
    const uint32_t conv = sonic_test_net_conv(
        &model, pool, 1, (sonic_window){1, 1, 1, 1, 1, 1, 0, 0, 0, 0}, 1, 0, state);
    model.constants[conv].w[0] = 1;
    const sonic_quantise_options o = {.ring = ring, .input_low = -1, .input_high = 1};
    cr_assert_eq(sonic_model_quantise(&model, &o, &error), SONIC_OK, "%s", error.text);
    const sonic_graph *graph = &model.graph;
    const sonic_node *last = &graph->node[graph->nodes - 1];
    const double in = graph->node[0].unit, weights = last->unit / graph->node[last->input[0]].unit;
    const int64_t divisor = llround(in / graph->node[1].unit);
    const uint32_t h = graph->node[1].shape.dim[1], w = graph->node[1].shape.dim[2];
    float x[42];
    uint64_t q[42], y[42];
    void *taps[8] = {0};
    for (size_t i = 0; i < 42; i++)
        x[i] = (float)sonic_test_uniform(state, -1, 1);
    cr_assert_eq(sonic_graph_encode(graph, q, x, 42, NULL), SONIC_OK);
    cr_assert_eq(sonic_model_run_plain(&model, context, 1, y, q, taps, NULL), SONIC_OK);
    for (uint32_t i = 0; i < h * w; i++) {
        int64_t count;
        const int64_t sum = window_sum(&model, q, i / w, i % w, &count);
        count = exclude ? count : (int64_t)window.kh * window.kw;
        cr_assert_eq(element(taps[1], i, ring) * count, sum * divisor, "element %u", i);
        const double mean = in * (double)sum / (double)count;
        const double off = fabs(last->unit * (double)element(y, i, ring) - mean);
        const double dropped = last->input[0] == 1 ? 0 : graph->node[last->input[0]].unit;
        cr_assert_leq(off, weights / 2 * fabs(mean) + dropped + 1e-15, "element %u: %g", i, off);
    }
    for (uint32_t n = 0; n < graph->nodes; n++)
        free(taps[n]);
    sonic_context_free(context);
    sonic_model_free(&model);
}

/* Nothing is rounded: an average is a sum whose unit is smaller by what it is not divided by.  The
 * convolution behind it has the division in its weights, which are rounded as weights are. */
Test(plain, averages_are_exact)
{
    static const sonic_window windows[] = {
        {3, 3, 1, 1, 1, 1, 1, 1, 1, 1}, {2, 2, 2, 2, 1, 1, 0, 0, 0, 0},
        {3, 5, 2, 1, 1, 1, 1, 2, 0, 2}, {7, 6, 1, 1, 1, 1, 0, 0, 0, 0},
        {1, 3, 1, 3, 1, 1, 0, 2, 0, 1},
    };
    uint64_t state = 3;
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++)
        for (unsigned exclude = 0; exclude < 2; exclude++)
            for (sonic_ring ring = SONIC_RING_32; ring <= SONIC_RING_64; ring += 32)
                check_averages(ring, windows[i], exclude, &state);
}
