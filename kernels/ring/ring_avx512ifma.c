/* Products mod 2^32 and 2^64: AVX-512 with vpdpwssd and vpmadd52. */
#include "kernels/ring/ring.h"

#include <string.h>

#include "kernels/ring/lanes_avx512.h"

#define RING_BITS 32
#define RING_MR 6
#define RING_VECTORS 2
#define RING_FORM "kernels/ring/form_vnni_tmpl.h"
#include "kernels/ring/ring_tmpl.h"

#define RING_BITS 64
#define RING_MR 4
#define RING_VECTORS 2
#define RING_FORM "kernels/ring/form_ifma_tmpl.h"
#include "kernels/ring/ring_tmpl.h"

void sonic_ring_select_avx512ifma(sonic_ring_kernels table[2])
{
    ring32_select(&table[0], 192, 96, 256);
    ring64_select(&table[1], 192, 96, 256);
}
