/** @file
 * The vocabulary of kernels/aes/rounds_tmpl.h with four blocks a register.
 */
#if !defined(__VAES__) || !defined(__AVX512F__)
#error "this file needs -mvaes -mavx512f"
#endif
#include <immintrin.h>

#define VEC __m512i
#define LANES 4
#define LOAD(p) _mm512_loadu_si512((const void *)(p))
#define STORE(p, v) _mm512_storeu_si512((void *)(p), v)
#define SPREAD(p) _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)(p)))
#define ZERO() _mm512_setzero_si512()
#define XOR _mm512_xor_si512
#define AND _mm512_and_si512
#define ADD64 _mm512_add_epi64
#define SUB64 _mm512_sub_epi64
#define SWAP(v) _mm512_shuffle_epi32(v, (_MM_PERM_ENUM)0x4e)
#define LOW_TWICE(v) _mm512_shuffle_epi32(v, (_MM_PERM_ENUM)0x44)
#define ENC _mm512_aesenc_epi128
#define ENCLAST _mm512_aesenclast_epi128
