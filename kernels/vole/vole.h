/** @file
 * VOLE over the ring of l-bit integers, for multipliers of 4 bits: what a party that knows all 16
 * seeds of a tree, and one that misses the seed of its digit, both compute.
 *
 * SoftSpokenOT's small-field VOLE (Roy, CRYPTO 2022, section 3) carried over to Z_2^l: with r_x the
 * stream of seed x, U = sum of r_x and V = sum of x r_x over all 16 x.  Who does not know seed D
 * uses any other one in its place: D U - V is what it would be, because r_D has factor D - D = 0.
 * So D (d + U') - V' (receiver) + V (sender) = D x where d = x - U is what the sender sent, and U
 * hides x because r_D is in it.
 *
 * Digit number i of a multiplier stands for 16^i: of the product only the low l - 4 i bits matter.
 * It is computed in lanes of sonic_vole_lane() bytes and sent in sonic_vole_wire() bytes an
 * element, little-endian.
 *
 * Contract: no allocation, I/O, globals or errors; any alignment; every n including 0; constant
 * time; output bit-identical on every tier.  All pointers but pi and d are secret; outputs do not
 * overlap inputs, unless said otherwise.
 */
#ifndef SONIC_KERNELS_VOLE_H
#define SONIC_KERNELS_VOLE_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/aes/aes.h"

enum { SONIC_VOLE_DIGIT_BITS = 4, SONIC_VOLE_LEAVES = 16 };

/** Bytes of an element of digit `digit` on the wire, ceil((bits - 4 digit) / 8) ... */
static inline size_t sonic_vole_wire(unsigned bits, unsigned digit)
{
    return (bits - SONIC_VOLE_DIGIT_BITS * digit + 7) / 8;
}

/** ... and in a lane: the next power of two. */
static inline size_t sonic_vole_lane(unsigned bits, unsigned digit)
{
    const size_t wire = sonic_vole_wire(bits, digit);
    return wire > 4 ? 8 : wire > 2 ? 4 : wire;
}

/** For one ring. */
typedef struct sonic_vole_kernels {
    /** For each of `trees` trees, n blocks: r_x is pi(s ^ c) ^ s ^ c for c = counter, counter + 1,
     * ... (a little-endian 64-bit number in a block's first half) and s seed x of the tree, as
     * lanes of sonic_vole_lane(bits of the ring, digit) bytes; U and V are sums mod 2^(8 lane).
     * @param u, v   16 n bytes a tree, tree after tree
     * @param seeds  seed x of tree t is the 16 bytes at (x stride + t) 16; stride >= trees
     * @param pi     public; how many blocks may be made under one key is the caller's to bound */
    void (*fold)(uint8_t *u, uint8_t *v, const uint8_t *seeds, size_t stride, size_t trees,
                 size_t n, const sonic_aes_key *pi, uint64_t counter, unsigned digit);

    /** d[i] = x[i] - u[i], the low sonic_vole_wire() bytes of it, for n elements.
     * @param d  n * wire bytes: public once sent
     * @param x  ring elements
     * @param u  lanes */
    void (*mask)(uint8_t *d, const void *x, const uint8_t *u, size_t n, unsigned digit);

    /** The sender's share: acc[i] += v[i] 16^digit.  @param acc ring elements, in and out */
    void (*add_sent)(void *acc, const uint8_t *v, size_t n, unsigned digit);

    /** The receiver's: acc[i] += (multiplier (d[i] + u[i]) - v[i]) 16^digit.
     * @param multiplier  0 .. 15, secret */
    void (*add_received)(void *acc, const uint8_t *d, const uint8_t *u, const uint8_t *v, size_t n,
                         unsigned digit, unsigned multiplier);
} sonic_vole_kernels;

/** Fill the two entries, mod 2^32 and mod 2^64, of a tier; tiers are applied in rising order. */
void sonic_vole_select_ref(sonic_vole_kernels table[2]);
void sonic_vole_select_aesni(sonic_vole_kernels table[2]);
void sonic_vole_select_vaes256(sonic_vole_kernels table[2]);
void sonic_vole_select_avx512(sonic_vole_kernels table[2]);

#endif
