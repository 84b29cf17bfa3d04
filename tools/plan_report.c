/* What a plan says, for people: a row a way of comparing and source of material, then layers. */
#include <stdio.h>
#include <string.h>

#include "dispatch/cpu.h"
#include "tools/cli.h"
#include "tools/plan.h"
#include "tools/table.h"

/* Nothing where there is nothing. */
static void put_bytes(sonic_table *table, double bytes)
{
    char text[16];
    sonic_cli_bytes(text, bytes);
    sonic_table_cell(table, "%s", bytes > 0 ? text : "");
}

/* Three digits, or more before the point. */
static void put_seconds(sonic_table *table, double seconds)
{
    sonic_table_cell(table, "%.*f", seconds < 0.995 ? 3 : seconds < 99.95 ? 1 : 0, seconds);
}

static double weights_of(const sonic_graph *graph)
{
    double weights = 0;
    for (uint32_t node = 0; node < graph->nodes; node++)
        weights += (double)sonic_node_weights(graph, node);
    return weights;
}

static void print_head(const sonic_forecast *forecast)
{
    const sonic_graph *graph = &forecast->graph;
    char name[128], weights[16], memory[16], rate[16];
    sonic_cpu_name(name, sizeof name);
    sonic_cli_count(weights, weights_of(graph));
    sonic_cli_count(rate, forecast->aes_rate);
    sonic_cli_bytes(memory, (double)forecast->memory);
    printf("network   %s, ring 2^%d, %s truncation, %s weights\n", forecast->model,
           (int)graph->ring, graph->truncation == SONIC_TRUNC_LOCAL ? "local" : "stochastic",
           weights);
    printf("plan      %u inference%s of %u image%s (--count, --batch)\n", forecast->count,
           forecast->count == 1 ? "" : "s", forecast->batch, forecast->batch == 1 ? "" : "s");
    printf("machine   %s, %s AES calls a second and thread, %s of memory\n", name, rate, memory);
    printf("link      %g ms there and back, %g Mbit/s in each direction (--rtt, --mbps)\n",
           forecast->link.rtt_ms, forecast->link.mbps);
    printf(
        "\nsetup: once a session; dealt: from the dealer to both servers; made: between the "
        "servers before the inputs;\n"
        "bytes between servers: both directions together; disk, memory: of the server that needs "
        "more;\n"
        "s: on that link, with the AES calls of oblivious transfers and of fss keys, and without "
        "other computing\n\n");
}

static void print_ways(const sonic_forecast *forecast)
{
    static const char *const heads[] = {"relu",    "offline",    "setup",   "dealt",
                                        "made",    "online",     "disk",    "memory",
                                        "setup s", "material s", "online s"};
    const double count = forecast->count;
    sonic_table *table = sonic_table_create("llrrrrrrrrr");
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        sonic_table_cell(table, "%s", heads[i]);
    for (unsigned i = 0; i < SONIC_BUDGETS; i++) {
        const sonic_budget *budget = &forecast->budget[i];
        const sonic_budget_layer *all = &budget->total;
        if (!sonic_methods_fit(budget->methods))
            continue;
        const sonic_forecast_times times = sonic_forecast_time(forecast, budget);
        sonic_table_cell(table, "%s", sonic_relu_name(budget->methods.relu));
        sonic_table_cell(table, "%s", sonic_source_name(budget->methods.source));
        put_bytes(table, 2 * (double)all->setup.bytes);
        put_bytes(table, count * (double)all->deal.bytes);
        put_bytes(table, 2 * count * (double)all->make.bytes);
        put_bytes(table, 2 * count * (double)all->online.bytes);
        put_bytes(table, sonic_forecast_disk(forecast, budget));
        put_bytes(table, (double)all->memory);
        put_seconds(table, times.setup);
        put_seconds(table, times.material);
        put_seconds(table, times.online);
    }
    sonic_table_print(table, stdout);
}

static void put_layer(sonic_table *table, const sonic_forecast *forecast,
                      const sonic_budget *budget, uint32_t node)
{
    const sonic_budget_layer *first =
        node < forecast->graph.nodes ? &budget->layer[node] : &budget->total;
    uint64_t memory = 0;
    for (unsigned s = 0; s < SONIC_SOURCES; s++) {
        if (!sonic_methods_fit(budget[s].methods))
            continue;
        const sonic_budget_layer *layer =
            node < forecast->graph.nodes ? &budget[s].layer[node] : &budget[s].total;
        put_bytes(table, (double)layer->deal.bytes + 2 * (double)layer->make.bytes);
        memory = layer->memory > memory ? layer->memory : memory;
    }
    put_bytes(table, (double)memory);
    put_bytes(table, 2 * (double)first->online.bytes);
    sonic_table_cell(table, "%.0llu", (unsigned long long)first->online.rounds); /* prints no 0 */
}

/* @param budget  of every source with one way of comparing */
static void print_layers(const sonic_forecast *forecast, const sonic_budget *budget)
{
    const sonic_graph *graph = &forecast->graph;
    char align[8 + SONIC_SOURCES] = "lllrrr";
    for (unsigned s = 0; s < SONIC_SOURCES; s++)
        if (sonic_methods_fit(budget[s].methods))
            align[strlen(align)] = 'r';
    sonic_table *table = sonic_table_create(align);
    sonic_table_cell(table, "relu %s", sonic_relu_name(budget->methods.relu));
    sonic_table_cell(table, "%s", "op");
    sonic_table_cell(table, "%s", "output");
    for (unsigned s = 0; s < SONIC_SOURCES; s++)
        if (sonic_methods_fit(budget[s].methods))
            sonic_table_cell(table, "%s", sonic_source_name((sonic_source)s));
    sonic_table_cell(table, "%s", "memory");
    sonic_table_cell(table, "%s", "online");
    sonic_table_cell(table, "%s", "rounds");
    for (uint32_t node = 0; node < graph->nodes; node++) {
        char shape[48];
        sonic_cli_shape(shape, &graph->node[node].shape);
        sonic_table_cell(table, "%s", graph->node[node].name);
        sonic_table_cell(table, "%s", sonic_op_name(graph->node[node].op));
        sonic_table_cell(table, "%s", shape);
        put_layer(table, forecast, budget, node);
    }
    sonic_table_cell(table, "%s", "total");
    sonic_table_cell(table, "%s", "");
    sonic_table_cell(table, "%s", "");
    put_layer(table, forecast, budget, graph->nodes);
    sonic_table_print(table, stdout);
}

/* One server here, as with `serve`; what it keeps is the same for every k. */
static void print_limits(const sonic_forecast *forecast)
{
    sonic_error error;
    if (sonic_budget_fits(&forecast->graph, forecast->batch, SONIC_SOURCE_OT4, 1, forecast->model,
                          &error))
        printf("\n%s\n", error.text);
}

void sonic_forecast_print(const sonic_forecast *forecast, bool layers)
{
    print_head(forecast);
    print_ways(forecast);
    for (unsigned r = 0; r < SONIC_RELUS && layers; r++) {
        printf("\nan inference's material, bytes by source; memory: of ot\n\n");
        print_layers(forecast, &forecast->budget[r * SONIC_SOURCES]);
    }
    print_limits(forecast);
}
