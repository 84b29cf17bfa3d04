/** @file
 * AES-128 with batched blocks: key schedule, CTR generator, fixed-key correlation-robust hashes.
 *
 * Contract: no allocation, I/O, globals or errors; any alignment of byte buffers; every n including
 * 0; constant time in keys and data; output bit-identical on every tier.
 */
#ifndef SONIC_KERNELS_AES_H
#define SONIC_KERNELS_AES_H

#include <stddef.h>
#include <stdint.h>

/** Round keys in FIPS-197 byte order.  Secret, unless the key is a public fixed one. */
typedef struct sonic_aes_key {
    _Alignas(64) uint8_t round[11][16];
} sonic_aes_key;

typedef struct sonic_aes_kernels {
    /** FIPS-197 key expansion.  @param seed 16 secret bytes */
    void (*expand)(sonic_aes_key *key, const uint8_t seed[16]);

    /** The same for n keys.  @param seeds 16 n secret bytes, no alias */
    void (*expand_many)(sonic_aes_key *keys, const uint8_t *seeds, size_t n);

    /** out[0..n) = the first n bytes of AES(counter), AES(counter + 1), ... where a block's bytes
     * are counter mod 2^64 and then nonce, both little-endian.  A tail shorter than a block takes
     * the block's first bytes.  @param out n secret bytes */
    void (*ctr)(uint8_t *out, size_t n, const sonic_aes_key *key, uint64_t nonce, uint64_t counter);

    /** out[j] = pi(sigma(in[j])) ^ sigma(in[j]) over n 16-byte blocks, with pi = AES under the
     * fixed key and sigma(L || R) = (L ^ R) || L on 64-bit halves (L the first): the circular
     * correlation-robust hash of Guo, Katz, Wang, Yu (IEEE S&P 2020, section 7.3) in the ideal
     * permutation model.  out may equal in, and otherwise must not overlap it.  in, out secret. */
    void (*ccr)(uint8_t *out, const uint8_t *in, size_t n, const sonic_aes_key *pi);

    /** out[j] = pi(pi(in[j]) ^ (tweak + j)) ^ pi(in[j]), the tweak a little-endian number mod 2^64
     * in a block's first half: the tweakable circular correlation-robust hash of the same paper
     * (section 7.4), two AES calls a block.  out may equal in, and otherwise must not overlap it.
     * in, out secret, the tweak public. */
    void (*tccr)(uint8_t *out, const uint8_t *in, size_t n, const sonic_aes_key *pi,
                 uint64_t tweak);
} sonic_aes_kernels;

/** Fill the table's entries that a tier has; tiers are applied in rising order. */
void sonic_aes_select_ref(sonic_aes_kernels *table);
void sonic_aes_select_aesni(sonic_aes_kernels *table);
void sonic_aes_select_vaes256(sonic_aes_kernels *table);
void sonic_aes_select_avx512(sonic_aes_kernels *table);

#endif
