/** @file
 * ReLU of additive shares by garbled circuits: what Sonic is measured against.
 *
 * Semi-honest, no dealt material.  Either server garbles one half of the values for the other one,
 * who evaluates (relu(g + s) >> shift) + m mod 2^l: 3 (l - 1) - shift AND gates, exact for every
 * value.  Before the input comes the evaluator draws s, whose labels it gets by correlated OT, the
 * garbler draws m, the other share of the result with its sign changed, and tables are made and
 * sent.  With the input the evaluator sends its share less s, which the garbler adds to its own to
 * have g, and the garbler sends the labels of g: l + 128 l bits a value, 2 rounds.  Labels of m are
 * no traffic: both servers expand the active ones from a public key, and the garbler makes those of
 * zero fit.
 *
 * Security: <sonicnn/garble.h>, proto/ot/cot.h; labels, s and m are expanded by AES-128 in counter
 * mode under a key of their own a call.
 * Costs to the byte: sonic_gc_cost_of() and sonic_gc_setup_cost().
 * Sources: half gates (Zahur, Rosulek, Evans 2015); the evaluator's input moved before the input
 * comes as in Delphi (Mishra et al., USENIX Security 2020); that either server garbles half is ours.
 */
#ifndef SONIC_PROTO_COMPARE_GC_H
#define SONIC_PROTO_COMPARE_GC_H

#include "dispatch/context.h"
#include "proto/channel/channel.h"
#include "proto/offline/gc_plan.h"

/** A session's garbling state of one server: garbler, evaluator, and correlated OT both ways. */
typedef struct sonic_gc sonic_gc;

/** Exchanges garbling seeds, runs the base transfers both ways: sonic_gc_setup_cost().
 * @param context, channel  must outlive the state */
SONIC_MUST_CHECK sonic_status sonic_gc_create(sonic_gc **gc, const sonic_context *context,
                                              sonic_channel *channel, unsigned party,
                                              sonic_error *error);
/** Wipes and frees; NULL is allowed. */
void sonic_gc_free(sonic_gc *gc);

/** Makes, exchanges and keeps all that a call on n values needs before they come, in bytes
 * [at, at + spill_bytes) of the file `spill`, as secret as a pool.  Calls are consumed in the order
 * in which they were prepared.  Memory: some 10 MiB, whatever n is.
 * @return SONIC_E_ARGUMENT for an unknown ring or shift > l / 2, SONIC_E_MEMORY, and what channel
 *         and file report */
SONIC_MUST_CHECK sonic_status sonic_gc_prepare(sonic_gc *gc, sonic_ring ring, unsigned shift,
                                               size_t n, int spill, uint64_t at,
                                               sonic_error *error);

/** x = relu(x) / 2^shift, rounded down, in place, on shares of n values, with what was prepared at
 * `at` for the same ring, shift and n.  Exact for every x.  Both servers call it for the same
 * values.  Memory: l / 8 bytes a value and some MiB.
 * @param x  n secret elements, any alignment; zeroes on failure
 * @return as sonic_gc_prepare(), SONIC_E_ARGUMENT where nothing is prepared */
SONIC_MUST_CHECK sonic_status sonic_gc_relu(sonic_gc *gc, sonic_ring ring, unsigned shift, void *x,
                                            size_t n, int spill, uint64_t at, sonic_error *error);

#endif
