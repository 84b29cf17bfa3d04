/* Ceilings of the products on AVX-512 with vpmadd52 and vpdpwssd: the mixes of kernels/ring's
 * form_ifma_tmpl.h and form_vnni_tmpl.h, and vpmullq's and vpmulld's, which skinny products use. */
#include "kernels/ceiling/ceiling.h"

#include "kernels/ring/lanes_avx512.h"
#include "kernels/ceiling/ring_lanes.h"

enum { TILES = 8 }; /* vectors of sums: as many chains as hide the latency of four cycles */

#define ADD(instruction, sum, a, b) __asm__(instruction " %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b))

static uint64_t ifma_ceiling(uint64_t steps, void *sink)
{
    uint64_t *memory = sink;
    const __m512i a = _mm512_loadu_si512(memory), b = _mm512_loadu_si512(memory + 8);
    __m512i low[TILES], high[TILES], cross[TILES];
#pragma GCC unroll 8
    for (unsigned i = 0; i < TILES; i++)
        low[i] = high[i] = cross[i] = a;
    for (uint64_t s = 0; s < steps; s++) {
#pragma GCC unroll 2
        for (unsigned p = 0; p < 2; p++)
#pragma GCC unroll 8
            for (unsigned i = 0; i < TILES; i++) {
                ADD("vpmadd52luq", low[i], a, b);
                ADD("vpmadd52huq", high[i], a, b);
            }
#pragma GCC unroll 8
        for (unsigned i = 0; i < TILES; i++)
            ADD("vpdpwssd", cross[i], a, b);
    }
#pragma GCC unroll 8
    for (unsigned i = 0; i < TILES; i++)
        _mm512_storeu_si512(memory + 8 * i,
                            _mm512_add_epi64(low[i], _mm512_add_epi64(high[i], cross[i])));
    return steps * 2 * TILES * 8;
}

static uint64_t vnni_ceiling(uint64_t steps, void *sink)
{
    uint32_t *memory = sink;
    const __m512i a = _mm512_loadu_si512(memory), b = _mm512_loadu_si512(memory + 16);
    __m512i low[TILES], cross[TILES];
#pragma GCC unroll 8
    for (unsigned i = 0; i < TILES; i++)
        low[i] = cross[i] = a;
    for (uint64_t s = 0; s < steps; s++) {
#pragma GCC unroll 8
        for (unsigned i = 0; i < TILES; i++) {
            ADD("vpdpwssd", low[i], a, b);
            ADD("vpdpwssd", cross[i], a, b);
        }
#pragma GCC unroll 8
        for (unsigned i = 0; i < TILES; i++)
            ADD("vpdpwssd", cross[i], b, a);
    }
#pragma GCC unroll 8
    for (unsigned i = 0; i < TILES; i++)
        _mm512_storeu_si512(memory + 16 * i, _mm512_add_epi32(low[i], cross[i]));
    return steps * 2 * TILES * 16;
}

void sonic_ceiling_select_avx512ifma(sonic_ceilings *ceilings)
{
    ring_ceilings(ceilings);
    ceilings->ring[0][2] = vnni_ceiling;
    ceilings->ring[1][2] = ifma_ceiling;
}
