/* The plan's closed forms against formulas and simulations written out here. */
#include <criterion/criterion.h>

#include <string.h>

#include "proto/offline/ppa_plan.h"
#include "tests/dealt.h"

static const sonic_ring rings[2] = {SONIC_RING_32, SONIC_RING_64};
static const sonic_methods ppa = {SONIC_RELU_PPA, SONIC_SOURCE_DEALER};
static const sonic_methods gc = {SONIC_RELU_GC, SONIC_SOURCE_DEALER};

/* Bits that n activations take in one direction and in the corrections, rounded up to bytes for
 * each block of 4096 in each round. */
static void relu_bytes(unsigned l, uint64_t n, bool stochastic, uint64_t *online, uint64_t *offline)
{
    *online = *offline = 0;
    for (uint64_t start = 0; start < n; start += 4096) {
        uint64_t rows = n - start < 4096 ? n - start : 4096;
        *online += ((l - 1) * rows + 7) / 8 + (3 * (l / 2 - 1) * rows + 7) / 8;
        *offline += ((l - 1) * rows + 7) / 8 + 2 * (((l / 2 - 1) * rows + 7) / 8);
        for (uint64_t pairs = l / 4; pairs >= 1; pairs /= 2) {
            *online += ((3 * pairs - 1) * rows + 7) / 8;
            *offline += (pairs * rows + 7) / 8 + ((pairs - 1) * rows + 7) / 8;
        }
        *online += rows * l / 8 + (rows + 7) / 8;
        *offline += rows * l / 8 * (stochastic ? 4 : 2);
    }
}

static void make(sonic_plan *plan, const sonic_graph *graph, uint32_t batch)
{
    sonic_error error;
    cr_assert_eq(sonic_plan_make(plan, graph, batch, ppa, &error), SONIC_OK, "%s", error.text);
}

static void expect_step(const sonic_plan *plan, uint32_t node, uint64_t setup, uint64_t offline,
                        uint64_t online, uint64_t rounds)
{
    const sonic_step *step = &plan->step[node];
    cr_assert_eq(step->setup_bytes, setup, "node %u", node);
    cr_assert_eq(step->offline_bytes, offline, "node %u: %llu, not %llu", node,
                 (unsigned long long)step->offline_bytes, (unsigned long long)offline);
    cr_assert_eq(step->online_bytes, online, "node %u: %llu, not %llu", node,
                 (unsigned long long)step->online_bytes, (unsigned long long)online);
    cr_assert_eq(step->online_rounds, rounds, "node %u", node);
}

static void check_sums(const sonic_plan *plan)
{
    uint64_t offset = 0, setup = 0, prepare = 0, spill = 0, online = 0, rounds = 0, earlier = 0;
    for (uint32_t i = 0; i < plan->nodes; i++) {
        cr_assert_eq(plan->step[i].offset, offset);
        cr_assert_eq(plan->step[i].spill_at, spill);
        prepare += plan->step[i].prepare_bytes;
        earlier += plan->step[i].prepare_rounds;
        spill += plan->step[i].spill_bytes;
        offset += plan->step[i].offline_bytes;
        setup += plan->step[i].setup_bytes;
        online += plan->step[i].online_bytes;
        rounds += plan->step[i].online_rounds;
    }
    cr_assert_eq(plan->slot_bytes, offset);
    cr_assert_eq(plan->setup_bytes, setup);
    cr_assert_eq(plan->prepare_bytes, prepare);
    cr_assert_eq(plan->prepare_rounds, earlier);
    cr_assert_eq(plan->spill_bytes, spill);
    cr_assert_eq(plan->online_bytes, online);
    cr_assert_eq(plan->online_rounds, rounds);
}

Test(plan, every_operation_costs_its_closed_form)
{
    static const uint32_t batches[] = {1, 3, 100};
    for (unsigned k = 0; k < 12; k++) {
        sonic_ring ring = rings[k & 1];
        sonic_truncation truncation = k & 2 ? SONIC_TRUNC_LOCAL : SONIC_TRUNC_STOCHASTIC;
        uint32_t batch = batches[k / 4];
        bool stochastic = truncation == SONIC_TRUNC_STOCHASTIC;
        uint64_t online, offline, b = (uint64_t)ring / 8;
        sonic_graph graph;
        sonic_plan plan;
        test_graph_begin(&graph, ring, truncation, 4, 13, 11);
        sonic_node *node = test_graph_append(&graph, SONIC_OP_CONV, 0);
        node->shape.dim[0] = 6;
        node->groups = 2;
        node->window = (sonic_window){3, 2, 2, 1, 1, 2, 1, 0, 1, 1};
        test_graph_shape(&graph); /* 6 x 7 x 10 */
        test_graph_append(&graph, SONIC_OP_RELU, 1)->shift = 8;
        test_graph_append(&graph, SONIC_OP_RELU, 2);
        test_graph_append(&graph, SONIC_OP_TRUNC, 3)->shift = 5;
        test_graph_append(&graph, SONIC_OP_BIAS, 4);
        test_graph_append(&graph, SONIC_OP_SCALE, 5)->factor[0] = 3;
        node = test_graph_append(&graph, SONIC_OP_RESHAPE, 6);
        node->shape = (sonic_shape){.rank = 1, .dim = {420}};
        test_graph_append(&graph, SONIC_OP_CONV, 7)->shape = (sonic_shape){.rank = 1, .dim = {10}};
        test_graph_shape(&graph);
        make(&plan, &graph, batch);

        cr_assert_eq(plan.nodes, 9);
        cr_assert_eq(plan.batch, batch);
        expect_step(&plan, 0, 0, 0, 0, 0);
        expect_step(&plan, 1, 6 * 2 * 3 * 2 * b, 6 * 7 * 10 * b * batch, 4 * 13 * 11 * b * batch,
                    1);
        relu_bytes(ring, 420 * (uint64_t)batch, stochastic, &online, &offline);
        expect_step(&plan, 2, 0, offline, online, ring == SONIC_RING_64 ? 8 : 7);
        relu_bytes(ring, 420 * (uint64_t)batch, false, &online, &offline);
        expect_step(&plan, 3, 0, offline, online, ring == SONIC_RING_64 ? 8 : 7);
        expect_step(&plan, 4, 0, stochastic ? 2 * 420 * b * batch : 0,
                    stochastic ? 420 * b * batch : 0, stochastic ? 1 : 0);
        expect_step(&plan, 5, 0, 0, 0, 0);
        expect_step(&plan, 6, 0, 0, 0, 0);
        expect_step(&plan, 7, 0, 0, 0, 0);
        expect_step(&plan, 8, 4200 * b, 10 * b * batch, 420 * b * batch, 1);
        check_sums(&plan);
        /* The linear layers alone are prepared, each server by itself. */
        cr_assert_eq(plan.prepare_bytes, 0);
        cr_assert_eq(plan.step[1].spill_bytes, 420 * b * batch);
        cr_assert_eq(plan.spill_bytes, (420 + 10) * b * batch);
        cr_assert_eq(plan.setup_rounds, 1);
        sonic_plan_free(&plan);
        cr_assert_null(plan.step);
        sonic_graph_free(&graph);
    }
}

Test(plan, a_relu_is_within_the_budget)
{
    for (unsigned r = 0; r < 2; r++) {
        unsigned l = (unsigned)rings[r], log = l == 64 ? 6 : 5;
        for (uint64_t n = 0; n < 20000; n = n % 8 ? (n | 7) + 1 : n * 5 / 3 + 1) {
            uint64_t online, offline;
            sonic_ppa_cost cost = sonic_ppa_cost_of(rings[r], n, 3, SONIC_TRUNC_STOCHASTIC);
            relu_bytes(l, n, true, &online, &offline);
            cr_assert_eq(cost.online_bytes, online);
            cr_assert_eq(cost.offline_bytes, offline);
            cr_assert_eq(cost.online_rounds, n == 0 ? 0 : log + 2);
            if (n % 8 == 0) {
                cr_assert_eq(2 * 8 * cost.online_bytes, n * (10 * l - 10 - 2 * log));
                cr_assert_eq(8 * cost.offline_bytes, n * (7 * l - 4 - log));
            }
            if (n >= 8)
                cr_assert_leq(2 * 8 * cost.online_bytes, n * 10 * l);
            cost = sonic_ppa_cost_of(rings[r], n, 3, SONIC_TRUNC_LOCAL);
            relu_bytes(l, n, false, &online, &offline);
            cr_assert_eq(cost.online_bytes, online);
            cr_assert_eq(cost.offline_bytes, offline);
            if (n % 8 == 0)
                cr_assert_eq(8 * cost.offline_bytes, n * (5 * l - 4 - log));
        }
    }
}

/* Candidates of every window counted one by one, then a knock-out tournament played. */
static uint64_t simulate_level(const sonic_node *node, const sonic_shape *in, uint32_t batch,
                               uint32_t level)
{
    const sonic_window *w = &node->window;
    uint64_t pairs = 0;
    for (uint32_t y = 0; y < node->shape.dim[1]; y++) {
        for (uint32_t x = 0; x < node->shape.dim[2]; x++) {
            uint32_t candidates = 0;
            for (uint32_t i = 0; i < w->kh; i++) {
                for (uint32_t j = 0; j < w->kw; j++) {
                    int64_t row =
                        (int64_t)y * w->stride_h + (int64_t)i * w->dilation_h - w->pad_top;
                    int64_t column =
                        (int64_t)x * w->stride_w + (int64_t)j * w->dilation_w - w->pad_left;
                    candidates +=
                        row >= 0 && row < in->dim[1] && column >= 0 && column < in->dim[2];
                }
            }
            for (uint32_t round = 0; round < level; round++) {
                uint32_t winners = 0;
                for (uint32_t c = 0; c < candidates; c += 2)
                    winners++;
                candidates = winners;
            }
            pairs += candidates / 2;
        }
    }
    return pairs * node->shape.dim[0] * batch;
}

Test(plan, max_pools_compare_candidates_only)
{
    static const struct {
        uint32_t c, h, w;
        sonic_window window;
    } pools[] = {
        {1, 8, 8, {2, 2, 2, 2, 1, 1, 0, 0, 0, 0}},     {3, 7, 9, {3, 3, 2, 2, 1, 1, 1, 1, 1, 1}},
        {2, 5, 5, {5, 5, 1, 1, 1, 1, 2, 2, 2, 2}},     {2, 12, 10, {3, 2, 1, 3, 2, 3, 2, 1, 0, 2}},
        {1, 6, 6, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}},     {4, 9, 3, {2, 3, 3, 1, 4, 1, 3, 2, 1, 0}},
        {1, 17, 17, {17, 17, 1, 1, 1, 1, 0, 0, 0, 0}}, {1, 4, 30, {4, 7, 1, 2, 1, 4, 3, 5, 3, 9}},
    };
    for (size_t k = 0; k < sizeof pools / sizeof *pools; k++) {
        for (unsigned r = 0; r < 2; r++) {
            sonic_graph graph;
            sonic_plan plan;
            test_graph_begin(&graph, rings[r], SONIC_TRUNC_STOCHASTIC, pools[k].c, pools[k].h,
                             pools[k].w);
            test_graph_append(&graph, SONIC_OP_MAX_POOL, 0)->window = pools[k].window;
            test_graph_shape(&graph);
            make(&plan, &graph, 5);

            uint64_t offline = 0, online = 0, rounds = 0, comparisons = 0;
            uint32_t most = pools[k].window.kh * pools[k].window.kw, level = 0;
            for (; (1u << level) < 2 * most; level++) {
                uint64_t n = simulate_level(&graph.node[1], &graph.node[0].shape, 5, level);
                cr_assert_eq(sonic_max_pool_level(&graph, 1, 5, level), n, "pool %zu, level %u", k,
                             level);
                uint64_t one_online, one_offline;
                relu_bytes(rings[r], n, false, &one_online, &one_offline);
                offline += one_offline;
                online += one_online;
                rounds += n == 0 ? 0 : rings[r] == SONIC_RING_64 ? 8 : 7;
                comparisons += n;
            }
            cr_assert_eq(sonic_max_pool_level(&graph, 1, 5, level), 0);
            cr_assert_eq(sonic_max_pool_level(&graph, 1, 5, UINT32_MAX), 0);
            expect_step(&plan, 1, 0, offline, online, rounds);
            const sonic_window *w = &pools[k].window;
            if (w->pad_top + w->pad_left + w->pad_bottom + w->pad_right == 0)
                cr_assert_eq(comparisons, (most - 1) * sonic_node_elements(&graph, 1) * 5);
            sonic_plan_free(&plan);
            sonic_graph_free(&graph);
        }
    }
}

/* Either server garbles half of the values: a table of 32 bytes an AND gate, of which a shift saves
 * one a bit, and labels of 16 bytes. */
static void expect_garbled(const sonic_step *step, unsigned l, uint64_t n, unsigned shift,
                           uint64_t calls)
{
    uint64_t half = (n + 1) / 2;
    cr_assert_eq(step->offline_bytes, 0);
    cr_assert_eq(step->prepare_bytes, half * (16 * l + 32 * (3 * (l - 1) - shift) + l / 8));
    cr_assert_eq(step->spill_bytes, step->prepare_bytes);
    cr_assert_eq(step->prepare_rounds, 2 * calls);
    cr_assert_eq(step->online_bytes, half * (l / 8 + 16 * l));
    cr_assert_eq(step->online_rounds, 2 * calls);
}

Test(plan, garbled_circuits_need_no_dealer)
{
    for (unsigned r = 0; r < 2; r++) {
        sonic_graph graph;
        sonic_plan plan;
        sonic_error error;
        uint64_t b = rings[r] / 8;
        test_graph_begin(&graph, rings[r], SONIC_TRUNC_STOCHASTIC, 1, 13, 9);
        test_graph_append(&graph, SONIC_OP_RELU, 0)->shift = 7;
        test_graph_append(&graph, SONIC_OP_MAX_POOL, 1)->window =
            (sonic_window){2, 2, 1, 1, 1, 1, 0, 0, 0, 0};
        test_graph_shape(&graph); /* 12 x 8 */
        test_graph_append(&graph, SONIC_OP_TRUNC, 2)->shift = 5;
        test_graph_append(&graph, SONIC_OP_CONV, 3)->shape.dim[0] = 2;
        test_graph_shape(&graph);
        cr_assert_eq(sonic_plan_make(&plan, &graph, 3, gc, &error), SONIC_OK);
        cr_assert_eq(plan.methods.relu, SONIC_RELU_GC);
        expect_garbled(&plan.step[1], rings[r], 3 * 13 * 9, 7, 1);
        /* Two levels, of two comparisons and of one a window. */
        sonic_step first = plan.step[2];
        first.prepare_bytes = first.prepare_bytes / 3 * 2;
        first.spill_bytes = first.spill_bytes / 3 * 2;
        first.online_bytes = first.online_bytes / 3 * 2;
        expect_garbled(&first, rings[r], 3 * 12 * 8 * 2, 0, 2);
        expect_step(&plan, 3, 0, 2 * 3 * 96 * b, 3 * 96 * b, 1);
        expect_step(&plan, 4, 2 * b, 2 * 3 * 96 * b, 3 * 96 * b, 1);
        cr_assert_eq(plan.step[4].spill_bytes, 2 * 3 * 96 * b);
        /* Seeds, and 128 base transfers as the sender or the receiver. */
        cr_assert_eq(plan.step[0].setup_bytes, 32 + 2 * 32 + 32 + 128 * 64);
        cr_assert_eq(plan.setup_rounds, 1 + 4);
        check_sums(&plan);
        sonic_plan_free(&plan);

        sonic_graph_free(&graph);

        /* Where nothing is compared, nothing is begun. */
        test_graph_begin(&graph, rings[r], SONIC_TRUNC_STOCHASTIC, 5, 0, 0);
        test_graph_append(&graph, SONIC_OP_CONV, 0)->shape = (sonic_shape){.rank = 1, .dim = {4}};
        test_graph_shape(&graph);
        cr_assert_eq(sonic_plan_make(&plan, &graph, 3, gc, &error), SONIC_OK);
        cr_assert_eq(plan.step[0].setup_bytes, 0);
        cr_assert_eq(plan.setup_rounds, 1);
        sonic_plan_free(&plan);
        sonic_graph_free(&graph);
    }
}

Test(plan, what_cannot_be_planned_is_refused)
{
    sonic_graph graph;
    sonic_plan plan;
    sonic_error error;
    test_graph_relu(&graph, SONIC_RING_64, SONIC_TRUNC_STOCHASTIC, 1u << 30, 4);
    cr_assert_eq(sonic_plan_make(&plan, &graph, 0, ppa, &error), SONIC_E_ARGUMENT);
    cr_assert_str_eq(error.text, "a batch must have at least one image");
    cr_assert_eq(sonic_plan_make(&plan, &graph, UINT32_MAX, ppa, &error), SONIC_E_SHAPE);
    cr_assert_str_eq(error.text,
                     "node 0 (input) has too many elements in a batch: more than 2^31");
    cr_assert_null(plan.step);
    cr_assert_eq(sonic_plan_make(&plan, &graph, 3, ppa, &error), SONIC_E_SHAPE);
    cr_assert_eq(sonic_plan_make(&plan, &graph, 2, ppa, &error), SONIC_OK);
    /* Party 0 expands its own masks and as many bits of dealt ones as party 1 has corrections. */
    uint64_t own_bits = 63 + 62 + 62 + 57 + 1 + 64;
    cr_assert_lt((own_bits << 31) / 128 + plan.step[1].offline_bytes / 16, UINT64_C(1) << 34);
    sonic_plan_free(&plan);
    graph.node[1].input[0] = 99; /* a graph that was never validated */
    cr_assert_eq(sonic_plan_make(&plan, &graph, 1, ppa, &error), SONIC_E_FORMAT);
    sonic_graph_free(&graph);

    /* No level of this max-pool has too many elements, but all together do. */
    test_graph_begin(&graph, SONIC_RING_32, SONIC_TRUNC_LOCAL, 1, 16384, 16384);
    test_graph_append(&graph, SONIC_OP_MAX_POOL, 0)->window =
        (sonic_window){3, 3, 1, 1, 1, 1, 0, 0, 0, 0};
    test_graph_shape(&graph);
    cr_assert_leq(sonic_max_pool_level(&graph, 1, 2, 0), UINT64_C(1) << 31);
    cr_assert_eq(sonic_plan_make(&plan, &graph, 1, ppa, &error), SONIC_OK);
    sonic_plan_free(&plan);
    cr_assert_eq(sonic_plan_make(&plan, &graph, 2, ppa, &error), SONIC_E_SHAPE);
    cr_assert(strstr(error.text, "node 1"), "%s", error.text);
    sonic_graph_free(&graph);
}
