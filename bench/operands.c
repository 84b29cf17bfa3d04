/* What benches of products and of convolutions share. */
#include "bench/operands.h"

#include <stdlib.h>

#include "bench/verify.h"

static bool size_all(bench_operands *o)
{
    if (o->product) {
        o->elements[0] = o->product->m * o->product->n;
        o->elements[1] = o->product->m * o->product->k;
        o->elements[2] = o->product->k * o->product->n;
        return true;
    }
    const sonic_conv_shape *s = o->conv;
    size_t oh, ow;
    if (sonic_conv_output(s, &oh, &ow, NULL))
        return false;
    o->elements[0] = s->n * s->o * oh * ow;
    o->elements[1] = s->o * (s->c / s->groups) * s->kh * s->kw;
    o->elements[2] = s->n * s->c * s->h * s->w;
    return true;
}

static bool pack(bench_operands *o)
{
    const bench_product *p = o->product;
    return !(
        p ? sonic_ring_pack_b(&o->packed, o->context, o->ring, p->k, p->n, o->b, p->n, false, NULL)
          : sonic_conv_pack(&o->weights, o->context, o->ring, o->conv, o->a, NULL));
}

bool bench_operands_begin(sonic_bench *bench, bench_operands *o, const bench_case *which)
{
    const sonic_context_options options = {sonic_tier_name(which->tier),
                                           which->threads > 1 ? which->threads : 1};
    o->ring = which->ring == SONIC_MOD64 ? SONIC_RING_64 : SONIC_RING_32;
    if (!size_all(o) || sonic_context_create(&o->context, &options, NULL)) {
        sonic_bench_fail(bench, "no context for this shape");
        return false;
    }
    const size_t bytes = sonic_ring_bytes(o->ring);
    o->c = bench_buffer(bench, o->elements[0] * bytes);
    o->a = bench_buffer(bench, o->elements[1] * bytes);
    o->b = bench_buffer(bench, o->elements[2] * bytes);
    if (!o->c || !o->a || !o->b)
        return false;
    if (which->packed && !pack(o)) {
        sonic_bench_fail(bench, "the weights cannot be packed");
        return false;
    }
    return true;
}

void bench_operands_end(bench_operands *o)
{
    sonic_ring_packed_free(o->packed);
    sonic_conv_weights_free(o->weights);
    free(o->c);
    free(o->a);
    free(o->b);
    sonic_context_free(o->context);
}

static sonic_status run(const bench_operands *o)
{
    const bench_product *p = o->product;
    if (o->packed)
        return sonic_ring_matmul_packed_b(o->context, p->m, o->packed, o->c, p->n, o->a, p->k,
                                          false, NULL);
    if (o->weights)
        return sonic_conv_packed(o->context, o->weights, o->conv->n, o->c, o->b, false, NULL);
    if (p)
        return sonic_ring_matmul(o->context, o->ring, p->m, p->n, p->k, o->c, p->n, o->a, p->k,
                                 o->b, p->n, false, NULL);
    return sonic_conv(o->context, o->ring, o->conv, o->c, o->b, o->a, false, NULL);
}

void bench_operands_run(void *state)
{
    bench_operands *o = state;
    const sonic_status status = run(o);
    if (status)
        o->status = status;
}

bool bench_operands_check(sonic_bench *bench, bench_operands *o)
{
    const bench_product *p = o->product;
    bench_operands_run(o);
    if (o->status) {
        sonic_bench_fail(bench, sonic_status_text(o->status));
        return false;
    }
    const bool right = p ? bench_check_product(o->ring, p->m, p->n, p->k, o->c, o->a, o->b)
                         : bench_check_conv(o->ring, o->conv, o->c, o->b, o->a);
    if (!right)
        sonic_bench_fail(bench, "the result is wrong");
    return right;
}

double bench_operands_madds(const bench_operands *o)
{
    if (o->product)
        return (double)o->product->m * (double)o->product->n * (double)o->product->k;
    return (double)o->elements[0] *
           (double)(o->conv->c / o->conv->groups * o->conv->kh * o->conv->kw);
}

double bench_operands_bytes(const bench_operands *o)
{
    return (double)(o->elements[0] + o->elements[1] + o->elements[2]) *
           (double)sonic_ring_bytes(o->ring);
}
