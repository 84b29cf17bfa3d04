/** @file
 * The vocabulary of kernels/aes/rounds_tmpl.h with four blocks a register.
 */
#if !defined(__VAES__) || !defined(__AVX512BW__)
#error "this file needs -mvaes -mavx512f -mavx512bw"
#endif
#include <immintrin.h>

#define VEC __m512i
#define LANES 4
#define REGISTER "v"
#define LOAD(p) _mm512_loadu_si512((const void *)(p))
#define STORE(p, v) _mm512_storeu_si512((void *)(p), v)
#define SPREAD(p) _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)(p)))
#define SPREAD64(x, y) _mm512_broadcast_i32x4(_mm_set_epi64x((int64_t)(y), (int64_t)(x)))
#define FIRST_TWICE(p) _mm512_shuffle_epi32(LOAD(p), (_MM_PERM_ENUM)0x44)
#define SECOND(p) _mm512_bsrli_epi128(LOAD(p), 8)
#define XOR _mm512_xor_si512
#define XOR3(x, y, z) _mm512_ternarylogic_epi64(x, y, z, 0x96)
#define AND _mm512_and_si512
#define ADD64 _mm512_add_epi64
#define ENC _mm512_aesenc_epi128
#define ENCLAST _mm512_aesenclast_epi128
