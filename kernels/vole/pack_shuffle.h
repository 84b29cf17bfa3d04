/** @file
 * Lanes of 4 bytes that are sent in 3, and of 8 in 5, 6 or 7: 16 bytes at once.
 */
#ifndef SONIC_KERNELS_VOLE_PACK_SHUFFLE_H
#define SONIC_KERNELS_VOLE_PACK_SHUFFLE_H

#ifndef __SSSE3__
#error "this file needs -mssse3"
#endif
#include <immintrin.h>

#include "kernels/vole/lanes.h"

enum { PACK_BLOCK = 16 };

#define NONE 0x80, 0x80
/* By bytes that are sent. */
static const uint8_t pack_order[8][PACK_BLOCK] = {
    [3] = {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, NONE, NONE},
    [5] = {0, 1, 2, 3, 4, 8, 9, 10, 11, 12, NONE, NONE, NONE},
    [6] = {0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, NONE, NONE},
    [7] = {0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, NONE},
};
static const uint8_t unpack_order[8][PACK_BLOCK] = {
    [3] = {0, 1, 2, 0x80, 3, 4, 5, 0x80, 6, 7, 8, 0x80, 9, 10, 11, 0x80},
    [5] = {0, 1, 2, 3, 4, 0x80, NONE, 5, 6, 7, 8, 9, 0x80, NONE},
    [6] = {0, 1, 2, 3, 4, 5, NONE, 6, 7, 8, 9, 10, 11, NONE},
    [7] = {0, 1, 2, 3, 4, 5, 6, 0x80, 7, 8, 9, 10, 11, 12, 13, 0x80},
};
#undef NONE

SONIC_INLINE void shuffle_block(uint8_t *to, const uint8_t *from, __m128i order)
{
    const __m128i block = _mm_loadu_si128((const __m128i *)(const void *)from);
    _mm_storeu_si128((__m128i *)(void *)to, _mm_shuffle_epi8(block, order));
}

/* A block is written whole, and what it has too much is overwritten by the next one: as long as it
 * is inside of what is sent. */
static void pack(uint8_t *d, const uint8_t *lanes, size_t n, size_t wire, size_t lane)
{
    const __m128i order = _mm_loadu_si128((const __m128i *)(const void *)pack_order[wire]);
    const size_t each = PACK_BLOCK / lane;
    for (; wire * n >= PACK_BLOCK; n -= each, d += wire * each, lanes += PACK_BLOCK)
        shuffle_block(d, lanes, order);
    pack_each(d, lanes, n, wire, lane);
}

static void unpack(uint8_t *lanes, const uint8_t *d, size_t n, size_t wire, size_t lane)
{
    const __m128i order = _mm_loadu_si128((const __m128i *)(const void *)unpack_order[wire]);
    const size_t each = PACK_BLOCK / lane;
    for (; wire * n >= PACK_BLOCK; n -= each, d += wire * each, lanes += PACK_BLOCK)
        shuffle_block(lanes, d, order);
    unpack_each(lanes, d, n, wire, lane);
}

#endif
