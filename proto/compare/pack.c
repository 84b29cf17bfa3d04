/* Planes of `rows` bits joined without gaps: a copy where rows fill words, else through a word that
 * collects bits. */
#include "proto/compare/pack.h"

#include <string.h>

/* Words and their bytes on the wire have the same order. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a little-endian processor is needed");

/* Bits of a plane in its word w. */
static unsigned word_bits(size_t rows, size_t w)
{
    return rows - w * 64 < 64 ? (unsigned)(rows - w * 64) : 64;
}

static uint64_t low_bits(unsigned bits)
{
    return ~(uint64_t)0 >> (64 - bits); /* 1 <= bits <= 64 */
}

void sonic_pack_planes(uint8_t *out, const uint64_t *planes, size_t count, size_t rows)
{
    size_t words = (rows + 63) / 64;
    if (rows % 64 == 0) {
        if (count * words > 0)
            memcpy(out, planes, count * words * 8);
        return;
    }
    uint64_t collected = 0;
    unsigned fill = 0; /* bits collected, below 64 */
    for (size_t k = 0; k < count; k++) {
        for (size_t w = 0; w < words; w++) {
            unsigned bits = word_bits(rows, w);
            uint64_t value = planes[k * words + w] & low_bits(bits);
            collected |= value << fill;
            if (fill + bits < 64) {
                fill += bits;
                continue;
            }
            memcpy(out, &collected, 8);
            out += 8;
            collected = fill == 0 ? 0 : value >> (64 - fill);
            fill = fill + bits - 64;
        }
    }
    memcpy(out, &collected, (fill + 7) / 8);
}

void sonic_unpack_planes(uint64_t *planes, const uint8_t *in, size_t count, size_t rows)
{
    size_t words = (rows + 63) / 64;
    if (rows % 64 == 0) {
        if (count * words > 0)
            memcpy(planes, in, count * words * 8);
        return;
    }
    size_t left = (count * rows + 7) / 8;
    uint64_t collected = 0;
    unsigned fill = 0; /* bits collected, below 64; the others are zero */
    for (size_t k = 0; k < count; k++) {
        for (size_t w = 0; w < words; w++) {
            unsigned bits = word_bits(rows, w);
            if (fill >= bits) { /* bits < 64 here */
                planes[k * words + w] = collected & low_bits(bits);
                collected >>= bits;
                fill -= bits;
                continue;
            }
            uint64_t next = 0;
            unsigned loaded = left < 8 ? (unsigned)left : 8;
            memcpy(&next, in, loaded);
            in += loaded;
            left -= loaded;
            planes[k * words + w] = (collected | next << fill) & low_bits(bits);
            unsigned taken = bits - fill; /* of next */
            collected = taken == 64 ? 0 : next >> taken;
            fill = loaded * 8 - taken;
        }
    }
}
