/* The bit-sliced kernels as plain loops: each tier compiles them with its own flags.  A tier
 * includes it once and calls fill() from its select function. */
#include "kernels/common/loop.h"

static void bxor(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t words)
{
    SONIC_INDEPENDENT
    for (size_t i = 0; i < words; i++)
        out[i] = a[i] ^ b[i];
}

static void and_xor(uint64_t *out, const uint64_t *a, const uint64_t *b, const uint64_t *c,
                    size_t words)
{
    SONIC_INDEPENDENT
    for (size_t i = 0; i < words; i++)
        out[i] = (a[i] & b[i]) ^ c[i];
}

static void masked_xor(uint64_t *out, const uint64_t *a, uint64_t mask, size_t words)
{
    SONIC_INDEPENDENT
    for (size_t i = 0; i < words; i++)
        out[i] ^= a[i] & mask;
}

static void and_open(uint64_t *z, uint64_t *gamma, const uint64_t *a, const sonic_and_operands *in,
                     size_t words)
{
    const uint64_t *const y = in->y, *const pi = in->pi, *const mu = in->mu;
    if (a) {
        SONIC_INDEPENDENT
        for (size_t i = 0; i < words; i++) {
            const uint64_t share = y[i], opened = share ^ gamma[i];
            z[i] = a[i] ^ (pi[i] & share) ^ (opened & mu[i]);
            gamma[i] = opened;
        }
    } else {
        SONIC_INDEPENDENT
        for (size_t i = 0; i < words; i++) {
            const uint64_t share = y[i], opened = share ^ gamma[i];
            z[i] = (pi[i] & share) ^ (opened & mu[i]);
            gamma[i] = opened;
        }
    }
}

static void and_close(uint64_t *z, const uint64_t *gamma, const uint64_t *c,
                      const sonic_and_operands *in, size_t words)
{
    const uint64_t *const y = in->y, *const pi = in->pi, *const mu = in->mu;
    SONIC_INDEPENDENT
    for (size_t i = 0; i < words; i++)
        z[i] ^= (pi[i] & y[i]) ^ (gamma[i] & mu[i]) ^ c[i];
}

static void fill(sonic_bool_kernels *table)
{
    table->bxor = bxor;
    table->and_xor = and_xor;
    table->masked_xor = masked_xor;
    table->and_open = and_open;
    table->and_close = and_close;
}
