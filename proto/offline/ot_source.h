/** @file
 * Material that the two servers of a session make themselves, node by node, from oblivious
 * transfers: what replaces the dealer.
 *
 * What is made of a node is kept in a file where its step of the plan says, in the layout of
 * ot_relu.h, and for linear layers as batch x output elements; it is as secret as a pool, and read
 * through sonic_material_begin_made().  Both servers call the same functions for the same nodes in
 * the same order.
 */
#ifndef SONIC_PROTO_OFFLINE_OT_SOURCE_H
#define SONIC_PROTO_OFFLINE_OT_SOURCE_H

#include "proto/offline/ot_linear.h"

/** A session's, of one server. */
typedef struct sonic_ot_source sonic_ot_source;

/** Runs the base transfers: the plan's where it makes.
 * @param context, channel, graph, plan  must outlive the source */
SONIC_MUST_CHECK sonic_status sonic_ot_source_create(sonic_ot_source **source,
                                                     const sonic_context *context,
                                                     sonic_channel *channel,
                                                     const sonic_graph *graph,
                                                     const sonic_plan *plan, unsigned party,
                                                     sonic_error *error);
/** Wipes and frees; NULL is allowed. */
void sonic_ot_source_free(sonic_ot_source *source);

/** Sets a CONV node up, once a session: sonic_ot_linear_setup_cost().  Scratch: its weight mask.
 * @param seed  this party's, secret */
SONIC_MUST_CHECK sonic_status sonic_ot_source_add(sonic_ot_source *source, uint32_t node,
                                                  const uint8_t seed[SONIC_SEED_BYTES],
                                                  sonic_error *error);

/** Makes a node's material of an inference and writes it to the file; nothing where it needs none.
 * Bytes and rounds are the step's, but for garbled circuits.  Scratch of linear layers: input and
 * output of the batch, and of those that inputs multiply a group's trees (ot_linear.h).
 * @param streams  the node's and inference's, as sonic_material_begin_made() gives them */
SONIC_MUST_CHECK sonic_status sonic_ot_source_make(sonic_ot_source *source, uint32_t node,
                                                   const sonic_material *streams,
                                                   sonic_error *error);

#endif
