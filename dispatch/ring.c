/* Products: the arguments' checks, and matrices that stay packed; the work is in product.c. */
#include <sonicnn/ring.h>

#include <stdlib.h>

#include "dispatch/error.h"
#include "dispatch/product.h"
#include "kernels/common/checked.h"

/* Which operand a packed matrix is made for. */
typedef enum operand { OPERAND_A, OPERAND_B } operand;

struct sonic_ring_packed {
    operand side;
    sonic_ring ring;
    size_t rows, columns; /* of the matrix */
    sonic_ring_kernels kernels;
    size_t size;
    void *data;
};

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
                          "matrix %s of %zu rows, %zu elements apart, is larger than memory can be",
                          name, rows, ld);
    if (!data)
        return sonic_fail(error, SONIC_E_ARGUMENT, "matrix %s is NULL but has %zu x %zu elements",
                          name, rows, columns);
    return SONIC_OK;
}

static sonic_status check_context(const sonic_context *context, sonic_ring ring, sonic_error *error)
{
    if (!context)
        return sonic_fail(error, SONIC_E_ARGUMENT, "the context of a matrix product is NULL");
    if (ring != SONIC_RING_32 && ring != SONIC_RING_64)
        return sonic_fail(error, SONIC_E_ARGUMENT,
                          "the ring of a matrix product is 2^%d, not 2^32 or 2^64", (int)ring);
    return SONIC_OK;
}

static sonic_status check_packed(const sonic_ring_packed *packed, operand side, sonic_error *error)
{
    const char *name = side == OPERAND_A ? "a" : "b";
    if (!packed)
        return sonic_fail(error, SONIC_E_ARGUMENT, "packed matrix %s is NULL", name);
    if (packed->side != side)
        return sonic_fail(error, SONIC_E_ARGUMENT,
                          "packed matrix %s was packed for the other side of a product", name);
    return SONIC_OK;
}

/* What all products have in common; the caller sets a and b. */
static sonic_product product_of(const sonic_ring_kernels *kernels, size_t m, size_t n, size_t k,
                                void *c, size_t ldc, bool accumulate)
{
    return (sonic_product){
        .kernels = kernels,
        .m = m,
        .n = n,
        .k = k,
        .groups = 1,
        .c = c,
        .ldc = ldc,
        .span = n,
        .accumulate = accumulate,
    };
}

sonic_status sonic_ring_matmul(const sonic_context *context, sonic_ring ring, size_t m, size_t n,
                               size_t k, void *c, size_t ldc, const void *a, size_t lda,
                               const void *b, size_t ldb, bool accumulate, sonic_error *error)
{
    sonic_status status = check_context(context, ring, error);
    if (status)
        return status;
    const size_t bytes = sonic_ring_bytes(ring);
    status = check_matrix("c", c, m, n, ldc, bytes, error);
    if (!status)
        status = check_matrix("a", a, m, k, lda, bytes, error);
    if (!status)
        status = check_matrix("b", b, k, n, ldb, bytes, error);
    if (status)
        return status;
    sonic_product product =
        product_of(&context->kernels.ring[sonic_ring_index(ring)], m, n, k, c, ldc, accumulate);
    product.a = (sonic_matrix){a, lda, 1};
    product.b = (sonic_matrix){b, ldb, 1};
    return sonic_product_run(context->threads, &product, error);
}

/* Packs a rows x columns matrix, of which `data` holds the transpose if `transposed`. */
static sonic_status pack(sonic_ring_packed **packed, const sonic_context *context, sonic_ring ring,
                         operand side, size_t rows, size_t columns, const void *data, size_t ld,
                         bool transposed, sonic_error *error)
{
    const char *name = side == OPERAND_A ? "a" : "b";
    sonic_status status = check_context(context, ring, error);
    if (status)
        return status;
    const size_t bytes = sonic_ring_bytes(ring);
    if (!packed)
        return sonic_fail(error, SONIC_E_ARGUMENT, "the place for packed matrix %s is NULL", name);
    status = transposed ? check_matrix(name, data, columns, rows, ld, bytes, error)
                        : check_matrix(name, data, rows, columns, ld, bytes, error);
    if (status)
        return status;
    sonic_ring_packed *made = calloc(1, sizeof *made);
    if (!made)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for packed matrix %s", name);
    made->side = side;
    made->ring = ring;
    made->rows = rows;
    made->columns = columns;
    made->kernels = context->kernels.ring[sonic_ring_index(ring)];
    const sonic_ring_kernels *kernels = &made->kernels;
    const bool fits =
        !rows || !columns ||
        (side == OPERAND_A ? sonic_packed_a_size(kernels, rows, columns, &made->size)
                           : sonic_packed_b_size(kernels, rows, columns, &made->size));
    size_t padded = made->size;
    made->data = fits ? sonic_scratch_take(1, &padded) : NULL;
    if (!made->data) {
        free(made);
        return sonic_fail(error, SONIC_E_MEMORY,
                          "no memory to pack matrix %s of %zu x %zu elements", name, rows, columns);
    }
    const sonic_matrix matrix = {data, transposed ? 1 : ld, transposed ? ld : 1};
    if (rows && columns && side == OPERAND_A)
        sonic_packed_a_fill(kernels, made->data, &matrix, rows, columns, context->threads);
    else if (rows && columns)
        sonic_packed_b_fill(kernels, made->data, &matrix, rows, columns, context->threads);
    *packed = made;
    return SONIC_OK;
}

sonic_status sonic_ring_pack_a(sonic_ring_packed **packed, const sonic_context *context,
                               sonic_ring ring, size_t m, size_t k, const void *a, size_t lda,
                               bool transposed, sonic_error *error)
{
    return pack(packed, context, ring, OPERAND_A, m, k, a, lda, transposed, error);
}

sonic_status sonic_ring_pack_b(sonic_ring_packed **packed, const sonic_context *context,
                               sonic_ring ring, size_t k, size_t n, const void *b, size_t ldb,
                               bool transposed, sonic_error *error)
{
    return pack(packed, context, ring, OPERAND_B, k, n, b, ldb, transposed, error);
}

void sonic_ring_packed_free(sonic_ring_packed *packed)
{
    if (!packed)
        return;
    sonic_scratch_free(packed->data, 1, packed->size);
    free(packed);
}

sonic_status sonic_ring_matmul_packed_a(const sonic_context *context, const sonic_ring_packed *a,
                                        size_t n, void *c, size_t ldc, const void *b, size_t ldb,
                                        bool accumulate, sonic_error *error)
{
    sonic_status status = check_packed(a, OPERAND_A, error);
    if (!status)
        status = check_context(context, a->ring, error);
    if (status)
        return status;
    const size_t bytes = sonic_ring_bytes(a->ring), m = a->rows, k = a->columns;
    status = check_matrix("c", c, m, n, ldc, bytes, error);
    if (!status)
        status = check_matrix("b", b, k, n, ldb, bytes, error);
    if (status)
        return status;
    sonic_product product = product_of(&a->kernels, m, n, k, c, ldc, accumulate);
    product.a_packed = a->data;
    product.b = (sonic_matrix){b, ldb, 1};
    return sonic_product_run(context->threads, &product, error);
}

sonic_status sonic_ring_matmul_packed_b(const sonic_context *context, size_t m,
                                        const sonic_ring_packed *b, void *c, size_t ldc,
                                        const void *a, size_t lda, bool accumulate,
                                        sonic_error *error)
{
    sonic_status status = check_packed(b, OPERAND_B, error);
    if (!status)
        status = check_context(context, b->ring, error);
    if (status)
        return status;
    const size_t bytes = sonic_ring_bytes(b->ring), k = b->rows, n = b->columns;
    status = check_matrix("c", c, m, n, ldc, bytes, error);
    if (!status)
        status = check_matrix("a", a, m, k, lda, bytes, error);
    if (status)
        return status;
    sonic_product product = product_of(&b->kernels, m, n, k, c, ldc, accumulate);
    product.a = (sonic_matrix){a, lda, 1};
    product.b_packed = b->data;
    return sonic_product_run(context->threads, &product, error);
}
