/* Constant tensors: memory and indices. */
#include "proto/model/tensor.h"

#include <stdlib.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/model/graph.h"

sonic_status sonic_tensor_create(sonic_tensor **tensor, bool integer, uint32_t rank,
                                 const size_t *dim, sonic_error *error)
{
    if (rank > SONIC_TENSOR_RANK_MAX)
        return sonic_fail(error, SONIC_E_SHAPE, "a constant has more than %d dimensions",
                          SONIC_TENSOR_RANK_MAX);
    size_t n = 1;
    for (uint32_t i = 0; i < rank; i++)
        if (!sonic_size_mul(&n, n, dim[i]) || n > SONIC_ELEMENTS_MAX)
            return sonic_fail(error, SONIC_E_SHAPE, "a constant has more than 2^31 elements");
    sonic_tensor *made = calloc(1, sizeof *made);
    if (!made)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for a constant");
    made->rank = rank;
    made->n = n;
    for (uint32_t i = 0; i < rank; i++)
        made->dim[i] = dim[i];
    if (integer)
        made->integer = calloc(n ? n : 1, sizeof *made->integer);
    else
        made->real = calloc(n ? n : 1, sizeof *made->real);
    if (!made->integer && !made->real) {
        free(made);
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for a constant of %zu elements", n);
    }
    *tensor = made;
    return SONIC_OK;
}

void sonic_tensor_free(sonic_tensor *tensor)
{
    if (!tensor)
        return;
    free(tensor->real);
    free(tensor->integer);
    free(tensor);
}

bool sonic_tensor_symbolic(const sonic_tensor *tensor)
{
    for (size_t i = 0; tensor->integer && i < tensor->n; i++)
        if (tensor->integer[i].power)
            return true;
    return false;
}

void sonic_tensor_unravel(const sonic_tensor *tensor, size_t i, size_t *index)
{
    for (uint32_t d = tensor->rank; d-- > 0; i /= tensor->dim[d])
        index[d] = i % tensor->dim[d];
}

size_t sonic_tensor_ravel(const sonic_tensor *tensor, const size_t *index)
{
    size_t i = 0;
    for (uint32_t d = 0; d < tensor->rank; d++)
        i = i * tensor->dim[d] + (tensor->dim[d] == 1 ? 0 : index[d]);
    return i;
}
