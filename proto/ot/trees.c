/* GGM trees, level by level over many trees. */
#include "proto/ot/trees.h"

#include <string.h>

/* The children of `count` rows from `first` on, in a level of m. */
static void grow_level(const sonic_kernels *kernels, uint64_t *rows, size_t first, size_t count,
                       size_t m, size_t n, const sonic_trees_keys *keys)
{
    uint8_t *left = (uint8_t *)(rows + first * n * SONIC_TREES_WORDS);
    uint8_t *right = (uint8_t *)(rows + (first + m) * n * SONIC_TREES_WORDS);
    kernels->aes.ccr(right, left, count * n, &keys->side[1]);
    kernels->aes.ccr(left, left, count * n, &keys->side[0]);
}

/* sum += `count` rows from `rows` on. */
static void add_rows(const sonic_kernels *kernels, uint64_t *sum, const uint64_t *rows,
                     size_t count, size_t n)
{
    const size_t words = n * SONIC_TREES_WORDS;
    for (size_t i = 0; i < count; i++)
        kernels->boolean.bxor(sum, sum, rows + i * words, words);
}

void sonic_trees_grow(const sonic_kernels *kernels, uint64_t *rows, uint64_t *sums, size_t n,
                      const sonic_trees_keys *keys)
{
    const size_t words = n * SONIC_TREES_WORDS;
    if (sums)
        memset(sums, 0, SONIC_TREES_SUMS * words * sizeof *sums);
    for (size_t m = 2; m < SONIC_TREES_SEEDS; m *= 2) {
        grow_level(kernels, rows, 0, m, m, n, keys);
        for (size_t side = 0; sums && side < 2; side++, sums += words)
            add_rows(kernels, sums, rows + side * m * words, m, n);
    }
}

void sonic_trees_puncture(const sonic_kernels *kernels, uint64_t *rows, uint64_t *nodes,
                          const uint64_t *sums, const uint64_t *masks, size_t n,
                          const sonic_trees_keys *keys)
{
    const size_t words = n * SONIC_TREES_WORDS;
    memcpy(rows + words, nodes, words * sizeof *nodes);
    for (size_t m = 2; m < SONIC_TREES_SEEDS; m *= 2, sums += 2 * words) {
        nodes += words;
        masks += words;
        grow_level(kernels, rows, 1, m - 1, m, n, keys);
        uint64_t *lacking[2] = {rows, rows + m * words};
        for (size_t side = 0; side < 2; side++) { /* the masked child that is not known */
            memcpy(lacking[side], sums + side * words, words * sizeof *sums);
            add_rows(kernels, lacking[side], lacking[side] + words, m - 1, n);
        }
        for (size_t i = 0; i < words; i++)
            nodes[i] ^= (lacking[0][i] & masks[i]) | (lacking[1][i] & ~masks[i]);
        memcpy(rows + m * words, nodes, words * sizeof *nodes);
    }
}

/* Block by block, of which compilers make one operation each. */
static void swap_rows(uint64_t *restrict a, uint64_t *restrict b, const uint64_t *restrict mask,
                      size_t words)
{
    for (size_t i = 0; i < words; i += SONIC_TREES_WORDS)
        for (size_t w = 0; w < SONIC_TREES_WORDS; w++) {
            const uint64_t swap = (a[i + w] ^ b[i + w]) & mask[i + w];
            a[i + w] ^= swap;
            b[i + w] ^= swap;
        }
}

/* Bits of a seed's number below the level where it left the path are relative to the digit, those
 * above are its own.  The rows that agree in the lower ones, 0, are made absolute from the top. */
void sonic_trees_regrow(const sonic_kernels *kernels, uint64_t *rows, const uint64_t *masks,
                        size_t n, const sonic_trees_keys *keys)
{
    const size_t words = n * SONIC_TREES_WORDS;
    for (size_t m = 2; m < SONIC_TREES_SEEDS; m *= 2)
        grow_level(kernels, rows, 1, m - 1, m, n, keys);
    memset(rows, 0, words * sizeof *rows);
    for (size_t i = SONIC_TREES_LEVELS; i-- > 0;)
        for (size_t row = 0; row < SONIC_TREES_SEEDS; row += (size_t)2 << i)
            swap_rows(rows + row * words, rows + (row + ((size_t)1 << i)) * words,
                      masks + i * words, words);
}
