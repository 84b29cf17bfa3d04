/* Ceilings of the products on AVX2. */
#include "kernels/ceiling/ceiling.h"

#include "kernels/ring/lanes_avx2.h"

#define CEILING_BITS 32
#define CEILING_ROWS 2
#include "kernels/ceiling/ring_tmpl.h"

#define CEILING_BITS 32
#define CEILING_ROWS 3
#include "kernels/ceiling/ring_tmpl.h"

#define CEILING_BITS 64
#define CEILING_ROWS 2
#include "kernels/ceiling/ring_tmpl.h"

#define CEILING_BITS 64
#define CEILING_ROWS 3
#include "kernels/ceiling/ring_tmpl.h"

void sonic_ceiling_select_avx2(sonic_ceilings *ceilings)
{
    ceilings->ring[0][0] = ring32_rows2_ceiling;
    ceilings->ring[0][1] = ring32_rows3_ceiling;
    ceilings->ring[1][0] = ring64_rows2_ceiling;
    ceilings->ring[1][1] = ring64_rows3_ceiling;
}
