/** @file
 * The cross products of a linear layer, A_0 * B_1 + A_1 * B_0, shared between the two servers that
 * hold (A_0, B_0) and (A_1, B_1), without a dealer.
 *
 * Gilboa's product (CRYPTO 1999) in digits of 4 bits: for every digit of every weight the party
 * that knows B has all but one of 16 seeds (a GGM tree punctured at the digit, set up once a
 * session by oblivious transfers), and an inference costs one message x - U in each direction
 * (kernels/vole/vole.h), truncated to the bits that matter.  A weight multiplies those elements of
 * its input channel that meet it: padding costs nothing.
 */
#ifndef SONIC_PROTO_OFFLINE_OT_LINEAR_H
#define SONIC_PROTO_OFFLINE_OT_LINEAR_H

#include "proto/model/graph.h"
#include "proto/offline/ot_relu.h"

typedef struct sonic_ot_linear sonic_ot_linear;

/** Of setting a CONV node up, once a session; kept_bytes: memory that each server holds then. */
sonic_ot_cost sonic_ot_linear_setup_cost(unsigned k, const sonic_graph *graph, uint32_t node);
/** Of one inference of `batch` images; kept_bytes: batch x output elements. */
sonic_ot_cost sonic_ot_linear_cost(const sonic_graph *graph, uint32_t node, uint32_t batch);

/** Sets up one node's trees with the peer.
 * @param pair  must outlive it
 * @param mask  this party's share B_i of the weight mask, secret; not kept, unless copied */
SONIC_MUST_CHECK sonic_status sonic_ot_linear_create(sonic_ot_linear **linear, sonic_ot_pair *pair,
                                                     const sonic_graph *graph, uint32_t node,
                                                     const void *mask, sonic_error *error);
/** Wipes and frees; NULL is allowed. */
void sonic_ot_linear_free(sonic_ot_linear *linear);

/** This party's share of A_0 * B_1 + A_1 * B_0 for `batch` images.
 * @param c  batch x output elements, secret, overwritten
 * @param a  batch x input elements, this party's A_i, secret
 * One call an inference, in the same order at both servers. */
SONIC_MUST_CHECK sonic_status sonic_ot_linear_make(sonic_ot_linear *linear, void *c, const void *a,
                                                   size_t batch, sonic_error *error);

#endif
