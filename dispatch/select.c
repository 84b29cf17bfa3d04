/* Fills the table of kernels: the only file that names tiers.  A tier overrides what it has and inherits
 * the rest from the tiers below it. */
#include "config.h"

#include "dispatch/kernels.h"

#include <string.h>

static const char *const tier_names[SONIC_TIERS] = {"ref", "aesni", "avx2", "vaes256", "avx512"};
static const char *const primitive_names[SONIC_PRIMITIVES] = {"aes", "bitmat", "bool", "vec", "ring", "conv"};

/* Each sets what its tier has.  `mine` notes where a primitive's kernels come from. */
static void mine(sonic_kernels *kernels, sonic_primitive primitive, sonic_tier tier)
{
    kernels->chosen[primitive] = tier;
}

static void take_ref(sonic_kernels *kernels)
{
    sonic_aes_select_ref(&kernels->aes);
    sonic_bitmat_select_ref(&kernels->bitmat);
    sonic_bool_select_ref(&kernels->boolean);
    sonic_vec_select_ref(kernels->vec);
    for (unsigned p = 0; p < SONIC_PRIMITIVES; p++)
        mine(kernels, (sonic_primitive)p, SONIC_TIER_REF);
}

void sonic_kernels_select(sonic_kernels *kernels, unsigned tiers)
{
    memset(kernels, 0, sizeof *kernels);
    take_ref(kernels);
    kernels->tier = SONIC_TIER_REF;
    (void)tiers;
}

const char *sonic_tier_name(sonic_tier tier)
{
    return (unsigned)tier < SONIC_TIERS ? tier_names[tier] : NULL;
}

const char *sonic_primitive_name(sonic_primitive primitive)
{
    return (unsigned)primitive < SONIC_PRIMITIVES ? primitive_names[primitive] : NULL;
}
