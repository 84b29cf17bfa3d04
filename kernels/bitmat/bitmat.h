/** @file
 * Bit matrix transposes: from l-bit elements to bit planes, the layout of bit-sliced computation,
 * and from 128 rows of bits to labels, the layout of oblivious transfer and garbling.
 *
 * Contract: no allocation, I/O, globals or errors; every n including 0; constant time;
 * bit-identical on every tier.  Pointers are secret and must not alias.
 */
#ifndef SONIC_KERNELS_BITMAT_H
#define SONIC_KERNELS_BITMAT_H

#include <stddef.h>
#include <stdint.h>

typedef struct sonic_bitmat_kernels {
    /** Bit i % 64 of planes[j * stride + i / 64] = bit j of element i, for 0 <= i < n, 0 <= j < 32.
     * Bits from n to the end of the last word are zero; words from ceil(n / 64) on are untouched.
     * @param planes  32 rows of ceil(n / 64) words, stride >= ceil(n / 64) words apart, 8-byte
     * aligned
     * @param x       n elements, any alignment */
    void (*planes32)(uint64_t *planes, size_t stride, const void *x, size_t n);

    /** The same with 64-bit elements and 64 planes. */
    void (*planes64)(uint64_t *planes, size_t stride, const void *x, size_t n);

    /** Bit i of the 16-byte label j = bit j of row i, for 0 <= i < 128, 0 <= j < n, where bit k of
     * bytes is bit k % 8 of byte k / 8.
     * @param labels  n labels, any alignment
     * @param rows    128 rows of ceil(n / 8) bytes, any alignment; stride >= ceil(n / 8) bytes
     * apart */
    void (*labels128)(uint8_t *labels, const uint8_t *rows, size_t stride, size_t n);
} sonic_bitmat_kernels;

/** Fill the table's entries that a tier has; tiers are applied in rising order. */
void sonic_bitmat_select_ref(sonic_bitmat_kernels *table);
void sonic_bitmat_select_avx2(sonic_bitmat_kernels *table);
void sonic_bitmat_select_avx512(sonic_bitmat_kernels *table);

#endif
