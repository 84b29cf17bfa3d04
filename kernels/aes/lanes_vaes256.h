/** @file
 * The vocabulary of kernels/aes/rounds_tmpl.h with two blocks a register.
 */
#if !defined(__VAES__) || !defined(__AVX2__)
#error "this file needs -mvaes -mavx2"
#endif
#include <immintrin.h>

#include "kernels/common/loop.h"

#define VEC __m256i
#define LANES 2
#define REGISTER "x"
#define LOAD(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define STORE(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), v)
#define STORE_APART(p, stride, v)                                                                  \
    (_mm_storeu_si128((__m128i *)(void *)(p), _mm256_castsi256_si128(v)),                          \
     _mm_storeu_si128((__m128i *)(void *)((p) + (stride)), _mm256_extracti128_si256(v, 1)))
#define SPREAD(p) _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)(p)))
#define SPREAD64(x, y) _mm256_broadcastsi128_si256(_mm_set_epi64x((int64_t)(y), (int64_t)(x)))
#define SPREAD32(x) _mm256_set1_epi32((int)(x))
#define FIRST_TWICE(p) load_twice(p)
#define SECOND(p) _mm256_srli_si256(LOAD(p), 8)
#define XOR _mm256_xor_si256
#define XOR3(x, y, z) XOR(XOR(x, y), z)
#define AND _mm256_and_si256
#define ADD64 _mm256_add_epi64
#define BYTES _mm256_shuffle_epi8
#define UP _mm256_slli_si256
#define DEAL(p, x, y)                                                                              \
    (STORE(p, _mm256_permute2x128_si256(x, y, 0x20)),                                              \
     STORE((p) + 32, _mm256_permute2x128_si256(x, y, 0x31)))
#define MASK VEC
#define ODD(x, ones) _mm256_sub_epi64(_mm256_setzero_si256(), AND(x, ones))
#define ADD_WHERE(x, mask, y) XOR(x, AND(mask, y))
#define ENC _mm256_aesenc_epi128
#define ENCLAST _mm256_aesenclast_epi128

/* By hand, because a load that doubles needs none of the ports of AES, and compilers rather shuffle
 * what they have loaded. */
SONIC_INLINE VEC load_twice(const uint8_t *p)
{
    VEC v;
    __asm__("vmovddup %1, %0" : "=x"(v) : "m"(*(const __m256i_u *)(const void *)p));
    return v;
}
