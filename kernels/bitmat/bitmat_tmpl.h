/* Bit planes of n elements, a vector of bits a plane at a time, and labels of columns of bits, a
 * vector of them at a time.  A tier defines, before it includes this, and hands fill() its table:
 *
 *   VEC                      a vector of LANES lanes of 16 bytes
 *   LOAD_LANES(p, step)      16 bytes at p + i step in lane i, at any alignment
 *   STORE(p, v)              at any alignment
 *   LOW8(a, b), HIGH8(a, b)  the bytes of each lane's low, or high, half interleaved: a0 b0 a1 ...
 *   SET1(byte)               in every byte
 *   block32, block64         (planes, stride, x): all planes' words of 64 elements
 *   exchange_bits            (a, b, half, mask): the bits of *a outside of the mask and those of *b
 *                            in it, which are `half` places below, change places
 *   rotate_lanes(v)          v[LANES] of lanes that are LANES pieces each: piece c of lane s of
 *                            v[k] becomes piece s of lane k of v[c]
 *
 * Planes: element 8 m + i is byte i of group m.  First, bytes: `gathered[b][i]` collects byte b of
 * element i of every group, group m at byte m, so that then, for each b, the 8 x 8 bits at the same
 * byte of 8 vectors trade places and are bytes of planes 8 b to 8 b + 7. */
#include <string.h>

#include "kernels/common/checked.h"

enum { GROUPS = 16 * LANES, WIDE = 8 * GROUPS };

/* Of `count` vectors, a power of 2: every step moves the top bit of a byte's number in its lane to
 * the bottom of its vector's number, and the top bit of that to the bottom of the byte's.  In the
 * end the vector's number is the bottom of the byte's, and the top of that the vector's. */
SONIC_INLINE void interleave_bytes(VEC *v, int count)
{
    SONIC_UNROLL
    for (int step = 1; step < count; step *= 2) {
        VEC t[16];
        SONIC_UNROLL
        for (int i = 0; i < count / 2; i++) {
            t[2 * i] = LOW8(v[i], v[i + count / 2]);
            t[2 * i + 1] = HIGH8(v[i], v[i + count / 2]);
        }
        SONIC_UNROLL
        for (int i = 0; i < count; i++)
            v[i] = t[i];
    }
}

/* Bit k of vector i and bit i of vector k of each byte trade places. */
SONIC_INLINE void transpose_bits(VEC v[8])
{
    const VEC mask[3] = {SET1(0x55), SET1(0x33), SET1(0x0f)};
#pragma GCC unroll 3
    for (int step = 2; step >= 0; step--) {
        const int half = 1 << step;
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++)
            if (!(i & half))
                exchange_bits(&v[i], &v[i + half], half, mask[step]);
    }
}

/* The planes' words of WIDE elements of `size` bytes. */
SONIC_INLINE void block_wide(uint64_t *planes, size_t stride, const uint8_t *x, size_t size)
{
    VEC gathered[8][8];
    for (size_t part = 0; part < size / 2; part++) { /* 16 bytes of the 8 size bytes of a group */
        VEC v[16];
#pragma GCC unroll 16
        for (size_t m = 0; m < 16; m++)
            v[m] = LOAD_LANES(x + 16 * part + 8 * size * m, 8 * size * 16);
        interleave_bytes(v, 16);
#pragma GCC unroll 16
        for (size_t k = 0; k < 16; k++)
            gathered[k % size][(16 * part + k) / size] = v[k];
    }
    for (size_t b = 0; b < size; b++) {
        transpose_bits(gathered[b]);
#pragma GCC unroll 8
        for (size_t bit = 0; bit < 8; bit++)
            STORE(planes + (8 * b + bit) * stride, gathered[b][bit]);
    }
}

static void planes32(uint64_t *planes, size_t stride, const void *x, size_t n)
{
    const uint8_t *in = x;
    for (; n >= WIDE; n -= WIDE, in += WIDE * 4, planes += WIDE / 64)
        block_wide(planes, stride, in, 4);
    for (; n >= 64; n -= 64, in += 64 * 4)
        block32(planes++, stride, in);
    if (n > 0) {
        uint8_t tail[64 * 4] = {0};
        memcpy(tail, in, n * 4);
        block32(planes, stride, tail);
    }
}

static void planes64(uint64_t *planes, size_t stride, const void *x, size_t n)
{
    const uint8_t *in = x;
    for (; n >= WIDE; n -= WIDE, in += WIDE * 8, planes += WIDE / 64)
        block_wide(planes, stride, in, 8);
    for (; n >= 64; n -= 64, in += 64 * 8)
        block64(planes++, stride, in);
    if (n > 0) {
        uint8_t tail[64 * 8] = {0};
        memcpy(tail, in, n * 8);
        block64(planes, stride, tail);
    }
}

enum { LABEL = 16, TILE = 128, SPAN = 128 / LANES, SLICES = SPAN / 8 };

/* Labels of TILE columns.  A lane's rows are SPAN of the 128; 8 columns of 8 of its rows are one
 * byte of 8 vectors.  First, bits: slices[k][g] has in byte c, of rows 8 g to 8 g + 7, column
 * 8 c + k.  Then, for each k, the bytes of all g come side by side; the top bits of c number the
 * vectors, the others the pieces of a lane, which change places with the lanes, so that a label is
 * whole, and these with k, so that a vector's labels are consecutive. */
SONIC_INLINE void labels_tile(uint8_t *labels, const uint8_t *rows, size_t stride)
{
    VEC slices[8][SLICES];
    for (size_t g = 0; g < SLICES; g++) {
        VEC v[8];
#pragma GCC unroll 8
        for (size_t i = 0; i < 8; i++, rows += stride)
            v[i] = LOAD_LANES(rows, SPAN * stride);
        transpose_bits(v);
#pragma GCC unroll 8
        for (size_t k = 0; k < 8; k++)
            slices[k][g] = v[k];
    }
    for (size_t k = 0; k < 8; k += LANES) {
#pragma GCC unroll 4
        for (size_t l = 0; l < LANES; l++)
            interleave_bytes(slices[k + l], SLICES);
#pragma GCC unroll 8
        for (size_t c = 0; c < SLICES; c++) {
            VEC v[LANES];
#pragma GCC unroll 4
            for (size_t l = 0; l < LANES; l++)
                v[l] = slices[k + l][c];
            rotate_lanes(v);
#pragma GCC unroll 4
            for (size_t l = 0; l < LANES; l++)
                STORE(labels + LABEL * (8 * (LANES * c + l) + k), v[l]);
        }
    }
}

static void labels128(uint8_t *labels, const uint8_t *rows, size_t stride, size_t n)
{
    for (; n >= TILE; n -= TILE, rows += TILE / 8, labels += TILE * LABEL)
        labels_tile(labels, rows, stride);
    if (n > 0) {
        uint8_t columns[128][TILE / 8] = {{0}}, tail[TILE * LABEL];
        for (size_t i = 0; i < 128; i++)
            memcpy(columns[i], rows + i * stride, sonic_size_pieces(n, 8));
        labels_tile(tail, columns[0], TILE / 8);
        memcpy(labels, tail, n * LABEL);
    }
}

static void fill(sonic_bitmat_kernels *table)
{
    table->labels128 = labels128;
    table->planes32 = planes32;
    table->planes64 = planes64;
}
