/** @file
 * Labels of bits, and the colours that say bits: both without a branch on either.
 */
#ifndef SONIC_PROTO_GC_LABEL_H
#define SONIC_PROTO_GC_LABEL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <sonicnn/garble.h>

/** out[i] = zero[i] ^ (bit i of bits ? delta : 0) over n labels; out may equal zero. */
static inline void sonic_labels_choose(uint8_t *out, const uint8_t *zero, const uint64_t *bits,
                                       size_t n, const uint8_t delta[SONIC_LABEL_BYTES])
{
    uint64_t d[2], w[2];
    memcpy(d, delta, sizeof d);
    for (size_t i = 0; i < n; i++) {
        const uint64_t mask = -(bits[i / 64] >> i % 64 & 1);
        memcpy(w, zero + i * SONIC_LABEL_BYTES, sizeof w);
        w[0] ^= d[0] & mask;
        w[1] ^= d[1] & mask;
        memcpy(out + i * SONIC_LABEL_BYTES, w, sizeof w);
    }
}

/** Bit i of bits = the colour of label i, its lowest bit; bits beyond n are zero. */
static inline void sonic_labels_colours(uint64_t *bits, const uint8_t *labels, size_t n)
{
    for (size_t i = 0; i < n; i += 64) {
        uint64_t word = 0;
        for (size_t j = 0; j < 64 && i + j < n; j++)
            word |= (uint64_t)(labels[(i + j) * SONIC_LABEL_BYTES] & 1) << j;
        bits[i / 64] = word;
    }
}

#endif
