/* Circuits in the clear, 64 instances in the bits of a word. */
#include "proto/gc/circuit.h"

#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"

sonic_status sonic_circuit_plain(const sonic_circuit *circuit, uint64_t *out, const uint64_t *in,
                                 sonic_error *error)
{
    const sonic_circuit_shape *shape = &circuit->shape;
    uint64_t *wire = calloc((size_t)shape->slots + 1, sizeof *wire);
    if (!wire)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for %lu wires of a circuit",
                          (unsigned long)shape->slots);
    for (uint32_t i = 0; i < shape->input_wires; i++)
        wire[i] = in[i];
    for (uint64_t i = 0; i < shape->gates; i++) {
        const sonic_gate *gate = &circuit->gate[i];
        const uint64_t a = wire[gate->a], b = wire[gate->b];
        wire[gate->out] = gate->op == SONIC_GATE_AND   ? a & b
                          : gate->op == SONIC_GATE_XOR ? a ^ b
                          : gate->op == SONIC_GATE_NOT ? ~a
                                                       : 0;
    }
    for (uint32_t w = 0; w < shape->output_wires; w++)
        out[w] = wire[circuit->output_slot[w]];
    free(wire);
    return SONIC_OK;
}
