/** @file
 * The vocabulary of kernels/aes/rounds_tmpl.h with one block a register.
 */
#if !defined(__AES__) || !defined(__SSE4_1__)
#error "this file needs -maes -msse4.1"
#endif
#include <immintrin.h>

#include "kernels/common/load.h"
#include "kernels/common/loop.h"

#define VEC __m128i
#define LANES 1
#define REGISTER "x"
#define LOAD(p) _mm_loadu_si128((const __m128i *)(const void *)(p))
#define STORE(p, v) _mm_storeu_si128((__m128i *)(void *)(p), v)
#define STORE_APART(p, stride, v) STORE(p, v)
#define SPREAD(p) LOAD(p)
#define SPREAD64(x, y) _mm_set_epi64x((int64_t)(y), (int64_t)(x))
#define SPREAD32(x) _mm_set1_epi32((int)(x))
#define FIRST_TWICE(p) load_twice(p)
#define SECOND(p) _mm_loadl_epi64((const __m128i *)sonic_at64(p, 1))
#define XOR _mm_xor_si128
#define XOR3(x, y, z) XOR(XOR(x, y), z)
#define AND _mm_and_si128
#define ADD64 _mm_add_epi64
#define BYTES _mm_shuffle_epi8
#define UP _mm_slli_si128
#define DEAL(p, x, y) (STORE(p, x), STORE((p) + 16, y))
#define MASK VEC
#define ODD(x, ones) _mm_sub_epi64(_mm_setzero_si128(), AND(x, ones))
#define ADD_WHERE(x, mask, y) XOR(x, AND(mask, y))
#define ENC _mm_aesenc_si128
#define ENCLAST _mm_aesenclast_si128

/* By hand, because a load that doubles needs none of the ports of AES, and compilers rather shuffle
 * what they have loaded. */
SONIC_INLINE VEC load_twice(const uint8_t *p)
{
    VEC v;
    __asm__("movddup %1, %0" : "=x"(v) : "m"(*(const sonic_any64 *)(const void *)p));
    return v;
}
