/* Every kind of layer between two servers: what it computes, node by node, and what it sends. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "tests/build_model.h"
#include "tests/expect.h"
#include "tests/oracle.h"
#include "tests/two_party.h"

static const sonic_ring rings[] = {SONIC_RING_32, SONIC_RING_64};
static const uint32_t batches[] = {1, 2, 5};

/* The library's own plain reference must agree with the oracle. */
static void expect_plain(const two_party *both, uint32_t node, const void *const *in,
                         const void *expected)
{
    size_t bytes = two_party_elements(both, node) * (both->model.graph.ring / 8);
    sonic_context *context;
    sonic_error error = {0};
    void *plain = malloc(bytes);
    cr_assert(plain);
    cr_assert_eq(sonic_context_create(&context, NULL, &error), SONIC_OK, "%s", error.text);
    cr_assert_eq(sonic_node_run_plain(&both->model, context, node, both->batch, plain, in, &error),
                 SONIC_OK, "%s", error.text);
    cr_assert_eq(memcmp(plain, expected, bytes), 0, "%s, ring %d, batch %u",
                 both->model.graph.node[node].name, both->model.graph.ring, both->batch);
    sonic_context_free(context);
    free(plain);
}

/* Compares one node with the oracle on the tensors that the servers hold shares of. */
static void expect_node(const two_party *both, uint32_t node)
{
    const sonic_graph *graph = &both->model.graph;
    const sonic_node *n = &graph->node[node];
    void *got = two_party_tensor(both, node);
    void **in = calloc(n->inputs, sizeof *in);
    for (uint32_t i = 0; i < n->inputs; i++)
        in[i] = two_party_tensor(both, n->input[i]);
    void *expected = oracle_node(&both->model, node, both->batch, (const void *const *)in);
    expect_plain(both, node, (const void *const *)in, expected);
    const bool exact = expect_exact(both, node);
    for (size_t i = 0; i < two_party_elements(both, node); i++) {
        int64_t e = oracle_get(graph->ring, expected, i), g = oracle_get(graph->ring, got, i);
        bool rounded = !exact && g == e + 1 &&
                       (n->op == SONIC_OP_TRUNC || oracle_get(graph->ring, in[0], i) > 0);
        cr_assert(g == e || rounded,
                  "%s, ring %d, batch %u: element %zu is %lld not %lld", n->name, graph->ring,
                  both->batch, i, (long long)g, (long long)e);
    }
    for (uint32_t i = 0; i < n->inputs; i++)
        free(in[i]);
    free(in);
    free(expected);
    free(got);
}

/* Two inferences on inputs below `limit` (0: of the whole ring), everything checked. */
static void check_methods(two_party *both, sonic_methods methods, int64_t limit)
{
    two_party_use(both, methods, 2);
    const sonic_graph *graph = &both->model.graph;
    size_t in = two_party_elements(both, 0), out = two_party_elements(both, graph->nodes - 1);
    size_t element = graph->ring / 8;
    uint64_t state = 3;
    uint8_t *x = malloc(2 * in * element), *y = malloc(2 * out * element);
    cr_assert(x && y);
    build_draw_elements(graph->ring, x, 2 * in, limit, &state);
    sonic_status status = two_party_run(both, 2, x, y);
    cr_assert_eq(status, SONIC_OK, "%s / %s", both->server[0].error.text,
                 both->server[1].error.text);

    void *given = two_party_tensor(both, 0), *result = two_party_tensor(both, graph->nodes - 1);
    cr_assert_arr_eq(given, x + in * element, in * element);
    cr_assert_arr_eq(result, y + out * element, out * element);
    for (uint32_t node = 1; node < graph->nodes; node++)
        expect_node(both, node);
    expect_traffic(both, 2);
    cr_assert(both->server[0].next == 2 && both->server[1].next == 2);
    free(given);
    free(result);
    free(x);
    free(y);
}

/* Whether servers make the material of a model in next to no time. */
static bool is_small(const two_party *both, sonic_methods methods)
{
    enum { BYTES = 8 << 20 };
    sonic_plan plan;
    sonic_error error;
    cr_assert_eq(sonic_plan_make(&plan, &both->model.graph, both->batch, methods, &error), SONIC_OK,
                 "%s", error.text);
    const bool small = plan.setup_bytes + plan.prepare_bytes < BYTES;
    sonic_plan_free(&plan);
    return small;
}

/* A model with all ways of comparing, and where that is not too much for a test, without a dealer
 * by the sources first .. last; with garbled circuits by the first, for only linear layers set
 * up differ by source there, as they do with the adder. */
static void check_sources(sonic_model *model, uint32_t batch, int64_t limit, size_t buffer,
                          sonic_source first, sonic_source last)
{
    two_party both;
    two_party_create(&both, model, batch, 2, 1);
    both.buffer = buffer;
    for (unsigned relu = 0; relu < SONIC_RELUS; relu++)
        check_methods(&both, (sonic_methods){(sonic_relu)relu, SONIC_SOURCE_DEALER}, limit);
    both.buffer *= 64; /* for megabytes: threads that take turns take tens of microseconds each */
    for (unsigned source = first; source <= last; source++)
        for (unsigned relu = 0; relu < SONIC_RELUS; relu++) {
            const sonic_methods methods = {(sonic_relu)relu, (sonic_source)source};
            const bool repeats = relu == SONIC_RELU_GC && source > first;
            if (sonic_methods_fit(methods) && !repeats && is_small(&both, methods))
                check_methods(&both, methods, limit);
        }
    two_party_free(&both);
}

/* By one source, another one each time. */
static void check_model(sonic_model *model, uint32_t batch, int64_t limit, size_t buffer)
{
    static unsigned turn;
    const sonic_source source =
        (sonic_source)(SONIC_SOURCE_OT1 + turn++ % (SONIC_SOURCES - SONIC_SOURCE_OT1));
    check_sources(model, batch, limit, buffer, source, source);
}

/* input -> one node, and, so that the input is needed again, input + 2 input. */
static sonic_node *single(sonic_model *model, sonic_ring ring, sonic_truncation truncation,
                          sonic_op op, uint32_t c, uint32_t h, uint32_t w)
{
    build_begin(model, ring, truncation, (sonic_shape){3, {c, h, w}});
    return build_add(model, op, "tested", 1, 0);
}

Test(layer, convolutions)
{
    static const struct {
        uint32_t c, h, w, o, groups;
        sonic_window window;
    } cases[] = {
        {1, 1, 1, 1, 1, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}},
        {3, 8, 7, 5, 1, {3, 3, 1, 1, 1, 1, 1, 1, 1, 1}},
        {4, 9, 6, 6, 2, {3, 2, 2, 1, 1, 2, 2, 1, 0, 1}},
        {6, 5, 5, 6, 6, {3, 3, 1, 2, 1, 1, 1, 0, 1, 2}},
        {2, 11, 3, 3, 1, {5, 1, 3, 1, 2, 1, 0, 0, 3, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int r = 0; r < 2; r++)
            for (int b = 0; b < 3; b++) {
                uint64_t state = i;
                sonic_model model;
                sonic_node *n = single(&model, rings[r], SONIC_TRUNC_STOCHASTIC, SONIC_OP_CONV,
                                       cases[i].c, cases[i].h, cases[i].w);
                n->shape.dim[0] = cases[i].o;
                n->groups = cases[i].groups;
                n->window = cases[i].window;
                build_finish(&model, &state, INT32_MAX);
                check_model(&model, batches[b], 0, 1 << 16);
            }
}

Test(layer, fully_connected_layers_larger_than_a_group_and_a_block)
{
    for (int r = 0; r < 2; r++) {
        uint64_t state = 5;
        sonic_model model;
        build_begin(&model, rings[r], SONIC_TRUNC_LOCAL, (sonic_shape){1, {4099}});
        build_add(&model, SONIC_OP_CONV, "wide", 1, 0)->shape.dim[0] = 33;
        build_finish(&model, &state, 1000);
        build_add(&model, SONIC_OP_CONV, "narrow", 1, 1)->shape.dim[0] = 3;
        build_finish(&model, &state, 1000);
        /* 4099 elements an image: no whole number of AES blocks, and more than a group's 4 MiB */
        check_model(&model, r ? 130 : 259, 0, 1 << 12);
    }
}

/* The same tensor opened by two layers and used by a third. */
Test(layer, an_opened_tensor_is_used_again)
{
    for (int r = 0; r < 2; r++) {
        uint64_t state = 6;
        sonic_model model;
        build_begin(&model, rings[r], SONIC_TRUNC_STOCHASTIC, (sonic_shape){3, {2, 130, 67}});
        sonic_node *n = build_add(&model, SONIC_OP_CONV, "left", 1, 0);
        n->shape.dim[0] = 2;
        n->window = (sonic_window){3, 3, 1, 1, 1, 1, 1, 1, 1, 1};
        build_finish(&model, &state, 100);
        build_add(&model, SONIC_OP_CONV, "right", 1, 0)->shape.dim[0] = 2;
        build_finish(&model, &state, 100);
        build_add(&model, SONIC_OP_ADD, "sum", 2, 1, 2);
        build_finish(&model, &state, 0);
        n = build_add(&model, SONIC_OP_ADD, "again", 2, 0, 3);
        n->factor[0] = -3;
        n->factor[1] = 7;
        build_finish(&model, &state, 0);
        check_model(&model, 2, 1000, 1 << 16);
    }
}

Test(layer, relu_on_every_shift_and_truncation)
{
    for (int r = 0; r < 2; r++)
        for (int t = 0; t < 2; t++)
            for (uint32_t shift = 0; shift <= rings[r] / 2u; shift += rings[r] / 4u - 1) {
                uint64_t state = shift;
                sonic_truncation truncation = t ? SONIC_TRUNC_LOCAL : SONIC_TRUNC_STOCHASTIC;
                int64_t limit = (int64_t)1 << (t && shift ? rings[r] / 2 - 6 : rings[r] - 2);
                sonic_model model;
                single(&model, rings[r], truncation, SONIC_OP_RELU, 3, 5, 7)->shift = shift;
                build_finish(&model, &state, 0);
                check_model(&model, 2, shift == 0 ? 0 : limit, 1 << 16);
            }
    uint64_t state = 0; /* more than a block, and not whole bytes of bits */
    sonic_model model;
    single(&model, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, SONIC_OP_RELU, 1, 83, 99)->shift = 9;
    build_finish(&model, &state, 0);
    check_model(&model, 1, 1 << 30, 1 << 16);
}

Test(layer, truncations)
{
    for (int r = 0; r < 2; r++)
        for (int t = 0; t < 2; t++)
            for (int b = 0; b < 3; b++) {
                uint64_t state = 7;
                sonic_model model;
                int64_t limit = (int64_t)1 << (t ? rings[r] / 2 - 6 : rings[r] - 2);
                single(&model, rings[r], t ? SONIC_TRUNC_LOCAL : SONIC_TRUNC_STOCHASTIC,
                       SONIC_OP_TRUNC, 5, 41, 20)
                    ->shift = b ? rings[r] / 2u : 1;
                build_finish(&model, &state, 0);
                check_model(&model, batches[b], limit, 1 << 16);
            }
}

Test(layer, max_pools)
{
    static const struct {
        uint32_t c, h, w;
        sonic_window window;
    } cases[] = {
        {2, 6, 6, {2, 2, 2, 2, 1, 1, 0, 0, 0, 0}},
        {1, 7, 7, {3, 3, 2, 2, 1, 1, 1, 1, 1, 1}}, /* 4, 6 and 9 candidates */
        {2, 5, 4, {3, 3, 1, 1, 1, 1, 1, 1, 1, 1}},
        {3, 4, 4, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}}, /* nothing to compare */
        {1, 9, 8, {3, 2, 2, 1, 2, 3, 2, 1, 1, 2}},
        {1, 5, 7, {5, 7, 1, 1, 1, 1, 0, 0, 0, 0}}, /* 35 candidates */
        {1, 2, 1, {2, 1, 1, 1, 1, 1, 1, 0, 1, 0}}, /* 1, 2 and 1 */
        {1, 12, 12, {11, 5, 1, 7, 1, 1, 5, 2, 5, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int r = 0; r < 2; r++) {
            uint64_t state = i;
            sonic_model model;
            single(&model, rings[r], SONIC_TRUNC_STOCHASTIC, SONIC_OP_MAX_POOL, cases[i].c,
                   cases[i].h, cases[i].w)
                ->window = cases[i].window;
            build_finish(&model, &state, 0);
            check_model(&model, batches[i % 3], (int64_t)1 << (rings[r] - 2), 1 << 16);
        }
}

/* Every operation once, over a channel that holds next to nothing. */
Test(layer, a_graph_of_all_operations)
{
    for (int r = 0; r < 2; r++)
        for (int t = 0; t < 2; t++) {
            uint64_t state = 8;
            sonic_model model;
            build_begin(&model, rings[r], t ? SONIC_TRUNC_LOCAL : SONIC_TRUNC_STOCHASTIC,
                        (sonic_shape){3, {4, 9, 8}});
            sonic_node *n = build_add(&model, SONIC_OP_CONV, "conv", 1, 0);
            n->shape.dim[0] = 6;
            n->groups = 2;
            n->window = (sonic_window){3, 2, 2, 1, 1, 2, 1, 0, 1, 1};
            build_finish(&model, &state, 3);
            n = build_add(&model, SONIC_OP_MAX_POOL, "max", 1, 1);
            n->window = (sonic_window){2, 2, 1, 1, 1, 1, 0, 0, 0, 0};
            build_finish(&model, &state, 0);
            build_add(&model, SONIC_OP_RELU, "relu", 1, 2)->shift = 1;
            build_finish(&model, &state, 0);
            build_add(&model, SONIC_OP_SCALE, "scale", 1, 3)->factor[0] = 3;
            build_finish(&model, &state, 0);
            build_add(&model, SONIC_OP_ADD, "add", 2, 3, 4)->factor[1] = -2;
            build_finish(&model, &state, 0);
            build_add(&model, SONIC_OP_CONCAT, "concat", 3, 5, 4, 5);
            build_finish(&model, &state, 0);
            build_add(&model, SONIC_OP_BIAS, "bias", 1, 6);
            build_finish(&model, &state, 9);
            build_add(&model, SONIC_OP_TRUNC, "trunc", 1, 7)->shift = 2;
            build_finish(&model, &state, 0);
            n = build_add(&model, SONIC_OP_PAD, "pad", 1, 8);
            n->window.pad_top = 1;
            n->window.pad_right = 2;
            build_finish(&model, &state, 0);
            n = build_add(&model, SONIC_OP_AVG_POOL, "avg", 1, 9);
            n->window = (sonic_window){3, 3, 2, 2, 1, 1, 1, 1, 1, 1};
            n->exclude_pad = true;
            build_finish(&model, &state, 0);
            n = build_add(&model, SONIC_OP_PERMUTE, "permute", 1, 10);
            n->perm[0] = 1;
            n->perm[1] = 2;
            build_finish(&model, &state, 0);
            n = build_add(&model, SONIC_OP_RESHAPE, "reshape", 1, 11);
            n->shape = (sonic_shape){1, {216}};
            build_finish(&model, &state, 0);
            build_add(&model, SONIC_OP_CONV, "unused", 1, 12)->shape.dim[0] = 2;
            build_finish(&model, &state, 3);
            build_add(&model, SONIC_OP_CONV, "fc", 1, 12)->shape.dim[0] = 10;
            build_finish(&model, &state, 3);
            const bool all = r == 0 && t == 0 && !getenv("SANITIZED");
            check_sources(&model, 2, t ? 20 : 100, r ? 5 : 31,
                          all ? SONIC_SOURCE_OT1 : SONIC_SOURCE_OT4,
                          all ? SONIC_SOURCE_OT8 : SONIC_SOURCE_OT4);
        }
}
