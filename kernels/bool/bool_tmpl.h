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

static void carry(uint64_t *g, uint64_t *p, const sonic_carry_operands *in, size_t words)
{
    const uint64_t *const g1 = in->g1, *const g0 = in->g0, *const p0 = in->p0;
    const uint64_t *const pi = in->pi, *const gamma = in->gamma, *const rho = in->rho;
    const uint64_t *const mu = in->mu, *const c = in->c, *const d = in->d;
    if (p) {
        SONIC_INDEPENDENT
        for (size_t i = 0; i < words; i++) {
            const uint64_t new_g = g1[i] ^ (pi[i] & g0[i]) ^ (gamma[i] & mu[i]) ^ c[i];
            const uint64_t new_p = (pi[i] & p0[i]) ^ (rho[i] & mu[i]) ^ d[i];
            g[i] = new_g;
            p[i] = new_p;
        }
    } else {
        SONIC_INDEPENDENT
        for (size_t i = 0; i < words; i++)
            g[i] = g1[i] ^ (pi[i] & g0[i]) ^ (gamma[i] & mu[i]) ^ c[i];
    }
}

static void fill(sonic_bool_kernels *table)
{
    table->bxor = bxor;
    table->and_xor = and_xor;
    table->carry = carry;
}
