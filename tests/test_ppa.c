/* ReLU on shares: results, traffic to the byte, the wire's hash, what the wire shows, failures. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/compare/pack.h"
#include "proto/compare/ppa.h"
#include "proto/offline/ppa_plan.h"
#include "tests/dealt.h"
#include "tests/random_test.h"

/* One call of relu by both parties. */
typedef struct relu_run {
    const sonic_context *context[2];
    const test_pools *pools;
    sonic_ring ring;
    uint32_t slot;
    sonic_ppa_call call;
    void *x[2];
    unsigned quits; /* the party, plus one, that leaves without a word */
} relu_run;

static sonic_status relu_party(void *arg, unsigned party, sonic_channel *channel,
                               sonic_error *error)
{
    relu_run *run = arg;
    sonic_material material;
    if (run->quits == party + 1)
        return sonic_channel_send(channel, "hello", 5, error);
    sonic_material_begin(&material, run->context[party], run->pools->pool[party], &run->pools->plan,
                         run->slot, 1);
    sonic_status status = sonic_ppa_relu(run->context[party], channel, &material, run->ring,
                                         &run->call, run->x[party], error);
    sonic_material_end(&material);
    return status;
}

static int64_t get(sonic_ring ring, const void *x, size_t i)
{
    return ring == SONIC_RING_64 ? ((const int64_t *)x)[i] : ((const int32_t *)x)[i];
}

static void put(sonic_ring ring, void *x, size_t i, uint64_t value)
{
    if (ring == SONIC_RING_64)
        ((uint64_t *)x)[i] = value;
    else
        ((uint32_t *)x)[i] = (uint32_t)value;
}

static int64_t to_signed(sonic_ring ring, uint64_t value)
{
    return ring == SONIC_RING_64 ? (int64_t)value : (int32_t)(uint32_t)value;
}

/* Secrets below 2^bits in magnitude (bits = l: all of the ring), corners first, and shares of them:
 * random, all ones, zero, and such that carries run through all bits. */
static void make_inputs(sonic_ring ring, unsigned bits, int64_t *secret, void *x[2], size_t n,
                        uint64_t *state)
{
    int64_t top = (int64_t)(bits == (unsigned)ring ? ((uint64_t)1 << (ring - 1)) - 1
                                                   : ((uint64_t)1 << bits) - 1);
    const int64_t corner[] = {0,    1,       -1,       top,
                              -top, top / 2, -top / 2, 2,
                              -2,   top - 1, 1 - top,  bits == (unsigned)ring ? -top - 1 : -top};
    size_t corners = sizeof corner / sizeof *corner;
    for (size_t i = 0; i < n; i++) {
        uint64_t random = test_draw(state);
        int64_t value = bits == (unsigned)ring
                            ? to_signed(ring, random)
                            : (int64_t)(random & (uint64_t)top) * (test_draw(state) & 1 ? 1 : -1);
        if (i % 3 == 0)
            value = corner[i / 3 % corners];
        uint64_t share;
        switch (i / 3 / corners % 5) {
        case 0:
            share = ~(uint64_t)0;
            break;
        case 1:
            share = 0;
            break;
        case 2:
            share = ((uint64_t)1 << (ring - 1)) - 1;
            break;
        case 3:
            share = (uint64_t)1 << (ring - 1);
            break;
        default:
            share = test_draw(state);
        }
        if (i % 7 == 0)
            share = test_draw(state);
        secret[i] = value;
        put(ring, x[0], i, share);
        put(ring, x[1], i, (uint64_t)value - share);
    }
}

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

static void check_result(const relu_run *run, const int64_t *secret, const char *what)
{
    unsigned shift = run->call.shift;
    for (size_t i = 0; i < run->call.n; i++) {
        uint64_t sum =
            (uint64_t)get(run->ring, run->x[0], i) + (uint64_t)get(run->ring, run->x[1], i);
        int64_t y = to_signed(run->ring, sum);
        int64_t exact = secret[i] > 0 ? secret[i] : 0, floor = exact >> shift;
        bool fits;
        if (shift == 0 || exact == 0)
            fits = y == floor;
        else if (run->call.truncation == SONIC_TRUNC_LOCAL)
            fits = y >= floor - 1 && y <= floor + 1;
        else
            fits = y == floor || (y == floor + 1 && (exact & (((int64_t)1 << shift) - 1)) != 0);
        cr_assert(fits, "%s: element %zu: relu(%lld) >> %u gave %lld", what, i,
                  (long long)secret[i], shift, (long long)y);
    }
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
    test_pools_deal(&pools, c0, &graph, 1, 1);

    int64_t *secret = malloc(n * sizeof *secret);
    void *x[2] = {malloc(n * 8 + 8), malloc(n * 8 + 8)};
    unsigned bits = shift == 0 ? (unsigned)ring : truncation == SONIC_TRUNC_LOCAL ? 8 : ring - 2;
    make_inputs(ring, bits, secret, x, n, &state);
    relu_run run = {
        .context = {c0, c1},
        .pools = &pools,
        .ring = ring,
        .call = {.n = n, .shift = shift, .truncation = truncation},
        .x = {x[0], x[1]},
    };
    test_run(outcome, relu_party, &run);
    for (unsigned p = 0; p < 2; p++)
        cr_assert_eq(outcome->status[p], SONIC_OK, "%s: %s", what, outcome->error[p].text);
    check_result(&run, secret, what);

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
        for (size_t pair = 0; pair < tiers * tiers; pair++) {
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
    test_pools_deal(&pools, context[tiers - 1], &graph, 2, 2);

    for (uint32_t slot = 0; slot < 2; slot++) {
        uint64_t correction = 0;
        uint32_t level = 0;
        for (size_t n; (n = sonic_max_pool_level(&graph, 1, 2, level)) > 0; level++) {
            int64_t *secret = malloc(n * sizeof *secret);
            void *x[2] = {malloc(n * 8), malloc(n * 8)};
            make_inputs(SONIC_RING_32, 32, secret, x, n, &state);
            relu_run run = {
                .context = {context[0], context[tiers - 1]},
                .pools = &pools,
                .ring = SONIC_RING_32,
                .slot = slot,
                .call = {.n = n, .index = level, .correction = correction},
                .x = {x[0], x[1]},
            };
            test_run(&outcome, relu_party, &run);
            cr_assert_eq(outcome.status[0], SONIC_OK, "%s", outcome.error[0].text);
            cr_assert_eq(outcome.status[1], SONIC_OK, "%s", outcome.error[1].text);
            check_result(&run, secret, "a max-pool's level");
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

/* Bit `bit` of row `row` of what one party sent, where planes follow each other: those of a round
 * start at byte `at` and there are 4096 rows. */
enum { ROWS = 4096, TRIALS = 6 };

/* Every plane a round opens, as the sum (XOR) of what both sent: balanced, and so is the XOR of any
 * two planes, or a mask was used twice.  Also what each party alone sends. */
static void check_balance(const uint64_t *planes, size_t count, const char *what)
{
    /* Six standard deviations of TRIALS * ROWS fair bits: sqrt(n) / 2 each. */
    const double limit = 6 * 0.5 * 156.77;
    _Static_assert(TRIALS * ROWS == 24576, "156.77 is its root");
    size_t words = TRIALS * ROWS / 64;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i; j < count; j++) {
            long ones = 0;
            for (size_t w = 0; w < words; w++) {
                uint64_t other = i == j ? 0 : planes[j * words + w];
                ones += __builtin_popcountll(planes[i * words + w] ^ other);
            }
            double off = (double)ones - TRIALS * ROWS / 2.0;
            cr_assert(off < limit && off > -limit, "%s: planes %zu and %zu: %ld ones of %d", what,
                      i, j, ones, TRIALS * ROWS);
        }
    }
}

Test(ppa, what_is_sent_is_balanced_over_fresh_seeds)
{
    enum { BITS = 32, SENT = 5 * BITS - 5 - 5 }; /* planes one party sends: 5 l - 5 - log2 l */
    sonic_context *context[SONIC_TIERS];
    size_t tiers = test_contexts(context), words = TRIALS * ROWS / 64;
    uint64_t *planes[3];
    for (unsigned k = 0; k < 3; k++)
        planes[k] = calloc(SENT * words, 8);
    uint8_t *kept[2] = {malloc(SENT * ROWS / 8), malloc(SENT * ROWS / 8)};
    void *x[2] = {malloc(ROWS * 4), malloc(ROWS * 4)};

    for (unsigned trial = 0; trial < TRIALS; trial++) {
        sonic_graph graph;
        test_pools pools;
        sonic_test_seed(900 + trial);
        test_graph_relu(&graph, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, ROWS, 9);
        test_pools_deal(&pools, context[tiers - 1], &graph, 1, 1);
        for (size_t i = 0; i < ROWS; i++) {
            put(SONIC_RING_32, x[0], i, 0);
            put(SONIC_RING_32, x[1], i, 5);
        }
        relu_run run = {
            .context = {context[tiers - 1], context[tiers - 1]},
            .pools = &pools,
            .ring = SONIC_RING_32,
            .call = {.n = ROWS, .shift = 9},
            .x = {x[0], x[1]},
        };
        test_outcome outcome = {0};
        for (unsigned p = 0; p < 2; p++)
            outcome.wire[p] = (test_wire){.kept = kept[p], .room = SENT * ROWS / 8};
        test_run(&outcome, relu_party, &run);
        for (unsigned p = 0; p < 2; p++) {
            cr_assert_eq(outcome.status[p], SONIC_OK, "%s", outcome.error[p].text);
            cr_assert_eq(outcome.wire[p].sent, SENT * ROWS / 8);
        }

        /* All but the last 33 planes are planes already; then come 4096 elements e and a plane. */
        for (size_t i = 0; i < SENT; i++) {
            for (size_t row = 0; row < ROWS; row++) {
                uint64_t bit[2];
                for (unsigned p = 0; p < 2; p++) {
                    size_t at = i * ROWS + row;
                    if (i >= SENT - 1 - BITS && i < SENT - 1)
                        at = (SENT - 1 - BITS) * ROWS + row * BITS + (i - (SENT - 1 - BITS));
                    bit[p] = kept[p][at / 8] >> at % 8 & 1;
                }
                size_t w = i * words + (trial * ROWS + row) / 64;
                planes[0][w] |= bit[0] << row % 64;
                planes[1][w] |= bit[1] << row % 64;
                planes[2][w] |= (bit[0] ^ bit[1]) << row % 64;
            }
        }
        test_pools_free(&pools);
        sonic_graph_free(&graph);
    }
    check_balance(planes[0], SENT, "server 0");
    check_balance(planes[1], SENT, "server 1");
    check_balance(planes[2], SENT, "both");
    for (unsigned k = 0; k < 3; k++)
        free(planes[k]);
    for (unsigned p = 0; p < 2; p++) {
        free(kept[p]);
        free(x[p]);
    }
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
    test_pools_deal(&pools, context[0], &graph, 1, 1);
    relu_run run = {
        .context = {context[0], context[0]},
        .pools = &pools,
        .ring = SONIC_RING_32,
        .call = {.n = N, .shift = 17},
        .x = {x[0], x[1]},
    };
    test_run(&outcome, relu_party, &run); /* 17 bits of 32 */
    for (unsigned p = 0; p < 2; p++) {
        cr_assert_eq(outcome.status[p], SONIC_E_ARGUMENT);
        cr_assert_str_eq(outcome.error[p].text, "a relu cannot drop 17 of 32 bits");
        cr_assert_eq(outcome.traffic[p].sent, 0);
    }

    run.call = (sonic_ppa_call){.n = 0};
    test_run(&outcome, relu_party, &run);
    cr_assert_eq(outcome.status[0], SONIC_OK);
    cr_assert_eq(outcome.traffic[0].sent, 0);
    cr_assert_eq(outcome.traffic[0].rounds, 0);

    /* Corrections beyond the inference: party 1 cannot go on, party 0 is left alone. */
    run.call = (sonic_ppa_call){.n = N, .correction = 100000};
    for (size_t i = 0; i < N; i++)
        x[0][i] = x[1][i] = 0x55555555;
    test_run(&outcome, relu_party, &run);
    cr_assert_eq(outcome.status[1], SONIC_E_ARGUMENT);
    for (size_t i = 0; i < N; i++)
        cr_assert_eq(x[1][i], 0);

    for (unsigned quits = 0; quits < 2; quits++) {
        run.call = (sonic_ppa_call){.n = N};
        run.quits = quits + 1;
        for (size_t i = 0; i < N; i++)
            x[0][i] = x[1][i] = 0x55555555;
        test_run(&outcome, relu_party, &run);
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

Test(ppa, planes_are_packed_without_gaps)
{
    uint64_t state = 9;
    for (size_t rows = 1; rows < 270; rows++) {
        for (size_t count = 0; count < 6; count++) {
            size_t words = (rows + 63) / 64, bits = count * rows, n = (bits + 7) / 8;
            uint64_t planes[6 * 5], back[6 * 5 + 1];
            uint8_t out[6 * 40 + 1], expected[6 * 40 + 1];
            for (size_t i = 0; i < count * words; i++)
                planes[i] = test_draw(&state);
            memset(out, 0xa5, sizeof out);
            memset(expected, 0, sizeof expected);
            expected[n] = 0xa5;
            for (size_t k = 0; k < count; k++) {
                for (size_t i = 0; i < rows; i++) {
                    size_t at = k * rows + i;
                    expected[at / 8] |=
                        (uint8_t)((planes[k * words + i / 64] >> i % 64 & 1) << at % 8);
                }
            }
            sonic_pack_planes(out, planes, count, rows);
            cr_assert_eq(memcmp(out, expected, n + 1), 0, "%zu planes of %zu rows", count, rows);

            memset(back, 0xff, sizeof back);
            sonic_unpack_planes(back, out, count, rows);
            for (size_t i = 0; i < count * words; i++) {
                size_t last = rows - (i % words) * 64;
                uint64_t mask = last < 64 ? ((uint64_t)1 << last) - 1 : ~(uint64_t)0;
                cr_assert_eq(back[i], planes[i] & mask, "%zu planes of %zu rows", count, rows);
            }
            cr_assert_eq(back[count * words], ~(uint64_t)0);
        }
    }
}
