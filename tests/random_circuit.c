/* Circuits of random gates; see the header. */
#include "tests/random_circuit.h"

#include "tests/circuit_run.h"
#include "tests/dealt.h"

enum { WIRES = 400, WORD_MAX = 33 };

sonic_circuit *random_circuit(uint64_t seed)
{
    sonic_wire wire[WIRES], sum[WORD_MAX];
    sonic_builder *builder = circuit_builder();
    uint64_t state = seed;
    uint32_t wires = 0;
    for (int word = 0; word < 3; word++) {
        const uint32_t width = word ? 1 + (uint32_t)(test_draw(&state) % WORD_MAX) : WORD_MAX;
        sonic_builder_input(builder, wire + wires, width);
        wires += width;
    }
    wire[wires++] = sonic_builder_constant(builder, false);
    wire[wires++] = sonic_builder_constant(builder, true);
    /* Early wires are read more often: runs of AND gates are long at first and short later. */
    while (wires < WIRES) {
        const uint32_t reach = seed % 3 ? wires : 1 + wires / 3;
        const sonic_wire a = wire[test_draw(&state) % reach], b = wire[test_draw(&state) % wires];
        switch (test_draw(&state) % 5) {
        case 0:
        case 1:
            wire[wires++] = sonic_builder_and(builder, a, b);
            break;
        case 2:
        case 3:
            wire[wires++] = sonic_builder_xor(builder, a, b);
            break;
        default:
            wire[wires++] = sonic_builder_not(builder, a);
        }
    }
    sonic_builder_add(builder, sum, wire, wire + WIRES - WORD_MAX, WORD_MAX);
    sonic_builder_output(builder, sum, WORD_MAX);
    sonic_builder_output(builder, wire + WIRES - 2 * WORD_MAX, WORD_MAX);
    sonic_builder_output(builder, wire, WIRES / 4);
    return circuit_finish(builder);
}
