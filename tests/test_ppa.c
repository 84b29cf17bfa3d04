/* ReLU on shares: results, traffic to the byte, the wire's hash, failures. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/offline/ppa_plan.h"
#include "tests/random_test.h"
#include "tests/relu_run.h"

/* One direction's bytes, written out from the protocol's description: planes opened in each round,
 * a block of 4096 activations after the other, each rounded up to bytes. */
static uint64_t expected_bytes(unsigned l, size_t n)
{
    uint64_t sum = 0;
    for (size_t start = 0; start < n; start += 4096) {
        size_t rows = n - start < 4096 ? n - start : 4096;
        sum += ((l - 1) * rows + 7) / 8;         /* private bits */
        sum += (3 * (l / 2 - 1) * rows + 7) / 8; /* l - 1 positions to l / 2 blocks */
        for (unsigned pairs = l / 4; pairs >= 1; pairs /= 2)
            sum += ((3 * pairs - 1) * rows + 7) / 8;
        sum += rows * l / 8 + (rows + 7) / 8;
    }
    return sum;
}

/* Deals, runs and checks n elements; outcome may be looked at afterwards. */
static void check_relu(const sonic_context *c0, const sonic_context *c1, sonic_ring ring,
                       sonic_truncation truncation, unsigned shift, size_t n, uint64_t seed,
                       test_outcome *outcome)
{
    char what[128];
    sonic_graph graph;
    test_pools pools;
    uint64_t state = seed;
    snprintf(what, sizeof what, "seed %llu: ring %d, shift %u (%s), n %zu",
             (unsigned long long)seed, (int)ring, shift,
             truncation == SONIC_TRUNC_LOCAL ? "local" : "stochastic", n);
    sonic_test_seed(seed);
    test_graph_relu(&graph, ring, truncation, (uint32_t)n, shift);
    test_pools_deal(&pools, c0, &graph, SONIC_RELU_PPA, 1, 1);

    int64_t *secret = malloc(n * sizeof *secret);
    void *x[2] = {malloc(n * 8 + 8), malloc(n * 8 + 8)};
    unsigned bits = shift == 0 ? (unsigned)ring : truncation == SONIC_TRUNC_LOCAL ? 8 : ring - 2;
    test_relu_inputs(ring, bits, secret, x, n, &state);
    test_relu run = {
        .context = {c0, c1},
        .pools = &pools,
        .ring = ring,
        .call = {.n = n, .shift = shift, .truncation = truncation},
        .x = {x[0], x[1]},
    };
    test_run(outcome, test_relu_party, &run);
    for (unsigned p = 0; p < 2; p++)
        cr_assert_eq(outcome->status[p], SONIC_OK, "%s: %s", what, outcome->error[p].text);
    test_relu_check(&run, secret, what);

    unsigned l = (unsigned)ring, log = ring == SONIC_RING_64 ? 6 : 5;
    for (unsigned p = 0; p < 2; p++) {
        cr_assert_eq(outcome->traffic[p].sent, expected_bytes(l, n), "%s: %llu bytes", what,
                     (unsigned long long)outcome->traffic[p].sent);
        cr_assert_eq(outcome->traffic[p].received, expected_bytes(l, n));
        cr_assert_eq(outcome->traffic[p].rounds, log + 2);
    }
    cr_assert_eq(pools.plan.step[1].online_bytes, expected_bytes(l, n));
    cr_assert_eq(pools.plan.step[1].online_rounds, log + 2);
    if (n % 8 == 0)
        cr_assert_eq(2 * 8 * outcome->traffic[0].sent, n * (10 * l - 10 - 2 * log));
    if (n >= 8)
        cr_assert_leq(2 * 8 * outcome->traffic[0].sent, n * 10 * l);

    for (unsigned p = 0; p < 2; p++)
        free(x[p]);
    free(secret);
    test_pools_free(&pools);
    sonic_graph_free(&graph);
}

static void check_sizes(sonic_ring ring)
{
    static const size_t size[] = {1, 2, 7, 8, 63, 64, 65, 127, 1000, 4095, 4096, 4097, 10007};
    sonic_context *context[SONIC_TIERS];
    size_t tiers = test_contexts(context), at = 0;
    test_outcome outcome = {0};
    for (size_t s = 0; s < sizeof size / sizeof *size; s++) {
        unsigned shift[] = {0, 1, 13, (unsigned)ring / 2};
        for (size_t k = 0; k < 4; k++) {
            for (int truncation = 0; truncation < (k == 0 ? 1 : 2); truncation++, at++)
                check_relu(context[at % tiers], context[at / tiers % tiers], ring,
                           (sonic_truncation)truncation, shift[k], size[s], 1000 + at, &outcome);
        }
    }
    for (size_t t = 0; t < tiers; t++)
        sonic_context_free(context[t]);
}

Test(ppa, relu_of_32_bits)
{
    check_sizes(SONIC_RING_32);
}

Test(ppa, relu_of_64_bits)
{
    check_sizes(SONIC_RING_64);
}

/* Each direction's bytes depend on the seeds and inputs alone.  The constants hold for every
 * compiler; a change of the wire or of the material changes them and must be meant. */
static const struct wire_case {
    sonic_ring ring;
    sonic_truncation truncation;
    unsigned shift;
    size_t n;
    uint64_t hash[2];
} wire_cases[] = {
    {SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, 0, 4099, {0x14ee2500e7757d31, 0xf6177816ffb5296a}},
    {SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, 12, 4160, {0x2bbaf9d73a57e68d, 0x8ac12ca00e7b65c0}},
    {SONIC_RING_64, SONIC_TRUNC_STOCHASTIC, 20, 4097, {0x90d87f987a901812, 0x99129cbe3a9389bc}},
    {SONIC_RING_64, SONIC_TRUNC_LOCAL, 20, 640, {0xafeacc4a9cc20980, 0x8e43764d874a77dd}},
};

Test(ppa, wire_is_the_same_for_all_tiers_and_threads)
{
    sonic_context *context[SONIC_TIERS];
    size_t tiers = test_contexts(context);
    test_outcome outcome = {0};
    for (size_t c = 0; c < sizeof wire_cases / sizeof *wire_cases; c++) {
        const struct wire_case *w = &wire_cases[c];
        for (size_t pair = 0; pair < tiers * tiers; pair += test_next_pair(tiers)) {
            struct sonic_context first = *context[pair / tiers];
            first.threads = 1 + (int)(pair % 3);
            check_relu(&first, context[pair % tiers], w->ring, w->truncation, w->shift, w->n, 77,
                       &outcome);
            for (unsigned p = 0; p < 2; p++)
                cr_assert_eq(outcome.wire[p].hash, w->hash[p],
                             "case %zu, tiers %s and %s: server %u's bytes hash to 0x%016llx", c,
                             sonic_context_tier(context[pair / tiers]),
                             sonic_context_tier(context[pair % tiers]), p,
                             (unsigned long long)outcome.wire[p].hash);
        }
    }
    for (size_t t = 0; t < tiers; t++)
        sonic_context_free(context[t]);
}

/* Calls of one node, as a max-pool's levels make them, each with streams and corrections of its
 * own, in two inferences. */
Test(ppa, calls_of_one_node_and_inferences_follow_each_other)
{
    sonic_context *context[SONIC_TIERS];
    size_t tiers = test_contexts(context);
    sonic_graph graph;
    test_pools pools;
    test_outcome outcome = {0};
    uint64_t state = 5;
    sonic_test_seed(5);
    test_graph_begin(&graph, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, 3, 21, 20);
    sonic_node *pool = test_graph_append(&graph, SONIC_OP_MAX_POOL, 0);
    pool->window = (sonic_window){3, 3, 1, 1, 1, 1, 1, 1, 0, 0};
    test_graph_shape(&graph);
    test_pools_deal(&pools, context[tiers - 1], &graph, SONIC_RELU_PPA, 2, 2);

    for (uint32_t slot = 0; slot < 2; slot++) {
        uint64_t correction = 0;
        uint32_t level = 0;
        for (size_t n; (n = sonic_max_pool_level(&graph, 1, 2, level)) > 0; level++) {
            int64_t *secret = malloc(n * sizeof *secret);
            void *x[2] = {malloc(n * 8), malloc(n * 8)};
            test_relu_inputs(SONIC_RING_32, 32, secret, x, n, &state);
            test_relu run = {
                .context = {context[0], context[tiers - 1]},
                .pools = &pools,
                .ring = SONIC_RING_32,
                .slot = slot,
                .call = {.n = n, .index = level, .correction = correction},
                .x = {x[0], x[1]},
            };
            test_run(&outcome, test_relu_party, &run);
            cr_assert_eq(outcome.status[0], SONIC_OK, "%s", outcome.error[0].text);
            cr_assert_eq(outcome.status[1], SONIC_OK, "%s", outcome.error[1].text);
            test_relu_check(&run, secret, "a max-pool's level");
            correction +=
                sonic_ppa_cost_of(SONIC_RING_32, n, 0, SONIC_TRUNC_STOCHASTIC).offline_bytes;
            free(secret);
            free(x[0]);
            free(x[1]);
        }
        cr_assert_eq(level, 4);
        cr_assert_eq(correction, pools.plan.slot_bytes);
    }
    test_pools_free(&pools);
    sonic_graph_free(&graph);
    for (size_t t = 0; t < tiers; t++)
        sonic_context_free(context[t]);
}

Test(ppa, failures_are_reported_and_leave_nothing)
{
    enum { N = 5000 };
    sonic_context *context[SONIC_TIERS];
    size_t tiers = test_contexts(context);
    sonic_graph graph;
    test_pools pools;
    test_outcome outcome = {0};
    uint32_t *x[2] = {calloc(N, 4), calloc(N, 4)};
    sonic_test_seed(6);
    test_graph_relu(&graph, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, N, 0);
    test_pools_deal(&pools, context[0], &graph, SONIC_RELU_PPA, 1, 1);
    test_relu run = {
        .context = {context[0], context[0]},
        .pools = &pools,
        .ring = SONIC_RING_32,
        .call = {.n = N, .shift = 17},
        .x = {x[0], x[1]},
    };
    test_run(&outcome, test_relu_party, &run); /* 17 bits of 32 */
    for (unsigned p = 0; p < 2; p++) {
        cr_assert_eq(outcome.status[p], SONIC_E_ARGUMENT);
        cr_assert_str_eq(outcome.error[p].text, "a relu cannot drop 17 of 32 bits");
        cr_assert_eq(outcome.traffic[p].sent, 0);
    }

    run.call = (sonic_relu_call){.n = 0};
    test_run(&outcome, test_relu_party, &run);
    cr_assert_eq(outcome.status[0], SONIC_OK);
    cr_assert_eq(outcome.traffic[0].sent, 0);
    cr_assert_eq(outcome.traffic[0].rounds, 0);

    /* Corrections beyond the inference: party 1 cannot go on, party 0 is left alone. */
    run.call = (sonic_relu_call){.n = N, .correction = 100000};
    for (size_t i = 0; i < N; i++)
        x[0][i] = x[1][i] = 0x55555555;
    test_run(&outcome, test_relu_party, &run);
    cr_assert_eq(outcome.status[1], SONIC_E_ARGUMENT);
    for (size_t i = 0; i < N; i++)
        cr_assert_eq(x[1][i], 0);

    for (unsigned quits = 0; quits < 2; quits++) {
        run.call = (sonic_relu_call){.n = N};
        run.quits = quits + 1;
        for (size_t i = 0; i < N; i++)
            x[0][i] = x[1][i] = 0x55555555;
        test_run(&outcome, test_relu_party, &run);
        cr_assert_eq(outcome.status[1 - quits], SONIC_E_CLOSED, "%s",
                     outcome.error[1 - quits].text);
        for (size_t i = 0; i < N; i++)
            cr_assert_eq(x[1 - quits][i], 0);
    }
    free(x[0]);
    free(x[1]);
    test_pools_free(&pools);
    sonic_graph_free(&graph);
    for (size_t t = 0; t < tiers; t++)
        sonic_context_free(context[t]);
}
