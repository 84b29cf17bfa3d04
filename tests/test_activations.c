/* Networks of leaky and clipped ReLUs between two servers, in every way of comparing: each node is
 * the plain reference's, and the result what a naive evaluation of the ONNX nodes says. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/expect.h"
#include "tests/import_check.h"
#include "tests/oracle.h"
#include "tests/two_party.h"

enum { BATCH = 2, PIXELS = 2 * 8 * 7, HIGH = 8 };

/* Convolutions of weights around 0 and pixels of 0 .. HIGH: values on both sides of 0 and of 6. */
static void make(build *b)
{
    build_start(b, 13, "activations", 11);
    build_input(b, "x", LIST(0, 2, 8, 7));
    build_ints(b, build_conv(b, "first", "x", "c0", LIST(4, 2, 3, 3), true), "pads",
               LIST(1, 1, 1, 1));
    build_float(b, build_node(b, "LeakyRelu", "leaky", "c0", "l0"), "alpha", 0.1f);
    build_initializer(b, build_scalar(b, "zero", 0));
    build_initializer(b, build_scalar(b, "six", 6));
    build_ints(b, build_conv(b, "second", "l0", "c1", LIST(4, 4, 3, 3), true), "pads",
               LIST(1, 1, 1, 1));
    build_node(b, "Clip", "relu6", "c1 zero six", "l1");
    Onnx__NodeProto *pool = build_node(b, "MaxPool", "pool", "l1", "p1");
    build_ints(b, pool, "kernel_shape", LIST(2, 2));
    build_ints(b, pool, "strides", LIST(2, 2));
    build_initializer(b, build_scalar(b, "two", 2));
    build_node(b, "Sub", "lower", "p1 two", "s1");
    build_node(b, "LeakyRelu", "default", "s1", "l2");
    pool = build_node(b, "AveragePool", "mean", "l2", "p2");
    build_ints(b, pool, "kernel_shape", LIST(3, 3));
    build_node(b, "Flatten", "flat", "p2", "f");
    build_weights(b, "w", LIST(8, 5));
    build_node(b, "MatMul", "dense", "f w", "m");
    build_initializer(b, build_scalar(b, "low", -3));
    build_initializer(b, build_scalar(b, "high", 2.75f));
    build_node(b, "Clip", "hard", "m low high", "y");
    build_output(b, "y");
}

static sonic_model import(build *b, sonic_ring ring, sonic_truncation truncation)
{
    sonic_model model = import_sound(b);
    sonic_error error = {0};
    const sonic_quantise_options options = {.ring = ring, .truncation = truncation,
                                            .input_low = 0, .input_high = HIGH};
    cr_assert_eq(sonic_model_quantise(&model, &options, &error), SONIC_OK, "%s", error.text);
    return model;
}

/* The last node that an operator of the file became. */
static const sonic_node *find(const sonic_graph *graph, const char *name)
{
    const sonic_node *found = NULL;
    for (uint32_t i = 0; i < graph->nodes; i++)
        if (strcmp(graph->node[i].name, name) == 0)
            found = &graph->node[i];
    cr_assert(found, "no %s", name);
    return found;
}

static void expect_result(const two_party *both, const sonic_context *context, const void *x,
                          const void *secure, const double *real, double tolerance)
{
    const sonic_graph *graph = &both->model.graph;
    size_t n = two_party_elements(both, graph->nodes - 1);
    void *plain = malloc(n * 8);
    double *decoded = malloc(n * sizeof *decoded);
    cr_assert(plain && decoded);
    cr_assert_eq(sonic_model_run_plain(&both->model, context, both->batch, plain, x, NULL, NULL),
                 SONIC_OK);
    sonic_graph_decode(graph, decoded, secure, n);
    for (size_t i = 0; i < n; i++) {
        double difference = fabs((double)(oracle_get(graph->ring, secure, i) -
                                          oracle_get(graph->ring, plain, i)));
        cr_assert_leq(difference, graph->node[graph->nodes - 1].error, "result %zu", i);
        cr_assert_leq(fabs(decoded[i] - real[i]), tolerance, "ring %d, result %zu is %g, not %g",
                      (int)graph->ring, i, decoded[i], real[i]);
    }
    free(plain);
    free(decoded);
}

/* A quantised model still has the real network's numbers. */
static void expect_real(const sonic_model *model, const double *x, const double *real)
{
    double y[BATCH * 5];
    cr_assert_eq(sonic_model_run_real(model, BATCH, y, x, NULL), SONIC_OK);
    for (size_t i = 0; i < BATCH * 5; i++)
        cr_assert_leq(fabs(y[i] - real[i]), 1e-9, "result %zu is %g, not %g", i, y[i], real[i]);
}

static void check(sonic_ring ring, sonic_truncation truncation, double tolerance)
{
    build b;
    make(&b);
    float x[BATCH * PIXELS];
    double wide[BATCH * PIXELS];
    uint64_t q[BATCH * PIXELS], y[BATCH * 5];
    for (size_t i = 0; i < BATCH * PIXELS; i++)
        wide[i] = x[i] = (float)(HIGH * fabs(build_real(&b)));
    size_t n;
    double *real = evaluate(&b, "y", LIST(BATCH, 2, 8, 7), wide, &n);
    cr_assert_eq(n, BATCH * 5);
    sonic_model model = import(&b, ring, truncation);
    expect_real(&model, wide, real);
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    cr_assert_eq(sonic_graph_encode(&model.graph, q, x, BATCH * PIXELS, NULL), SONIC_OK);
    two_party both;
    two_party_create(&both, &model, BATCH, 1, 17);
    for (unsigned relu = 0; relu < SONIC_RELUS; relu++) {
        two_party_use(&both, (sonic_methods){(sonic_relu)relu, SONIC_SOURCE_DEALER}, 1);
        cr_assert_eq(two_party_run(&both, 1, q, y), SONIC_OK, "%s / %s", both.server[0].error.text,
                     both.server[1].error.text);
        expect_nodes(&both);
        expect_result(&both, context, q, y, real, tolerance);
    }
    two_party_free(&both);
    sonic_context_free(context);
    free(real);
    build_end(&b);
}

Test(activations, between_two_servers)
{
    check(SONIC_RING_64, SONIC_TRUNC_STOCHASTIC, 2e-4);
    check(SONIC_RING_64, SONIC_TRUNC_LOCAL, 5e-4);
    check(SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, 5e-3);
}

/* Bounds are those of the functions, not of the sums that compute them: 0 .. 6 whatever comes in,
 * and with a slope no more than the input's. */
Test(activations, bounds_are_those_of_the_functions)
{
    build b;
    make(&b);
    sonic_model model = import(&b, SONIC_RING_64, SONIC_TRUNC_STOCHASTIC);
    const sonic_node *clip = find(&model.graph, "relu6"), *leaky = find(&model.graph, "leaky"),
                     *first = find(&model.graph, "first"), *second = find(&model.graph, "second"),
                     *hard = find(&model.graph, "hard");
    cr_expect_gt(second->bound * second->unit, 60);
    cr_expect_geq(clip->bound * clip->unit, 6);
    cr_expect_leq(clip->bound * clip->unit, 6 + 2 * clip->unit);
    cr_expect_leq(hard->bound * hard->unit, 3 + 4 * hard->unit);
    cr_expect_leq(leaky->bound * leaky->unit, first->bound * first->unit * 1.001);
    sonic_model_free(&model);
    build_end(&b);
}
