/* The benches' table of layers against the networks themselves, whether their checks notice a wrong
 * result, and whether code for another processor is told. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/competitors/needs.h"
#include "bench/networks.h"
#include "bench/verify.h"
#include "tests/trained.h"

static void totals(bench_network network, uint64_t *madds, uint64_t *weights)
{
    *madds = *weights = 0;
    for (size_t i = 0; i < bench_layers_count; i++) {
        const bench_layer *l = &bench_layers[i];
        size_t oh, ow;
        if (l->op != SONIC_OP_CONV)
            continue;
        const sonic_conv_shape s = bench_layer_conv(l, 1);
        cr_assert_eq(sonic_conv_output(&s, &oh, &ow, NULL), SONIC_OK);
        const uint64_t each = (uint64_t)s.o * (s.c / s.groups) * s.kh * s.kw;
        *weights += l->uses[network] * each;
        *madds += l->uses[network] * each * oh * ow;
    }
}

Test(networks, add_up_to_the_published_sizes)
{
    uint64_t madds, weights;
    totals(BENCH_RESNET50, &madds, &weights);
    cr_expect_eq(madds, 4089184256);
    cr_expect_eq(weights, 25557032 - 1000 - 2 * 26560); /* biases, and batch norms' two vectors */
    totals(BENCH_VGG16, &madds, &weights);
    cr_expect_eq(madds, 15470264320);
    cr_expect_eq(weights, 138357544 - 13416); /* biases */
}

/* Whether an importer's node is a layer of the table. */
static bool is_layer(const sonic_graph *graph, uint32_t i, const bench_layer *l)
{
    const sonic_node *node = &graph->node[i];
    if (node->op != l->op)
        return false;
    const sonic_shape *in = &graph->node[node->input[0]].shape;
    if (node->op == SONIC_OP_CONV) {
        const sonic_conv_shape a = sonic_node_conv(graph, i, 1), b = bench_layer_conv(l, 1);
        return !memcmp(&a, &b, sizeof a);
    }
    if (node->op == SONIC_OP_MAX_POOL || node->op == SONIC_OP_AVG_POOL)
        return in->dim[0] == l->c && in->dim[1] == l->h && in->dim[2] == l->w &&
               node->window.kh == l->k && node->window.stride_h == l->stride &&
               node->window.pad_top == l->pad;
    return sonic_node_elements(graph, i) == l->c;
}

/* Every layer of a trained network is in the table as often as it is in the network. */
static void compare(bench_network network)
{
    const char *name = bench_network_name(network);
    sonic_model model;
    sonic_error error;
    if (!trained_import(&model, name))
        cr_skip("%s.onnx is not here (SONIC_MODELS)", name);
    const sonic_quantise_options o = {.ring = SONIC_RING_64};
    cr_assert_eq(sonic_model_quantise(&model, &o, &error), SONIC_OK, "%s", error.text);
    uint32_t covered = 0, others = 0;
    for (size_t i = 0; i < bench_layers_count; i++) {
        uint32_t uses = 0;
        for (uint32_t n = 1; n < model.graph.nodes; n++)
            uses += is_layer(&model.graph, n, &bench_layers[i]);
        cr_expect_eq(uses, bench_layers[i].uses[network], "%s, layer %zu: %u, not %u", name, i,
                     uses, bench_layers[i].uses[network]);
        covered += uses;
    }
    for (uint32_t n = 0; n < model.graph.nodes; n++)
        others +=
            model.graph.node[n].op == SONIC_OP_INPUT || model.graph.node[n].op == SONIC_OP_RESHAPE;
    cr_expect_eq(covered + others, model.graph.nodes, "%s", name);
    sonic_model_free(&model);
}

Test(networks, of_securenns_first)
{
    compare(BENCH_M1);
}
Test(networks, of_chameleon)
{
    compare(BENCH_M2);
}
Test(networks, of_minionn)
{
    compare(BENCH_M3);
}
Test(networks, of_fashion)
{
    compare(BENCH_F3);
}
Test(networks, of_cifar)
{
    compare(BENCH_C1);
}
Test(networks, of_residuals)
{
    compare(BENCH_R20);
}

Test(networks, have_names_of_their_own)
{
    for (size_t i = 0; i < bench_layers_count; i++)
        for (size_t j = 0; j < i; j++) {
            char a[BENCH_LAYER_NAME], b[BENCH_LAYER_NAME];
            bench_layer_name(&bench_layers[i], a);
            bench_layer_name(&bench_layers[j], b);
            cr_expect_str_neq(a, b);
        }
}

/* 5 x 7 times 7 x 11, and a grouped convolution with everything that a shape can have. */
Test(checks, notice_one_wrong_element)
{
    const sonic_conv_shape s = {2, 4, 6, 5, 6, 3, 2, 2, 1, 1, 2, 1, 0, 2, 1, 2};
    uint64_t a[240], b[240], c[240], y[240];
    size_t oh, ow;
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    cr_assert_eq(sonic_conv_output(&s, &oh, &ow, NULL), SONIC_OK);
    for (size_t i = 0; i < 240; i++) {
        a[i] = i * 0x9e3779b97f4a7c15;
        b[i] = ~i * 0xbf58476d1ce4e5b9;
    }
    cr_assert_eq(
        sonic_ring_matmul(context, SONIC_RING_64, 5, 11, 7, c, 11, a, 7, b, 11, false, NULL),
        SONIC_OK);
    cr_assert_eq(sonic_conv(context, SONIC_RING_64, &s, y, a, b, false, NULL), SONIC_OK);
    cr_expect(bench_check_product(SONIC_RING_64, 5, 11, 7, c, a, b));
    cr_expect(bench_check_conv(SONIC_RING_64, &s, y, a, b));
    for (size_t i = 0; i < 55; i++) {
        c[i] ^= (uint64_t)1 << 63;
        cr_expect_not(bench_check_product(SONIC_RING_64, 5, 11, 7, c, a, b), "element %zu", i);
        c[i] ^= (uint64_t)1 << 63;
    }
    cr_assert_leq(s.n * s.o * oh * ow, 240);
    for (size_t i = 0; i < s.n * s.o * oh * ow; i++) {
        y[i]++;
        cr_expect_not(bench_check_conv(SONIC_RING_64, &s, y, a, b), "element %zu", i);
        y[i]--;
    }
    sonic_context_free(context);
}

/* As -mfma4 defines it. */
#ifndef __FMA4__
#define __FMA4__ 1
#endif

static bench_needs only(const char *macro)
{
#define NAME(macro, leaf, subleaf, word, bits) #macro,
    static const char *const names[] = {BENCH_NEEDS(NAME)};
#undef NAME
    bench_needs one = {{0}};
    for (size_t i = 0; i < BENCH_NEED_COUNT; i++)
        one.has[i] = strcmp(names[i], macro) == 0;
    return one;
}

/* What a file is compiled for is noted, what no compiler is told of is not. */
Test(needs, are_those_of_the_compiler)
{
    const bench_needs here = BENCH_NEEDS_HERE, fma4 = only("__FMA4__"), none = {{0}};
    bool all = true;
    for (size_t i = 0; i < BENCH_NEED_COUNT; i++) {
        cr_expect(!fma4.has[i] || here.has[i]);
        all = all && here.has[i];
    }
    cr_expect_not(all);
    cr_expect_null(bench_needs_missing(&none));
}

#if defined(__x86_64__) && defined(__linux__)
/* Each one alone, against the flags that Linux tells. */
Test(needs, are_those_that_linux_tells)
{
    static const char *const flags[][2] = {
        {"__AVX2__", "avx2"},
        {"__FMA__", "fma"},
        {"__BMI2__", "bmi2"},
        {"__LZCNT__", "abm"},
        {"__FMA4__", "fma4"},
        {"__AVXVNNI__", "avx_vnni"},
        {"__AVX512F__", "avx512f"},
        {"__AVX512VL__", "avx512vl"},
        {"__AVX512VNNI__", "avx512_vnni"},
        {"__AVX512FP16__", "avx512_fp16"},
    };
    char line[16384] = "";
    FILE *file = fopen("/proc/cpuinfo", "r");
    cr_assert(file);
    while (fgets(line, sizeof line, file) && strncmp(line, "flags", 5) != 0)
        continue;
    (void)fclose(file);
    line[strcspn(line, "\n")] = ' ';
    for (size_t f = 0; f < sizeof flags / sizeof *flags; f++) {
        const bench_needs one = only(flags[f][0]);
        char word[32];
        (void)snprintf(word, sizeof word, " %s ", flags[f][1]);
        cr_expect_eq(!bench_needs_missing(&one), strstr(line, word) != NULL, "%s", flags[f][1]);
    }
}
#endif
