/* Fills the table of kernels: the only file that names tiers.  A tier overrides what it has and
 * inherits the rest from the tiers below it. */
#include "config.h"

#include "dispatch/kernels.h"

#include <stdbool.h>
#include <string.h>

static const char *const tier_names[SONIC_TIERS] = {"ref", "aesni", "avx2", "vaes256", "avx512",
                                                    "avx512ifma"};
static const char *const primitive_names[SONIC_PRIMITIVES] = {
    "aes", "garble", "ot", "bitmat", "bool", "vec", "ring", "conv", "vole", "dpf",
};

/* One line a kernel file: calls its select function, notes where the primitive now comes from. */
#define TAKE(tier, primitive, select, entry) (select(entry), kernels->chosen[primitive] = (tier))

static void take_ref(sonic_kernels *kernels)
{
    TAKE(SONIC_TIER_REF, SONIC_PRIMITIVE_AES, sonic_aes_select_ref, &kernels->aes);
    TAKE(SONIC_TIER_REF, SONIC_PRIMITIVE_GARBLE, sonic_garble_select_ref, &kernels->garble);
    TAKE(SONIC_TIER_REF, SONIC_PRIMITIVE_OT, sonic_ot_select_ref, &kernels->ot);
    TAKE(SONIC_TIER_REF, SONIC_PRIMITIVE_BITMAT, sonic_bitmat_select_ref, &kernels->bitmat);
    TAKE(SONIC_TIER_REF, SONIC_PRIMITIVE_BOOL, sonic_bool_select_ref, &kernels->boolean);
    TAKE(SONIC_TIER_REF, SONIC_PRIMITIVE_VEC, sonic_vec_select_ref, kernels->vec);
    TAKE(SONIC_TIER_REF, SONIC_PRIMITIVE_RING, sonic_ring_select_ref, kernels->ring);
    TAKE(SONIC_TIER_REF, SONIC_PRIMITIVE_CONV, sonic_conv_select_ref, kernels->conv);
    TAKE(SONIC_TIER_REF, SONIC_PRIMITIVE_VOLE, sonic_vole_select_ref, kernels->vole);
    TAKE(SONIC_TIER_REF, SONIC_PRIMITIVE_DPF, sonic_dpf_select_ref, kernels->dpf);
}

#ifdef SONIC_HAVE_AESNI
static void take_aesni(sonic_kernels *kernels)
{
    TAKE(SONIC_TIER_AESNI, SONIC_PRIMITIVE_AES, sonic_aes_select_aesni, &kernels->aes);
    TAKE(SONIC_TIER_AESNI, SONIC_PRIMITIVE_GARBLE, sonic_garble_select_aesni, &kernels->garble);
    TAKE(SONIC_TIER_AESNI, SONIC_PRIMITIVE_OT, sonic_ot_select_aesni, &kernels->ot);
    TAKE(SONIC_TIER_AESNI, SONIC_PRIMITIVE_VOLE, sonic_vole_select_aesni, kernels->vole);
    TAKE(SONIC_TIER_AESNI, SONIC_PRIMITIVE_DPF, sonic_dpf_select_aesni, kernels->dpf);
}
#endif

#ifdef SONIC_HAVE_AVX2
static void take_avx2(sonic_kernels *kernels)
{
    TAKE(SONIC_TIER_AVX2, SONIC_PRIMITIVE_BITMAT, sonic_bitmat_select_avx2, &kernels->bitmat);
    TAKE(SONIC_TIER_AVX2, SONIC_PRIMITIVE_BOOL, sonic_bool_select_avx2, &kernels->boolean);
    TAKE(SONIC_TIER_AVX2, SONIC_PRIMITIVE_VEC, sonic_vec_select_avx2, kernels->vec);
    TAKE(SONIC_TIER_AVX2, SONIC_PRIMITIVE_RING, sonic_ring_select_avx2, kernels->ring);
    TAKE(SONIC_TIER_AVX2, SONIC_PRIMITIVE_CONV, sonic_conv_select_avx2, kernels->conv);
}
#endif

#ifdef SONIC_HAVE_VAES256
static void take_vaes256(sonic_kernels *kernels)
{
    TAKE(SONIC_TIER_VAES256, SONIC_PRIMITIVE_AES, sonic_aes_select_vaes256, &kernels->aes);
    TAKE(SONIC_TIER_VAES256, SONIC_PRIMITIVE_GARBLE, sonic_garble_select_vaes256, &kernels->garble);
    TAKE(SONIC_TIER_VAES256, SONIC_PRIMITIVE_OT, sonic_ot_select_vaes256, &kernels->ot);
    TAKE(SONIC_TIER_VAES256, SONIC_PRIMITIVE_VOLE, sonic_vole_select_vaes256, kernels->vole);
    TAKE(SONIC_TIER_VAES256, SONIC_PRIMITIVE_DPF, sonic_dpf_select_vaes256, kernels->dpf);
}
#endif

#ifdef SONIC_HAVE_AVX512
static void take_avx512(sonic_kernels *kernels)
{
    TAKE(SONIC_TIER_AVX512, SONIC_PRIMITIVE_AES, sonic_aes_select_avx512, &kernels->aes);
    TAKE(SONIC_TIER_AVX512, SONIC_PRIMITIVE_GARBLE, sonic_garble_select_avx512, &kernels->garble);
    TAKE(SONIC_TIER_AVX512, SONIC_PRIMITIVE_OT, sonic_ot_select_avx512, &kernels->ot);
    TAKE(SONIC_TIER_AVX512, SONIC_PRIMITIVE_VOLE, sonic_vole_select_avx512, kernels->vole);
    TAKE(SONIC_TIER_AVX512, SONIC_PRIMITIVE_DPF, sonic_dpf_select_avx512, kernels->dpf);
    TAKE(SONIC_TIER_AVX512, SONIC_PRIMITIVE_BITMAT, sonic_bitmat_select_avx512, &kernels->bitmat);
    TAKE(SONIC_TIER_AVX512, SONIC_PRIMITIVE_BOOL, sonic_bool_select_avx512, &kernels->boolean);
    TAKE(SONIC_TIER_AVX512, SONIC_PRIMITIVE_VEC, sonic_vec_select_avx512, kernels->vec);
    TAKE(SONIC_TIER_AVX512, SONIC_PRIMITIVE_RING, sonic_ring_select_avx512, kernels->ring);
    TAKE(SONIC_TIER_AVX512, SONIC_PRIMITIVE_CONV, sonic_conv_select_avx512, kernels->conv);
}
#endif

#ifdef SONIC_HAVE_AVX512IFMA
static void take_avx512ifma(sonic_kernels *kernels)
{
    TAKE(SONIC_TIER_AVX512IFMA, SONIC_PRIMITIVE_RING, sonic_ring_select_avx512ifma, kernels->ring);
    /* Convolutions are these products; their own part is the same. */
    TAKE(SONIC_TIER_AVX512IFMA, SONIC_PRIMITIVE_CONV, sonic_conv_select_avx512, kernels->conv);
}
#endif

/* In rising order; NULL for a tier that was not built. */
static void (*const take_tier[SONIC_TIERS])(sonic_kernels *) = {
    [SONIC_TIER_REF] = take_ref,
#ifdef SONIC_HAVE_AESNI
    [SONIC_TIER_AESNI] = take_aesni,
#endif
#ifdef SONIC_HAVE_AVX2
    [SONIC_TIER_AVX2] = take_avx2,
#endif
#ifdef SONIC_HAVE_VAES256
    [SONIC_TIER_VAES256] = take_vaes256,
#endif
#ifdef SONIC_HAVE_AVX512
    [SONIC_TIER_AVX512] = take_avx512,
#endif
#ifdef SONIC_HAVE_AVX512IFMA
    [SONIC_TIER_AVX512IFMA] = take_avx512ifma,
#endif
};

void sonic_kernels_select(sonic_kernels *kernels, unsigned tiers)
{
    memset(kernels, 0, sizeof *kernels);
    for (unsigned t = 0; t < SONIC_TIERS; t++) {
        const bool wanted = t == SONIC_TIER_REF || (tiers >> t & 1);
        if (!wanted || !take_tier[t])
            continue;
        take_tier[t](kernels);
        kernels->tier = (sonic_tier)t;
    }
}

const char *sonic_tier_name(sonic_tier tier)
{
    return (unsigned)tier < SONIC_TIERS ? tier_names[tier] : NULL;
}

const char *sonic_primitive_name(sonic_primitive primitive)
{
    return (unsigned)primitive < SONIC_PRIMITIVES ? primitive_names[primitive] : NULL;
}
