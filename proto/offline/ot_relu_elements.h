/** @file
 * Elementwise parts of material made by oblivious transfers.  Private to proto/offline/ot_relu*.c.
 *
 * Arrays have n elements, all secret, which may be outputs only where they are inputs element for
 * element; places and shifts are below l.
 */
#ifndef SONIC_PROTO_OFFLINE_OT_RELU_ELEMENTS_H
#define SONIC_PROTO_OFFLINE_OT_RELU_ELEMENTS_H

#include <stddef.h>
#include <stdint.h>

typedef struct sonic_ot_elements {
    /** out = bits, as elements. */
    void (*spread)(void *out, const uint8_t *bits, size_t n);
    /** low = u mod 2^shift, high = u >> shift, msb = the highest bit of u. */
    void (*split)(void *low, void *high, void *msb, const void *u, unsigned shift, size_t n);
    /** The low `bytes` bytes of each x, little-endian, 1 .. l / 8; and back, with noise above.
     * n is a multiple of 16. */
    void (*store)(uint8_t *out, const void *x, size_t bytes, size_t n);
    void (*load)(void *x, const uint8_t *in, size_t bytes, size_t n);
    /** x += bit `place` of an element. */
    void (*add_bit)(void *x, const void *elements, unsigned place, size_t n);
    /** x *= bit `place` of an element. */
    void (*keep)(void *x, const void *elements, unsigned place, size_t n);
    /** out = x + (1 - 2 r) y, r being 0 or 1. */
    void (*add_signed)(void *out, const void *x, const void *r, const void *y, size_t n);
    /** out = (msb mod 2^shift) + 2^shift (product mod 2^shift). */
    void (*wrap)(void *out, const void *msb, const void *product, unsigned shift, size_t n);
} sonic_ot_elements;

extern const sonic_ot_elements sonic_ot_elements32, sonic_ot_elements64;

#endif
