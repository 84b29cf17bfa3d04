/* Ceilings on AVX-512: the products, and the AES instructions on four blocks a register. */
#include "kernels/ceiling/ceiling.h"

#include "kernels/ring/lanes_avx512.h"
#include "kernels/ceiling/ring_lanes.h"

#include "kernels/aes/lanes_avx512.h"
#include "kernels/ceiling/aes_tmpl.h"

void sonic_ceiling_select_avx512(sonic_ceilings *ceilings)
{
    ring_ceilings(ceilings);
    ceilings->aes = aes_ceiling;
}
