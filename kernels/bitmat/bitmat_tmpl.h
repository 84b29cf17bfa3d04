/* Bit planes of n elements, a vector of bits a plane at a time.  A tier defines, before it includes
 * this, and hands fill() its table:
 *
 *   VEC                      a vector of LANES lanes of 16 bytes
 *   LOAD_LANES(p, step)      16 bytes at p + i step in lane i, at any alignment
 *   STORE(p, v)              at any alignment
 *   LOW8(a, b), HIGH8(a, b)  the bytes of each lane's low, or high, half interleaved: a0 b0 a1 ...
 *   SET1(byte), XOR, AND, SRL(v, bits), SLL(v, bits) on 64-bit words
 *   block32, block64         (planes, stride, x): all planes' words of 64 elements
 *
 * Element 8 m + i is byte i of group m.  First, bytes: `gathered[b][i]` collects byte b of element
 * i of every group, group m at byte m, so that then, for each b, the 8 x 8 bits at the same byte of
 * 8 vectors trade places and are bytes of planes 8 b to 8 b + 7. */
#include <string.h>

enum { GROUPS = 16 * LANES, WIDE = 8 * GROUPS };

/* Byte k of vector m and byte m of vector k of each lane trade places: every step moves the top bit
 * of the byte's number to the bottom of the vector's, and that of the vector's to the byte's. */
SONIC_INLINE void transpose_bytes(VEC v[16])
{
#pragma GCC unroll 4
    for (int step = 0; step < 4; step++) {
        VEC t[16];
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) {
            t[2 * i] = LOW8(v[i], v[i + 8]);
            t[2 * i + 1] = HIGH8(v[i], v[i + 8]);
        }
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++)
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
        for (int i = 0; i < 8; i++) {
            if (i & half)
                continue;
            const VEC t = AND(XOR(SRL(v[i], half), v[i + half]), mask[step]);
            v[i + half] = XOR(v[i + half], t);
            v[i] = XOR(v[i], SLL(t, half));
        }
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
        transpose_bytes(v);
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

static void fill(sonic_bitmat_kernels *table)
{
    table->planes32 = planes32;
    table->planes64 = planes64;
}
