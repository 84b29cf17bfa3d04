/* Benches of convolutions: each shape of the table of networks on one thread, against multiply-adds
 * on registers, depthwise ones against copying; and a network's linear layers in sum. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/networks.h"
#include "bench/operands.h"

/* How long the product that a convolution is compared with runs. */
static const double PRODUCT_SECONDS = 0.02;

/* The rate of the product of the convolution's own dimensions, with the patch matrix for B. */
static double product_rate(sonic_bench *bench, const bench_case *which, const bench_operands *conv)
{
    const sonic_conv_shape *s = conv->conv;
    const bench_product product = {s->o, s->c * s->kh * s->kw, conv->elements[0] / s->o};
    bench_operands o = {.product = &product};
    double rate = 0;
    if (bench_operands_begin(bench, &o, which)) {
        bench_operands_run(&o);
        rate = bench_rate(bench_operands_run, &o, bench_operands_madds(&o), PRODUCT_SECONDS);
    }
    bench_operands_end(&o);
    return rate;
}

static void bench_conv(sonic_bench *bench, void *argument)
{
    const bench_case *which = argument;
    const bench_layer *layer = &bench_layers[which->shape];
    const sonic_conv_shape shape = bench_layer_conv(layer, 1);
    bench_operands o = {.conv = &shape};
    if (!bench_operands_begin(bench, &o, which) || !bench_operands_check(bench, &o))
        goto end;
    bench_work work = {
        .run = bench_operands_run,
        .state = &o,
        .unit = "madds",
        .amount = bench_operands_madds(&o),
        .traffic = bench_operands_bytes(&o),
        .ceiling = {.kind = BENCH_RING, .tier = which->tier, .ring = which->ring},
    };
    if (shape.groups > 1) { /* bound by memory */
        work.unit = "bytes";
        work.amount = work.traffic;
        work.ceiling = (bench_ceiling){.kind = BENCH_COPY, .bytes = (size_t)work.traffic};
    }
    const double rate = bench_measure(bench, &work);
    if (shape.groups > 1) {
        const double intensity = bench_operands_madds(&o) / work.traffic;
        sonic_bench_counter(bench, "madds/s", rate * intensity);
        sonic_bench_counter(bench, "intensity", intensity);
    } else if (which->tier != SONIC_TIER_REF && layer->uses[BENCH_RESNET50] && !which->packed) {
        const double product = product_rate(bench, which, &o);
        sonic_bench_counter(bench, "product", product);
        sonic_bench_counter(bench, "product_share", rate / product);
    }
end:
    bench_operands_end(&o);
}

/* One server's linear layers of a whole network, one after the other, weights apart. */
typedef struct chain {
    bench_operands *link;
    sonic_conv_shape *shape;
    size_t links;
} chain;

static void chain_run(void *state)
{
    const chain *c = state;
    for (size_t i = 0; i < c->links; i++)
        bench_operands_run(&c->link[i]);
}

static bool chain_begin(sonic_bench *bench, chain *c, const bench_case *which)
{
    size_t uses = 0;
    for (size_t i = 0; i < bench_layers_count; i++)
        uses += bench_layers[i].op == SONIC_OP_CONV ? bench_layers[i].uses[which->op] : 0;
    c->link = calloc(uses, sizeof *c->link);
    c->shape = calloc(uses, sizeof *c->shape);
    if (!c->link || !c->shape) {
        sonic_bench_fail(bench, "no memory");
        return false;
    }
    for (size_t i = 0; i < bench_layers_count; i++)
        for (unsigned u = 0;
             bench_layers[i].op == SONIC_OP_CONV && u < bench_layers[i].uses[which->op]; u++) {
            const size_t at = c->links++;
            c->shape[at] = bench_layer_conv(&bench_layers[i], 1);
            c->link[at].conv = &c->shape[at];
            if (!bench_operands_begin(bench, &c->link[at], which) ||
                (u == 0 && !bench_operands_check(bench, &c->link[at])))
                return false;
        }
    return true;
}

static void bench_chain(sonic_bench *bench, void *argument)
{
    const bench_case *which = argument;
    chain c = {.links = 0};
    bench_work work = {
        .run = chain_run,
        .state = &c,
        .unit = "madds",
        .ceiling = {.kind = BENCH_RING, .tier = which->tier, .ring = which->ring},
        .threads = which->threads,
    };
    if (chain_begin(bench, &c, which)) {
        for (size_t i = 0; i < c.links; i++) {
            work.amount += bench_operands_madds(&c.link[i]);
            work.traffic += bench_operands_bytes(&c.link[i]);
        }
        const double rate = bench_measure(bench, &work);
        sonic_bench_counter(bench, "seconds", work.amount / rate);
    }
    for (size_t i = 0; i < c.links; i++)
        bench_operands_end(&c.link[i]);
    free(c.link);
    free(c.shape);
}

/* 1 x 1 depthwise: a layer, but no shape of a convolution. */
static bool is_batch_norm(const bench_layer *layer)
{
    return layer->groups == layer->c && layer->k == 1;
}

static bool wanted(const bench_layer *layer, const bench_network *network)
{
    unsigned uses = 0;
    for (unsigned n = 0; n < BENCH_NETWORKS; n++)
        uses += layer->uses[n];
    return layer->op == SONIC_OP_CONV && layer->h * layer->w > 1 && !is_batch_norm(layer) &&
           (!network || !uses || layer->uses[*network]);
}

void bench_add_convolutions(const bench_network *network)
{
    char name[128], shape[BENCH_LAYER_NAME];
    for (unsigned ring = 0; ring < SONIC_RINGS; ring++) {
        const int bits = ring == SONIC_MOD64 ? 64 : 32;
        for (size_t i = 0; i < bench_layers_count; i++) {
            const bench_layer *layer = &bench_layers[i];
            if (!wanted(layer, network))
                continue;
            bench_layer_name(layer, shape);
            snprintf(name, sizeof name, "conv/conv%d%s", bits, strchr(shape, '/'));
            bench_add(SONIC_PRIMITIVE_CONV, name,
                      &(bench_case){.function = bench_conv, .ring = ring, .shape = i});
            if (!layer->uses[BENCH_RESNET50])
                continue;
            snprintf(name, sizeof name, "conv/packed%d%s", bits, strchr(shape, '/'));
            bench_add(
                SONIC_PRIMITIVE_CONV, name,
                &(bench_case){.function = bench_conv, .ring = ring, .shape = i, .packed = true});
        }
        for (int threads = 1; threads <= 2; threads++) {
            snprintf(name, sizeof name, "conv/network%d/%s-packed-%dt", bits,
                     bench_network_name(BENCH_RESNET50), threads);
            bench_add(SONIC_PRIMITIVE_CONV, name,
                      &(bench_case){.function = bench_chain,
                                    .ring = ring,
                                    .op = BENCH_RESNET50,
                                    .threads = threads,
                                    .packed = true});
        }
    }
}
