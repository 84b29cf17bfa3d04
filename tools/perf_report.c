/* What a measurement says, for people: layers, where the time goes, phases, images a second. */
#include <math.h>
#include <stdio.h>

#include "dispatch/cpu.h"
#include "tools/cli.h"
#include "tools/perf.h"
#include "tools/table.h"

/* With less than this part of its time on a processor a server was held up by others; some of the
 * rest it may have waited for its own threads. */
#define PROCESSOR_LEAST 0.75

/* Every column of times has as many decimals as make sense for the largest. */
static int decimals(double milliseconds)
{
    return milliseconds < 100 ? 3 : milliseconds < 10000 ? 1 : 0;
}

static void put_heads(sonic_table *table, const char *const *heads, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sonic_table_cell(table, "%s", heads[i]);
}

static void put_ms(sonic_table *table, double seconds, int digits)
{
    sonic_table_cell(table, "%.*f", digits, 1e3 * seconds);
}

/* Nothing where there is nothing to do. */
static void put_work(sonic_table *table, double seconds, int digits)
{
    if (seconds > 0)
        put_ms(table, seconds, digits);
    else
        sonic_table_cell(table, "%s", "");
}

/* Both directions, or nothing where nothing is sent. */
static void put_traffic(sonic_table *table, uint64_t bytes, uint64_t rounds)
{
    char size[16], number[24];
    sonic_cli_bytes(size, (double)bytes);
    (void)snprintf(number, sizeof number, "%llu", (unsigned long long)rounds);
    sonic_table_cell(table, "%s", bytes ? size : "");
    sonic_table_cell(table, "%s", rounds ? number : "");
}

static void put_share(sonic_table *table, double part, double whole)
{
    sonic_table_cell(table, "%.1f%%", whole > 0 ? 100 * part / whole : 0);
}

/* Servers that prepare without a word have no columns for it. */
static void print_layers(const sonic_perf_result *result, const sonic_perf_link *link)
{
    static const char *const before[] = {"layer", "op", "output", "prepare ms", "bytes", "rounds"};
    static const char *const after[] = {"online ms", "bytes", "rounds", "on link ms", "share"};
    sonic_perf_total all = sonic_perf_add_up(result, link, SONIC_OPS);
    bool talk = all.prepare.bytes > 0;
    double whole = sonic_perf_seconds(&all.online_time);
    int digits = decimals(1e3 * fmax(all.prepare_time.compute, all.online_time.compute)),
        link_digits = decimals(1e3 * whole);
    sonic_table *table = sonic_table_create(talk ? "lllrrrrrrrr" : "lllrrrrrr");
    put_heads(table, before, talk ? 6 : 4);
    put_heads(table, after, sizeof after / sizeof *after);
    for (uint32_t i = 0; i < result->graph.nodes; i++) {
        const sonic_node *node = &result->graph.node[i];
        const sonic_perf_cost *prepare = &result->prepare[i], *online = &result->online[i];
        sonic_perf_time time = sonic_perf_predict(online, link);
        char shape[48];
        sonic_cli_shape(shape, &node->shape);
        sonic_table_cell(table, "%s", node->name);
        sonic_table_cell(table, "%s", sonic_op_name(node->op));
        sonic_table_cell(table, "%s", shape);
        put_work(table, sonic_perf_slower(prepare), digits);
        if (talk)
            put_traffic(table, 2 * prepare->bytes, prepare->rounds);
        put_ms(table, time.compute, digits);
        put_traffic(table, 2 * online->bytes, online->rounds);
        put_ms(table, sonic_perf_seconds(&time), link_digits);
        put_share(table, sonic_perf_seconds(&time), whole);
    }
    sonic_table_cell(table, "%s", "total");
    sonic_table_cell(table, "%s", "");
    sonic_table_cell(table, "%s", "");
    put_ms(table, all.prepare_time.compute, digits);
    if (talk)
        put_traffic(table, 2 * all.prepare.bytes, all.prepare.rounds);
    put_ms(table, all.online_time.compute, digits);
    put_traffic(table, 2 * all.online.bytes, all.online.rounds);
    put_ms(table, whole, link_digits);
    put_share(table, whole, whole);
    sonic_table_print(table, stdout);
}

static void put_kind(sonic_table *table, const char *name, const sonic_perf_total *kind,
                     double whole)
{
    sonic_table_cell(table, "%s", name);
    sonic_table_cell(table, "%zu", kind->layers);
    put_share(table, kind->online_time.compute, whole);
    put_share(table, kind->online_time.latency, whole);
    put_share(table, kind->online_time.bandwidth, whole);
    put_share(table, sonic_perf_seconds(&kind->online_time), whole);
}

static void print_kinds(const sonic_perf_result *result, const sonic_perf_link *link)
{
    static const char *const heads[] = {"online time by op", "layers",    "compute",
                                        "latency",           "bandwidth", "together"};
    sonic_perf_total all = sonic_perf_add_up(result, link, SONIC_OPS);
    double whole = sonic_perf_seconds(&all.online_time);
    all.layers--; /* the input is none */
    sonic_table *table = sonic_table_create("lrrrrr");
    put_heads(table, heads, sizeof heads / sizeof *heads);
    for (unsigned op = 0; op < SONIC_OPS; op++) {
        sonic_perf_total kind = sonic_perf_add_up(result, link, (sonic_op)op);
        if (kind.layers > 0 && op != SONIC_OP_INPUT)
            put_kind(table, sonic_op_name((sonic_op)op), &kind, whole);
    }
    put_kind(table, "all", &all, whole);
    sonic_table_print(table, stdout);
}

static void put_phase(sonic_table *table, const char *name, const char *when, const char *who,
                      uint64_t bytes, uint64_t rounds, const sonic_perf_time *time, int digits)
{
    sonic_table_cell(table, "%s", name);
    sonic_table_cell(table, "%s", when);
    sonic_table_cell(table, "%s", who);
    put_ms(table, time->compute, digits);
    put_traffic(table, bytes, rounds);
    put_ms(table, sonic_perf_seconds(time), digits);
}

/* Without a dealer there is no row of his. */
static void print_phases(const sonic_perf_result *result, const sonic_perf_link *link, bool dealt)
{
    static const char *const heads[] = {"phase", "once a", "work of",   "compute ms",
                                        "bytes", "rounds", "on link ms"};
    sonic_perf_total all = sonic_perf_add_up(result, link, SONIC_OPS);
    sonic_perf_cost deal = {.seconds = {result->deal, 0}, .bytes = result->dealt_bytes};
    sonic_perf_time setup = sonic_perf_predict(&result->setup, link);
    sonic_perf_time dealing = sonic_perf_predict(&deal, link);
    double largest =
        fmax(fmax(sonic_perf_seconds(&setup), sonic_perf_seconds(&dealing)),
             fmax(sonic_perf_seconds(&all.prepare_time), sonic_perf_seconds(&all.online_time)));
    int digits = decimals(1e3 * largest);
    sonic_table *table = sonic_table_create("lllrrrr");
    put_heads(table, heads, sizeof heads / sizeof *heads);
    put_phase(table, "setup", "session", "each server", 2 * result->setup.bytes,
              result->setup.rounds, &setup, digits);
    if (dealt)
        put_phase(table, "deal", "batch", "the dealer", deal.bytes, 0, &dealing, digits);
    put_phase(table, "prepare", "batch", "each server", 2 * all.prepare.bytes,
              all.prepare.rounds, &all.prepare_time, digits);
    put_phase(table, "online", "batch", "each server", 2 * all.online.bytes, all.online.rounds,
              &all.online_time, digits);
    sonic_table_print(table, stdout);
}

const char *sonic_perf_truncation(const sonic_graph *graph, sonic_relu relu)
{
    if (relu == SONIC_RELU_FSS)
        return "exact";
    return graph->truncation == SONIC_TRUNC_LOCAL ? "local" : "stochastic";
}

void sonic_perf_print_setting(const sonic_perf_result *result, const sonic_perf_options *options,
                              const sonic_perf_link *link)
{
    char name[128];
    sonic_cpu_name(name, sizeof name);
    printf("batch     %u image%s; medians of %u run%s on a random input\n", options->batch,
           options->batch == 1 ? "" : "s", options->repeat, options->repeat == 1 ? "" : "s");
    if (options->methods.source != SONIC_SOURCE_DEALER)
        printf("material  no dealer's: the servers prepare it by oblivious transfers (--offline "
               "%s)\n",
               sonic_source_name(options->methods.source));
    printf("machine   %s, kernels up to %s, %d thread%s, which each server has to itself\n", name,
           result->tier, result->threads, result->threads == 1 ? "" : "s");
    printf("link      %g ms there and back, %g Mbit/s in each direction (--rtt, --mbps)\n",
           link->rtt_ms, link->mbps);
    if (result->processor < PROCESSOR_LEAST)
        printf("busy      for %.0f%% of the time that a server is said to compute, it waited for a "
               "processor\n",
               100 - 100 * result->processor);
}

static void print_head(const sonic_perf_result *result, const sonic_perf_options *options,
                       const sonic_perf_link *link)
{
    const sonic_graph *graph = &result->graph;
    const bool dealt = options->methods.source == SONIC_SOURCE_DEALER;
    printf("network   %s, ring 2^%d, %s truncation, relu by %s\n", options->model, (int)graph->ring,
           sonic_perf_truncation(graph, options->methods.relu),
           sonic_relu_name(options->methods.relu));
    sonic_perf_print_setting(result, options, link);
    printf("\nprepare: computed before there is an input; %s\n"
           "online: computed by the slower server; bytes: of both directions together\n"
           "on link: online + half a round trip a round + the bytes of one direction\n\n",
           dealt ? "in the first row, the durable claim of material" : "making material, too");
}

static void print_rates(const sonic_perf_rates *rates, bool dealt)
{
    sonic_table *table = sonic_table_create("lrl");
    static const char *const heads[] = {"images a second", "", "bound by"};
    put_heads(table, heads, 3);
    sonic_table_cell(table, "%s", "a batch now and then, prepared before");
    sonic_table_cell(table, "%.4g", rates->alone);
    sonic_table_cell(table, "%s", "its online time on the link");
    sonic_table_cell(table, "%s", "many batches under way, at most");
    sonic_table_cell(table, "%.4g", rates->many);
    sonic_table_cell(table, "%s",
                     rates->link_bound ? "the link's bandwidth" : "a server, prepare and online");
    if (dealt) {
        sonic_table_cell(table, "%s", "that one dealer keeps up with, at most");
        sonic_table_cell(table, "%.4g", rates->dealer);
        sonic_table_cell(table, "%s",
                         rates->dealer_link_bound ? "the dealer's link" : "the dealer's computing");
    }
    sonic_table_print(table, stdout);
}

void sonic_perf_print(const sonic_perf_result *result, const sonic_perf_options *options,
                      const sonic_perf_link *link)
{
    sonic_perf_rates rates = sonic_perf_rate(result, link, options->batch);
    const bool dealt = options->methods.source == SONIC_SOURCE_DEALER;
    print_head(result, options, link);
    print_layers(result, link);
    putchar('\n');
    print_kinds(result, link);
    putchar('\n');
    print_phases(result, link, dealt);
    putchar('\n');
    print_rates(&rates, dealt);
}
