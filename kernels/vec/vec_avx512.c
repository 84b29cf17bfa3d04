/* The elementwise kernels compiled for avx512. */
#ifndef __AVX512DQ__
#error "this file needs -mavx512dq"
#endif
#include "kernels/vec/vec.h"

#define BITS 32
#include "kernels/vec/vec_tmpl.h"
#define BITS 64
#include "kernels/vec/vec_tmpl.h"

void sonic_vec_select_avx512(sonic_vec_kernels *table)
{
    fill_32(&table[0]);
    fill_64(&table[1]);
}
