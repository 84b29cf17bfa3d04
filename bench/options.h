/** @file
 * The benches' own options, beside Google Benchmark's.
 */
#ifndef SONIC_BENCH_OPTIONS_H
#define SONIC_BENCH_OPTIONS_H

#include "bench/networks.h"
#include "proto/offline/relu_plan.h"

typedef struct bench_options {
    const bench_network *network; /**< &chosen: only its layers; NULL: all */
    bench_network chosen;
    uint32_t batch;  /**< images at a time */
    int threads;     /**< of each server */
    sonic_relu relu; /**< how servers compare */
} bench_options;

/** Prints the options if --help is among the arguments, and then returns true; before
 * sonic_bench_begin(), which knows Google Benchmark's alone. */
bool bench_options_help(int argc, char **argv);

/** Reads what sonic_bench_begin() has left; false, and a sentence on standard error, for anything
 * else.  options must stay where it is. */
bool bench_options_read(bench_options *options, int argc, char **argv);

#endif
