/* Costs of ReLU by garbled circuits. */
#include "proto/offline/gc_plan.h"

#include "proto/ot/pair.h"

unsigned sonic_gc_ands(sonic_ring ring, unsigned shift)
{
    return 3 * ((unsigned)ring - 1) - shift;
}

sonic_gc_cost sonic_gc_cost_of(sonic_ring ring, uint64_t n, unsigned shift)
{
    const uint64_t half = n / 2 + n % 2, labels = 16 * (uint64_t)ring, word = (uint64_t)ring / 8;
    const uint64_t made = half * (labels + 32 * (uint64_t)sonic_gc_ands(ring, shift) + word);
    return (sonic_gc_cost){
        .prepare_bytes = made,
        .prepare_rounds = 2 * (half / SONIC_GC_GROUP + (half % SONIC_GC_GROUP != 0)),
        .spill_bytes = made,
        .online_bytes = half * (word + labels),
        .online_rounds = n ? 2 : 0,
    };
}

sonic_gc_cost sonic_gc_setup_cost(void)
{
    return (sonic_gc_cost){
        .prepare_bytes = SONIC_GC_HELLO_BYTES + sonic_ot_pair_bytes(SONIC_GC_OT_K),
        .prepare_rounds = 1 + sonic_ot_pair_rounds(SONIC_GC_OT_K),
    };
}
