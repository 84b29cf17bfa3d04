/* What a relu's wire shows, how planes lie on it, and how much mask material a relu expands. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "proto/compare/pack.h"
#include "tests/random_test.h"
#include "tests/relu_run.h"

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

Test(ppa_wire, what_is_sent_is_balanced_over_fresh_seeds)
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
        test_pools_deal(&pools, context[tiers - 1], &graph, SONIC_RELU_PPA, 1, 1);
        for (size_t i = 0; i < ROWS; i++) {
            test_relu_put(SONIC_RING_32, x[0], i, 0);
            test_relu_put(SONIC_RING_32, x[1], i, 5);
        }
        test_relu run = {
            .context = {context[tiers - 1], context[tiers - 1]},
            .pools = &pools,
            .ring = SONIC_RING_32,
            .call = {.n = ROWS, .shift = 9},
            .x = {x[0], x[1]},
        };
        test_outcome outcome = {0};
        for (unsigned p = 0; p < 2; p++)
            outcome.wire[p] = (test_wire){.kept = kept[p], .room = SENT * ROWS / 8};
        test_run(&outcome, test_relu_party, &run);
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

Test(ppa_wire, planes_are_packed_without_gaps)
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

/* A context whose generator counts the bytes it makes, a party each. */
static struct counted {
    void (*ctr)(uint8_t *out, size_t n, const sonic_aes_key *key, uint64_t nonce, uint64_t counter);
    uint64_t bytes;
} counted[2];

static void count_0(uint8_t *out, size_t n, const sonic_aes_key *key, uint64_t nonce,
                    uint64_t counter)
{
    counted[0].bytes += n;
    counted[0].ctr(out, n, key, nonce, counter);
}

static void count_1(uint8_t *out, size_t n, const sonic_aes_key *key, uint64_t nonce,
                    uint64_t counter)
{
    counted[1].bytes += n;
    counted[1].ctr(out, n, key, nonce, counter);
}

/* What ppa.h promises, written out: bits an activation that party 0 or 1
 * expands. */
static size_t expanded_bits(unsigned l, unsigned party, bool stochastic)
{
    size_t bits = l - 1 + 1 + l;            /* masks of the first AND, of the sign, of x */
    size_t pairs = l / 2 - 1, full = pairs; /* of a level of the carry tree; with p, too */
    bits += 2 * pairs + pairs + 2 * full;   /* mu twice, nu, and here omega twice, too */
    size_t dealt = l - 1 + pairs + full + (stochastic ? 4 : 2) * l;
    for (pairs = l / 4; pairs >= 1; pairs /= 2) {
        full = pairs - 1;
        bits += 2 * pairs + pairs + full;
        dealt += pairs + full;
    }
    if (!stochastic)
        bits += l;
    return party == 0 ? bits + dealt : bits;
}

Test(ppa_wire, masks_are_expanded_as_often_as_promised)
{
    enum { N = 2 * ROWS };
    static const sonic_ring rings[] = {SONIC_RING_32, SONIC_RING_64};
    sonic_context *context[SONIC_TIERS];
    size_t tiers = test_contexts(context);
    void *x[2] = {calloc(N, 8), calloc(N, 8)};
    for (unsigned turn = 0; turn < 4; turn++) {
        sonic_ring ring = rings[turn % 2];
        bool stochastic = turn / 2 == 1;
        sonic_graph graph;
        test_pools pools;
        test_outcome outcome = {0};
        sonic_test_seed(turn);
        test_graph_relu(&graph, ring, SONIC_TRUNC_STOCHASTIC, N, stochastic ? 9 : 0);
        test_pools_deal(&pools, context[tiers - 1], &graph, SONIC_RELU_PPA, 1, 1);
        struct sonic_context counting[2] = {*context[tiers - 1], *context[tiers - 1]};
        for (unsigned p = 0; p < 2; p++)
            counted[p] = (struct counted){context[tiers - 1]->kernels.aes.ctr, 0};
        counting[0].kernels.aes.ctr = count_0;
        counting[1].kernels.aes.ctr = count_1;
        test_relu run = {
            .context = {&counting[0], &counting[1]},
            .pools = &pools,
            .ring = ring,
            .call = {.n = N, .shift = stochastic ? 9 : 0},
            .x = {x[0], x[1]},
        };
        test_run(&outcome, test_relu_party, &run);
        for (unsigned p = 0; p < 2; p++) {
            unsigned log = ring == SONIC_RING_64 ? 6 : 5, l = (unsigned)ring;
            size_t bits = expanded_bits(l, p, stochastic);
            size_t key = 2 * 2 * 16; /* the party's, and what both have */
            cr_assert_eq(outcome.status[p], SONIC_OK, "%s", outcome.error[p].text);
            cr_assert_eq(counted[p].bytes, N * bits / 8 + key, "ring %u, party %u: %llu bytes", l,
                         p, (unsigned long long)counted[p].bytes);
            if (stochastic) /* as the header has it */
                cr_assert_eq(bits, 13 * l / 2 - 8 - log + (p == 0 ? 7 * l - 4 - log : 0));
        }
        test_pools_free(&pools);
        sonic_graph_free(&graph);
    }
    for (unsigned p = 0; p < 2; p++)
        free(x[p]);
    for (size_t t = 0; t < tiers; t++)
        sonic_context_free(context[t]);
}
