/** @file
 * Matrix products mod 2^l on packed panels, one table a ring: what the drivers in dispatch/ block,
 * pack and spread over threads.
 *
 * A panel of A holds mr rows: for each p in [0, k) its mr elements of column p, each as a_words
 * consecutive elements (a tier may keep an element twice, once in the form its second
 * multiplication wants).  A panel of B holds nr columns: for each p its nr elements of row p.  What
 * a last, narrower panel lacks is zero.  Panels of one matrix follow each other.
 *
 * Contract: no allocation, I/O, globals or errors; every size including 0; panels at 64 bytes, all
 * other buffers at any alignment; strides in elements; nothing outside the shape is touched;
 * constant time in elements; bit-identical on every tier.  Data pointers are secret, sizes public.
 * Outputs alias no input.
 */
#ifndef SONIC_KERNELS_RING_H
#define SONIC_KERNELS_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SONIC_RING_TILE_MAX = 16 * 64 }; /**< no tier's mr nr is larger */

typedef struct sonic_ring_kernels {
    size_t mr, nr; /**< rows and columns of a tile: its accumulators fill the registers */
    size_t a_words; /**< elements that a panel of A keeps for one element: 1 or 2 */
    size_t kc, mc, nc; /**< block sizes: mc a multiple of mr, nc of nr */

    /** Packs element (i, p) = a[i row_stride + p column_stride] of an m x k matrix into ceil(m /
     * mr) panels of mr k a_words elements. */
    void (*pack_a)(void *panels, const void *a, size_t row_stride, size_t column_stride, size_t m,
                   size_t k);

    /** Packs element (p, j) = b[p row_stride + j column_stride] of a k x n matrix into ceil(n / nr)
     * panels of k nr elements. */
    void (*pack_b)(void *panels, const void *b, size_t row_stride, size_t column_stride, size_t k,
                   size_t n);

    /** C (+)= A B for one panel of each: m <= mr rows ldc apart and n <= nr columns of C. */
    void (*tile)(void *c, size_t ldc, const void *a, const void *b, size_t m, size_t n, size_t k,
                 bool accumulate);

    /** c (+)= a B for one row a of k elements and unpacked B, k x n with rows ldb apart. */
    void (*row)(void *c, const void *a, const void *b, size_t ldb, size_t k, size_t n,
                bool accumulate);

    /** c[r stride] (+)= sum over p of x[p] rows[r row_stride + p], for r < m and p < k. */
    void (*dot)(void *c, size_t stride, const void *x, const void *rows, size_t row_stride,
                size_t m, size_t k, bool accumulate);
} sonic_ring_kernels;

/** Fill both entries of a table, [0] for 2^32 and [1] for 2^64 (SONIC_MOD32, SONIC_MOD64). */
void sonic_ring_select_ref(sonic_ring_kernels table[2]);
void sonic_ring_select_avx2(sonic_ring_kernels table[2]);
void sonic_ring_select_avx512(sonic_ring_kernels table[2]);

#endif
