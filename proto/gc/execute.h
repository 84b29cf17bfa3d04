/** @file
 * A circuit computed by two parties: one garbles it, the other one evaluates.
 *
 * Semi-honest: <sonicnn/garble.h>, proto/ot/cot.h.  Every input word belongs to one party; the
 * evaluator learns the outputs and, if asked to, tells the garbler.  A circuit may be computed again
 * and again with outputs becoming inputs: their labels are carried and never decoded.
 *
 * Instances are computed in windows, a gate of all of a window's instances after the other, and
 * tables are evaluated while they arrive: memory is at most some 64 bytes a slot and instance of a
 * window, which has as many instances as have labels in 512 KiB, and at least one; besides what the
 * caller holds.  Bytes, with e the evaluator's input wires, in windows of w instances:
 *   SETUP    the garbler sends 120, the evaluator 88; with e > 0 the base transfers (proto/ot/cot.h)
 *   INPUTS   the evaluator sends sonic_cot_bytes(1, width w) for each of its words and windows; the
 *            garbler's labels are no traffic: both expand the active ones from a public key, and
 *            the garbler makes those of zero fit
 *   TABLES   the garbler sends 32 ands n repeat
 *   OUTPUTS  the garbler sends 8 ceil(n / 64) output_wires; the evaluator, if it tells, the same
 */
#ifndef SONIC_PROTO_GC_EXECUTE_H
#define SONIC_PROTO_GC_EXECUTE_H

#include <sonicnn/garble.h>

#include "proto/channel/channel.h"

/** What time and bytes are counted by: bytes in the phase SETUP of layer 0, and in the phase ONLINE
 * of the layers of the other parts, where the channel has counters for so many layers. */
typedef enum sonic_execution_part {
    SONIC_EXECUTION_SETUP,
    SONIC_EXECUTION_INPUTS,
    SONIC_EXECUTION_TABLES,
    SONIC_EXECUTION_OUTPUTS,
    SONIC_EXECUTION_PARTS
} sonic_execution_part;

/** What both parties agree on; each finds out if the other one has something else. */
typedef struct sonic_execution {
    const sonic_circuit *circuit;
    size_t n;                 /**< instances, at least 1 */
    uint64_t repeat;          /**< how often in a row, at least 1 */
    const bool *evaluators;   /**< of each input word: it is the evaluator's, and else the garbler's */
    const uint32_t *feedback; /**< of each input word: what it is from the second time on, 0: what it
                                   was, 1 + o: output word o; NULL: all zeros */
    uint64_t period;          /**< gates under one key, see <sonicnn/garble.h> */
    bool tell;                /**< the garbler learns the outputs, too */
    bool open;                /**< both mean to show each other the inputs afterwards */
} sonic_execution;

/** Whether there is something to compute, and a size for it, and whether words that are fed back are
 * as wide as what they become.  @return SONIC_E_ARGUMENT, SONIC_E_SHAPE */
SONIC_MUST_CHECK sonic_status sonic_execution_check(const sonic_execution *execution,
                                                    sonic_error *error);

/** Instances of a window, by labels of this circuit. */
size_t sonic_execution_window(const sonic_circuit *circuit, size_t n);

/** Runs one party's side.
 * @param out  output_wires planes of ceil(n / 64) words, one after the other, bit i of a plane
 *             belonging to instance i; secret; zeroes for a garbler that is not told and on failure,
 *             but untouched where sonic_execution_check() refuses
 * @param in   input_wires planes likewise, of which a party's own words are read; secret
 * @param seconds  if not NULL, what each part took
 * @return SONIC_E_ARGUMENT, SONIC_E_SHAPE, SONIC_E_MEMORY, SONIC_E_MISMATCH when the other party has
 *         another circuit or agreed on something else, and what channel and transfers report */
SONIC_MUST_CHECK sonic_status sonic_execute(const sonic_context *context, sonic_channel *channel,
                                            const sonic_execution *execution, bool garbles,
                                            uint64_t *out, const uint64_t *in,
                                            double seconds[SONIC_EXECUTION_PARTS],
                                            sonic_error *error);

#endif
