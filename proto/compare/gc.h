/** @file
 * ReLU of additive shares by garbled circuits: what Sonic is measured against.
 *
 * Semi-honest, no dealt material.  For each half of the values one server garbles and the other one
 * evaluates y = relu(g + s) >> shift, less the garbler's share, of l-bit words: 3 (l - 1) AND
 * gates, exact for every value.  Before the input comes the evaluator draws s, whose labels it gets
 * by correlated OT, the garbler draws its share of the result, and tables are made and sent; with
 * the input the evaluator sends its share less s, which the garbler adds to its own to have g, and
 * the garbler sends the labels of g: l + 128 l bits a value, 2 rounds.
 * Costs to the byte: sonic_gc_cost_of().  Security: <sonicnn/garble.h>, proto/ot/cot.h.
 * Sources: half gates (Zahur, Rosulek, Evans 2015); evaluator's inputs moved before the input comes
 * as in Delphi (Mishra et al., USENIX Security 2020); alternating roles are ours.
 */
#ifndef SONIC_PROTO_COMPARE_GC_H
#define SONIC_PROTO_COMPARE_GC_H

#include "proto/channel/channel.h"
#include "proto/offline/gc_plan.h"
#include "dispatch/context.h"

/** A session's garbling state of one server: garbler, evaluator, and correlated OT both ways. */
typedef struct sonic_gc sonic_gc;

/** Sends and receives garbling seeds, runs the base transfers: sonic_gc_setup_cost().
 * @param context, channel  must outlive the state */
SONIC_MUST_CHECK sonic_status sonic_gc_create(sonic_gc **gc, const sonic_context *context,
                                              sonic_channel *channel, unsigned party,
                                              sonic_error *error);
/** Wipes and frees; NULL is allowed. */
void sonic_gc_free(sonic_gc *gc);

/** Makes, exchanges and keeps all that n values need before they come: bytes
 * [at, at + spill_bytes) of the file `spill`, as secret as a pool.
 * Memory: some MiB, whatever n is. */
SONIC_MUST_CHECK sonic_status sonic_gc_prepare(sonic_gc *gc, sonic_ring ring, unsigned shift,
                                               size_t n, int spill, uint64_t at,
                                               sonic_error *error);

/** x = relu(x) / 2^shift, rounded down, in place, with what was prepared at `at` for the same ring,
 * shift and n.  Exact for every x.  Both servers call it for the same values.
 * @param x  n secret elements, any alignment; zeroes on failure */
SONIC_MUST_CHECK sonic_status sonic_gc_relu(sonic_gc *gc, sonic_ring ring, unsigned shift, void *x,
                                            size_t n, int spill, uint64_t at, sonic_error *error);

#endif
