/* Patches and depthwise convolutions mod 2^32 and 2^64: AVX-512. */
#include "kernels/conv/conv.h"

#include <string.h>

#include "kernels/common/load.h"
#include "kernels/common/loop.h"
#include "kernels/conv/conv_range.h"
#include "kernels/ring/lanes_avx512.h"

#define CONV_BITS 32
#include "kernels/conv/conv_tmpl.h"
#define DEPTHWISE_BITS 32
#include "kernels/conv/depthwise_tmpl.h"

#define CONV_BITS 64
#include "kernels/conv/conv_tmpl.h"
#define DEPTHWISE_BITS 64
#include "kernels/conv/depthwise_tmpl.h"

void sonic_conv_select_avx512(sonic_conv_kernels table[2])
{
    table[0] = (sonic_conv_kernels){.pack = conv32_pack, .depthwise = depthwise32_run};
    table[1] = (sonic_conv_kernels){.pack = conv64_pack, .depthwise = depthwise64_run};
}
