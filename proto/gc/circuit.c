/* Circuits: what can be asked of one, and its end. */
#include "proto/gc/circuit.h"

#include <stdlib.h>

#include <sonicnn/garble.h>

sonic_circuit_shape sonic_circuit_shape_of(const sonic_circuit *circuit)
{
    return circuit->shape;
}

void sonic_circuit_free(sonic_circuit *circuit)
{
    if (!circuit)
        return;
    free(circuit->gate);
    free(circuit->run_end);
    free(circuit->output_slot);
    free(circuit->input_width);
    free(circuit->output_width);
    free(circuit);
}

uint64_t sonic_circuit_ands(const sonic_circuit *circuit, uint64_t first, uint64_t count)
{
    const uint64_t gates = circuit->shape.gates;
    const uint64_t end = first < gates && count < gates - first ? first + count : gates;
    uint64_t ands = 0;
    for (uint64_t next; first < end; first = next) {
        next = circuit->run_end[first] < end ? circuit->run_end[first] : end;
        ands += circuit->gate[first].op == SONIC_GATE_AND ? next - first : 0;
    }
    return ands;
}

uint32_t sonic_circuit_output_slot(const sonic_circuit *circuit, uint32_t w)
{
    return circuit->output_slot[w];
}
