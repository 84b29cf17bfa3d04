/* Half gates on four labels a register. */
#include "kernels/garble/garble.h"

#include "kernels/aes/lanes_avx512.h"

#define GATHER_G(p) PICK(LOAD(p), LOAD((p) + VECTOR), 0, 1, 4, 5, 8, 9, 12, 13)
#define GATHER_E(p) PICK(LOAD(p), LOAD((p) + VECTOR), 2, 3, 6, 7, 10, 11, 14, 15)
#include "kernels/garble/garble_tmpl.h"

void sonic_garble_select_avx512(sonic_garble_kernels *table)
{
    fill(table);
}
