/* The circuit that garbled ReLU is made of: right for every corner and a million random values,
 * with the AND gates that its header says. */
#include <criterion/criterion.h>
#include <string.h>

#include "proto/gc/relu_circuit.h"
#include "proto/share/random.h"
#include "tests/circuit_run.h"
#include "tests/random_test.h"

enum { WORDS = 3, CORNERS = 12 };

static sonic_circuit *circuit_of(unsigned width, unsigned shift)
{
    sonic_circuit *circuit;
    sonic_error error;
    cr_assert_eq(sonic_relu_circuit(&circuit, (sonic_ring)width, shift, &error), SONIC_OK, "%s",
                 error.text);
    return circuit;
}

static uint64_t expected(uint64_t g, uint64_t s, uint64_t m, unsigned width, unsigned shift)
{
    if (width == 32) {
        const int32_t x = (int32_t)(uint32_t)(g + s);
        return (uint32_t)((uint32_t)(x > 0 ? x : 0) >> shift) + (uint32_t)m;
    }
    const int64_t x = (int64_t)(g + s);
    return ((uint64_t)(x > 0 ? x : 0) >> shift) + m;
}

/* Words g, s, m of 64 instances. */
static void check(const sonic_circuit *circuit, const uint64_t *in, unsigned width, unsigned shift)
{
    uint64_t out[CIRCUIT_LANES];
    circuit_run(circuit, out, in);
    for (unsigned i = 0; i < CIRCUIT_LANES; i++) {
        const uint64_t g = in[i], s = in[CIRCUIT_LANES + i], m = in[2 * CIRCUIT_LANES + i];
        cr_assert_eq(out[i], expected(g, s, m, width, shift),
                     "g %llx, s %llx, m %llx, %u bits >> %u", (unsigned long long)g,
                     (unsigned long long)s, (unsigned long long)m, width, shift);
    }
}

/* Every corner as the value itself, shared at random, and as each of its shares. */
static void check_corners(const sonic_circuit *circuit, unsigned width, unsigned shift)
{
    const uint64_t top = (uint64_t)1 << (width - 1), unit = (uint64_t)1 << shift;
    const uint64_t corner[CORNERS] = {0,       1,       2,   unit - 1, unit,     unit + 1,
                                      top - 2, top - 1, top, top + 1,  0 - unit, UINT64_MAX};
    uint64_t in[WORDS * CIRCUIT_LANES];
    unsigned lane = 0;
    for (unsigned i = 0; i < 2 * CORNERS * CORNERS * CORNERS; i++) {
        const uint64_t x = corner[i / 2 % CORNERS], y = corner[i / 2 / CORNERS % CORNERS];
        if (lane == 0)
            sonic_random_bytes(in, sizeof in);
        in[CIRCUIT_LANES + lane] = i % 2 ? x - in[lane] : y;
        if (i % 2 == 0)
            in[lane] = x;
        in[2 * CIRCUIT_LANES + lane] = corner[i / 2 / CORNERS / CORNERS];
        if (++lane == CIRCUIT_LANES) {
            check(circuit, in, width, shift);
            lane = 0;
        }
    }
    check(circuit, in, width, shift);
}

static void check_random(const sonic_circuit *circuit, unsigned width, unsigned shift,
                         size_t values)
{
    uint64_t in[WORDS * CIRCUIT_LANES];
    for (size_t i = 0; i < values; i += CIRCUIT_LANES) {
        sonic_random_bytes(in, sizeof in);
        check(circuit, in, width, shift);
    }
}

static void check_width(unsigned width)
{
    sonic_test_seed(width);
    for (unsigned shift = 0; shift <= width - 2; shift++) {
        sonic_circuit *circuit = circuit_of(width, shift);
        const sonic_circuit_shape shape = sonic_circuit_shape_of(circuit);
        cr_assert(shape.inputs == WORDS && shape.outputs == 1 && shape.output_width[0] == width);
        for (unsigned w = 0; w < WORDS; w++)
            cr_assert_eq(shape.input_width[w], width);
        cr_assert_eq(shape.ands, 3 * (width - 1) - shift, "%u bits >> %u", width, shift);
        circuit_check(circuit);
        check_corners(circuit, width, shift);
        check_random(circuit, width, shift, shift == 0 ? 1000000 : 1000);
        sonic_circuit_free(circuit);
    }
}

Test(relu_circuit, of_32_bits)
{
    check_width(32);
}

Test(relu_circuit, of_64_bits)
{
    check_width(64);
}

Test(relu_circuit, what_there_is_not)
{
    static const struct {
        int width;
        unsigned shift;
    } cases[] = {{32, 31}, {64, 63}, {32, UINT32_MAX}, {0, 0}, {63, 1}, {-1, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sonic_circuit *circuit = NULL;
        sonic_error error;
        cr_assert_eq(
            sonic_relu_circuit(&circuit, (sonic_ring)cases[i].width, cases[i].shift, &error),
            SONIC_E_ARGUMENT);
        cr_assert(strstr(error.text, "there is no ReLU circuit") && !circuit, "%s", error.text);
    }
}
