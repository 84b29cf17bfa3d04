/* Function secret sharing on four seeds a register. */
#include "kernels/dpf/dpf.h"

#include "kernels/aes/lanes_avx512.h"

#define SET _mm512_test_epi64_mask
#define TWICE(p)                                                                                   \
    _mm512_permutexvar_epi64(                                                                      \
        _mm512_setr_epi64(0, 0, 1, 1, 2, 2, 3, 3),                                                 \
        _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(const void *)(p))))
#define POWER(n) _mm512_sllv_epi64(SPREAD64(1, 1), n)
#define DOWN64(v, n) _mm512_srli_epi64(v, n)
#define SUB64 _mm512_sub_epi64
#define FIRST_BITS(v) _pext_u32(_mm512_test_epi64_mask(v, SPREAD64(1, 0)), 0x55)
#define ADD32 _mm512_add_epi32
#define SUB32 _mm512_sub_epi32
#define LOAD_PAIRS32 TWICE
#define LOAD_PAIRS64 LOAD
#define STORE_PAIRS32(p, v)                                                                        \
    _mm256_storeu_si256((__m256i *)(void *)(p),                                                    \
                        _mm512_castsi512_si256(PICK(v, v, 0, 2, 4, 6, 0, 2, 4, 6)))
#define STORE_PAIRS64 STORE
#define KEEP _mm512_maskz_mov_epi64
#define KEEP_UNLESS(mask, v) _mm512_mask_mov_epi64(v, mask, SPREAD64(0, 0))
#define CHOOSE(mask, x, y) _mm512_mask_mov_epi64(y, mask, x)
#include "kernels/dpf/dpf_tmpl.h"

void sonic_dpf_select_avx512(sonic_dpf_kernels *table)
{
    fill(table);
}
