/** @file
 * Function secret sharing on trees of 16-byte seeds: keys of point functions, of comparisons with a
 * shared bit, and of comparisons with shared elements; generation and evaluation, many at a time.
 *
 * A key pair shares f(x) for a secret alpha.  Party p's key is its root seed and correction words
 * that both parties hold.  The tree is the half-tree's: with H = sonic_aes_kernels.ccr's hash under
 * `pi`, and t = bit 0 of a seed s, the children of s at a level with correction word W are
 * left = H(s) ^ t W and right = left ^ s.  Seeds of the two parties differ by one delta, whose bit
 * 0 is set, on the path to alpha and are equal elsewhere, so t is a share of "alpha is below this
 * node": a comparison is a sum of such bits of siblings, and costs no AES calls of its own.
 *
 * AES calls a key: one a level and one for the leaf (`eval`), of max(bits - 7, 0) levels; two a
 * level and one for the leaf (`step_eval`), of max(bits - 3, 0) levels; generating takes twice as
 * many, and of a step's leaf twice as many as it has places, 2^min(bits, 3).
 *
 * Security: hides alpha, beta and x's result from either party, 126 bits less log2 of the seeds
 * hashed under one pi (below 2^18 in proto/offline/fss_plan.h, 2^19 in <sonicnn/dpf.h>), where H is
 * circular correlation robust.  Sources: Guo et al., Half-Tree, EUROCRYPT 2023 (tree); Boyle,
 * Gilboa, Ishai, CCS 2016 (early termination); Boyle et al., EUROCRYPT 2021 (comparison from one
 * opening); Storrier et al., Grotto, CCS 2023 (prefix parities).
 *
 * Layout: keys lie in tiles of SONIC_DPF_TILE, the last one of what remains.  A tile of w keys is,
 * level by level from the root, w correction words of 16 bytes, for a step followed by w pairs of
 * elements; then, for each place of a leaf, what it holds: w blocks of 16 bytes, or for a step, at
 * each of 2^min(bits, 3) places, w pairs of elements.  Seeds are an array of 16 n bytes; their bit
 * 0 is not read: it is the party.
 *
 * Contract: no allocation, I/O, globals or errors; any alignment; every n including 0; constant
 * time in all but x, which is public, and sizes; bit-identical on every tier.  Outputs do not
 * overlap inputs.  Elements are uint32_t or uint64_t, of which the lowest `bits` bits are read as
 * an unsigned number, 1 <= bits <= l.  "Bit j of bytes" is bit j % 8 of byte j / 8.
 */
#ifndef SONIC_KERNELS_DPF_H
#define SONIC_KERNELS_DPF_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/aes/aes.h"

enum { SONIC_DPF_TILE = 16, SONIC_DPF_LEAF_BITS = 7, SONIC_DPF_STEP_LEAF_BITS = 3 };

typedef enum sonic_dpf_kind {
    SONIC_DPF_EQUAL, /**< f(x) = 1 where x = alpha */
    SONIC_DPF_LESS   /**< f(x) = 1 where x < alpha */
} sonic_dpf_kind;

/** Levels of a tree for `bits` bits, of point functions and comparisons with a shared bit ... */
static inline unsigned sonic_dpf_levels(unsigned bits)
{
    return bits > SONIC_DPF_LEAF_BITS ? bits - SONIC_DPF_LEAF_BITS : 0;
}

/** ... and of comparisons with shared elements. */
static inline unsigned sonic_dpf_step_levels(unsigned bits)
{
    return bits > SONIC_DPF_STEP_LEAF_BITS ? bits - SONIC_DPF_STEP_LEAF_BITS : 0;
}

/** Bytes of the correction words of one key.  @param size  bytes of an element */
static inline size_t sonic_dpf_key_bytes(unsigned bits)
{
    return (size_t)16 * (sonic_dpf_levels(bits) + 1);
}
static inline size_t sonic_dpf_step_key_bytes(size_t size, unsigned bits)
{
    const unsigned levels = sonic_dpf_step_levels(bits);
    return levels * (16 + 2 * size) + ((size_t)2 * size << (bits - levels));
}

/** Of one width of elements. */
typedef struct sonic_dpf_kernels {
    /** Correction words of n keys.
     * @param keys   n sonic_dpf_key_bytes(bits), secret from others than the two parties
     * @param seeds  of party 0 and party 1, random */
    void (*generate)(uint8_t *keys, const uint8_t *const seeds[2], const void *alpha, unsigned bits,
                     size_t n, sonic_dpf_kind kind, const sonic_aes_key *pi);

    /** Bit j of out = party's XOR share of f_j(x_j); ceil(n / 8) bytes, bits from n on zero. */
    void (*eval)(uint8_t *out, const uint8_t *seeds, const uint8_t *keys, const void *x,
                 unsigned bits, size_t n, sonic_dpf_kind kind, unsigned party,
                 const sonic_aes_key *pi);

    /** Correction words of n keys of f(x) = beta where x < alpha, and 0 elsewhere.  A seed s gives
     * values H(s ^ c): c = 2 for the pair of a level, made from its right child, c = 2 (j + 2) for
     * place j of a leaf; of the 16 bytes the first pair of elements counts.
     * @param keys  n sonic_dpf_step_key_bytes(size, bits)
     * @param beta  n pairs of elements */
    void (*step_generate)(uint8_t *keys, const uint8_t *const seeds[2], const void *alpha,
                          const void *beta, unsigned bits, size_t n, const sonic_aes_key *pi);

    /** out = n pairs of elements, party's additive shares of f_j(x_j). */
    void (*step_eval)(void *out, const uint8_t *seeds, const uint8_t *keys, const void *x,
                      unsigned bits, size_t n, unsigned party, const sonic_aes_key *pi);
} sonic_dpf_kernels;

/** Fill the table's entries that a tier has, [0] for elements of 32 bits and [1] of 64; tiers are
 * applied in rising order. */
void sonic_dpf_select_ref(sonic_dpf_kernels *table);
void sonic_dpf_select_aesni(sonic_dpf_kernels *table);
void sonic_dpf_select_vaes256(sonic_dpf_kernels *table);
void sonic_dpf_select_avx512(sonic_dpf_kernels *table);

#endif
