/* sonic_ring_matmul(): the arguments' checks; the work is in product.c. */
#include <sonicnn/ring.h>

#include "dispatch/error.h"
#include "dispatch/product.h"
#include "kernels/common/checked.h"

/* Whether a rows x columns matrix of elements, rows ld apart, can be addressed. */
static sonic_status check_matrix(const char *name, const void *data, size_t rows, size_t columns,
                                 size_t ld, size_t bytes, sonic_error *error)
{
    size_t extent;
    if (ld < columns)
        return sonic_fail(error, SONIC_E_SHAPE,
                          "ld%s is %zu, below the row of %zu elements that %s has", name, ld,
                          columns, name);
    if (!rows || !columns)
        return SONIC_OK;
    if (!sonic_size_mul(&extent, rows - 1, ld) || !sonic_size_add(&extent, extent, columns) ||
        !sonic_size_mul(&extent, extent, bytes) || extent > PTRDIFF_MAX)
        return sonic_fail(error, SONIC_E_SHAPE,
                          "matrix %s of %zu rows, %zu elements apart, is larger "
                          "than memory can be",
                          name, rows, ld);
    if (!data)
        return sonic_fail(error, SONIC_E_ARGUMENT, "matrix %s is NULL but has %zu x %zu elements",
                          name, rows, columns);
    return SONIC_OK;
}

sonic_status sonic_ring_matmul(const sonic_context *context, sonic_ring ring, size_t m, size_t n,
                               size_t k, void *c, size_t ldc, const void *a, size_t lda,
                               const void *b, size_t ldb, bool accumulate, sonic_error *error)
{
    if (!context)
        return sonic_fail(error, SONIC_E_ARGUMENT, "the context of a matrix product is NULL");
    if (ring != SONIC_RING_32 && ring != SONIC_RING_64)
        return sonic_fail(error, SONIC_E_ARGUMENT,
                          "the ring of a matrix product is 2^%d, not 2^32 or "
                          "2^64",
                          (int)ring);
    size_t bytes = sonic_ring_bytes(ring);
    sonic_status status = check_matrix("c", c, m, n, ldc, bytes, error);
    if (!status)
        status = check_matrix("a", a, m, k, lda, bytes, error);
    if (!status)
        status = check_matrix("b", b, k, n, ldb, bytes, error);
    if (status)
        return status;
    const sonic_product product = {
        .ring = ring,
        .m = m,
        .n = n,
        .k = k,
        .c = c,
        .ldc = ldc,
        .a = a,
        .a_row = lda,
        .a_column = 1,
        .b = b,
        .b_row = ldb,
        .b_column = 1,
        .accumulate = accumulate,
    };
    return sonic_product_run(context, &product, error);
}
