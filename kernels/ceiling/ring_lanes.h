/* The products' ceilings at two heights of a tile, over the tier's lane vocabulary. */
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

static void ring_ceilings(sonic_ceilings *ceilings)
{
    ceilings->ring[0][0] = ring32_rows2_ceiling;
    ceilings->ring[0][1] = ring32_rows3_ceiling;
    ceilings->ring[1][0] = ring64_rows2_ceiling;
    ceilings->ring[1][1] = ring64_rows3_ceiling;
}
