/** @file
 * Bit-sliced arithmetic on XOR shares: what the parallel-prefix comparison does to planes of bits.
 *
 * Contract: no allocation, I/O, globals or errors; every count of words including 0; 8-byte
 * alignment; constant time; bit-identical on every tier.  All pointers secret.  Outputs may equal
 * an input of the same call word for word, and otherwise must not overlap one.
 */
#ifndef SONIC_KERNELS_BOOL_H
#define SONIC_KERNELS_BOOL_H

#include <stddef.h>
#include <stdint.h>

/** One party's view of (g1, p1) o (g0, p0) = (g1 ^ p1 g0, p1 p0) after the openings
 * pi = p1 ^ mu, gamma = g0 ^ nu, rho = p0 ^ omega; c and d are shares of mu nu and mu omega. */
typedef struct sonic_carry_operands {
    const uint64_t *g1, *g0, *p0;     /**< shares */
    const uint64_t *pi, *gamma, *rho; /**< opened; rho unused when p is NULL */
    const uint64_t *mu, *c, *d;       /**< correlation shares; d unused when p is NULL */
} sonic_carry_operands;

typedef struct sonic_bool_kernels {
    /** out = a ^ b */
    void (*bxor)(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t words);

    /** out = (a & b) ^ c */
    void (*and_xor)(uint64_t *out, const uint64_t *a, const uint64_t *b, const uint64_t *c,
                    size_t words);

    /** The carry combine: g = g1 ^ (pi & g0) ^ (gamma & mu) ^ c, and unless p is NULL
     * p = (pi & p0) ^ (rho & mu) ^ d.  The XOR of both parties' outputs is the combined (g, p). */
    void (*carry)(uint64_t *g, uint64_t *p, const sonic_carry_operands *in, size_t words);
} sonic_bool_kernels;

/** Fill the table's entries that a tier has; tiers are applied in rising order. */
void sonic_bool_select_ref(sonic_bool_kernels *table);
void sonic_bool_select_avx2(sonic_bool_kernels *table);
void sonic_bool_select_avx512(sonic_bool_kernels *table);

#endif
