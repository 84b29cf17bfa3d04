/* With function secret sharing two servers compute what the plain reference does, bit for bit:
 * every node of every trained network, for every input of the network's. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <stdlib.h>
#include <string.h>

#include "tests/random_test.h"
#include "tests/trained.h"
#include "tests/two_party.h"

enum { INPUTS = 200 };

struct network {
    char name[8];
    sonic_ring ring;
    uint32_t usual; /* inputs tried where SONIC_INPUTS does not say how many */
    uint32_t batch;
};

static uint32_t inputs_of(const struct network *network)
{
    const char *given = getenv("SONIC_INPUTS");
    unsigned long n = given ? strtoul(given, NULL, 10) : getenv("SANITIZED") ? 1 : network->usual;
    cr_assert_gt(n, 0, "SONIC_INPUTS=%s", given);
    return n < INPUTS ? (uint32_t)n : INPUTS;
}

/* Runs the batch of inputs q; returns how many elements were compared. */
static size_t expect_equal(two_party *both, const sonic_context *context, const void *q)
{
    const sonic_graph *graph = &both->model.graph;
    const size_t element = sonic_ring_bytes(graph->ring);
    const size_t out = two_party_elements(both, graph->nodes - 1);
    size_t compared = 0;
    void *secure = malloc(out * element), *plain = malloc(out * element);
    void **taps = calloc(graph->nodes, sizeof *taps);
    sonic_error error = {0};
    cr_assert(secure && plain && taps);
    cr_assert_eq(two_party_run(both, 1, q, secure), SONIC_OK, "%s / %s", both->server[0].error.text,
                 both->server[1].error.text);
    cr_assert_eq(sonic_model_run_plain(&both->model, context, both->batch, plain, q, taps, &error),
                 SONIC_OK, "%s", error.text);
    for (uint32_t node = 0; node < graph->nodes; node++) {
        void *tensor = two_party_tensor(both, node);
        const size_t elements = two_party_elements(both, node);
        cr_assert_arr_eq(tensor, taps[node], elements * element, "node '%s'",
                         graph->node[node].name);
        compared += elements;
        free(tensor);
        free(taps[node]);
    }
    cr_assert_arr_eq(secure, plain, out * element, "the result");
    free(taps);
    free(secure);
    free(plain);
    return compared;
}

ParameterizedTestParameters(inputs, secure_is_plain)
{
    static struct network list[] = {
        {"m1", SONIC_RING_64, INPUTS, 100}, {"m1", SONIC_RING_32, INPUTS, 100},
        {"m2", SONIC_RING_64, INPUTS, 100}, {"m2", SONIC_RING_32, INPUTS, 100},
        {"m3", SONIC_RING_64, 100, 20},     {"m3", SONIC_RING_32, 100, 20},
        {"f3", SONIC_RING_64, 100, 20},     {"f3", SONIC_RING_32, 100, 20},
        {"c1", SONIC_RING_64, 2, 2},        {"r20", SONIC_RING_64, 2, 2},
    };
    return cr_make_param_array(struct network, list, sizeof list / sizeof *list);
}

/* Each batch has pools of its own, so that no more than those are on the disk. */
ParameterizedTest(struct network *network, inputs, secure_is_plain)
{
    sonic_model model;
    sonic_context *context;
    sonic_error error = {0};
    const sonic_methods methods = {SONIC_RELU_FSS, SONIC_SOURCE_DEALER};
    if (trained_takes_minutes(network->name, methods))
        cr_skip("%s takes minutes under a sanitizer", network->name);
    if (!trained_import(&model, network->name))
        cr_skip("%s.onnx is not here (SONIC_MODELS)", network->name);
    const sonic_quantise_options options = {.ring = network->ring};
    cr_assert_eq(sonic_model_quantise(&model, &options, &error), SONIC_OK, "%s", error.text);
    cr_assert_eq(sonic_context_create(&context, NULL, &error), SONIC_OK, "%s", error.text);

    const uint32_t inputs = inputs_of(network);
    const size_t in = sonic_node_elements(&model.graph, 0);
    const size_t element = sonic_ring_bytes(network->ring);
    float *x = trained_inputs(network->name, inputs * in);
    uint8_t *q = malloc(inputs * in * element);
    cr_assert(q);
    cr_assert_eq(sonic_graph_encode(&model.graph, q, x, inputs * in, &error), SONIC_OK, "%s",
                 error.text);
    two_party both;
    two_party_create(&both, &model, network->batch, 1, 43);
    size_t compared = 0;
    for (uint32_t i = 0; i < inputs; i += both.batch) {
        both.batch = inputs - i < network->batch ? inputs - i : network->batch;
        sonic_test_seed(i); /* other masks for each batch */
        two_party_use(&both, methods, 1);
        compared += expect_equal(&both, context, q + i * in * element);
    }
    cr_log_info("%s, ring %d: %u inputs, %zu elements", network->name, network->ring, inputs,
                compared);
    two_party_free(&both);
    sonic_context_free(context);
    free(x);
    free(q);
}

/* The trained networks that are not in the list with 32 bits do not fit in them. */
static void expect_refusal(const char *name)
{
    sonic_model model;
    sonic_error error = {0};
    if (!trained_import(&model, name))
        cr_skip("%s.onnx is not here (SONIC_MODELS)", name);
    const sonic_quantise_options options = {.ring = SONIC_RING_32};
    cr_expect_eq(sonic_model_quantise(&model, &options, &error), SONIC_E_RANGE);
    cr_expect(strstr(error.text, "layer '"), "%s", error.text);
    sonic_model_free(&model);
}

Test(inputs, c1_needs_more_than_32_bits)
{
    expect_refusal("c1");
}

Test(inputs, r20_needs_more_than_32_bits)
{
    expect_refusal("r20");
}
