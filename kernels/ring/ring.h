/** @file
 * Matrix products mod 2^l on packed operands, one table a ring: what the drivers in dispatch/
 * block, pack and spread over threads.
 *
 * Packed operands keep `step` consecutive p together, in the form that a tier's multiplications
 * want; a depth that is no multiple of step is padded with zeroes.
 *  - A packed row of A: for each step of p, a_words elements.  Packed rows follow each other.
 *  - A panel of B, nr columns wide: for each step of p, b.words rows of nr elements.  Columns that
 *    a last, narrower panel lacks hold anything.  Panels follow each other.
 *
 * Contract: no allocation, I/O, globals or errors; every size including 0; the first panel at 64
 * bytes, all other buffers at any alignment; strides in elements; nothing outside the shape is
 * touched; constant time in elements; bit-identical on every tier.  Data pointers are secret, sizes
 * public.  Outputs alias no input.
 */
#ifndef SONIC_KERNELS_RING_H
#define SONIC_KERNELS_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SONIC_RING_TILE_MAX = 512 }; /**< no tier's tile has more elements */

/** Panels of B. */
typedef struct sonic_panel_layout {
    size_t nr;    /**< columns */
    size_t step;  /**< consecutive p that are kept together: 1 or 2 */
    size_t words; /**< rows of nr elements that keep them, step or more */
} sonic_panel_layout;

/** Steps that hold k rows. */
static inline size_t sonic_panel_steps(const sonic_panel_layout *layout, size_t k)
{
    return k / layout->step + (k % layout->step != 0);
}

/** Where row p of a panel goes before seal_b(), in elements. */
static inline size_t sonic_panel_row(const sonic_panel_layout *layout, size_t p)
{
    return (p / layout->step * layout->words + p % layout->step) * layout->nr;
}

typedef struct sonic_ring_kernels {
    size_t bytes;   /**< of an element */
    size_t mr;      /**< rows of a tile: with b.nr columns, its sums fill the registers */
    size_t a_words; /**< elements that a packed row of A keeps for one step */
    sonic_panel_layout b;
    size_t kc, mc, nc; /**< block sizes: kc a multiple of b.step, mc of mr, nc of b.nr */

    /** Packs element (i, p) = a[i row_stride + p column_stride] of an m x k matrix into m packed
     * rows. */
    void (*pack_a)(void *rows, const void *a, size_t row_stride, size_t column_stride, size_t m,
                   size_t k);

    /** Packs element (p, j) = b[p row_stride + j column_stride] of a k x n matrix into ceil(n /
     * nr) panels. */
    void (*pack_b)(void *panels, const void *b, size_t row_stride, size_t column_stride, size_t k,
                   size_t n);

    /** Turns ceil(n / nr) panels, filled as sonic_panel_row() says, into what tile() reads. */
    void (*seal_b)(void *panels, size_t k, size_t n);

    /** C (+)= A B for m <= mr packed rows and one panel: m rows ldc apart and n <= nr columns
     * of C. */
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
void sonic_ring_select_avx512ifma(sonic_ring_kernels table[2]);

#endif
