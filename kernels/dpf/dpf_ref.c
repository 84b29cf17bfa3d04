/* Function secret sharing in portable C: a tile of keys at a time, level by level. */
#include "kernels/dpf/dpf.h"

#include <string.h>

#include "kernels/aes/aes_slice.h"
#include "kernels/common/load.h"

enum { TILE = SONIC_DPF_TILE };

typedef struct seed {
    uint64_t low, high; /* little-endian: bit 0 of low is t */
} seed;

static seed load_seed(const uint8_t *p)
{
    return (seed){sonic_le64(sonic_load64(p, 0)), sonic_le64(sonic_load64(p, 1))};
}

static void store_seed(uint8_t *p, seed s)
{
    sonic_store64(p, 0, sonic_le64(s.low));
    sonic_store64(p, 1, sonic_le64(s.high));
}

/* a ^ (b where bit 0 of t is set). */
static seed add_if(seed a, seed b, uint64_t t)
{
    const uint64_t mask = 0 - (t & 1);
    return (seed){a.low ^ (b.low & mask), a.high ^ (b.high & mask)};
}

/* hash[j] = H(s[j] ^ c), w <= TILE of them. */
static void hash(seed out[TILE], const seed s[TILE], uint64_t c, size_t w,
                 const planes pi[ROUNDS + 1])
{
    uint8_t in[TILE * BLOCK] = {0}, image[TILE * BLOCK];
    for (size_t j = 0; j < w; j++) {
        const seed x = {s[j].low ^ c, s[j].high};
        store_seed(in + BLOCK * j, (seed){x.low ^ x.high, x.low});
    }
    for (size_t j = 0; j < w; j += BATCH)
        encrypt(image + BLOCK * j, in + BLOCK * j, pi);
    for (size_t j = 0; j < w; j++)
        out[j] = add_if(load_seed(image + BLOCK * j), load_seed(in + BLOCK * j), 1);
}

/* Root seeds, whose bit 0 is the party. */
static void load_roots(seed s[TILE], const uint8_t *seeds, uint64_t party, size_t w)
{
    for (size_t j = 0; j < w; j++) {
        s[j] = load_seed(seeds + BLOCK * j);
        s[j].low = (s[j].low & ~(uint64_t)1) | party;
    }
}

/* The 128 places of a leaf, as a number: one bit at alpha, or all below it. */
static seed leaf_bits(uint64_t alpha, sonic_dpf_kind kind)
{
    const uint64_t in_high = 0 - (alpha >> 6 & 1), bit = (uint64_t)1 << (alpha & 63);
    if (kind == SONIC_DPF_EQUAL)
        return (seed){bit & ~in_high, bit & in_high};
    return (seed){(bit - 1) | in_high, (bit - 1) & in_high};
}

/* One level for both parties' seeds on the path to alpha, whose next bit is at `bit`; the
 * correction words go to `keys`. */
static void descend(uint8_t *keys, seed s[2][TILE], const uint64_t *alpha, unsigned bit, size_t w,
                    const planes pi[ROUNDS + 1])
{
    seed left[2][TILE];
    hash(left[0], s[0], 0, w, pi);
    hash(left[1], s[1], 0, w, pi);
    for (size_t j = 0; j < w; j++) {
        const seed delta = add_if(s[0][j], s[1][j], 1);
        seed word = add_if(left[0][j], left[1][j], 1);
        word = add_if(word, delta, ~(alpha[j] >> bit));
        store_seed(keys + BLOCK * j, word);
        for (unsigned p = 0; p < 2; p++) {
            left[p][j] = add_if(left[p][j], word, s[p][j].low);
            s[p][j] = add_if(left[p][j], s[p][j], alpha[j] >> bit);
        }
    }
}

static void generate_tile(uint8_t *keys, seed s[2][TILE], const uint64_t *alpha, unsigned bits,
                          size_t w, sonic_dpf_kind kind, const planes pi[ROUNDS + 1])
{
    for (unsigned bit = bits; bit > SONIC_DPF_LEAF_BITS; keys += BLOCK * w)
        descend(keys, s, alpha, --bit, w, pi);
    hash(s[0], s[0], 0, w, pi);
    hash(s[1], s[1], 0, w, pi);
    for (size_t j = 0; j < w; j++) {
        const seed word = add_if(s[0][j], s[1][j], 1);
        store_seed(keys + BLOCK * j, add_if(word, leaf_bits(alpha[j] & 127, kind), 1));
    }
}

/* Bit j: the party's share of key j at x[j]. */
static unsigned eval_tile(seed s[TILE], const uint8_t *keys, const uint64_t *x, unsigned bits,
                          size_t w, sonic_dpf_kind kind, const planes pi[ROUNDS + 1])
{
    uint64_t sum[TILE] = {0};
    seed leaf[TILE];
    unsigned out = 0;
    for (unsigned bit = bits; bit-- > SONIC_DPF_LEAF_BITS; keys += BLOCK * w) {
        seed left[TILE];
        hash(left, s, 0, w, pi);
        for (size_t j = 0; j < w; j++) {
            left[j] = add_if(left[j], load_seed(keys + BLOCK * j), s[j].low);
            if (kind == SONIC_DPF_LESS)
                sum[j] ^= (left[j].low ^ s[j].low) & ~(x[j] >> bit);
            s[j] = add_if(left[j], s[j], x[j] >> bit);
        }
    }
    hash(leaf, s, 0, w, pi);
    for (size_t j = 0; j < w; j++) {
        leaf[j] = add_if(leaf[j], load_seed(keys + BLOCK * j), s[j].low);
        sum[j] ^= (x[j] & 64 ? leaf[j].high : leaf[j].low) >> (x[j] & 63);
        out |= (unsigned)(sum[j] & 1) << j;
    }
    return out;
}

/* value where bit 0 of t is clear, and -value where it is set. */
static uint64_t negate_if(uint64_t value, uint64_t t)
{
    const uint64_t mask = 0 - (t & 1);
    return (value ^ mask) - mask;
}

#define BITS 32
#include "kernels/dpf/dpf_ref_tmpl.h"
#define BITS 64
#include "kernels/dpf/dpf_ref_tmpl.h"

void sonic_dpf_select_ref(sonic_dpf_kernels *table)
{
    table[0] = (sonic_dpf_kernels){generate32, eval32, step_generate32, step_eval32};
    table[1] = (sonic_dpf_kernels){generate64, eval64, step_generate64, step_eval64};
}
