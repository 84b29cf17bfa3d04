/* What `sonicnn compare` makes of measurements, and whether it notices results that differ. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tools/compare.h"

static void near(double x, double expected, const char *what)
{
    cr_assert(fabs(x - expected) <= 1e-12 * fabs(expected), "%s: %.17g, not %.17g", what, x,
              expected);
}

/* On a link where a round takes 500 ms and 125 bytes take 1 ms. */
Test(compare, adds_up_phases)
{
    sonic_node node[4] = {{.op = SONIC_OP_INPUT},
                          {.op = SONIC_OP_CONV},
                          {.op = SONIC_OP_RELU},
                          {.op = SONIC_OP_MAX_POOL}};
    uint64_t dealt[4] = {0, 1000, 1500, 0};
    sonic_perf_cost prepare[4] = {{.seconds = {1, 2}},
                                  {.seconds = {3, 1}},
                                  {.seconds = {5, 4}, .bytes = 250000, .rounds = 5}};
    sonic_perf_cost online[4] = {{.seconds = {0, 0}},
                                 {.seconds = {2, 1}, .bytes = 12500, .rounds = 1},
                                 {.seconds = {1, 4}, .bytes = 125000, .rounds = 8},
                                 {.seconds = {3, 2}, .bytes = 1250, .rounds = 3}};
    sonic_perf_result result = {.graph = {.nodes = 4, .node = node},
                                .deal = 7,
                                .dealt_bytes = 2500,
                                .setup = {.seconds = {8, 9}, .bytes = 125, .rounds = 2},
                                .dealt = dealt,
                                .prepare = prepare,
                                .online = online};
    sonic_perf_link link = {.rtt_ms = 1000, .mbps = 1};
    /* bytes, rounds, seconds, on the link */
    static const double expected[SONIC_WAY_PHASES][4] = {
        {250, 2, 9, 9 + 1 + 0.001},
        {2500, 0, 7, 7 + 0.02},
        {500000, 5, 2 + 3 + 5, 10 + 2.5 + 2},
        {277500, 12, 2 + 4 + 3, 9 + 6 + 1.11},
        {780000, 17, 7 + 10 + 9, 7.02 + 14.5 + 16.11},
    };
    sonic_way_cost cost[SONIC_WAY_PHASES];
    sonic_way_costs(cost, &result, &link);
    for (unsigned p = 0; p < SONIC_WAY_PHASES; p++) {
        const char *name = sonic_way_phase_name((sonic_way_phase)p);
        near(cost[p].bytes, expected[p][0], name);
        near(cost[p].rounds, expected[p][1], name);
        near(cost[p].seconds, expected[p][2], name);
        near(cost[p].on_link, expected[p][3], name);
    }
    sonic_way_cost comparing = sonic_way_comparing(&result, &link);
    near(comparing.bytes, 252500, "comparing, bytes");
    near(comparing.rounds, 11, "comparing, rounds");
    near(comparing.seconds, 7, "comparing, seconds");
    near(comparing.on_link, 7 + 5.5 + 1.01, "comparing, on the link");
}

/* A ReLU of 5 values, and a max-pool of 3 windows of 4 candidates, which makes two levels. */
Test(compare, counts_what_the_paper_would_send)
{
    uint32_t input[3] = {0, 1, 2};
    sonic_node node[3] = {
        {.op = SONIC_OP_INPUT, .shape = {3, {3, 2, 2}}},
        {.op = SONIC_OP_MAX_POOL,
         .inputs = 1,
         .input = &input[0],
         .shape = {3, {3, 1, 1}},
         .window =
             {.kh = 2, .kw = 2, .stride_h = 2, .stride_w = 2, .dilation_h = 1, .dilation_w = 1}},
        {.op = SONIC_OP_RELU, .inputs = 1, .input = &input[1], .shape = {1, {5}}}};
    sonic_ways ways = {.batch = 7,
                       .way = {{.graph = {.ring = SONIC_RING_64, .nodes = 3, .node = node}}}};
    sonic_paper_cost paper = sonic_ways_paper(&ways);
    cr_assert_eq(paper.values, 7 * (5 + 3 * 3));
    cr_assert_eq(paper.calls, 3);
    near(paper.bytes, 7 * 14 * 158, "1264 bits a value");
    cr_assert_eq(paper.rounds, 3 * 8);
    ways.way[0].graph.ring = SONIC_RING_32;
    paper = sonic_ways_paper(&ways);
    near(paper.bytes, 7 * 14 * 78, "624 bits a value");
    cr_assert_eq(paper.rounds, 3 * 7);
}

enum { IMAGES = 3, CLASSES = 4 };

/* Three images of four classes, the same by every way but the last, whose results are `other`. */
static sonic_status check(sonic_ways_results *results, sonic_ring ring, void *data, void *other,
                          double error, sonic_error *reason)
{
    sonic_node node = {.shape = {1, {CLASSES}}, .unit = 0.5, .error = error};
    sonic_ways ways = {.model = "net.onnx", .batch = IMAGES};
    for (unsigned r = 0; r < SONIC_RELUS; r++)
        ways.way[r] = (sonic_perf_result){.graph = {.ring = ring, .nodes = 1, .node = &node},
                                          .output = r + 1 < SONIC_RELUS ? data : other};
    return sonic_ways_check(results, &ways, reason);
}

Test(compare, finds_how_far_results_are_apart)
{
    int64_t data[IMAGES * CLASSES] = {1, 9, 3, -7, -1, -2, -3, -4, 0, 5, 5, 6},
                          other[IMAGES * CLASSES];
    int32_t data32[IMAGES * CLASSES] = {1, 9, 0, -7}, other32[IMAGES * CLASSES] = {2, 9, -1, -8};
    sonic_ways_results results;
    sonic_error error = {0};
    memcpy(other, data, sizeof data);
    cr_assert_eq(check(&results, SONIC_RING_64, data, other, 0, &error), SONIC_OK);
    cr_assert_eq(results.same, IMAGES);
    cr_assert_eq(results.apart, 0);

    /* Zero is crossed, and the last image's class becomes another; either way may be off by 2. */
    other[4] = 3;
    other[10] = 9;
    cr_assert_eq(check(&results, SONIC_RING_64, data, other, 2, &error), SONIC_OK);
    cr_assert_eq(results.same, IMAGES - 1);
    near(results.apart, 4 * 0.5, "apart");
    near(results.proven, 4 * 0.5, "proven");
    cr_assert_eq(check(&results, SONIC_RING_64, data, other, 1.9, &error), SONIC_E_RANGE);
    cr_assert(strstr(error.text, "net.onnx"), "%s", error.text);
    cr_assert_eq(check(&results, SONIC_RING_64, other, data, 1.9, &error), SONIC_E_RANGE);

    other[IMAGES * CLASSES - 1] = INT64_MIN;
    cr_assert_eq(check(&results, SONIC_RING_64, data, other, 1e9, &error), SONIC_E_RANGE);

    cr_assert_eq(check(&results, SONIC_RING_32, data32, other32, 1, &error), SONIC_OK);
    near(results.apart, 0.5, "apart, 32 bits");
    cr_assert_eq(results.same, IMAGES);
}
