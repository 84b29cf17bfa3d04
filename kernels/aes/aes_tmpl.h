/* CTR and the correlation-robust hash over vectors of AES blocks.  A tier defines, before it
 * includes this, and hands fill() its table:
 *
 *   VEC                    a vector of LANES blocks of 16 bytes
 *   LOAD(p), STORE(p, v)   at any alignment
 *   SPREAD(p)              one block, read at p, in every lane
 *   XOR, AND, ADD64        bit by bit; on 64-bit halves
 *   SWAP(v)                the two 64-bit halves of each block exchanged
 *   ENC(v, k), ENCLAST(v, k)
 *
 * FLIGHT vectors are in flight at once: an AES round takes 3 to 8 cycles and one or two start every
 * cycle, so that 8 keep every processor that has the instruction busy. */
#include <string.h>

#include "kernels/common/load.h"
#include "kernels/common/loop.h"

enum { BLOCK = 16, ROUNDS = 10, FLIGHT = 8, BATCH = FLIGHT * LANES };

typedef struct schedule {
    VEC round[ROUNDS + 1];
} schedule;

SONIC_INLINE void spread_key(schedule *s, const sonic_aes_key *key)
{
#pragma GCC unroll 11
    for (int r = 0; r <= ROUNDS; r++)
        s->round[r] = SPREAD(key->round[r]);
}

SONIC_INLINE void encrypt(VEC v[FLIGHT], const schedule *key)
{
#pragma GCC unroll 8
    for (int i = 0; i < FLIGHT; i++)
        v[i] = XOR(v[i], key->round[0]);
#pragma GCC unroll 10
    for (int r = 1; r < ROUNDS; r++) {
#pragma GCC unroll 8
        for (int i = 0; i < FLIGHT; i++)
            v[i] = ENC(v[i], key->round[r]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < FLIGHT; i++)
        v[i] = ENCLAST(v[i], key->round[ROUNDS]);
}

/* One batch of the generator; `at` holds the counters of the first vector and is moved on. */
SONIC_INLINE void ctr_batch(uint8_t *out, VEC *at, VEC step, const schedule *key)
{
    VEC v[FLIGHT];
#pragma GCC unroll 8
    for (int i = 0; i < FLIGHT; i++) {
        v[i] = *at;
        *at = ADD64(*at, step);
    }
    encrypt(v, key);
#pragma GCC unroll 8
    for (int i = 0; i < FLIGHT; i++)
        STORE(out + i * LANES * BLOCK, v[i]);
}

static void ctr(uint8_t *out, size_t n, const sonic_aes_key *key, uint64_t nonce, uint64_t counter)
{
    schedule s;
    uint64_t first[2 * LANES];
    const uint64_t lanes[2] = {LANES, 0};
    spread_key(&s, key);
    for (unsigned lane = 0; lane < LANES; lane++) {
        first[2 * lane] = counter + lane;
        first[2 * lane + 1] = nonce;
    }
    VEC at = LOAD(first);
    const VEC step = SPREAD(lanes);
    for (; n >= BATCH * BLOCK; n -= BATCH * BLOCK, out += BATCH * BLOCK)
        ctr_batch(out, &at, step, &s);
    if (n > 0) {
        uint8_t tail[BATCH * BLOCK];
        ctr_batch(tail, &at, step, &s);
        memcpy(out, tail, n);
    }
}

SONIC_INLINE VEC sigma(VEC v, VEC left)
{
    return XOR(SWAP(v), AND(v, left));
}

/* Reads each input block a second time rather than keep it, so that the registers hold the blocks
 * in flight; it is read before the output block of the same index is written. */
SONIC_INLINE void ccr_batch(uint8_t *out, const uint8_t *in, VEC left, const schedule *key)
{
    VEC v[FLIGHT];
#pragma GCC unroll 8
    for (int i = 0; i < FLIGHT; i++)
        v[i] = sigma(LOAD(in + i * LANES * BLOCK), left);
    encrypt(v, key);
#pragma GCC unroll 8
    for (int i = 0; i < FLIGHT; i++)
        STORE(out + i * LANES * BLOCK, XOR(v[i], sigma(LOAD(in + i * LANES * BLOCK), left)));
}

static void ccr(uint8_t *out, const uint8_t *in, size_t n, const sonic_aes_key *pi)
{
    schedule s;
    const uint64_t halves[2] = {UINT64_MAX, 0};
    const VEC left = SPREAD(halves);
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
