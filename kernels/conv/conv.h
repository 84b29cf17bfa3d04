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

#include "kernels/ring/ring.h"

/** The public geometry of one channel: input h x w, output oh x ow, kernel kh x kw.  The caller has
 * checked it: oh and ow follow from the rest, no product of sizes overflows. */
typedef struct sonic_conv_geometry {
    size_t h, w, oh, ow, kh, kw;
    size_t stride_h, stride_w, dilation_h, dilation_w;
    size_t pad_top, pad_left;
} sonic_conv_geometry;

/** Output rows row to row + rows of output channels first to first + planes; channel o reads input
 * channel o / multiplier. */
typedef struct sonic_depthwise_part {
    size_t first, planes, multiplier;
    size_t row, rows;
    bool accumulate;
} sonic_depthwise_part;

enum { SONIC_DEPTHWISE_SCRATCH = 24 << 10 }; /**< lines that stay in a first-level cache */

typedef struct sonic_conv_kernels {
    /** Packs rows k0 to k0 + k and columns j0 to j0 + n of the patch matrix into columns `at` to
     * at + n of panels of B of depth k, not sealed yet (kernels/ring/ring.h).
     * @param x  the group's first channel, channels h w elements apart */
    void (*pack)(void *panels, const sonic_panel_layout *layout, size_t at, const void *x,
                 const sonic_conv_geometry *geometry, size_t k0, size_t k, size_t j0, size_t n);

    /** Output channels of a depthwise convolution of one image, y (+)= x * w.
     * @param scratch  SONIC_DEPTHWISE_SCRATCH bytes at 64; secret afterwards, to be wiped
     * @param y  the image's output planes, oh x ow each; what is not in `part` is untouched
     * @param x  its input planes, h x w each
     * @param w  a kernel kh x kw for each output channel */
    void (*depthwise)(void *scratch, void *y, const void *x, const void *w,
                      const sonic_conv_geometry *geometry, const sonic_depthwise_part *part);
} sonic_conv_kernels;

/** Fill both entries of a table, [0] for 2^32 and [1] for 2^64 (SONIC_MOD32, SONIC_MOD64). */
void sonic_conv_select_ref(sonic_conv_kernels table[2]);
void sonic_conv_select_avx2(sonic_conv_kernels table[2]);
void sonic_conv_select_avx512(sonic_conv_kernels table[2]);

#endif
