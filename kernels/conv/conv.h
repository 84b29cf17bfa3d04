/** @file
 * What convolution adds to the matrix product: patches packed straight into the product's panels,
 * and the depthwise case, which is no product.  One table a ring.
 *
 * The patch matrix of one image and group has a row for each (channel, ky, kx) and a column for
 * each output position (oy, ox), both row-major; its element is the padded input at (oy stride_h +
 * ky dilation_h - pad_top, ox stride_w + kx dilation_w - pad_left).  It is never stored as a whole.
 *
 * Contract: as kernels/ring/ring.h.
 */
#ifndef SONIC_KERNELS_CONV_H
#define SONIC_KERNELS_CONV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The public geometry of one channel: input h x w, output oh x ow, kernel kh x kw.  The caller has
 * checked it: oh and ow follow from the rest, no product of sizes overflows. */
typedef struct sonic_conv_geometry {
    size_t h, w, oh, ow, kh, kw;
    size_t stride_h, stride_w, dilation_h, dilation_w;
    size_t pad_top, pad_left;
} sonic_conv_geometry;

typedef struct sonic_conv_kernels {
    /** Packs rows k0 to k0 + k and columns j0 to j0 + n of the patch matrix into ceil(n / nr)
     * panels of B (kernels/ring/ring.h).
     * @param x  the group's first channel, channels h w elements apart */
    void (*pack)(void *panels, size_t nr, const void *x, const sonic_conv_geometry *geometry,
                 size_t k0, size_t k, size_t j0, size_t n);

    /** Output rows oy0 to oy0 + rows of one channel, y (+)= x * w.
     * @param y  the channel's whole output plane, oh x ow; other rows are untouched
     * @param x  one input plane, h x w
     * @param w  one kernel, kh x kw */
    void (*depthwise)(void *y, const void *x, const void *w, const sonic_conv_geometry *geometry,
                      size_t oy0, size_t rows, bool accumulate);
} sonic_conv_kernels;

/** Fill both entries of a table, [0] for 2^32 and [1] for 2^64 (SONIC_MOD32, SONIC_MOD64). */
void sonic_conv_select_ref(sonic_conv_kernels table[2]);
void sonic_conv_select_avx2(sonic_conv_kernels table[2]);
void sonic_conv_select_avx512(sonic_conv_kernels table[2]);

#endif
