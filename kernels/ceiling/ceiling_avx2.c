/* Ceilings of the products on AVX2. */
#include "kernels/ceiling/ceiling.h"

#include "kernels/ring/lanes_avx2.h"

#define CEILING_BITS 32
#include "kernels/ceiling/ring_tmpl.h"

#define CEILING_BITS 64
#include "kernels/ceiling/ring_tmpl.h"

void sonic_ceiling_select_avx2(sonic_ceilings *ceilings)
{
    ceilings->ring[0][0] = ring32_ceiling;
    ceilings->ring[1][0] = ring64_ceiling;
}
