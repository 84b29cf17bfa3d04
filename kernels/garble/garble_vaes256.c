/* Half gates on two labels a register. */
#include "kernels/garble/garble.h"

#include "kernels/aes/lanes_vaes256.h"

#define GATHER_G(p) _mm256_permute2x128_si256(LOAD(p), LOAD((p) + VECTOR), 0x20)
#define GATHER_E(p) _mm256_permute2x128_si256(LOAD(p), LOAD((p) + VECTOR), 0x31)
#include "kernels/garble/garble_tmpl.h"

void sonic_garble_select_vaes256(sonic_garble_kernels *table)
{
    fill(table);
}
