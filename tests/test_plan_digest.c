/* What a plan's digest tells apart, and the names of what it tells. */
#include <criterion/criterion.h>

#include <string.h>

#include "tests/dealt.h"

static void make(sonic_plan *plan, const sonic_graph *graph, uint32_t batch, sonic_methods methods)
{
    sonic_error error;
    cr_assert_eq(sonic_plan_make(plan, graph, batch, methods, &error), SONIC_OK, "%s", error.text);
}

static void expect_methods_of(const sonic_plan *plan, const sonic_graph *graph, uint32_t batch,
                              sonic_methods expected)
{
    sonic_methods methods = {SONIC_RELUS + 1, SONIC_SOURCES};
    cr_assert_eq(sonic_plan_methods_of(&methods, plan->digest, graph, batch, NULL), SONIC_OK);
    cr_assert_eq(methods.relu, expected.relu);
    cr_assert(methods.relu == SONIC_RELUS || methods.source == expected.source);
}

Test(plan_digest, the_digest_tells_the_methods)
{
    enum { ALL = (int)SONIC_RELUS * (int)SONIC_SOURCES };
    const sonic_methods none = {.relu = SONIC_RELUS};
    sonic_graph graph;
    sonic_plan plan[ALL] = {0};
    test_graph_relu(&graph, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, 30, 4);
    for (unsigned i = 0; i < ALL; i++) {
        const sonic_methods methods = {(sonic_relu)(i % SONIC_RELUS),
                                       (sonic_source)(i / SONIC_RELUS)};
        if (!sonic_methods_fit(methods))
            continue;
        make(&plan[i], &graph, 7, methods);
        expect_methods_of(&plan[i], &graph, 7, methods);
        expect_methods_of(&plan[i], &graph, 8, none);
    }
    graph.node[1].shift = 5;
    for (unsigned i = 0; i < ALL; i++) {
        if (plan[i].nodes > 0)
            expect_methods_of(&plan[i], &graph, 7, none);
        sonic_plan_free(&plan[i]);
    }
    sonic_graph_free(&graph);
}

Test(plan_digest, relus_have_names)
{
    static const char *const names[SONIC_RELUS] = {"ppa", "gc", "fss"};
    sonic_relu relu;
    sonic_error error;
    for (unsigned r = 0; r < SONIC_RELUS; r++) {
        cr_assert_str_eq(sonic_relu_name((sonic_relu)r), names[r]);
        cr_assert_eq(sonic_relu_parse(&relu, names[r], &error), SONIC_OK);
        cr_assert_eq(relu, r);
    }
    cr_assert_eq(sonic_relu_parse(&relu, "fs", &error), SONIC_E_ARGUMENT);
    cr_assert_str_eq(error.text, "relu takes 'ppa', 'gc' or 'fss', not 'fs'");
}

Test(plan_digest, sources_have_names)
{
    static const char *const names[SONIC_SOURCES] = {"dealer", "ot1", "ot2", "ot4", "ot8"};
    static const unsigned k[SONIC_SOURCES] = {0, 1, 2, 4, 8};
    sonic_source source;
    sonic_error error;
    for (unsigned s = 0; s < SONIC_SOURCES; s++) {
        cr_assert_str_eq(sonic_source_name((sonic_source)s), names[s]);
        cr_assert_eq(sonic_source_parse(&source, names[s], &error), SONIC_OK);
        cr_assert(source == s && sonic_source_k(source) == k[s], "%s", names[s]);
    }
    cr_assert_eq(sonic_source_parse(&source, "ot", &error), SONIC_OK);
    cr_assert_eq(source, SONIC_SOURCE_OT4);
    cr_assert_eq(sonic_source_parse(&source, "ot3", &error), SONIC_E_ARGUMENT);
    cr_assert_str_eq(error.text,
                     "offline takes 'dealer', 'ot', 'ot1', 'ot2', 'ot4' or 'ot8', not 'ot3'");
}

Test(plan_digest, the_digest_is_of_graph_and_batch)
{
    /* As release 0.2.0 made it: its pools are still good. */
    static const uint8_t before[SONIC_DIGEST_BYTES] = {
        0xea, 0xcd, 0xdd, 0x63, 0xcc, 0x45, 0x76, 0x5c, 0x43, 0x1d, 0x6f,
        0x71, 0x65, 0x36, 0xc7, 0x79, 0x40, 0xd0, 0xf6, 0xf9, 0x6b, 0xb5,
        0xfc, 0x1f, 0x32, 0x1f, 0x55, 0x21, 0x24, 0xd3, 0x3d, 0xcd};
    const sonic_methods ppa = {SONIC_RELU_PPA, SONIC_SOURCE_DEALER};
    sonic_graph graph, other;
    sonic_plan a, b;
    test_graph_relu(&graph, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, 30, 4);
    test_graph_relu(&other, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, 30, 4);
    make(&a, &graph, 7, ppa);
    cr_assert_eq(memcmp(a.digest, before, sizeof before), 0);
    make(&b, &other, 7, ppa);
    cr_assert_eq(memcmp(a.digest, b.digest, sizeof a.digest), 0);
    sonic_plan_free(&b);
    make(&b, &other, 8, ppa);
    cr_assert_neq(memcmp(a.digest, b.digest, sizeof a.digest), 0);
    sonic_plan_free(&b);
    other.node[1].shift = 5;
    make(&b, &other, 7, ppa);
    cr_assert_neq(memcmp(a.digest, b.digest, sizeof a.digest), 0);
    cr_assert_eq(a.slot_bytes, b.slot_bytes);
    sonic_plan_free(&a);
    sonic_plan_free(&b);
    sonic_graph_free(&graph);
    sonic_graph_free(&other);
}
