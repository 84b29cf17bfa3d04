/* Circuits computed on numbers, and checked gate by gate. */
#include "tests/circuit_run.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sonicnn/garble.h>

#include "proto/gc/circuit.h"

void circuit_run(const sonic_circuit *circuit, uint64_t *out, const uint64_t *in)
{
    const sonic_circuit_shape shape = sonic_circuit_shape_of(circuit);
    uint64_t *bits = calloc((size_t)shape.input_wires + 1, sizeof *bits);
    uint64_t *result = calloc((size_t)shape.output_wires + 1, sizeof *result);
    cr_assert(bits && result);
    for (uint32_t w = 0, wire = 0; w < shape.inputs; w++)
        for (uint32_t bit = 0; bit < shape.input_width[w]; bit++, wire++)
            for (unsigned i = 0; i < CIRCUIT_LANES; i++)
                bits[wire] |= (in[CIRCUIT_LANES * w + i] >> bit & 1) << i;
    cr_assert_eq(sonic_circuit_plain(circuit, result, bits, NULL), SONIC_OK);
    for (uint32_t w = 0, wire = 0; w < shape.outputs; w++) {
        for (unsigned i = 0; i < CIRCUIT_LANES; i++)
            out[CIRCUIT_LANES * w + i] = 0;
        for (uint32_t bit = 0; bit < shape.output_width[w]; bit++, wire++)
            for (unsigned i = 0; i < CIRCUIT_LANES; i++)
                out[CIRCUIT_LANES * w + i] |= (result[wire] >> i & 1) << bit;
    }
    free(bits);
    free(result);
}

/* What stands in a slot while gates are walked. */
typedef struct slot_state {
    bool is_set;
    uint32_t depth;
    uint64_t writer; /* 1 + the AND gate that wrote it last; 0: none */
} slot_state;

static unsigned operands(const sonic_gate *gate)
{
    static const unsigned count[] = {
        [SONIC_GATE_AND] = 2, [SONIC_GATE_XOR] = 2, [SONIC_GATE_NOT] = 1, [SONIC_GATE_ZERO] = 0};
    cr_assert_leq(gate->op, SONIC_GATE_ZERO);
    return count[gate->op];
}

/* AND gates [first, end) may be computed in any order. */
static void check_run(const sonic_circuit *circuit, slot_state *slot, uint64_t first, uint64_t end)
{
    for (uint64_t i = first; i < end; i++) {
        slot_state *out = &slot[circuit->gate[i].out];
        cr_assert_leq(out->writer, first, "gates %zu and %zu write to one slot", (size_t)i,
                      (size_t)out->writer - 1);
        out->writer = i + 1;
    }
    for (uint64_t i = first; i < end; i++) {
        const uint64_t a = slot[circuit->gate[i].a].writer, b = slot[circuit->gate[i].b].writer;
        cr_assert((a <= first || a == i + 1) && (b <= first || b == i + 1),
                  "gate %zu reads what another one of its run writes", (size_t)i);
    }
}

void circuit_check(const sonic_circuit *circuit)
{
    const sonic_circuit_shape *shape = &circuit->shape;
    slot_state *slot = calloc((size_t)shape->slots + 1, sizeof *slot);
    uint64_t ands = 0, run = 0;
    uint32_t last_rank = 0, most = 0;
    cr_assert(slot);
    cr_assert_leq(shape->input_wires, shape->slots);
    for (uint32_t i = 0; i < shape->input_wires; i++)
        slot[i].is_set = true;
    for (uint64_t i = 0; i < shape->gates; i++) {
        const sonic_gate *gate = &circuit->gate[i];
        const bool is_and = gate->op == SONIC_GATE_AND;
        const uint32_t operand[2] = {gate->a, gate->b};
        uint32_t depth = 0;
        for (unsigned k = 0; k < operands(gate); k++) {
            cr_assert_lt(operand[k], shape->slots);
            cr_assert(slot[operand[k]].is_set, "gate %zu reads a slot without a wire", (size_t)i);
            if (slot[operand[k]].depth > depth)
                depth = slot[operand[k]].depth;
        }
        const uint32_t rank = 2 * depth + is_and;
        cr_assert_geq(rank, last_rank, "gate %zu comes too late", (size_t)i);
        if (rank != last_rank)
            run = i;
        last_rank = rank;
        cr_assert_lt(gate->out, shape->slots);
        slot[gate->out].is_set = true;
        slot[gate->out].depth = depth + is_and;
        most = depth + is_and > most ? depth + is_and : most;
        ands += is_and;
        cr_assert_gt(circuit->run_end[i], i);
        cr_assert_leq(circuit->run_end[i], shape->gates);
        cr_assert_eq(circuit->run_end[i], circuit->run_end[run]);
        cr_assert(i > run || i == 0 || circuit->run_end[i - 1] == i);
        if (is_and && circuit->run_end[i] == i + 1)
            check_run(circuit, slot, run, i + 1);
    }
    cr_assert_eq(ands, shape->ands);
    cr_assert_eq(ands, sonic_circuit_ands(circuit, 0, shape->gates));
    cr_assert_eq(most, shape->depth);
    for (uint32_t w = 0; w < shape->output_wires; w++) {
        const uint32_t at = sonic_circuit_output_slot(circuit, w);
        cr_assert_lt(at, shape->slots);
        cr_assert(slot[at].is_set, "output %u is not there", w);
    }
    free(slot);
}

sonic_circuit *circuit_public(const char *name)
{
    const char *folder = getenv("SONIC_CIRCUITS"), *top = getenv("top_srcdir");
    char path[4096];
    sonic_circuit *circuit;
    sonic_error error;
    (void)snprintf(path, sizeof path, "%s%s/%s.txt", folder ? folder : top ? top : ".",
                   folder ? "" : "/../shared/circuits", name);
    if (access(path, R_OK) != 0)
        cr_skip_test("the public circuits are not there: set SONIC_CIRCUITS to their folder");
    cr_assert_eq(sonic_circuit_read(&circuit, path, &error), SONIC_OK, "%s", error.text);
    circuit_check(circuit);
    return circuit;
}

sonic_builder *circuit_builder(void)
{
    sonic_builder *builder;
    sonic_error error;
    cr_assert_eq(sonic_builder_create(&builder, &error), SONIC_OK, "%s", error.text);
    return builder;
}

sonic_circuit *circuit_finish(sonic_builder *builder)
{
    sonic_circuit *circuit;
    sonic_error error;
    cr_assert_eq(sonic_builder_finish(&circuit, builder, &error), SONIC_OK, "%s", error.text);
    circuit_check(circuit);
    return circuit;
}
