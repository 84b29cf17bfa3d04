/* The product kernels, included once a ring by each tier with
 *   RING_BITS     32 or 64
 *   RING_MR       rows of a tile
 *   RING_VECTORS  vectors a row of a tile
 *   RING_FORM     the file that says how packed operands look and are multiplied
 * over the tier's lane vocabulary; all four are undefined at the end. */
#include "kernels/common/load.h"
#include "kernels/common/loop.h"

#define RING_PASTE_(a, bits, b) a##bits##_##b
#define RING_PASTE(a, bits, b) RING_PASTE_(a, bits, b)
#define LANES(name) RING_PASTE(lanes, RING_BITS, name)
#define RING(name) RING_PASTE(ring, RING_BITS, name)
#define WORD(name) SONIC_WORD(name, RING_BITS)
#define FORM(name) RING_PASTE(form, RING_BITS, name)

typedef LANES(element) RING(element);
enum {
    RING(nr) = RING_VECTORS * LANES(count),
    RING(size) = RING_BITS / 8,
};

_Static_assert((int)RING_MR * (int)RING(nr) <= (int)SONIC_RING_TILE_MAX, "a tile fits a buffer");

#include RING_FORM

#include "kernels/ring/panel_tmpl.h"
#include "kernels/ring/skinny_tmpl.h"
#include "kernels/ring/tile_tmpl.h"

static void RING(select)(sonic_ring_kernels *table, size_t kc, size_t mc, size_t nc)
{
    *table = (sonic_ring_kernels){
        .bytes = RING(size),
        .mr = RING_MR,
        .a_words = FORM(words),
        .b = RING(layout),
        .kc = kc,
        .mc = mc,
        .nc = nc,
        .pack_a = RING(pack_a),
        .pack_b = RING(pack_b),
        .seal_b = RING(seal_b),
        .tile = RING(tile),
        .row = RING(row),
        .dot = RING(dot),
    };
}

#undef FORM
#undef WORD
#undef RING
#undef LANES
#undef RING_PASTE
#undef RING_PASTE_
#undef RING_BITS
#undef RING_MR
#undef RING_VECTORS
#undef RING_FORM
