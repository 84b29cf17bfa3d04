/* Half gates on one label a register. */
#include "kernels/garble/garble.h"

#include "kernels/aes/lanes_aesni.h"

#define GATHER_G(p) LOAD(p)
#define GATHER_E(p) LOAD((p) + VECTOR)
#include "kernels/garble/garble_tmpl.h"

void sonic_garble_select_aesni(sonic_garble_kernels *table)
{
    fill(table);
}
