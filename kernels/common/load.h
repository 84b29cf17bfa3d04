/** @file
 * Loads and stores at any alignment: in the machine's byte order, and in a fixed one.
 */
#ifndef SONIC_KERNELS_COMMON_LOAD_H
#define SONIC_KERNELS_COMMON_LOAD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** Element i of an array of 32-bit words in the machine's order. */
static inline uint32_t sonic_load32(const void *p, size_t i)
{
    uint32_t v;
    memcpy(&v, (const uint8_t *)p + 4 * i, sizeof v);
    return v;
}

/** Element i of an array of 64-bit words in the machine's order. */
static inline uint64_t sonic_load64(const void *p, size_t i)
{
    uint64_t v;
    memcpy(&v, (const uint8_t *)p + 8 * i, sizeof v);
    return v;
}

/** Stores element i of an array of 64-bit words in the machine's order. */
static inline void sonic_store64(void *p, size_t i, uint64_t v)
{
    memcpy((uint8_t *)p + 8 * i, &v, sizeof v);
}

/** Converts between the machine's order and little-endian. */
static inline uint64_t sonic_le64(uint64_t v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap64(v);
#else
    return v;
#endif
}

#endif
