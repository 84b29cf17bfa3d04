/* Half gates on one label a register. */
#include "kernels/garble/garble.h"

#include "kernels/aes/lanes_aesni.h"

#define DEAL(first, second, g, e) ((first) = (g), (second) = (e))
#define GATHER(g, e, first, second) ((g) = (first), (e) = (second))
#include "kernels/garble/garble_tmpl.h"

void sonic_garble_select_aesni(sonic_garble_kernels *table)
{
    fill(table);
}
