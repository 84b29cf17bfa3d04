/* What a measurement says, for programs: seconds and bytes as they are. */
#include "dispatch/cpu.h"
#include "tools/cli.h"
#include "tools/json.h"
#include "tools/perf.h"

void sonic_perf_put_setting(sonic_json *json, const sonic_perf_result *result,
                            const sonic_perf_options *options, const sonic_perf_link *link)
{
    char name[128];
    sonic_cpu_name(name, sizeof name);
    sonic_json_put_string(json, "offline", sonic_source_name(options->methods.source));
    sonic_json_put_integer(json, "batch", options->batch);
    sonic_json_put_integer(json, "repeat", options->repeat);
    sonic_json_put_string(json, "processor", name);
    sonic_json_put_string(json, "tier", result->tier);
    sonic_json_put_integer(json, "threads", (uint64_t)result->threads);
    sonic_json_put_real(json, "processor_share", result->processor);
    sonic_json_put_real(json, "rtt_ms", link->rtt_ms);
    sonic_json_put_real(json, "mbps", link->mbps);
}

static void put_time(sonic_json *json, const sonic_perf_time *time)
{
    sonic_json_put_real(json, "compute_seconds", time->compute);
    sonic_json_put_real(json, "latency_seconds", time->latency);
    sonic_json_put_real(json, "bandwidth_seconds", time->bandwidth);
    sonic_json_put_real(json, "predicted_seconds", sonic_perf_seconds(time));
}

/* The numbers of a layer, or of several added up. */
static void put_costs(sonic_json *json, const sonic_perf_total *costs)
{
    const sonic_perf_cost *prepare = &costs->prepare, *online = &costs->online;
    sonic_json_put_integer(json, "offline_bytes", costs->dealt);
    sonic_json_put_integer(json, "prepare_bytes", 2 * prepare->bytes);
    sonic_json_put_integer(json, "prepare_rounds", prepare->rounds);
    sonic_json_put_real(json, "prepare_seconds_0", prepare->seconds[0]);
    sonic_json_put_real(json, "prepare_seconds_1", prepare->seconds[1]);
    sonic_json_put_real(json, "prepare_seconds", costs->prepare_time.compute);
    sonic_json_put_real(json, "prepare_predicted_seconds",
                        sonic_perf_seconds(&costs->prepare_time));
    sonic_json_put_integer(json, "online_bytes", 2 * online->bytes);
    sonic_json_put_integer(json, "online_rounds", online->rounds);
    sonic_json_put_real(json, "online_seconds_0", online->seconds[0]);
    sonic_json_put_real(json, "online_seconds_1", online->seconds[1]);
    put_time(json, &costs->online_time);
}

static void put_layers(sonic_json *json, const sonic_perf_result *result,
                       const sonic_perf_link *link)
{
    sonic_json *layers = sonic_json_put_array(json, "layers");
    for (uint32_t i = 0; i < result->graph.nodes; i++) {
        const sonic_node *node = &result->graph.node[i];
        const sonic_perf_cost *prepare = &result->prepare[i], *online = &result->online[i];
        const sonic_perf_total costs = {.dealt = result->dealt[i],
                                        .prepare = *prepare,
                                        .online = *online,
                                        .prepare_time = sonic_perf_predict(prepare, link),
                                        .online_time = sonic_perf_predict(online, link)};
        char shape[48];
        sonic_cli_shape(shape, &node->shape);
        sonic_json *layer = sonic_json_put_object(layers, NULL);
        sonic_json_put_string(layer, "name", node->name);
        sonic_json_put_string(layer, "op", sonic_op_name(node->op));
        sonic_json_put_string(layer, "shape", shape);
        put_costs(layer, &costs);
    }
}

static void put_kinds(sonic_json *json, const sonic_perf_result *result,
                      const sonic_perf_link *link)
{
    sonic_json *kinds = sonic_json_put_array(json, "ops");
    for (unsigned op = 0; op < SONIC_OPS; op++) {
        sonic_perf_total total = sonic_perf_add_up(result, link, (sonic_op)op);
        if (total.layers == 0)
            continue;
        sonic_json *kind = sonic_json_put_object(kinds, NULL);
        sonic_json_put_string(kind, "op", sonic_op_name((sonic_op)op));
        sonic_json_put_integer(kind, "layers", total.layers);
        put_costs(kind, &total);
    }
}

static void put_head(sonic_json *json, const sonic_perf_result *result,
                     const sonic_perf_options *options, const sonic_perf_link *link)
{
    const sonic_graph *graph = &result->graph;
    sonic_json_put_string(json, "model", options->model);
    sonic_json_put_integer(json, "ring", graph->ring);
    sonic_json_put_string(json, "truncation", sonic_perf_truncation(graph, options->methods.relu));
    sonic_json_put_string(json, "relu", sonic_relu_name(options->methods.relu));
    sonic_perf_put_setting(json, result, options, link);
}

bool sonic_perf_print_json(const sonic_perf_result *result, const sonic_perf_options *options,
                           const sonic_perf_link *link)
{
    sonic_perf_total all = sonic_perf_add_up(result, link, SONIC_OPS);
    sonic_perf_cost dealt = {.seconds = {result->deal, 0}, .bytes = result->dealt_bytes};
    sonic_perf_time setup_time = sonic_perf_predict(&result->setup, link);
    sonic_perf_time deal_time = sonic_perf_predict(&dealt, link);
    sonic_perf_rates rates = sonic_perf_rate(result, link, options->batch);
    sonic_json *json = sonic_json_object();
    put_head(json, result, options, link);
    put_layers(json, result, link);
    put_kinds(json, result, link);
    sonic_json *total = sonic_json_put_object(json, "total");
    put_costs(total, &all);
    sonic_json *setup = sonic_json_put_object(json, "setup");
    sonic_json_put_integer(setup, "bytes", 2 * result->setup.bytes);
    sonic_json_put_integer(setup, "rounds", result->setup.rounds);
    put_time(setup, &setup_time);
    const bool has_dealer = options->methods.source == SONIC_SOURCE_DEALER;
    if (has_dealer) {
        sonic_json *deal = sonic_json_put_object(json, "deal");
        sonic_json_put_integer(deal, "bytes", result->dealt_bytes);
        put_time(deal, &deal_time);
    }
    sonic_json *images = sonic_json_put_object(json, "images_per_second");
    sonic_json_put_real(images, "one_after_the_other", rates.alone);
    sonic_json_put_real(images, "many_under_way", rates.many);
    sonic_json_put_string(images, "many_bound_by", rates.link_bound ? "bandwidth" : "compute");
    if (has_dealer) {
        sonic_json_put_real(images, "dealer", rates.dealer);
        sonic_json_put_string(images, "dealer_bound_by",
                              rates.dealer_link_bound ? "bandwidth" : "compute");
    }
    return sonic_json_print(json);
}
