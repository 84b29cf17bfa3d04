/* The geometry and the costs of a ppa call. */
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

uint64_t sonic_ppa_round_bytes(sonic_ring ring, unsigned round, uint64_t n, unsigned shift,
                               sonic_truncation truncation)
{
    return n / SONIC_PPA_BLOCK *
               sonic_ppa_dealt_bytes(ring, round, SONIC_PPA_BLOCK, shift, truncation) +
           sonic_ppa_dealt_bytes(ring, round, n % SONIC_PPA_BLOCK, shift, truncation);
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
        cost.online_bytes += blocks * sonic_ppa_wire_bytes(ring, r, SONIC_PPA_BLOCK) +
                             sonic_ppa_wire_bytes(ring, r, rest);
        cost.offline_bytes += sonic_ppa_round_bytes(ring, r, n, shift, truncation);
    }
    cost.online_rounds = rounds;
    return cost;
}
