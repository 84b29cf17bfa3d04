/* The small-field VOLE and the hashes of oblivious transfer over vectors of blocks.  A tier
 * includes its vocabulary (kernels/aes/lanes_<tier>.h), defines of FLIGHT hashes h, in order,
 *
 *   keep_bits(low, high, h)                   bits 0 and 1 of each
 *   keep_words32(low, high, h), keep_words64  its first and second element
 *
 * of which `high` may be NULL, and what kernels/ot/row_hash_tmpl.h wants, includes this, and hands
 * fill() its table. */
#include <stdbool.h>

#include "kernels/aes/rounds_tmpl.h"
#include "kernels/ot/row_hash_tmpl.h"

/* A strip of blocks goes through all leaves, two at a time. */
enum {
    STRIP = FLIGHT / 2,
    STRIP_BLOCKS = STRIP * LANES,
    STRIP_BYTES = STRIP * VECTOR,
    BATCH = FLIGHT * LANES,
    BATCH_BYTES = FLIGHT * VECTOR
};

/* A round of two leaves; see encrypt_round(). */
SONIC_INLINE void leaves_round(VEC v[FLIGHT], const sonic_aes_key keys[2], int r)
{
    SONIC_UNROLL
    for (int leaf = 0; leaf < 2; leaf++) {
        VEC k = SPREAD(keys[leaf].round[r]);
        __asm__("" : "+" REGISTER(k));
        SONIC_UNROLL
        for (int i = 0; i < STRIP; i++)
            v[leaf * STRIP + i] = ENC(v[leaf * STRIP + i], k);
    }
    hold(v);
}

/* A strip of two leaves, one after the other; `at` holds its counters. */
SONIC_INLINE void two_leaves(VEC out[FLIGHT], const VEC at[STRIP], const sonic_aes_key keys[2])
{
    VEC v[FLIGHT];
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        v[i] = XOR(at[i % STRIP], SPREAD(keys[i / STRIP].round[0]));
    SONIC_UNROLL
    for (int r = 1; r < ROUNDS; r++)
        leaves_round(v, keys, r);
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        out[i] = ENCLAST(v[i], SPREAD(keys[i / STRIP].round[ROUNDS]));
}

/* The same with zeros for the first, which who lacks it needs for u only. */
SONIC_INLINE void second_leaf(VEC out[FLIGHT], const VEC at[STRIP], const sonic_aes_key keys[2])
{
    VEC v[STRIP];
    SONIC_UNROLL
    for (int i = 0; i < STRIP; i++)
        v[i] = XOR(at[i], SPREAD(keys[1].round[0]));
    SONIC_UNROLL
    for (int r = 1; r < ROUNDS; r++) {
        const VEC k = SPREAD(keys[1].round[r]);
        SONIC_UNROLL
        for (int i = 0; i < STRIP; i++)
            v[i] = ENC(v[i], k);
    }
    SONIC_UNROLL
    for (int i = 0; i < STRIP; i++) {
        out[i] = SPREAD64(0, 0);
        out[STRIP + i] = ENCLAST(v[i], SPREAD(keys[1].round[ROUNDS]));
    }
}

/* Where the results of a strip go. */
typedef struct place {
    uint8_t *u, *v;
    size_t stride;
} place;

SONIC_INLINE place next_strip(place at)
{
    return (place){at.u ? at.u + STRIP_BYTES : NULL, at.v + STRIP_BYTES, at.stride};
}

SONIC_INLINE void store_strip(uint8_t *out, const VEC x[STRIP])
{
    SONIC_UNROLL
    for (int i = 0; i < STRIP; i++)
        STORE(out + i * VECTOR, x[i]);
}

/* Sums over a strip's quads of leaves: of all leaves, and of those with bit 0 and with bit 1.
 *
 * With P_y the first of them after quads 0 to y, row 2 + i of v is the XOR of those P_y for which
 * 2^i divides y + 1: it sums over stretches of y whose bit i is set, each the difference of two
 * prefixes.  So beside its own rows a quad costs two XORs, whatever k is: one for the prefix, one
 * into the sum for the power of two in y + 1. */
typedef struct sums {
    VEC all[STRIP], row[2][STRIP], of_power[SONIC_OT_K_MAX - 1][STRIP];
} sums;

SONIC_INLINE void add_quad(sums *s, const VEC leaf[2 * FLIGHT], size_t y, unsigned k)
{
    VEC *const power = s->of_power[__builtin_ctzll(y + 1)];
    for (unsigned p = 0; p < k - 1 && y == 0; p++)
        SONIC_UNROLL
    for (int i = 0; i < STRIP; i++)
        s->of_power[p][i] = SPREAD64(0, 0);
    SONIC_UNROLL
    for (int i = 0; i < STRIP; i++) {
        const VEC a = leaf[i], b = leaf[STRIP + i];
        const VEC c = leaf[FLIGHT + i], d = leaf[FLIGHT + STRIP + i];
        const VEC row0 = XOR(b, d), row1 = XOR(c, d), all = XOR3(a, b, row1);
        s->row[0][i] = y == 0 ? row0 : XOR(s->row[0][i], row0);
        s->row[1][i] = y == 0 ? row1 : XOR(s->row[1][i], row1);
        s->all[i] = y == 0 ? all : XOR(s->all[i], all);
        power[i] = XOR(power[i], s->all[i]);
    }
}

SONIC_INLINE void store_sums(const place *to, sums *s, unsigned k)
{
    if (to->u)
        store_strip(to->u, s->all);
    store_strip(to->v, s->row[0]);
    store_strip(to->v + to->stride, s->row[1]);
    for (unsigned i = k; i-- > 2;) {
        SONIC_UNROLL
        for (int j = 0; j < STRIP; j++)
            s->all[j] = XOR(s->all[j], s->of_power[i - 2][j]);
        store_strip(to->v + i * to->stride, s->all);
    }
}

/* A quad is added, and a strip stored, after the next two leaves: what waits for rounds to end
 * would keep the next ones out of the processor's sight. */
SONIC_INLINE void strips_of_quads(place to, const sonic_aes_key *keys, unsigned k, uint64_t counter,
                                  size_t strips)
{
    const size_t quads = (size_t)1 << (k - 2);
    const VEC step = SPREAD64(LANES, 0);
    VEC next = ramp(counter, 1, 0), leaf[2][2 * FLIGHT];
    unsigned now = 0;
    place before = to;
    sums s;
    for (size_t strip = 0; strip < strips; strip++) {
        VEC at[STRIP];
        SONIC_UNROLL
        for (int i = 0; i < STRIP; i++) {
            at[i] = next;
            next = ADD64(next, step);
        }
        if (to.u)
            two_leaves(leaf[now], at, keys);
        else
            second_leaf(leaf[now], at, keys);
        if (strip > 0) {
            add_quad(&s, leaf[now ^ 1], quads - 1, k);
            store_sums(&before, &s, k);
            before = next_strip(before);
        }
        two_leaves(leaf[now] + FLIGHT, at, keys + 2);
        now ^= 1;
        for (size_t y = 1; y < quads; y++, now ^= 1) {
            two_leaves(leaf[now], at, keys + 4 * y);
            add_quad(&s, leaf[now ^ 1], y - 1, k);
            two_leaves(leaf[now] + FLIGHT, at, keys + 4 * y + 2);
        }
    }
    if (strips > 0) {
        add_quad(&s, leaf[now ^ 1], quads - 1, k);
        store_sums(&before, &s, k);
    }
}

static void strips_of_one_bit(place to, const sonic_aes_key *keys, unsigned k, uint64_t counter,
                              size_t strips)
{
    const VEC step = SPREAD64(LANES, 0);
    VEC next = ramp(counter, 1, 0);
    (void)k;
    for (; strips > 0; strips--, to = next_strip(to)) {
        VEC at[STRIP], x[FLIGHT];
        SONIC_UNROLL
        for (int i = 0; i < STRIP; i++) {
            at[i] = next;
            next = ADD64(next, step);
        }
        if (to.u)
            two_leaves(x, at, keys);
        else
            second_leaf(x, at, keys);
        store_strip(to.v, x + STRIP);
        SONIC_UNROLL
        for (int i = 0; i < STRIP; i++)
            x[i] = XOR(x[i], x[STRIP + i]);
        if (to.u)
            store_strip(to.u, x);
    }
}

static void strips_of_two_bits(place to, const sonic_aes_key *keys, unsigned k, uint64_t counter,
                               size_t strips)
{
    (void)k;
    strips_of_quads(to, keys, 2, counter, strips);
}

static void strips_of_four_bits(place to, const sonic_aes_key *keys, unsigned k, uint64_t counter,
                                size_t strips)
{
    (void)k;
    strips_of_quads(to, keys, 4, counter, strips);
}

static void strips_of_more_bits(place to, const sonic_aes_key *keys, unsigned k, uint64_t counter,
                                size_t strips)
{
    strips_of_quads(to, keys, k, counter, strips);
}

static void vole(uint8_t *u, uint8_t *v, size_t stride, const sonic_aes_key *keys, unsigned k,
                 uint64_t counter, size_t n)
{
    void (*const run)(place, const sonic_aes_key *, unsigned, uint64_t, size_t) =
        k == 1   ? strips_of_one_bit
        : k == 2 ? strips_of_two_bits
        : k == 4 ? strips_of_four_bits
                 : strips_of_more_bits;
    const size_t odd = n % STRIP_BLOCKS, even = n - odd;
    run((place){u, v, stride}, keys, k, counter, n / STRIP_BLOCKS);
    if (odd > 0) {
        uint8_t last[SONIC_OT_K_MAX + 1][STRIP_BYTES];
        run((place){u ? last[SONIC_OT_K_MAX] : NULL, last[0], STRIP_BYTES}, keys, k, counter + even,
            1);
        if (u)
            copy(u + even * BLOCK, last[SONIC_OT_K_MAX], odd * BLOCK);
        for (unsigned i = 0; i < k; i++)
            copy(v + i * stride + even * BLOCK, last[i], odd * BLOCK);
    }
}

/* What the hashes of labels ^ delta have in common. */
typedef struct hashing {
    schedule key;
    VEC start;   /* what a label's sigma needs for the first round */
    VEC between; /* what that needs for the last one */
    VEC sigma_delta;
} hashing;

SONIC_INLINE void hashing_begin(hashing *s, const sonic_aes_key *pi, const uint8_t delta[16])
{
    uint8_t copies[VECTOR];
    spread_key(&s->key, pi);
    STORE(copies, SPREAD(delta));
    s->sigma_delta = XOR(FIRST_TWICE(copies), SECOND(copies));
    s->start = XOR(s->key.round[0], s->sigma_delta);
    s->between = XOR(s->key.round[0], s->key.round[ROUNDS]);
}

/* Half a batch. */
SONIC_INLINE void pairs_batch(uint8_t *out, const uint8_t *q, const hashing *s)
{
    VEC v[FLIGHT], first[STRIP];
    SONIC_UNROLL
    for (int i = 0; i < STRIP; i++) {
        first[i] = v[2 * i] =
            XOR3(FIRST_TWICE(q + i * VECTOR), SECOND(q + i * VECTOR), s->key.round[0]);
        v[2 * i + 1] = XOR(first[i], s->sigma_delta);
    }
    encrypt_middle(v, &s->key);
    SONIC_UNROLL
    for (int i = 0; i < STRIP; i++) {
        const VEC last = XOR(first[i], s->between);
        const VEC h[2] = {ENCLAST(v[2 * i], last),
                          ENCLAST(v[2 * i + 1], XOR(last, s->sigma_delta))};
        DEAL(out + 2 * i * VECTOR, h[0], h[1]);
    }
}

static void pairs(uint8_t *out, const uint8_t *q, const uint8_t delta[16], size_t n,
                  const sonic_aes_key *pi)
{
    hashing s;
    hashing_begin(&s, pi, delta);
    for (; n >= STRIP_BLOCKS; n -= STRIP_BLOCKS, q += STRIP_BYTES, out += BATCH_BYTES)
        pairs_batch(out, q, &s);
    if (n > 0) {
        uint8_t last[STRIP_BYTES], hashes[BATCH_BYTES];
        copy_padded(last, q, n, STRIP);
        pairs_batch(hashes, last, &s);
        copy(out, hashes, 2 * n * BLOCK);
    }
}

typedef void keeper(uint8_t *low, uint8_t *high, const VEC h[FLIGHT]);

/* Keeps of each hash two elements of `width` bits. */
SONIC_INLINE void hash_and_keep(uint8_t *low, uint8_t *high, size_t width, keeper *keep,
                                const uint8_t *labels, const uint8_t *delta, size_t n,
                                const sonic_aes_key *pi)
{
    const size_t bytes = BATCH * width / 8;
    hashing s;
    VEC h[FLIGHT];
    hashing_begin(&s, pi, delta);
    for (; n >= BATCH; n -= BATCH, labels += BATCH_BYTES, low += bytes) {
        hash_blocks(h, labels, s.start, s.between, &s.key);
        keep(low, high, h);
        high = high ? high + bytes : NULL;
    }
    if (n > 0) {
        uint8_t last[BATCH_BYTES], kept[2][BATCH * 8];
        copy_padded(last, labels, n, FLIGHT);
        hash_blocks(h, last, s.start, s.between, &s.key);
        keep(kept[0], kept[1], h);
        for (unsigned i = 0; i < 2 && width == 1 && n % 8; i++)
            kept[i][n / 8] &= (uint8_t)((1u << n % 8) - 1);
        copy(low, kept[0], (n * width + 7) / 8);
        if (high)
            copy(high, kept[1], (n * width + 7) / 8);
    }
}

static void bits(uint8_t *low, uint8_t *high, const uint8_t *labels, const uint8_t delta[16],
                 size_t n, const sonic_aes_key *pi)
{
    hash_and_keep(low, high, 1, keep_bits, labels, delta, n, pi);
}

static void words32(void *low, void *high, const uint8_t *labels, const uint8_t delta[16], size_t n,
                    const sonic_aes_key *pi)
{
    hash_and_keep(low, high, 32, keep_words32, labels, delta, n, pi);
}

static void words64(void *low, void *high, const uint8_t *labels, const uint8_t delta[16], size_t n,
                    const sonic_aes_key *pi)
{
    hash_and_keep(low, high, 64, keep_words64, labels, delta, n, pi);
}

static void fill(sonic_ot_kernels *table)
{
    table->vole = vole;
    table->pairs = pairs;
    table->bits = bits;
    table->words[0] = words32;
    table->words[1] = words64;
    table->row_hash = row_hash;
}
