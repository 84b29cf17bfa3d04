/** @file
 * Google Benchmark for C.
 */
#ifndef SONIC_BENCH_SHIM_H
#define SONIC_BENCH_SHIM_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sonic_bench sonic_bench;

/** A benchmark: prepares, loops `while (sonic_bench_running(bench))` over what is timed, cleans up.
 * It is called several times, until the time is long enough. */
typedef void sonic_bench_function(sonic_bench *bench, void *argument);

/** Adds a benchmark; argument must live until sonic_bench_main() returns. */
void sonic_bench_add(const char *name, sonic_bench_function *function, void *argument);

/** Whether to go on with another iteration. */
bool sonic_bench_running(sonic_bench *bench);

/** Around what an iteration needs, but the time is not about. */
void sonic_bench_pause(sonic_bench *bench);
void sonic_bench_resume(sonic_bench *bench);

/** Adds a number to the benchmark's line; after the loop. */
void sonic_bench_counter(sonic_bench *bench, const char *name, double value);

/** Ends the benchmark with an error; it must not loop then. */
void sonic_bench_fail(sonic_bench *bench, const char *why);

/** Adds a line to the context that heads the JSON output. */
void sonic_bench_context(const char *key, const char *value);

/** Reads Google Benchmark's options and takes them out of argv; before everything else. */
void sonic_bench_begin(int *argc, char **argv);

/** Runs what was added and --benchmark_filter selects; the exit status of the program, which is 1
 * when a benchmark failed, or none was selected. */
int sonic_bench_main(void);

#ifdef __cplusplus
}
#endif
#endif
