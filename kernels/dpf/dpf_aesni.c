/* Function secret sharing on one seed a register. */
#include "kernels/dpf/dpf.h"

#include "kernels/aes/lanes_aesni.h"

#define SET(v, bit) _mm_cmpeq_epi64(AND(v, bit), bit)
#define TWICE(p) load_twice((const uint8_t *)(p))
#define POWER(n)                                                                                   \
    XOR(_mm_sll_epi64(SPREAD64(1, 0), n), _mm_sll_epi64(SPREAD64(0, 1), _mm_srli_si128(n, 8)))
#define DOWN64 _mm_srli_epi64
#define SUB64 _mm_sub_epi64
#define FIRST_BITS(v) ((unsigned)_mm_cvtsi128_si32(v) & 1)
#include "kernels/dpf/dpf_tmpl.h"

void sonic_dpf_select_aesni(sonic_dpf_kernels *table)
{
    fill(table);
}
