/* Function secret sharing on two seeds a register. */
#include "kernels/dpf/dpf.h"

#include "kernels/aes/lanes_vaes256.h"

#define SET(v, bit) _mm256_cmpeq_epi64(AND(v, bit), bit)
#define TWICE(p)                                                                                   \
    _mm256_permute4x64_epi64(                                                                      \
        _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)(p))), 0x50)
#define POWER(n) _mm256_sllv_epi64(SPREAD64(1, 1), n)
#define DOWN64 _mm256_srli_epi64
#define SUB64 _mm256_sub_epi64
#define FIRST_BITS(v)                                                                              \
    _pext_u32((unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_slli_epi64(v, 63))), 5)
#define ADD32 _mm256_add_epi32
#define SUB32 _mm256_sub_epi32
#define LOAD_PAIRS32 TWICE
#define LOAD_PAIRS64 LOAD
#define STORE_PAIRS32(p, v)                                                                        \
    _mm_storeu_si128((__m128i *)(void *)(p),                                                       \
                     _mm256_castsi256_si128(_mm256_permute4x64_epi64(v, 0x08)))
#define STORE_PAIRS64 STORE
#define KEEP AND
#define KEEP_UNLESS _mm256_andnot_si256
#define CHOOSE(mask, x, y) _mm256_blendv_epi8(y, x, mask)
#include "kernels/dpf/dpf_tmpl.h"

void sonic_dpf_select_vaes256(sonic_dpf_kernels *table)
{
    fill(table);
}
