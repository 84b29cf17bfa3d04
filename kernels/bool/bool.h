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

/** One party's view of a product of shared bits, x y, with shares of correlations mu, nu and
 * c = mu nu.  Both parties open pi = x ^ mu and gamma = y ^ nu, of which each knows its own share
 * at once and its peer's a round later; one opened pi may serve several products. */
typedef struct sonic_and_operands {
    const uint64_t *y;  /**< share */
    const uint64_t *pi; /**< one party's share of pi */
    const uint64_t *mu; /**< share */
} sonic_and_operands;

typedef struct sonic_bool_kernels {
    /** out = a ^ b */
    void (*bxor)(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t words);

    /** out = (a & b) ^ c */
    void (*and_xor)(uint64_t *out, const uint64_t *a, const uint64_t *b, const uint64_t *c,
                    size_t words);

    /** out = out ^ (a & mask), with the same 64 secret bits for every word */
    void (*masked_xor)(uint64_t *out, const uint64_t *a, uint64_t mask, size_t words);

    /** Before the opening, with this party's share of pi: gamma = y ^ gamma, whose words come in as
     * the share of nu and go out as the share to open, and z = a ^ (pi & y) ^ (gamma & mu).
     * @param a  share of what the product is added to; NULL for zero */
    void (*and_open)(uint64_t *z, uint64_t *gamma, const uint64_t *a, const sonic_and_operands *in,
                     size_t words);

    /** After it, with the peer's share of pi and of gamma: z = z ^ (pi & y) ^ (gamma & mu) ^ c.
     * Then both parties' z XOR to a ^ x y. */
    void (*and_close)(uint64_t *z, const uint64_t *gamma, const uint64_t *c,
                      const sonic_and_operands *in, size_t words);
} sonic_bool_kernels;

/** Fill the table's entries that a tier has; tiers are applied in rising order. */
void sonic_bool_select_ref(sonic_bool_kernels *table);
void sonic_bool_select_avx2(sonic_bool_kernels *table);
void sonic_bool_select_avx512(sonic_bool_kernels *table);

#endif
