/** @file
 * ReLU of two shares, given as two shares: what one server garbles for the other.
 */
#ifndef SONIC_PROTO_GC_RELU_CIRCUIT_H
#define SONIC_PROTO_GC_RELU_CIRCUIT_H

#include <sonicnn/circuit.h>
#include <sonicnn/context.h>

/** A circuit of inputs g, s and m and output (relu(g + s) >> shift) + m mod 2^l, words of l bits.
 * It has 3 (l - 1) - shift AND gates: l - 1 for each sum, and one for each bit of relu's that is
 * not shifted out; its sign is none.
 * @return SONIC_E_ARGUMENT for a ring that there is not, or a shift above l - 2; SONIC_E_MEMORY */
SONIC_MUST_CHECK sonic_status sonic_relu_circuit(sonic_circuit **circuit, sonic_ring ring,
                                                 unsigned shift, sonic_error *error);

#endif
