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
#define STORE_LANE(p, v, lane)                                                                     \
    _mm_storeu_si128((__m128i *)(void *)(p), _mm512_extracti32x4_epi32(v, lane))
#define STORE_APART(p, stride, v)                                                                  \
    (STORE_LANE(p, v, 0), STORE_LANE((p) + (stride), v, 1), STORE_LANE((p) + 2 * (stride), v, 2),  \
     STORE_LANE((p) + 3 * (stride), v, 3))
/* From two registers, their 64-bit halves numbered 0 to 7 and 8 to 15. */
#define PICK(x, y, ...) _mm512_permutex2var_epi64(x, _mm512_setr_epi64(__VA_ARGS__), y)
#define SPREAD(p) _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)(p)))
#define SPREAD64(x, y) _mm512_broadcast_i32x4(_mm_set_epi64x((int64_t)(y), (int64_t)(x)))
#define SPREAD32(x) _mm512_set1_epi32((int)(x))
#define FIRST_TWICE(p) _mm512_shuffle_epi32(LOAD(p), (_MM_PERM_ENUM)0x44)
#define SECOND(p) _mm512_bsrli_epi128(LOAD(p), 8)
#define XOR _mm512_xor_si512
#define XOR3(x, y, z) _mm512_ternarylogic_epi64(x, y, z, 0x96)
#define AND _mm512_and_si512
#define ADD64 _mm512_add_epi64
#define BYTES _mm512_shuffle_epi8
#define UP _mm512_bslli_epi128
#define DEAL(p, x, y)                                                                              \
    (STORE(p, PICK(x, y, 0, 1, 8, 9, 2, 3, 10, 11)),                                               \
     STORE((p) + 64, PICK(x, y, 4, 5, 12, 13, 6, 7, 14, 15)))
#define MASK __mmask8
#define ODD(x, ones) _mm512_test_epi64_mask(x, ones)
#define ADD_WHERE(x, mask, y) _mm512_mask_xor_epi64(x, mask, x, y)
#define ENC _mm512_aesenc_epi128
#define ENCLAST _mm512_aesenclast_epi128
