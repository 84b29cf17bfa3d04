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

typedef struct shape {
    size_t m, n, k;
} shape;

/* c (+)= a b by the definition, c with its gaps. */
static void schoolbook(const shape *s, size_t bytes, void *c, size_t ldc, const void *a, size_t lda,
                       const void *b, size_t ldb, bool accumulate)
{
    for (size_t i = 0; i < s->m; i++)
        for (size_t j = 0; j < s->n; j++) {
            uint64_t sum = accumulate ? element_get(c, i * ldc + j, bytes) : 0;
            for (size_t p = 0; p < s->k; p++)
                sum += element_get(a, i * lda + p, bytes) * element_get(b, p * ldb + j, bytes);
            element_put(c, i * ldc + j, bytes, sum);
        }
}

/* One shape on all tiers and numbers of threads, against the definition. */
static void multiply(harness_random *random, sonic_ring ring, const shape *s)
{
    const size_t bytes = sonic_ring_bytes(ring), lda = s->k + harness_below(random, 4);
    const size_t ldb = s->n + harness_below(random, 4) * (s->n > 1),
                 ldc = s->n + harness_below(random, 4);
    const bool accumulate = harness_next(random) % 2;
    harness_buffer a = harness_buffer_make(s->m * lda * bytes, HARNESS_AT_END, 0);
    harness_buffer b = harness_buffer_make(s->k * ldb * bytes, HARNESS_AT_END, 0);
    harness_buffer c = harness_buffer_make(s->m * ldc * bytes, HARNESS_AT_END, 0);
    uint8_t *before = malloc(c.n + 1), *want = malloc(c.n + 1);
    cr_assert(before && want);
    harness_fill(random, a.data, a.n, (harness_fill_kind)harness_below(random, HARNESS_FILLS));
    harness_fill(random, b.data, b.n, HARNESS_RANDOM);
    harness_fill(random, before, c.n, HARNESS_RANDOM);
    memcpy(want, before, c.n);
    schoolbook(s, bytes, want, ldc, a.data, lda, b.data, ldb, accumulate);
    for (unsigned t = 0; t < SONIC_TIERS; t++)
        for (int threads = 1; threads <= MAX_THREADS && sonic_cpu_tiers() >> t & 1; threads++) {
            const sonic_context_options options = {sonic_tier_name((sonic_tier)t), threads};
            sonic_context *context;
            sonic_error error = {0};
            cr_assert_eq(sonic_context_create(&context, &options, &error), SONIC_OK, "%s",
                         error.text);
            memcpy(c.data, before, c.n);
            cr_assert_eq(sonic_ring_matmul(context, ring, s->m, s->n, s->k, c.data, ldc, a.data,
                                           lda, b.data, ldb, accumulate, &error),
                         SONIC_OK, "%s", error.text);
            cr_assert(memcmp(c.data, want, c.n) == 0 && harness_buffer_intact(&c),
                      "seed %d: %zu x %zu x %zu (lda %zu, ldb %zu, ldc %zu, accumulate %d) mod "
                      "2^%d on %s with "
                      "%d threads",
                      SEED, s->m, s->n, s->k, lda, ldb, ldc, accumulate, (int)ring, options.tier,
                      threads);
            sonic_context_free(context);
        }
    harness_buffer_free(&a);
    harness_buffer_free(&b);
    harness_buffer_free(&c);
    free(before);
    free(want);
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
        for (unsigned r = 0; r < SONIC_RINGS && sonic_cpu_tiers() >> t & 1; r++) {
            sonic_kernels kernels;
            sonic_kernels_select(&kernels, 1u << t);
            if (kernels.chosen[SONIC_PRIMITIVE_RING] != (sonic_tier)t)
                continue;
            const sonic_ring_kernels *ring = &kernels.ring[r];
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
