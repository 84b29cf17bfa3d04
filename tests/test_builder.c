/* The builder: what it folds and drops and refuses; that circuits compute what was written down,
 * and keep their promises of order and slots. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include <sonicnn/garble.h>

#include "proto/gc/circuit.h"
#include "proto/share/random.h"
#include "tests/circuit_run.h"
#include "tests/random_test.h"

enum { BIT_X = 0xaa, BIT_Y = 0xcc, BIT_ONE = 0xff }; /* of instance i: bits of i */

/* Gates for what is no AND or XOR of x and y. */
static uint64_t trivial_gates(uint8_t truth)
{
    const bool is_complement = truth & 1, is_constant = truth == 0 || truth == BIT_ONE;
    return (uint64_t)is_constant + is_complement;
}

static bool is_trivial(uint8_t truth)
{
    const uint8_t plain = truth & 1 ? (uint8_t)~truth : truth;
    return plain == 0 || plain == BIT_X || plain == BIT_Y;
}

Test(builder, constants_and_equal_operands_are_folded)
{
    static const uint8_t truth[] = {0,     BIT_ONE, BIT_X,           BIT_X ^ BIT_ONE,
                                    BIT_Y, BIT_X,   BIT_Y ^ BIT_ONE, BIT_Y};
    for (unsigned i = 0; i < 2 * 8 * 8; i++) {
        const bool is_and = i / 64;
        const uint8_t first = truth[i % 8], second = truth[i / 8 % 8];
        const uint8_t result = is_and ? first & second : first ^ second;
        sonic_builder *b = circuit_builder();
        sonic_wire x, y, out;
        sonic_builder_input(b, &x, 1);
        sonic_builder_input(b, &y, 1);
        const sonic_wire wire[] = {sonic_builder_constant(b, false),
                                   sonic_builder_constant(b, true),
                                   x,
                                   sonic_builder_not(b, x),
                                   y,
                                   sonic_builder_not(b, sonic_builder_not(b, x)),
                                   sonic_builder_not(b, y),
                                   sonic_builder_not(b, sonic_builder_not(b, y))};
        out = is_and ? sonic_builder_and(b, wire[i % 8], wire[i / 8 % 8])
                     : sonic_builder_xor(b, wire[i % 8], wire[i / 8 % 8]);
        sonic_builder_output(b, &out, 1);
        sonic_circuit *circuit = circuit_finish(b);
        const sonic_circuit_shape shape = sonic_circuit_shape_of(circuit);
        const unsigned complements = (first & 1U) + (second & 1U);
        const uint64_t gates = is_trivial(result) ? trivial_gates(result)
                               : is_and           ? 1 + complements
                                                  : 1 + complements % 2;
        cr_assert_eq(shape.gates, gates, "%s of %02x and %02x: %u gates", is_and ? "AND" : "XOR",
                     first, second, (unsigned)shape.gates);
        cr_assert_eq(shape.ands, is_and && !is_trivial(result));
        const uint64_t in[] = {BIT_X, BIT_Y};
        uint64_t got;
        cr_assert_eq(sonic_circuit_plain(circuit, &got, in, NULL), SONIC_OK);
        cr_assert_eq(got & BIT_ONE, result, "%s of %02x and %02x", is_and ? "AND" : "XOR", first,
                     second);
        sonic_circuit_free(circuit);
    }
}

Test(builder, gates_that_no_output_needs_are_dropped)
{
    sonic_wire x[3], more[2];
    sonic_builder *b = circuit_builder();
    sonic_builder_input(b, x, 3);
    more[0] = sonic_builder_and(b, x[1], x[2]);
    more[1] = sonic_builder_and(b, more[0], sonic_builder_not(b, x[0]));
    const sonic_wire kept = sonic_builder_xor(b, x[0], x[2]);
    (void)sonic_builder_xor(b, more[1], kept);
    sonic_builder_output(b, &kept, 1);
    sonic_circuit *circuit = circuit_finish(b);
    const sonic_circuit_shape shape = sonic_circuit_shape_of(circuit);
    cr_assert(shape.gates == 1 && shape.ands == 0 && shape.depth == 0 && shape.slots == 3);
    sonic_circuit_free(circuit);
}

/* Random gates on wires of whatever age, some of which are outputs, more than once perhaps. */
static void check_random_circuit(uint64_t seed)
{
    enum { INPUTS = 9, WIRES = 400, OUTPUTS = 40 };
    sonic_wire wire[WIRES], out[OUTPUTS];
    uint64_t value[WIRES], expected[OUTPUTS], got[OUTPUTS];
    uint16_t pick[3 * WIRES];
    sonic_builder *b = circuit_builder();
    sonic_test_seed(seed);
    sonic_random_bytes(value, sizeof value);
    sonic_random_bytes(pick, sizeof pick);
    sonic_builder_input(b, wire, INPUTS);
    for (unsigned i = INPUTS; i < WIRES; i++) {
        /* Wide circuits and deep ones: operands are among the last few wires. */
        const unsigned reach = seed % 2 ? i : i < 12 ? i : 12;
        const unsigned x = i - 1 - pick[3 * i] % reach, y = i - 1 - pick[3 * i + 1] % reach;
        switch (pick[3 * i + 2] % 8) {
        case 0:
            wire[i] = sonic_builder_constant(b, pick[3 * i] & 1);
            value[i] = 0 - (uint64_t)(pick[3 * i] & 1);
            break;
        case 1:
            wire[i] = sonic_builder_not(b, wire[x]);
            value[i] = ~value[x];
            break;
        case 2:
        case 3:
        case 4:
            wire[i] = sonic_builder_xor(b, wire[x], wire[y]);
            value[i] = value[x] ^ value[y];
            break;
        default:
            wire[i] = sonic_builder_and(b, wire[x], wire[y]);
            value[i] = value[x] & value[y];
        }
    }
    for (unsigned i = 0; i < OUTPUTS; i++) {
        const unsigned from = i < 4 ? i : pick[i] % WIRES;
        out[i] = wire[from];
        expected[i] = value[from];
    }
    sonic_builder_output(b, out, OUTPUTS);
    sonic_circuit *circuit = circuit_finish(b);
    cr_assert_eq(sonic_circuit_plain(circuit, got, value, NULL), SONIC_OK);
    for (unsigned i = 0; i < OUTPUTS; i++)
        cr_assert_eq(got[i], expected[i], "output %u of random circuit %u", i, (unsigned)seed);
    for (uint64_t first = 0; first <= circuit->shape.gates; first++) {
        uint64_t ands = 0;
        for (uint64_t end = first; end <= circuit->shape.gates; end++) {
            cr_assert_eq(sonic_circuit_ands(circuit, first, end - first), ands);
            ands += end < circuit->shape.gates && circuit->gate[end].op == SONIC_GATE_AND;
        }
        cr_assert_eq(sonic_circuit_ands(circuit, first, UINT64_MAX), ands);
    }
    cr_assert_eq(sonic_circuit_ands(circuit, UINT64_MAX, UINT64_MAX), 0);
    sonic_circuit_free(circuit);
}

Test(builder, random_gates_are_what_they_were_written_down_as)
{
    for (uint64_t seed = 0; seed < 300; seed++)
        check_random_circuit(seed);
}

/* Slots are used again: by the second reader of a wire as by the next sum of words. */
Test(builder, slots_are_used_again)
{
    enum { WIDTH = 64, SUMS = 100 };
    sonic_wire x[WIDTH], y[WIDTH];
    sonic_builder *b = circuit_builder();
    sonic_builder_input(b, x, 2);
    for (unsigned i = 0; i < 1000; i++)
        x[i % 2] = sonic_builder_xor(b, x[0], x[1]);
    sonic_builder_output(b, x, 1);
    sonic_circuit *circuit = circuit_finish(b);
    cr_assert_leq(sonic_circuit_shape_of(circuit).slots, 3);
    sonic_circuit_free(circuit);

    b = circuit_builder();
    sonic_builder_input(b, x, WIDTH);
    sonic_builder_input(b, y, WIDTH);
    for (unsigned i = 0; i < SUMS; i++)
        sonic_builder_add(b, i % 2 ? x : y, x, y, WIDTH);
    sonic_builder_output(b, x, WIDTH);
    circuit = circuit_finish(b);
    cr_assert_eq(sonic_circuit_shape_of(circuit).ands, SUMS * (WIDTH - 1));
    /* The inputs, and what up to SUMS sums, each one bit behind the last, have at hand. */
    cr_assert_leq(sonic_circuit_shape_of(circuit).slots, 2 * WIDTH + 3 * SUMS);
    sonic_circuit_free(circuit);
}

static void check_refused(sonic_builder *builder, sonic_status wanted, const char *sentence)
{
    sonic_circuit *circuit = NULL;
    sonic_error error = {0};
    cr_assert_eq(sonic_builder_finish(&circuit, builder, &error), wanted);
    cr_assert_eq(error.status, wanted);
    cr_assert_str_eq(error.text, sentence);
    cr_assert_null(circuit);
}

Test(builder, what_no_circuit_can_be_made_of)
{
    sonic_wire x[2], out;
    sonic_builder *b = circuit_builder();
    sonic_builder_input(b, x, 2);
    (void)sonic_builder_and(b, x[0], x[1]);
    check_refused(b, SONIC_E_ARGUMENT, "the circuit has no outputs");

    b = circuit_builder();
    sonic_builder_input(b, x, 2);
    sonic_builder_output(b, x, 0);
    check_refused(b, SONIC_E_ARGUMENT, "the circuit has no outputs");

    /* Wires of another builder that has more inputs, or more gates; any use is found. */
    for (unsigned use = 0; use < 6; use++) {
        sonic_builder *other = circuit_builder();
        sonic_wire theirs[3];
        sonic_builder_input(other, theirs, 3);
        const sonic_wire wrong =
            use % 2 ? theirs[2] : sonic_builder_and(other, theirs[0], theirs[1]);
        sonic_builder_free(other);
        b = circuit_builder();
        sonic_builder_input(b, x, 2);
        out = use / 2 == 0   ? sonic_builder_and(b, x[0], wrong)
              : use / 2 == 1 ? sonic_builder_xor(b, wrong, x[1])
                             : wrong;
        sonic_builder_output(b, &out, 1);
        char sentence[100];
        (void)snprintf(sentence, sizeof sentence,
                       "wire %u is not of the builder that it is used with", wrong);
        check_refused(b, SONIC_E_ARGUMENT, sentence);
    }
    b = circuit_builder();
    sonic_builder_input(b, x, 2);
    (void)sonic_builder_not(b, UINT32_MAX);
    sonic_builder_output(b, x, 2);
    cr_assert_eq(sonic_builder_finish(&(sonic_circuit *){NULL}, b, NULL), SONIC_E_ARGUMENT);
}

Test(builder, more_than_can_be)
{
    sonic_wire x[2];
    sonic_builder *b = circuit_builder();
    sonic_builder_input(b, x, 2);
    for (uint32_t i = 0; i <= SONIC_CIRCUIT_GATES_MAX; i++)
        x[1] = sonic_builder_and(b, x[0], x[1]);
    sonic_builder_output(b, x, 2);
    check_refused(b, SONIC_E_SHAPE, "the circuit has more than 2^24 gates");

    sonic_wire *word = malloc(SONIC_CIRCUIT_GATES_MAX * sizeof *word);
    cr_assert(word);
    b = circuit_builder();
    sonic_builder_input(b, word, SONIC_CIRCUIT_GATES_MAX);
    sonic_builder_output(b, word, SONIC_CIRCUIT_GATES_MAX);
    sonic_builder_output(b, word, 1);
    check_refused(b, SONIC_E_SHAPE, "the circuit has more than 2^24 output wires");
    b = circuit_builder();
    sonic_builder_input(b, word, SONIC_CIRCUIT_GATES_MAX);
    sonic_builder_input(b, x, 1);
    sonic_builder_output(b, x, 1);
    check_refused(b, SONIC_E_SHAPE, "the circuit has more than 2^24 input wires");
    free(word);
    sonic_builder_free(NULL);
    sonic_circuit_free(NULL);
}
