/* Ceiling of the AES instructions on one block a register. */
#ifndef __AES__
#error "this file is built with the flags of the aesni tier"
#endif
#include "kernels/ceiling/ceiling.h"

#include <immintrin.h>

#define VEC __m128i
#define BLOCKS 1
#define LOAD(p) _mm_loadu_si128((const __m128i *)(const void *)(p))
#define STORE(p, v) _mm_storeu_si128((__m128i *)(void *)(p), v)
#define ENC _mm_aesenc_si128
#include "kernels/ceiling/aes_tmpl.h"

void sonic_ceiling_select_aesni(sonic_ceilings *ceilings)
{
    ceilings->aes = aes_ceiling;
}
