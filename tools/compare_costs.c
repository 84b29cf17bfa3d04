/* From what was measured to what a way of comparing takes, phase by phase; whether results agree.
 */
#include "tools/compare.h"

#include <math.h>

#include "dispatch/error.h"

bool sonic_ways_has(const sonic_ways *ways, sonic_relu relu)
{
    return sonic_methods_fit((sonic_methods){.relu = relu, .source = ways->source});
}

const char *sonic_way_phase_name(sonic_way_phase phase)
{
    static const char *const names[SONIC_WAY_PHASES] = {
        [SONIC_WAY_SETUP] = "setup",   [SONIC_WAY_DEALT] = "dealt", [SONIC_WAY_PREPARE] = "prepare",
        [SONIC_WAY_ONLINE] = "online", [SONIC_WAY_ALL] = "all",
    };
    return names[phase];
}

/* Of a phase between the servers, which send equally much. */
static sonic_way_cost mutual(const sonic_perf_cost *cost, const sonic_perf_time *time)
{
    return (sonic_way_cost){.bytes = 2 * (double)cost->bytes,
                            .rounds = (double)cost->rounds,
                            .seconds = time->compute,
                            .on_link = sonic_perf_seconds(time)};
}

void sonic_way_costs(sonic_way_cost cost[SONIC_WAY_PHASES], const sonic_perf_result *result,
                     const sonic_perf_link *link)
{
    const sonic_perf_cost deal = {.seconds = {result->deal, 0}, .bytes = result->dealt_bytes};
    sonic_perf_total all = sonic_perf_add_up(result, link, SONIC_OPS);
    sonic_perf_time setup = sonic_perf_predict(&result->setup, link);
    sonic_perf_time dealing = sonic_perf_predict(&deal, link);
    cost[SONIC_WAY_SETUP] = mutual(&result->setup, &setup);
    cost[SONIC_WAY_DEALT] = (sonic_way_cost){.bytes = (double)deal.bytes,
                                             .seconds = dealing.compute,
                                             .on_link = sonic_perf_seconds(&dealing)};
    cost[SONIC_WAY_PREPARE] = mutual(&all.prepare, &all.prepare_time);
    cost[SONIC_WAY_ONLINE] = mutual(&all.online, &all.online_time);
    cost[SONIC_WAY_ALL] = (sonic_way_cost){0};
    for (unsigned p = SONIC_WAY_DEALT; p < SONIC_WAY_ALL; p++) {
        cost[SONIC_WAY_ALL].bytes += cost[p].bytes;
        cost[SONIC_WAY_ALL].rounds += cost[p].rounds;
        cost[SONIC_WAY_ALL].seconds += cost[p].seconds;
        cost[SONIC_WAY_ALL].on_link += cost[p].on_link;
    }
}

sonic_way_cost sonic_way_comparing(const sonic_perf_result *result, const sonic_perf_link *link)
{
    const sonic_perf_total relu = sonic_perf_add_up(result, link, SONIC_OP_RELU),
                           pool = sonic_perf_add_up(result, link, SONIC_OP_MAX_POOL);
    sonic_way_cost cost = mutual(&relu.online, &relu.online_time),
                   more = mutual(&pool.online, &pool.online_time);
    return (sonic_way_cost){.bytes = cost.bytes + more.bytes,
                            .rounds = cost.rounds + more.rounds,
                            .seconds = cost.seconds + more.seconds,
                            .on_link = cost.on_link + more.on_link};
}

sonic_paper_cost sonic_ways_paper(const sonic_ways *ways)
{
    const sonic_graph *graph = &ways->way[0].graph;
    const unsigned bits = (unsigned)graph->ring;
    sonic_paper_cost cost = {0};
    for (uint32_t node = 0; node < graph->nodes; node++) {
        sonic_relu_calls calls = {.graph = graph, .node = node, .batch = ways->batch};
        while (sonic_relu_next(&calls)) {
            cost.values += calls.call.n;
            cost.calls++;
        }
    }
    cost.bytes = (double)cost.values * (20 * bits - 16) / 8;
    cost.rounds = cost.calls * (bits == 64 ? 6 + 2 : 5 + 2);
    return cost;
}

/* Result i of a way as a signed number. */
static double result_of(const sonic_ways *ways, unsigned way, size_t i)
{
    const sonic_perf_result *result = &ways->way[way];
    return result->graph.ring == SONIC_RING_64 ? (double)((const int64_t *)result->output)[i]
                                               : (double)((const int32_t *)result->output)[i];
}

static size_t class_of(const sonic_ways *ways, unsigned way, size_t first, size_t classes)
{
    size_t top = 0;
    for (size_t i = 1; i < classes; i++)
        if (result_of(ways, way, first + i) > result_of(ways, way, first + top))
            top = i;
    return top;
}

sonic_status sonic_ways_check(sonic_ways_results *results, const sonic_ways *ways,
                              sonic_error *error)
{
    const sonic_graph *graph = &ways->way[0].graph;
    const sonic_node *last = &graph->node[graph->nodes - 1];
    const size_t classes = sonic_node_elements(graph, graph->nodes - 1);
    *results = (sonic_ways_results){.proven = 2 * last->error * last->unit};
    for (size_t i = 0; i < classes * ways->batch; i++) {
        double low = result_of(ways, 0, i), high = low;
        for (unsigned way = 1; way < SONIC_RELUS; way++) {
            if (!sonic_ways_has(ways, (sonic_relu)way))
                continue;
            low = fmin(low, result_of(ways, way, i));
            high = fmax(high, result_of(ways, way, i));
        }
        results->apart = fmax(results->apart, (high - low) * last->unit);
    }
    for (uint32_t image = 0; image < ways->batch; image++) {
        const size_t first = image * classes, top = class_of(ways, 0, first, classes);
        bool same = true;
        for (unsigned way = 1; way < SONIC_RELUS; way++)
            same = same && (!sonic_ways_has(ways, (sonic_relu)way) ||
                            class_of(ways, way, first, classes) == top);
        results->same += same;
    }
    if (results->apart <= results->proven)
        return SONIC_OK;
    return sonic_fail(error, SONIC_E_RANGE,
                      "%s: results of the ways to compare are %.3g apart, and right ones are no "
                      "more than %.3g apart",
                      ways->model, results->apart, results->proven);
}
