/* CTR, the correlation-robust hashes and key schedules over vectors of AES blocks.  A tier includes
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
    VEC h[FLIGHT];
    hash_blocks(h, in, key->round[0], between, key);
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        STORE(out + i * VECTOR, h[i]);
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

/* Both permutations go without their last round key: the first's is in `between`, and the two
 * cancel in the hash. */
SONIC_INLINE void tccr_batch(uint8_t *out, const uint8_t *in, VEC *tweak, VEC step, VEC between,
                             const schedule *key)
{
    VEC v[FLIGHT], inner[FLIGHT];
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        v[i] = XOR(LOAD(in + i * VECTOR), key->round[0]);
    encrypt_middle(v, key);
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++) {
        const VEC t = XOR(*tweak, between);
        v[i] = ENCLAST(v[i], t);
        inner[i] = XOR(v[i], t);
        *tweak = ADD64(*tweak, step);
    }
    encrypt_middle(v, key);
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        STORE(out + i * VECTOR, ENCLAST(v[i], inner[i]));
}

static void tccr(uint8_t *out, const uint8_t *in, size_t n, const sonic_aes_key *pi, uint64_t tweak)
{
    schedule s;
    spread_key(&s, pi);
    const VEC between = XOR(s.round[0], s.round[ROUNDS]), step = SPREAD64(LANES, 0);
    VEC at = ramp(tweak, 1, 0);
    for (; n >= BATCH; n -= BATCH, in += BATCH_BYTES, out += BATCH_BYTES)
        tccr_batch(out, in, &at, step, between, &s);
    if (n > 0) {
        uint8_t tail[BATCH_BYTES];
        copy_padded(tail, in, n, FLIGHT);
        tccr_batch(tail, tail, &at, step, between, &s);
        copy(out, tail, n * BLOCK);
    }
}

/* The schedules of `vectors` vectors of keys.  The next round key's word i is the XOR of words 0 to
 * i of this one, and of the S-box of the last word, turned, and a constant: a last round does that
 * to a block whose columns are all that word, because shifting its rows changes nothing. */
SONIC_INLINE void expand_vectors(sonic_aes_key *keys, const uint8_t *seeds, int vectors)
{
    static const uint8_t constant[ROUNDS] = {0x01, 0x02, 0x04, 0x08, 0x10,
                                             0x20, 0x40, 0x80, 0x1b, 0x36};
    const VEC turned = SPREAD32(0x0c0f0e0d);
    uint8_t *const to = (uint8_t *)keys;
    VEC w[FLIGHT];
    SONIC_UNROLL
    for (int i = 0; i < vectors; i++) {
        w[i] = LOAD(seeds + i * VECTOR);
        STORE_APART(to + i * LANES * sizeof *keys, sizeof *keys, w[i]);
    }
    for (int r = 1; r <= ROUNDS; r++) {
        const VEC c = SPREAD32(constant[r - 1]);
        SONIC_UNROLL
        for (int i = 0; i < vectors; i++) {
            const VEC s = ENCLAST(BYTES(w[i], turned), c);
            w[i] = XOR(w[i], UP(w[i], 4));
            w[i] = XOR3(w[i], UP(w[i], 8), s);
            STORE_APART(to + i * LANES * sizeof *keys + r * BLOCK, sizeof *keys, w[i]);
        }
    }
}

static void expand_many(sonic_aes_key *keys, const uint8_t *seeds, size_t n)
{
    enum { VECTORS = 4, KEYS = VECTORS * LANES };
    for (; n >= KEYS; n -= KEYS, keys += KEYS, seeds += KEYS * BLOCK)
        expand_vectors(keys, seeds, VECTORS);
    for (; n >= LANES; n -= LANES, keys += LANES, seeds += VECTOR)
        expand_vectors(keys, seeds, 1);
    if (n > 0) {
        sonic_aes_key tail[LANES];
        uint8_t last[VECTOR];
        copy_padded(last, seeds, n, 1);
        expand_vectors(tail, last, 1);
        copy(keys, tail, n * sizeof *keys);
    }
}

static void fill(sonic_aes_kernels *table)
{
    table->ctr = ctr;
    table->ccr = ccr;
    table->tccr = tccr;
    table->expand_many = expand_many;
}
