/* Randomness of the product: libsodium's generator, seeded by the kernel. */
#include "proto/share/random.h"

#include <sodium.h>

void sonic_random_bytes(void *out, size_t n)
{
    /* Idempotent and thread safe; without it the generator's first use would not be thread safe. */
    (void)sodium_init();
    randombytes_buf(out, n);
}
