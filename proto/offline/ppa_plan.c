/* The geometry and the costs of a ppa call and of a max-pool's levels. */
#include "proto/offline/ppa_plan.h"

unsigned sonic_ppa_levels(sonic_ring ring)
{
    return ring == SONIC_RING_64 ? 6 : 5;
}

sonic_ppa_level sonic_ppa_level_of(sonic_ring ring, unsigned level)
{
    unsigned pairs = level == 0 ? (unsigned)ring / 2 - 1 : (unsigned)ring >> (level + 1);
    return (sonic_ppa_level){.pairs = pairs, .full = level == 0 ? pairs : pairs - 1};
}

size_t sonic_ppa_plane_bytes(size_t planes, size_t rows)
{
    return (planes * rows + 7) / 8;
}

unsigned sonic_ppa_dealt_elements(unsigned shift, sonic_truncation truncation)
{
    return shift > 0 && truncation == SONIC_TRUNC_STOCHASTIC ? 4 : 2;
}

size_t sonic_ppa_wire_bytes(sonic_ring ring, unsigned round, size_t rows)
{
    if (round == 0)
        return sonic_ppa_plane_bytes((size_t)ring - 1, rows);
    if (round > sonic_ppa_levels(ring))
        return rows * ((size_t)ring / 8) + sonic_ppa_plane_bytes(1, rows);
    sonic_ppa_level level = sonic_ppa_level_of(ring, round - 1);
    return sonic_ppa_plane_bytes(2 * level.pairs + level.full, rows);
}

size_t sonic_ppa_dealt_bytes(sonic_ring ring, unsigned round, size_t rows, unsigned shift,
                             sonic_truncation truncation)
{
    if (round == 0)
        return sonic_ppa_plane_bytes((size_t)ring - 1, rows);
    if (round > sonic_ppa_levels(ring))
        return rows * ((size_t)ring / 8) * sonic_ppa_dealt_elements(shift, truncation);
    sonic_ppa_level level = sonic_ppa_level_of(ring, round - 1);
    return sonic_ppa_plane_bytes(level.pairs, rows) + sonic_ppa_plane_bytes(level.full, rows);
}

sonic_ppa_cost sonic_ppa_cost_of(sonic_ring ring, uint64_t n, unsigned shift,
                                 sonic_truncation truncation)
{
    sonic_ppa_cost cost = {0};
    if (n == 0)
        return cost;

    uint64_t blocks = n / SONIC_PPA_BLOCK;
    size_t rest = n % SONIC_PPA_BLOCK;
    unsigned rounds = sonic_ppa_levels(ring) + 2;
    for (unsigned r = 0; r < rounds; r++) {
        cost.online_bytes += blocks * sonic_ppa_wire_bytes(ring, r, SONIC_PPA_BLOCK);
        cost.offline_bytes +=
            blocks * sonic_ppa_dealt_bytes(ring, r, SONIC_PPA_BLOCK, shift, truncation);
        if (rest > 0) {
            cost.online_bytes += sonic_ppa_wire_bytes(ring, r, rest);
            cost.offline_bytes += sonic_ppa_dealt_bytes(ring, r, rest, shift, truncation);
        }
    }
    cost.online_rounds = rounds;
    return cost;
}

/* How many of `taps` window positions, `dilation` apart from `start - pad` on, lie in 0 .. size
 * - 1. */
static uint64_t valid_taps(uint64_t start, uint64_t pad, uint64_t taps, uint64_t dilation,
                           uint64_t size)
{
    uint64_t first = start >= pad ? 0 : (pad - start + dilation - 1) / dilation;
    if (size + pad <= start)
        return 0;
    uint64_t end =
        (size + pad - start + dilation - 1) / dilation; /* the first tap beyond the edge */
    if (end > taps)
        end = taps;
    return end > first ? end - first : 0;
}

/* Comparisons of one window of k candidates at a level. */
static uint64_t window_pairs(uint64_t k, uint32_t level)
{
    for (; level > 0 && k > 1; level--)
        k = k / 2 + k % 2;
    return k / 2;
}

static uint64_t saturating_mul(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t saturating_add(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

uint64_t sonic_max_pool_level(const sonic_graph *graph, uint32_t node, uint32_t batch,
                              uint32_t level)
{
    const sonic_node *pool = &graph->node[node];
    const sonic_window *w = &pool->window;
    const sonic_shape *in = &graph->node[pool->input[0]].shape;
    uint32_t channels = pool->shape.dim[0], oh = pool->shape.dim[1], ow = pool->shape.dim[2];
    uint64_t image = 0, row = 0, last = UINT64_MAX;

    for (uint32_t y = 0; y < oh; y++) {
        uint64_t rows =
            valid_taps((uint64_t)y * w->stride_h, w->pad_top, w->kh, w->dilation_h, in->dim[1]);
        /* Rows whose windows have equally many valid rows cost the same: only edges are counted
         * anew. */
        if (rows != last) {
            row = 0;
            for (uint32_t x = 0; x < ow; x++) {
                uint64_t columns = valid_taps((uint64_t)x * w->stride_w, w->pad_left, w->kw,
                                              w->dilation_w, in->dim[2]);
                row = saturating_add(row, window_pairs(saturating_mul(rows, columns), level));
            }
            last = rows;
        }
        image = saturating_add(image, row);
    }
    return saturating_mul(image, saturating_mul(channels, batch));
}
