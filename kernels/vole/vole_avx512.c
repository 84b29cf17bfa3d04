/* VOLE over rings on four blocks a register. */
#include "kernels/vole/vole.h"

#include "kernels/aes/lanes_avx512.h"

#define ADD8 _mm512_add_epi8
#define ADD16 _mm512_add_epi16
#define ADD32 _mm512_add_epi32
#include "kernels/vole/fold_tmpl.h"
#include "kernels/vole/pack_shuffle.h"

#define BITS 32
#include "kernels/vole/vole_tmpl.h"
#define BITS 64
#include "kernels/vole/vole_tmpl.h"

void sonic_vole_select_avx512(sonic_vole_kernels table[2])
{
    fill_32(&table[0]);
    fill_64(&table[1]);
}
