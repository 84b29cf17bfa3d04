/** @file
 * Circuits computed on numbers, and what must be true of every circuit's order and slots.
 */
#ifndef SONIC_TESTS_CIRCUIT_RUN_H
#define SONIC_TESTS_CIRCUIT_RUN_H

#include <sonicnn/circuit.h>

enum { CIRCUIT_LANES = 64 };

/** Computes 64 instances of a circuit of words of at most 64 bits in the clear.
 * @param in   word w of instance i is in[64 w + i]; bits above the word's width do not matter
 * @param out  likewise; bits above the width are 0 */
void circuit_run(const sonic_circuit *circuit, uint64_t *out, const uint64_t *in);

/** Fails the test unless the gates are in order and their slots hold what is read from them, as
 * proto/gc/circuit.h promises. */
void circuit_check(const sonic_circuit *circuit);

/** A builder; fails the test where there is none. */
sonic_builder *circuit_builder(void);

/** What a builder has made, checked. */
sonic_circuit *circuit_finish(sonic_builder *builder);

/** One of the public circuits, checked; skips the test where they are not there: in
 * ../shared/circuits, or the folder SONIC_CIRCUITS. */
sonic_circuit *circuit_public(const char *name);

#endif
