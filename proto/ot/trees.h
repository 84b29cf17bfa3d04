/** @file
 * Many GGM trees of 16 seeds at once, of which one party knows all seeds and the other all but that
 * of its digit: what multiplying by a secret digit starts from (kernels/vole/vole.h).
 *
 * A tree grows level by level, from two nodes to sixteen: node p of a level of m has the children
 * p, under the first of two public keys, and p + m, under the second.  So bit i of a seed's number
 * is the side taken at level i + 1.  In memory a node of all trees is a row of one block of 16
 * bytes a tree, and children replace their parents.
 *
 * Whoever misses a digit has the four nodes beside its path, one a level, in the rows 1, 2, 4, 8:
 * numbers of nodes are then relative to the digit, and what is done does not depend on it.
 *
 * The owner's transfer keys of level i, K0 and K1, are chosen from by the complement of the digit's
 * bit.  Those of level 1 are its nodes; further down each masks the sum of the level's children of
 * one side, so that the other party finds the one that it lacks and may know.
 *
 * Rows are secret, and as all arguments 8-byte aligned.
 */
#ifndef SONIC_PROTO_OT_TREES_H
#define SONIC_PROTO_OT_TREES_H

#include <stddef.h>
#include <stdint.h>

#include "dispatch/kernels.h"

enum {
    SONIC_TREES_LEVELS = 4,
    SONIC_TREES_SEEDS = 16,
    SONIC_TREES_SUMS = 6, /**< two a level but the first */
    SONIC_TREES_WORDS = 2 /**< of a block, in a row */
};

/** What the children of either side are hashed under, by sonic_aes_kernels.ccr. */
typedef struct sonic_trees_keys {
    sonic_aes_key side[2];
} sonic_trees_keys;

/** Grows n trees.
 * @param rows  16 of n blocks: in the first two nodes of level 1, out seeds
 * @param sums  SONIC_TREES_SUMS rows of n blocks; NULL: not wanted */
void sonic_trees_grow(const sonic_kernels *kernels, uint64_t *rows, uint64_t *sums, size_t n,
                      const sonic_trees_keys *keys);

/** Rows that are all ones where a bit of the digit is set: those of tree t are filled.
 * @param masks  SONIC_TREES_LEVELS rows of n blocks */
static inline void sonic_trees_mask(uint64_t *masks, size_t n, size_t t, unsigned digit)
{
    for (size_t i = 0; i < SONIC_TREES_LEVELS; i++)
        masks[(i * n + t) * SONIC_TREES_WORDS] = masks[(i * n + t) * SONIC_TREES_WORDS + 1] =
            -(uint64_t)(digit >> i & 1);
}

/** Finds the nodes beside the path of n trees.
 * @param rows   scratch, 16 of n blocks
 * @param nodes  SONIC_TREES_LEVELS rows of n blocks: in a transfer key a level, out the node
 * @param sums   SONIC_TREES_SUMS rows of n blocks, masked by the owner's transfer keys
 * @param masks  of the digits */
void sonic_trees_puncture(const sonic_kernels *kernels, uint64_t *rows, uint64_t *nodes,
                          const uint64_t *sums, const uint64_t *masks, size_t n,
                          const sonic_trees_keys *keys);

/** Grows all but one seed of n trees, in its place something else.
 * @param rows  16 of n blocks: in the nodes beside the path in rows 1, 2, 4, 8, out seeds */
void sonic_trees_regrow(const sonic_kernels *kernels, uint64_t *rows, const uint64_t *masks,
                        size_t n, const sonic_trees_keys *keys);

#endif
