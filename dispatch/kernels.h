/** @file
 * The table of kernels: the only thing above kernels/ that knows there are processors.
 *
 * Filled once by sonic_kernels_select(), immutable afterwards, one a context.  Pointers and the
 * tile sizes that belong to them travel together.
 */
#ifndef SONIC_DISPATCH_KERNELS_H
#define SONIC_DISPATCH_KERNELS_H

#include "kernels/aes/aes.h"
#include "kernels/bitmat/bitmat.h"
#include "kernels/bool/bool.h"
#include "kernels/conv/conv.h"
#include "kernels/dpf/dpf.h"
#include "kernels/garble/garble.h"
#include "kernels/ot/ot.h"
#include "kernels/ring/ring.h"
#include "kernels/vec/vec.h"
#include "kernels/vole/vole.h"

/** Bundles of processor features, each including those before it. */
typedef enum sonic_tier {
    SONIC_TIER_REF,     /**< portable C */
    SONIC_TIER_AESNI,   /**< SSE4.1, AES, PCLMUL */
    SONIC_TIER_AVX2,    /**< the above, AVX2, BMI2 */
    SONIC_TIER_VAES256, /**< the above, VAES, VPCLMULQDQ on 256 bits */
    SONIC_TIER_AVX512,  /**< the above, AVX-512 F/BW/DQ/VL, GFNI */
    SONIC_TIER_AVX512IFMA, /**< the above, IFMA, VNNI; for processors where vpmullq is slow */
    SONIC_TIERS
} sonic_tier;

typedef enum sonic_primitive {
    SONIC_PRIMITIVE_AES,
    SONIC_PRIMITIVE_GARBLE,
    SONIC_PRIMITIVE_OT,
    SONIC_PRIMITIVE_BITMAT,
    SONIC_PRIMITIVE_BOOL,
    SONIC_PRIMITIVE_VEC,
    SONIC_PRIMITIVE_RING,
    SONIC_PRIMITIVE_CONV,
    SONIC_PRIMITIVE_VOLE,
    SONIC_PRIMITIVE_DPF,
    SONIC_PRIMITIVES
} sonic_primitive;

/** Index of a ring into the tables that have one entry a ring. */
enum { SONIC_MOD32 = 0, SONIC_MOD64 = 1, SONIC_RINGS = 2 };

typedef struct sonic_kernels {
    sonic_aes_kernels aes;
    sonic_garble_kernels garble;
    sonic_ot_kernels ot;
    sonic_bitmat_kernels bitmat;
    sonic_bool_kernels boolean;
    sonic_vec_kernels vec[SONIC_RINGS];
    sonic_ring_kernels ring[SONIC_RINGS];
    sonic_conv_kernels conv[SONIC_RINGS];
    sonic_vole_kernels vole[SONIC_RINGS];
    sonic_dpf_kernels dpf[SONIC_RINGS];
    sonic_tier tier;                     /**< the highest tier in use */
    sonic_tier chosen[SONIC_PRIMITIVES]; /**< the tier each primitive's kernels come from */
} sonic_kernels;

/** Fills the table for the tiers in `tiers` (bit t set: tier t may be used; the portable tier
 * always is).  The caller passes only tiers that sonic_cpu_tiers() reported. */
void sonic_kernels_select(sonic_kernels *kernels, unsigned tiers);

/** "ref", "aesni", ...: static storage, NULL beyond the last. */
const char *sonic_tier_name(sonic_tier tier);

/** "aes", "garble", ...: static storage, NULL beyond the last. */
const char *sonic_primitive_name(sonic_primitive primitive);

#endif
