/* The bit-sliced kernels compiled for avx512. */
#ifndef __AVX512DQ__
#error "this file needs -mavx512dq"
#endif
#include "kernels/bool/bool.h"

#include "kernels/bool/bool_tmpl.h"

void sonic_bool_select_avx512(sonic_bool_kernels *table)
{
    fill(table);
}
