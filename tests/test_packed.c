/* Packed weights: what bad arguments are answered with, and one object in several threads. */
#include <criterion/criterion.h>
#include <sonicnn/ring.h>

#include <pthread.h>
#include <string.h>

#include "tests/harness.h"

enum { SEED = 20230213 };

static sonic_context *context_make(int threads)
{
    const sonic_context_options options = {.threads = threads};
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, &options, NULL), SONIC_OK);
    return context;
}

static void expect(size_t i, sonic_status got, sonic_status want, const sonic_error *error,
                   const char *names)
{
    cr_expect_eq(got, want, "case %zu: %d %s", i, got, error->text);
    cr_expect_eq(error->status, got, "case %zu", i);
    cr_expect(strstr(error->text, names), "case %zu: \"%s\" does not name %s", i, error->text,
              names);
}

/* Either side; the place must keep what was in it. */
Test(ring_pack, bad_arguments)
{
    const uint64_t data[6] = {1, 2, 3, 4, 5, 6};
    const size_t huge = SIZE_MAX / 2 + 1;
    const struct {
        sonic_status status;
        const char *names[2]; /* what the sentence must mention, for a and for b */
        sonic_ring ring;
        size_t rows, columns, ld;
        bool transposed;
        const void *data;
        bool no_context, no_place;
    } cases[] = {
        {SONIC_E_SHAPE, {"lda", "ldb"}, SONIC_RING_64, 2, 3, 2, false, data, 0, 0},
        {SONIC_E_SHAPE, {"lda", "ldb"}, SONIC_RING_32, 3, 2, 2, true, data, 0, 0},
        {SONIC_E_ARGUMENT, {"matrix a", "matrix b"}, SONIC_RING_64, 2, 3, 3, false, NULL, 0, 0},
        {SONIC_E_ARGUMENT, {"matrix a", "matrix b"}, SONIC_RING_64, 2, 3, 2, true, NULL, 0, 0},
        {SONIC_E_ARGUMENT, {"ring", "ring"}, (sonic_ring)16, 2, 3, 3, false, data, 0, 0},
        {SONIC_E_ARGUMENT, {"context", "context"}, SONIC_RING_64, 2, 3, 3, false, data, 1, 0},
        {SONIC_E_ARGUMENT, {"matrix a", "matrix b"}, SONIC_RING_64, 2, 3, 3, false, data, 0, 1},
        {SONIC_E_SHAPE, {"matrix a", "matrix b"}, SONIC_RING_64, huge, 2, 2, false, data, 0, 0},
        {SONIC_E_SHAPE, {"matrix a", "matrix b"}, SONIC_RING_64, 2, huge, 2, true, data, 0, 0},
        {SONIC_E_SHAPE, {"matrix a", "matrix b"}, SONIC_RING_64, 3, 1, huge, false, data, 0, 0},
        {SONIC_E_SHAPE, {"matrix a", "matrix b"}, SONIC_RING_64, 1, huge, huge, false, data, 0, 0},
    };
    sonic_context *context = context_make(1);
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        const unsigned side = i % 2, c = (unsigned)(i / 2);
        sonic_ring_packed *const old = (sonic_ring_packed *)(uintptr_t)&context, *packed = old;
        sonic_error error = {0};
        const sonic_status status = (side ? sonic_ring_pack_b : sonic_ring_pack_a)(
            cases[c].no_place ? NULL : &packed, cases[c].no_context ? NULL : context, cases[c].ring,
            cases[c].rows, cases[c].columns, cases[c].data, cases[c].ld, cases[c].transposed,
            &error);
        expect(i, status, cases[c].status, &error, cases[c].names[side]);
        cr_expect_eq(packed, old, "case %zu changed the place", i);
    }
    sonic_context_free(context);
}

/* A, 2 x 3, and B, 3 x 2, packed: products with one thing wrong. */
Test(ring_matmul_packed, bad_arguments)
{
    const uint64_t data[6] = {1, 2, 3, 4, 5, 6};
    uint64_t c[8];
    sonic_context *context = context_make(2);
    sonic_ring_packed *a, *b;
    const size_t huge = SIZE_MAX / 2 + 1;
    cr_assert_eq(sonic_ring_pack_a(&a, context, SONIC_RING_64, 2, 3, data, 3, false, NULL), 0);
    cr_assert_eq(sonic_ring_pack_b(&b, context, SONIC_RING_64, 3, 2, data, 2, false, NULL), 0);
    const struct {
        sonic_status status;
        const char *names;
        const sonic_context *context;
        const sonic_ring_packed *packed;
        size_t size; /* n, or m */
        void *c;
        size_t ldc;
        const void *data;
        size_t ld;
    } cases[][2] = {
        {{SONIC_E_ARGUMENT, "context", NULL, a, 2, c, 2, data, 2},
         {SONIC_E_ARGUMENT, "context", NULL, b, 2, c, 2, data, 3}},
        {{SONIC_E_ARGUMENT, "matrix a", context, NULL, 2, c, 2, data, 2},
         {SONIC_E_ARGUMENT, "matrix b", context, NULL, 2, c, 2, data, 3}},
        {{SONIC_E_ARGUMENT, "matrix a was packed for the other side", context, b, 2, c, 2, data, 2},
         {SONIC_E_ARGUMENT, "matrix b was packed for the other side", context, a, 2, c, 2, data,
          3}},
        {{SONIC_E_ARGUMENT, "matrix c", context, a, 2, NULL, 2, data, 2},
         {SONIC_E_ARGUMENT, "matrix c", context, b, 2, NULL, 2, data, 3}},
        {{SONIC_E_ARGUMENT, "matrix b", context, a, 2, c, 2, NULL, 2},
         {SONIC_E_ARGUMENT, "matrix a", context, b, 2, c, 2, NULL, 3}},
        {{SONIC_E_SHAPE, "ldc", context, a, 2, c, 1, data, 2},
         {SONIC_E_SHAPE, "ldc", context, b, 2, c, 1, data, 3}},
        {{SONIC_E_SHAPE, "ldb", context, a, 2, c, 2, data, 1},
         {SONIC_E_SHAPE, "lda", context, b, 2, c, 2, data, 2}},
        {{SONIC_E_SHAPE, "matrix c", context, a, huge, c, huge, data, huge},
         {SONIC_E_SHAPE, "matrix c", context, b, huge, c, 2, data, 3}},
        {{SONIC_E_SHAPE, "matrix b", context, a, 2, c, 2, data, huge},
         {SONIC_E_SHAPE, "matrix a", context, b, 2, c, 2, data, huge}},
    };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        sonic_error error = {0};
        for (size_t j = 0; j < 8; j++)
            c[j] = 9;
        const sonic_status status =
            i % 2 ? sonic_ring_matmul_packed_b(cases[i / 2][1].context, cases[i / 2][1].size,
                                               cases[i / 2][1].packed, cases[i / 2][1].c,
                                               cases[i / 2][1].ldc, cases[i / 2][1].data,
                                               cases[i / 2][1].ld, false, &error)
                  : sonic_ring_matmul_packed_a(cases[i / 2][0].context, cases[i / 2][0].packed,
                                               cases[i / 2][0].size, cases[i / 2][0].c,
                                               cases[i / 2][0].ldc, cases[i / 2][0].data,
                                               cases[i / 2][0].ld, false, &error);
        expect(i, status, cases[i / 2][i % 2].status, &error, cases[i / 2][i % 2].names);
        for (size_t j = 0; j < 8; j++)
            cr_expect_eq(c[j], 9, "case %zu changed c", i);
    }
    sonic_ring_packed_free(a);
    sonic_ring_packed_free(b);
    sonic_ring_packed_free(NULL);
    sonic_context_free(context);
}

/* Matrices without elements have no data, however long their other side is. */
Test(ring_pack, empty_shapes_need_no_data)
{
    const size_t sizes[][2] = {{0, 0}, {0, 5}, {5, 0}, {0, SIZE_MAX / 2}, {SIZE_MAX / 2, 0}};
    sonic_context *context = context_make(1);
    uint32_t c[6] = {7, 7, 7, 7, 7, 7};
    sonic_error error = {0};
    for (size_t i = 0; i < 4 * sizeof sizes / sizeof *sizes; i++) {
        const size_t rows = sizes[i / 4][0], columns = sizes[i / 4][1];
        sonic_ring_packed *packed;
        const sonic_status status = (i % 2 ? sonic_ring_pack_b : sonic_ring_pack_a)(
            &packed, context, SONIC_RING_32, rows, columns, NULL, i / 2 % 2 ? rows : columns,
            i / 2 % 2, &error);
        cr_assert_eq(status, SONIC_OK, "%zu x %zu: %s", rows, columns, error.text);
        sonic_ring_packed_free(packed);
    }
    sonic_ring_packed *a;
    cr_assert_eq(sonic_ring_pack_a(&a, context, SONIC_RING_32, 2, 0, NULL, 0, false, NULL), 0);
    cr_expect_eq(sonic_ring_matmul_packed_a(context, a, 2, c, 3, NULL, 2, true, NULL), 0);
    cr_expect(c[0] == 7 && c[3] == 7, "adding an empty product changed c");
    cr_expect_eq(sonic_ring_matmul_packed_a(context, a, 2, c, 3, NULL, 2, false, NULL), 0);
    cr_expect(!c[0] && !c[1] && c[2] == 7 && !c[3] && !c[4] && c[5] == 7,
              "an empty product is zero, within its columns only");
    sonic_ring_packed_free(a);
    sonic_context_free(context);
}

Test(conv_pack, bad_arguments)
{
    const sonic_conv_shape good = {1, 4, 5, 5, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 2};
    sonic_conv_shape bad = good, large = good;
    const uint64_t w[72] = {1};
    sonic_context *context = context_make(1);
    bad.stride_h = 0;
    large.o = SIZE_MAX - 1;
    const struct {
        sonic_status status;
        const char *names;
        const sonic_context *context;
        sonic_ring ring;
        const sonic_conv_shape *shape;
        const void *w;
        bool no_place;
    } cases[] = {
        {SONIC_E_ARGUMENT, "context", NULL, SONIC_RING_64, &good, w, false},
        {SONIC_E_ARGUMENT, "ring", context, (sonic_ring)1, &good, w, false},
        {SONIC_E_ARGUMENT, "shape", context, SONIC_RING_64, NULL, w, false},
        {SONIC_E_ARGUMENT, "kernel", context, SONIC_RING_64, &good, NULL, false},
        {SONIC_E_ARGUMENT, "weights", context, SONIC_RING_64, &good, w, true},
        {SONIC_E_SHAPE, "stride", context, SONIC_RING_64, &bad, w, false},
        {SONIC_E_SHAPE, "kernel", context, SONIC_RING_32, &large, w, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sonic_conv_weights *const old = (sonic_conv_weights *)(uintptr_t)&context, *weights = old;
        sonic_error error = {0};
        const sonic_status status =
            sonic_conv_pack(cases[i].no_place ? NULL : &weights, cases[i].context, cases[i].ring,
                            cases[i].shape, cases[i].w, &error);
        expect(i, status, cases[i].status, &error, cases[i].names);
        cr_expect_eq(weights, old, "case %zu changed the place", i);
    }
    sonic_conv_weights_free(NULL);
    sonic_context_free(context);
}

Test(conv_packed, bad_arguments)
{
    const sonic_conv_shape shape = {1, 1, 2, 2, 1, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0, 1};
    const uint32_t w[4] = {1, 2, 3, 4}, x[4] = {5, 6, 7, 8};
    sonic_context *context = context_make(1);
    sonic_conv_weights *weights;
    uint32_t y[2] = {9, 9};
    cr_assert_eq(sonic_conv_pack(&weights, context, SONIC_RING_32, &shape, w, NULL), SONIC_OK);
    const struct {
        sonic_status status;
        const char *names;
        const sonic_context *context;
        const sonic_conv_weights *weights;
        size_t n;
        void *y;
        const void *x;
    } cases[] = {
        {SONIC_E_ARGUMENT, "context", NULL, weights, 1, y, x},
        {SONIC_E_ARGUMENT, "weights", context, NULL, 1, y, x},
        {SONIC_E_ARGUMENT, "output", context, weights, 1, NULL, x},
        {SONIC_E_ARGUMENT, "input", context, weights, 1, y, NULL},
        {SONIC_E_SHAPE, "input", context, weights, SIZE_MAX / 8, y, x},
        {SONIC_E_SHAPE, "input", context, weights, SIZE_MAX, y, x},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sonic_error error = {0};
        const sonic_status status = sonic_conv_packed(
            cases[i].context, cases[i].weights, cases[i].n, cases[i].y, cases[i].x, false, &error);
        expect(i, status, cases[i].status, &error, cases[i].names);
        cr_expect(y[0] == 9 && y[1] == 9, "case %zu changed y", i);
    }
    cr_expect_eq(sonic_conv_packed(context, weights, 0, NULL, NULL, false, NULL), SONIC_OK);
    cr_expect_eq(sonic_conv_packed(context, weights, 1, y, x, true, NULL), SONIC_OK);
    cr_expect(y[0] == 9 + 5 + 12 + 21 + 32 && y[1] == 9);
    sonic_conv_weights_free(weights);
    sonic_context_free(context);
}

enum { M = 70, N = 90, K = 300, IMAGES = 3, USES = 20 };

/* What both threads share, and what each is to find. */
typedef struct shared {
    const sonic_ring_packed *a;
    const sonic_conv_weights *weights;
    const uint64_t *data, *product, *images;
    bool right[2];
} shared;

typedef struct user {
    pthread_t thread;
    shared *with;
    unsigned index;
} user;

static void *use(void *arg)
{
    const user *me = arg;
    const shared *s = me->with;
    static uint64_t c[2][M * N], y[2][IMAGES * M * N];
    const sonic_context_options options = {.threads = 1 + (int)me->index};
    sonic_context *context;
    bool right = sonic_context_create(&context, &options, NULL) == SONIC_OK;
    for (unsigned i = 0; right && i < USES; i++) {
        const size_t n = 1 + i % IMAGES;
        right = sonic_ring_matmul_packed_a(context, s->a, N, c[me->index], N, s->data, N, false,
                                           NULL) == SONIC_OK &&
                memcmp(c[me->index], s->product, sizeof *c) == 0 &&
                sonic_conv_packed(context, s->weights, n, y[me->index], s->data, false, NULL) ==
                    SONIC_OK &&
                memcmp(y[me->index], s->images, n * M * N * sizeof(uint64_t)) == 0;
    }
    me->with->right[me->index] = right;
    sonic_context_free(context);
    return NULL;
}

/* 1 x 1 convolutions of K channels of 9 x 10 are the same products, image by image. */
Test(packed, two_threads_share)
{
    const sonic_conv_shape shape = {1, K, 9, 10, M, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1};
    static uint64_t weights[M * K], data[IMAGES * K * N], want[IMAGES][M * N];
    harness_random random = {SEED};
    sonic_ring_packed *a;
    sonic_conv_weights *conv;
    sonic_context *context = context_make(1);
    harness_fill(&random, weights, sizeof weights, HARNESS_RANDOM);
    harness_fill(&random, data, sizeof data, HARNESS_RANDOM);
    for (size_t image = 0; image < IMAGES; image++)
        for (size_t i = 0; i < M * N; i++)
            for (size_t p = 0; p < K; p++)
                want[image][i] += weights[i / N * K + p] * data[(image * K + p) * N + i % N];
    cr_assert_eq(sonic_ring_pack_a(&a, context, SONIC_RING_64, M, K, weights, K, false, NULL), 0);
    cr_assert_eq(sonic_conv_pack(&conv, context, SONIC_RING_64, &shape, weights, NULL), 0);
    sonic_context_free(context); /* nothing packed needs it */
    shared both = {a, conv, data, want[0], want[0], {false, false}};
    user users[2] = {{.with = &both, .index = 0}, {.with = &both, .index = 1}};
    for (unsigned i = 0; i < 2; i++)
        cr_assert_eq(pthread_create(&users[i].thread, NULL, use, &users[i]), 0);
    for (unsigned i = 0; i < 2; i++)
        (void)pthread_join(users[i].thread, NULL);
    cr_expect(both.right[0], "the first thread's products are wrong");
    cr_expect(both.right[1], "the second thread's products are wrong");
    sonic_ring_packed_free(a);
    sonic_conv_weights_free(conv);
}
