/** @file
 * Executions between two threads over a memory channel, whose bytes must be those that
 * proto/gc/execute.h promises.
 */
#ifndef SONIC_TESTS_EXECUTION_H
#define SONIC_TESTS_EXECUTION_H

#include "proto/gc/execute.h"

/** Index 0: the garbler, 1: the evaluator. */
typedef struct execution {
    const sonic_context *context[2];
    sonic_execution run[2];
    bool garbles[2];
    size_t buffer;      /**< of the channel */
    uint64_t cut_after; /**< bytes of the garbler after which it hangs up; 0: never */
    const uint64_t *in; /**< all inputs' planes; a party is given junk for those of its peer */

    uint64_t *out[2]; /**< planes; all ones before the run; freed by execution_free() */
    sonic_status status[2];
    sonic_error error[2];
    sonic_traffic traffic[2][SONIC_EXECUTION_PARTS];
    double seconds[2][SONIC_EXECUTION_PARTS];
} execution;

/** One that both agree on, to be changed before it is run. */
execution execution_of(const sonic_context *garbler, const sonic_context *evaluator,
                       const sonic_circuit *circuit, size_t n, const bool *evaluators);

void execution_run(execution *e);

/** Runs it and fails the test unless both succeed, with no byte more or less than promised, and the
 * outputs are those in the clear, zeroes for a garbler who is not told. */
void execution_check(execution *e);
void execution_free(execution *e);

/** Words of a plane. */
size_t execution_words(const execution *e);

/** Puts value's lowest bits into an instance of a word at wire `wire`, and reads a word. */
void execution_put(uint64_t *planes, size_t words, uint32_t wire, uint32_t width, size_t i,
                   uint64_t value);
uint64_t execution_get(const uint64_t *planes, size_t words, uint32_t wire, uint32_t width,
                       size_t i);

#endif
