/* Half gates on two labels a register. */
#include "kernels/garble/garble.h"

#include "kernels/aes/lanes_vaes256.h"

#define DEAL(first, second, g, e)                                                                  \
    ((first) = _mm256_permute2x128_si256(g, e, 0x20),                                              \
     (second) = _mm256_permute2x128_si256(g, e, 0x31))
#define GATHER(g, e, first, second) DEAL(g, e, first, second)
#include "kernels/garble/garble_tmpl.h"

void sonic_garble_select_vaes256(sonic_garble_kernels *table)
{
    fill(table);
}
