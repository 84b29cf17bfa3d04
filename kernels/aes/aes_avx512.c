/* AES-128 on four blocks a register; the key schedule is a lower tier's. */
#include "kernels/aes/aes.h"

#include "kernels/aes/lanes_avx512.h"
#include "kernels/aes/aes_tmpl.h"

void sonic_aes_select_avx512(sonic_aes_kernels *table)
{
    fill(table);
}
