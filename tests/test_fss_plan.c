/* What function secret sharing costs, and where its material lies, against formulas written out
 * here. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "proto/offline/fss_plan.h"
#include "tests/dealt.h"

static const sonic_ring rings[2] = {SONIC_RING_32, SONIC_RING_64};
static const sonic_methods fss = {SONIC_RELU_FSS, SONIC_SOURCE_DEALER};

/* Bits of a value's sign key: 128 a level and a leaf, of the l - 1 bits the last 7 in the leaf. */
static uint64_t sign_bits(unsigned l)
{
    return 128 * (l - 1 - 7 + 1);
}

/* Bits of a value's step key: a level has a seed and a pair, a leaf eight pairs or as many as there
 * are places. */
static uint64_t step_bits(unsigned l, unsigned shift)
{
    if (shift == 0)
        return 0;
    return shift < 3 ? (2 * l) << shift : (shift - 3) * (128 + 2 * l) + 8 * 2 * l;
}

static void expect_cost(sonic_fss_kind kind, unsigned l, uint64_t n, unsigned shift)
{
    const bool relu = kind == SONIC_FSS_RELU;
    const sonic_fss_cost cost = sonic_fss_cost_of(kind, (sonic_ring)l, n, shift);
    const uint64_t keys = n * ((relu ? sign_bits(l) : 0) + step_bits(l, shift)) / 8;
    const unsigned arrays = relu && shift > 0 ? 5 : 2;
    cr_assert_eq(cost.common_bytes, keys, "%u bits, shift %u", l, shift);
    cr_assert_eq(cost.offline_bytes, keys + arrays * n * l / 8, "%u bits, shift %u", l, shift);
    cr_assert_eq(cost.online_bytes, n * l / 8 + (relu ? (n + 7) / 8 : 0));
    cr_assert_eq(cost.online_rounds, n == 0 ? 0 : relu ? 2 : 1);
    if (n == 0)
        return;
    const uint64_t bits = 2 * 8 * sonic_fss_cost_of(kind, (sonic_ring)l, 8 * n, shift).online_bytes;
    cr_assert_leq(bits, 8 * n * (2 * l + 2), "both ways");
    if (shift == 0)
        cr_assert_leq(8 * cost.common_bytes, n * (l * (128 + 7) + 129), "bits of a key");
    if (relu) {
        const sonic_relu_cost same =
            sonic_relu_cost_of(fss, (sonic_ring)l, n, shift, SONIC_TRUNC_STOCHASTIC);
        const sonic_relu_cost expected = {.online_bytes = cost.online_bytes,
                                          .online_rounds = cost.online_rounds,
                                          .offline_bytes = cost.offline_bytes,
                                          .common_bytes = cost.common_bytes};
        cr_assert_eq(memcmp(&same, &expected, sizeof same), 0);
    }
}

Test(fss_plan, a_value_costs_its_closed_form)
{
    static const uint64_t sizes[] = {
        0, 1, 7, 8, 16, 1023, 1024, 1025, UINT64_C(1) << 31, (UINT64_C(1) << 48) - 1};
    for (unsigned r = 0; r < 2; r++)
        for (unsigned shift = 0; shift <= (unsigned)rings[r] / 2; shift++)
            for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
                expect_cost(SONIC_FSS_RELU, (unsigned)rings[r], sizes[i], shift);
                if (shift > 0)
                    expect_cost(SONIC_FSS_TRUNC, (unsigned)rings[r], sizes[i], shift);
            }
}

/* The step of a node with calls of n[] values, and where it starts. */
static void expect_step(const sonic_plan *plan, uint32_t node, unsigned l, sonic_fss_kind kind,
                        const uint64_t *n, size_t calls, unsigned shift)
{
    const sonic_step *step = &plan->step[node];
    sonic_step sum = {0};
    for (size_t i = 0; i < calls; i++) {
        const sonic_fss_cost cost = sonic_fss_cost_of(kind, (sonic_ring)l, n[i], shift);
        sum.common_bytes += cost.common_bytes;
        sum.offline_bytes += cost.offline_bytes;
        sum.online_bytes += cost.online_bytes;
        sum.online_rounds += cost.online_rounds;
    }
    cr_assert_eq(step->common_bytes, sum.common_bytes, "node %u", node);
    cr_assert_eq(step->offline_bytes, sum.offline_bytes, "node %u", node);
    cr_assert_eq(step->online_bytes, sum.online_bytes, "node %u", node);
    cr_assert_eq(step->online_rounds, sum.online_rounds, "node %u", node);
    cr_assert_eq(step->common_at + step->common_bytes,
                 node + 1 < plan->nodes ? plan->step[node + 1].common_at : plan->common_bytes);
    cr_assert_eq(step->offset + step->offline_bytes,
                 node + 1 < plan->nodes ? plan->step[node + 1].offset : plan->slot_bytes);
    cr_assert_eq(step->spill_bytes + step->prepare_bytes + step->prepare_rounds, 0);
}

Test(fss_plan, every_node_costs_its_calls)
{
    for (unsigned k = 0; k < 4; k++) {
        const unsigned l = (unsigned)rings[k % 2];
        const sonic_truncation truncation = k / 2 ? SONIC_TRUNC_LOCAL : SONIC_TRUNC_STOCHASTIC;
        sonic_graph graph;
        sonic_plan plan;
        sonic_error error;
        test_graph_material(&graph, (sonic_ring)l, truncation);
        cr_assert_eq(sonic_plan_make(&plan, &graph, 3, fss, &error), SONIC_OK, "%s", error.text);
        cr_assert_eq(plan.step[1].common_bytes, 0, "products are no functions");
        cr_assert_eq(plan.step[2].common_at, 0);
        /* Exact, whatever other ways of comparing do. */
        expect_step(&plan, 2, l, SONIC_FSS_TRUNC, (uint64_t[]){3 * 4960}, 1, 7);
        /* 961 windows in a channel; the last column's have 2 candidates, the others 4. */
        expect_step(&plan, 3, l, SONIC_FSS_RELU, (uint64_t[]){3 * 5 * (930 * 2 + 31), 3 * 5 * 930},
                    2, 0);
        expect_step(&plan, 4, l, SONIC_FSS_RELU, (uint64_t[]){3 * 4805}, 1, 9);
        cr_assert_eq(sonic_plan_pool_bytes(&plan, 0), plan.common_bytes);
        cr_assert_eq(sonic_plan_pool_bytes(&plan, 1), plan.slot_bytes);
        cr_assert_eq(plan.slot_bytes,
                     plan.step[1].offline_bytes + plan.common_bytes +
                         (2 * 4960 + 2 * 5 * (930 * 3 + 31) + 5 * 4805) * 3 * l / 8);
        cr_assert_eq(plan.setup_rounds, 1, "comparing begins with nothing");
        sonic_plan_free(&plan);
        sonic_graph_free(&graph);
    }
}

Test(fss_plan, a_batch_of_the_most_values_keeps_its_keys_apart)
{
    sonic_graph graph;
    sonic_plan plan;
    test_graph_relu(&graph, SONIC_RING_64, SONIC_TRUNC_LOCAL, 1u << 30, 32);
    cr_assert_eq(sonic_plan_make(&plan, &graph, 2, fss, NULL), SONIC_OK);
    /* Party 0 expands its mask, two seeds, a bit, and five arrays. */
    cr_assert_lt(((uint64_t)(64 + 2 * 128 + 1 + 5 * 64) << 31) / 128, UINT64_C(1) << 34);
    cr_assert_eq(plan.common_bytes, (sign_bits(64) + step_bits(64, 32)) << 28);
    sonic_plan_free(&plan);
    sonic_graph_free(&graph);
}

Test(fss_plan, keys_take_a_dealer)
{
    sonic_graph graph;
    sonic_plan plan;
    sonic_error error;
    test_graph_relu(&graph, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, 30, 4);
    for (unsigned r = 0; r < SONIC_RELUS; r++)
        for (unsigned s = 0; s < SONIC_SOURCES; s++)
            cr_assert_eq(sonic_methods_fit((sonic_methods){(sonic_relu)r, (sonic_source)s}),
                         r != SONIC_RELU_FSS || s == SONIC_SOURCE_DEALER);
    const sonic_methods misfit = {SONIC_RELU_FSS, SONIC_SOURCE_OT4};
    cr_assert_eq(sonic_plan_make(&plan, &graph, 7, misfit, &error), SONIC_E_ARGUMENT);
    cr_assert_str_eq(error.text,
                     "relu 'fss' takes keys from a dealer: it does not go with offline 'ot4'");
    cr_assert_null(plan.step);
    sonic_graph_free(&graph);
}
