/* The blocked matrix product: blocks of C dealt to threads, each packing what is not packed. */
#include "dispatch/product.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"
#include "dispatch/skinny.h"
#include "dispatch/threads.h"
#include "kernels/common/checked.h"
#include "kernels/common/loop.h"

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

/* The length of k's blocks: at most kc, whole steps, and all nearly equal. */
static size_t depth_of(const sonic_ring_kernels *kernels, size_t k)
{
    return sonic_size_pieces(sonic_size_pieces(k, sonic_size_pieces(k, kernels->kc)),
                             kernels->b.step) *
           kernels->b.step;
}

/* Elements of one packed row, or column of panels, of depth k. */
static size_t row_length(const sonic_ring_kernels *kernels, size_t k)
{
    return sonic_panel_steps(&kernels->b, k) * kernels->a_words;
}

static size_t column_length(const sonic_ring_kernels *kernels, size_t k)
{
    return sonic_panel_steps(&kernels->b, k) * kernels->b.words;
}

bool sonic_packed_a_size(const sonic_ring_kernels *kernels, size_t m, size_t k, size_t *size)
{
    return sonic_size_mul(size, sonic_panel_steps(&kernels->b, k),
                          kernels->a_words * kernels->bytes) &&
           sonic_size_mul(size, *size, m);
}

bool sonic_packed_b_size(const sonic_ring_kernels *kernels, size_t k, size_t n, size_t *size)
{
    const size_t nr = kernels->b.nr;
    return sonic_size_mul(size, sonic_panel_steps(&kernels->b, k),
                          kernels->b.words * nr * kernels->bytes) &&
           sonic_size_mul(size, *size, sonic_size_pieces(n, nr));
}

/* Where rows from i on, or panels from column j on, of the block of depth k at p are, in elements.
 */
static size_t packed_a_at(const sonic_ring_kernels *kernels, size_t m, size_t i, size_t p, size_t k)
{
    return row_length(kernels, p) * m + row_length(kernels, k) * i;
}

static size_t packed_b_at(const sonic_ring_kernels *kernels, size_t n, size_t j, size_t p, size_t k)
{
    return column_length(kernels, p) * (sonic_size_pieces(n, kernels->b.nr) * kernels->b.nr) +
           column_length(kernels, k) * j;
}

static const void *matrix_at(const sonic_matrix *m, size_t i, size_t j, size_t bytes)
{
    return sonic_element(m->data, i * m->row + j * m->column, bytes);
}

void sonic_packed_a_fill(const sonic_ring_kernels *kernels, void *packed, const sonic_matrix *a,
                         size_t m, size_t k, int threads)
{
    enum { ROWS = 32 };
    const size_t bytes = kernels->bytes, depth = depth_of(kernels, k),
                 strips = sonic_size_pieces(m, ROWS), tasks = sonic_size_pieces(k, depth) * strips;
    threads = sonic_threads_for(threads, tasks, sonic_product_work(m, 1, k), SONIC_PRODUCT_LEAST);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t task = 0; task < tasks; task++) {
        size_t p = task / strips * depth, i = task % strips * ROWS,
               d = sonic_size_min(depth, k - p);
        kernels->pack_a(sonic_element_mutable(packed, packed_a_at(kernels, m, i, p, d), bytes),
                        matrix_at(a, i, p, bytes), a->row, a->column, sonic_size_min(ROWS, m - i),
                        d);
    }
}

void sonic_packed_b_fill(const sonic_ring_kernels *kernels, void *packed, const sonic_matrix *b,
                         size_t k, size_t n, int threads)
{
    const size_t bytes = kernels->bytes, nr = kernels->b.nr, depth = depth_of(kernels, k),
                 strips = sonic_size_pieces(n, nr), tasks = sonic_size_pieces(k, depth) * strips;
    threads = sonic_threads_for(threads, tasks, sonic_product_work(1, n, k), SONIC_PRODUCT_LEAST);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t task = 0; task < tasks; task++) {
        size_t p = task / strips * depth, j = task % strips * nr, d = sonic_size_min(depth, k - p);
        kernels->pack_b(sonic_element_mutable(packed, packed_b_at(kernels, n, j, p, d), bytes),
                        matrix_at(b, p, j, bytes), b->row, b->column, d, sonic_size_min(nr, n - j));
    }
}

/* How m x n outputs are dealt out as tasks: rows * columns blocks of height x width, the last of a
 * row or column smaller; height is a multiple of mr and width of nr. */
typedef struct grid {
    size_t rows, columns, height, width;
} grid;

/* Blocks of at most nc columns, and at least `tasks` of them where the tiles allow it. */
static grid split(const sonic_ring_kernels *kernels, size_t m, size_t n, size_t tasks)
{
    const size_t row_tiles = sonic_size_pieces(m, kernels->mr),
                 column_tiles = sonic_size_pieces(n, kernels->b.nr);
    size_t rows = 1, columns = sonic_size_pieces(n, kernels->nc);
    while (rows * columns < tasks) {
        size_t high = row_tiles / rows, wide = column_tiles / columns;
        if (high <= 1 && wide <= 1)
            break;
        if (high * kernels->mr >= wide * kernels->b.nr)
            rows++;
        else
            columns++;
    }
    grid g = {.height = sonic_size_pieces(row_tiles, rows) * kernels->mr,
              .width = sonic_size_pieces(column_tiles, columns) * kernels->b.nr};
    g.rows = sonic_size_pieces(m, g.height);
    g.columns = sonic_size_pieces(n, g.width);
    return g;
}

/* Columns j0 to j0 + n of the patches' rows p to p + k: image by image, or, where a patch is one
 * element and all are of one image, as the matrix that they are. */
static void pack_patches(const sonic_product *s, size_t group, void *panels, size_t p, size_t k,
                         size_t j0, size_t n)
{
    const sonic_patches *patches = s->patches;
    const size_t bytes = s->kernels->bytes;
    if (patches->pointwise && j0 / s->span == (j0 + n - 1) / s->span) {
        const size_t at = j0 / s->span * patches->image + group * patches->group;
        s->kernels->pack_b(panels,
                           sonic_element(patches->x, at + p * s->span + j0 % s->span, bytes),
                           s->span, 1, k, n);
        return;
    }
    for (size_t done = 0, count; done < n; done += count) {
        size_t image = (j0 + done) / s->span, from = (j0 + done) % s->span;
        count = sonic_size_min(n - done, s->span - from);
        patches->kernels->pack(
            panels, &s->kernels->b, done,
            sonic_element(patches->x, image * patches->image + group * patches->group, bytes),
            &patches->geometry, p, k, from, count);
    }
    s->kernels->seal_b(panels, k, n);
}

/* to (+)= from, n elements. */
static void move(void *to, const void *from, size_t n, size_t bytes, bool accumulate)
{
    for (size_t i = 0; accumulate && i < n; i++)
        if (bytes == 8)
            ((sonic_any64 *)to)[i] += ((const sonic_any64 *)from)[i];
        else
            ((sonic_any32 *)to)[i] += ((const sonic_any32 *)from)[i];
    if (!accumulate)
        memcpy(to, from, n * bytes);
}

/* A tile whose columns, j on, belong to several images: through a buffer. */
static void split_tile(const sonic_product *s, uint8_t *c, size_t j, const void *a, const void *b,
                       size_t m, size_t n, size_t k, bool accumulate)
{
    const size_t bytes = s->kernels->bytes;
    _Alignas(64) uint8_t whole[SONIC_RING_TILE_MAX * sizeof(uint64_t)];
    s->kernels->tile(whole, n, a, b, m, n, k, false);
    for (size_t done = 0, count; done < n; done += count) {
        size_t from = (j + done) % s->span;
        count = sonic_size_min(n - done, s->span - from);
        uint8_t *to = sonic_element_mutable(c, (j + done) / s->span * s->c_span + from, bytes);
        for (size_t i = 0; i < m; i++)
            move(sonic_element_mutable(to, i * s->ldc, bytes),
                 sonic_element(whole, i * n + done, bytes), count, bytes, accumulate);
    }
    sodium_memzero(whole, m * n * bytes);
}

/* Every tile of an m x n block of packed operands; c is the block's first row. */
static void run_tiles(const sonic_product *s, uint8_t *c, size_t j0, const void *a, const void *b,
                      size_t m, size_t n, size_t k, bool accumulate)
{
    const sonic_ring_kernels *kernels = s->kernels;
    const size_t bytes = kernels->bytes, mr = kernels->mr, nr = kernels->b.nr;
    /* A panel of B stays in the first-level cache while the rows of A pass by it. */
    for (size_t j = 0; j < n; j += nr) {
        size_t width = sonic_size_min(n - j, nr), from = (j0 + j) % s->span;
        const void *panel = sonic_element(b, j * column_length(kernels, k), bytes);
        uint8_t *to = sonic_element_mutable(c, (j0 + j) / s->span * s->c_span + from, bytes);
        for (size_t i = 0; i < m; i += mr) {
            const void *rows = sonic_element(a, i * row_length(kernels, k), bytes);
            if (from + width <= s->span)
                kernels->tile(sonic_element_mutable(to, i * s->ldc, bytes), s->ldc, rows, panel,
                              sonic_size_min(m - i, mr), width, k, accumulate);
            else
                split_tile(s, sonic_element_mutable(c, i * s->ldc, bytes), j0 + j, rows, panel,
                           sonic_size_min(m - i, mr), width, k, accumulate);
        }
    }
}

/* Rows i0 to i0 + m and columns j0 to j0 + n of one group's product, over all of k. */
static void run_block(const sonic_product *s, size_t group, size_t i0, size_t m, size_t j0,
                      size_t n, void *a_scratch, void *b_scratch)
{
    const sonic_ring_kernels *kernels = s->kernels;
    const size_t bytes = s->kernels->bytes, depth = depth_of(kernels, s->k);
    const void *a_packed = s->a_packed, *b = b_scratch;
    if (a_packed)
        a_packed = sonic_element(a_packed, group * row_length(kernels, s->k) * s->m, bytes);
    for (size_t p = 0; p < s->k; p += depth) {
        const size_t k = sonic_size_min(depth, s->k - p);
        if (s->patches)
            pack_patches(s, group, b_scratch, p, k, j0, n);
        else if (s->b_packed)
            b = sonic_element(s->b_packed, packed_b_at(kernels, s->n, j0, p, k), bytes);
        else
            kernels->pack_b(b_scratch, matrix_at(&s->b, p, j0, bytes), s->b.row, s->b.column, k, n);
        for (size_t i = i0; i < i0 + m; i += kernels->mc) {
            const size_t height = sonic_size_min(kernels->mc, i0 + m - i);
            const void *a = a_scratch;
            if (a_packed)
                a = sonic_element(a_packed, packed_a_at(kernels, s->m, i, p, k), bytes);
            else
                kernels->pack_a(
                    a_scratch,
                    sonic_element(matrix_at(&s->a, i, p, bytes), group * s->a_group, bytes),
                    s->a.row, s->a.column, height, k);
            run_tiles(s, sonic_element_mutable(s->c, group * s->c_group + i * s->ldc, bytes), j0, a,
                      b, height, n, k, s->accumulate || p);
        }
    }
}

static sonic_status run_blocked(int threads, const sonic_product *s, sonic_error *error)
{
    const sonic_ring_kernels *kernels = s->kernels;
    const size_t depth = depth_of(kernels, s->k);
    size_t work;
    if (!sonic_size_mul(&work, sonic_product_work(s->m, s->n, s->k), s->groups))
        work = SIZE_MAX;
    threads = sonic_threads_for(threads, SIZE_MAX, work, SONIC_PRODUCT_LEAST);
    const grid g = split(kernels, s->m, s->n, sonic_size_pieces((size_t)threads, s->groups));
    const size_t blocks = g.rows * g.columns, tasks = s->groups * blocks;
    threads = sonic_threads_for(threads, tasks, SIZE_MAX, 1);

    size_t a_size = 0, b_size = 0;
    if (!s->a_packed)
        a_size =
            sonic_size_min(kernels->mc, g.height) * row_length(kernels, depth) * kernels->bytes;
    if (!s->b_packed)
        b_size = g.width * column_length(kernels, depth) * kernels->bytes;
    a_size = sonic_size_pieces(a_size, 64) * 64; /* panels of B start at 64 bytes */
    size_t size = a_size + b_size;
    uint8_t *scratch = sonic_scratch_take((size_t)threads, &size);
    if (!scratch)
        return sonic_fail(error, SONIC_E_MEMORY,
                          "a product cannot have %zu bytes of scratch for each of %d threads", size,
                          threads);
#pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (size_t task = 0; task < tasks; task++) {
        size_t group = task / blocks, block = task % blocks;
        size_t i = block / g.columns * g.height, j = block % g.columns * g.width;
        uint8_t *mine = scratch + sonic_thread_index() * size;
        run_block(s, group, i, sonic_size_min(g.height, s->m - i), j,
                  sonic_size_min(g.width, s->n - j), mine, mine + a_size);
    }
    sonic_scratch_free(scratch, (size_t)threads, size);
    return SONIC_OK;
}

/* c = 0, where k = 0. */
static void clear(const sonic_product *s)
{
    const size_t bytes = s->kernels->bytes;
    for (size_t group = 0; group < s->groups; group++)
        for (size_t i = 0; i < s->m; i++)
            for (size_t j = 0; j < s->n; j += s->span)
                memset(sonic_element_mutable(
                           s->c, group * s->c_group + i * s->ldc + j / s->span * s->c_span, bytes),
                       0, sonic_size_min(s->span, s->n - j) * bytes);
}

sonic_status sonic_product_run(int threads, const sonic_product *s, sonic_error *error)
{
    if (!s->groups || !s->m || !s->n)
        return SONIC_OK;
    if (!s->k) {
        if (!s->accumulate)
            clear(s);
        return SONIC_OK;
    }
    if (sonic_skinny_run(threads, s))
        return SONIC_OK;
    return run_blocked(threads, s, error);
}
