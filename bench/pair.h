/** @file
 * Both servers of one layer in one process: shares of random weights and inputs, material that was
 * really dealt, a thread for server 1, and a channel, run phase by phase.
 *
 * A bench may run the same inference's dealt material again and again, which a server never does:
 * what is computed here is nobody's secret.  What garbled circuits prepare is good for one run.
 */
#ifndef SONIC_BENCH_PAIR_H
#define SONIC_BENCH_PAIR_H

#include "bench/networks.h"
#include "proto/channel/channel.h"
#include "proto/offline/relu_plan.h"

typedef enum bench_link { BENCH_MEMORY, BENCH_TCP, BENCH_LINKS } bench_link;

/** "memory", "tcp" (the loopback interface): static storage. */
const char *bench_link_name(bench_link link);

typedef struct bench_pair_options {
    sonic_ring ring;
    uint32_t batch;
    int threads; /**< of each server */
    sonic_relu relu;
} bench_pair_options;

typedef struct bench_pair bench_pair;

/** Deals one inference of one layer. */
SONIC_MUST_CHECK sonic_status bench_pair_create(bench_pair **pair, const bench_layer *layer,
                                                const bench_pair_options *options,
                                                sonic_error *error);
void bench_pair_free(bench_pair *pair); /**< NULL is allowed */

/** A new channel between the two; setup comes next. */
SONIC_MUST_CHECK sonic_status bench_pair_connect(bench_pair *pair, bench_link link,
                                                 sonic_error *error);

/** Runs a phase on both servers at once: SETUP opens the weights or begins comparing, OFFLINE
 * prepares what needs no input, ONLINE is the layer itself, on whatever is in the place of the
 * inputs. */
SONIC_MUST_CHECK sonic_status bench_pair_run(bench_pair *pair, sonic_phase phase,
                                             sonic_error *error);

/** Runs the layer on fresh inputs and looks whether the joined result is the plain one: all of it,
 * of products a sample. */
SONIC_MUST_CHECK sonic_status bench_pair_check(bench_pair *pair, sonic_error *error);

/** What a phase has cost in all runs over the present channel. */
typedef struct bench_cost {
    uint64_t bytes;  /**< both directions */
    uint64_t rounds; /**< of server 0 */
    double seconds;  /**< processor time of both servers */
} bench_cost;
bench_cost bench_pair_cost(const bench_pair *pair, sonic_phase phase);

/** What one run must cost, by the plan: bytes between the servers, both directions. */
uint64_t bench_pair_planned(const bench_pair *pair, sonic_phase phase);

/** From the dealer to server 1 for one run, and the dealer's processor time. */
uint64_t bench_pair_dealt_bytes(const bench_pair *pair);
double bench_pair_deal_seconds(const bench_pair *pair);

/** AND gates that one run garbles and evaluates, both servers together; 0 without garbling. */
uint64_t bench_pair_ands(const bench_pair *pair);

/** Sizes of the whole batch: elements in and out, weights, multiply-adds of one product. */
typedef struct bench_sizes {
    double inputs, outputs, weights, madds;
} bench_sizes;
bench_sizes bench_layer_sizes(const bench_layer *layer, uint32_t batch);

#endif
