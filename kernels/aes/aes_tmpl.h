/* CTR and the correlation-robust hash over vectors of AES blocks.  A tier includes
 * its vocabulary and this, and hands fill() its table. */
#include "kernels/aes/rounds_tmpl.h"

enum { BATCH = FLIGHT * LANES, BATCH_BYTES = BATCH * BLOCK };

/* One batch of the generator; `at` holds the counters of the first vector and is moved on. */
SONIC_INLINE void ctr_batch(uint8_t *out, VEC *at, VEC step, const schedule *key)
{
    VEC v[FLIGHT];
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++) {
        v[i] = XOR(*at, key->round[0]);
        *at = ADD64(*at, step);
    }
    encrypt_middle(v, key);
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        STORE(out + i * VECTOR, ENCLAST(v[i], key->round[ROUNDS]));
}

static void ctr(uint8_t *out, size_t n, const sonic_aes_key *key, uint64_t nonce, uint64_t counter)
{
    schedule s;
    spread_key(&s, key);
    VEC at = ramp(counter, 1, nonce);
    const VEC step = SPREAD64(LANES, 0);
    for (; n >= BATCH_BYTES; n -= BATCH_BYTES, out += BATCH_BYTES)
        ctr_batch(out, &at, step, &s);
    if (n > 0) {
        uint8_t tail[BATCH_BYTES];
        ctr_batch(tail, &at, step, &s);
        copy(out, tail, n);
    }
}

/* `between` is the XOR of the first and the last round key: what the hash adds to the last round is
 * its input, which has the first one. */
SONIC_INLINE void ccr_batch(uint8_t *out, const uint8_t *in, VEC between, const schedule *key)
{
    VEC v[FLIGHT], first[FLIGHT];
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        first[i] = v[i] =
            XOR3(FIRST_TWICE(in + i * VECTOR), SECOND(in + i * VECTOR), key->round[0]);
    encrypt_middle(v, key);
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        STORE(out + i * VECTOR, ENCLAST(v[i], XOR(first[i], between)));
}

static void ccr(uint8_t *out, const uint8_t *in, size_t n, const sonic_aes_key *pi)
{
    schedule s;
    spread_key(&s, pi);
    const VEC between = XOR(s.round[0], s.round[ROUNDS]);
    for (; n >= BATCH; n -= BATCH, in += BATCH_BYTES, out += BATCH_BYTES)
        ccr_batch(out, in, between, &s);
    if (n > 0) {
        uint8_t tail[BATCH_BYTES];
        copy_padded(tail, in, n, FLIGHT);
        ccr_batch(tail, tail, between, &s);
        copy(out, tail, n * BLOCK);
    }
}

static void fill(sonic_aes_kernels *table)
{
    table->ctr = ctr;
    table->ccr = ccr;
}
