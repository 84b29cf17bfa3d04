/* Randomness of the product: libsodium's generator, seeded by the kernel. */
#include "proto/share/random.h"

#include <sodium.h>

void sonic_random_bytes(void *out, size_t n)
{
    randombytes_buf(out, n);
}
