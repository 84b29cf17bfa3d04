/* Trees of function secret sharing over vectors of seeds.  A tier includes its vocabulary
 * (kernels/aes/lanes_<tier>.h), defines
 *
 *   SET(v, bit)   the MASK of halves that have the one bit that `bit` has
 *   TWICE(p)      64-bit numbers at p, as many as there are blocks, in both halves of one each
 *   POWER(n)      2^n in each half, 0 where n is above 63
 *   DOWN64(v, n)  halves shifted right by a constant, SUB64(x, y) their difference
 *   FIRST_BITS(v) a number: bit i is the lowest one of block i
 *   KEEP(mask, v), KEEP_UNLESS(mask, v)   v in the mask, or outside it, and zeros
 *   CHOOSE(mask, x, y)                    x in the mask, y outside it
 *   ADD32, SUB32                          on 32-bit elements
 *   LOAD_PAIRS32(p), STORE_PAIRS32(p, v)  of as many pairs of 32-bit elements as there are blocks,
 *                                         each in the first half of one; and LOAD_PAIRS64,
 *                                         STORE_PAIRS64
 *
 * includes this, and hands fill() its table.
 *
 * A batch is FLIGHT vectors to hash: seeds of one party, or those of half as many keys of both.
 * Keys that do not fill the tiles of a span are copied to a spare one. */
#include <stdbool.h>

#include "kernels/aes/rounds_tmpl.h"

enum {
    TILE = SONIC_DPF_TILE,
    ROW = TILE * BLOCK, /* bytes of a row of a full tile: a level's words, or the leaf's */
    ROWS = 64 - SONIC_DPF_LEAF_BITS + 1,
    BATCH = FLIGHT * LANES, /* keys of one party */
    HALF = FLIGHT / 2,      /* vectors of one party where there are both */
    SPAN = BATCH > TILE ? BATCH : TILE
};

/* What all batches have in common. */
typedef struct tree {
    schedule key;
    VEC between; /* the XOR of the first and the last round key */
    VEC ones;
    size_t tile; /* bytes of a tile */
} tree;

SONIC_INLINE void tree_begin(tree *t, const sonic_aes_key *pi, size_t tile)
{
    spread_key(&t->key, pi);
    t->between = XOR(t->key.round[0], t->key.round[ROUNDS]);
    t->ones = SPREAD64(1, 1);
    /* Hidden: clang would test by shifts, which are done where AES is. */
    __asm__("" : "+" REGISTER(t->ones));
    t->tile = tile;
}

/* Where a row has the words of vector i of a batch. */
SONIC_INLINE size_t word_at(const tree *t, int i)
{
    enum { VECTORS = TILE / LANES };
    return (size_t)(i % VECTORS) * VECTOR + (size_t)(i / VECTORS) * t->tile;
}

/* Seeds at p, whose bit 0 becomes the party. */
SONIC_INLINE VEC root(const uint8_t *p, unsigned party)
{
    const VEC s = LOAD(p);
    return XOR3(s, AND(s, SPREAD64(1, 0)), SPREAD64(party, 0));
}

/* What the rounds of H(s) start from; their last one adds it with t->between. */
SONIC_INLINE VEC start(const VEC *s, const tree *t)
{
    const uint8_t *const p = (const uint8_t *)s;
    return XOR3(FIRST_TWICE(p), SECOND(p), t->key.round[0]);
}

SONIC_INLINE MASK odd(const VEC *s, const tree *t)
{
    return ODD(FIRST_TWICE((const uint8_t *)s), t->ones);
}

/* The 128 places of a leaf: the one bit of alpha's lowest seven, and all below it. */
SONIC_INLINE VEC leaf_place(VEC alpha)
{
    return POWER(XOR(AND(alpha, SPREAD64(127, 127)), SPREAD64(0, 64)));
}

SONIC_INLINE VEC leaf_below(VEC alpha)
{
    const VEC borrow = AND(DOWN64(alpha, 6), SPREAD64(0, 1));
    return SUB64(leaf_place(alpha), XOR(borrow, SPREAD64(1, 0)));
}

/* Both parties' seeds on the paths to alpha: party 1's are party 0's and delta. */
typedef struct pairs {
    VEC s[HALF], delta[HALF], sigma_delta[HALF], alpha[HALF];
} pairs;

SONIC_INLINE void pairs_begin(pairs *p, const uint8_t *const seeds[2], const uint64_t *alpha)
{
    SONIC_UNROLL
    for (int i = 0; i < HALF; i++) {
        const uint8_t *const delta = (const uint8_t *)&p->delta[i];
        p->s[i] = root(seeds[0] + i * VECTOR, 0);
        p->delta[i] = XOR(p->s[i], root(seeds[1] + i * VECTOR, 1));
        p->sigma_delta[i] = XOR(FIRST_TWICE(delta), SECOND(delta));
        p->alpha[i] = TWICE(alpha + i * LANES);
    }
}

/* h = H of party 0's seeds; word = the XOR of both parties' hashes and `plus`, to `row`. */
SONIC_INLINE void correct(VEC h[HALF], VEC word[HALF], uint8_t *row, const pairs *p,
                          const VEC plus[HALF], const tree *t)
{
    VEC v[FLIGHT], last[HALF];
    SONIC_UNROLL
    for (int i = 0; i < HALF; i++) {
        last[i] = v[2 * i] = start(&p->s[i], t);
        v[2 * i + 1] = XOR(v[2 * i], p->sigma_delta[i]);
    }
    encrypt_middle(v, &t->key);
    SONIC_UNROLL
    for (int i = 0; i < HALF; i++) {
        last[i] = XOR(last[i], t->between);
        h[i] = ENCLAST(v[2 * i], last[i]);
        word[i] = ENCLAST(v[2 * i + 1], XOR3(last[i], p->sigma_delta[i], plus[i]));
        word[i] = XOR(word[i], h[i]);
        STORE(row + word_at(t, i), word[i]);
    }
}

/* A level of both parties, whose bit of alpha is `bit`. */
SONIC_INLINE void descend(pairs *p, uint8_t *row, uint64_t bit, const tree *t)
{
    const VEC at = SPREAD64(bit, bit);
    VEC h[HALF], word[HALF], left[HALF];
    SONIC_UNROLL
    for (int i = 0; i < HALF; i++)
        left[i] = ADD_WHERE(p->delta[i], SET(p->alpha[i], at), p->delta[i]);
    correct(h, word, row, p, left, t);
    SONIC_UNROLL
    for (int i = 0; i < HALF; i++) {
        const VEC s = ADD_WHERE(h[i], odd(&p->s[i], t), word[i]);
        p->s[i] = ADD_WHERE(s, SET(p->alpha[i], at), p->s[i]);
    }
}

SONIC_INLINE void generate_batch(uint8_t *keys, const uint8_t *const seeds[2],
                                 const uint64_t *alpha, unsigned bits, sonic_dpf_kind kind,
                                 const tree *t)
{
    VEC h[HALF], word[HALF], leaf[HALF];
    pairs p;
    pairs_begin(&p, seeds, alpha);
    for (; bits > SONIC_DPF_LEAF_BITS; keys += ROW)
        descend(&p, keys, (uint64_t)1 << --bits, t);
    SONIC_UNROLL
    for (int i = 0; i < HALF; i++)
        leaf[i] = kind == SONIC_DPF_EQUAL ? leaf_place(p.alpha[i]) : leaf_below(p.alpha[i]);
    correct(h, word, keys, &p, leaf, t);
}

/* One party's seeds on the paths to x, and for comparisons, the bits t of all those above: that of
 * the seed that a bit of x leads on from has the place of the bit. */
typedef struct paths {
    VEC s[FLIGHT], x[FLIGHT], passed[FLIGHT];
} paths;

/* A row: s = H(s) ^ t word, and above the leaf, s itself added where x has `bit`. */
SONIC_INLINE void follow(paths *p, const uint8_t *row, uint64_t bit, bool leaf, sonic_dpf_kind kind,
                         const tree *t)
{
    const VEC at = SPREAD64(bit, bit);
    VEC v[FLIGHT], last[FLIGHT];
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        last[i] = v[i] = start(&p->s[i], t);
    SONIC_UNROLL
    for (int r = 1; r < ROUNDS; r++) {
        const int i = r - 1;
        encrypt_round(v, &t->key, r);
        if (i < FLIGHT) {
            const MASK take = odd(&p->s[i], t);
            last[i] = ADD_WHERE(XOR(last[i], t->between), take, LOAD(row + word_at(t, i)));
            if (!leaf)
                last[i] = ADD_WHERE(last[i], SET(p->x[i], at), p->s[i]);
            if (kind == SONIC_DPF_LESS)
                p->passed[i] = ADD_WHERE(p->passed[i], take, at);
        }
    }
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        p->s[i] = ENCLAST(v[i], last[i]);
}

/* Of each block, the XOR of its bits, to its lowest. */
SONIC_INLINE VEC parity(VEC v)
{
    uint8_t p[VECTOR];
    STORE(p, v);
    v = XOR(v, SECOND(p));
    v = XOR(v, DOWN64(v, 32));
    v = XOR(v, DOWN64(v, 16));
    v = XOR(v, DOWN64(v, 8));
    v = XOR(v, DOWN64(v, 4));
    v = XOR(v, DOWN64(v, 2));
    return XOR(v, DOWN64(v, 1));
}

/* Bit j: the party's share of key j at x[j].  A comparison adds t of both children where x goes to
 * the left, t of the left one being t of the next seed: of every seed t counts where only one of
 * the bits of x before and after it is 0. */
SONIC_INLINE uint64_t eval_batch(const uint8_t *seeds, const uint8_t *keys, const uint64_t *x,
                                 unsigned bits, sonic_dpf_kind kind, unsigned party, const tree *t)
{
    enum { LEAF = SONIC_DPF_LEAF_BITS };
    const uint64_t above = bits > LEAF ? UINT64_MAX << LEAF & UINT64_MAX >> (64 - bits) : 0;
    const VEC levels = SPREAD64(above, 0);
    uint64_t out = 0;
    paths p;
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++) {
        p.s[i] = root(seeds + i * VECTOR, party);
        p.x[i] = TWICE(x + i * LANES);
        p.passed[i] = SPREAD64(0, 0);
    }
    for (; bits > LEAF; keys += ROW)
        follow(&p, keys, (uint64_t)1 << --bits, false, kind, t);
    follow(&p, keys, (uint64_t)1 << (LEAF - 1), true, kind, t);
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++) {
        const VEC zeros = XOR(AND(p.x[i], levels), levels);
        VEC sum = AND(p.s[i], leaf_place(p.x[i]));
        if (kind == SONIC_DPF_LESS)
            sum = XOR(sum, AND(p.passed[i], XOR(zeros, DOWN64(zeros, 1))));
        out |= (uint64_t)FIRST_BITS(parity(sum)) << (i * LANES);
    }
    return out;
}

/* The lowest `bits` bits of n elements of `size` bytes. */
SONIC_INLINE void load_numbers(uint64_t *out, const void *in, size_t n, size_t size, unsigned bits)
{
    for (size_t j = 0; j < n; j++)
        out[j] =
            (size == 4 ? sonic_load32(in, j) : sonic_load64(in, j)) & UINT64_MAX >> (64 - bits);
}

/* Rows of w blocks to rows of TILE, and back. */
SONIC_INLINE void widen(uint8_t *to, const uint8_t *from, size_t rows, size_t w)
{
    for (size_t r = 0; r < rows; r++)
        copy(to + r * ROW, from + r * w * BLOCK, w * BLOCK);
}

SONIC_INLINE void narrow(uint8_t *to, const uint8_t *from, size_t rows, size_t w)
{
    for (size_t r = 0; r < rows; r++)
        copy(to + r * w * BLOCK, from + r * ROW, w * BLOCK);
}

SONIC_INLINE void generate_tile(uint8_t *keys, const uint8_t *const seeds[2], const uint64_t *alpha,
                                unsigned bits, sonic_dpf_kind kind, const tree *t)
{
    for (size_t j = 0; j < TILE; j += HALF * LANES) {
        const uint8_t *const at[2] = {seeds[0] + j * BLOCK, seeds[1] + j * BLOCK};
        generate_batch(keys + j * BLOCK, at, alpha + j, bits, kind, t);
    }
}

SONIC_INLINE void generate(uint8_t *keys, const uint8_t *const seeds[2], const void *alpha,
                           size_t size, unsigned bits, size_t n, sonic_dpf_kind kind,
                           const sonic_aes_key *pi)
{
    const size_t rows = sonic_dpf_levels(bits) + 1, odd_keys = n % TILE;
    const uint8_t *at[2] = {seeds[0], seeds[1]};
    uint64_t numbers[TILE] = {0};
    tree t;
    tree_begin(&t, pi, rows * ROW);
    for (; n >= TILE; n -= TILE) {
        load_numbers(numbers, alpha, TILE, size, bits);
        generate_tile(keys, at, numbers, bits, kind, &t);
        keys += t.tile;
        alpha = (const uint8_t *)alpha + TILE * size;
        at[0] += ROW;
        at[1] += ROW;
    }
    if (odd_keys > 0) {
        uint8_t spare[ROWS * ROW], ends[2][ROW];
        copy_padded(ends[0], at[0], odd_keys, TILE / LANES);
        copy_padded(ends[1], at[1], odd_keys, TILE / LANES);
        load_numbers(numbers, alpha, odd_keys, size, bits);
        generate_tile(spare, (const uint8_t *const[2]){ends[0], ends[1]}, numbers, bits, kind, &t);
        narrow(keys, spare, rows, odd_keys);
    }
}

SONIC_INLINE uint64_t eval_span(const uint8_t *seeds, const uint8_t *keys, const uint64_t *x,
                                unsigned bits, sonic_dpf_kind kind, unsigned party, const tree *t)
{
    uint64_t out = 0;
    for (size_t j = 0; j < SPAN; j += BATCH)
        out |= eval_batch(seeds + j * BLOCK, keys + j * BLOCK, x + j, bits, kind, party, t) << j;
    return out;
}

SONIC_INLINE void eval(uint8_t *out, const uint8_t *seeds, const uint8_t *keys, const void *x,
                       size_t size, unsigned bits, size_t n, sonic_dpf_kind kind, unsigned party,
                       const sonic_aes_key *pi)
{
    const size_t rows = sonic_dpf_levels(bits) + 1;
    uint64_t numbers[SPAN] = {0};
    tree t;
    tree_begin(&t, pi, rows * ROW);
    for (; n >= SPAN; n -= SPAN) {
        load_numbers(numbers, x, SPAN, size, bits);
        const uint64_t bits_out = eval_span(seeds, keys, numbers, bits, kind, party, &t);
        memcpy(out, &bits_out, SPAN / 8);
        out += SPAN / 8;
        seeds += SPAN * BLOCK;
        keys += SPAN / TILE * t.tile;
        x = (const uint8_t *)x + SPAN * size;
    }
    if (n > 0) {
        uint8_t spare[SPAN / TILE * ROWS * ROW], ends[SPAN * BLOCK];
        copy_padded(ends, seeds, n, SPAN / LANES);
        for (size_t j = 0; j < n; j += TILE) {
            const size_t w = n - j < TILE ? n - j : TILE;
            widen(spare + j / TILE * t.tile, keys + j / TILE * t.tile, rows, w);
        }
        load_numbers(numbers, x, n, size, bits);
        const uint64_t bits_out =
            eval_span(ends, spare, numbers, bits, kind, party, &t) & (((uint64_t)1 << n) - 1);
        copy(out, &bits_out, (n + 7) / 8);
    }
}

#define ENTRIES(width)                                                                             \
    static void generate##width(uint8_t *keys, const uint8_t *const seeds[2], const void *alpha,   \
                                unsigned bits, size_t n, sonic_dpf_kind kind,                      \
                                const sonic_aes_key *pi)                                           \
    {                                                                                              \
        generate(keys, seeds, alpha, width / 8, bits, n, kind, pi);                                \
    }                                                                                              \
    static void eval##width(uint8_t *out, const uint8_t *seeds, const uint8_t *keys,               \
                            const void *x, unsigned bits, size_t n, sonic_dpf_kind kind,           \
                            unsigned party, const sonic_aes_key *pi)                               \
    {                                                                                              \
        if (kind == SONIC_DPF_EQUAL)                                                               \
            eval(out, seeds, keys, x, width / 8, bits, n, SONIC_DPF_EQUAL, party, pi);             \
        else                                                                                       \
            eval(out, seeds, keys, x, width / 8, bits, n, SONIC_DPF_LESS, party, pi);              \
    }
ENTRIES(32)
ENTRIES(64)
#undef ENTRIES

#define BITS 32
#include "kernels/dpf/dpf_step_tmpl.h"
#define BITS 64
#include "kernels/dpf/dpf_step_tmpl.h"

static void fill(sonic_dpf_kernels *table)
{
    table[0] = (sonic_dpf_kernels){generate32, eval32, step_generate32, step_eval32};
    table[1] = (sonic_dpf_kernels){generate64, eval64, step_generate64, step_eval64};
}
