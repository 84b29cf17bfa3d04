/* Products mod 2^32 and 2^64: AVX2. */
#include "kernels/ring/ring.h"

#include <string.h>

#include "kernels/ring/lanes_avx2.h"

#define RING_BITS 32
#define RING_MR 6
#define RING_VECTORS 2
#define RING_FORM "kernels/ring/form_avx2_tmpl.h"
#include "kernels/ring/ring_tmpl.h"

#define RING_BITS 64
#define RING_MR 3
#define RING_VECTORS 2
#define RING_FORM "kernels/ring/form_avx2_tmpl.h"
#include "kernels/ring/ring_tmpl.h"

void sonic_ring_select_avx2(sonic_ring_kernels table[2])
{
    ring32_select(&table[0], 288, 96, 256);
    ring64_select(&table[1], 288, 48, 256);
}
