/* The memory that products and convolutions take beyond their arguments: what <sonicnn/ring.h>
 * promises a thread, at every layer of the networks that the benches know; and what happens when it
 * cannot be had.  The linker (--wrap) puts the heap below between the library and the C library. */
#include <criterion/criterion.h>
#include <sonicnn/ring.h>

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bench/networks.h"
#include "dispatch/context.h"
#include "dispatch/cpu.h"

enum {
    PROMISED = 2 << 20, /* bytes a thread */
    CALL = 4096,        /* and a call, rounded up */
    IMAGES = 5,
    WEIGHTS = 1 << 20, /* elements of weights that are worth packing here */
};

/* The heap as the library sees it. */
static struct {
    bool refuse;      /* to give anything aligned, which scratch and packed matrices are */
    size_t now, most; /* bytes in use, and the most at a time */
    size_t asked;     /* bytes that were refused */
} heap;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t n);
void __wrap_free(void *p);

static void *taken(void *p)
{
    heap.now += p ? malloc_usable_size(p) : 0;
    heap.most = heap.now > heap.most ? heap.now : heap.most;
    return p;
}

void *__wrap_malloc(size_t n)
{
    return taken(__real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return taken(__real_calloc(n, size));
}

void *__wrap_aligned_alloc(size_t alignment, size_t n)
{
    if (!heap.refuse)
        return taken(__real_aligned_alloc(alignment, n));
    heap.asked += n;
    return NULL;
}

void __wrap_free(void *p)
{
    heap.now -= p ? malloc_usable_size(p) : 0;
    __real_free(p);
}

static sonic_context *context_make(unsigned tier, int threads)
{
    const sonic_context_options options = {sonic_tier_name((sonic_tier)tier), threads};
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, &options, NULL), SONIC_OK);
    return context;
}

/* Tiers that are here and have products of their own. */
static bool tier_multiplies(unsigned tier)
{
    sonic_kernels kernels;
    sonic_kernels_select(&kernels, 1u << tier);
    return sonic_cpu_tiers() >> tier & 1 &&
           kernels.chosen[SONIC_PRIMITIVE_RING] == (sonic_tier)tier;
}

/* What a convolution wants beyond its arguments: it is refused, and must touch nothing. */
static size_t asked_for(const sonic_context *context, sonic_ring ring, const sonic_conv_shape *s,
                        const sonic_conv_weights *weights, void *nothing)
{
    sonic_error error = {0};
    heap.refuse = true;
    heap.asked = 0;
    const sonic_status status =
        weights ? sonic_conv_packed(context, weights, s->n, nothing, nothing, false, &error)
                : sonic_conv(context, ring, s, nothing, nothing, nothing, false, &error);
    heap.refuse = false;
    cr_assert_eq(status, SONIC_E_MEMORY, "%d: %s", status, error.text);
    return heap.asked;
}

static void keeps_promise(unsigned tier, const bench_layer *layer, void *nothing, size_t *most)
{
    char name[BENCH_LAYER_NAME];
    bench_layer_name(layer, name);
    for (unsigned i = 0; i < 8; i++) {
        const sonic_ring ring = i / 4 ? SONIC_RING_64 : SONIC_RING_32;
        const int threads = (int)(1u << i % 4 * 2);
        const size_t images = layer->h == 1 || i % 2 ? IMAGES : 1; /* one row needs no scratch */
        const sonic_conv_shape s = bench_layer_conv(layer, images);
        const size_t elements = s.o * (s.c / s.groups) * s.kh * s.kw;
        sonic_context *context = context_make(tier, threads);
        sonic_conv_weights *weights = NULL;
        const size_t plain = asked_for(context, ring, &s, NULL, nothing);
        if (elements <= WEIGHTS) {
            void *w = calloc(elements, sonic_ring_bytes(ring));
            cr_assert(w && sonic_conv_pack(&weights, context, ring, &s, w, NULL) == SONIC_OK);
            free(w);
        }
        const size_t packed = weights ? asked_for(context, ring, &s, weights, nothing) : 0;
        *most = plain / (size_t)threads > *most ? plain / (size_t)threads : *most;
        if (plain > PROMISED * (size_t)threads || packed > plain)
            cr_assert(
                0, "%s, %zu images, mod 2^%d on %s with %d threads: %zu bytes, %zu when packed",
                name, images, (int)ring, sonic_tier_name((sonic_tier)tier), threads, plain, packed);
        sonic_conv_weights_free(weights);
        sonic_context_free(context);
    }
}

Test(scratch, layers_of_networks)
{
    void *nothing = mmap(NULL, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t most = 0;
    cr_assert(nothing != MAP_FAILED);
    for (unsigned t = 0; t < SONIC_TIERS; t++)
        for (size_t i = 0; i < bench_layers_count && tier_multiplies(t); i++)
            if (bench_layers[i].op == SONIC_OP_CONV)
                keeps_promise(t, &bench_layers[i], nothing, &most);
    cr_expect_gt(most, PROMISED / 4, "nothing here takes more than %zu bytes: promise less", most);
    munmap(nothing, 1);
}

/* Layers as wide as VGG-16's, of fewer outputs: the heap while they run. */
Test(scratch, what_is_taken)
{
    const sonic_conv_shape shapes[] = {
        {1, 64, 112, 112, 8, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},
        {3, 128, 28, 28, 64, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1},
        {1, 64, 56, 56, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 64},
        {2, 32, 28, 28, 64, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 4},
        {9, 1024, 1, 1, 500, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1},
    };
    for (unsigned i = 0; i < 4 * sizeof shapes / sizeof *shapes; i++) {
        const sonic_conv_shape *s = &shapes[i / 4];
        const int threads = i % 4 < 2 ? 1 : 3;
        size_t oh, ow;
        cr_assert_eq(sonic_conv_output(s, &oh, &ow, NULL), SONIC_OK);
        void *x = calloc(s->n * s->c * s->h * s->w, 8), *y = calloc(s->n * s->o * oh * ow, 8),
             *w = calloc(s->o * (s->c / s->groups) * s->kh * s->kw, 8);
        cr_assert(x && y && w);
        for (unsigned t = 0; t < SONIC_TIERS; t++) {
            if (!tier_multiplies(t))
                continue;
            sonic_context *context = context_make(t, threads);
            sonic_conv_weights *weights = NULL;
            if (i % 2)
                cr_assert_eq(sonic_conv_pack(&weights, context, SONIC_RING_64, s, w, NULL), 0);
            const size_t before = heap.most = heap.now;
            cr_assert_eq(weights ? sonic_conv_packed(context, weights, s->n, y, x, true, NULL)
                                 : sonic_conv(context, SONIC_RING_64, s, y, x, w, true, NULL),
                         SONIC_OK);
            cr_expect_gt(heap.most, before, "shape %u: the heap is not watched", i / 4);
            cr_expect_leq(heap.most - before, (size_t)threads * PROMISED + CALL, "shape %u on %s",
                          i / 4, sonic_tier_name((sonic_tier)t));
            cr_expect_eq(heap.now, before, "shape %u on %s: memory is kept", i / 4,
                         sonic_tier_name((sonic_tier)t));
            sonic_conv_weights_free(weights);
            sonic_context_free(context);
        }
        free(x);
        free(y);
        free(w);
    }
}

/* No memory: an error that says what for, outputs and places as they were, nothing kept. */
Test(scratch, refused)
{
    enum { M = 40, N = 50, K = 30 };
    const sonic_conv_shape shapes[] = {{1, K, 5, 10, M, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1},
                                       {1, K, 5, 10, K, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, K}};
    static uint64_t a[K * N], b[K * N], c[M * N], before[M * N];
    sonic_context *context = context_make(SONIC_TIER_REF, 2);
    sonic_ring_packed *const old = (sonic_ring_packed *)(void *)a, *left, *right, *packed = old;
    sonic_conv_weights *weights[2], *const old_weights = (sonic_conv_weights *)(void *)b,
                                           *place = old_weights;
    sonic_error errors[9] = {{0}};
    memset(c, 42, sizeof c);
    memcpy(before, c, sizeof c);
    cr_assert_eq(sonic_ring_pack_a(&left, context, SONIC_RING_64, M, K, a, K, false, NULL), 0);
    cr_assert_eq(sonic_ring_pack_b(&right, context, SONIC_RING_64, K, N, b, N, false, NULL), 0);
    for (unsigned i = 0; i < 2; i++)
        cr_assert_eq(sonic_conv_pack(&weights[i], context, SONIC_RING_64, &shapes[i], a, NULL), 0);
    const size_t kept = heap.now;
    heap.refuse = true;
    const sonic_status statuses[9] = {
        sonic_ring_matmul(context, SONIC_RING_64, M, N, K, c, N, a, K, b, N, false, &errors[0]),
        sonic_ring_matmul_packed_a(context, left, N, c, N, b, N, false, &errors[1]),
        sonic_ring_matmul_packed_b(context, M, right, c, N, a, K, false, &errors[2]),
        sonic_ring_pack_a(&packed, context, SONIC_RING_64, M, K, a, K, false, &errors[3]),
        sonic_ring_pack_b(&packed, context, SONIC_RING_64, K, N, b, N, false, &errors[4]),
        sonic_conv(context, SONIC_RING_64, &shapes[0], c, b, a, false, &errors[5]),
        sonic_conv_packed(context, weights[0], 1, c, b, false, &errors[6]),
        sonic_conv_packed(context, weights[1], 1, c, b, false, &errors[7]),
        sonic_conv_pack(&place, context, SONIC_RING_64, &shapes[0], a, &errors[8]),
    };
    heap.refuse = false;
    for (unsigned i = 0; i < 9; i++) {
        cr_expect_eq(statuses[i], SONIC_E_MEMORY, "call %u: %d %s", i, statuses[i], errors[i].text);
        cr_expect(strstr(errors[i].text, "product") || strstr(errors[i].text, "matrix") ||
                      strstr(errors[i].text, "convolution"),
                  "call %u: \"%s\" does not say what for", i, errors[i].text);
    }
    cr_expect_eq(heap.now, kept, "what failed kept memory");
    cr_expect(memcmp(c, before, sizeof c) == 0, "what failed changed its output");
    cr_expect(packed == old && place == old_weights, "what failed changed its place");
    sonic_ring_packed_free(left);
    sonic_ring_packed_free(right);
    for (unsigned i = 0; i < 2; i++)
        sonic_conv_weights_free(weights[i]);
    sonic_context_free(context);
}
