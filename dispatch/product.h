/** @file
 * The blocked matrix product behind sonic_ring_matmul() and sonic_conv(): arguments already
 * checked.
 */
#ifndef SONIC_DISPATCH_PRODUCT_H
#define SONIC_DISPATCH_PRODUCT_H

#include <stdbool.h>

#include "dispatch/context.h"

/** c (+)= a b; element (i, p) of a is a[i a_row + p a_column], of b (p, j) likewise, and of c (i,
 * j) is c[i ldc + j].  No size or address overflows.  Data secret, c aliases nothing. */
typedef struct sonic_product {
    sonic_ring ring;
    size_t m, n, k;
    void *c;
    size_t ldc;
    const void *a;
    size_t a_row, a_column;
    const void *b;
    size_t b_row, b_column;
    bool accumulate;
} sonic_product;

/** Computes it with the context's kernels and threads.
 * @return SONIC_E_MEMORY (c is unchanged) */
SONIC_MUST_CHECK sonic_status sonic_product_run(const sonic_context *context,
                                                const sonic_product *product, sonic_error *error);

/** How m x n outputs are dealt out as tasks: rows * columns blocks of height x width, the last of a
 * row or column smaller; height is a multiple of mr and width of nr. */
typedef struct sonic_product_grid {
    size_t rows, columns, height, width;
} sonic_product_grid;

/** Blocks of at most nc columns, and at least `tasks` of them where the tiles allow it. */
sonic_product_grid sonic_product_split(const sonic_ring_kernels *kernels, size_t m, size_t n,
                                       size_t tasks);

/** The length of k's blocks: at most kc, and all nearly equal; 0 for k = 0. */
size_t sonic_product_depth(const sonic_ring_kernels *kernels, size_t k);

/** c (+)= the product of packed panels: every tile of an m x n block.
 * @param bytes  of an element */
void sonic_product_block(const sonic_ring_kernels *kernels, size_t bytes, void *c, size_t ldc,
                         const void *a, const void *b, size_t m, size_t n, size_t k,
                         bool accumulate);

/** multiply-adds of a product, SIZE_MAX if they overflow: for deciding on threads. */
size_t sonic_product_work(size_t m, size_t n, size_t k);

enum {
    SONIC_PRODUCT_LEAST = 1 << 16
}; /**< multiply-adds that pay for waking a thread: about 10 us */

/** Base plus `index` elements. */
static inline const void *sonic_element(const void *base, size_t index, size_t bytes)
{
    return (const uint8_t *)base + index * bytes;
}

static inline void *sonic_element_mutable(void *base, size_t index, size_t bytes)
{
    return (uint8_t *)base + index * bytes;
}

/** Scratch at 64 bytes for packed secrets: NULL if it cannot be had or the size overflows.  The
 * size is rounded up to a multiple of 64 for each of `threads`, and stored. */
void *sonic_scratch_take(size_t threads, size_t *bytes);

/** Wipes and frees `threads` times `bytes`; NULL is allowed. */
void sonic_scratch_free(void *scratch, size_t threads, size_t bytes);

#endif
