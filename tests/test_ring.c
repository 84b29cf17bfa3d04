/* The ring kernels on every tier, and sonic_ring_matmul() on every tier and number of threads. */
#include <criterion/criterion.h>
#include <sonicnn/ring.h>

#include <stdlib.h>
#include <string.h>

#include "dispatch/context.h"
#include "dispatch/cpu.h"
#include "tests/checks.h"
#include "tests/elements.h"

SONIC_RING_CHECKS(SONIC_KERNEL_TEST)

enum { SEED = 20230211, MAX_THREADS = 3 };

/* An assertion is a message to another process: only failures are worth one in the inner loops. */
#define REQUIRE(holds, ...)                                                                        \
    do {                                                                                           \
        if (!(holds))                                                                              \
            cr_assert(0, __VA_ARGS__);                                                             \
    } while (0)

typedef struct shape {
    size_t m, n, k;
} shape;

/* Ways to one product: nothing packed, or one operand, from its rows or from its transpose's. */
typedef enum form { PLAIN, PACKED_A, PACKED_AT, PACKED_B, PACKED_BT, FORMS } form;

static const char *const form_names[FORMS] = {"unpacked", "packed A", "packed A, transposed",
                                              "packed B", "packed B, transposed"};

/* Every operand between guard pages, without the gap behind its last row. */
typedef struct product {
    shape s;
    sonic_ring ring;
    size_t bytes, lda, ldb, ldc, ldat, ldbt;
    bool accumulate;
    harness_buffer a, b, c, at, bt;
    uint8_t *before, *want;
} product;

static harness_buffer matrix(size_t rows, size_t columns, size_t ld, size_t bytes)
{
    return harness_buffer_make((rows && columns ? (rows - 1) * ld + columns : 0) * bytes,
                               HARNESS_AT_END, 0);
}

/* to, columns x rows, = from, rows x columns, transposed. */
static void transpose(size_t rows, size_t columns, size_t bytes, void *to, size_t to_ld,
                      const void *from, size_t from_ld)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            element_put(to, j * to_ld + i, bytes, element_get(from, i * from_ld + j, bytes));
}

/* want = before, if accumulating, + a b by the definition; its gaps as they were. */
static void schoolbook(const product *p)
{
    for (size_t i = 0; i < p->s.m; i++)
        for (size_t j = 0; j < p->s.n; j++) {
            unsigned __int128 sum =
                p->accumulate ? element_get(p->before, i * p->ldc + j, p->bytes) : 0;
            for (size_t q = 0; q < p->s.k; q++)
                sum += (unsigned __int128)element_get(p->a.data, i * p->lda + q, p->bytes) *
                       element_get(p->b.data, q * p->ldb + j, p->bytes);
            element_put(p->want, i * p->ldc + j, p->bytes, element_reduce(sum, p->bytes));
        }
}

static product product_make(harness_random *random, sonic_ring ring, const shape *s)
{
    const size_t bytes = sonic_ring_bytes(ring);
    product p = {
        .s = *s,
        .ring = ring,
        .bytes = bytes,
        .lda = s->k + harness_below(random, 4),
        .ldb = s->n + harness_below(random, 4) * (s->n > 1),
        .ldc = s->n + harness_below(random, 4),
        .ldat = s->m + harness_below(random, 4),
        .ldbt = s->k + harness_below(random, 4),
        .accumulate = harness_next(random) % 2,
    };
    p.a = matrix(s->m, s->k, p.lda, bytes);
    p.b = matrix(s->k, s->n, p.ldb, bytes);
    p.c = matrix(s->m, s->n, p.ldc, bytes);
    p.at = matrix(s->k, s->m, p.ldat, bytes);
    p.bt = matrix(s->n, s->k, p.ldbt, bytes);
    p.before = malloc(p.c.n + 1);
    p.want = malloc(p.c.n + 1);
    REQUIRE(p.before && p.want, "no memory");
    harness_fill(random, p.a.data, p.a.n, (harness_fill_kind)harness_below(random, HARNESS_FILLS));
    harness_fill(random, p.b.data, p.b.n,
                 harness_next(random) % 4
                     ? HARNESS_RANDOM
                     : (harness_fill_kind)harness_below(random, HARNESS_FILLS));
    harness_fill(random, p.before, p.c.n, HARNESS_RANDOM);
    transpose(s->m, s->k, bytes, p.at.data, p.ldat, p.a.data, p.lda);
    transpose(s->k, s->n, bytes, p.bt.data, p.ldbt, p.b.data, p.ldb);
    memcpy(p.want, p.before, p.c.n);
    schoolbook(&p);
    return p;
}

static void product_free(product *p)
{
    harness_buffer_free(&p->a);
    harness_buffer_free(&p->b);
    harness_buffer_free(&p->c);
    harness_buffer_free(&p->at);
    harness_buffer_free(&p->bt);
    free(p->before);
    free(p->want);
}

static sonic_ring_packed *pack(const product *p, form f, const sonic_context *context)
{
    const bool transposed = f == PACKED_AT || f == PACKED_BT;
    sonic_ring_packed *packed = NULL;
    sonic_error error = {0};
    const sonic_status status =
        f == PACKED_A || f == PACKED_AT
            ? sonic_ring_pack_a(&packed, context, p->ring, p->s.m, p->s.k,
                                transposed ? p->at.data : p->a.data, transposed ? p->ldat : p->lda,
                                transposed, &error)
            : sonic_ring_pack_b(&packed, context, p->ring, p->s.k, p->s.n,
                                transposed ? p->bt.data : p->b.data, transposed ? p->ldbt : p->ldb,
                                transposed, &error);
    REQUIRE(status == SONIC_OK && packed, "%s", error.text);
    return packed;
}

static sonic_status run(const product *p, form f, const sonic_context *context,
                        const sonic_ring_packed *packed, sonic_error *error)
{
    if (f == PLAIN)
        return sonic_ring_matmul(context, p->ring, p->s.m, p->s.n, p->s.k, p->c.data, p->ldc,
                                 p->a.data, p->lda, p->b.data, p->ldb, p->accumulate, error);
    if (f == PACKED_A || f == PACKED_AT)
        return sonic_ring_matmul_packed_a(context, packed, p->s.n, p->c.data, p->ldc, p->b.data,
                                          p->ldb, p->accumulate, error);
    return sonic_ring_matmul_packed_b(context, p->s.m, packed, p->c.data, p->ldc, p->a.data, p->lda,
                                      p->accumulate, error);
}

/* Made once a test: asking the processor for its tiers takes longer than most products here. */
static const sonic_context *context_of(unsigned tier, int threads)
{
    static sonic_context *contexts[SONIC_TIERS][MAX_THREADS + 1];
    const sonic_context_options options = {sonic_tier_name((sonic_tier)tier), threads};
    sonic_error error = {0};
    if (!contexts[tier][threads])
        REQUIRE(sonic_context_create(&contexts[tier][threads], &options, &error) == SONIC_OK, "%s",
                error.text);
    return contexts[tier][threads];
}

/* Whether a tier is here and has products of its own. */
static bool tier_multiplies(unsigned tier)
{
    return sonic_cpu_tiers() >> tier & 1 &&
           context_of(tier, 1)->kernels.chosen[SONIC_PRIMITIVE_RING] == (sonic_tier)tier;
}

/* One form with packing by one tier, and products with another one's context. */
static void multiply_form(const product *p, form f, unsigned tier, unsigned other, int threads)
{
    sonic_ring_packed *packed =
        f == PLAIN ? NULL : pack(p, f, context_of(tier, 1 + threads % MAX_THREADS));
    sonic_error error = {0};
    memcpy(p->c.data, p->before, p->c.n);
    REQUIRE(run(p, f, context_of(other, threads), packed, &error) == SONIC_OK, "%s", error.text);
    REQUIRE(memcmp(p->c.data, p->want, p->c.n) == 0 && harness_buffer_intact(&p->c),
            "seed %d: %s, %zu x %zu x %zu (lda %zu, ldb %zu, ldc %zu, accumulate %d) mod 2^%d, "
            "packed on %s, run on %s with %d threads",
            SEED, form_names[f], p->s.m, p->s.n, p->s.k, p->lda, p->ldb, p->ldc, p->accumulate,
            (int)p->ring, sonic_tier_name((sonic_tier)tier), sonic_tier_name((sonic_tier)other),
            threads);
    sonic_ring_packed_free(packed);
}

/* One shape in every form on all tiers, against the definition: unpacked with every number of
 * threads, packed with one of them. */
static void multiply(harness_random *random, sonic_ring ring, const shape *s)
{
    product p = product_make(random, ring, s);
    unsigned other = SONIC_TIER_REF;
    for (unsigned t = 0; t < SONIC_TIERS; t++)
        if (tier_multiplies(t)) {
            for (int threads = 1; threads <= MAX_THREADS; threads++)
                multiply_form(&p, PLAIN, t, t, threads);
            for (unsigned f = PLAIN + 1; f < FORMS; f++)
                multiply_form(&p, (form)f, t, harness_next(random) % 2 ? t : other,
                              1 + (int)harness_below(random, MAX_THREADS));
            other = t;
        }
    product_free(&p);
}

Test(ring_matmul, small_shapes)
{
    harness_random random = {SEED};
    for (size_t i = 0; i < harness_rounds(300); i++) {
        const shape s = {harness_below(&random, 30), harness_below(&random, 70),
                         harness_below(&random, 40)};
        multiply(&random, i % 2 ? SONIC_RING_32 : SONIC_RING_64, &s);
    }
}

/* Every size to beyond two tiles of each tier. */
Test(ring_matmul, around_tiles)
{
    harness_random random = {SEED};
    for (unsigned t = 0; t < SONIC_TIERS; t++)
        for (unsigned r = 0; r < SONIC_RINGS && tier_multiplies(t); r++) {
            const sonic_ring_kernels *kernels = &context_of(t, 1)->kernels.ring[r];
            const size_t mr = kernels->mr, nr = kernels->b.nr;
            for (size_t size = 0; size <= 2 * nr + 2; size++) {
                const shape shapes[] = {
                    {size % (2 * mr + 2), nr + size % 3, harness_below(&random, 9)},
                    {harness_below(&random, 2 * mr + 2), size, harness_below(&random, 9)},
                    {size % 2 ? 1 : mr + 1, size % 3 ? nr - 1 : 1, size},
                };
                for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
                    multiply(&random, r == SONIC_MOD64 ? SONIC_RING_64 : SONIC_RING_32, &shapes[i]);
            }
        }
}

Test(ring_matmul, vectors)
{
    harness_random random = {SEED};
    for (size_t i = 0; i < harness_rounds(40); i++) {
        const size_t few = 1 + harness_below(&random, 7), many = 1 + harness_below(&random, 1200);
        const shape s = i % 4 < 2 ? (shape){few, many, harness_below(&random, 300)}
                                  : (shape){many, 1, harness_below(&random, 300)};
        multiply(&random, i % 2 ? SONIC_RING_32 : SONIC_RING_64, &s);
    }
}

/* One element beyond each tier's own block sizes, where the drivers' loops turn. */
Test(ring_matmul, beyond_blocks)
{
    harness_random random = {SEED};
    for (unsigned t = 0; t < SONIC_TIERS; t++)
        for (unsigned r = 0; r < SONIC_RINGS && tier_multiplies(t); r++) {
            const sonic_ring_kernels *ring = &context_of(t, 1)->kernels.ring[r];
            const shape shapes[] = {
                {2 * ring->mc + 1, ring->b.nr + 1, 9},
                {ring->mr + 1, 2 * ring->nc + 1, 9},
                {ring->mr + 1, ring->b.nr + 1, 2 * ring->kc + 1},
                {ring->mc + 1, ring->nc + 1, ring->kc + 1},
            };
            for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
                multiply(&random, r == SONIC_MOD64 ? SONIC_RING_64 : SONIC_RING_32, &shapes[i]);
        }
}

/* Operands so large that several threads pack them. */
Test(ring_matmul, packed_by_threads)
{
    harness_random random = {SEED};
    const shape shapes[] = {{460, 6, 450}, {6, 460, 450}, {1, 460, 450}, {460, 1, 450}};
    for (size_t i = 0; i < 2 * sizeof shapes / sizeof *shapes; i++)
        multiply(&random, i % 2 ? SONIC_RING_32 : SONIC_RING_64, &shapes[i / 2]);
}

/* What each bad argument is answered with; c must not change. */
Test(ring_matmul, bad_arguments)
{
    uint64_t a[4] = {1, 2, 3, 4}, b[4] = {5, 6, 7, 8}, c[4] = {9, 9, 9, 9};
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    const size_t huge = SIZE_MAX / 2 + 1;
    const struct {
        sonic_status status;
        const char *names; /* what the sentence must mention */
        sonic_ring ring;
        size_t m, n, k, ldc, lda, ldb;
        void *c;
        const void *a, *b;
    } cases[] = {
        {SONIC_E_SHAPE, "lda", SONIC_RING_64, 2, 2, 2, 2, 1, 2, c, a, b},
        {SONIC_E_SHAPE, "ldb", SONIC_RING_64, 2, 2, 2, 2, 2, 1, c, a, b},
        {SONIC_E_SHAPE, "ldc", SONIC_RING_64, 2, 2, 2, 1, 2, 2, c, a, b},
        {SONIC_E_ARGUMENT, "matrix a", SONIC_RING_64, 2, 2, 2, 2, 2, 2, c, NULL, b},
        {SONIC_E_ARGUMENT, "matrix b", SONIC_RING_32, 2, 2, 2, 2, 2, 2, c, a, NULL},
        {SONIC_E_ARGUMENT, "matrix c", SONIC_RING_64, 2, 2, 2, 2, 2, 2, NULL, a, b},
        {SONIC_E_ARGUMENT, "ring", (sonic_ring)33, 2, 2, 2, 2, 2, 2, c, a, b},
        {SONIC_E_SHAPE, "matrix c", SONIC_RING_64, huge, 2, 1, 2, 1, 2, c, a, b},
        {SONIC_E_SHAPE, "matrix a", SONIC_RING_64, 3, 1, 2, 1, huge, 1, c, a, b},
        {SONIC_E_SHAPE, "matrix b", SONIC_RING_32, 1, 2, SIZE_MAX / 8, 2, SIZE_MAX / 8, 16, c, a,
         b},
        {SONIC_E_SHAPE, "matrix b", SONIC_RING_64, 1, 1, 3, 1, 3, huge, c, a, b},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sonic_error error = {0};
        const sonic_status status = sonic_ring_matmul(
            context, cases[i].ring, cases[i].m, cases[i].n, cases[i].k, cases[i].c, cases[i].ldc,
            cases[i].a, cases[i].lda, cases[i].b, cases[i].ldb, false, &error);
        cr_expect_eq(status, cases[i].status, "case %zu: %d %s", i, status, error.text);
        cr_expect_eq(error.status, status, "case %zu", i);
        cr_expect(strstr(error.text, cases[i].names), "case %zu: \"%s\" does not name %s", i,
                  error.text, cases[i].names);
        for (size_t j = 0; j < 4; j++)
            cr_expect_eq(c[j], 9, "case %zu changed c", i);
    }
    cr_expect_eq(sonic_ring_matmul(NULL, SONIC_RING_64, 1, 1, 1, c, 1, a, 1, b, 1, false, NULL),
                 SONIC_E_ARGUMENT);
    sonic_context_free(context);
}

Test(ring_matmul, empty_shapes_need_no_data)
{
    uint32_t c[3] = {7, 7, 7};
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    cr_expect_eq(
        sonic_ring_matmul(context, SONIC_RING_64, 0, 0, 9, NULL, 3, NULL, 9, NULL, 0, false, NULL),
        SONIC_OK);
    cr_expect_eq(
        sonic_ring_matmul(context, SONIC_RING_32, 1, 3, 0, c, 3, NULL, 0, NULL, 3, true, NULL),
        SONIC_OK);
    cr_expect(c[0] == 7 && c[1] == 7 && c[2] == 7, "adding an empty product changed c");
    cr_expect_eq(
        sonic_ring_matmul(context, SONIC_RING_32, 1, 2, 0, c, 3, NULL, 0, NULL, 3, false, NULL),
        SONIC_OK);
    cr_expect(c[0] == 0 && c[1] == 0 && c[2] == 7,
              "an empty product is zero, within its columns only");
    sonic_context_free(context);
}
