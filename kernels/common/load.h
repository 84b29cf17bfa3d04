/** @file
 * Loads and stores at any alignment: in the machine's byte order, and in a fixed one.
 */
#ifndef SONIC_KERNELS_COMMON_LOAD_H
#define SONIC_KERNELS_COMMON_LOAD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** Of arrays of 32-bit and 64-bit words in the machine's order, sonic_at32() and so on: where
 * element i is, to read or to write, its value, and storing it. */
#define SONIC_WORDS(bits)                                                                          \
    static inline const void *sonic_at##bits(const void *p, size_t i)                              \
    {                                                                                              \
        return (const uint8_t *)p + i * (bits / 8);                                                \
    }                                                                                              \
    static inline void *sonic_place##bits(void *p, size_t i)                                       \
    {                                                                                              \
        return (uint8_t *)p + i * (bits / 8);                                                      \
    }                                                                                              \
    static inline uint##bits##_t sonic_load##bits(const void *p, size_t i)                         \
    {                                                                                              \
        uint##bits##_t v;                                                                          \
        memcpy(&v, sonic_at##bits(p, i), sizeof v);                                                \
        return v;                                                                                  \
    }                                                                                              \
    static inline void sonic_store##bits(void *p, size_t i, uint##bits##_t v)                      \
    {                                                                                              \
        memcpy(sonic_place##bits(p, i), &v, sizeof v);                                             \
    }

SONIC_WORDS(32)
SONIC_WORDS(64)
#undef SONIC_WORDS

/** The one of a template's BITS: SONIC_WORD(load, BITS). */
#define SONIC_WORD_(name, bits) sonic_##name##bits
#define SONIC_WORD(name, bits) SONIC_WORD_(name, bits)

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
