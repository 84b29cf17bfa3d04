/** @file
 * The vocabulary of kernels/aes/rounds_tmpl.h with one block a register.
 */
#if !defined(__AES__) || !defined(__SSE4_1__)
#error "this file needs -maes -msse4.1"
#endif
#include <immintrin.h>

#define VEC __m128i
#define LANES 1
#define LOAD(p) _mm_loadu_si128((const __m128i *)(const void *)(p))
#define STORE(p, v) _mm_storeu_si128((__m128i *)(void *)(p), v)
#define SPREAD(p) LOAD(p)
#define ZERO() _mm_setzero_si128()
#define XOR _mm_xor_si128
#define AND _mm_and_si128
#define ADD64 _mm_add_epi64
#define SUB64 _mm_sub_epi64
#define SWAP(v) _mm_shuffle_epi32(v, 0x4e)
#define LOW_TWICE(v) _mm_shuffle_epi32(v, 0x44)
#define ENC _mm_aesenc_si128
#define ENCLAST _mm_aesenclast_si128
