/** @file
 * The geometry of comparisons by function secret sharing, agreed between the dealer and
 * proto/compare: blocks, what is dealt for them, and their costs.
 *
 * With x the value, r a mask of which each party draws a share, e = x + r opened, l the ring's bits
 * and s the shift: x is negative where bit l - 1 of e ^ r ^ c is set, with c the comparison of the
 * lowest l - 1 bits, e < r (SONIC_DPF_LESS).  Where x is not negative,
 *   x >> s = (e >> s) - r_k - t,  k = 1 - bit l - 1 of e,  t = 1 where e < r in the lowest s bits,
 * with r_0 = r >> s, and r_1 the same with copies of r's bit l - 1 shifted in: exact, for every x.
 * A masked bit m ^ (x >= 0) is opened in a second round; m's products with r_k and t are dealt, the
 * latter as the payload (m t, (1 - m) t) of a step (kernels/dpf/dpf.h).
 * Truncating without a comparison takes x + 2^(l-2), which must not be negative, and one round.
 *
 * Material of a call, block after block of SONIC_FSS_BLOCK values, the last one of what remains:
 * sign keys of its values, for l - 1 bits; if s > 0 step keys for s bits; all that both parties
 * get, party 0 nothing else; then party 1's corrections, arrays of an element a value.  For relu
 * they are m, m r_0, and if s > 0 m r_1, r_0, r_1; for a truncation, which has no sign keys, r_0
 * and r_1.
 */
#ifndef SONIC_PROTO_OFFLINE_FSS_PLAN_H
#define SONIC_PROTO_OFFLINE_FSS_PLAN_H

#include "proto/model/graph.h"

/** Values of a block: a multiple of 128, so that a block's bits are whole AES blocks; its keys are
 * 0.9 to 2 MB mod 2^64.  Seeds hashed under one key: below 2^10 x 2 x 2 x 64 = 2^18. */
enum { SONIC_FSS_BLOCK = 1024 };

/** What a call does: relu(x) >> shift, or x >> shift alone. */
typedef enum sonic_fss_kind { SONIC_FSS_RELU, SONIC_FSS_TRUNC } sonic_fss_kind;

typedef struct sonic_fss_cost {
    uint64_t online_bytes;  /**< one direction: n l / 8, and for relu ceil(n / 8) more */
    uint64_t online_rounds; /**< relu 2, truncation 1 */
    uint64_t common_bytes;  /**< material of party 0 ... */
    uint64_t offline_bytes; /**< ... and of party 1 */
} sonic_fss_cost;

/** Of n < 2^48 values; 0 <= shift <= l / 2, and for a truncation shift > 0. */
sonic_fss_cost sonic_fss_cost_of(sonic_fss_kind kind, sonic_ring ring, uint64_t n, unsigned shift);

/** Arrays of corrections: 2 or 5. */
unsigned sonic_fss_dealt_elements(sonic_fss_kind kind, unsigned shift);

/** Bytes of a block of `rows` values: of sign keys, of step keys. */
size_t sonic_fss_sign_bytes(sonic_fss_kind kind, sonic_ring ring, size_t rows);
size_t sonic_fss_step_bytes(sonic_ring ring, unsigned shift, size_t rows);

#endif
