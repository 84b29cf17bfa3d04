/* AES-128 with the AES instructions on one block a register. */
#include "kernels/aes/aes.h"

#include "kernels/aes/lanes_aesni.h"
#include "kernels/aes/aes_tmpl.h"

static void expand(sonic_aes_key *key, const uint8_t seed[16])
{
    expand_vectors(key, seed, 1);
}

void sonic_aes_select_aesni(sonic_aes_kernels *table)
{
    fill(table);
    table->expand = expand;
}
