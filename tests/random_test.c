/* The tests' replacement of proto/share/random.c: a generator that a seed determines, one a thread, so
 * that two parties in two threads do not disturb each other's bytes. */
#include "tests/random_test.h"

#include <stdint.h>
#include <string.h>

#include <sodium.h>

#include "proto/share/random.h"

static _Thread_local uint64_t seed;
static _Thread_local uint64_t calls;

void sonic_test_seed(uint64_t new_seed)
{
    seed = new_seed;
    calls = 0;
}

void sonic_random_bytes(void *out, size_t n)
{
    uint8_t key[randombytes_SEEDBYTES] = {0};
    memcpy(key, &seed, sizeof seed);
    memcpy(key + sizeof seed, &calls, sizeof calls);
    calls++;
    randombytes_buf_deterministic(out, n, key);
}
