/** @file
 * Stream numbers (CTR nonces) and layouts of a node's material, agreed between the dealer and the
 * layers that consume it.
 *
 * Every node has a key of its own, so numbers are private to a kind of node.  "Element i at stream
 * s" means bytes [i l/8, (i + 1) l/8) of the stream.  One (key, stream, offset) is never used for
 * two purposes: a test records all ranges.
 */
#ifndef SONIC_PROTO_OFFLINE_STREAMS_H
#define SONIC_PROTO_OFFLINE_STREAMS_H

#include <stdint.h>

/** CONV, under the key of slot SONIC_SLOT_SETUP: this party's share B_i of the weight mask, one
 * element a weight. */
#define SONIC_STREAM_WEIGHT_MASK ((uint64_t)0)

/** CONV, under a slot's key.  INPUT_MASK: this party's share A_i, batch x input elements.  PRODUCT:
 * dealt, C = conv(A, B), batch x output elements; correction 0 is element 0. */
#define SONIC_STREAM_INPUT_MASK ((uint64_t)0)
#define SONIC_STREAM_PRODUCT ((uint64_t)1)

/** Stochastic TRUNC, under a slot's key.  TRUNC_MASK: this party's share of u, one element each.
 * TRUNC_DEALT: dealt in blocks of SONIC_TRUNC_BLOCK elements, the last one of what remains.  A
 * block of `rows` elements that starts at element i is at byte 2 i l/8 of the stream and of the
 * corrections: `rows` shares of -(u >> shift), then `rows` shares mod 2^shift of msb(u) (an element
 * each; bits from `shift` on are noise).  See sonic_vec_kernels.trunc: operands u and wrap.  Where
 * the servers make it, u is no stream: its elements are kept behind all that (sonic_material_u()).
 * So it is in RELU, where a call's u is kept behind its corrections of all rounds. */
#define SONIC_STREAM_TRUNC_MASK ((uint64_t)0)
#define SONIC_STREAM_TRUNC_DEALT ((uint64_t)1)
enum { SONIC_TRUNC_BLOCK = 4096 };

/** RELU and MAX_POOL: stream `kind` of round `round` of call `index` of the node.  A block of
 * SONIC_PPA_BLOCK activations starts at (block) x (bytes of a whole block of that kind), always a
 * multiple of 16.  A share of `planes` bit planes of `rows` activations is planes x rows bits
 * without gaps, rounded up to bytes at the end of the block. */
#define SONIC_STREAM_PPA(index, round, kind)                                                       \
    ((uint64_t)(index) << 16 | (uint64_t)(round) << 8 | (uint64_t)(kind))

enum {
    /* round 0, the first AND */
    SONIC_PPA_AND_MASK = 0,  /**< r of party 0, s of party 1: l - 1 planes */
    SONIC_PPA_AND_DEALT = 1, /**< XOR shares of r s: l - 1 planes */
    /* rounds 1 .. log2 l, the carry combines; pairs from the highest down */
    SONIC_PPA_MU = 0,    /**< XOR share, a plane a pair */
    SONIC_PPA_NU = 1,    /**< XOR share, a plane a pair */
    SONIC_PPA_OMEGA = 2, /**< XOR share, a plane a pair that makes p */
    SONIC_PPA_C = 3,     /**< dealt: XOR shares of mu nu */
    SONIC_PPA_D = 4,     /**< dealt: XOR shares of mu omega */
    /* the last round */
    SONIC_PPA_R = 0,           /**< XOR share of r: one plane */
    SONIC_PPA_U = 1,           /**< additive share of u */
    SONIC_PPA_SELECT_DEALT = 2 /**< dealt, `rows` elements each: r, r u; or with stochastic
                                  truncation r, -(u >> shift), -r (u >> shift), wrap (see vec.h) */
};

/** RELU, MAX_POOL and TRUNC by function secret sharing: stream `kind` of call `index` of the node.
 * Block b of SONIC_FSS_BLOCK values starts at b x (bytes of a whole block of that kind). */
#define SONIC_STREAM_FSS(index, kind) ((uint64_t)(index) << 16 | (uint64_t)(kind))

enum {
    SONIC_FSS_MASK = 0,      /**< additive share of r, an element a value */
    SONIC_FSS_SIGN_SEED = 1, /**< this party's root seeds of sign keys, 16 bytes a value */
    SONIC_FSS_STEP_SEED = 2, /**< the same of step keys */
    SONIC_FSS_BIT = 3,       /**< XOR share of m ^ bit l - 1 of r, a bit a value */
    SONIC_FSS_DEALT = 4,     /**< dealt: the arrays of proto/offline/fss_plan.h, in their order */
    SONIC_FSS_PI = 5 /**< public: of the node's common key, 16 bytes a block, its hash key */
};

#endif
