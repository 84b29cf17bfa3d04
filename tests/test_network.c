/* Whole trained networks between two servers: equal to the plain reference node by node, the bytes
 * of the formulas, and the class of the float network. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <stdlib.h>

#include "tests/expect.h"
#include "tests/oracle.h"
#include "tests/trained.h"
#include "tests/two_party.h"

struct network {
    char name[8];
    uint32_t batch; /* inputs tried */
    sonic_ring ring;
    sonic_truncation truncation;
    sonic_relu relu;
    sonic_source source;
};

static size_t largest(const double *x, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        best = x[i] > x[best] ? i : best;
    return best;
}

/* The result within the proven error of the plain run, and the classes of the float network. */
static void expect_result(const two_party *both, const float *x, const void *secure, const void *q)
{
    const sonic_graph *graph = &both->model.graph;
    size_t in = two_party_elements(both, 0), n = two_party_elements(both, graph->nodes - 1);
    double *real_in = malloc(in * sizeof *real_in), *real = malloc(n * sizeof *real);
    double *decoded = malloc(n * sizeof *decoded);
    void *plain = malloc(n * 8);
    sonic_context *context;
    sonic_error error = {0};
    cr_assert(real_in && real && decoded && plain);
    cr_assert_eq(sonic_context_create(&context, NULL, &error), SONIC_OK);
    cr_assert_eq(sonic_model_run_plain(&both->model, context, both->batch, plain, q, NULL, &error),
                 SONIC_OK, "%s", error.text);
    double bound = graph->node[graph->nodes - 1].error;
    for (size_t i = 0; i < n; i++) {
        double difference = (double)oracle_get(graph->ring, secure, i) -
                            (double)oracle_get(graph->ring, plain, i);
        cr_assert(difference <= bound && difference >= -bound, "result %zu is off by %g, not %g", i,
                  difference, bound);
    }
    for (size_t i = 0; i < in; i++)
        real_in[i] = (double)x[i];
    cr_assert_eq(sonic_model_run_real(&both->model, both->batch, real, real_in, &error), SONIC_OK,
                 "%s", error.text);
    sonic_graph_decode(graph, decoded, secure, n);
    for (size_t i = 0; i < both->batch; i++)
        cr_expect_eq(largest(decoded + i * n / both->batch, n / both->batch),
                     largest(real + i * n / both->batch, n / both->batch), "image %zu", i);
    sonic_context_free(context);
    free(real_in);
    free(real);
    free(decoded);
    free(plain);
}

ParameterizedTestParameters(network, secure_equals_plain)
{
    static struct network list[] = {
        {"f3", 4, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, SONIC_RELU_PPA, SONIC_SOURCE_DEALER},
        {"f3", 2, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, SONIC_RELU_GC, SONIC_SOURCE_DEALER},
        {"f3", 1, SONIC_RING_64, SONIC_TRUNC_LOCAL, SONIC_RELU_GC, SONIC_SOURCE_DEALER},
        {"m1", 3, SONIC_RING_64, SONIC_TRUNC_STOCHASTIC, SONIC_RELU_GC, SONIC_SOURCE_DEALER},
        {"f3", 3, SONIC_RING_64, SONIC_TRUNC_STOCHASTIC, SONIC_RELU_PPA, SONIC_SOURCE_DEALER},
        {"f3", 2, SONIC_RING_64, SONIC_TRUNC_LOCAL, SONIC_RELU_PPA, SONIC_SOURCE_DEALER},
        {"m1", 5, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, SONIC_RELU_PPA, SONIC_SOURCE_DEALER},
        {"m2", 4, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, SONIC_RELU_PPA, SONIC_SOURCE_DEALER},
        {"m2", 1, SONIC_RING_64, SONIC_TRUNC_LOCAL, SONIC_RELU_PPA, SONIC_SOURCE_DEALER},
        {"m3", 2, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, SONIC_RELU_PPA, SONIC_SOURCE_DEALER},
        {"c1", 1, SONIC_RING_64, SONIC_TRUNC_STOCHASTIC, SONIC_RELU_PPA, SONIC_SOURCE_DEALER},
        {"r20", 1, SONIC_RING_64, SONIC_TRUNC_STOCHASTIC, SONIC_RELU_PPA, SONIC_SOURCE_DEALER},
        {"f3", 4, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, SONIC_RELU_FSS, SONIC_SOURCE_DEALER},
        {"f3", 2, SONIC_RING_64, SONIC_TRUNC_LOCAL, SONIC_RELU_FSS, SONIC_SOURCE_DEALER},
        {"m1", 3, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, SONIC_RELU_FSS, SONIC_SOURCE_DEALER},
        {"m1", 2, SONIC_RING_64, SONIC_TRUNC_STOCHASTIC, SONIC_RELU_FSS, SONIC_SOURCE_DEALER},
        {"m2", 2, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, SONIC_RELU_FSS, SONIC_SOURCE_DEALER},
        {"m2", 1, SONIC_RING_64, SONIC_TRUNC_LOCAL, SONIC_RELU_FSS, SONIC_SOURCE_DEALER},
        {"m3", 2, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, SONIC_RELU_FSS, SONIC_SOURCE_DEALER},
        {"m3", 1, SONIC_RING_64, SONIC_TRUNC_STOCHASTIC, SONIC_RELU_FSS, SONIC_SOURCE_DEALER},
        {"c1", 1, SONIC_RING_64, SONIC_TRUNC_STOCHASTIC, SONIC_RELU_FSS, SONIC_SOURCE_DEALER},
        {"r20", 1, SONIC_RING_64, SONIC_TRUNC_STOCHASTIC, SONIC_RELU_FSS, SONIC_SOURCE_DEALER},
        {"f3", 2, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, SONIC_RELU_PPA, SONIC_SOURCE_OT2},
        {"f3", 2, SONIC_RING_64, SONIC_TRUNC_LOCAL, SONIC_RELU_PPA, SONIC_SOURCE_OT8},
        {"m1", 2, SONIC_RING_64, SONIC_TRUNC_STOCHASTIC, SONIC_RELU_PPA, SONIC_SOURCE_OT4},
        {"m2", 1, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, SONIC_RELU_PPA, SONIC_SOURCE_OT1},
        {"m3", 1, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, SONIC_RELU_GC, SONIC_SOURCE_OT4},
        {"c1", 1, SONIC_RING_64, SONIC_TRUNC_STOCHASTIC, SONIC_RELU_PPA, SONIC_SOURCE_OT4},
    };
    return cr_make_param_array(struct network, list, sizeof list / sizeof *list);
}

ParameterizedTest(struct network *network, network, secure_equals_plain)
{
    sonic_model model;
    sonic_error error = {0};
    const sonic_methods methods = {network->relu, network->source};
    if (trained_takes_minutes(network->name, methods))
        cr_skip("%s takes minutes under a sanitizer", network->name);
    if (!trained_import(&model, network->name))
        cr_skip("%s.onnx is not here (SONIC_MODELS)", network->name);
    sonic_quantise_options options = {.ring = network->ring, .truncation = network->truncation};
    cr_assert_eq(sonic_model_quantise(&model, &options, &error), SONIC_OK, "%s", error.text);

    two_party both;
    two_party_create(&both, &model, network->batch, 1, 41);
    two_party_use(&both, methods, 1);
    size_t in = two_party_elements(&both, 0);
    float *x = trained_inputs(network->name, in);
    void *q = malloc(in * 8),
         *y = malloc(two_party_elements(&both, both.model.graph.nodes - 1) * 8);
    cr_assert(q && y);
    cr_assert_eq(sonic_graph_encode(&both.model.graph, q, x, in, &error), SONIC_OK, "%s",
                 error.text);
    cr_assert_eq(two_party_run(&both, 1, q, y), SONIC_OK, "%s", both.server[0].error.text);
    expect_nodes(&both);
    expect_traffic(&both, 1);
    expect_result(&both, x, y, q);
    free(x);
    free(q);
    free(y);
    two_party_free(&both);
}
