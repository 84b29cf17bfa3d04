/* The blocked matrix product: blocks of C dealt to threads, each packing its own panels. */
#include "dispatch/product.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"
#include "dispatch/threads.h"
#include "kernels/common/checked.h"

enum {
    ROW_DEPTH = 64, /* rows of B that several skinny rows of A share from the second-level cache */
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t pieces(size_t n, size_t piece)
{
    return n / piece + (n % piece != 0);
}

void *sonic_scratch_take(size_t threads, size_t *bytes)
{
    size_t padded, total;
    if (!sonic_size_add(&padded, *bytes ? *bytes : 1, 63) ||
        !sonic_size_mul(&total, padded / 64 * 64, threads))
        return NULL;
    *bytes = padded / 64 * 64;
    return aligned_alloc(64, total);
}

void sonic_scratch_free(void *scratch, size_t threads, size_t bytes)
{
    if (scratch)
        sodium_memzero(scratch, threads * bytes);
    free(scratch);
}

size_t sonic_product_work(size_t m, size_t n, size_t k)
{
    size_t outputs, work;
    if (!sonic_size_mul(&outputs, m, n) || !sonic_size_mul(&work, outputs, k))
        return SIZE_MAX;
    return work;
}

size_t sonic_product_depth(const sonic_ring_kernels *kernels, size_t k)
{
    return k ? pieces(k, pieces(k, kernels->kc)) : 0;
}

sonic_product_grid sonic_product_split(const sonic_ring_kernels *kernels, size_t m, size_t n,
                                       size_t tasks)
{
    size_t row_tiles = pieces(m, kernels->mr), column_tiles = pieces(n, kernels->nr);
    size_t rows = row_tiles ? 1 : 0, columns = pieces(n, kernels->nc);
    while (rows && columns && rows * columns < tasks) {
        size_t high = row_tiles / rows, wide = column_tiles / columns;
        if (high <= 1 && wide <= 1)
            break;
        if (high * kernels->mr >= wide * kernels->nr)
            rows++;
        else
            columns++;
    }
    sonic_product_grid grid = {0, 0, kernels->mr, kernels->nr};
    if (rows && columns) {
        grid.height = pieces(row_tiles, rows) * kernels->mr;
        grid.width = pieces(column_tiles, columns) * kernels->nr;
        grid.rows = pieces(m, grid.height);
        grid.columns = pieces(n, grid.width);
    }
    return grid;
}

void sonic_product_block(const sonic_ring_kernels *kernels, size_t bytes, void *c, size_t ldc,
                         const void *a, const void *b, size_t m, size_t n, size_t k,
                         bool accumulate)
{
    const size_t mr = kernels->mr, nr = kernels->nr;
    /* A panel of B stays in the first-level cache while the panels of A pass by it. */
    for (size_t j = 0; j < n; j += nr)
        for (size_t i = 0; i < m; i += mr)
            kernels->tile(sonic_element_mutable(c, i * ldc + j, bytes), ldc,
                          sonic_element(a, i * k * kernels->a_words, bytes),
                          sonic_element(b, j * k, bytes), smaller(m - i, mr), smaller(n - j, nr), k,
                          accumulate);
}

/* Rows i0 to i0 + m and columns j0 to j0 + n of the product, over all of k. */
static void run_block(const sonic_ring_kernels *kernels, const sonic_product *s, size_t i0,
                      size_t m, size_t j0, size_t n, void *a_panels, void *b_panels)
{
    size_t bytes = sonic_ring_bytes(s->ring), depth = sonic_product_depth(kernels, s->k);
    for (size_t p = 0; p < s->k; p += depth) {
        size_t k = smaller(depth, s->k - p);
        kernels->pack_b(b_panels, sonic_element(s->b, p * s->b_row + j0 * s->b_column, bytes),
                        s->b_row, s->b_column, k, n);
        for (size_t i = i0; i < i0 + m; i += kernels->mc) {
            size_t height = smaller(kernels->mc, i0 + m - i);
            kernels->pack_a(a_panels, sonic_element(s->a, i * s->a_row + p * s->a_column, bytes),
                            s->a_row, s->a_column, height, k);
            sonic_product_block(kernels, bytes, sonic_element_mutable(s->c, i * s->ldc + j0, bytes),
                                s->ldc, a_panels, b_panels, height, n, k, s->accumulate || p);
        }
    }
}

static sonic_status run_blocked(const sonic_context *context, const sonic_product *s,
                                sonic_error *error)
{
    const sonic_ring_kernels *kernels = &context->kernels.ring[sonic_ring_index(s->ring)];
    size_t bytes = sonic_ring_bytes(s->ring), work = sonic_product_work(s->m, s->n, s->k);
    int threads = sonic_threads_for(context->threads, SIZE_MAX, work, SONIC_PRODUCT_LEAST);
    sonic_product_grid grid = sonic_product_split(kernels, s->m, s->n, (size_t)threads);
    size_t tasks = grid.rows * grid.columns, depth = sonic_product_depth(kernels, s->k);
    threads = sonic_threads_for(threads, tasks, work, SONIC_PRODUCT_LEAST);

    size_t a_bytes =
        (smaller(kernels->mc, grid.height) * depth * kernels->a_words * bytes + 63) & ~(size_t)63;
    size_t size = a_bytes + grid.width * depth * bytes;
    uint8_t *scratch = sonic_scratch_take((size_t)threads, &size);
    if (!scratch)
        return sonic_fail(error, SONIC_E_MEMORY,
                          "a matrix product cannot have %zu bytes of scratch for "
                          "each of %d threads",
                          size, threads);
#pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (size_t task = 0; task < tasks; task++) {
        size_t i = task / grid.columns * grid.height, j = task % grid.columns * grid.width;
        uint8_t *mine = scratch + sonic_thread_index() * size;
        run_block(kernels, s, i, smaller(grid.height, s->m - i), j, smaller(grid.width, s->n - j),
                  mine, mine + a_bytes);
    }
    sonic_scratch_free(scratch, (size_t)threads, size);
    return SONIC_OK;
}

/* Few rows of A: B is read once, where it lies. */
static void run_rows(const sonic_context *context, const sonic_product *s)
{
    const sonic_ring_kernels *kernels = &context->kernels.ring[sonic_ring_index(s->ring)];
    size_t bytes = sonic_ring_bytes(s->ring), width = kernels->nc, tasks = pieces(s->n, width);
    size_t depth = s->m == 1 ? s->k : ROW_DEPTH;
    int threads = sonic_threads_for(context->threads, tasks, sonic_product_work(s->m, s->n, s->k),
                                    SONIC_PRODUCT_LEAST);
    (void)threads; /* without OpenMP */
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t task = 0; task < tasks; task++) {
        size_t j = task * width, n = smaller(width, s->n - j);
        for (size_t p = 0; p < s->k; p += depth)
            for (size_t i = 0; i < s->m; i++)
                kernels->row(sonic_element_mutable(s->c, i * s->ldc + j, bytes),
                             sonic_element(s->a, i * s->a_row + p, bytes),
                             sonic_element(s->b, p * s->b_row + j, bytes), s->b_row,
                             smaller(depth, s->k - p), n, s->accumulate || p);
    }
}

/* c[i c_row + j c_column] (+)= the dot product of contiguous vectors x_i, few, and rows r_j. */
static void run_dots(const sonic_context *context, const sonic_product *s, size_t few, size_t c_few,
                     const void *x, size_t x_row, size_t many, size_t c_many, const void *rows,
                     size_t row)
{
    enum { CHUNK = 32 };
    const sonic_ring_kernels *kernels = &context->kernels.ring[sonic_ring_index(s->ring)];
    size_t bytes = sonic_ring_bytes(s->ring), tasks = pieces(many, CHUNK);
    int threads = sonic_threads_for(context->threads, tasks, sonic_product_work(s->m, s->n, s->k),
                                    SONIC_PRODUCT_LEAST);
    (void)threads; /* without OpenMP */
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t task = 0; task < tasks; task++) {
        size_t j = task * CHUNK;
        for (size_t i = 0; i < few; i++)
            kernels->dot(sonic_element_mutable(s->c, i * c_few + j * c_many, bytes), c_many,
                         sonic_element(x, i * x_row, bytes), sonic_element(rows, j * row, bytes),
                         row, smaller(CHUNK, many - j), s->k, s->accumulate);
    }
}

static void clear(const sonic_product *s)
{
    size_t bytes = sonic_ring_bytes(s->ring);
    for (size_t i = 0; i < s->m; i++)
        memset(sonic_element_mutable(s->c, i * s->ldc, bytes), 0, s->n * bytes);
}

sonic_status sonic_product_run(const sonic_context *context, const sonic_product *s,
                               sonic_error *error)
{
    size_t mr = context->kernels.ring[sonic_ring_index(s->ring)].mr;
    if (!s->m || !s->n)
        return SONIC_OK;
    if (!s->k) {
        if (!s->accumulate)
            clear(s);
        return SONIC_OK;
    }
    /* Below half a tile of rows, packing and the tile's idle rows cost more than they bring. */
    bool skinny = s->m == 1 || 2 * s->m <= mr;
    if (s->n == 1 && s->a_column == 1 && s->b_row == 1)
        run_dots(context, s, 1, 0, s->b, 0, s->m, s->ldc, s->a, s->a_row);
    else if (skinny && s->a_column == 1 && s->b_row == 1)
        run_dots(context, s, s->m, s->ldc, s->a, s->a_row, s->n, 1, s->b, s->b_column);
    else if (skinny && s->a_column == 1 && s->b_column == 1)
        run_rows(context, s);
    else
        return run_blocked(context, s, error);
    return SONIC_OK;
}
