/** @file
 * AES-128 with four blocks bit-sliced, so that no address depends on a secret: for the portable
 * tier.
 */
#ifndef SONIC_KERNELS_AES_SLICE_H
#define SONIC_KERNELS_AES_SLICE_H

#include "kernels/aes/aes.h"
#include "kernels/aes/aes_sbox.h"
#include "kernels/common/load.h"

enum { BATCH = 4, BLOCK = 16, ROUNDS = 10 };

/* Plane j holds bit j of the 64 bytes of four blocks, in the order that to_planes() states. */
typedef struct planes {
    uint64_t q[8];
} planes;

/* The four bytes of x to the even bytes of the result. */
static inline uint64_t spread(uint32_t x)
{
    uint64_t v = x;
    v = (v | v << 16) & UINT64_C(0x0000ffff0000ffff);
    return (v | v << 8) & UINT64_C(0x00ff00ff00ff00ff);
}

static inline uint32_t gather(uint64_t v)
{
    v &= UINT64_C(0x00ff00ff00ff00ff);
    v = (v | v >> 8) & UINT64_C(0x0000ffff0000ffff);
    return (uint32_t)(v | v >> 16);
}

static inline uint32_t load_le32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void store_le32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

static inline void exchange(uint64_t *a, uint64_t *b, unsigned shift, uint64_t mask)
{
    const uint64_t t = ((*a >> shift) ^ *b) & mask;
    *b ^= t;
    *a ^= t << shift;
}

/* Transposes the 8 x 8 bits that the words have at each byte; its own inverse. */
static inline void exchange_bits(planes *s)
{
    for (int i = 0; i < 8; i += 2)
        exchange(&s->q[i], &s->q[i + 1], 1, UINT64_C(0x5555555555555555));
    for (int i = 0; i < 8; i += 4)
        for (int j = i; j < i + 2; j++)
            exchange(&s->q[j], &s->q[j + 2], 2, UINT64_C(0x3333333333333333));
    for (int j = 0; j < 4; j++)
        exchange(&s->q[j], &s->q[j + 4], 4, UINT64_C(0x0f0f0f0f0f0f0f0f));
}

/* Afterwards bit 16 r + 8 (c / 2) + 4 (c % 2) + b of plane j is bit j of the byte in row r and
 * column c of block b: word 4 (c % 2) + b is given columns c and c + 2 of block b, interleaved. */
static inline void to_planes(planes *s, const uint8_t in[BATCH * BLOCK])
{
    for (int b = 0; b < BATCH; b++)
        for (int c = 0; c < 2; c++)
            s->q[4 * c + b] = spread(load_le32(in + BLOCK * b + 4 * c)) |
                              spread(load_le32(in + BLOCK * b + 4 * c + 8)) << 8;
    exchange_bits(s);
}

static inline void from_planes(uint8_t out[BATCH * BLOCK], planes *s)
{
    exchange_bits(s);
    for (int b = 0; b < BATCH; b++)
        for (int c = 0; c < 2; c++) {
            store_le32(out + BLOCK * b + 4 * c, gather(s->q[4 * c + b]));
            store_le32(out + BLOCK * b + 4 * c + 8, gather(s->q[4 * c + b] >> 8));
        }
}

/* Row r moves r columns to the left: each 16-bit group turns right by 4 r bits. */
static inline uint64_t shift_rows(uint64_t v)
{
    const uint64_t r1 = v & UINT64_C(0x00000000ffff0000);
    const uint64_t r2 = v & UINT64_C(0x0000ffff00000000);
    const uint64_t r3 = v & UINT64_C(0xffff000000000000);
    return (v & UINT64_C(0x000000000000ffff)) |
           ((r1 >> 4 | r1 << 12) & UINT64_C(0x00000000ffff0000)) |
           ((r2 >> 8 | r2 << 8) & UINT64_C(0x0000ffff00000000)) |
           ((r3 >> 12 | r3 << 4) & UINT64_C(0xffff000000000000));
}

static inline uint64_t turn(uint64_t v, unsigned bits)
{
    return v >> bits | v << (64 - bits);
}

/* Column (a0, a1, a2, a3): row r becomes 2 (a_r + a_r+1) + a_r+1 + (a_r+2 + a_r+3). */
static inline void mix_columns(planes *s)
{
    uint64_t next[8], sum[8];
    for (int j = 0; j < 8; j++) {
        next[j] = turn(s->q[j], 16);
        sum[j] = s->q[j] ^ next[j];
        s->q[j] = next[j] ^ turn(sum[j], 32);
    }
    s->q[0] ^= sum[7];
    for (int j = 1; j < 8; j++)
        s->q[j] ^= sum[j - 1];
    s->q[1] ^= sum[7];
    s->q[3] ^= sum[7];
    s->q[4] ^= sum[7];
}

static inline void add_key(planes *s, const planes *key)
{
    for (int j = 0; j < 8; j++)
        s->q[j] ^= key->q[j];
}

static inline void slice_key(planes sliced[ROUNDS + 1], const sonic_aes_key *key)
{
    for (int r = 0; r <= ROUNDS; r++) {
        uint8_t copies[BATCH * BLOCK];
        for (int b = 0; b < BATCH; b++)
            memcpy(copies + BLOCK * b, key->round[r], BLOCK);
        to_planes(&sliced[r], copies);
    }
}

static inline void encrypt(uint8_t out[BATCH * BLOCK], const uint8_t in[BATCH * BLOCK],
                           const planes key[ROUNDS + 1])
{
    planes s;
    to_planes(&s, in);
    add_key(&s, &key[0]);
    for (int r = 1; r <= ROUNDS; r++) {
        sonic_aes_sub_bytes(s.q);
        for (int j = 0; j < 8; j++)
            s.q[j] = shift_rows(s.q[j]);
        if (r < ROUNDS)
            mix_columns(&s);
        add_key(&s, &key[r]);
    }
    from_planes(out, &s);
}

#endif
