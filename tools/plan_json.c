/* What a plan says, for programs: bytes and seconds as they are. */
#include "dispatch/cpu.h"
#include "tools/cli.h"
#include "tools/json.h"
#include "tools/plan.h"

/* A phase between the servers. */
static void put_phase(sonic_json *json, const char *key, const sonic_budget_phase *phase)
{
    sonic_json *object = sonic_json_put_object(json, key);
    sonic_json_put_integer(object, "bytes", 2 * phase->bytes);
    sonic_json_put_integer(object, "rounds", phase->rounds);
    sonic_json_put_real(object, "aes", phase->aes);
}

static void put_layer(sonic_json *json, const sonic_budget_layer *layer)
{
    put_phase(json, "setup", &layer->setup);
    sonic_json_put_integer(json, "dealt_bytes", layer->deal.bytes);
    sonic_json_put_real(json, "dealt_aes", layer->deal.aes);
    put_phase(json, "made", &layer->make);
    put_phase(json, "online", &layer->online);
    sonic_json_put_integer(json, "memory_bytes", layer->memory);
}

static void put_way(sonic_json *json, const sonic_forecast *forecast, const sonic_budget *budget)
{
    const sonic_forecast_times times = sonic_forecast_time(forecast, budget);
    sonic_error error;
    const bool fits = sonic_budget_fits(&forecast->graph, forecast->batch, budget->methods.source,
                                        1, forecast->model, &error) == SONIC_OK;
    sonic_json_put_string(json, "relu", sonic_relu_name(budget->methods.relu));
    sonic_json_put_string(json, "offline", sonic_source_name(budget->methods.source));
    sonic_json_put_bool(json, "fits", fits);
    put_layer(json, &budget->total);
    sonic_json_put_integer(json, "disk_bytes",
                           (uint64_t)sonic_forecast_disk(forecast, budget));
    sonic_json_put_real(json, "setup_seconds", times.setup);
    sonic_json_put_real(json, "material_seconds", times.material);
    sonic_json_put_real(json, "online_seconds", times.online);
    sonic_json *layers = sonic_json_put_array(json, "layers");
    for (uint32_t node = 0; node < forecast->graph.nodes; node++) {
        sonic_json *layer = sonic_json_put_object(layers, NULL);
        sonic_json_put_string(layer, "name", forecast->graph.node[node].name);
        sonic_json_put_string(layer, "op", sonic_op_name(forecast->graph.node[node].op));
        put_layer(layer, &budget->layer[node]);
    }
}

bool sonic_forecast_print_json(const sonic_forecast *forecast)
{
    const sonic_graph *graph = &forecast->graph;
    char name[128];
    sonic_json *json = sonic_json_object();
    sonic_cpu_name(name, sizeof name);
    sonic_json_put_string(json, "model", forecast->model);
    sonic_json_put_integer(json, "ring", graph->ring);
    sonic_json_put_string(json, "truncation",
                          graph->truncation == SONIC_TRUNC_LOCAL ? "local" : "stochastic");
    sonic_json_put_integer(json, "batch", forecast->batch);
    sonic_json_put_integer(json, "count", forecast->count);
    sonic_json_put_string(json, "processor", name);
    sonic_json_put_real(json, "aes_per_second", forecast->aes_rate);
    sonic_json_put_integer(json, "memory_bytes", forecast->memory);
    sonic_json_put_real(json, "rtt_ms", forecast->link.rtt_ms);
    sonic_json_put_real(json, "mbps", forecast->link.mbps);
    sonic_json *ways = sonic_json_put_array(json, "ways");
    for (unsigned i = 0; i < SONIC_BUDGETS; i++)
        if (sonic_methods_fit(forecast->budget[i].methods))
            put_way(sonic_json_put_object(ways, NULL), forecast, &forecast->budget[i]);
    return sonic_json_print(json);
}
