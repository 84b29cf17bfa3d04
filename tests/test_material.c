/* Key derivation, streams and dealt values of one server. */
#include <criterion/criterion.h>

#include <string.h>
#include <unistd.h>

#include "proto/offline/material.h"
#include "proto/share/file.h"
#include "proto/share/spill.h"
#include "tests/dealt.h"
#include "tests/random_test.h"

/* The block AES_key(counter, nonce), both as little-endian text of at most 8 characters or a
 * number. */
static void block(const sonic_context *context, uint8_t out[16], const uint8_t key[16],
                  uint32_t counter, const char *nonce)
{
    sonic_aes_key schedule;
    uint64_t number = 0;
    memcpy(&number, nonce, strlen(nonce));
    context->kernels.aes.expand(&schedule, key);
    context->kernels.aes.ctr(out, 16, &schedule, number, counter);
}

Test(material, keys_follow_the_stated_derivation_and_differ)
{
    static const uint32_t number[] = {0, 1, 2, 255, 256, 70000, UINT32_MAX - 1, UINT32_MAX};
    enum { N = sizeof number / sizeof *number };
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    uint8_t seed[SONIC_SEED_BYTES] = "sixteen letters";
    sonic_aes_key key[N][N], expected;
    for (unsigned s = 0; s < N; s++) {
        for (unsigned n = 0; n < N; n++) {
            uint8_t slot_key[16], node_key[16];
            sonic_material_key(context, &key[s][n], seed, number[s], number[n]);
            block(context, slot_key, seed, number[s], "slot");
            block(context, node_key, slot_key, number[n], "node");
            context->kernels.aes.expand(&expected, node_key);
            cr_assert_eq(memcmp(key[s][n].round, expected.round, sizeof expected.round), 0);
            for (unsigned before = 0; before < s * N + n; before++)
                cr_assert_neq(memcmp(key[before / N][before % N].round, expected.round, 16), 0);
        }
    }
    sonic_context_free(context);
}

Test(material, streams_are_seekable_and_dealt_values_are_seed_or_file)
{
    enum { COUNT = 3, BYTES = 1000 };
    sonic_context *context;
    sonic_graph graph;
    test_pools pools;
    sonic_error error;
    uint8_t whole[BYTES], part[BYTES], other[BYTES];
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    sonic_test_seed(3);
    test_graph_relu(&graph, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, 300, 4);
    test_graph_append(&graph, SONIC_OP_RELU, 1);
    test_pools_deal(&pools, context, &graph, SONIC_RELU_PPA, 1, COUNT);

    sonic_material zero, one;
    for (uint32_t slot = 0; slot < COUNT; slot++) {
        sonic_material_begin(&zero, context, pools.pool[0], &pools.plan, slot, 2);
        sonic_material_begin(&one, context, pools.pool[1], &pools.plan, slot, 2);
        cr_assert_eq(zero.party, 0);
        cr_assert_eq(one.party, 1);
        sonic_material_random(&zero, 7, 0, whole, BYTES);
        for (size_t offset = 0; offset < BYTES; offset += 16) {
            size_t n = (offset * 7 + 1) % (BYTES - offset) + 1;
            sonic_material_random(&zero, 7, offset, part, n);
            cr_assert_eq(memcmp(part, whole + offset, n), 0);
        }
        sonic_material_random(&zero, 8, 0, other, BYTES);
        cr_assert_neq(memcmp(other, whole, BYTES), 0);
        sonic_material_random(&one, 7, 0, other, BYTES);
        cr_assert_neq(memcmp(other, whole, BYTES), 0);

        cr_assert_eq(sonic_material_dealt(&zero, 7, 32, 999999999, part, 100, &error), SONIC_OK);
        cr_assert_eq(memcmp(part, whole + 32, 100), 0);
        cr_assert_eq(sonic_material_dealt(&one, 7, 32, 40, part, 100, &error), SONIC_OK);
        cr_assert_eq(sonic_pool_read(pools.pool[1], slot, pools.plan.slot_bytes,
                                     pools.plan.step[2].offset + 40, other, 100, &error),
                     SONIC_OK);
        cr_assert_eq(memcmp(part, other, 100), 0);

        uint64_t end = pools.plan.step[2].offline_bytes;
        cr_assert_eq(sonic_material_dealt(&one, 7, 0, end - 10, part, 10, &error), SONIC_OK);
        cr_assert_eq(sonic_material_dealt(&one, 7, 0, end - 10, part, 11, &error),
                     SONIC_E_ARGUMENT);
        one.pool = NULL;
        cr_assert_eq(sonic_material_dealt(&one, 7, 0, 0, part, 1, &error), SONIC_E_ARGUMENT);
        cr_assert_str_eq(error.text, "party 1's material has no pool");

        static const sonic_material wiped;
        sonic_material_end(&zero);
        sonic_material_end(&one);
        cr_assert_eq(memcmp(&zero.key, &wiped.key, sizeof wiped.key), 0);
    }
    test_pools_free(&pools);
    sonic_graph_free(&graph);
    sonic_context_free(context);
}

Test(material, what_servers_make_is_read_where_they_keep_it)
{
    enum { SLOT = 9, NODE = 5, AT = 300, BYTES = 200 };
    static const uint8_t seed[SONIC_SEED_BYTES] = "another sixteen";
    sonic_context *context;
    sonic_error error;
    sonic_aes_key key;
    uint8_t kept[BYTES], part[BYTES], stream[BYTES];
    int file;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    cr_assert_eq(sonic_anonymous_file(&file, NULL, &error), SONIC_OK, "%s", error.text);
    for (size_t i = 0; i < BYTES; i++)
        kept[i] = (uint8_t)(3 * i + 1);
    cr_assert_eq(sonic_spill_write(file, AT, kept, BYTES, &error), SONIC_OK, "%s", error.text);
    sonic_material_key(context, &key, seed, SLOT, NODE);
    context->kernels.aes.ctr(stream, BYTES, &key, 7, 1);
    for (unsigned party = 0; party < 2; party++) {
        sonic_material made;
        sonic_material_begin_made(&made, context, party, seed, SLOT, NODE, file, AT);
        cr_assert_eq(made.party, party);
        sonic_material_random(&made, 7, 16, part, BYTES);
        cr_assert_arr_eq(part, stream, BYTES);
        cr_assert_eq(sonic_material_dealt(&made, 7, 32, 40, part, 100, &error), SONIC_OK);
        cr_assert_arr_eq(part, kept + 40, 100);
        cr_assert_eq(sonic_material_u(&made, 7, 32, 60, part, 100, &error), SONIC_OK);
        cr_assert_arr_eq(part, kept + 60, 100);
        cr_assert_eq(sonic_material_u(&made, 7, 0, BYTES - 10, part, 11, &error), SONIC_E_FILE);
        made.is_made = false;
        cr_assert_eq(sonic_material_u(&made, 7, 16, 60, part, BYTES, &error), SONIC_OK);
        cr_assert_arr_eq(part, stream, BYTES);
        sonic_material_end(&made);
    }
    close(file);
    sonic_context_free(context);
}
