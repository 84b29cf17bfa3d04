/** @file
 * Matrix products and convolutions mod 2^32 and mod 2^64.
 *
 * Elements are uint32_t or uint64_t in the machine's byte order, chosen by the #sonic_ring
 * argument, at any alignment.  Data pointers are secret: no branch or address depends on elements,
 * and copies are wiped.  Shapes are public.  Results are bit-identical on every tier, for every
 * number of threads, and with operands packed or not.  Outputs alias no input.  Thread safe.
 *
 * Memory beyond the arguments: at most 2 MiB for each of the context's threads, while a call runs.
 * Errors name the argument; outputs are then unchanged.
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

/** A matrix in the form that products read, made once and used for any number of them, by several
 * threads at a time and with any context: it keeps the kernels of the context that packed it, and
 * products take from theirs the number of threads.  It holds a copy, which is as secret as the
 * matrix and takes one to two times its memory, with B's columns rounded up to a panel of at most
 * 64.  Packing pays where a matrix is used again. */
typedef struct sonic_ring_packed sonic_ring_packed;

/** Packs A, m x k with rows lda elements apart, for the left of a product; or, if `transposed`, a
 * holds its transpose, k x m.
 * @param[out] packed  to be freed with sonic_ring_packed_free()
 * @return as sonic_ring_matmul() */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_ring_pack_a(sonic_ring_packed **packed,
                                                          const sonic_context *context,
                                                          sonic_ring ring, size_t m, size_t k,
                                                          const void *a, size_t lda,
                                                          bool transposed, sonic_error *error);

/** Packs B, k x n with rows ldb elements apart, for the right of a product; or, if `transposed`, b
 * holds its transpose, n x k, as the weights of a fully connected layer are.
 * @param[out] packed  to be freed with sonic_ring_packed_free()
 * @return as sonic_ring_matmul() */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_ring_pack_b(sonic_ring_packed **packed,
                                                          const sonic_context *context,
                                                          sonic_ring ring, size_t k, size_t n,
                                                          const void *b, size_t ldb,
                                                          bool transposed, sonic_error *error);

/** Wipes and frees; NULL is allowed. */
SONIC_API void sonic_ring_packed_free(sonic_ring_packed *packed);

/** C (+)= A B for a packed A, m x k, and B, k x n: ring, m and k are the packed matrix's.  C and B
 * as in sonic_ring_matmul().
 * @return as sonic_ring_matmul(), SONIC_E_ARGUMENT for a matrix packed for the other side */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_ring_matmul_packed_a(
    const sonic_context *context, const sonic_ring_packed *a, size_t n, void *c, size_t ldc,
    const void *b, size_t ldb, bool accumulate, sonic_error *error);

/** C (+)= A B for A, m x k, and a packed B, k x n: ring, k and n are the packed matrix's.
 * @return as sonic_ring_matmul_packed_a() */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_ring_matmul_packed_b(
    const sonic_context *context, size_t m, const sonic_ring_packed *b, void *c, size_t ldc,
    const void *a, size_t lda, bool accumulate, sonic_error *error);

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

/** A convolution's weights in the form that it reads, made once a model; as sonic_ring_packed. */
typedef struct sonic_conv_weights sonic_conv_weights;

/** Packs weights [o][c/groups][kh][kw] for convolutions of a shape.  Its batch n is what is most
 * often expected; others are right, too.
 * @param[out] weights  to be freed with sonic_conv_weights_free()
 * @return as sonic_conv() */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_conv_pack(sonic_conv_weights **weights,
                                                        const sonic_context *context,
                                                        sonic_ring ring,
                                                        const sonic_conv_shape *shape,
                                                        const void *w, sonic_error *error);

/** Wipes and frees; NULL is allowed. */
SONIC_API void sonic_conv_weights_free(sonic_conv_weights *weights);

/** y (+)= x * w for packed weights and n images: ring and the rest of the shape are the weights'.
 * @return as sonic_conv() */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_conv_packed(const sonic_context *context,
                                                          const sonic_conv_weights *weights,
                                                          size_t n, void *y, const void *x,
                                                          bool accumulate, sonic_error *error);

#ifdef __cplusplus
}
#endif
#endif
