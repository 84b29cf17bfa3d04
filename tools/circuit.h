/** @file
 * Inside `sonicnn circuit`: circuits by name, words as hexadecimal numbers, what a run took.
 */
#ifndef SONIC_TOOLS_CIRCUIT_H
#define SONIC_TOOLS_CIRCUIT_H

#include "proto/gc/execute.h"
#include "tools/cli.h"

/** A run, and one party's planes of it: see sonic_execute(). */
typedef struct sonic_circuit_job {
    const char *name, *role;
    sonic_execution execution;
    bool *evaluators;
    uint32_t *feedback;
    size_t words; /**< of a plane */
    uint64_t *in, *out;
    bool has_outputs, checked;
    double seconds[SONIC_EXECUTION_PARTS];
} sonic_circuit_job;

/** "relu32", "relu64", or a Bristol Fashion file. */
SONIC_MUST_CHECK sonic_status sonic_circuit_load(sonic_circuit **circuit, const char *name,
                                                 sonic_error *error);

/** Input wire at which word `word` begins. */
uint32_t sonic_circuit_wire(const uint32_t *width, uint32_t word);

/** Sets a word of all instances to a hexadecimal number, or to "random". */
SONIC_MUST_CHECK sonic_status sonic_circuit_set_word(sonic_circuit_job *job, uint32_t word,
                                                     const char *text, sonic_error *error);

/** Output word `word` of the first instance as a hexadecimal number, malloc'ed; NULL without
 * memory. */
char *sonic_circuit_word(const sonic_circuit_job *job, uint32_t word);

/** Computes job->in in the clear, into out. */
SONIC_MUST_CHECK sonic_status sonic_circuit_compute(const sonic_circuit_job *job, uint64_t *out,
                                                    sonic_error *error);

/** Prints outputs of a single instance, and with a channel what the run took.
 * @return SONIC_E_SYSTEM for JSON that cannot be made or printed */
SONIC_MUST_CHECK sonic_status sonic_circuit_report(const sonic_circuit_job *job,
                                                   const sonic_channel *channel, bool json,
                                                   sonic_error *error);

#endif
