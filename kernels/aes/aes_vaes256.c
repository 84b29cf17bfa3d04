/* AES-128 on two blocks a register; one key is expanded by a lower tier. */
#include "kernels/aes/aes.h"

#include "kernels/aes/lanes_vaes256.h"
#include "kernels/aes/aes_tmpl.h"

void sonic_aes_select_vaes256(sonic_aes_kernels *table)
{
    fill(table);
}
