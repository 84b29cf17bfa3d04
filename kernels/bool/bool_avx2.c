/* The bit-sliced kernels compiled for avx2. */
#ifndef __AVX2__
#error "this file needs -mavx2"
#endif
#include "kernels/bool/bool.h"

#include "kernels/bool/bool_tmpl.h"

void sonic_bool_select_avx2(sonic_bool_kernels *table)
{
    fill(table);
}
