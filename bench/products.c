/* Benches of products and convolutions, one thread, against multiply-adds on registers. */
#include <sonicnn/ring.h>

#include <stdio.h>
#include <stdlib.h>

#include "bench/measure.h"

typedef struct product {
    size_t m, n, k;
} product;

static const product products[] = {
    {256, 256, 256},
    {64, 3136, 576},
    {1, 1000, 4096}, /* a convolution's, a fully connected layer's */
};

typedef struct layer {
    const char *name;
    sonic_conv_shape shape;
} layer;

/* From the networks of the tests and from ResNet-50. */
static const layer layers[] = {
    {"64x32x32-64-3x3", {1, 64, 32, 32, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
    {"64x56x56-256-1x1", {1, 64, 56, 56, 256, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1}},
    {"256x14x14-256-3x3", {1, 256, 14, 14, 256, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
    {"512x7x7-512-3x3", {1, 512, 7, 7, 512, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
    {"3x224x224-64-7x7s2", {1, 3, 224, 224, 64, 7, 7, 2, 2, 1, 1, 3, 3, 3, 3, 1}},
    {"64x56x56-depthwise", {1, 64, 56, 56, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 64}},
};

typedef struct operands {
    sonic_context *context;
    sonic_ring ring;
    const product *product;
    const sonic_conv_shape *shape;
    void *c, *a, *b;
    sonic_status status;
} operands;

static void multiply(void *state)
{
    operands *o = state;
    const product *p = o->product;
    o->status |= sonic_ring_matmul(o->context, o->ring, p->m, p->n, p->k, o->c, p->n, o->a, p->k,
                                   o->b, p->n, false, NULL);
}

static void convolve(void *state)
{
    operands *o = state;
    o->status |= sonic_conv(o->context, o->ring, o->shape, o->c, o->b, o->a, false, NULL);
}

/* Elements of c, a and b; what is counted goes into work. */
static void measure(sonic_bench *bench, const bench_case *which, operands *o, size_t c, size_t a,
                    size_t b, bench_work *work)
{
    const size_t bytes = which->ring == SONIC_MOD64 ? 8 : 4;
    const sonic_context_options options = {sonic_tier_name(which->tier), 1};
    o->ring = which->ring == SONIC_MOD64 ? SONIC_RING_64 : SONIC_RING_32;
    if (sonic_context_create(&o->context, &options, NULL)) {
        sonic_bench_fail(bench, "no context");
        return;
    }
    o->c = bench_buffer(bench, c * bytes);
    o->a = bench_buffer(bench, a * bytes);
    o->b = bench_buffer(bench, b * bytes);
    work->state = o;
    if (o->c && o->a && o->b)
        bench_measure(bench, work);
    if (o->status)
        sonic_bench_fail(bench, sonic_status_text(o->status));
    free(o->c);
    free(o->a);
    free(o->b);
    sonic_context_free(o->context);
}

static void bench_product(sonic_bench *bench, const void *argument)
{
    const bench_case *which = argument;
    const product *p = &products[which->shape];
    operands o = {.product = p};
    bench_work work = {multiply, NULL, "madds", (double)(p->m * p->n * p->k),
                       bench_ceiling_ring(which->tier, which->ring)};
    measure(bench, which, &o, p->m * p->n, p->m * p->k, p->k * p->n, &work);
}

static void bench_conv(sonic_bench *bench, const void *argument)
{
    const bench_case *which = argument;
    const sonic_conv_shape *s = &layers[which->shape].shape;
    operands o = {.shape = s};
    size_t oh, ow, bytes = which->ring == SONIC_MOD64 ? 8 : 4;
    if (sonic_conv_output(s, &oh, &ow, NULL)) {
        sonic_bench_fail(bench, "no output");
        return;
    }
    const size_t x = s->n * s->c * s->h * s->w, w = s->o * (s->c / s->groups) * s->kh * s->kw;
    const size_t y = s->n * s->o * oh * ow;
    bench_work work = {.run = convolve};
    if (s->groups > 1) { /* bound by memory */
        work.unit = "bytes";
        work.amount = (double)((x + y) * bytes);
        work.ceiling = bench_ceiling_copy((x + y) * bytes);
    } else {
        work.unit = "madds";
        work.amount = (double)(y * s->c * s->kh * s->kw);
        work.ceiling = bench_ceiling_ring(which->tier, which->ring);
    }
    measure(bench, which, &o, y, w, x, &work);
}

void bench_add_products(void)
{
    char name[96];
    for (unsigned ring = 0; ring < SONIC_RINGS; ring++) {
        const int bits = ring == SONIC_MOD64 ? 64 : 32;
        for (size_t i = 0; i < sizeof products / sizeof *products; i++) {
            snprintf(name, sizeof name, "ring/matmul%d/%zux%zux%zu", bits, products[i].m,
                     products[i].k, products[i].n);
            bench_add(SONIC_PRIMITIVE_RING, name,
                      &(bench_case){.function = bench_product, .ring = ring, .shape = i});
        }
        for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
            snprintf(name, sizeof name, "conv/conv%d/%s", bits, layers[i].name);
            bench_add(SONIC_PRIMITIVE_CONV, name,
                      &(bench_case){.function = bench_conv, .ring = ring, .shape = i});
        }
    }
}
