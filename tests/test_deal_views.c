/* What the dealer deals: both views of every kind of material add up to what the protocols need. */
#include <criterion/criterion.h>

#include <stdlib.h>

#include "proto/offline/material.h"
#include "tests/dealt.h"
#include "tests/random_test.h"

/* Both parties' views of a node in a slot, opened. */
typedef struct opened_views {
    sonic_material view[2];
    sonic_ring ring;
} opened_views;

static void dealt(const sonic_material *view, uint64_t stream, uint64_t offset, uint64_t correction,
                  void *out, size_t n)
{
    sonic_error error;
    cr_assert_eq(sonic_material_dealt(view, stream, offset, correction, out, n, &error), SONIC_OK,
                 "%s", error.text);
}

static uint64_t element(sonic_ring ring, const void *x, size_t i)
{
    return ring == SONIC_RING_64 ? ((const uint64_t *)x)[i] : ((const uint32_t *)x)[i];
}

static uint64_t reduce(sonic_ring ring, uint64_t x)
{
    return ring == SONIC_RING_64 ? x : (uint32_t)x;
}

/* n elements that both views add up to; correction SIZE_MAX: each party's own randomness. */
static uint64_t *open_elements(const opened_views *o, uint64_t stream, uint64_t offset,
                               uint64_t correction, size_t n)
{
    size_t bytes = n * (size_t)o->ring / 8;
    uint64_t *sum = calloc(n + 1, 8);
    void *share = malloc(bytes + 1);
    for (unsigned p = 0; p < 2; p++) {
        if (correction == SIZE_MAX)
            sonic_material_random(&o->view[p], stream, offset, share, bytes);
        else
            dealt(&o->view[p], stream, offset, correction, share, bytes);
        for (size_t i = 0; i < n; i++)
            sum[i] = reduce(o->ring, sum[i] + element(o->ring, share, i));
    }
    free(share);
    return sum;
}

/* The same of `bits` bits under XOR, one a byte; party 2: both. */
static uint8_t *open_bits(const opened_views *o, unsigned party, uint64_t stream, uint64_t offset,
                          uint64_t correction, size_t bits)
{
    size_t bytes = (bits + 7) / 8;
    uint8_t *sum = calloc(bits + 1, 1), *share = malloc(bytes + 1);
    for (unsigned p = 0; p < 2; p++) {
        if (party != 2 && p != party)
            continue;
        if (correction == SIZE_MAX)
            sonic_material_random(&o->view[p], stream, offset, share, bytes);
        else
            dealt(&o->view[p], stream, offset, correction, share, bytes);
        for (size_t i = 0; i < bits; i++)
            sum[i] = (uint8_t)(sum[i] ^ (share[i / 8] >> i % 8 & 1));
    }
    free(share);
    return sum;
}

static void check_product(const uint8_t *a, const uint8_t *b, const uint8_t *c, size_t bits,
                          const char *what)
{
    for (size_t i = 0; i < bits; i++)
        cr_assert_eq(a[i] & b[i], c[i], "%s: bit %zu of %zu", what, i, bits);
}

/* One block of a call, all its rounds; *correction per round is where the block's piece starts. */
static void check_block(const opened_views *o, uint32_t index, size_t block, size_t rows,
                        const uint64_t *correction, unsigned shift)
{
    unsigned l = (unsigned)o->ring, log = l == 64 ? 6 : 5;
    uint64_t whole = block * 4096 / 8; /* bytes of a plane before this block */
    size_t bits = (l - 1) * rows;
    uint64_t s = (uint64_t)index << 16;
    uint8_t *a = open_bits(o, 0, s, whole * (l - 1), SIZE_MAX, bits);
    uint8_t *b = open_bits(o, 1, s, whole * (l - 1), SIZE_MAX, bits);
    uint8_t *c = open_bits(o, 2, s | 1, whole * (l - 1), correction[0], bits), *d, *omega;
    check_product(a, b, c, bits, "r s");
    free(a);
    free(b);
    free(c);
    for (unsigned round = 1; round <= log; round++) {
        size_t pairs = round == 1 ? l / 2 - 1 : l >> round, full = round == 1 ? pairs : pairs - 1;
        s = (uint64_t)index << 16 | (uint64_t)round << 8;
        a = open_bits(o, 2, s, whole * pairs, SIZE_MAX, pairs * rows);
        b = open_bits(o, 2, s | 1, whole * pairs, SIZE_MAX, pairs * rows);
        omega = open_bits(o, 2, s | 2, whole * full, SIZE_MAX, full * rows);
        c = open_bits(o, 2, s | 3, whole * pairs, correction[round], pairs * rows);
        d = open_bits(o, 2, s | 4, whole * full, correction[round] + (pairs * rows + 7) / 8,
                      full * rows);
        check_product(a, b, c, pairs * rows, "mu nu");
        check_product(a, omega, d, full * rows, "mu omega");
        free(a);
        free(b);
        free(c);
        free(d);
        free(omega);
    }

    s = (uint64_t)index << 16 | (uint64_t)(log + 1) << 8;
    uint64_t start = block * 4096 * l / 8, field = ((uint64_t)1 << shift) - 1;
    size_t arrays = shift > 0 ? 4 : 2, size = l / 8;
    a = open_bits(o, 2, s, whole, SIZE_MAX, rows);
    uint64_t *u = open_elements(o, s | 1, start, SIZE_MAX, rows);
    uint64_t *got = open_elements(o, s | 2, start * arrays, correction[log + 1], arrays * rows);
    uint8_t *share[2];
    for (unsigned p = 0; p < 2; p++) {
        share[p] = malloc(arrays * rows * size + 1);
        dealt(&o->view[p], s | 2, start * arrays, correction[log + 1], share[p],
              arrays * rows * size);
    }
    for (size_t i = 0; i < rows; i++) {
        cr_assert_eq(got[i], a[i], "r, element %zu", i);
        if (shift == 0) {
            cr_assert_eq(got[rows + i], a[i] ? u[i] : 0, "r u, element %zu", i);
            continue;
        }
        uint64_t high = u[i] >> shift, msb = u[i] >> (l - 1);
        cr_assert_eq(reduce(o->ring, got[rows + i] + high), 0, "u >> shift, element %zu", i);
        cr_assert_eq(reduce(o->ring, got[2 * rows + i] + (a[i] ? high : 0)), 0);
        uint64_t w0 = element(o->ring, share[0], 3 * rows + i);
        uint64_t w1 = element(o->ring, share[1], 3 * rows + i);
        cr_assert_eq((w0 + w1) & field, msb, "msb(u), element %zu", i);
        cr_assert_eq(((w0 >> shift) + (w1 >> shift)) & field, msb & a[i], "r msb(u), element %zu",
                     i);
    }
    for (unsigned p = 0; p < 2; p++)
        free(share[p]);
    free(a);
    free(u);
    free(got);
}

/* A call of n elements whose corrections start at `at`; returns where they end. */
static uint64_t check_call(const opened_views *o, uint32_t index, size_t n, uint64_t at,
                           unsigned shift)
{
    unsigned l = (unsigned)o->ring, log = l == 64 ? 6 : 5;
    size_t blocks = (n + 4095) / 4096;
    uint64_t(*correction)[8] = calloc(blocks, sizeof *correction);
    for (unsigned round = 0; round <= log + 1; round++) {
        for (size_t block = 0; block < blocks; block++) {
            size_t rows = n - block * 4096 < 4096 ? n - block * 4096 : 4096;
            correction[block][round] = at;
            size_t pairs = round == 1 ? l / 2 - 1 : l >> round,
                   full = round == 1 ? pairs : pairs - 1;
            at += round == 0    ? ((l - 1) * rows + 7) / 8
                  : round > log ? rows * l / 8 * (shift > 0 ? 4 : 2)
                                : (pairs * rows + 7) / 8 + (full * rows + 7) / 8;
        }
    }
    for (size_t block = 0; block < blocks; block++) {
        size_t rows = n - block * 4096 < 4096 ? n - block * 4096 : 4096;
        check_block(o, index, block, rows, correction[block], shift);
    }
    free(correction);
    return at;
}

static void check_conv(const opened_views *o, const test_pools *pools, const sonic_graph *graph,
                       const sonic_context *context, uint32_t batch)
{
    opened_views setup = *o;
    for (unsigned p = 0; p < 2; p++)
        sonic_material_key(context, &setup.view[p].key, sonic_pool_seed(pools->pool[p]),
                           SONIC_SLOT_SETUP, 1);
    size_t weights = sonic_node_weights(graph, 1), in = 2 * 32 * 31, out = 5 * 32 * 31;
    uint64_t *b = open_elements(&setup, 0, 0, SIZE_MAX, weights);
    uint64_t *a = open_elements(o, 0, 0, SIZE_MAX, in * batch);
    uint64_t *c = open_elements(o, 1, 0, 0, out * batch);
    cr_assert_eq(weights, 5 * 2 * 3 * 2);
    for (size_t i = 0; i < out * batch; i++) {
        size_t image = i / out, channel = i % out / (32 * 31), y = i / 31 % 32, x = i % 31;
        uint64_t sum = 0;
        for (size_t k = 0; k < 2 * 3 * 2; k++) {
            size_t row = y + k / 2 % 3, column = x + k % 2; /* padded by 1 above, 0 at the left */
            if (row >= 1 && row <= 32 && column < 31)
                sum +=
                    a[image * in + k / 6 * 32 * 31 + (row - 1) * 31 + column] * b[channel * 12 + k];
        }
        cr_assert_eq(reduce(o->ring, sum), c[i], "C, element %zu", i);
    }
    free(a);
    free(b);
    free(c);
}

static void check_trunc(const opened_views *o, size_t n, unsigned shift)
{
    size_t size = (size_t)o->ring / 8;
    for (size_t start = 0; start < n; start += 4096) {
        size_t rows = n - start < 4096 ? n - start : 4096;
        uint64_t *u = open_elements(o, 0, start * size, SIZE_MAX, rows);
        uint64_t *got = open_elements(o, 1, 2 * start * size, 2 * start * size, 2 * rows);
        for (size_t i = 0; i < rows; i++) {
            cr_assert_eq(reduce(o->ring, got[i] + (u[i] >> shift)), 0, "u >> shift, element %zu",
                         i);
            cr_assert_eq(got[rows + i] & (((uint64_t)1 << shift) - 1),
                         u[i] >> ((unsigned)o->ring - 1));
        }
        free(u);
        free(got);
    }
}

static void check_material(sonic_ring ring, sonic_truncation truncation, uint64_t seed)
{
    enum { BATCH = 2, COUNT = 2 };
    sonic_context *context;
    sonic_graph graph;
    test_pools pools;
    bool stochastic = truncation == SONIC_TRUNC_STOCHASTIC;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    sonic_test_seed(seed);
    test_graph_material(&graph, ring, truncation);
    test_pools_deal(&pools, context, &graph, SONIC_RELU_PPA, BATCH, COUNT);
    for (uint32_t slot = 0; slot < COUNT; slot++) {
        for (uint32_t node = 1; node < graph.nodes; node++) {
            opened_views o = {.ring = ring};
            for (unsigned p = 0; p < 2; p++)
                sonic_material_begin(&o.view[p], context, pools.pool[p], &pools.plan, slot, node);
            uint64_t end = pools.plan.step[node].offline_bytes;
            if (node == 1)
                check_conv(&o, &pools, &graph, context, BATCH);
            if (node == 2 && stochastic)
                check_trunc(&o, 4960 * BATCH, 7);
            if (node == 3) {
                /* 961 windows in a channel; the last column's have 2 candidates, the others 4. */
                uint64_t at = check_call(&o, 0, (930 * 2 + 31 * 1) * 5 * BATCH, 0, 0);
                cr_assert_eq(check_call(&o, 1, 930 * 5 * BATCH, at, 0), end);
            }
            if (node == 4)
                cr_assert_eq(check_call(&o, 0, 4805 * BATCH, 0, stochastic ? 9 : 0), end);
            for (unsigned p = 0; p < 2; p++)
                sonic_material_end(&o.view[p]);
        }
    }
    test_pools_free(&pools);
    sonic_graph_free(&graph);
    sonic_context_free(context);
}

Test(deal, both_views_satisfy_the_relations_in_32_bits)
{
    check_material(SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, 1);
    check_material(SONIC_RING_32, SONIC_TRUNC_LOCAL, 2);
}

Test(deal, both_views_satisfy_the_relations_in_64_bits)
{
    check_material(SONIC_RING_64, SONIC_TRUNC_STOCHASTIC, 3);
    check_material(SONIC_RING_64, SONIC_TRUNC_LOCAL, 4);
}
