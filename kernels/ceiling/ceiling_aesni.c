/* Ceiling of the AES instructions on one block a register. */
#include "kernels/ceiling/ceiling.h"

#include "kernels/aes/lanes_aesni.h"
#include "kernels/ceiling/aes_tmpl.h"

void sonic_ceiling_select_aesni(sonic_ceilings *ceilings)
{
    ceilings->aes = aes_ceiling;
}
