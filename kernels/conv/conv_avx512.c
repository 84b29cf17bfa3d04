/* Patches and depthwise convolutions mod 2^32 and 2^64: AVX-512. */
#include "kernels/conv/conv.h"

#include <string.h>

#include "kernels/conv/conv_range.h"
#include "kernels/ring/lanes_avx512.h"

#define CONV_BITS 32
#include "kernels/conv/conv_tmpl.h"

#define CONV_BITS 64
#include "kernels/conv/conv_tmpl.h"

void sonic_conv_select_avx512(sonic_conv_kernels table[2])
{
    conv32_select(&table[0]);
    conv64_select(&table[1]);
}
