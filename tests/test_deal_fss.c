/* What the dealer deals for function secret sharing: keys that both parties have, and corrections,
 * from which relu(x) >> shift and x >> shift come out exactly by the equations of fss_plan.h. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "proto/offline/fss_plan.h"
#include "proto/offline/material.h"
#include "proto/offline/streams.h"
#include "tests/dealt.h"
#include "tests/random_test.h"

enum { BLOCK = 1024 };

/* Both parties' views of a node in a slot, and where in either's material the next block is. */
typedef struct views {
    const sonic_context *context;
    sonic_material view[2];
    sonic_aes_key common; /* of pair, slot and node */
    uint64_t at[2];
    sonic_ring ring;
} views;

/* A block's values in the clear. */
typedef struct values {
    uint64_t x[BLOCK], e[BLOCK], r[BLOCK];
    uint64_t less[BLOCK], bit[BLOCK]; /* e < r in the lowest l - 1 bits; m ^ r's highest bit */
    uint64_t below[2][BLOCK];         /* what the pairs of a step add up to */
    uint64_t dealt[5][BLOCK];
} values;

static uint64_t load(sonic_ring ring, const void *x, size_t i)
{
    return ring == SONIC_RING_64 ? ((const uint64_t *)x)[i] : ((const uint32_t *)x)[i];
}

static void store(sonic_ring ring, void *x, size_t i, uint64_t value)
{
    if (ring == SONIC_RING_64)
        ((uint64_t *)x)[i] = value;
    else
        ((uint32_t *)x)[i] = (uint32_t)value;
}

static uint64_t reduce(sonic_ring ring, uint64_t x)
{
    return ring == SONIC_RING_64 ? x : (uint32_t)x;
}

/* x >> shift, x a number with a sign of l bits, rounded down. */
static uint64_t shift_signed(sonic_ring ring, uint64_t x, unsigned shift)
{
    const int64_t number = ring == SONIC_RING_64 ? (int64_t)x : (int32_t)(uint32_t)x;
    const int64_t divisor = (int64_t)1 << shift, rest = number & (divisor - 1);
    return reduce(ring, (uint64_t)((number - rest) / divisor));
}

/* The sum of what both parties draw for a block. */
static void open_random(const views *v, uint64_t stream, size_t block, size_t rows, uint64_t *sum)
{
    const size_t size = (size_t)v->ring / 8;
    uint64_t share[BLOCK];
    memset(sum, 0, rows * 8);
    for (unsigned p = 0; p < 2; p++) {
        sonic_material_random(&v->view[p], stream, block * BLOCK * size, share, rows * size);
        for (size_t i = 0; i < rows; i++)
            sum[i] = reduce(v->ring, sum[i] + load(v->ring, share, i));
    }
}

/* n bytes of keys, which both parties have. */
static uint8_t *read_keys(views *v, size_t n)
{
    uint8_t *keys[2];
    sonic_error error;
    for (unsigned p = 0; p < 2; p++) {
        keys[p] = malloc(n + 1);
        cr_assert_eq(sonic_material_common(&v->view[p], v->at[p], keys[p], n, &error), SONIC_OK,
                     "%s", error.text);
        v->at[p] += n;
    }
    cr_assert_eq(memcmp(keys[0], keys[1], n), 0, "the parties' keys differ");
    free(keys[1]);
    return keys[0];
}

static void draw_seeds(const views *v, unsigned party, uint64_t stream, size_t block, size_t rows,
                       uint8_t *seeds)
{
    sonic_material_random(&v->view[party], stream, block * BLOCK * 16, seeds, rows * 16);
}

/* less: sign keys of l - 1 bits, 16 bytes a level and a leaf. */
static void open_sign(views *v, uint64_t streams, size_t block, size_t rows, const void *e,
                      const sonic_aes_key *pi, values *of)
{
    const unsigned bits = (unsigned)v->ring - 1;
    uint8_t *keys = read_keys(v, rows * 16 * (bits - 7 + 1)), share[2][BLOCK / 8];
    uint8_t seeds[16 * BLOCK], bit[2][BLOCK / 8];
    for (unsigned p = 0; p < 2; p++) {
        draw_seeds(v, p, streams | SONIC_FSS_SIGN_SEED, block, rows, seeds);
        v->context->kernels.dpf[v->ring == SONIC_RING_64].eval(share[p], seeds, keys, e, bits, rows,
                                                               SONIC_DPF_LESS, p, pi);
        sonic_material_random(&v->view[p], streams | SONIC_FSS_BIT, block * BLOCK / 8, bit[p],
                              (rows + 7) / 8);
    }
    for (size_t i = 0; i < rows; i++) {
        of->less[i] = (share[0][i / 8] ^ share[1][i / 8]) >> i % 8 & 1;
        of->bit[i] = (bit[0][i / 8] ^ bit[1][i / 8]) >> i % 8 & 1;
    }
    free(keys);
}

static void open_step(views *v, uint64_t streams, size_t block, size_t rows, unsigned shift,
                      const void *e, const sonic_aes_key *pi, values *of)
{
    const size_t size = (size_t)v->ring / 8;
    const size_t key =
        shift > 3 ? (shift - 3) * (16 + 2 * size) + 8 * 2 * size : ((size_t)1 << shift) * 2 * size;
    uint8_t *keys = read_keys(v, rows * key), seeds[16 * BLOCK];
    uint64_t share[2 * BLOCK];
    memset(of->below, 0, sizeof of->below);
    for (unsigned p = 0; p < 2; p++) {
        draw_seeds(v, p, streams | SONIC_FSS_STEP_SEED, block, rows, seeds);
        v->context->kernels.dpf[v->ring == SONIC_RING_64].step_eval(share, seeds, keys, e, shift,
                                                                    rows, p, pi);
        for (size_t i = 0; i < 2 * rows; i++)
            of->below[i % 2][i / 2] =
                reduce(v->ring, of->below[i % 2][i / 2] + load(v->ring, share, i));
    }
    free(keys);
}

static void open_dealt(views *v, uint64_t streams, size_t block, size_t rows, unsigned arrays,
                       values *of)
{
    const size_t size = (size_t)v->ring / 8;
    uint64_t share[5 * BLOCK];
    sonic_error error;
    memset(of->dealt, 0, sizeof of->dealt);
    for (unsigned p = 0; p < 2; p++) {
        cr_assert_eq(sonic_material_dealt(&v->view[p], streams | SONIC_FSS_DEALT,
                                          block * BLOCK * size * arrays, v->at[1], share,
                                          rows * size * arrays, &error),
                     SONIC_OK, "%s", error.text);
        for (size_t i = 0; i < rows * arrays; i++)
            of->dealt[i / rows][i % rows] =
                reduce(v->ring, of->dealt[i / rows][i % rows] + load(v->ring, share, i));
    }
    v->at[1] += rows * size * arrays;
}

/* Values at the edges of l bits, and any. */
static uint64_t draw_value(sonic_ring ring, size_t i, uint64_t *state)
{
    const uint64_t top = (uint64_t)1 << ((unsigned)ring - 1);
    const uint64_t edges[] = {0, 1, top - 1, top, top + 1, 0 - (uint64_t)1};
    return reduce(ring, i % 16 < 6 ? edges[i % 16] : test_draw(state));
}

static void check_relu(sonic_ring ring, const values *of, size_t i, unsigned shift)
{
    const unsigned l = (unsigned)ring;
    const uint64_t low = ((uint64_t)1 << (l - 1)) - 1, e = of->e[i], r = of->r[i], x = of->x[i];
    const uint64_t m = of->bit[i] ^ r >> (l - 1), k = 1 - (e >> (l - 1));
    const uint64_t field = ((uint64_t)1 << shift) - 1, t = (e & field) < (r & field);
    const uint64_t part[2] = {r >> shift, shift_signed(ring, r, shift)};
    cr_assert_eq(of->less[i], (e & low) < (r & low), "e < r, value %zu", i);
    cr_assert_eq(e >> (l - 1) ^ r >> (l - 1) ^ of->less[i], x >> (l - 1), "sign of value %zu", i);
    cr_assert_eq(of->dealt[0][i], m, "m, value %zu", i);
    cr_assert_eq(of->dealt[1][i], m * part[0], "m r_0, value %zu", i);
    if (shift > 0) {
        cr_assert_eq(of->dealt[2][i], reduce(ring, m * part[1]), "m r_1, value %zu", i);
        cr_assert_eq(of->dealt[3][i], part[0], "r_0, value %zu", i);
        cr_assert_eq(of->dealt[4][i], part[1], "r_1, value %zu", i);
        cr_assert_eq(of->below[0][i], m * t, "m t, value %zu", i);
        cr_assert_eq(of->below[1][i], (1 - m) * t, "(1 - m) t, value %zu", i);
    }
    if (x >> (l - 1) == 0)
        cr_assert_eq(reduce(ring, (e >> shift) - part[k] - t), x >> shift, "value %zu", i);
}

static void check_trunc(sonic_ring ring, const values *of, size_t i, unsigned shift)
{
    const unsigned l = (unsigned)ring;
    const uint64_t e = of->e[i], k = 1 - (e >> (l - 1));
    const uint64_t up = (uint64_t)1 << (l - 2 - shift);
    cr_assert_eq(of->dealt[0][i], of->r[i] >> shift, "r_0, value %zu", i);
    cr_assert_eq(of->dealt[1][i], shift_signed(ring, of->r[i], shift), "r_1, value %zu", i);
    cr_assert_eq(of->below[1][i], 0);
    cr_assert_eq(reduce(ring, (e >> shift) - up - of->dealt[k][i] - of->below[0][i]),
                 shift_signed(ring, of->x[i], shift), "value %zu", i);
}

static void check_block(views *v, sonic_fss_kind kind, uint32_t index, size_t block, size_t rows,
                        unsigned shift)
{
    const unsigned l = (unsigned)v->ring;
    const uint64_t streams = (uint64_t)index << 16, up = (uint64_t)1 << (l - 2);
    uint64_t state = block + rows, opened[BLOCK];
    uint8_t key[16];
    sonic_aes_key pi;
    values *of = calloc(1, sizeof *of);
    v->context->kernels.aes.ctr(key, 16, &v->common, streams | SONIC_FSS_PI, block);
    v->context->kernels.aes.expand(&pi, key);
    open_random(v, streams | SONIC_FSS_MASK, block, rows, of->r);
    for (size_t i = 0; i < rows; i++) {
        of->x[i] = draw_value(v->ring, i, &state);
        if (kind == SONIC_FSS_TRUNC) /* what truncation takes: a bit less */
            of->x[i] = shift_signed(v->ring, of->x[i], 1);
        of->e[i] = reduce(v->ring, of->x[i] + of->r[i] + (kind == SONIC_FSS_TRUNC ? up : 0));
        store(v->ring, opened, i, of->e[i]);
    }
    if (kind == SONIC_FSS_RELU)
        open_sign(v, streams, block, rows, opened, &pi, of);
    if (shift > 0)
        open_step(v, streams, block, rows, shift, opened, &pi, of);
    open_dealt(v, streams, block, rows, kind == SONIC_FSS_RELU && shift > 0 ? 5 : 2, of);
    for (size_t i = 0; i < rows; i++) {
        if (kind == SONIC_FSS_RELU)
            check_relu(v->ring, of, i, shift);
        else
            check_trunc(v->ring, of, i, shift);
    }
    free(of);
}

static void check_call(views *v, sonic_fss_kind kind, uint32_t index, size_t n, unsigned shift)
{
    for (size_t done = 0; done < n; done += BLOCK)
        check_block(v, kind, index, done / BLOCK, n - done < BLOCK ? n - done : BLOCK, shift);
}

/* The views of a node, to be ended with end(), which finds that all of its material was seen. */
static void begin(views *v, const sonic_context *context, const test_pools *pools, sonic_ring ring,
                  uint32_t slot, uint32_t node)
{
    *v = (views){.context = context, .ring = ring};
    for (unsigned p = 0; p < 2; p++)
        sonic_material_begin(&v->view[p], context, pools->pool[p], &pools->plan, slot, node);
    sonic_material_key(context, &v->common, sonic_pool_header(pools->pool[0])->pair, slot, node);
}

static void end(views *v, const test_pools *pools, uint32_t node)
{
    cr_assert_eq(v->at[0], pools->plan.step[node].common_bytes);
    cr_assert_eq(v->at[1], pools->plan.step[node].offline_bytes);
    for (unsigned p = 0; p < 2; p++)
        sonic_material_end(&v->view[p]);
}

/* relu(x) >> shift, and where anything is shifted x >> shift, on n values. */
static void check_values(const sonic_context *context, sonic_ring ring, size_t n, unsigned shift)
{
    sonic_graph graph;
    test_pools pools;
    views v;
    test_graph_relu(&graph, ring, SONIC_TRUNC_LOCAL, (uint32_t)n, shift);
    if (shift > 0)
        test_graph_append(&graph, SONIC_OP_TRUNC, 1)->shift = shift;
    test_pools_deal(&pools, context, &graph, SONIC_RELU_FSS, 1, 1);
    begin(&v, context, &pools, ring, 0, 1);
    check_call(&v, SONIC_FSS_RELU, 0, n, shift);
    end(&v, &pools, 1);
    if (shift > 0) {
        begin(&v, context, &pools, ring, 0, 2);
        check_call(&v, SONIC_FSS_TRUNC, 0, n, shift);
        end(&v, &pools, 2);
    }
    test_pools_free(&pools);
    sonic_graph_free(&graph);
}

static void check_ring(sonic_ring ring)
{
    static const size_t sizes[] = {1, 2, 15, 16, 17, 129, 1023, 1024, 1025, 2048, 3 * 1024 + 20};
    const unsigned shifts[] = {0, 1, 3, 4, 8, (unsigned)ring / 2};
    const sonic_context_options options = {.threads = 2};
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, &options, NULL), SONIC_OK);
    sonic_test_seed(31);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        check_values(context, ring, sizes[i], 3);
    for (size_t i = 0; i < sizeof shifts / sizeof *shifts; i++)
        check_values(context, ring, 1024 + 33, shifts[i]);
    sonic_context_free(context);
}

Test(deal_fss, keys_and_corrections_fit_in_32_bits)
{
    check_ring(SONIC_RING_32);
}

Test(deal_fss, keys_and_corrections_fit_in_64_bits)
{
    check_ring(SONIC_RING_64);
}

/* Every node's and every call's material, among others and in several inferences. */
Test(deal_fss, nodes_and_inferences_have_their_own)
{
    enum { BATCH = 1, COUNT = 2 };
    sonic_context *context;
    sonic_graph graph;
    test_pools pools;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    sonic_test_seed(32);
    test_graph_material(&graph, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC);
    test_pools_deal(&pools, context, &graph, SONIC_RELU_FSS, BATCH, COUNT);
    for (uint32_t slot = 0; slot < COUNT; slot++) {
        views v;
        begin(&v, context, &pools, SONIC_RING_32, slot, 2);
        check_call(&v, SONIC_FSS_TRUNC, 0, 4960, 7);
        end(&v, &pools, 2);
        begin(&v, context, &pools, SONIC_RING_32, slot, 3);
        /* 961 windows in a channel; the last column's have 2 candidates, the others 4. */
        check_call(&v, SONIC_FSS_RELU, 0, (930 * 2 + 31 * 1) * 5, 0);
        sonic_relu_calls calls = {
            .methods = pools.plan.methods, .graph = &graph, .node = 3, .batch = BATCH};
        cr_assert(sonic_relu_next(&calls) && sonic_relu_next(&calls));
        cr_assert_eq(calls.call.common, v.at[0]);
        cr_assert_eq(calls.call.correction, v.at[1]);
        check_call(&v, SONIC_FSS_RELU, 1, 930 * 5, 0);
        end(&v, &pools, 3);
        begin(&v, context, &pools, SONIC_RING_32, slot, 4);
        check_call(&v, SONIC_FSS_RELU, 0, 4805, 9);
        end(&v, &pools, 4);
    }
    test_pools_free(&pools);
    sonic_graph_free(&graph);
    sonic_context_free(context);
}
