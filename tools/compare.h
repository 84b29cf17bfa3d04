/** @file
 * The parts of `sonicnn compare`: networks run in every way of comparing, phase by phase.
 */
#ifndef SONIC_TOOLS_COMPARE_H
#define SONIC_TOOLS_COMPARE_H

#include "tools/perf.h"

/** A network, run on the same images in every way that goes with the source of material. */
typedef struct sonic_ways {
    const char *model; /**< MODEL.onnx */
    uint32_t batch;
    sonic_source source;
    sonic_perf_result way[SONIC_RELUS];
} sonic_ways;

/** Whether one was run: fss takes a dealer. */
bool sonic_ways_has(const sonic_ways *ways, sonic_relu relu);

/** @name Costs */
/**@{*/
typedef enum sonic_way_phase {
    SONIC_WAY_SETUP,   /**< once a session */
    SONIC_WAY_DEALT,   /**< a dealer's work, to server 1 */
    SONIC_WAY_PREPARE, /**< between the servers, before the input comes */
    SONIC_WAY_ONLINE,
    SONIC_WAY_ALL, /**< all but the setup */
    SONIC_WAY_PHASES
} sonic_way_phase;

typedef struct sonic_way_cost {
    double bytes; /**< both directions */
    double rounds;
    double seconds; /**< computing, the slower server's */
    double on_link; /**< predicted seconds */
} sonic_way_cost;

/** "setup" ... */
const char *sonic_way_phase_name(sonic_way_phase phase);
/** What a way takes, one cost a phase. */
void sonic_way_costs(sonic_way_cost cost[SONIC_WAY_PHASES], const sonic_perf_result *result,
                     const sonic_perf_link *link);
/** What ReLU and max-pool take of that online. */
sonic_way_cost sonic_way_comparing(const sonic_perf_result *result, const sonic_perf_link *link);

/** How many values a network compares, one by one and as often as it waits for the result, and
 * what Sonic's own ReLU would take for them online: (20 l - 16) bits a value and log2 l + 2 rounds
 * (Liu et al. 2023). */
typedef struct sonic_paper_cost {
    uint64_t values, calls;
    double bytes;
    uint64_t rounds;
} sonic_paper_cost;

sonic_paper_cost sonic_ways_paper(const sonic_ways *ways);
/**@}*/

/** @name Results */
/**@{*/
typedef struct sonic_ways_results {
    uint32_t same; /**< images of which all ways name the same class */
    double apart;  /**< largest difference of a result in two ways */
    double proven; /**< how large it can be, gross errors of local truncation aside */
} sonic_ways_results;

/** @return SONIC_E_RANGE for results further apart than is proven */
SONIC_MUST_CHECK sonic_status sonic_ways_check(sonic_ways_results *results, const sonic_ways *ways,
                                               sonic_error *error);
/**@}*/

/** @name Printing */
/**@{*/
/** Whose processor was the busiest with other things. */
const sonic_perf_result *sonic_ways_busiest(const sonic_ways *ways, size_t networks);
void sonic_ways_print(const sonic_ways *ways, const sonic_ways_results *results, size_t networks,
                      const sonic_perf_settings *settings);
/** @return false when it could not be printed */
bool sonic_ways_print_json(const sonic_ways *ways, const sonic_ways_results *results,
                           size_t networks, const sonic_perf_settings *settings);
/**@}*/

#endif
