/* Function secret sharing on one seed a register. */
#include "kernels/dpf/dpf.h"

#include "kernels/aes/lanes_aesni.h"

#define SET(v, bit) _mm_cmpeq_epi64(AND(v, bit), bit)
#define TWICE(p) load_twice((const uint8_t *)(p))
#define POWER power
#define DOWN64 _mm_srli_epi64
#define SUB64 _mm_sub_epi64
#define FIRST_BITS(v) ((unsigned)_mm_cvtsi128_si32(v) & 1)
#define ADD32 _mm_add_epi32
#define SUB32 _mm_sub_epi32
#define LOAD_PAIRS32(p) _mm_loadl_epi64((const __m128i *)sonic_at64(p, 0))
#define LOAD_PAIRS64 LOAD
#define STORE_PAIRS32(p, v) _mm_storel_epi64((__m128i *)sonic_place64(p, 0), v)
#define STORE_PAIRS64 STORE
#define KEEP AND
#define KEEP_UNLESS _mm_andnot_si128
#define CHOOSE(mask, x, y) _mm_blendv_epi8(y, x, mask)

/* 2^n in each half, 0 for n from 64 on; n < 128.  Valgrind cannot see that a vector's shift takes
 * no longer by one count than by another. */
SONIC_INLINE VEC power(VEC n)
{
    const uint64_t low = (uint64_t)_mm_cvtsi128_si64(n), high = (uint64_t)_mm_extract_epi64(n, 1);
    return SPREAD64((low >> 6 ^ 1) << (low & 63), (high >> 6 ^ 1) << (high & 63));
}
#include "kernels/dpf/dpf_tmpl.h"

void sonic_dpf_select_aesni(sonic_dpf_kernels *table)
{
    fill(table);
}
