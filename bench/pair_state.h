/** @file
 * What two servers of one layer keep.  Private to bench/pair*.c.
 */
#ifndef SONIC_BENCH_PAIR_STATE_H
#define SONIC_BENCH_PAIR_STATE_H

#include <pthread.h>

#include "bench/pair.h"
#include "proto/layer/layer.h"
#include "proto/model/local_ops.h"

/** The graph is an input, node 0, and the layer. */
enum { BENCH_NODE = 1, BENCH_NODES = 2 };

/** Bits that a ReLU or a truncation drops, and the second factor of an addition, about what the
 * importer chooses for residual networks. */
#define BENCH_SHIFT(ring) ((uint32_t)(ring) / 4)
enum { BENCH_FACTOR = 1 << 17 };

typedef struct bench_server {
    bench_pair *pair;
    sonic_context *context;
    sonic_pool *pool;
    sonic_channel *channel;
    sonic_model_share model; /**< its arrays are w and b below */
    void *w[BENCH_NODES], *b[BENCH_NODES];
    sonic_linear linear[BENCH_NODES];
    sonic_compare compare;
    size_t weights;
    int spill;
    void *x[2], *y; /**< shares; y NULL where the layer works in place */
    sonic_status status;
    sonic_error error;
} bench_server;

struct bench_pair {
    bench_pair_options options;
    sonic_graph graph;
    sonic_plan plan;
    size_t inputs, outputs; /**< elements of the batch */
    double deal_seconds, seconds[SONIC_PHASES];
    bench_server server[2];
    pthread_t thread; /**< server 1's; server 0 is whoever calls */
    pthread_barrier_t start, end;
    bool started, stop;
    sonic_phase phase;
};

#endif
