/** @file
 * The parts of `sonicnn plan`; private to tools/plan*.c.
 */
#ifndef SONIC_TOOLS_PLAN_H
#define SONIC_TOOLS_PLAN_H

#include "tools/budget.h"

enum { SONIC_BUDGETS = SONIC_RELUS * SONIC_SOURCES };

typedef struct sonic_forecast {
    const char *model; /**< as given */
    sonic_graph graph; /**< of a model that its maker frees */
    sonic_perf_link link;
    uint32_t batch, count;
    double aes_rate;                    /**< of one thread */
    uint64_t memory;                    /**< of this machine */
    sonic_budget budget[SONIC_BUDGETS]; /**< relu by relu, and of each source by source; those
                                             whose methods do not fit have these only */
} sonic_forecast;

/** Seconds on the link of all that `count` inferences take. */
typedef struct sonic_forecast_times {
    double setup, material, online;
} sonic_forecast_times;

sonic_forecast_times sonic_forecast_time(const sonic_forecast *forecast,
                                         const sonic_budget *budget);
/** What the server with more to keep has on its disk: the pool, and one inference prepared. */
double sonic_forecast_disk(const sonic_forecast *forecast, const sonic_budget *budget);

/** @param layers  a table of them, too */
void sonic_forecast_print(const sonic_forecast *forecast, bool layers);
/** @return false when it could not be printed */
bool sonic_forecast_print_json(const sonic_forecast *forecast);

#endif
