/** @file
 * Lanes of 1, 2, 4 or 8 bytes at any alignment, and how they are sent.
 */
#ifndef SONIC_KERNELS_VOLE_LANES_H
#define SONIC_KERNELS_VOLE_LANES_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/common/loop.h"

typedef uint16_t __attribute__((aligned(1), may_alias)) any16;

/* Lane i, where `bytes` is a constant once this is inlined. */
SONIC_INLINE uint64_t lane_get(const uint8_t *p, size_t i, size_t bytes)
{
    switch (bytes) {
    case 1: return p[i];
    case 2: return ((const any16 *)(const void *)p)[i];
    case 4: return ((const sonic_any32 *)(const void *)p)[i];
    default: return ((const sonic_any64 *)(const void *)p)[i];
    }
}

SONIC_INLINE void lane_put(uint8_t *p, size_t i, uint64_t v, size_t bytes)
{
    switch (bytes) {
    case 1: p[i] = (uint8_t)v; break;
    case 2: ((any16 *)(void *)p)[i] = (uint16_t)v; break;
    case 4: ((sonic_any32 *)(void *)p)[i] = (uint32_t)v; break;
    default: ((sonic_any64 *)(void *)p)[i] = v;
    }
}

/* What of v fits in a lane; compilers narrow a loop's arithmetic by it. */
SONIC_INLINE uint64_t lane_cut(uint64_t v, size_t bytes)
{
    switch (bytes) {
    case 1: return (uint8_t)v;
    case 2: return (uint16_t)v;
    case 4: return (uint32_t)v;
    default: return v;
    }
}

/* The low `wire` bytes of n lanes, one after the other. */
SONIC_INLINE void pack_each(uint8_t *d, const uint8_t *lanes, size_t n, size_t wire, size_t lane)
{
    for (size_t i = 0; i < n; i++)
        for (size_t b = 0; b < wire; b++)
            d[wire * i + b] = lanes[lane * i + b];
}

/* Back to lanes, whose other bytes become zero. */
SONIC_INLINE void unpack_each(uint8_t *lanes, const uint8_t *d, size_t n, size_t wire, size_t lane)
{
    for (size_t i = 0; i < n; i++)
        for (size_t b = 0; b < lane; b++)
            lanes[lane * i + b] = b < wire ? d[wire * i + b] : 0;
}

#endif
