/* AES-128 on two blocks a register; the key schedule is a lower tier's. */
#if !defined(__VAES__) || !defined(__AVX2__)
#error "this file needs -mvaes -mavx2"
#endif
#include "kernels/aes/aes.h"

#include <immintrin.h>

#define VEC __m256i
#define LANES 2
#define LOAD(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define STORE(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), v)
#define SPREAD(p) _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)(p)))
#define XOR _mm256_xor_si256
#define AND _mm256_and_si256
#define ADD64 _mm256_add_epi64
#define SWAP(v) _mm256_shuffle_epi32(v, 0x4e)
#define ENC _mm256_aesenc_epi128
#define ENCLAST _mm256_aesenclast_epi128
#include "kernels/aes/aes_tmpl.h"

void sonic_aes_select_vaes256(sonic_aes_kernels *table)
{
    fill(table);
}
