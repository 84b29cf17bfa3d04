/* Randomness of the product: libsodium's generator, seeded by the kernel. */
#include "proto/share/random.h"

#include <sodium.h>

void sonic_random_bytes(void *out, size_t n)
{
    /* Idempotent and thread safe; the generator's first use would not be.  Without randomness there
     * is no safe way on: libsodium ends the process, here as in randombytes_buf. */
    if (sodium_init() < 0)
        sodium_misuse();
    randombytes_buf(out, n);
}
