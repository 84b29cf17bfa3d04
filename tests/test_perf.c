/* The parts of `sonicnn perf` without a network: medians, predictions by hand, and two servers that
 * never compute at the same time. */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tools/perf.h"
#include "tools/perf_turns.h"

Test(perf, medians)
{
    cr_assert_eq(sonic_perf_median((double[]){7}, 1), 7);
    cr_assert_eq(sonic_perf_median((double[]){9, 1}, 2), 5);
    cr_assert_eq(sonic_perf_median((double[]){5, 100, 1}, 3), 5);
    cr_assert_eq(sonic_perf_median((double[]){8, 1, 2, 1000}, 4), 5);
    cr_assert_eq(sonic_perf_median((double[]){3, 3, 3, 0, 3}, 5), 3);
}

static void near(double got, double expected, const char *what)
{
    cr_assert(fabs(got - expected) <= 1e-12 * fabs(expected), "%s: %.17g, expected %.17g", what,
              got, expected);
}

/* 125,000 bytes are 10^6 bits: 10 ms at 100 Mbit/s. */
Test(perf, predicts_compute_rounds_and_bytes)
{
    sonic_perf_cost cost = {.seconds = {0.25, 0.5}, .bytes = 125000, .rounds = 3};
    sonic_perf_link link = {.rtt_ms = 40, .mbps = 100};
    sonic_perf_time time = sonic_perf_predict(&cost, &link);
    near(time.compute, 0.5, "compute");
    near(time.latency, 0.06, "three times half of 40 ms");
    near(time.bandwidth, 0.01, "bandwidth");
    near(sonic_perf_seconds(&time), 0.57, "together");
    cost.seconds[0] = 0.75;
    near(sonic_perf_slower(&cost), 0.75, "slower");
    /* The largest numbers that are let in. */
    cost = (sonic_perf_cost){.bytes = UINT64_MAX, .rounds = UINT64_MAX};
    time = sonic_perf_predict(&cost, &(sonic_perf_link){.rtt_ms = 60000, .mbps = 0.001});
    cr_assert(isfinite(sonic_perf_seconds(&time)) && sonic_perf_seconds(&time) > 0);
}

/* Three layers of two kinds, on a link where 125 bytes take 1 ms. */
Test(perf, adds_up_and_finds_what_bounds)
{
    sonic_node node[3] = {{.op = SONIC_OP_INPUT}, {.op = SONIC_OP_CONV}, {.op = SONIC_OP_CONV}};
    uint64_t dealt[3] = {0, 1000, 250};
    sonic_perf_cost prepare[3] = {{.seconds = {1, 1}},
                                  {.seconds = {2, 3}},
                                  {.seconds = {6, 4}, .bytes = 250000, .rounds = 5}};
    sonic_perf_cost online[3] = {{.seconds = {0, 0}},
                                 {.seconds = {2, 1}, .bytes = 12500, .rounds = 1},
                                 {.seconds = {1, 4}, .bytes = 125000, .rounds = 8}};
    sonic_perf_result result = {.graph = {.nodes = 3, .node = node},
                                .deal = 5,
                                .dealt_bytes = 1250,
                                .dealt = dealt,
                                .prepare = prepare,
                                .online = online};
    sonic_perf_link link = {.rtt_ms = 1000, .mbps = 1};
    sonic_perf_total all = sonic_perf_add_up(&result, &link, SONIC_OPS);
    sonic_perf_total conv = sonic_perf_add_up(&result, &link, SONIC_OP_CONV);
    sonic_perf_total none = sonic_perf_add_up(&result, &link, SONIC_OP_RELU);
    cr_assert_eq(all.layers, 3);
    cr_assert_eq(conv.layers, 2);
    cr_assert_eq(none.layers, 0);
    cr_assert_eq(sonic_perf_seconds(&none.online_time), 0);
    near(all.prepare_time.compute, 1 + 3 + 6, "prepare");
    near(all.prepare_time.latency, 2.5, "prepare, latency");
    near(all.prepare_time.bandwidth, 2, "prepare, bandwidth");
    near(conv.prepare_time.compute, 3 + 6, "prepare of convolutions");
    near(all.online_time.compute, 2 + 4, "compute");
    near(all.online_time.latency, 4.5, "latency");
    near(all.online_time.bandwidth, 1.1, "bandwidth");
    cr_assert_eq(all.online.bytes, 137500);
    cr_assert_eq(all.online.rounds, 9);
    cr_assert_eq(all.prepare.bytes, 250000);
    cr_assert_eq(all.dealt, 1250);

    /* Server 0 computes 9 + 3 seconds, server 1 8 + 5. */
    sonic_perf_rates rates = sonic_perf_rate(&result, &link, 26);
    near(rates.alone, 26 / 11.6, "alone");
    near(rates.many, 2, "many");
    cr_assert_not(rates.link_bound);
    near(rates.dealer, 26 / 5.0, "dealer");
    cr_assert_not(rates.dealer_link_bound);
    link.mbps = 0.001;
    rates = sonic_perf_rate(&result, &link, 26);
    near(rates.many, 26 / 3100.0, "many, on a slow link");
    cr_assert(rates.link_bound);
    near(rates.dealer, 26 / 10.0, "dealer, on a slow link");
    cr_assert(rates.dealer_link_bound);
}

enum { BLOCKS = 40, BLOCK_BYTES = 100000 };

/* One of two servers whose callbacks are what they compute. */
struct server {
    sonic_channel *channel;
    pthread_mutex_t *turn;
    atomic_int *computing;
    uint8_t me;
    int together, wrong;
    size_t idle; /* computations before the round, in which the other one waits */
    double waited;
    sonic_status status;
    sonic_error error;
};

/* Computes for a while, and notices if the other server does, too. */
static void compute(struct server *server)
{
    const struct timespec while_ = {.tv_nsec = 100000};
    server->together |= atomic_fetch_add(server->computing, 1) != 0;
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &while_, NULL);
    server->together |= atomic_fetch_sub(server->computing, 1) != 1;
}

static size_t block_bytes(void *arg, size_t block)
{
    (void)arg, (void)block;
    return BLOCK_BYTES;
}

static sonic_status produce(void *arg, size_t block, uint8_t *out, sonic_error *error)
{
    struct server *server = arg;
    (void)error;
    compute(server);
    memset(out, (int)(block * 2 + server->me), BLOCK_BYTES);
    return SONIC_OK;
}

static sonic_status consume(void *arg, size_t block, const uint8_t *in, sonic_error *error)
{
    struct server *server = arg;
    (void)error;
    compute(server);
    server->wrong |= in[0] != (uint8_t)(block * 2 + !server->me) || in[0] != in[BLOCK_BYTES - 1];
    return SONIC_OK;
}

static void *serve(void *arg)
{
    struct server *server = arg;
    sonic_round round = {.blocks = BLOCKS,
                         .block_bytes = block_bytes,
                         .produce = produce,
                         .consume = consume,
                         .arg = server};
    pthread_mutex_lock(server->turn);
    for (size_t i = 0; i < server->idle; i++)
        compute(server);
    for (int i = 0; i < 3 && !server->status; i++)
        server->status = sonic_channel_round(server->channel, &round, &server->error);
    server->waited = sonic_channel_traffic(server->channel, SONIC_SETUP, SIZE_MAX).waited;
    sonic_channel_free(server->channel);
    pthread_mutex_unlock(server->turn);
    return NULL;
}

/* 4 MB a round do not fit the channel, so that the servers change turns within rounds, too. */
Test(perf, servers_compute_in_turn, .timeout = 60)
{
    pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
    atomic_int computing = 0;
    sonic_channel *channel[2];
    sonic_error error = {0};
    cr_assert_eq(sonic_turns_pair(&turn, channel, &error), SONIC_OK, "%s", error.text);
    struct server server[2];
    for (unsigned i = 0; i < 2; i++)
        server[i] = (struct server){.channel = channel[i],
                                    .turn = &turn,
                                    .computing = &computing,
                                    .me = (uint8_t)i,
                                    .idle = i ? 100 : 0};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, serve, &server[1]), 0);
    serve(&server[0]);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    for (unsigned i = 0; i < 2; i++) {
        cr_assert_eq(server[i].status, SONIC_OK, "%s", server[i].error.text);
        cr_assert_eq(server[i].together, 0, "both servers computed at the same time");
        cr_assert_eq(server[i].wrong, 0);
        /* While the other one computed, it waited: three rounds of two computations a block. */
        cr_assert_geq(server[i].waited, 2 * BLOCKS * 100e-6);
    }
}

/* A server that ends early leaves nobody waiting. */
Test(perf, a_server_that_ends_is_noticed)
{
    pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
    sonic_channel *channel[2];
    uint8_t byte;
    cr_assert_eq(sonic_turns_pair(&turn, channel, NULL), SONIC_OK);
    sonic_channel_free(channel[0]);
    pthread_mutex_lock(&turn);
    cr_assert_eq(sonic_channel_receive(channel[1], &byte, 1, NULL), SONIC_E_CLOSED);
    pthread_mutex_unlock(&turn);
    sonic_channel_free(channel[1]);
}
