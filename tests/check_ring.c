/* Checks of kernels/ring against schoolbook products in 128-bit integers. */
#include <string.h>

#include "tests/checks.h"
#include "tests/elements.h"

enum { SIZES = 512, SHORT = 20, DEEP = 64 };

/* One product, c (+)= a b: a is m x k with rows lda apart, b and c alike.  Buffers end at guard
 * pages, at addresses that are multiples of the element only. */
typedef struct example {
    size_t bytes, m, n, k, lda, ldb, ldc;
    bool accumulate;
    harness_buffer a, b, c, before;
} example;

static harness_buffer matrix(harness_tier *tier, size_t rows, size_t columns, size_t ld,
                             size_t bytes)
{
    const size_t elements = rows && columns ? (rows - 1) * ld + columns : 0;
    const harness_place place = harness_next(&tier->random) % 4 ? HARNESS_AT_END : HARNESS_AT_START;
    harness_buffer buffer =
        harness_buffer_make(elements * bytes, place, harness_below(&tier->random, 3));
    const harness_fill_kind kind =
        (harness_fill_kind)harness_below(&tier->random, 2 * HARNESS_FILLS);
    harness_fill(&tier->random, buffer.data, buffer.n,
                 kind < HARNESS_FILLS ? kind : HARNESS_RANDOM);
    return buffer;
}

static void example_make(harness_tier *tier, example *e)
{
    e->accumulate = harness_next(&tier->random) % 2;
    e->a = matrix(tier, e->m, e->k, e->lda, e->bytes);
    e->b = matrix(tier, e->k, e->n, e->ldb, e->bytes);
    e->c = matrix(tier, e->m, e->n, e->ldc, e->bytes);
    e->before = harness_buffer_make(e->c.n, HARNESS_AT_END, 0);
    memcpy(e->before.data, e->c.data, e->c.n);
}

/* Whether c is before (if accumulating) + a b, with the gaps between its rows as they were; frees
 * all. */
static bool example_holds(example *e, const char *what)
{
    size_t wrong = SIZE_MAX;
    for (size_t i = 0; i < e->c.n / e->bytes && wrong == SIZE_MAX; i++) {
        const size_t row = i / e->ldc, column = i % e->ldc;
        unsigned __int128 sum = element_get(e->before.data, i, e->bytes);
        if (column < e->n) {
            if (!e->accumulate)
                sum = 0;
            for (size_t p = 0; p < e->k; p++)
                sum += (unsigned __int128)element_get(e->a.data, row * e->lda + p, e->bytes) *
                       element_get(e->b.data, p * e->ldb + column, e->bytes);
        }
        if (element_get(e->c.data, i, e->bytes) != element_reduce(sum, e->bytes))
            wrong = i;
    }
    const bool intact = harness_buffer_intact(&e->a) && harness_buffer_intact(&e->b) &&
                        harness_buffer_intact(&e->c);
    harness_buffer_free(&e->a);
    harness_buffer_free(&e->b);
    harness_buffer_free(&e->c);
    harness_buffer_free(&e->before);
    HARNESS_CHECK(wrong == SIZE_MAX,
                  "%s mod 2^%zu, %zu x %zu x %zu, leading dimensions %zu %zu %zu%s: row "
                  "%zu, column %zu is wrong",
                  what, 8 * e->bytes, e->m, e->n, e->k, e->lda, e->ldb, e->ldc,
                  e->accumulate ? ", accumulating" : "", wrong / e->ldc, wrong % e->ldc);
    HARNESS_CHECK(intact, "%s mod 2^%zu, %zu x %zu x %zu: bytes outside were written", what,
                  8 * e->bytes, e->m, e->n, e->k);
    return true;
}

static harness_buffer panels_make(size_t bytes)
{
    return harness_buffer_make((bytes + 63) / 64 * 64, HARNESS_AT_END, 0);
}

static size_t ceil_div(size_t n, size_t by)
{
    return (n + by - 1) / by;
}

/* pack_b into panels, from b or from b stored by columns. */
static void pack_b(const sonic_ring_kernels *ring, const example *e, uint8_t *panels,
                   bool by_columns)
{
    if (!by_columns) {
        ring->pack_b(panels, e->b.data, e->ldb, 1, e->k, e->n);
        return;
    }
    harness_buffer turned = harness_buffer_make(e->k * e->n * e->bytes, HARNESS_AT_END, 0);
    for (size_t i = 0; i < e->k * e->n; i++)
        element_put(turned.data, i % e->n * e->k + i / e->n, e->bytes,
                    element_get(e->b.data, i / e->n * e->ldb + i % e->n, e->bytes));
    ring->pack_b(panels, turned.data, 1, e->k, e->k, e->n);
    harness_buffer_free(&turned);
}

/* The same for a; by columns, too. */
static void pack_a(const sonic_ring_kernels *ring, const example *e, uint8_t *rows, bool by_columns)
{
    if (!by_columns) {
        ring->pack_a(rows, e->a.data, e->lda, 1, e->m, e->k);
        return;
    }
    harness_buffer turned = harness_buffer_make(e->m * e->k * e->bytes, HARNESS_AT_END, 0);
    for (size_t i = 0; i < e->m * e->k; i++)
        element_put(turned.data, i % e->k * e->m + i / e->k, e->bytes,
                    element_get(e->a.data, i / e->k * e->lda + i % e->k, e->bytes));
    ring->pack_a(rows, turned.data, 1, e->m, e->m, e->k);
    harness_buffer_free(&turned);
}

static bool tiles(harness_tier *tier, const sonic_ring_kernels *ring, example *e, bool by_columns)
{
    const size_t steps = ceil_div(e->k, ring->b.step), row = steps * ring->a_words * e->bytes,
                 panel = steps * ring->b.words * ring->b.nr * e->bytes;
    e->lda = e->k + harness_below(&tier->random, 3);
    e->ldb = e->n + harness_below(&tier->random, 3);
    e->ldc = e->n + harness_below(&tier->random, 3);
    example_make(tier, e);
    harness_buffer a = panels_make(e->m * row), b = panels_make(ceil_div(e->n, ring->b.nr) * panel);
    pack_a(ring, e, a.data, by_columns);
    pack_b(ring, e, b.data, by_columns);
    const bool intact = harness_buffer_intact(&a) && harness_buffer_intact(&b);
    for (size_t i = 0; i < e->m; i += ring->mr)
        for (size_t j = 0; j < e->n; j += ring->b.nr)
            ring->tile(e->c.data + (i * e->ldc + j) * e->bytes, e->ldc, a.data + i * row,
                       b.data + j / ring->b.nr * panel, e->m - i < ring->mr ? e->m - i : ring->mr,
                       e->n - j < ring->b.nr ? e->n - j : ring->b.nr, e->k, e->accumulate);
    harness_buffer_free(&a);
    harness_buffer_free(&b);
    const bool right = example_holds(e, "tile");
    HARNESS_CHECK(intact, "packing mod 2^%zu of %zu x %zu x %zu writes outside", 8 * e->bytes, e->m,
                  e->n, e->k);
    return right;
}

static bool sizes_fit(const sonic_ring_kernels *ring)
{
    const sonic_panel_layout *b = &ring->b;
    HARNESS_CHECK(ring->mr && b->nr && ring->mr * b->nr <= SONIC_RING_TILE_MAX && b->step &&
                      b->words >= b->step && ring->a_words >= b->step && ring->kc && ring->mc &&
                      ring->nc && ring->kc % b->step == 0 && ring->mc % ring->mr == 0 &&
                      ring->nc % b->nr == 0,
                  "the tile and block sizes do not fit each other");
    return true;
}

/* Every m and every n to beyond two tiles, and every depth to beyond what is unrolled. */
bool check_ring_tiles(harness_tier *tier)
{
    for (unsigned r = 0; r < SONIC_RINGS; r++) {
        const sonic_ring_kernels *ring = &tier->kernels->ring[r];
        size_t sizes[SIZES];
        if (!sizes_fit(ring))
            return false;
        for (unsigned dimension = 0; dimension < 3; dimension++) {
            const size_t batch = dimension == 0 ? ring->mr : dimension == 1 ? ring->b.nr : DEEP;
            const size_t count = harness_sizes(sizes, SIZES, batch);
            for (size_t i = 0; i < count; i++) {
                example e = {
                    .bytes = r == SONIC_MOD64 ? 8 : 4,
                    .m = dimension == 0 ? sizes[i] : harness_below(&tier->random, 2 * ring->mr + 2),
                    .n = dimension == 1 ? sizes[i] : harness_below(&tier->random, 2 * ring->b.nr + 2),
                    .k = dimension == 2 ? sizes[i] : harness_below(&tier->random, SHORT),
                };
                if (!tiles(tier, ring, &e, i % 2))
                    return false;
            }
        }
    }
    return true;
}

static bool row(harness_tier *tier, const sonic_ring_kernels *ring, size_t bytes, size_t n,
                size_t k)
{
    example e = {.bytes = bytes, .m = 1, .n = n, .k = k};
    e.lda = k;
    e.ldb = n + harness_below(&tier->random, 3);
    e.ldc = n + 1;
    example_make(tier, &e);
    ring->row(e.c.data, e.a.data, e.b.data, e.ldb, k, n, e.accumulate);
    return example_holds(&e, "row");
}

static bool dot(harness_tier *tier, const sonic_ring_kernels *ring, size_t bytes, size_t m,
                size_t k)
{
    example e = {.bytes = bytes, .m = m, .n = 1, .k = k, .ldb = 1};
    e.lda = k + harness_below(&tier->random, 3);
    e.ldc = 1 + harness_below(&tier->random, 3);
    example_make(tier, &e);
    ring->dot(e.c.data, e.ldc, e.b.data, e.a.data, e.lda, m, k, e.accumulate);
    return example_holds(&e, "dot");
}

bool check_ring_skinny(harness_tier *tier)
{
    for (unsigned r = 0; r < SONIC_RINGS; r++) {
        const sonic_ring_kernels *ring = &tier->kernels->ring[r];
        const size_t bytes = r == SONIC_MOD64 ? 8 : 4;
        size_t sizes[SIZES];
        const size_t count = harness_sizes(sizes, SIZES, 64);
        for (size_t i = 0; i < count; i++)
            if (!row(tier, ring, bytes, sizes[i], harness_below(&tier->random, SHORT)) ||
                !row(tier, ring, bytes, harness_below(&tier->random, SHORT), sizes[i]) ||
                !dot(tier, ring, bytes, harness_below(&tier->random, 5), sizes[i]))
                return false;
    }
    return true;
}
