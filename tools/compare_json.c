/* What the ways to compare take, for programs: seconds and bytes as they are. */
#include "tools/compare.h"
#include "tools/json.h"

static void put_phases(sonic_json *json, const sonic_way_cost cost[SONIC_WAY_PHASES])
{
    for (unsigned p = 0; p < SONIC_WAY_PHASES; p++) {
        sonic_json *phase = sonic_json_put_object(json, sonic_way_phase_name((sonic_way_phase)p));
        sonic_json_put_integer(phase, "bytes", (uint64_t)cost[p].bytes);
        sonic_json_put_integer(phase, "rounds", (uint64_t)cost[p].rounds);
        sonic_json_put_real(phase, "seconds", cost[p].seconds);
        sonic_json_put_real(phase, "predicted_seconds", cost[p].on_link);
    }
}

/* No number where there is nothing to compare with. */
static void put_ratio(sonic_json *json, const char *key, double a, double b)
{
    if (b > 0)
        sonic_json_put_real(json, key, a / b);
}

static void put_ratios(sonic_json *json, const sonic_way_cost a[SONIC_WAY_PHASES],
                       const sonic_way_cost b[SONIC_WAY_PHASES])
{
    for (unsigned p = 0; p < SONIC_WAY_PHASES; p++) {
        sonic_json *phase = sonic_json_put_object(json, sonic_way_phase_name((sonic_way_phase)p));
        put_ratio(phase, "bytes", a[p].bytes, b[p].bytes);
        put_ratio(phase, "rounds", a[p].rounds, b[p].rounds);
        put_ratio(phase, "seconds", a[p].seconds, b[p].seconds);
        put_ratio(phase, "predicted_seconds", a[p].on_link, b[p].on_link);
    }
}

static void put_ways(sonic_json *json, const sonic_ways *ways, const sonic_perf_link *link)
{
    sonic_way_cost cost[SONIC_RELUS][SONIC_WAY_PHASES];
    sonic_json *list = sonic_json_put_object(json, "relu");
    for (unsigned r = 0; r < SONIC_RELUS; r++) {
        if (!sonic_ways_has(ways, (sonic_relu)r))
            continue;
        sonic_way_costs(cost[r], &ways->way[r], link);
        put_phases(sonic_json_put_object(list, sonic_relu_name((sonic_relu)r)), cost[r]);
    }
    list = sonic_json_put_object(json, "times_of_ppa");
    for (unsigned r = 0; r < SONIC_RELUS; r++)
        if (r != SONIC_RELU_PPA && sonic_ways_has(ways, (sonic_relu)r))
            put_ratios(sonic_json_put_object(list, sonic_relu_name((sonic_relu)r)), cost[r],
                       cost[SONIC_RELU_PPA]);
}

/* Comparing alone, as the paper counts it. */
static void put_comparing(sonic_json *json, const sonic_ways *ways, const sonic_perf_link *link)
{
    for (unsigned r = 0; r < SONIC_RELUS; r++) {
        if (!sonic_ways_has(ways, (sonic_relu)r))
            continue;
        const sonic_way_cost cost = sonic_way_comparing(&ways->way[r], link);
        sonic_json *way = sonic_json_put_object(json, sonic_relu_name((sonic_relu)r));
        sonic_json_put_integer(way, "online_bytes", (uint64_t)cost.bytes);
        sonic_json_put_integer(way, "online_rounds", (uint64_t)cost.rounds);
    }
}

static void put_network(sonic_json *json, const sonic_ways *ways, const sonic_ways_results *results,
                        const sonic_perf_link *link)
{
    const sonic_paper_cost paper = sonic_ways_paper(ways);
    sonic_json_put_string(json, "model", ways->model);
    put_ways(json, ways, link);
    sonic_json *object = sonic_json_put_object(json, "results");
    sonic_json_put_integer(object, "same_class", results->same);
    sonic_json_put_real(object, "apart", results->apart);
    sonic_json_put_real(object, "proven_apart", results->proven);
    object = sonic_json_put_object(json, "paper");
    sonic_json_put_integer(object, "values", paper.values);
    sonic_json_put_integer(object, "calls", paper.calls);
    sonic_json_put_integer(object, "online_bytes", (uint64_t)paper.bytes);
    sonic_json_put_integer(object, "online_rounds", paper.rounds);
    put_comparing(sonic_json_put_object(json, "comparing"), ways, link);
}

bool sonic_ways_print_json(const sonic_ways *ways, const sonic_ways_results *results,
                           size_t networks, const sonic_perf_settings *settings)
{
    const sonic_perf_result *busiest = sonic_ways_busiest(ways, networks);
    sonic_json *json = sonic_json_object();
    sonic_json_put_integer(json, "ring", busiest->graph.ring);
    sonic_json_put_string(json, "truncation",
                          busiest->graph.truncation == SONIC_TRUNC_LOCAL ? "local" : "stochastic");
    sonic_perf_put_setting(json, busiest, &settings->run, &settings->link);
    sonic_json *list = sonic_json_put_array(json, "networks");
    for (size_t i = 0; i < networks; i++)
        put_network(sonic_json_put_object(list, NULL), &ways[i], &results[i], &settings->link);
    return sonic_json_print(json);
}
