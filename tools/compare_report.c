/* What the ways to compare take, for people: one table of all networks, and what their results are.
 */
#include <stdio.h>
#include <string.h>

#include "tools/cli.h"
#include "tools/compare.h"
#include "tools/table.h"

/* Three digits, or more before the point. */
static void put_number(sonic_table *table, double x)
{
    sonic_table_cell(table, "%.*f", x < 9.995 ? 2 : x < 99.95 ? 1 : 0, x);
}

static void put_ms(sonic_table *table, double seconds)
{
    put_number(table, 1e3 * seconds);
}

static void put_bytes(sonic_table *table, double bytes)
{
    char text[16];
    sonic_cli_bytes(text, bytes);
    sonic_table_cell(table, "%s", bytes > 0 ? text : "");
}

static void put_rounds(sonic_table *table, double rounds)
{
    sonic_table_cell(table, "%.0f", rounds);
}

/* Nothing where there is nothing to compare with. */
static void put_ratio(sonic_table *table, double a, double b)
{
    if (b > 0)
        put_number(table, a / b);
    else
        sonic_table_cell(table, "%s", "");
}

/* The file's name without folders and ".onnx". */
static void name_of(char name[64], const char *path)
{
    const char *slash = strrchr(path, '/');
    (void)snprintf(name, 64, "%s", slash ? slash + 1 : path);
    char *end = strrchr(name, '.');
    if (end && end != name)
        *end = 0;
}

static bool has_rounds(unsigned phase)
{
    return phase == SONIC_WAY_PREPARE || phase == SONIC_WAY_ONLINE;
}

static void put_way(sonic_table *table, const char *network, const char *way,
                    const sonic_way_cost cost[SONIC_WAY_PHASES])
{
    sonic_table_cell(table, "%s", network);
    sonic_table_cell(table, "%s", way);
    for (unsigned p = 0; p < SONIC_WAY_ALL; p++) {
        put_bytes(table, cost[p].bytes);
        if (has_rounds(p))
            put_rounds(table, cost[p].rounds);
        put_ms(table, cost[p].seconds);
    }
    put_ms(table, cost[SONIC_WAY_ONLINE].on_link);
    put_ms(table, cost[SONIC_WAY_ALL].on_link);
}

static void put_ratios(sonic_table *table, const char *network, const char *way,
                       const sonic_way_cost a[SONIC_WAY_PHASES],
                       const sonic_way_cost b[SONIC_WAY_PHASES])
{
    sonic_table_cell(table, "%s", network);
    sonic_table_cell(table, "%s/%s", way, sonic_relu_name(SONIC_RELU_PPA));
    for (unsigned p = 0; p < SONIC_WAY_ALL; p++) {
        put_ratio(table, a[p].bytes, b[p].bytes);
        if (has_rounds(p))
            put_ratio(table, a[p].rounds, b[p].rounds);
        put_ratio(table, a[p].seconds, b[p].seconds);
    }
    put_ratio(table, a[SONIC_WAY_ONLINE].on_link, b[SONIC_WAY_ONLINE].on_link);
    put_ratio(table, a[SONIC_WAY_ALL].on_link, b[SONIC_WAY_ALL].on_link);
}

/* The others, then the one that they are compared with. */
static void put_network(sonic_table *table, const sonic_ways *ways, const sonic_perf_link *link)
{
    sonic_way_cost cost[SONIC_RELUS][SONIC_WAY_PHASES];
    char name[64];
    name_of(name, ways->model);
    for (unsigned r = SONIC_RELUS; r-- > 0;) {
        if (!sonic_ways_has(ways, (sonic_relu)r))
            continue;
        sonic_way_costs(cost[r], &ways->way[r], link);
        put_way(table, name, sonic_relu_name((sonic_relu)r), cost[r]);
    }
    for (unsigned r = SONIC_RELUS; r-- > 0;)
        if (r != SONIC_RELU_PPA && sonic_ways_has(ways, (sonic_relu)r))
            put_ratios(table, name, sonic_relu_name((sonic_relu)r), cost[r], cost[SONIC_RELU_PPA]);
}

static void print_table(const sonic_ways *ways, size_t networks, const sonic_perf_link *link)
{
    static const char *const heads[] = {"network", "relu",     "setup",   "ms",    "dealt",
                                        "ms",      "prepared", "rounds",  "ms",    "online",
                                        "rounds",  "ms",       "on link", "in all"};
    sonic_table *table = sonic_table_create("llrrrrrrrrrrrr");
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        sonic_table_cell(table, "%s", heads[i]);
    for (size_t i = 0; i < networks; i++)
        put_network(table, &ways[i], link);
    sonic_table_print(table, stdout);
}

static void print_results(const sonic_ways *ways, const sonic_ways_results *results)
{
    char name[64];
    name_of(name, ways->model);
    printf("%s: every way names the same class for %u of %u image%s; results are %.3g apart at "
           "most, %.3g by proof\n",
           name, results->same, ways->batch, ways->batch == 1 ? "" : "s", results->apart,
           results->proven);
}

/* Comparing alone, beside the paper's. */
static void print_paper(const sonic_ways *ways, const sonic_perf_link *link)
{
    const sonic_paper_cost paper = sonic_ways_paper(ways);
    char name[64], bytes[16];
    const char *before = "; here";
    name_of(name, ways->model);
    sonic_cli_bytes(bytes, paper.bytes);
    printf("%s: %llu values compared, %llu times in turn: %s and %llu rounds", name,
           (unsigned long long)paper.values, (unsigned long long)paper.calls, bytes,
           (unsigned long long)paper.rounds);
    for (unsigned r = SONIC_RELUS; r-- > 0;) {
        if (!sonic_ways_has(ways, (sonic_relu)r))
            continue;
        const sonic_way_cost cost = sonic_way_comparing(&ways->way[r], link);
        sonic_cli_bytes(bytes, cost.bytes);
        printf("%s by %s %s and %.0f", before, sonic_relu_name((sonic_relu)r), bytes, cost.rounds);
        before = ",";
    }
    putchar('\n');
}

const sonic_perf_result *sonic_ways_busiest(const sonic_ways *ways, size_t networks)
{
    const sonic_perf_result *busiest = &ways->way[0];
    for (size_t i = 0; i < networks; i++)
        for (unsigned r = 0; r < SONIC_RELUS; r++)
            if (sonic_ways_has(&ways[i], (sonic_relu)r) &&
                ways[i].way[r].processor < busiest->processor)
                busiest = &ways[i].way[r];
    return busiest;
}

void sonic_ways_print(const sonic_ways *ways, const sonic_ways_results *results, size_t networks,
                      const sonic_perf_settings *settings)
{
    const sonic_perf_result *busiest = sonic_ways_busiest(ways, networks);
    printf("ring      2^%d, %s truncation, exact with fss\n", (int)busiest->graph.ring,
           busiest->graph.truncation == SONIC_TRUNC_LOCAL ? "local" : "stochastic");
    sonic_perf_print_setting(busiest, &settings->run, &settings->link);
    printf("\nbytes: from the dealer to both servers, or between these, both directions together\n"
           "ms: computing, the slower server's; on link: online ms + half a round trip a round + "
           "the bytes of\none direction; in all: the same with dealing and preparation\n\n");
    print_table(ways, networks, &settings->link);
    putchar('\n');
    for (size_t i = 0; i < networks; i++)
        print_results(&ways[i], &results[i]);
    printf("\nonline, by the formula of Sonic's paper (Liu et al. 2023): (20 l - 16) bits and "
           "log2 l + 2 rounds a ReLU\n");
    for (size_t i = 0; i < networks; i++)
        print_paper(&ways[i], &settings->link);
}
