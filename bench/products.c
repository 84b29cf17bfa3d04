/* Benches of products, one thread, against multiply-adds on registers and against competitors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/competitors/competitors.h"
#include "bench/operands.h"
#include "bench/verify.h"
#include "dispatch/cpu.h"

/* How long a competitor runs beside ours. */
static const double COMPETITOR_SECONDS = 0.02;

/* A competitor this much slower than the best before it is not measured again beside ours. */
static const double HOPELESS = 0.6;

static const bench_product products[] = {
    {256, 256, 256},  {1024, 1024, 1024}, {64, 576, 3136}, /* a convolution's */
    {1, 4096, 1000},                                       /* a fully connected layer's */
    {16, 4096, 1000}, {100, 1024, 10},                     /* and for batches */
};

/* A product, and who computes it. */
typedef struct contest {
    bench_operands operands;
    const bench_competitor *competitor;
} contest;

static void compete(void *state)
{
    const contest *c = state;
    const bench_operands *o = &c->operands;
    c->competitor->product[o->ring == SONIC_RING_64](o->product->m, o->product->n, o->product->k,
                                                     o->c, o->a, o->b);
}

/* Whether a competitor's code runs here, and is an opponent of a tier: one for the processor that
 * built it is none of avx2 where the processor has AVX-512. */
static bool opposes(const bench_competitor *competitor, sonic_tier tier)
{
    const unsigned tiers = sonic_cpu_tiers();
    if (tier == SONIC_TIER_REF || bench_needs_missing(competitor->needs))
        return false;
    return !competitor->native || tier >= SONIC_TIER_AVX512 || !(tiers >> SONIC_TIER_AVX512 & 1);
}

/* The best competitor's rate, 0 if there is none.  seen: each one's last rate, 0 before the first.
 */
static double best_competitor(contest *c, sonic_tier tier, double *seen)
{
    double best = 0, before = 0;
    for (size_t i = 0; i < bench_competitors_count; i++)
        before = seen[i] > before ? seen[i] : before;
    for (size_t i = 0; i < bench_competitors_count; i++) {
        c->competitor = &bench_competitors[i];
        if (!opposes(c->competitor, tier) || (seen[i] > 0 && seen[i] < HOPELESS * before))
            continue;
        seen[i] = bench_rate(compete, c, bench_operands_madds(&c->operands), COMPETITOR_SECONDS);
        best = seen[i] > best ? seen[i] : best;
    }
    return best;
}

static void bench_matmul(sonic_bench *bench, void *argument)
{
    bench_case *which = argument;
    contest c = {.operands = {.product = &products[which->shape]}};
    bench_operands *o = &c.operands;
    if (!which->memory)
        which->memory = calloc(bench_competitors_count + 1, sizeof(double));
    if (which->memory && bench_operands_begin(bench, o, which) && bench_operands_check(bench, o)) {
        const bench_work work = {
            .run = bench_operands_run,
            .state = o,
            .unit = "madds",
            .amount = bench_operands_madds(o),
            .traffic = bench_operands_bytes(o),
            .ceiling = {.kind = BENCH_RING, .tier = which->tier, .ring = which->ring},
        };
        const double rate = bench_measure(bench, &work);
        const double best = best_competitor(&c, which->tier, which->memory);
        if (best > 0) {
            sonic_bench_counter(bench, "best_competitor", best);
            sonic_bench_counter(bench, "times", rate / best);
        }
    }
    bench_operands_end(o);
}

/* A line of its own for a competitor, whose result must be ours. */
static void bench_competitor_line(sonic_bench *bench, void *argument)
{
    const bench_case *which = argument;
    contest c = {.operands = {.product = &products[which->shape]},
                 .competitor = &bench_competitors[which->op]};
    bench_operands *o = &c.operands;
    if (bench_operands_begin(bench, o, which)) {
        const size_t bytes = o->elements[0] * sonic_ring_bytes(o->ring);
        void *theirs = bench_buffer(bench, bytes), *ours = o->c;
        if (theirs && bench_operands_check(bench, o)) {
            o->c = theirs;
            compete(&c);
            const bench_work work = {
                .run = compete,
                .state = &c,
                .unit = "madds",
                .amount = bench_operands_madds(o),
                .traffic = bench_operands_bytes(o),
            };
            if (memcmp(ours, theirs, bytes) == 0)
                bench_measure(bench, &work);
            else
                sonic_bench_fail(bench, "the competitor's result is not ours");
            o->c = ours;
        }
        free(theirs);
    }
    bench_operands_end(o);
}

/* One line for each competitor that is left out. */
static void tell_missing(void)
{
    for (size_t i = 0; i < bench_competitors_count; i++) {
        const char *missing = bench_needs_missing(bench_competitors[i].needs);
        if (missing)
            fprintf(stderr, "%s is left out: it was built for a processor with %s\n",
                    bench_competitors[i].name, missing);
    }
}

void bench_add_products(void)
{
    char name[128];
    tell_missing();
    for (unsigned ring = 0; ring < SONIC_RINGS; ring++)
        for (size_t i = 0; i < sizeof products / sizeof *products; i++) {
            const bench_product *p = &products[i];
            char shape[64];
            snprintf(shape, sizeof shape, "matmul%d/%zux%zux%zu", ring == SONIC_MOD64 ? 64 : 32,
                     p->m, p->k, p->n);
            snprintf(name, sizeof name, "ring/%s", shape);
            bench_add(SONIC_PRIMITIVE_RING, name,
                      &(bench_case){.function = bench_matmul, .ring = ring, .shape = i});
            snprintf(name, sizeof name, "ring/packed%s", shape + strlen("matmul"));
            bench_add(
                SONIC_PRIMITIVE_RING, name,
                &(bench_case){.function = bench_matmul, .ring = ring, .shape = i, .packed = true});
            for (size_t c = 0; c < bench_competitors_count; c++) {
                if (bench_needs_missing(bench_competitors[c].needs))
                    continue;
                snprintf(name, sizeof name, "competitor/%s/%s", bench_competitors[c].name, shape);
                bench_add_case(name, &(bench_case){.function = bench_competitor_line,
                                                   .tier = (sonic_tier)(SONIC_TIERS - 1),
                                                   .ring = ring,
                                                   .op = (unsigned)c,
                                                   .shape = i});
            }
        }
}
