/* The public circuits, read from files, against their standards. */
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/share/random.h"
#include "tests/circuit_run.h"
#include "tests/random_test.h"
#include "tests/textbook_aes.h"

/* Appends n bytes to the bits of one instance as the standards' circuits take them: the last byte
 * first, each from its least significant bit. */
static void put_bytes(uint64_t **bits, const uint8_t *bytes, size_t n, unsigned lane)
{
    for (size_t i = n; i-- > 0;)
        for (unsigned bit = 0; bit < 8; bit++, (*bits)++)
            **bits |= (uint64_t)(bytes[i] >> bit & 1) << lane;
}

static void get_bytes(uint8_t *bytes, size_t n, const uint64_t *bits, unsigned lane)
{
    memset(bytes, 0, n);
    for (size_t i = n; i-- > 0;)
        for (unsigned bit = 0; bit < 8; bit++, bits++)
            bytes[i] |= (uint8_t)((*bits >> lane & 1) << bit);
}

Test(bristol, aes_128_is_that_of_fips_197)
{
    sonic_test_seed(2);
    sonic_circuit *circuit = circuit_public("aes_128");
    const sonic_circuit_shape shape = sonic_circuit_shape_of(circuit);
    uint8_t key[CIRCUIT_LANES][16], block[CIRCUIT_LANES][16], expected[16], got[16];
    uint64_t in[256] = {0}, out[128];
    cr_assert(shape.inputs == 2 && shape.outputs == 1 && shape.ands == 6400);
    /* Appendix C.1, and whatever else. */
    sonic_random_bytes(key, sizeof key);
    sonic_random_bytes(block, sizeof block);
    for (uint8_t i = 0; i < 16; i++) {
        key[0][i] = i;
        block[0][i] = (uint8_t)(17 * i);
    }
    for (unsigned i = 0; i < CIRCUIT_LANES; i++) {
        uint64_t *bits = in;
        put_bytes(&bits, key[i], 16, i);
        put_bytes(&bits, block[i], 16, i);
    }
    cr_assert_eq(sonic_circuit_plain(circuit, out, in, NULL), SONIC_OK);
    for (unsigned i = 0; i < CIRCUIT_LANES; i++) {
        uint8_t round[11][16];
        textbook_expand(round, key[i]);
        textbook_encrypt(expected, block[i], round);
        get_bytes(got, 16, out, i);
        cr_assert_arr_eq(got, expected, 16, "instance %u", i);
    }
    static const uint8_t published[16] = {0x69, 0xc4, 0xe0, 0xd8, 0x6a, 0x7b, 0x04, 0x30,
                                          0xd8, 0xcd, 0xb7, 0x80, 0x70, 0xb4, 0xc5, 0x5a};
    get_bytes(got, 16, out, 0);
    cr_assert_arr_eq(got, published, 16);
    sonic_circuit_free(circuit);
}

enum { SHA_BLOCK = 64, SHA_STATE = 32, SHA_MESSAGE_MAX = 2 * SHA_BLOCK - 9 };

/* Hashes messages of 64 instances, all of n bytes, with a circuit of the compression function. */
static void sha256(uint8_t hash[CIRCUIT_LANES][SHA_STATE], const sonic_circuit *circuit,
                   uint8_t message[CIRCUIT_LANES][SHA_MESSAGE_MAX], size_t n)
{
    static const uint8_t start[SHA_STATE] = {0x6a, 0x09, 0xe6, 0x67, 0xbb, 0x67, 0xae, 0x85,
                                             0x3c, 0x6e, 0xf3, 0x72, 0xa5, 0x4f, 0xf5, 0x3a,
                                             0x51, 0x0e, 0x52, 0x7f, 0x9b, 0x05, 0x68, 0x8c,
                                             0x1f, 0x83, 0xd9, 0xab, 0x5b, 0xe0, 0xcd, 0x19};
    const size_t blocks = (n + 9 + SHA_BLOCK - 1) / SHA_BLOCK;
    for (unsigned i = 0; i < CIRCUIT_LANES; i++)
        memcpy(hash[i], start, SHA_STATE);
    for (size_t block = 0; block < blocks; block++) {
        uint64_t in[8 * (SHA_BLOCK + SHA_STATE)] = {0}, out[8 * SHA_STATE];
        for (unsigned i = 0; i < CIRCUIT_LANES; i++) {
            uint8_t padded[2 * SHA_BLOCK] = {0};
            memcpy(padded, message[i], n);
            padded[n] = 0x80;
            padded[SHA_BLOCK * blocks - 2] = (uint8_t)(8 * n >> 8);
            padded[SHA_BLOCK * blocks - 1] = (uint8_t)(8 * n);
            uint64_t *bits = in;
            put_bytes(&bits, padded + SHA_BLOCK * block, SHA_BLOCK, i);
            put_bytes(&bits, hash[i], SHA_STATE, i);
        }
        cr_assert_eq(sonic_circuit_plain(circuit, out, in, NULL), SONIC_OK);
        for (unsigned i = 0; i < CIRCUIT_LANES; i++)
            get_bytes(hash[i], SHA_STATE, out, i);
    }
}

Test(bristol, sha_256_is_that_of_fips_180)
{
    sonic_test_seed(3);
    sonic_circuit *circuit = circuit_public("sha256");
    const sonic_circuit_shape shape = sonic_circuit_shape_of(circuit);
    /* FIPS 180's examples of one and of two blocks stand in instance 0. */
    static const struct {
        const char *message, *hash;
    } published[] = {
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    cr_assert(shape.inputs == 2 && shape.outputs == 1 && shape.ands == 22573);
    for (unsigned k = 0; k < 2; k++) {
        static uint8_t message[CIRCUIT_LANES][SHA_MESSAGE_MAX];
        uint8_t hash[CIRCUIT_LANES][SHA_STATE], expected[SHA_STATE];
        char hex[2 * SHA_STATE + 1];
        const size_t n = strlen(published[k].message);
        sonic_random_bytes(message, sizeof message);
        memcpy(message[0], published[k].message, n);
        sha256(hash, circuit, message, n);
        sodium_bin2hex(hex, sizeof hex, hash[0], SHA_STATE);
        cr_assert_str_eq(hex, published[k].hash);
        for (unsigned i = 1; i < CIRCUIT_LANES; i++) {
            crypto_hash_sha256(expected, message[i], n);
            cr_assert_arr_eq(hash[i], expected, SHA_STATE, "instance %u", i);
        }
    }
    sonic_circuit_free(circuit);
}

static uint64_t sum(uint64_t x, uint64_t y)
{
    return x + y;
}

static uint64_t difference(uint64_t x, uint64_t y)
{
    return x - y;
}

static uint64_t product(uint64_t x, uint64_t y)
{
    return x * y;
}

/* Signed and towards zero. */
static uint64_t quotient(uint64_t x, uint64_t y)
{
    const uint64_t magnitude = (x >> 63 ? 0 - x : x) / (y >> 63 ? 0 - y : y);
    return (x ^ y) >> 63 ? 0 - magnitude : magnitude;
}

static uint64_t negative(uint64_t x, uint64_t y)
{
    (void)y;
    return 0 - x;
}

static uint64_t is_zero(uint64_t x, uint64_t y)
{
    (void)y;
    return x == 0;
}

static void check_arithmetic(const char *name, uint64_t (*expected)(uint64_t x, uint64_t y),
                             uint64_t ands)
{
    static const uint64_t corner[] = {1,          UINT64_MAX,        INT64_MAX, (uint64_t)1 << 63,
                                      0xffffffff, (uint64_t)1 << 32, 10,        0};
    sonic_circuit *circuit = circuit_public(name);
    sonic_test_seed(4);
    cr_assert_eq(sonic_circuit_shape_of(circuit).ands, ands, "%s", name);
    for (unsigned round = 0; round < 20; round++) {
        uint64_t in[2 * CIRCUIT_LANES], out[CIRCUIT_LANES];
        sonic_random_bytes(in, sizeof in);
        for (unsigned i = 0; i < 64 && round == 0; i++) {
            in[i] = corner[i % 8];
            in[CIRCUIT_LANES + i] = corner[i / 8];
        }
        for (unsigned i = 0; i < CIRCUIT_LANES; i++) {
            /* Quotients of some bits, and none by zero. */
            if (expected == quotient) {
                in[CIRCUIT_LANES + i] >>= 3 * round;
                in[CIRCUIT_LANES + i] += !in[CIRCUIT_LANES + i];
            }
        }
        circuit_run(circuit, out, in);
        for (unsigned i = 0; i < CIRCUIT_LANES; i++)
            cr_assert_eq(out[i], expected(in[i], in[CIRCUIT_LANES + i]), "%s of %llx and %llx",
                         name, (unsigned long long)in[i],
                         (unsigned long long)in[CIRCUIT_LANES + i]);
    }
    sonic_circuit_free(circuit);
}

Test(bristol, arithmetic_is_that_of_c)
{
    check_arithmetic("adder64", sum, 63);
    check_arithmetic("sub64", difference, 63);
    check_arithmetic("mult64", product, 4033);
    check_arithmetic("divide64", quotient, 4662);
    check_arithmetic("neg64", negative, 62);
    check_arithmetic("zero_equal", is_zero, 63);
}
