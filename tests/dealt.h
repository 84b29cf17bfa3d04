/** @file
 * For protocol tests: graphs by hand, pools dealt into a temporary directory, contexts of every
 * tier, both parties as threads over a memory channel that hashes and may keep what each of them
 * sends.
 */
#ifndef SONIC_TESTS_DEALT_H
#define SONIC_TESTS_DEALT_H

#include "dispatch/context.h"
#include "proto/channel/channel.h"
#include "proto/offline/deal.h"
#include "proto/offline/pool.h"

/** A graph with an input of the shape (unused dimensions 0), and nodes appended to it; the last
 * appended node's shape is inferred by test_graph_shape() once its attributes are set. */
void test_graph_begin(sonic_graph *graph, sonic_ring ring, sonic_truncation truncation, uint32_t d0,
                      uint32_t d1, uint32_t d2);
sonic_node *test_graph_append(sonic_graph *graph, sonic_op op, uint32_t input);
void test_graph_shape(sonic_graph *graph);
/** input of n elements -> relu with shift */
void test_graph_relu(sonic_graph *graph, sonic_ring ring, sonic_truncation truncation, uint32_t n,
                     uint32_t shift);
/** Every kind of node that has material; more than one block where it matters. */
void test_graph_material(sonic_graph *graph, sonic_ring ring, sonic_truncation truncation);

/** Contexts of every tier this machine has, one thread each; returns how many. */
size_t test_contexts(sonic_context *contexts[SONIC_TIERS]);
/** From one of tiers * tiers pairs to the next: under a sanitizer only each with itself. */
size_t test_next_pair(size_t tiers);

/** Two opened pools and their plan; test_pools_free() removes the files. */
typedef struct test_pools {
    char directory[64], path[2][80];
    sonic_plan plan;
    sonic_pool *pool[2];
} test_pools;

/** Paths in a fresh directory, and the plan; no pools. */
void test_pools_begin(test_pools *pools, const sonic_graph *graph, sonic_relu relu, uint32_t batch);
/** The above, then deals and opens both pools and claims all inferences. */
void test_pools_deal(test_pools *pools, const sonic_context *context, const sonic_graph *graph,
                     sonic_relu relu, uint32_t batch, uint32_t count);
void test_pools_free(test_pools *pools);

/** Deterministic numbers for inputs, from *state. */
uint64_t test_draw(uint64_t *state);

/** What one party sent. */
typedef struct test_wire {
    uint64_t hash; /**< of all bytes sent, in order */
    uint8_t *kept; /**< the first `room` bytes; NULL: none are kept */
    size_t room, sent;
} test_wire;

/** One party's work in a thread of its own. */
typedef sonic_status (*test_party)(void *arg, unsigned party, sonic_channel *channel,
                                   sonic_error *error);

typedef struct test_outcome {
    sonic_status status[2];
    sonic_error error[2];
    sonic_traffic traffic[2]; /**< online, layer 0 */
    test_wire wire[2];
} test_outcome;

/** Runs both parties over a memory channel; outcome->wire[].kept and room are the caller's to set.
 */
void test_run(test_outcome *outcome, test_party party, void *arg);

#endif
