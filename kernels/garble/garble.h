/** @file
 * Half-gates garbling and evaluation of AND gates, side by side over a batch.
 *
 * Zahur, Rosulek, Evans (EUROCRYPT 2015) with free XOR and point-and-permute: a wire's labels are
 * W and W ^ delta, delta's lowest bit (bit 0 of byte 0) is 1, a label's lowest bit is its colour.
 * With H(x, t) = pi(sigma(x) ^ t) ^ sigma(x) ^ t, pi AES-128 under `pi`, sigma as in
 * sonic_aes_kernels.ccr, t = 2 g and 2 g + 1 for gate number g (a little-endian 64-bit number in
 * the label's first half), and `a`, `b`, `c` labels of zero, gate g is garbled as
 *   G = H(a, 2g) ^ H(a ^ delta, 2g) ^ lsb(b) delta          table bytes [0, 16)
 *   E = H(b, 2g+1) ^ H(b ^ delta, 2g+1) ^ a                 table bytes [16, 32)
 *   c = H(a, 2g) ^ lsb(a) G ^ H(b, 2g+1) ^ lsb(b) (E ^ a)
 * and evaluated on active labels as
 *   c = H(a, 2g) ^ lsb(a) G ^ H(b, 2g+1) ^ lsb(b) (E ^ a).
 * Four AES calls to garble, two to evaluate; 32 bytes a gate.  What this assumes, and how often pi
 * must change: <sonicnn/garble.h>.
 *
 * Contract: no allocation, I/O, globals or errors; any alignment; every n including 0; constant
 * time in labels and delta; output bit-identical on every tier.
 */
#ifndef SONIC_KERNELS_GARBLE_H
#define SONIC_KERNELS_GARBLE_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/aes/aes.h"

typedef struct sonic_garble_kernels {
    /** Gates gate, gate + 1, ... gate + n - 1: gate + j takes labels j of a, b, c and bytes
     * [32 j, 32 j + 32) of table.
     * @param c      n labels of zero, secret; may equal a or b, and else must not overlap them
     * @param table  32 n bytes for the evaluator, no alias
     * @param a, b   n labels of zero each, secret; b may equal a
     * @param gate   such that 2 (gate + n) does not wrap */
    void (*garble)(uint8_t *c, uint8_t *table, const uint8_t *a, const uint8_t *b, size_t n,
                   const uint8_t delta[16], const sonic_aes_key *pi, uint64_t gate);

    /** The same gates on active labels.  @param c n active labels, secret; may equal a or b, and
     * else must not overlap them */
    void (*evaluate)(uint8_t *c, const uint8_t *table, const uint8_t *a, const uint8_t *b, size_t n,
                     const sonic_aes_key *pi, uint64_t gate);
} sonic_garble_kernels;

/** Fill the table's entries that a tier has; tiers are applied in rising order. */
void sonic_garble_select_ref(sonic_garble_kernels *table);
void sonic_garble_select_aesni(sonic_garble_kernels *table);
void sonic_garble_select_vaes256(sonic_garble_kernels *table);
void sonic_garble_select_avx512(sonic_garble_kernels *table);

#endif
