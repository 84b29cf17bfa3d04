/* Ceilings of the products on AVX2. */
#include "kernels/ceiling/ceiling.h"

#include "kernels/ring/lanes_avx2.h"
#include "kernels/ceiling/ring_lanes.h"

void sonic_ceiling_select_avx2(sonic_ceilings *ceilings)
{
    ring_ceilings(ceilings);
}
