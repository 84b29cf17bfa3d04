/* Ceilings on AVX-512: the products, and the AES instructions on four blocks a register. */
#include "kernels/ceiling/ceiling.h"

#include "kernels/ring/lanes_avx512.h"
#include "kernels/ceiling/ring_lanes.h"

#define VEC __m512i
#define BLOCKS 4
#define LOAD(p) _mm512_loadu_si512((const void *)(p))
#define STORE(p, v) _mm512_storeu_si512((void *)(p), v)
#define ENC _mm512_aesenc_epi128
#include "kernels/ceiling/aes_tmpl.h"

void sonic_ceiling_select_avx512(sonic_ceilings *ceilings)
{
    ring_ceilings(ceilings);
    ceilings->aes = aes_ceiling;
}
