/* From what was measured to what a link makes of it. */
#include "tools/perf.h"

#include <stdlib.h>

/* Seconds that a link takes for the bytes of one way. */
static double carry(const sonic_perf_link *link, uint64_t bytes)
{
    return (double)bytes * 8 / (link->mbps * 1e6);
}

double sonic_perf_slower(const sonic_perf_cost *cost)
{
    return cost->seconds[0] > cost->seconds[1] ? cost->seconds[0] : cost->seconds[1];
}

sonic_perf_time sonic_perf_predict(const sonic_perf_cost *cost, const sonic_perf_link *link)
{
    return (sonic_perf_time){.compute = sonic_perf_slower(cost),
                             .latency = (double)cost->rounds * link->rtt_ms / 2 / 1e3,
                             .bandwidth = carry(link, cost->bytes)};
}

double sonic_perf_seconds(const sonic_perf_time *time)
{
    return time->compute + time->latency + time->bandwidth;
}

static void add_time(sonic_perf_time *sum, const sonic_perf_time time)
{
    sum->compute += time.compute;
    sum->latency += time.latency;
    sum->bandwidth += time.bandwidth;
}

static void add_cost(sonic_perf_cost *sum, const sonic_perf_cost *cost)
{
    sum->seconds[0] += cost->seconds[0];
    sum->seconds[1] += cost->seconds[1];
    sum->bytes += cost->bytes;
    sum->rounds += cost->rounds;
}

sonic_perf_total sonic_perf_add_up(const sonic_perf_result *result, const sonic_perf_link *link,
                                   sonic_op op)
{
    sonic_perf_total total = {0};
    for (uint32_t node = 0; node < result->graph.nodes; node++) {
        if (op != SONIC_OPS && result->graph.node[node].op != op)
            continue;
        total.layers++;
        total.dealt += result->dealt[node];
        add_time(&total.prepare_time, sonic_perf_predict(&result->prepare[node], link));
        add_time(&total.online_time, sonic_perf_predict(&result->online[node], link));
        add_cost(&total.prepare, &result->prepare[node]);
        add_cost(&total.online, &result->online[node]);
    }
    return total;
}

/* A rate, where something that takes no time is no bound. */
static double rate(uint32_t batch, double seconds)
{
    return seconds > 0 ? batch / seconds : 0;
}

sonic_perf_rates sonic_perf_rate(const sonic_perf_result *result, const sonic_perf_link *link,
                                 uint32_t batch)
{
    sonic_perf_total all = sonic_perf_add_up(result, link, SONIC_OPS);
    sonic_perf_cost work = all.prepare;
    add_cost(&work, &all.online);
    double compute = sonic_perf_slower(&work), carried = carry(link, work.bytes);
    double pool = carry(link, result->dealt_bytes);
    bool link_bound = carried > compute, pool_bound = pool > result->deal;
    return (sonic_perf_rates){.alone = rate(batch, sonic_perf_seconds(&all.online_time)),
                              .many = rate(batch, link_bound ? carried : compute),
                              .link_bound = link_bound,
                              .dealer = rate(batch, pool_bound ? pool : result->deal),
                              .dealer_link_bound = pool_bound};
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double sonic_perf_median(double *x, size_t n)
{
    qsort(x, n, sizeof *x, compare);
    return (x[(n - 1) / 2] + x[n / 2]) / 2;
}
