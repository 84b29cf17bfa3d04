/** @file
 * What a node of a graph computes, and what it costs, written as plainly as can be: for comparing a
 * secure run with.
 */
#ifndef SONIC_TESTS_ORACLE_H
#define SONIC_TESTS_ORACLE_H

#include "proto/channel/channel.h"
#include "proto/model/model.h"
#include "proto/offline/gc_plan.h"
#include "proto/offline/ot_linear.h"

/** Element i of a tensor as a signed integer. */
int64_t oracle_get(sonic_ring ring, const void *x, size_t i);

/** The node's tensor, malloc'ed ring elements, from its inputs'; where a shift drops bits, rounded
 * down. */
void *oracle_node(const sonic_model *model, uint32_t node, size_t batch, const void *const *in);

/** What one server sends, and the rounds it waits, in a phase of a node, the handshake included.
 * What servers send to make material is ot_linear.h's and ot_relu.h's, whose own tests count it. */
sonic_traffic oracle_traffic(const sonic_graph *graph, sonic_methods methods, sonic_phase phase,
                             uint32_t node, size_t batch);

#endif
