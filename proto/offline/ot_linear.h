/** @file
 * The cross products of a linear layer, A_0 * B_1 + A_1 * B_0, shared between the two servers that
 * hold (A_0, B_0) and (A_1, B_1), without a dealer.
 *
 * Gilboa's product (CRYPTO 1999) in digits of 4 bits: of every digit of a multiplier the party that
 * knows it has all but one of 16 seeds (a GGM tree punctured at the digit, set up by oblivious
 * transfers), and its peer sends a message x - U for every x that it multiplies
 * (kernels/vole/vole.h), truncated to the bits that matter.
 *
 * Convolutions have the weights in B as multipliers, set up once a session, because each meets many
 * elements of the inputs A: padding costs nothing.  In a fully connected layer a weight meets one
 * element an image, but an input |y| weights: where |y| > batch the elements of A are multipliers,
 * set up and dropped in each inference, and columns of B what they multiply.
 *
 * Per server, with |W| weights, |x| inputs and |y| outputs of an image, t = l / 4 trees a
 * multiplier, w = 20 (l = 32) or 72 (l = 64) bytes a product and N inferences:
 * - by weights: |W| t (96 + 64 / k) + N batch |W| w bytes; |W| t trees grown an inference, with a
 *   block at least of each of 16 streams; |W| (96 t + l / 8) bytes of memory all the session;
 * - by inputs: N batch (|x| t (96 + 64 / k) + |W| w) bytes; batch |x| t trees set up and grown an
 *   inference; |W| l / 8 bytes of memory, and a group's trees while it is multiplied.
 *
 * So inputs take less memory, and less time where |y| is well above batch, and fewer bytes until
 * N batch = |y|.
 */
#ifndef SONIC_PROTO_OFFLINE_OT_LINEAR_H
#define SONIC_PROTO_OFFLINE_OT_LINEAR_H

#include "proto/model/graph.h"
#include "proto/offline/ot_relu.h"

typedef struct sonic_ot_linear sonic_ot_linear;

/** Of setting a CONV node up, once a session; kept_bytes: memory that each server holds then. */
sonic_ot_cost sonic_ot_linear_setup_cost(unsigned k, const sonic_graph *graph, uint32_t node,
                                         uint32_t batch);
/** Of one inference of `batch` images; kept_bytes: batch x output elements. */
sonic_ot_cost sonic_ot_linear_cost(unsigned k, const sonic_graph *graph, uint32_t node,
                                   uint32_t batch);

/** Whether inputs are the multipliers. */
bool sonic_ot_linear_by_inputs(const sonic_graph *graph, uint32_t node, uint32_t batch);

/** Sets up one node's trees with the peer, where weights are the multipliers.
 * @param pair   must outlive it
 * @param batch  images of an inference
 * @param mask   this party's share B_i of the weight mask, secret; not kept, unless copied */
SONIC_MUST_CHECK sonic_status sonic_ot_linear_create(sonic_ot_linear **linear, sonic_ot_pair *pair,
                                                     const sonic_graph *graph, uint32_t node,
                                                     uint32_t batch, const void *mask,
                                                     sonic_error *error);
/** Wipes and frees; NULL is allowed. */
void sonic_ot_linear_free(sonic_ot_linear *linear);

/** This party's share of A_0 * B_1 + A_1 * B_0 for the batch.
 * @param c  batch x output elements, secret, overwritten
 * @param a  batch x input elements, this party's A_i, secret
 * One call an inference, in the same order at both servers. */
SONIC_MUST_CHECK sonic_status sonic_ot_linear_make(sonic_ot_linear *linear, void *c, const void *a,
                                                   sonic_error *error);

#endif
