/* GGM trees, level by level: node x of 2^l has children x and x + 2^l. */
#include "proto/ot/cot_trees.h"

#include <string.h>

#include <sodium.h>

enum { NODE = 16, EXTRA = 32, DIGEST = 32, LEVEL = 2 * NODE, LEAVES = SONIC_COT_TREE_LEAVES_MAX };

void sonic_cot_trees_begin(sonic_cot_trees *trees, const sonic_aes_kernels *aes, unsigned k,
                           bool checked, const uint8_t seed[SONIC_COT_TREE_SEED_BYTES])
{
    trees->aes = aes;
    trees->k = k;
    trees->checked = checked && k > 1;
    aes->expand_many(trees->key, seed, 3);
}

size_t sonic_cot_tree_bytes(unsigned k, bool checked)
{
    return LEVEL * ((size_t)k - 1) + (checked && k > 1 ? EXTRA + DIGEST : 0);
}

/* to ^= from */
static void add(uint8_t *to, const uint8_t *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] ^= from[i];
}

/* sum ^= all of n blocks */
static void add_all(uint8_t *sum, const uint8_t *blocks, size_t bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add(sum, blocks + i * bytes, bytes);
}

/* Exchanges a and b if the secret bit is 1. */
static void swap_if(unsigned bit, uint8_t *a, uint8_t *b, size_t n)
{
    const uint8_t mask = (uint8_t)-bit;
    for (size_t i = 0; i < n; i++) {
        const uint8_t swap = mask & (a[i] ^ b[i]);
        a[i] ^= swap;
        b[i] ^= swap;
    }
}

/* Children of n nodes, in their place and behind. */
static void grow(const sonic_cot_trees *trees, uint8_t *nodes, size_t n)
{
    trees->aes->ccr(nodes + n * NODE, nodes, n, &trees->key[1]);
    trees->aes->ccr(nodes, nodes, n, &trees->key[0]);
}

/* Of n leaves what the check is about, and other leaves that it says nothing of. */
static void grow_extra(const sonic_cot_trees *trees, uint8_t *extra, uint8_t *leaves, size_t n)
{
    uint8_t half[LEAVES * NODE];
    for (unsigned h = 0; h < 2; h++) {
        trees->aes->ccr(half, leaves, n, &trees->key[1 + h]);
        for (size_t i = 0; i < n; i++)
            memcpy(extra + i * EXTRA + h * NODE, half + i * NODE, NODE);
    }
    trees->aes->ccr(leaves, leaves, n, &trees->key[0]);
    sodium_memzero(half, sizeof half);
}

static void digest_extra(uint8_t digest[DIGEST], const uint8_t *extra, size_t n)
{
    (void)crypto_generichash_blake2b_salt_personal(digest, DIGEST, extra, n * EXTRA, NULL, 0, NULL,
                                                   (const uint8_t[]){"sonicnn OT tree "});
}

void sonic_cot_tree_make(const sonic_cot_trees *trees, uint8_t *leaves, uint8_t *message,
                         const uint8_t base[][2][16])
{
    size_t n = 2;
    memcpy(leaves, base[0], 2 * sizeof base[0][0]);
    for (unsigned level = 1; level < trees->k; level++, n *= 2, message += LEVEL) {
        grow(trees, leaves, n);
        memcpy(message, base[level], LEVEL);
        for (unsigned side = 0; side < 2; side++)
            add_all(message + side * NODE, leaves + side * n * NODE, NODE, n);
    }
    if (trees->checked) {
        uint8_t extra[LEAVES * EXTRA];
        grow_extra(trees, extra, leaves, n);
        memset(message, 0, EXTRA);
        add_all(message, extra, EXTRA, n);
        digest_extra(message + EXTRA, extra, n);
        sodium_memzero(extra, sizeof extra);
    }
}

/* The leaves' extra bytes but those at 0, which are the rest of the sum, in the maker's order. */
static bool check_extra(const uint8_t *message, uint8_t *extra, size_t n, unsigned missing)
{
    uint8_t digest[DIGEST];
    memcpy(extra, message, EXTRA);
    add_all(extra, extra + EXTRA, EXTRA, n - 1);
    for (size_t bit = 1; bit < n; bit *= 2, missing /= 2)
        for (size_t x = 0; x < n; x++)
            if (!(x & bit))
                swap_if(missing & 1, extra + x * EXTRA, extra + (x + bit) * EXTRA, EXTRA);
    digest_extra(digest, extra, n);
    return sodium_memcmp(digest, message + EXTRA, DIGEST) == 0;
}

bool sonic_cot_tree_puncture(const sonic_cot_trees *trees, uint8_t *leaves, const uint8_t *message,
                             const uint8_t base[][16], unsigned missing)
{
    size_t n = 2;
    bool right = true;
    memset(leaves, 0, NODE);
    memcpy(leaves + NODE, base[0], NODE);
    for (unsigned level = 1; level < trees->k; level++, n *= 2, message += LEVEL) {
        const unsigned bit = missing >> level & 1;
        uint8_t *beside = leaves + n * NODE, other[NODE];
        grow(trees, leaves, n);
        swap_if(bit, leaves, beside, n * NODE);
        memset(leaves, 0, NODE);
        /* The path's child that is not on it: what the others leave of their side's sum. */
        memcpy(beside, message + NODE, NODE);
        memcpy(other, message, NODE);
        swap_if(bit, beside, other, NODE);
        add(beside, base[level], NODE);
        add_all(beside, beside + NODE, NODE, n - 1);
    }
    if (trees->checked) {
        uint8_t extra[LEAVES * EXTRA];
        grow_extra(trees, extra, leaves, n);
        memset(leaves, 0, NODE);
        right = check_extra(message, extra, n, missing);
        sodium_memzero(extra, sizeof extra);
    }
    return right;
}
