/** @file
 * One party's side of an execution, while it runs.  Private to proto/gc/.
 */
#ifndef SONIC_PROTO_GC_EXECUTE_RUN_H
#define SONIC_PROTO_GC_EXECUTE_RUN_H

#include "dispatch/context.h"
#include "proto/gc/execute.h"
#include "proto/ot/cot.h"

/** The evaluator's labels: bits of delta that a transfer works on at once (proto/ot/cot.h). */
enum { SONIC_EXECUTION_OT_K = 1 };

/** Tables that are sent at once: enough for a system call to cost little. */
enum { SONIC_EXECUTION_BLOCK_BYTES = 1 << 18 };

typedef struct sonic_execution_run {
    const sonic_execution *x;
    const sonic_context *context;
    sonic_channel *channel;
    bool garbles;
    uint64_t *out;
    const uint64_t *in;
    size_t words; /* of a plane */

    sonic_execution_part part;
    double since, seconds[SONIC_EXECUTION_PARTS];

    sonic_garbler *garbler;
    sonic_evaluator *evaluator;
    sonic_cot_sender *sender;
    sonic_cot_receiver *receiver;
    sonic_aes_key key; /* of the active labels that are public ... */
    uint64_t counter;  /* ... and how many there were */

    size_t window;   /* of all windows but the last */
    size_t start, w; /* the window */
    size_t labels_bytes, inputs_bytes, chosen_bytes, choice_bytes, message_bytes;
    uint8_t *labels; /* of the slots */
    uint8_t *inputs; /* of the input wires; without repetitions the same memory */
    uint8_t *chosen; /* of the evaluator's inputs in the next window */
    uint8_t *choice; /* bits of a word of the evaluator */
    uint8_t *message;
    uint8_t *block; /* SONIC_EXECUTION_BLOCK_BYTES */
} sonic_execution_run;

/** What follows counts as a part. */
void sonic_execution_enter(sonic_execution_run *run, sonic_execution_part part);

/** One window, once start and w are set: labels of all inputs, of the evaluator's by transfers; all
 * tables; and the colours of the output labels, in the planes `out`. */
SONIC_MUST_CHECK sonic_status sonic_execution_inputs(sonic_execution_run *run, sonic_error *error);
SONIC_MUST_CHECK sonic_status sonic_execution_tables(sonic_execution_run *run, sonic_error *error);
void sonic_execution_colours(sonic_execution_run *run);

#endif
