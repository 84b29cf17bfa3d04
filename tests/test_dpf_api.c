/* <sonicnn/dpf.h>: shares against the functions themselves, at corners and at random, of any size
 * and on any tier; what keys must not have in common. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "dispatch/cpu.h"
#include "dispatch/kernels.h"
#include "tests/dpf_batch.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const sonic_dpf_function functions[] = {SONIC_DPF_POINT, SONIC_DPF_COMPARE, SONIC_DPF_STEP};
static const sonic_ring rings[] = {SONIC_RING_32, SONIC_RING_64};

static void check(sonic_dpf_shape shape, const sonic_context *context, uint64_t seed)
{
    dpf_batch b = dpf_make(shape, context, seed);
    for (unsigned p = 0; p < 2; p++)
        dpf_eval(&b, p, context);
    cr_assert(dpf_is_right(&b), "function %d of %u bits mod 2^%d, %zu of them", (int)shape.function,
              shape.bits, (int)shape.ring, shape.n);
    dpf_drop(&b);
}

Test(dpf_api, all_bits)
{
    sonic_context *context = dpf_context(NULL, 1);
    for (size_t f = 0; f < COUNT(functions); f++)
        for (size_t r = 0; r < COUNT(rings); r++)
            for (unsigned bits = 1; bits <= (unsigned)rings[r]; bits++)
                check((sonic_dpf_shape){functions[f], rings[r], bits, 67}, context, bits);
    sonic_context_free(context);
}

/* Around a tile, a byte and a block, and on more threads than one. */
Test(dpf_api, sizes_and_threads)
{
    static const size_t sizes[] = {0, 1, 7, 8, 9, 15, 16, 17, 33, 1023, 1024, 1025, 2048, 3001};
    for (int threads = 1; threads < 4; threads += 2) {
        sonic_context *context = dpf_context(NULL, threads);
        for (size_t f = 0; f < COUNT(functions); f++)
            for (size_t i = 0; i < COUNT(sizes); i++)
                check((sonic_dpf_shape){functions[f], rings[i % 2], 23, sizes[i]}, context, i);
        sonic_context_free(context);
    }
}

/* Keys and shares are the same on every tier. */
Test(dpf_api, tiers)
{
    sonic_context *plain = dpf_context("ref", 1);
    for (unsigned c = 0; c < COUNT(functions) * COUNT(rings); c++) {
        const sonic_dpf_shape shape = {functions[c / 2], rings[c % 2], 19 + 13 * (c % 2), 1041};
        dpf_batch first = dpf_make(shape, plain, c);
        for (unsigned p = 0; p < 2; p++)
            dpf_eval(&first, p, plain);
        for (unsigned t = 0; t < SONIC_TIERS; t++) {
            if (!(sonic_cpu_tiers() >> t & 1))
                continue;
            sonic_context *context = dpf_context(sonic_tier_name((sonic_tier)t), 1);
            dpf_batch b = dpf_make(shape, context, c);
            for (unsigned p = 0; p < 2; p++) {
                cr_assert_arr_eq(b.blob[p], first.blob[p], b.bytes, "%s", sonic_tier_name(t));
                dpf_eval(&b, p, context);
                cr_assert_arr_eq(b.out[p], first.out[p], dpf_out_bytes(&shape), "%s",
                                 sonic_tier_name(t));
            }
            dpf_drop(&b);
            sonic_context_free(context);
        }
        cr_assert(dpf_is_right(&first));
        dpf_drop(&first);
    }
    sonic_context_free(plain);
}

/* What the header promises of sizes, in its own words. */
Test(dpf_api, bytes)
{
    for (size_t f = 0; f < COUNT(functions); f++)
        for (size_t r = 0; r < COUNT(rings); r++)
            for (unsigned bits = 7; bits <= (unsigned)rings[r]; bits++) {
                const sonic_dpf_shape shape = {functions[f], rings[r], bits, 11};
                const size_t v = rings[r] / 4;
                const size_t key = functions[f] == SONIC_DPF_STEP
                                       ? (16 + v) * (bits - 3) + 8 * v + 16
                                       : 16 * (bits - 7) + 32;
                size_t bytes;
                cr_assert_eq(sonic_dpf_bytes(&bytes, &shape, NULL), SONIC_OK);
                cr_assert_eq(bytes, DPF_HEADER + 11 * key);
            }
}

static int compare_seeds(const void *a, const void *b)
{
    return memcmp(a, b, 16);
}

/* Both parties' seeds, in two batches of more than a block, and each batch's public number: a seed
 * that came twice would open a key. */
Test(dpf_api, no_seed_comes_twice)
{
    enum { N = 3000, KEY = 32 };
    const sonic_dpf_shape shape = {SONIC_DPF_POINT, SONIC_RING_32, 7, N};
    sonic_context *context = dpf_context(NULL, 1);
    uint8_t *all = dpf_take((size_t)4 * N * 16), *at = all;
    dpf_batch b[2] = {dpf_make(shape, context, 1), dpf_make(shape, context, 2)};
    cr_assert(memcmp(b[0].blob[0] + DPF_HEADER - 16, b[1].blob[0] + DPF_HEADER - 16, 16) != 0);
    for (unsigned i = 0; i < 4; i++)
        for (size_t first = 0; first < N; first += DPF_BLOCK) {
            const size_t n = N - first < DPF_BLOCK ? N - first : DPF_BLOCK;
            memcpy(at, b[i / 2].blob[i % 2] + DPF_HEADER + first * KEY, n * 16);
            at += n * 16;
        }
    qsort(all, (size_t)4 * N, 16, compare_seeds);
    for (size_t i = 1; i < (size_t)4 * N; i++)
        cr_assert(memcmp(all + 16 * (i - 1), all + 16 * i, 16) != 0);
    free(all);
    dpf_drop(&b[0]);
    dpf_drop(&b[1]);
    sonic_context_free(context);
}

/* Each block is hashed under another key: equal seeds and words in two blocks give other shares. */
Test(dpf_api, blocks_have_their_own_keys)
{
    enum { N = 2 * DPF_BLOCK, KEY = 32 };
    sonic_context *context = dpf_context(NULL, 1);
    dpf_batch b = dpf_make((sonic_dpf_shape){SONIC_DPF_COMPARE, SONIC_RING_32, 7, N}, context, 5);
    memcpy(b.blob[0] + DPF_HEADER + DPF_BLOCK * KEY, b.blob[0] + DPF_HEADER, DPF_BLOCK * KEY);
    memcpy(b.x + DPF_BLOCK * 4, b.x, DPF_BLOCK * 4);
    dpf_eval(&b, 0, context);
    size_t differ = 0;
    for (size_t i = 0; i < DPF_BLOCK; i++)
        differ += dpf_bit(b.out[0], i) != dpf_bit(b.out[0], DPF_BLOCK + i);
    cr_assert(differ > DPF_BLOCK / 2 - 150 && differ < DPF_BLOCK / 2 + 150, "%zu", differ);
    dpf_drop(&b);
    sonic_context_free(context);
}
