/* Benches of secure layers: two servers in two threads, over memory and over loopback TCP. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/ceilings.h"
#include "bench/options.h"
#include "bench/pair.h"
#include "bench/shim.h"
#include "dispatch/context.h"
#include "proto/model/local_ops.h"
#include "proto/offline/gc_plan.h"

/* The pair that is ready: benches of one layer follow each other and share it. */
typedef struct ready {
    bench_pair *pair;
    const bench_layer *layer;
    bench_link link;
    bench_pair_options options;
} ready;

typedef struct layer_case {
    ready *ready;
    const bench_layer *layer;
    bench_link link;
    bench_pair_options options;
} layer_case;

/* Brings both servers to where the layer can run, with a result that has been looked at. */
static sonic_status prepare(const layer_case *c, sonic_error *error)
{
    ready *r = c->ready;
    sonic_status status = SONIC_OK;
    const bool same = r->pair && r->layer == c->layer && r->options.ring == c->options.ring;
    if (same && r->link == c->link)
        return SONIC_OK;
    if (!same) {
        bench_pair_free(r->pair);
        r->pair = NULL;
        status = bench_pair_create(&r->pair, c->layer, &c->options, error);
    }
    if (!status)
        status = bench_pair_connect(r->pair, c->link, error);
    if (!status)
        status = bench_pair_run(r->pair, SONIC_SETUP, error);
    if (!status)
        status = bench_pair_run(r->pair, SONIC_OFFLINE, error);
    if (!status)
        status = bench_pair_check(r->pair, error);
    if (!status) {
        r->layer = c->layer;
        r->options = c->options;
        r->link = c->link;
    } else {
        bench_pair_free(r->pair);
        r->pair = NULL;
    }
    return status;
}

/* What the layer does in one run, both servers together, and its ceiling. */
typedef struct yardstick {
    const char *unit;
    double amount, madds, intensity;
    bench_ceiling ceiling;
} yardstick;

static yardstick yardstick_of(const layer_case *c)
{
    const bench_layer *layer = c->layer;
    const bench_sizes s = bench_layer_sizes(layer, c->options.batch);
    const double traffic = (double)sonic_ring_bytes(c->options.ring) *
                           ((layer->op == SONIC_OP_ADD ? 2 : 1) * s.inputs + s.weights + s.outputs);
    const bool linear = layer->op == SONIC_OP_CONV, local = sonic_op_is_local(layer->op);
    if (!linear && !local)
        return (yardstick){"elements/s", s.inputs, 0, 0, {.kind = BENCH_NO_CEILING}};
    if (local || layer->groups > 1) /* bound by memory */
        return (yardstick){"bytes/s",
                           2 * traffic,
                           2 * s.madds,
                           s.madds / traffic,
                           {.kind = BENCH_COPY, .bytes = (size_t)traffic}};
    return (yardstick){"madds/s",
                       2 * s.madds,
                       0,
                       s.madds / traffic,
                       {.kind = BENCH_RING,
                        .tier = SONIC_TIERS - 1,
                        .ring = sonic_ring_index(c->options.ring)}};
}

static void add_counters(sonic_bench *bench, const layer_case *c, const bench_cost *offline,
                         const bench_cost *online, const yardstick *y, double ceiling)
{
    const bench_pair *pair = c->ready->pair;
    const bench_cost setup = bench_pair_cost(pair, SONIC_SETUP);
    const uint64_t ands = bench_pair_ands(pair);
    const double rate = y->amount / online->seconds;
    sonic_bench_counter(bench, y->unit, rate);
    if (ceiling > 0) {
        sonic_bench_counter(bench, "ceiling", ceiling);
        sonic_bench_counter(bench, "share", rate / ceiling);
    }
    if (y->madds > 0)
        sonic_bench_counter(bench, "madds/s", y->madds / online->seconds);
    if (y->intensity > 0)
        sonic_bench_counter(bench, "intensity", y->intensity);
    sonic_bench_counter(bench, "cpu_seconds", online->seconds);
    sonic_bench_counter(bench, "online_bytes", (double)online->bytes);
    sonic_bench_counter(bench, "online_rounds", (double)online->rounds);
    sonic_bench_counter(bench, "offline_bytes",
                        (double)(bench_pair_dealt_bytes(pair) + offline->bytes));
    sonic_bench_counter(bench, "offline_seconds", offline->seconds);
    if (ands > 0) {
        sonic_bench_counter(bench, "prepared_bytes", (double)offline->bytes);
        sonic_bench_counter(bench, "ands/s", (double)ands / (offline->seconds + online->seconds));
    }
    sonic_bench_counter(bench, "deal_seconds", bench_pair_deal_seconds(pair));
    sonic_bench_counter(bench, "setup_bytes", (double)setup.bytes);
    sonic_bench_counter(bench, "setup_rounds", (double)setup.rounds);
    sonic_bench_counter(bench, "setup_seconds", setup.seconds);
    for (unsigned n = 0; n < BENCH_NETWORKS; n++)
        if (c->layer->uses[n]) {
            char name[32];
            snprintf(name, sizeof name, "uses_%s", bench_network_name((bench_network)n));
            sonic_bench_counter(bench, name, c->layer->uses[n]);
        }
}

/* The mean of the runs since `before`. */
static bench_cost a_run(const bench_pair *pair, sonic_phase phase, const bench_cost *before,
                        double runs)
{
    const bench_cost all = bench_pair_cost(pair, phase);
    return (bench_cost){(uint64_t)((double)(all.bytes - before->bytes) / runs),
                        (uint64_t)((double)(all.rounds - before->rounds) / runs),
                        (all.seconds - before->seconds) / runs};
}

static void bench_secure(sonic_bench *bench, void *argument)
{
    const layer_case *c = argument;
    const yardstick y = yardstick_of(c);
    sonic_error error;
    sonic_status status = prepare(c, &error);
    if (status) {
        sonic_bench_fail(bench, error.text);
        return;
    }
    bench_pair *pair = c->ready->pair;
    const bool consumes = bench_pair_planned(pair, SONIC_OFFLINE) > 0; /* dealt material stays */
    bench_cost offline = bench_pair_cost(pair, SONIC_OFFLINE);
    const bench_cost prepared = offline, before = bench_pair_cost(pair, SONIC_ONLINE);
    double ceiling = bench_ceiling_rate(&y.ceiling), runs = 0;
    while (sonic_bench_running(bench)) {
        if (consumes) {
            sonic_bench_pause(bench);
            if (!status)
                status = bench_pair_run(pair, SONIC_OFFLINE, &error);
            sonic_bench_resume(bench);
        }
        if (!status)
            status = bench_pair_run(pair, SONIC_ONLINE, &error);
        runs++;
    }
    const double again = bench_ceiling_rate(&y.ceiling);
    ceiling = again > ceiling ? again : ceiling;
    const bench_cost online = a_run(pair, SONIC_ONLINE, &before, runs);
    if (consumes)
        offline = a_run(pair, SONIC_OFFLINE, &prepared, runs);
    if (status)
        sonic_bench_fail(bench, error.text);
    else if (online.bytes != bench_pair_planned(pair, SONIC_ONLINE) ||
             offline.bytes != bench_pair_planned(pair, SONIC_OFFLINE) ||
             bench_pair_cost(pair, SONIC_SETUP).bytes != bench_pair_planned(pair, SONIC_SETUP))
        sonic_bench_fail(bench, "the bytes are not the plan's");
    else
        add_counters(bench, c, &offline, &online, &y, ceiling);
}

/* Both servers' shares and opened weights and a mask of the dealer's, tensors, and material, and
 * the files of what garbled circuits prepare, which may be in memory: whether they fit in three
 * quarters of this machine's. */
static bool fits(const layer_case *c, const char *name)
{
    const bench_layer *layer = c->layer;
    const sonic_ring ring = c->options.ring;
    const bench_sizes s = bench_layer_sizes(layer, c->options.batch);
    double need = (double)sonic_ring_bytes(ring) * (6 * s.weights + 12 * (s.inputs + s.outputs));
    if (c->options.relu == SONIC_RELU_GC) {
        const double compared = layer->op == SONIC_OP_RELU ? 1 : layer->k * layer->k - 1.0;
        need += s.outputs * compared * (double)sonic_gc_cost_of(ring, 2, 0).spill_bytes;
    }
    const double have = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    if (need <= 0.75 * have)
        return true;
    fprintf(stderr, "%s is left out: it needs about %.0f MiB of memory\n", name, need / 1048576);
    return false;
}

/* One case a layer, ring and channel; those of one layer and ring follow each other. */
static void add_all(layer_case *cases, ready *r, const bench_options *o)
{
    const char *way = o->relu == SONIC_RELU_PPA ? "" : sonic_relu_name(o->relu);
    const char *slash = *way ? "/" : "";
    for (size_t i = 0; i < bench_layers_count; i++)
        for (unsigned rest = 0; rest < SONIC_RINGS * BENCH_LINKS; rest++) {
            const unsigned ring = rest / BENCH_LINKS ? 64 : 32;
            char shape[BENCH_LAYER_NAME], name[128], batch[32] = "";
            layer_case *c = cases++;
            *c = (layer_case){r,
                              &bench_layers[i],
                              (bench_link)(rest % BENCH_LINKS),
                              {(sonic_ring)ring, o->batch, o->threads, o->relu}};
            const bool compares =
                c->layer->op == SONIC_OP_RELU || c->layer->op == SONIC_OP_MAX_POOL ||
                (c->layer->op == SONIC_OP_TRUNC && o->relu == SONIC_RELU_FSS);
            bench_layer_name(c->layer, shape);
            if (o->batch > 1)
                snprintf(batch, sizeof batch, "/batch:%u", o->batch);
            snprintf(name, sizeof name, "layer/%s/%s%s%u/%s%s", shape, way, slash, ring,
                     bench_link_name(c->link), batch);
            if ((!*way || compares) && (!o->network || c->layer->uses[*o->network]) &&
                fits(c, name))
                sonic_bench_add(name, bench_secure, c);
        }
}

int main(int argc, char **argv)
{
    bench_options o;
    ready r = {.pair = NULL};
    if (bench_options_help(argc, argv))
        return 0;
    sonic_bench_begin(&argc, argv);
    if (!bench_options_read(&o, argc, argv))
        return 2;
    layer_case *cases = calloc(bench_layers_count * SONIC_RINGS * BENCH_LINKS, sizeof *cases);
    if (!cases) {
        fprintf(stderr, "%s: no memory for the benches\n", argv[0]);
        return 1;
    }
    bench_describe();
    add_all(cases, &r, &o);
    const int status = sonic_bench_main();
    bench_pair_free(r.pair);
    free(cases);
    return status;
}
