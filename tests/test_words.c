/* A builder's words against C integers, and how many AND gates they take. */
#include <criterion/criterion.h>

#include "proto/share/random.h"
#include "tests/circuit_run.h"
#include "tests/random_test.h"

enum { WORD_MAX = 64, ROUNDS = 40 };

static const uint32_t widths[] = {1, 2, 3, 7, 8, 31, 32, 33, 63, 64};
enum { WIDTHS = sizeof widths / sizeof *widths };

static uint64_t mask(uint32_t width)
{
    return UINT64_MAX >> (64 - width);
}

static int64_t as_signed(uint64_t x, uint32_t width)
{
    const uint64_t sign = (uint64_t)1 << (width - 1);
    return (int64_t)((x & mask(width)) - 2 * (x & sign));
}

/* What is done to words x, y and a bit. */
typedef struct operation {
    const char *name;
    void (*build)(sonic_builder *builder, sonic_wire *out, const sonic_wire *x, const sonic_wire *y,
                  sonic_wire bit, uint32_t width);
    uint64_t (*expected)(uint64_t x, uint64_t y, uint64_t bit, uint32_t width);
    int ands_a_bit, ands_more;
    bool is_bit; /* the result has one bit, and must not be written over an operand */
} operation;

static void build_add(sonic_builder *builder, sonic_wire *out, const sonic_wire *x,
                      const sonic_wire *y, sonic_wire bit, uint32_t width)
{
    (void)bit;
    sonic_builder_add(builder, out, x, y, width);
}

static uint64_t sum(uint64_t x, uint64_t y, uint64_t bit, uint32_t width)
{
    (void)bit;
    return (x + y) & mask(width);
}

static void build_subtract(sonic_builder *builder, sonic_wire *out, const sonic_wire *x,
                           const sonic_wire *y, sonic_wire bit, uint32_t width)
{
    (void)bit;
    sonic_builder_subtract(builder, out, x, y, width);
}

static uint64_t difference(uint64_t x, uint64_t y, uint64_t bit, uint32_t width)
{
    (void)bit;
    return (x - y) & mask(width);
}

static void build_less(sonic_builder *builder, sonic_wire *out, const sonic_wire *x,
                       const sonic_wire *y, sonic_wire bit, uint32_t width)
{
    (void)bit;
    *out = sonic_builder_less(builder, x, y, width, false);
}

static uint64_t less(uint64_t x, uint64_t y, uint64_t bit, uint32_t width)
{
    (void)bit;
    return (x & mask(width)) < (y & mask(width));
}

static void build_less_signed(sonic_builder *builder, sonic_wire *out, const sonic_wire *x,
                              const sonic_wire *y, sonic_wire bit, uint32_t width)
{
    (void)bit;
    *out = sonic_builder_less(builder, x, y, width, true);
}

static uint64_t less_signed(uint64_t x, uint64_t y, uint64_t bit, uint32_t width)
{
    (void)bit;
    return as_signed(x, width) < as_signed(y, width);
}

static void build_select(sonic_builder *builder, sonic_wire *out, const sonic_wire *x,
                         const sonic_wire *y, sonic_wire bit, uint32_t width)
{
    sonic_builder_select(builder, out, bit, x, y, width);
}

static uint64_t selected(uint64_t x, uint64_t y, uint64_t bit, uint32_t width)
{
    return (bit & 1 ? x : y) & mask(width);
}

static void build_relu(sonic_builder *builder, sonic_wire *out, const sonic_wire *x,
                       const sonic_wire *y, sonic_wire bit, uint32_t width)
{
    (void)y, (void)bit;
    sonic_builder_relu(builder, out, x, width);
}

static uint64_t relu(uint64_t x, uint64_t y, uint64_t bit, uint32_t width)
{
    (void)y, (void)bit;
    return as_signed(x, width) > 0 ? x & mask(width) : 0;
}

static void build_max(sonic_builder *builder, sonic_wire *out, const sonic_wire *x,
                      const sonic_wire *y, sonic_wire bit, uint32_t width)
{
    (void)bit;
    sonic_builder_max(builder, out, x, y, width);
}

static uint64_t larger(uint64_t x, uint64_t y, uint64_t bit, uint32_t width)
{
    (void)bit;
    return (as_signed(x, width) > as_signed(y, width) ? x : y) & mask(width);
}

static const operation operations[] = {
    {"add", build_add, sum, 1, -1, false},
    {"subtract", build_subtract, difference, 1, -1, false},
    {"less", build_less, less, 1, 0, true},
    {"less, signed", build_less_signed, less_signed, 1, 0, true},
    {"select", build_select, selected, 1, 0, false},
    {"relu", build_relu, relu, 1, -1, false},
    {"max", build_max, larger, 2, 0, false},
};
enum { OPERATIONS = sizeof operations / sizeof *operations };

/* The operation on input words x, y and bit.  @param place  the result goes 0: to a word of its
 * own, 1: over x, 2: over y */
static sonic_circuit *circuit_of(const operation *op, uint32_t width, unsigned place)
{
    sonic_wire word[3][WORD_MAX], bit;
    sonic_builder *builder = circuit_builder();
    sonic_builder_input(builder, word[1], width);
    sonic_builder_input(builder, word[2], width);
    sonic_builder_input(builder, &bit, 1);
    op->build(builder, word[place], word[1], word[2], bit, width);
    sonic_builder_output(builder, word[place], op->is_bit ? 1 : width);
    return circuit_finish(builder);
}

/* Words near to where carries and signs change, or random ones. */
static uint64_t draw(uint32_t width)
{
    uint64_t x;
    uint8_t kind;
    sonic_random_bytes(&x, sizeof x);
    sonic_random_bytes(&kind, sizeof kind);
    const uint64_t top = (uint64_t)1 << (width - 1);
    const uint64_t corner[] = {0, 1, 2, top - 1, top, top + 1, mask(width) - 1, mask(width)};
    return kind < 128 ? x : corner[kind % 8];
}

static void check_operation(const operation *op, uint32_t width, unsigned place)
{
    sonic_circuit *circuit = circuit_of(op, width, place);
    uint64_t in[3 * CIRCUIT_LANES], out[CIRCUIT_LANES];
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < 3 * CIRCUIT_LANES; i++)
            in[i] = draw(width);
        circuit_run(circuit, out, in);
        for (unsigned i = 0; i < CIRCUIT_LANES; i++) {
            const uint64_t *x = in + i, *y = x + CIRCUIT_LANES, *bit = y + CIRCUIT_LANES;
            cr_assert_eq(out[i], op->expected(*x, *y, *bit, width),
                         "%s of %u bits, result in place %u: x %llx, y %llx", op->name, width,
                         place, (unsigned long long)*x, (unsigned long long)*y);
        }
    }
    const int64_t ands = op->ands_a_bit * (int64_t)width + op->ands_more;
    cr_assert_eq((int64_t)sonic_circuit_shape_of(circuit).ands, ands, "%s of %u bits: %d AND gates",
                 op->name, width, (int)sonic_circuit_shape_of(circuit).ands);
    sonic_circuit_free(circuit);
}

Test(words, are_numbers_and_cost_what_is_said)
{
    sonic_test_seed(1);
    for (unsigned i = 0; i < OPERATIONS; i++)
        for (unsigned w = 0; w < WIDTHS; w++)
            for (unsigned place = 0; place < (operations[i].is_bit ? 1 : 3); place++)
                check_operation(&operations[i], widths[w], place);
}
