/** @file
 * Circuits of random gates, for tests of what computes circuits.
 */
#ifndef SONIC_TESTS_RANDOM_CIRCUIT_H
#define SONIC_TESTS_RANDOM_CIRCUIT_H

#include <sonicnn/circuit.h>

/** Three input words, three output words, some 300 gates in runs of all lengths, wires that are
 * read often, inputs and constants among the outputs; other ones for every seed. */
sonic_circuit *random_circuit(uint64_t seed);

#endif
