/* The geometry and the costs of comparisons and truncations by function secret sharing. */
#include "proto/offline/fss_plan.h"

#include "kernels/dpf/dpf.h"

static size_t element_bytes(sonic_ring ring)
{
    return (size_t)ring / 8;
}

size_t sonic_fss_sign_bytes(sonic_fss_kind kind, sonic_ring ring, size_t rows)
{
    return kind == SONIC_FSS_RELU ? rows * sonic_dpf_key_bytes((unsigned)ring - 1) : 0;
}

size_t sonic_fss_step_bytes(sonic_ring ring, unsigned shift, size_t rows)
{
    return shift > 0 ? rows * sonic_dpf_step_key_bytes(element_bytes(ring), shift) : 0;
}

unsigned sonic_fss_dealt_elements(sonic_fss_kind kind, unsigned shift)
{
    return kind == SONIC_FSS_RELU && shift > 0 ? 5 : 2;
}

sonic_fss_cost sonic_fss_cost_of(sonic_fss_kind kind, sonic_ring ring, uint64_t n, unsigned shift)
{
    if (n == 0)
        return (sonic_fss_cost){0};
    const uint64_t word = n * element_bytes(ring), bits = n / 8 + (n % 8 != 0);
    const uint64_t keys =
        sonic_fss_sign_bytes(kind, ring, n) + sonic_fss_step_bytes(ring, shift, n);
    return (sonic_fss_cost){
        .online_bytes = kind == SONIC_FSS_RELU ? word + bits : word,
        .online_rounds = kind == SONIC_FSS_RELU ? 2 : 1,
        .common_bytes = keys,
        .offline_bytes = keys + sonic_fss_dealt_elements(kind, shift) * word,
    };
}
