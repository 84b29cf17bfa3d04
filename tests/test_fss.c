/* ReLU and truncation by function secret sharing: results bit for bit, traffic to the byte, the
 * wire's hash, failures. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/compare/fss.h"
#include "proto/offline/fss_plan.h"
#include "tests/random_test.h"
#include "tests/relu_run.h"

static const sonic_ring rings[] = {SONIC_RING_32, SONIC_RING_64};

/* What a case is of. */
typedef struct fss_case {
    const sonic_context *context[2];
    sonic_ring ring;
    unsigned shift;
    size_t n;
    bool truncates; /* alone */
    uint64_t seed;
} fss_case;

/* A third of the values: powers of two and their neighbours, of either sign, and the lowest that
 * can be truncated. */
static void add_powers(const fss_case *c, int64_t *secret, void *x[2], uint64_t *state)
{
    const unsigned bits = (unsigned)c->ring - 1 - c->truncates;
    for (size_t i = 1; i < c->n; i += 3) {
        const uint64_t power = (uint64_t)1 << i / 9 % bits;
        const int64_t near = (int64_t)(power + i / 3 % 3 - 1);
        secret[i] = test_draw(state) & 1 ? near : -near;
        if (i == 4)
            secret[i] = -((int64_t)1 << (c->ring - 2));
        test_relu_put(c->ring, x[1], i,
                      (uint64_t)secret[i] - (uint64_t)test_relu_get(c->ring, x[0], i));
    }
}

/* A party of test_run() that truncates. */
static sonic_status trunc_party(void *arg, unsigned party, sonic_channel *channel,
                                sonic_error *error)
{
    test_relu *run = arg;
    sonic_material material;
    if (run->quits == party + 1)
        return sonic_channel_send(channel, "hello", 5, error);
    sonic_material_begin(&material, run->context[party], run->pools->pool[party], &run->pools->plan,
                         run->slot, 1);
    sonic_status status =
        sonic_fss_trunc(run->context[party], channel, &material, run->ring, run->call.shift,
                        run->x[party], run->call.n, error);
    sonic_material_end(&material);
    return status;
}

/* Both parties' x are shares of the secrets, rounded down. */
static void expect_truncated(const test_relu *run, const int64_t *secret, const char *what)
{
    for (size_t i = 0; i < run->call.n; i++) {
        const uint64_t sum = (uint64_t)test_relu_get(run->ring, run->x[0], i) +
                             (uint64_t)test_relu_get(run->ring, run->x[1], i);
        const int64_t y = run->ring == SONIC_RING_64 ? (int64_t)sum : (int32_t)(uint32_t)sum;
        cr_assert_eq(y, secret[i] >> run->call.shift, "%s: element %zu: %lld gave %lld", what, i,
                     (long long)secret[i], (long long)y);
    }
}

/* The protocol's description: every value is opened once, and for relu a bit of each. */
static void expect_traffic(const fss_case *c, const test_outcome *outcome, const sonic_step *step,
                           const char *what)
{
    const uint64_t l = (uint64_t)c->ring, bits = c->truncates ? 0 : (c->n + 7) / 8;
    const uint64_t bytes = c->n * l / 8 + bits;
    const uint64_t rounds = c->truncates ? 1 : 2;
    for (unsigned p = 0; p < 2; p++) {
        cr_assert_eq(outcome->traffic[p].sent, bytes, "%s: %llu bytes", what,
                     (unsigned long long)outcome->traffic[p].sent);
        cr_assert_eq(outcome->traffic[p].received, bytes);
        cr_assert_eq(outcome->traffic[p].rounds, rounds);
    }
    cr_assert_eq(step->online_bytes, bytes);
    cr_assert_eq(step->online_rounds, rounds);
    if (c->n % 8 == 0)
        cr_assert_leq(2 * 8 * bytes, c->n * (2 * l + 2), "%s", what);
}

/* Deals, runs and checks; outcome may be looked at afterwards. */
static void check(const fss_case *c, test_outcome *outcome)
{
    char what[128];
    sonic_graph graph;
    test_pools pools;
    uint64_t state = c->seed;
    snprintf(what, sizeof what, "seed %llu: ring %d, %s shift %u, n %zu, tiers %s and %s",
             (unsigned long long)c->seed, (int)c->ring, c->truncates ? "truncation," : "relu,",
             c->shift, c->n, sonic_context_tier(c->context[0]), sonic_context_tier(c->context[1]));
    sonic_test_seed(c->seed);
    test_graph_begin(&graph, c->ring, c->seed % 2 ? SONIC_TRUNC_LOCAL : SONIC_TRUNC_STOCHASTIC,
                     (uint32_t)c->n, 0, 0);
    test_graph_append(&graph, c->truncates ? SONIC_OP_TRUNC : SONIC_OP_RELU, 0)->shift = c->shift;
    test_pools_deal(&pools, c->context[c->seed / 2 % 2], &graph, SONIC_RELU_FSS, 1, 1);

    int64_t *secret = malloc(c->n * sizeof *secret);
    void *x[2] = {malloc(c->n * 8 + 8), malloc(c->n * 8 + 8)};
    const unsigned bits = c->truncates ? (unsigned)c->ring - 2 : (unsigned)c->ring;
    test_relu_inputs(c->ring, bits, secret, x, c->n, &state);
    add_powers(c, secret, x, &state);
    test_relu run = {
        .context = {c->context[0], c->context[1]},
        .relu = SONIC_RELU_FSS,
        .pools = &pools,
        .ring = c->ring,
        .call = {.n = c->n, .shift = c->shift},
        .x = {x[0], x[1]},
    };
    test_run(outcome, c->truncates ? trunc_party : test_relu_party, &run);
    for (unsigned p = 0; p < 2; p++)
        cr_assert_eq(outcome->status[p], SONIC_OK, "%s: %s", what, outcome->error[p].text);
    if (c->truncates)
        expect_truncated(&run, secret, what);
    else
        test_relu_check(&run, secret, what);
    expect_traffic(c, outcome, &pools.plan.step[1], what);

    free(secret);
    free(x[0]);
    free(x[1]);
    test_pools_free(&pools);
    sonic_graph_free(&graph);
}

/* Sizes around blocks, every shift, and one after the other every pair of tiers. */
static void check_sizes(sonic_ring ring, bool truncates)
{
    static const size_t size[] = {1, 7, 8, 9, 63, 64, 65, 127, 128, 129, 1023, 1024, 1025, 2049};
    const unsigned shift[] = {0, 1, 3, 8, (unsigned)ring / 2};
    sonic_context *context[SONIC_TIERS];
    const size_t tiers = test_contexts(context);
    size_t at = 0;
    test_outcome outcome = {0};
    for (size_t k = truncates; k < sizeof shift / sizeof *shift; k++)
        for (size_t s = 0; s < sizeof size / sizeof *size; s++, at++) {
            const fss_case c = {.context = {context[at % tiers], context[at / tiers % tiers]},
                                .ring = ring,
                                .shift = shift[k],
                                .n = size[s],
                                .truncates = truncates,
                                .seed = 1000 + at};
            check(&c, &outcome);
        }
    for (size_t t = 0; t < tiers; t++)
        sonic_context_free(context[t]);
}

Test(fss, relu_of_32_bits)
{
    check_sizes(SONIC_RING_32, false);
}

Test(fss, relu_of_64_bits)
{
    check_sizes(SONIC_RING_64, false);
}

Test(fss, truncation_of_32_bits)
{
    check_sizes(SONIC_RING_32, true);
}

Test(fss, truncation_of_64_bits)
{
    check_sizes(SONIC_RING_64, true);
}

Test(fss, every_shift_and_many_values)
{
    sonic_context *context[SONIC_TIERS];
    const size_t tiers = test_contexts(context);
    sonic_context *const best = context[tiers - 1];
    test_outcome outcome = {0};
    for (size_t r = 0; r < 2; r++)
        for (unsigned shift = 0; shift <= (unsigned)rings[r] / 2; shift++) {
            fss_case c = {.context = {best, best},
                          .ring = rings[r],
                          .shift = shift,
                          .n = shift == 7 ? 100003 : 777,
                          .seed = 300 + shift};
            check(&c, &outcome);
            c.truncates = true;
            c.n = 777;
            if (shift > 0)
                check(&c, &outcome);
        }
    for (size_t t = 0; t < tiers; t++)
        sonic_context_free(context[t]);
}

/* Each direction's bytes depend on the seeds and inputs alone.  The constants hold for every
 * compiler; a change of the wire or of the material changes them and must be meant. */
static const struct wire_case {
    sonic_ring ring;
    bool truncates;
    unsigned shift;
    size_t n;
    uint64_t hash[2];
} wire_cases[] = {
    {SONIC_RING_32, false, 0, 1027, {0x84fa609d3702fc5a, 0x10a55e06d95055c2}},
    {SONIC_RING_32, false, 12, 128, {0x9faf9c0c4374ad69, 0xaaa30f58cd8777aa}},
    {SONIC_RING_64, false, 20, 131, {0x667ec3137b1fe4fe, 0x23a0af344da659e1}},
    {SONIC_RING_64, true, 20, 131, {0x4690277892ec615b, 0xba3e0744eafea8e5}},
};

Test(fss, wire_is_the_same_for_all_tiers_and_threads)
{
    sonic_context *context[SONIC_TIERS];
    const size_t tiers = test_contexts(context);
    test_outcome outcome = {0};
    for (size_t i = 0; i < sizeof wire_cases / sizeof *wire_cases; i++) {
        const struct wire_case *w = &wire_cases[i];
        for (size_t pair = 0; pair < tiers * tiers; pair += test_next_pair(tiers)) {
            struct sonic_context first = *context[pair / tiers];
            first.threads = 1 + (int)(pair % 3);
            const fss_case c = {{&first, context[pair % tiers]}, w->ring, w->shift, w->n,
                                w->truncates, 77};
            check(&c, &outcome);
            for (unsigned p = 0; p < 2; p++)
                cr_assert_eq(outcome.wire[p].hash, w->hash[p],
                             "case %zu, tiers %s and %s: server %u's bytes hash to 0x%016llx", i,
                             sonic_context_tier(context[pair / tiers]),
                             sonic_context_tier(context[pair % tiers]), p,
                             (unsigned long long)outcome.wire[p].hash);
        }
    }
    for (size_t t = 0; t < tiers; t++)
        sonic_context_free(context[t]);
}

/* Calls of one node, as a max-pool's levels make them, each with streams and material of its own,
 * in two inferences. */
Test(fss, calls_of_one_node_and_inferences_follow_each_other)
{
    sonic_context *context[SONIC_TIERS];
    const size_t tiers = test_contexts(context);
    sonic_graph graph;
    test_pools pools;
    test_outcome outcome = {0};
    uint64_t state = 5;
    sonic_test_seed(5);
    test_graph_begin(&graph, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, 3, 21, 20);
    sonic_node *pool = test_graph_append(&graph, SONIC_OP_MAX_POOL, 0);
    pool->window = (sonic_window){3, 3, 1, 1, 1, 1, 1, 1, 0, 0};
    test_graph_shape(&graph);
    test_pools_deal(&pools, context[tiers - 1], &graph, SONIC_RELU_FSS, 2, 2);

    for (uint32_t slot = 0; slot < 2; slot++) {
        uint64_t correction = 0, common = 0;
        uint32_t level = 0;
        for (size_t n; (n = sonic_max_pool_level(&graph, 1, 2, level)) > 0; level++) {
            int64_t *secret = malloc(n * sizeof *secret);
            void *x[2] = {malloc(n * 8), malloc(n * 8)};
            test_relu_inputs(SONIC_RING_32, 32, secret, x, n, &state);
            test_relu run = {
                .context = {context[tiers > 1], context[tiers - 1]},
                .relu = SONIC_RELU_FSS,
                .pools = &pools,
                .ring = SONIC_RING_32,
                .slot = slot,
                .call = {.n = n, .index = level, .correction = correction, .common = common},
                .x = {x[0], x[1]},
            };
            test_run(&outcome, test_relu_party, &run);
            cr_assert_eq(outcome.status[0], SONIC_OK, "%s", outcome.error[0].text);
            cr_assert_eq(outcome.status[1], SONIC_OK, "%s", outcome.error[1].text);
            test_relu_check(&run, secret, "a max-pool's level");
            /* (31 - 7 + 1) correction words a key; m and m r */
            common += n * 25 * 16;
            correction += n * (25 * 16 + 2 * 4);
            free(secret);
            free(x[0]);
            free(x[1]);
        }
        cr_assert_eq(level, 4);
        cr_assert_eq(common, pools.plan.common_bytes);
        cr_assert_eq(correction, pools.plan.slot_bytes);
    }
    test_pools_free(&pools);
    sonic_graph_free(&graph);
    for (size_t t = 0; t < tiers; t++)
        sonic_context_free(context[t]);
}

static void fill(uint32_t *const x[2], size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[0][i] = x[1][i] = 0x55555555;
}

static void expect_zeroes(const uint32_t *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(x[i], 0);
}

/* One party leaves at once; the other is not left waiting. */
static void check_leaving(test_relu *run, test_party party, uint32_t *const x[2])
{
    test_outcome outcome = {0};
    for (unsigned quits = 0; quits < 2; quits++) {
        run->quits = quits + 1;
        fill(x, run->call.n);
        test_run(&outcome, party, run);
        cr_assert_eq(outcome.status[1 - quits], SONIC_E_CLOSED, "%s",
                     outcome.error[1 - quits].text);
        expect_zeroes(x[1 - quits], run->call.n);
    }
    run->quits = 0;
}

/* A party of test_run(): party 1 opens x, and then leaves. */
static sonic_status half_way_party(void *arg, unsigned party, sonic_channel *channel,
                                   sonic_error *error)
{
    const test_relu *run = arg;
    uint8_t bytes[4000] = {0};
    return party == 0 ? test_relu_party(arg, party, channel, error)
                      : sonic_channel_exchange(channel, bytes, bytes, run->call.n * 4, error);
}

Test(fss, failures_are_reported_and_leave_nothing)
{
    enum { N = 5000, FEW = 1000 };
    sonic_context *context[SONIC_TIERS];
    const size_t tiers = test_contexts(context);
    sonic_context *const best = context[tiers - 1];
    sonic_graph graph;
    test_pools pools;
    test_outcome outcome = {0};
    uint32_t *x[2] = {calloc(N, 4), calloc(N, 4)};
    sonic_test_seed(6);
    test_graph_begin(&graph, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, N, 0, 0);
    test_graph_append(&graph, SONIC_OP_RELU, 0);
    test_pools_deal(&pools, best, &graph, SONIC_RELU_FSS, 1, 1);
    test_relu run = {
        .context = {best, best},
        .relu = SONIC_RELU_FSS,
        .pools = &pools,
        .ring = SONIC_RING_32,
        .call = {.n = N, .shift = 17},
        .x = {x[0], x[1]},
    };
    static const char *const cannot[] = {"a relu cannot drop 17 of 32 bits",
                                         "a truncation cannot drop 17 of 32 bits",
                                         "a truncation cannot drop 0 of 32 bits"};
    for (unsigned i = 0; i < 3; i++) {
        run.call.shift = i < 2 ? 17 : 0;
        test_run(&outcome, i > 0 ? trunc_party : test_relu_party, &run);
        for (unsigned p = 0; p < 2; p++) {
            cr_assert_eq(outcome.status[p], SONIC_E_ARGUMENT);
            cr_assert_str_eq(outcome.error[p].text, cannot[i]);
            cr_assert_eq(outcome.traffic[p].sent, 0);
        }
    }
    run.call = (sonic_relu_call){.n = 0};
    test_run(&outcome, test_relu_party, &run);
    cr_assert_eq(outcome.status[0], SONIC_OK);
    cr_assert_eq(outcome.traffic[0].sent, 0);
    cr_assert_eq(outcome.traffic[0].rounds, 0);

    /* Keys beyond the inference. */
    run.call = (sonic_relu_call){.n = N, .correction = pools.plan.slot_bytes - 1000,
                                 .common = pools.plan.common_bytes - 1000};
    fill(x, N);
    test_run(&outcome, test_relu_party, &run);
    cr_assert(outcome.status[0] == SONIC_E_ARGUMENT || outcome.status[1] == SONIC_E_ARGUMENT);
    for (unsigned p = 0; p < 2; p++)
        expect_zeroes(x[p], N);

    run.call = (sonic_relu_call){.n = N};
    check_leaving(&run, test_relu_party, x);
    run.call.shift = 5;
    check_leaving(&run, trunc_party, x);

    run.call = (sonic_relu_call){.n = FEW};
    fill(x, FEW);
    test_run(&outcome, half_way_party, &run);
    cr_assert_eq(outcome.status[0], SONIC_E_CLOSED, "%s", outcome.error[0].text);
    expect_zeroes(x[0], FEW);
    free(x[0]);
    free(x[1]);
    test_pools_free(&pools);
    sonic_graph_free(&graph);
    for (size_t t = 0; t < tiers; t++)
        sonic_context_free(context[t]);
}
