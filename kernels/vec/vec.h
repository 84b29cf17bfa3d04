/** @file
 * Elementwise arithmetic mod 2^l on additive shares, one table a ring.
 *
 * Contract: no allocation, I/O, globals or errors; any alignment; every n including 0; constant
 * time in elements and bits; bit-identical on every tier.  Elements are uint32_t or uint64_t.
 * Outputs may equal an input element for element, and otherwise must not overlap one.
 */
#ifndef SONIC_KERNELS_VEC_H
#define SONIC_KERNELS_VEC_H

#include <stddef.h>
#include <stdint.h>

/** One party's material and openings for s * x, or s * trunc(x), where s is the bit c ^ r:
 * see sonic_vec_kernels.select and .select_trunc.  All secret but e, c, shift and party. */
typedef struct sonic_select_operands {
    const void *e;     /**< opened: x - u, or x + 2^(l-2) + u when truncating */
    const uint64_t *c; /**< 8-byte aligned; opened: bit i % 64 of word i / 64 is s_i ^ r_i */
    const void *r;     /**< additive share of r */
    const void *u;     /**< additive share of u; when truncating, of -(u >> shift) */
    const void *ru;    /**< additive share of r u; when truncating, of -r (u >> shift) */
    const void *wrap;  /**< truncating only: share mod 2^shift of msb(u) in bits 0..shift-1, and of
                            r msb(u) in bits shift..2 shift-1 */
    unsigned shift;    /**< truncating only: 1 <= shift <= l / 2 */
    unsigned party;    /**< 0 or 1: party 0 adds the public terms */
} sonic_select_operands;

/** One party's material and openings for relu(x) >> shift, or x >> shift, both exact: see
 * sonic_vec_kernels.exact_select and .exact_trunc.  All secret but e, c, shift and party.  With r
 * the sum of both parties' masks, r_0 = r >> shift and r_1 the arithmetic shift of r; t = 1 where
 * the lowest `shift` bits of e are below those of r. */
typedef struct sonic_exact_operands {
    const void *e;     /**< opened: x + r, or to truncate alone x + 2^(l-2) + r */
    const uint64_t *c; /**< 8-byte aligned; opened: bit i % 64 of word i / 64 is (x_i >= 0) ^ m_i */
    const void *m;     /**< additive share of m, as all below */
    const void *mr[2]; /**< of m r_0 and m r_1; the same array twice where shift is 0 */
    const void *r[2];  /**< of r_0 and r_1; the same array twice where shift is 0 */
    const void *below; /**< pairs, of m t and (1 - m) t, or to truncate alone of t and anything;
                            NULL where shift is 0 */
    unsigned shift;    /**< 0 <= shift <= l / 2 */
    unsigned party;    /**< 0 or 1: party 0 adds the public terms */
} sonic_exact_operands;

typedef struct sonic_vec_kernels {
    void (*add)(void *out, const void *a, const void *b, size_t n); /**< out = a + b */
    void (*sub)(void *out, const void *a, const void *b, size_t n); /**< out = a - b */
    /** out = a + constant, on every element. */
    void (*add_constant)(void *out, const void *a, uint64_t constant, size_t n);
    /** out = factor a + b; b may be NULL for 0. */
    void (*scale_add)(void *out, const void *a, uint64_t factor, const void *b, size_t n);

    /** y = [party 0] c e + c u + (1 - 2c)(r e + ru): both parties' y sum to s x. */
    void (*select)(void *y, const sonic_select_operands *in, size_t n);

    /** With t = (e >> shift) - 2^(l-2-shift), k = 1 - msb(e), m = wrap << (l - shift) and
     * rm = (wrap >> shift) << (l - shift):
     * y = [party 0] c t + c (u + k m) + (1 - 2c)(r t + ru + k rm).
     * Both parties' y sum to s (floor(x / 2^shift) + 0 or 1) if -2^(l-2) <= x < 2^(l-2). */
    void (*select_trunc)(void *y, const sonic_select_operands *in, size_t n);

    /** y = [party 0] t + u + k m, in the notation of select_trunc: x truncated, without a
     * selection. */
    void (*trunc)(void *y, const sonic_select_operands *in, size_t n);

    /** With k = 1 - msb(e): y = n (e >> shift) - q - below[c], where c = 0: n = m, q = mr[k], and
     * c = 1: n = [party 0] - m, q = r[k] - mr[k].  Both parties' y sum to relu(x) >> shift for
     * every x. */
    void (*exact_select)(void *y, const sonic_exact_operands *in, size_t n);

    /** y = [party 0] ((e >> shift) - 2^(l-2-shift)) - r[k] - below[0], in that notation: both
     * parties' y sum to x >> shift, rounded down, if -2^(l-2) <= x < 2^(l-2). */
    void (*exact_trunc)(void *y, const sonic_exact_operands *in, size_t n);

    /** SecureML's local truncation of a share: party 0 shifts x arithmetically, party 1 its
     * negative.  0 <= shift < l. */
    void (*trunc_local)(void *y, const void *x, unsigned shift, unsigned party, size_t n);
} sonic_vec_kernels;

/** Fill the table's entries that a tier has, [0] mod 2^32 and [1] mod 2^64; tiers are applied in
 * rising order. */
void sonic_vec_select_ref(sonic_vec_kernels *table);
void sonic_vec_select_avx2(sonic_vec_kernels *table);
void sonic_vec_select_avx512(sonic_vec_kernels *table);

#endif
