/* Ceiling of the AES instructions on two blocks a register. */
#include "kernels/ceiling/ceiling.h"

#include "kernels/aes/lanes_vaes256.h"
#include "kernels/ceiling/aes_tmpl.h"

void sonic_ceiling_select_vaes256(sonic_ceilings *ceilings)
{
    ceilings->aes = aes_ceiling;
}
