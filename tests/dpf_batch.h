/** @file
 * Batches of point and comparison functions by <sonicnn/dpf.h>: keys of random numbers and corners,
 * evaluated by both parties, against the functions themselves.
 */
#ifndef SONIC_TESTS_DPF_BATCH_H
#define SONIC_TESTS_DPF_BATCH_H

#include <stdbool.h>

#include <sonicnn/dpf.h>

enum { DPF_HEADER = 48, DPF_BLOCK = 1024 };

/** A batch: keys, what they are of, where they are evaluated, and shares.  Behind each blob and its
 * shares is one byte more, which must stay what it was. */
typedef struct dpf_batch {
    sonic_dpf_shape shape;
    size_t bytes;
    uint8_t *blob[2], *alpha, *beta, *x, *out[2];
} dpf_batch;

/** A context of a tier (NULL: the highest). */
sonic_context *dpf_context(const char *tier, int threads);

/** Zeroed memory, with one byte behind it. */
uint8_t *dpf_take(size_t bytes);

/** Makes keys, by randomness that the seed determines.  x is random, or alpha, or beside it. */
dpf_batch dpf_make(sonic_dpf_shape shape, const sonic_context *context, uint64_t seed);
void dpf_drop(dpf_batch *batch);

/** Party p's shares. */
void dpf_eval(dpf_batch *batch, unsigned p, const sonic_context *context);

/** Both parties' shares are of the functions' values. */
bool dpf_is_right(const dpf_batch *batch);

size_t dpf_out_bytes(const sonic_dpf_shape *shape);

static inline unsigned dpf_bit(const uint8_t *bits, size_t i)
{
    return bits[i / 8] >> i % 8 & 1;
}

#endif
