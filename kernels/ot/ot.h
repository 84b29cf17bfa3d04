/** @file
 * Batched oblivious transfer: small-field VOLE with its generator, breaking of correlations with a
 * batched hash, and the hash of a consistency check.
 *
 * Sources: SoftSpokenOT (Roy, CRYPTO 2022), sections 3 and 4; the hash is sonic_aes_kernels.ccr's.
 * H(x) below is that hash of one 16-byte block under `pi`.
 *
 * Contract: no allocation, I/O, globals or errors; any alignment; every n including 0; constant
 * time; output bit-identical on every tier.  All pointers but pi are secret; outputs do not overlap
 * inputs.  "Bit i of bytes" is bit i % 8 of byte i / 8.
 */
#ifndef SONIC_KERNELS_OT_H
#define SONIC_KERNELS_OT_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/aes/aes.h"

enum { SONIC_OT_K_MAX = 8 };

typedef struct sonic_ot_kernels {
    /** With r_x = the 16 n bytes that `ctr` makes under keys[x], nonce 0, from `counter` on:
     * u = XOR of all r_x, and row i of v = XOR of the r_x with bit i of x set, for i < k.
     * @param u       16 n bytes; NULL: not wanted, and keys[0] is not read
     * @param v       k rows of 16 n bytes, `stride` bytes apart
     * @param keys    2^k round keys, 1 <= k <= SONIC_OT_K_MAX */
    void (*vole)(uint8_t *u, uint8_t *v, size_t stride, const sonic_aes_key *keys, unsigned k,
                 uint64_t counter, size_t n);

    /** out[2 j] = H(q[j]), out[2 j + 1] = H(q[j] ^ delta) over n labels of 16 bytes. */
    void (*pairs)(uint8_t *out, const uint8_t *q, const uint8_t delta[16], size_t n,
                  const sonic_aes_key *pi);

    /** Bit j of low = bit 0 of H(labels[j] ^ delta), of high = bit 1: ceil(n / 8) bytes each, bits
     * from n on zero.  @param high  NULL: not wanted */
    void (*bits)(uint8_t *low, uint8_t *high, const uint8_t *labels, const uint8_t delta[16],
                 size_t n, const sonic_aes_key *pi);

    /** words[0] for elements of 32 bits, words[1] of 64: low[j] = the first element in
     * H(labels[j] ^ delta), high[j] = the second.  @param high  NULL: not wanted */
    void (*words[2])(void *low, void *high, const uint8_t *labels, const uint8_t delta[16],
                     size_t n, const sonic_aes_key *pi);

    /** hash[i] = (hash[i] ^ row i's block) x chi, block after block, in GF(2^128) mod x^128 + x^7 +
     * x^2 + x + 1, bit i of 16 bytes being x^i.
     * @param hash  `rows` blocks of 16 bytes, in and out
     * @param data  rows of 16 n bytes, `stride` bytes apart */
    void (*row_hash)(uint8_t *hash, const uint8_t *data, size_t stride, size_t rows, size_t n,
                     const uint8_t chi[16]);
} sonic_ot_kernels;

/** Fill the table's entries that a tier has; tiers are applied in rising order. */
void sonic_ot_select_ref(sonic_ot_kernels *table);
void sonic_ot_select_aesni(sonic_ot_kernels *table);
void sonic_ot_select_vaes256(sonic_ot_kernels *table);
void sonic_ot_select_avx512(sonic_ot_kernels *table);

#endif
