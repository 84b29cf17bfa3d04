/** @file
 * The AES S-box on bit planes: constant time without tables, for the portable tier.
 *
 * Inversion in GF(2^8) goes through the isomorphic tower GF(16)[z] / (z^2 + z + 13) over
 * GF(2)[y] / (y^4 + y + 1): 1 / (h z + g) = (h z + (h + g)) / (13 h^2 + h g + g^2).  The changes of
 * basis send x to the tower's 0x4b; of all isomorphisms this one needs the fewest XORs.
 */
#ifndef SONIC_KERNELS_AES_SBOX_H
#define SONIC_KERNELS_AES_SBOX_H

#include <stdint.h>

/** r = a b in GF(2)[y] / (y^4 + y + 1), bit i of the elements in word i. */
static inline void sonic_gf16_mul(uint64_t r[4], const uint64_t a[4], const uint64_t b[4])
{
    const uint64_t c4 = (a[1] & b[3]) ^ (a[2] & b[2]) ^ (a[3] & b[1]);
    const uint64_t c5 = (a[2] & b[3]) ^ (a[3] & b[2]);
    const uint64_t c6 = a[3] & b[3];
    const uint64_t r0 = (a[0] & b[0]) ^ c4;
    const uint64_t r1 = (a[0] & b[1]) ^ (a[1] & b[0]) ^ c4 ^ c5;
    const uint64_t r2 = (a[0] & b[2]) ^ (a[1] & b[1]) ^ (a[2] & b[0]) ^ c5 ^ c6;
    r[3] = (a[0] & b[3]) ^ (a[1] & b[2]) ^ (a[2] & b[1]) ^ (a[3] & b[0]) ^ c6;
    r[0] = r0;
    r[1] = r1;
    r[2] = r2;
}

/** r = 1 / d in the same field, 0 for 0: the algebraic normal form of d^14. */
static inline void sonic_gf16_invert(uint64_t r[4], const uint64_t d[4])
{
    const uint64_t d01 = d[0] & d[1], d02 = d[0] & d[2], d12 = d[1] & d[2];
    const uint64_t d03 = d[0] & d[3], d13 = d[1] & d[3];
    r[0] = d[0] ^ d[1] ^ d[2] ^ d[3] ^ d02 ^ d12 ^ (d01 & d[2]) ^ (d12 & d[3]);
    r[1] = d[3] ^ d01 ^ d02 ^ d12 ^ d13 ^ (d01 & d[3]);
    r[2] = d[2] ^ d[3] ^ d01 ^ d02 ^ d03 ^ (d02 & d[3]);
    r[3] = d[1] ^ d[2] ^ d[3] ^ d03 ^ d13 ^ (d[2] & d[3]) ^ (d12 & d[3]);
}

/** Replaces the 64 bytes whose bit i is in plane q[i] by their S-box values. */
static inline void sonic_aes_sub_bytes(uint64_t q[8])
{
    /* into the tower: g in t[0..3], h in t[4..7] */
    const uint64_t a0 = q[2] ^ q[7], a1 = a0 ^ q[3], a2 = q[1] ^ q[6];
    const uint64_t a3 = a1 ^ q[6], a4 = a2 ^ q[4];
    const uint64_t t[8] = {
        a1 ^ q[0] ^ q[1], a4, a3, a0 ^ a2, a3 ^ q[4], a1 ^ q[5], a4 ^ q[5], q[5] ^ q[7],
    };

    /* d = 13 h^2 + g^2 + h g */
    const uint64_t c0 = t[2] ^ t[7], c1 = t[3] ^ t[4];
    const uint64_t squares[4] = {c0 ^ t[0] ^ t[4] ^ t[5], c0, c1 ^ t[1] ^ t[6], c1};
    uint64_t d[4], inverse[4], sum[4], v[8];
    sonic_gf16_mul(d, t + 4, t);
    for (int i = 0; i < 4; i++) {
        d[i] ^= squares[i];
        sum[i] = t[i] ^ t[4 + i];
    }
    sonic_gf16_invert(inverse, d);
    sonic_gf16_mul(v, sum, inverse);
    sonic_gf16_mul(v + 4, t + 4, inverse);

    /* back from the tower, and the affine map of FIPS-197 (its constant 0x63 flips four planes) */
    const uint64_t b0 = v[2] ^ v[7], b1 = b0 ^ v[1], b2 = v[0] ^ v[4];
    q[0] = ~(v[0] ^ v[5] ^ v[6] ^ v[7]);
    q[1] = ~(b0 ^ v[0]);
    q[2] = b2 ^ v[1] ^ v[3];
    q[3] = v[0];
    q[4] = b1 ^ b2 ^ v[6];
    q[5] = ~b1;
    q[6] = ~(v[4] ^ v[7]);
    q[7] = b1 ^ v[3];
}

#endif
