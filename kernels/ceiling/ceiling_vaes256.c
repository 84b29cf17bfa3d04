/* Ceiling of the AES instructions on two blocks a register. */
#ifndef __VAES__
#error "this file is built with the flags of the vaes256 tier"
#endif
#include "kernels/ceiling/ceiling.h"

#include <immintrin.h>

#define VEC __m256i
#define BLOCKS 2
#define LOAD(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define STORE(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), v)
#define ENC _mm256_aesenc_epi128
#include "kernels/ceiling/aes_tmpl.h"

void sonic_ceiling_select_vaes256(sonic_ceilings *ceilings)
{
    ceilings->aes = aes_ceiling;
}
