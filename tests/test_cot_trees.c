/* GGM trees: whichever leaf is missing, and trees of a maker that cheats. */
#include "proto/ot/cot_trees.h"

#include <string.h>

#include <criterion/criterion.h>
#include <sodium.h>

#include "dispatch/context.h"

enum { NODE = 16, MESSAGE_MAX = 32 * 7 + 64 };

typedef struct tree {
    sonic_context *context;
    sonic_cot_trees trees;
    uint8_t base[8][2][NODE], got[8][NODE];
    uint8_t made[256][NODE], punctured[256][NODE], message[MESSAGE_MAX];
} tree;

static void plant(tree *t, unsigned k, bool checked)
{
    const sonic_context_options options = {.threads = 1};
    uint8_t seed[SONIC_COT_TREE_SEED_BYTES];
    cr_assert_eq(sonic_context_create(&t->context, &options, NULL), SONIC_OK);
    randombytes_buf(seed, sizeof seed);
    randombytes_buf(t->base, sizeof t->base);
    sonic_cot_trees_begin(&t->trees, &t->context->kernels.aes, k, checked, seed);
    memset(t->message, 0xa5, sizeof t->message);
    sonic_cot_tree_make(&t->trees, t->made[0], t->message, (const uint8_t(*)[2][NODE])t->base);
    if (k > 1 && checked) /* 32 bytes, or leaves could be made to meet in 2^64 attempts */
        cr_assert(memcmp(t->message + 32 * (k - 1), t->message + 32 * (k - 1) + NODE, NODE) != 0);
    for (size_t i = sonic_cot_tree_bytes(k, checked); i < sizeof t->message; i++)
        cr_assert_eq(t->message[i], 0xa5, "byte %zu after a tree of %u levels", i, k);
}

static bool puncture(tree *t, unsigned missing)
{
    for (unsigned i = 0; i < t->trees.k; i++)
        memcpy(t->got[i], t->base[i][!(missing >> i & 1)], NODE);
    return sonic_cot_tree_puncture(&t->trees, t->punctured[0], t->message,
                                   (const uint8_t(*)[NODE])t->got, missing);
}

Test(cot_trees, all_leaves_but_one)
{
    static tree t;
    for (unsigned k = 1; k <= 8; k++)
        for (unsigned checked = 0; checked < 2; checked++) {
            plant(&t, k, checked);
            for (unsigned x = 0; x < 1u << k; x++)
                for (unsigned y = 0; y < x; y++)
                    cr_assert(memcmp(t.made[x], t.made[y], NODE) != 0, "%u: %u, %u", k, x, y);
            for (unsigned missing = 0; missing < 1u << k; missing++) {
                cr_assert(puncture(&t, missing), "%u levels without %u", k, missing);
                cr_assert(sodium_is_zero(t.punctured[0], NODE));
                for (unsigned y = 1; y < 1u << k; y++)
                    cr_assert_arr_eq(t.punctured[y], t.made[y ^ missing], NODE,
                                     "%u levels without %u: leaf %u", k, missing, y ^ missing);
            }
            sonic_context_free(t.context);
        }
}

/* The bytes by hand: per level but the first 32, and 64. */
Test(cot_trees, bytes)
{
    static const size_t plain[] = {0, 32, 64, 96, 128, 160, 192, 224};
    for (unsigned k = 1; k <= 8; k++) {
        cr_assert_eq(sonic_cot_tree_bytes(k, false), plain[k - 1]);
        cr_assert_eq(sonic_cot_tree_bytes(k, true), plain[k - 1] + (k > 1 ? 64 : 0));
    }
}

/* Any change is found by every party that has a leaf which it changes: a sum by those who use it,
 * one of two, the rest by all. */
Test(cot_trees, a_changed_message_is_found)
{
    static tree t;
    for (unsigned k = 2; k <= 8; k += 2) {
        plant(&t, k, true);
        for (size_t at = 0; at < sonic_cot_tree_bytes(k, true); at += 5) {
            unsigned found = 0;
            t.message[at] ^= 0x10;
            for (unsigned missing = 0; missing < 1u << k; missing++) {
                const unsigned level = 1 + (unsigned)at / 32, side = at / 16 & 1;
                const bool uses = level >= k || side != (missing >> level & 1);
                const bool right = puncture(&t, missing);
                cr_assert_eq(right, !uses, "%u levels, byte %zu, without %u", k, at, missing);
                found += !right;
            }
            cr_assert_eq(found, at / 32 + 1 >= k ? 1u << k : 1u << (k - 1));
            t.message[at] ^= 0x10;
        }
        sonic_context_free(t.context);
    }
}
