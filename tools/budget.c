/* What a network takes, from the plan's closed forms, and whether this machine can. */
#include "tools/budget.h"

#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "dispatch/error.h"
#include "kernels/dpf/dpf.h"
#include "kernels/vole/vole.h"
#include "proto/channel/clock.h"
#include "proto/offline/ot_linear.h"
#include "tools/cli.h"

/* Of one oblivious transfer in each direction: a tree's 2^k streams of k bits a call as receiver,
 * one less as sender; the receiver hashes one label, the sender two. */
static double transfer_aes(unsigned k)
{
    double streams = (double)(1u << k);
    return (2 * streams - 1) / k + 3;
}

/* How many transfers a message of each server is for, other bytes not counted: k = 1 takes 16 bytes
 * a transfer and k = 2 takes 8, and all else takes what it takes. */
static double transfers(uint64_t bytes_1, uint64_t bytes_2)
{
    return bytes_1 > bytes_2 ? (double)(bytes_1 - bytes_2) / 8 : 0;
}

/* The nodes of a digit's two trees: below the root by the server that draws it, and below those on
 * the way to the missing leaf by the other one. */
enum {
    TREE_NODES = 2 * SONIC_VOLE_LEAVES - 2,
    TREES_AES = TREE_NODES + TREE_NODES - 2 * SONIC_VOLE_DIGIT_BITS
};

static unsigned digits_of(sonic_ring ring)
{
    return (unsigned)ring / SONIC_VOLE_DIGIT_BITS;
}

/* The cross products of a linear layer: how many multipliers there are, and how many elements one
 * multiplies. */
typedef struct products {
    double multipliers, elements;
    bool by_inputs; /* and so set up in each inference */
} products;

static products products_of(const sonic_graph *graph, uint32_t node, uint32_t batch, uint64_t bytes)
{
    const unsigned bits = (unsigned)graph->ring;
    const double weights = (double)sonic_node_weights(graph, node);
    double wire = 0;
    if (sonic_ot_linear_by_inputs(graph, node, batch)) {
        const double outputs = (double)sonic_node_elements(graph, node);
        return (products){weights / outputs * batch, outputs, true};
    }
    for (unsigned digit = 0; digit < digits_of(graph->ring); digit++)
        wire += (double)sonic_vole_wire(bits, digit);
    return (products){weights, (double)bytes / wire / weights, false};
}

static double trees_aes(const sonic_graph *graph, const products *p)
{
    return p->multipliers * digits_of(graph->ring) * TREES_AES;
}

/* Trees, and a block of each of 16 streams at one server and of all but one at the other, for every
 * 16 bytes of lanes that a digit of a multiplier multiplies. */
static double products_aes(const sonic_graph *graph, const products *p)
{
    const unsigned bits = (unsigned)graph->ring;
    double blocks = 0;
    for (unsigned digit = 0; digit < digits_of(graph->ring); digit++)
        blocks += fmax(1, p->elements * (double)sonic_vole_lane(bits, digit) / 16);
    return trees_aes(graph, p) + (2 * SONIC_VOLE_LEAVES - 1) * blocks * p->multipliers;
}

/* The AES calls of n values' keys, the sign's and for a shift of more than 0 the step's: of each
 * server, who evaluates them (kernels/dpf/dpf.h), and of the dealer, who makes both servers' seeds
 * and for a step hashes all places of a leaf. */
static void add_keys(sonic_budget_layer *layer, bool sign, unsigned bits, unsigned shift,
                     uint64_t n)
{
    const unsigned levels = sonic_dpf_step_levels(shift);
    double eval = 0, generate = 0;
    if (sign) {
        eval += sonic_dpf_levels(bits - 1) + 1;
        generate += 2 * (sonic_dpf_levels(bits - 1) + 1);
    }
    if (shift > 0) {
        eval += 2 * levels + 1;
        generate += 2 * (2 * levels + (1u << (shift - levels)));
    }
    layer->online.aes += eval * (double)n;
    layer->deal.aes += generate * (double)n;
}

/* Those of a layer that compares or truncates by function secret sharing. */
static void count_keys(sonic_budget_layer *layer, const sonic_graph *graph, uint32_t node,
                       const sonic_plan *plan)
{
    const unsigned bits = (unsigned)graph->ring;
    sonic_relu_calls calls = {
        .methods = plan->methods, .graph = graph, .node = node, .batch = plan->batch};
    while (sonic_relu_next(&calls))
        add_keys(layer, true, bits, calls.call.shift, calls.call.n);
    if (graph->node[node].op == SONIC_OP_TRUNC)
        add_keys(layer, false, bits, graph->node[node].shift,
                 sonic_node_elements(graph, node) * plan->batch);
}

/* The AES calls of a layer's transfers.  @param plan  the budget's, with k = 1 and with k = 2 */
static void count_aes(sonic_budget_layer *layer, const sonic_graph *graph, uint32_t node,
                      unsigned k, const sonic_plan plan[3])
{
    const sonic_step *step = &plan[0].step[node], *one = &plan[1].step[node],
                     *two = &plan[2].step[node];
    layer->make.aes = transfers(one->prepare_bytes, two->prepare_bytes) * transfer_aes(k);
    if (graph->node[node].op != SONIC_OP_CONV)
        return;
    const products p = products_of(graph, node, plan[0].batch, step->prepare_bytes);
    sonic_budget_phase *setup = p.by_inputs ? &layer->make : &layer->setup;
    layer->setup.aes = transfers(one->setup_bytes, two->setup_bytes) * transfer_aes(k);
    layer->make.aes += products_aes(graph, &p);
    setup->aes += trees_aes(graph, &p);
}

static uint64_t seeds_bytes(const sonic_graph *graph, uint32_t node, uint32_t batch,
                            sonic_source source)
{
    if (source == SONIC_SOURCE_DEALER || graph->node[node].op != SONIC_OP_CONV)
        return 0;
    return sonic_ot_linear_setup_cost(sonic_source_k(source), graph, node, batch).kept_bytes;
}

static void add_phase(sonic_budget_phase *sum, const sonic_budget_phase *phase)
{
    sum->bytes += phase->bytes;
    sum->rounds += phase->rounds;
    sum->aes += phase->aes;
}

static void add_layer(sonic_budget_layer *sum, const sonic_budget_layer *layer)
{
    add_phase(&sum->setup, &layer->setup);
    add_phase(&sum->deal, &layer->deal);
    add_phase(&sum->make, &layer->make);
    add_phase(&sum->online, &layer->online);
    sum->pool += layer->pool;
    sum->disk += layer->disk;
    sum->memory += layer->memory;
}

static void take_step(sonic_budget_layer *layer, const sonic_step *step)
{
    layer->setup = (sonic_budget_phase){.bytes = step->setup_bytes, .rounds = step->setup_rounds};
    layer->deal.bytes = step->offline_bytes + step->common_bytes;
    layer->make =
        (sonic_budget_phase){.bytes = step->prepare_bytes, .rounds = step->prepare_rounds};
    layer->online =
        (sonic_budget_phase){.bytes = step->online_bytes, .rounds = step->online_rounds};
    layer->pool = step->offline_bytes;
    layer->disk = step->offline_bytes + step->spill_bytes;
}

static sonic_status make_plans(sonic_plan plan[3], unsigned plans, const sonic_graph *graph,
                               uint32_t batch, sonic_methods methods, sonic_error *error)
{
    const sonic_source sources[3] = {methods.source, SONIC_SOURCE_OT1, SONIC_SOURCE_OT2};
    sonic_status status = SONIC_OK;
    for (unsigned i = 0; i < plans && !status; i++) {
        methods.source = sources[i];
        status = sonic_plan_make(&plan[i], graph, batch, methods, error);
    }
    return status;
}

sonic_status sonic_budget_make(sonic_budget *budget, const sonic_graph *graph, uint32_t batch,
                               sonic_methods methods, sonic_error *error)
{
    const unsigned k = sonic_source_k(methods.source), plans = k > 0 ? 3 : 1;
    sonic_plan plan[3] = {0};
    *budget = (sonic_budget){.methods = methods};
    sonic_status status = make_plans(plan, plans, graph, batch, methods, error);
    if (!status && !(budget->layer = calloc(graph->nodes, sizeof *budget->layer)))
        status = sonic_fail(error, SONIC_E_MEMORY, "out of memory for %u layers", graph->nodes);
    for (uint32_t node = 0; node < graph->nodes && !status; node++) {
        sonic_budget_layer *layer = &budget->layer[node];
        take_step(layer, &plan[0].step[node]);
        layer->memory = seeds_bytes(graph, node, batch, methods.source);
        if (k > 0)
            count_aes(layer, graph, node, k, plan);
        if (methods.relu == SONIC_RELU_FSS)
            count_keys(layer, graph, node, &plan[0]);
        add_layer(&budget->total, layer);
    }
    for (unsigned i = 0; i < plans; i++)
        sonic_plan_free(&plan[i]);
    return status;
}

void sonic_budget_free(sonic_budget *budget)
{
    free(budget->layer);
    *budget = (sonic_budget){0};
}

sonic_perf_time sonic_budget_time(const sonic_budget_phase *phase, double count,
                                  const sonic_perf_link *link, double rate)
{
    const sonic_perf_cost cost = {
        .seconds = {phase->aes / rate, 0}, .bytes = phase->bytes, .rounds = phase->rounds};
    const sonic_perf_time once = sonic_perf_predict(&cost, link);
    return (sonic_perf_time){.compute = count * once.compute,
                             .latency = count * once.latency,
                             .bandwidth = count * once.bandwidth};
}

double sonic_budget_aes_rate(const sonic_context *context)
{
    enum { BYTES = 1 << 16 };
    const double least = 5e-3; /* seconds: the first of them wake the wide units */
    static const uint8_t seed[16];
    sonic_aes_key key;
    uint8_t *out = malloc(BYTES);
    double since, passed = 0, best = 0;
    context->kernels.aes.expand(&key, seed);
    for (double start = sonic_clock_seconds(); out && passed < least;) {
        since = sonic_clock_seconds();
        context->kernels.aes.ctr(out, BYTES, &key, 0, 0);
        const double now = sonic_clock_seconds(), rate = BYTES / 16 / (now - since);
        best = rate > best ? rate : best;
        passed = now - start;
    }
    free(out);
    return best;
}

uint64_t sonic_budget_memory(void)
{
    struct rlimit limit;
    uint64_t bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur < bytes)
        bytes = limit.rlim_cur;
    return bytes;
}

sonic_status sonic_budget_fits(const sonic_graph *graph, uint32_t batch, sonic_source source,
                               unsigned servers, const char *name, sonic_error *error)
{
    const uint64_t memory = sonic_budget_memory();
    double seeds = 0, weights = 0;
    char need[16], have[16], many[16];
    for (uint32_t node = 0; node < graph->nodes; node++) {
        seeds += (double)seeds_bytes(graph, node, batch, source);
        weights += (double)sonic_node_weights(graph, node);
    }
    if (servers * seeds <= (double)memory)
        return SONIC_OK;
    sonic_cli_bytes(need, servers * seeds);
    sonic_cli_bytes(have, (double)memory);
    sonic_cli_count(many, weights);
    return sonic_fail(error, SONIC_E_MEMORY,
                      "%s is too large for --offline ot: its %s weights need %s of seeds at %s and "
                      "this machine has %s",
                      name, many, need, servers > 1 ? "the two servers" : "each server", have);
}
