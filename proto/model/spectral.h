/** @file
 * How much a convolution can lengthen a vector.
 */
#ifndef SONIC_PROTO_MODEL_SPECTRAL_H
#define SONIC_PROTO_MODEL_SPECTRAL_H

#include <sonicnn/ring.h>

/** An upper bound, rounding included, of the operator norm of a zero-padded convolution: the
 * largest |x * w| / |x| in the Euclidean norm.
 *
 * A zero-padded convolution of stride 1 is a block of the circular one on a torus of
 * (h + extent_h - 1) x (w + extent_w - 1), whose norm is the largest spectral norm of its transfer
 * matrices over the torus's frequencies; a stride only leaves outputs out, groups are blocks of a
 * diagonal.  Each spectral norm is bounded by a Cholesky factorisation of lambda I - M M^H that
 * succeeds (Rump, "Verification of positive definiteness", BIT 46, 2006).  Where that would take
 * more than some seconds, or memory is short, the bound is Schur's: the geometric mean of the
 * largest row sum and the largest column sum of |w|. */
double sonic_conv_norm(const sonic_conv_shape *shape, const double *w);

/** Schur's bound alone. */
double sonic_conv_schur(const sonic_conv_shape *shape, const double *w);

#endif
