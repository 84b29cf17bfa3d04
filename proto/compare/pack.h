/** @file
 * Bit planes to bytes without gaps, and back: the wire and material form of planes.
 */
#ifndef SONIC_PROTO_COMPARE_PACK_H
#define SONIC_PROTO_COMPARE_PACK_H

#include <stddef.h>
#include <stdint.h>

/** Writes `count` planes of `rows` bits each as one string of count x rows bits, least significant
 * bit first, ceil(count rows / 8) bytes, zero bits at the end.  Bits beyond `rows` in a plane's
 * last word are ignored.  Constant time; any alignment of out; no overlap.
 * @param planes  secret; plane k at words [k ceil(rows / 64), (k + 1) ceil(rows / 64)) */
void sonic_pack_planes(uint8_t *out, const uint64_t *planes, size_t count, size_t rows);

/** The inverse; bits beyond `rows` in a plane's last word become zero. */
void sonic_unpack_planes(uint64_t *planes, const uint8_t *in, size_t count, size_t rows);

#endif
