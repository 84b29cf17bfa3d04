/** @file
 * What a measurement keeps.  Private to tools/perf_*.c.
 */
#ifndef SONIC_TOOLS_PERF_BENCH_H
#define SONIC_TOOLS_PERF_BENCH_H

#include <semaphore.h>

#include "proto/session/session.h"
#include "tools/perf.h"
#include "tools/perf_turns.h"
#include "tools/progress.h"

typedef struct sonic_perf_bench sonic_perf_bench;

/** One of the two servers. */
typedef struct sonic_perf_party {
    sonic_perf_bench *bench;
    sonic_model_share share;
    void *input, *output; /**< shares of a batch */
    sonic_pool *pool;     /**< of one inference, made for every run */
    sonic_channel *channel;
    double *prepare, *online; /**< seconds, [node][run] */
    double *setup;            /**< seconds, [run] */
    double *processor;        /**< [run]: of an inference's computing, the part on a processor */
    sonic_status status;
    sonic_error error;
} sonic_perf_party;

struct sonic_perf_bench {
    const sonic_perf_options *options;
    sonic_context *context;
    char dir[4000];
    sonic_perf_party party[2];
    pthread_mutex_t turn; /**< held by the server that computes */
    sem_t go, done;       /**< server 1: begin a run, or leave if `quit`; the run has ended */
    bool quit;
    uint32_t run; /**< from 0; the warm-up: UINT32_MAX */
    double since; /**< when dealing began */
    double *deal; /**< seconds, [run] */
    sonic_bar bar;
    uint64_t step, steps; /**< of the bar */
};

/** Splits the network and the input for both parties.  @param[out] result the public part, the
 * input, room for the output */
SONIC_MUST_CHECK sonic_status sonic_perf_share(sonic_perf_bench *bench, sonic_perf_result *result,
                                               sonic_error *error);

/** A path in the bench's directory. */
void sonic_perf_path(char path[4096], const sonic_perf_bench *bench, const char *name);

#endif
