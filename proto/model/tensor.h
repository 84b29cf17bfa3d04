/** @file
 * Constant tensors of the importer: reals, or integers some of which are multiples of the batch
 * size.
 *
 * Shape arithmetic in a model mentions the batch size, which is not known: an element of an integer
 * tensor is value * (batch size)^power, so that Shape, Gather, Concat, Reshape chains fold.
 */
#ifndef SONIC_PROTO_MODEL_TENSOR_H
#define SONIC_PROTO_MODEL_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sonicnn/status.h>

enum { SONIC_TENSOR_RANK_MAX = 8 };

typedef struct sonic_symbol {
    int64_t value;
    unsigned power; /**< of the batch size, at most 15 */
} sonic_symbol;

typedef struct sonic_tensor {
    uint32_t rank;
    size_t dim[SONIC_TENSOR_RANK_MAX];
    size_t n;
    double *real;          /**< exactly one of the two is not NULL */
    sonic_symbol *integer;
} sonic_tensor;

/** Zeros.  dim may be NULL for rank 0.  @return SONIC_E_SHAPE for more than 2^31 elements or a rank
 * above the maximum, SONIC_E_MEMORY */
SONIC_MUST_CHECK sonic_status sonic_tensor_create(sonic_tensor **tensor, bool integer,
                                                  uint32_t rank, const size_t *dim,
                                                  sonic_error *error);
/** NULL is allowed. */
void sonic_tensor_free(sonic_tensor *tensor);

/** to[i] = from[j]; both hold the same kind. */
static inline void sonic_tensor_set(sonic_tensor *to, size_t i, const sonic_tensor *from, size_t j)
{
    if (to->real)
        to->real[i] = from->real[j];
    else
        to->integer[i] = from->integer[j];
}

/** The element as a real; the power of the batch size is ignored. */
static inline double sonic_tensor_real(const sonic_tensor *tensor, size_t i)
{
    return tensor->real ? tensor->real[i] : (double)tensor->integer[i].value;
}

/** Whether an element mentions the batch size. */
bool sonic_tensor_symbolic(const sonic_tensor *tensor);

/** Row-major index -> one index a dimension, and back; a dimension of size 1 takes any index
 * (broadcasting). */
void sonic_tensor_unravel(const sonic_tensor *tensor, size_t i, size_t *index);
size_t sonic_tensor_ravel(const sonic_tensor *tensor, const size_t *index);

#endif
