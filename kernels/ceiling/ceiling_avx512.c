/* Ceilings on AVX-512: the products, and the AES instructions on four blocks a
 * register. */
#include "kernels/ceiling/ceiling.h"

#include "kernels/ring/lanes_avx512.h"

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

#define VEC __m512i
#define BLOCKS 4
#define LOAD(p) _mm512_loadu_si512((const void *)(p))
#define STORE(p, v) _mm512_storeu_si512((void *)(p), v)
#define ENC _mm512_aesenc_epi128
#include "kernels/ceiling/aes_tmpl.h"

void sonic_ceiling_select_avx512(sonic_ceilings *ceilings)
{
    ceilings->ring[0][0] = ring32_rows2_ceiling;
    ceilings->ring[0][1] = ring32_rows3_ceiling;
    ceilings->ring[1][0] = ring64_rows2_ceiling;
    ceilings->ring[1][1] = ring64_rows3_ceiling;
    ceilings->aes = aes_ceiling;
}
