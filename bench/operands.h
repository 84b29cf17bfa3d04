/** @file
 * A product or a convolution of the public interface, ready to be run again and again.
 */
#ifndef SONIC_BENCH_OPERANDS_H
#define SONIC_BENCH_OPERANDS_H

#include <sonicnn/ring.h>

#include "bench/measure.h"

typedef struct bench_product {
    size_t m, k, n;
} bench_product;

/** c = a b, or c = b * a with weights a.  One of product and conv is set. */
typedef struct bench_operands {
    sonic_context *context;
    sonic_ring ring;
    const bench_product *product;
    const sonic_conv_shape *conv;
    size_t elements[3]; /**< of c, a and b */
    void *c, *a, *b;
    sonic_ring_packed *packed;   /**< b of a product, for a case that is packed, else NULL */
    sonic_conv_weights *weights; /**< a of a convolution, likewise */
    sonic_status status;         /**< not SONIC_OK once a run has failed */
} bench_operands;

/** Sizes and fills everything for a case's tier and ring; false, and the bench failed, if it cannot
 * be had.  bench_operands_end() is due in any case. */
bool bench_operands_begin(sonic_bench *bench, bench_operands *operands, const bench_case *which);
void bench_operands_end(bench_operands *operands);

/** For bench_work and bench_rate(): one product or convolution. */
void bench_operands_run(void *operands);

/** Runs it once and looks whether the result is right; if not, fails the bench. */
bool bench_operands_check(sonic_bench *bench, bench_operands *operands);

/** Multiply-adds, and the bytes of all three arrays. */
double bench_operands_madds(const bench_operands *operands);
double bench_operands_bytes(const bench_operands *operands);

#endif
