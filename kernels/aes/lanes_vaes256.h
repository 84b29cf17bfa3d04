/** @file
 * The vocabulary of kernels/aes/rounds_tmpl.h with two blocks a register.
 */
#if !defined(__VAES__) || !defined(__AVX2__)
#error "this file needs -mvaes -mavx2"
#endif
#include <immintrin.h>

#define VEC __m256i
#define LANES 2
#define LOAD(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define STORE(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), v)
#define SPREAD(p) _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)(p)))
#define ZERO() _mm256_setzero_si256()
#define XOR _mm256_xor_si256
#define AND _mm256_and_si256
#define ADD64 _mm256_add_epi64
#define SUB64 _mm256_sub_epi64
#define SWAP(v) _mm256_shuffle_epi32(v, 0x4e)
#define LOW_TWICE(v) _mm256_shuffle_epi32(v, 0x44)
#define ENC _mm256_aesenc_epi128
#define ENCLAST _mm256_aesenclast_epi128
