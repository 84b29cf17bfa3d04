/* CTR and the correlation-robust hash over vectors of AES blocks.  A tier includes its vocabulary
 * and this, and hands fill() its table. */
#include "kernels/aes/rounds_tmpl.h"

enum { BATCH = FLIGHT * LANES };

SONIC_INLINE void encrypt(VEC v[FLIGHT], const schedule *key)
{
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        v[i] = XOR(v[i], key->round[0]);
    encrypt_middle(v, key);
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        v[i] = ENCLAST(v[i], key->round[ROUNDS]);
}

/* One batch of the generator; `at` holds the counters of the first vector and is moved on. */
SONIC_INLINE void ctr_batch(uint8_t *out, VEC *at, VEC step, const schedule *key)
{
    VEC v[FLIGHT];
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++) {
        v[i] = *at;
        *at = ADD64(*at, step);
    }
    encrypt(v, key);
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        STORE(out + i * LANES * BLOCK, v[i]);
}

static void ctr(uint8_t *out, size_t n, const sonic_aes_key *key, uint64_t nonce, uint64_t counter)
{
    schedule s;
    spread_key(&s, key);
    VEC at = ramp(counter, 1, nonce);
    const VEC step = spread_low(LANES);
    for (; n >= BATCH * BLOCK; n -= BATCH * BLOCK, out += BATCH * BLOCK)
        ctr_batch(out, &at, step, &s);
    if (n > 0) {
        uint8_t tail[BATCH * BLOCK];
        ctr_batch(tail, &at, step, &s);
        memcpy(out, tail, n);
    }
}

/* Reads each input block a second time rather than keep it, so that the registers hold the blocks
 * in flight; it is read before the output block of the same index is written. */
SONIC_INLINE void ccr_batch(uint8_t *out, const uint8_t *in, VEC left, const schedule *key)
{
    VEC v[FLIGHT];
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        v[i] = sigma(LOAD(in + i * LANES * BLOCK), left);
    encrypt(v, key);
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        STORE(out + i * LANES * BLOCK, XOR(v[i], sigma(LOAD(in + i * LANES * BLOCK), left)));
}

static void ccr(uint8_t *out, const uint8_t *in, size_t n, const sonic_aes_key *pi)
{
    schedule s;
    const VEC left = spread_low(UINT64_MAX);
    spread_key(&s, pi);
    for (; n >= BATCH; n -= BATCH, in += BATCH * BLOCK, out += BATCH * BLOCK)
        ccr_batch(out, in, left, &s);
    if (n > 0) {
        uint8_t tail[BATCH * BLOCK] = {0};
        memcpy(tail, in, n * BLOCK);
        ccr_batch(tail, tail, left, &s);
        memcpy(out, tail, n * BLOCK);
    }
}

static void fill(sonic_aes_kernels *table)
{
    table->ctr = ctr;
    table->ccr = ccr;
}
