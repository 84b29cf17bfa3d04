/* Circuits that people know, between two parties: the public ones on published vectors and random
 * inputs, ReLU on corner values and a million random ones. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "dispatch/context.h"
#include "proto/gc/relu_circuit.h"
#include "proto/share/random.h"
#include "tests/circuit_run.h"
#include "tests/dealt.h"
#include "tests/execution.h"
#include "tests/random_test.h"

/* Compared with the circuit in the clear, which test_bristol holds against the standards. */
Test(execute_circuits, public_ones_on_random_inputs)
{
    static const char *const names[] = {"adder64", "sub64",    "neg64",   "zero_equal",
                                        "mult64",  "divide64", "aes_128", "sha256"};
    sonic_context *context[SONIC_TIERS];
    const size_t tiers = test_contexts(context);
    for (size_t c = 0; c < 8; c++) {
        sonic_circuit *circuit = circuit_public(names[c]);
        const sonic_circuit_shape shape = sonic_circuit_shape_of(circuit);
        for (unsigned k = 0; k < 3; k++) {
            const bool owners[2] = {k != 1, k == 1};
            const size_t n = k < 2 ? 1 + k : 70;
            const size_t count = shape.input_wires * ((n + 63) / 64);
            uint64_t *in = malloc(count * sizeof *in);
            execution e = execution_of(context[k == 0 ? 0 : tiers - 1],
                                       context[k == 1 ? 0 : tiers - 1], circuit, n, owners);
            cr_assert(in);
            sonic_test_seed(10 * c + k);
            sonic_random_bytes(in, count * sizeof *in);
            e.in = in;
            execution_check(&e);
            execution_free(&e);
            free(in);
        }
        sonic_circuit_free(circuit);
    }
    for (size_t t = 0; t < tiers; t++)
        sonic_context_free(context[t]);
}

/* Puts the standards' hexadecimal digits into planes of one instance: the last digit is lowest. */
static void put_hex(uint64_t *planes, const char *digits)
{
    const size_t n = strlen(digits);
    for (size_t i = 0; i < n; i++) {
        const char digit[2] = {digits[n - 1 - i], 0};
        execution_put(planes, 1, 4 * (uint32_t)i, 4, 0, strtoul(digit, NULL, 16));
    }
}

static void check_hex(const uint64_t *planes, const char *digits)
{
    const size_t n = strlen(digits);
    for (size_t i = 0; i < n; i++) {
        const char digit[2] = {digits[n - 1 - i], 0};
        cr_assert_eq(execution_get(planes, 1, 4 * (uint32_t)i, 4, 0), strtoul(digit, NULL, 16),
                     "digit %zu", n - 1 - i);
    }
}

typedef struct vector {
    const char *circuit, *in[2], *out;
} vector;

/* FIPS-197, appendices C.1 and B; FIPS 180: "abc". */
Test(execute_circuits, published_vectors)
{
#define STATE "6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19"
#define ZEROS_16 "0000000000000000"
    static const vector vectors[] = {
        {"aes_128",
         {"000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff"},
         "69c4e0d86a7b0430d8cdb78070b4c55a"},
        {"aes_128",
         {"2b7e151628aed2a6abf7158809cf4f3c", "3243f6a8885a308d313198a2e0370734"},
         "3925841d02dc09fbdc118597196a0b32"},
        {"sha256",
         {"6162638000000000" ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16
          "0000000000000018",
          STATE},
         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    };
    static const bool owners[2] = {false, true};
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    for (size_t v = 0; v < sizeof vectors / sizeof *vectors; v++) {
        sonic_circuit *circuit = circuit_public(vectors[v].circuit);
        uint64_t in[768] = {0};
        put_hex(in, vectors[v].in[0]);
        put_hex(in + sonic_circuit_shape_of(circuit).input_width[0], vectors[v].in[1]);
        execution e = execution_of(context, context, circuit, 1, owners);
        e.in = in;
        execution_check(&e);
        check_hex(e.out[1], vectors[v].out);
        execution_free(&e);
        sonic_circuit_free(circuit);
    }
    sonic_context_free(context);
}

static const uint64_t corners[] = {
    0,
    1,
    2,
    UINT64_MAX,
    UINT64_MAX - 1,
    INT64_MAX,
    INT64_MAX - 1,
    (uint64_t)INT64_MAX + 1,
    (uint64_t)INT64_MAX + 2,
    INT32_MAX,
    (uint64_t)INT32_MAX + 1,
    UINT32_MAX,
    0x5555555555555555,
    0xaaaaaaaaaaaaaaaa,
};
enum { CORNERS = sizeof corners / sizeof *corners };

/* Words x = g + s and m: every corner with every corner and others, then random ones. */
static void draw_relu(uint64_t word[3], size_t i, uint64_t *state)
{
    uint64_t x = test_draw(state), m = test_draw(state), s = test_draw(state);
    if (i < CORNERS * CORNERS * 4) {
        x = corners[i % CORNERS];
        if (i / CORNERS % 4 > 0)
            m = corners[i / (4 * CORNERS)];
        if (i / CORNERS % 4 > 1)
            s = corners[(i + i / CORNERS) % CORNERS];
    }
    word[0] = x - s;
    word[1] = s;
    word[2] = m;
}

static uint64_t expected_relu(const uint64_t word[3], unsigned bits)
{
    const uint64_t sum = word[0] + word[1];
    const int64_t x = bits == 64 ? (int64_t)sum : (int32_t)sum;
    const uint64_t y = (x > 0 ? (uint64_t)x : 0) + word[2];
    return bits == 64 ? y : (uint32_t)y;
}

static void check_relu(sonic_ring ring, size_t n)
{
    static const bool owners[3] = {false, true, false};
    const unsigned bits = (unsigned)ring;
    const size_t words = (n + 63) / 64;
    sonic_context *context;
    sonic_circuit *circuit;
    uint64_t state = bits;
    uint64_t *in = calloc(3 * bits * words, sizeof *in), *word = malloc(n * 3 * sizeof *word);
    cr_assert(in && word);
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    cr_assert_eq(sonic_relu_circuit(&circuit, ring, 0, NULL), SONIC_OK);
    cr_assert_leq(sonic_circuit_shape_of(circuit).ands, 3 * bits - 2);
    for (size_t i = 0; i < n; i++) {
        draw_relu(word + 3 * i, i, &state);
        for (uint32_t w = 0; w < 3; w++)
            execution_put(in, words, w * bits, bits, i, word[3 * i + w]);
    }
    execution e = execution_of(context, context, circuit, n, owners);
    e.in = in;
    execution_check(&e);
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(execution_get(e.out[1], words, 0, bits, i), expected_relu(word + 3 * i, bits),
                     "value %zu: %llx + %llx, %llx", i, (unsigned long long)word[3 * i],
                     (unsigned long long)word[3 * i + 1], (unsigned long long)word[3 * i + 2]);
    execution_free(&e);
    free(in);
    free(word);
    sonic_circuit_free(circuit);
    sonic_context_free(context);
}

/* Half a million each, fewer where AES has no instruction. */
static size_t relu_values(void)
{
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    const bool is_slow = context->kernels.tier < SONIC_TIER_AESNI || getenv("SANITIZED");
    sonic_context_free(context);
    return is_slow ? 2000 : 1 << 19;
}

Test(execute_circuits, relu_of_32_bits)
{
    check_relu(SONIC_RING_32, relu_values());
}

Test(execute_circuits, relu_of_64_bits)
{
    check_relu(SONIC_RING_64, relu_values());
}
