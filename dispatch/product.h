/** @file
 * The blocked matrix product behind the products and convolutions of <sonicnn/ring.h>: arguments
 * already checked, no size or address overflows, data secret, the output aliases nothing.
 */
#ifndef SONIC_DISPATCH_PRODUCT_H
#define SONIC_DISPATCH_PRODUCT_H

#include <stdbool.h>

#include "dispatch/context.h"

/** Element (i, j) is data[i row + j column]. */
typedef struct sonic_matrix {
    const void *data;
    size_t row, column;
} sonic_matrix;

/** The patch matrices (kernels/conv/conv.h) of several images, side by side. */
typedef struct sonic_patches {
    const sonic_conv_kernels *kernels;
    sonic_conv_geometry geometry;
    const void *x;
    size_t image, group; /**< elements from one image, or group, to the next */
    bool pointwise;      /**< a channel's patches are the channel */
} sonic_patches;

/** c (+)= a b, or as many such products as there are groups.
 * Of each operand, one form is set.  Packed operands are those of sonic_packed_*(), made with the
 * same kernels; those of groups follow each other. */
typedef struct sonic_product {
    const sonic_ring_kernels *kernels;
    size_t m, n, k;
    size_t groups;
    void *c; /**< (i, j) of a group is at c[group c_group + i ldc + j / span c_span + j % span] */
    size_t ldc, c_group, span, c_span;
    sonic_matrix a;
    size_t a_group;
    const void *a_packed;
    sonic_matrix b;
    const void *b_packed;
    const sonic_patches *patches;
    bool accumulate;
} sonic_product;

/** Computes it.
 * Scratch: at most a block of each operand a thread, 2 MiB.
 * @return SONIC_E_MEMORY (c is unchanged) */
SONIC_MUST_CHECK sonic_status sonic_product_run(int threads, const sonic_product *product,
                                                sonic_error *error);

/** Packed operands: for each block of k, of sonic_product_depth() and the last perhaps less, all
 * rows of A, or all panels of B.
 * @return false if the size overflows */
bool sonic_packed_a_size(const sonic_ring_kernels *kernels, size_t m, size_t k, size_t *size);
bool sonic_packed_b_size(const sonic_ring_kernels *kernels, size_t k, size_t n, size_t *size);
void sonic_packed_a_fill(const sonic_ring_kernels *kernels, void *packed, const sonic_matrix *a,
                         size_t m, size_t k, int threads);
void sonic_packed_b_fill(const sonic_ring_kernels *kernels, void *packed, const sonic_matrix *b,
                         size_t k, size_t n, int threads);

/** multiply-adds of a product, SIZE_MAX if they overflow: for deciding on threads. */
size_t sonic_product_work(size_t m, size_t n, size_t k);

enum {
    SONIC_PRODUCT_LEAST = 1 << 16, /**< multiply-adds that pay for waking a thread: about 10 us */
    SONIC_PRODUCT_SKINNY = 4,      /**< rows of A up to which packing B does not pay */
};

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
