/** @file
 * Elements of 4 or 8 bytes at any alignment, for oracles that do not care which.
 */
#ifndef SONIC_TESTS_ELEMENTS_H
#define SONIC_TESTS_ELEMENTS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t element_get(const void *data, size_t i, size_t bytes)
{
    uint64_t wide;
    uint32_t narrow;
    if (bytes == 8) {
        memcpy(&wide, (const uint8_t *)data + 8 * i, 8);
        return wide;
    }
    memcpy(&narrow, (const uint8_t *)data + 4 * i, 4);
    return narrow;
}

static inline void element_put(void *data, size_t i, size_t bytes, uint64_t v)
{
    const uint32_t narrow = (uint32_t)v;
    if (bytes == 8)
        memcpy((uint8_t *)data + 8 * i, &v, 8);
    else
        memcpy((uint8_t *)data + 4 * i, &narrow, 4);
}

/** v mod 2^32 or 2^64. */
static inline uint64_t element_reduce(unsigned __int128 v, size_t bytes)
{
    return bytes == 8 ? (uint64_t)v : (uint32_t)v;
}

#endif
