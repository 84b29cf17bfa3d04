/** @file
 * Matrix products and convolutions mod 2^32 and mod 2^64.
 *
 * Elements are uint32_t or uint64_t in the machine's byte order, chosen by the #sonic_ring
 * argument.  Data pointers are secret: no branch or address depends on elements.  Results are
 * bit-identical on every tier and for every number of threads.  Outputs alias no input.  Thread
 * safe.
 */
#ifndef SONICNN_RING_H
#define SONICNN_RING_H

#include <stdbool.h>

#include <sonicnn/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/** C = A B, or C += A B, mod 2^ring.
 * Row-major: A is m x k with rows lda elements apart, B is k x n (ldb), C is m x n (ldc).
 * @return SONIC_E_ARGUMENT for a null pointer with a non-empty shape or an unknown ring,
 *         SONIC_E_SHAPE for a leading dimension below the row or a size that overflows,
 *         SONIC_E_MEMORY; C is unchanged on failure. */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_ring_matmul(const sonic_context *context,
                                                          sonic_ring ring, size_t m, size_t n,
                                                          size_t k, void *c, size_t ldc,
                                                          const void *a, size_t lda, const void *b,
                                                          size_t ldb, bool accumulate,
                                                          sonic_error *error);

/** The public shape of a convolution in NCHW layout.
 * Input [n][c][h][w], weights [o][c/groups][kh][kw], output [n][o][oh][ow] with
 * oh = (h + pad_top + pad_bottom - dilation_h (kh - 1) - 1) / stride_h + 1, ow likewise. */
typedef struct sonic_conv_shape {
    size_t n, c, h, w;
    size_t o, kh, kw;
    size_t stride_h, stride_w;
    size_t dilation_h, dilation_w;
    size_t pad_top, pad_left, pad_bottom, pad_right;
    size_t groups;
} sonic_conv_shape;

/** The output's height and width.
 * @return SONIC_E_SHAPE for a zero kernel, stride, dilation or group count, channels that the
 *         groups do not divide, a kernel larger than the padded input, or a size that overflows */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_conv_output(const sonic_conv_shape *shape, size_t *oh,
                                                          size_t *ow, sonic_error *error);

/** y = x * w, or y += x * w, mod 2^ring: the cross-correlation that neural networks call
 * convolution.  A fully connected layer is the case h = w = kh = kw = 1.
 * @return as sonic_conv_output() and sonic_ring_matmul(); y is unchanged on failure */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_conv(const sonic_context *context, sonic_ring ring,
                                                   const sonic_conv_shape *shape, void *y,
                                                   const void *x, const void *w, bool accumulate,
                                                   sonic_error *error);

#ifdef __cplusplus
}
#endif
#endif
