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

/* With P_x = r_0 ^ ... ^ r_x, row i of v is the XOR of those P_x for which 2^i divides x + 1: it
 * sums r over the stretches of x whose bit i is set, and such a stretch is the difference of two
 * prefixes.  So a leaf costs two XORs, whatever k is: one for the prefix, one into the sum for the
 * power of two in x + 1. */
typedef struct sums {
    VEC prefix[STRIP];
    VEC odd[STRIP];                      /* of those prefixes where x + 1 is odd */
    VEC even[SONIC_OT_K_MAX + 1][STRIP]; /* where 2^i is the power of two in it, i > 0 */
} sums;

/* One round of two leaves; see encrypt_round(). */
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

/* Adds leaves x and x + 1, x even. */
SONIC_INLINE void add_leaves(sums *s, const VEC at[STRIP], const sonic_aes_key keys[2],
                             unsigned power)
{
    VEC v[FLIGHT];
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        v[i] = XOR(at[i % STRIP], SPREAD(keys[i / STRIP].round[0]));
    SONIC_UNROLL
    for (int r = 1; r < ROUNDS; r++)
        leaves_round(v, keys, r);
    SONIC_UNROLL
    for (int i = 0; i < STRIP; i++) {
        const VEC first = ENCLAST(v[i], SPREAD(keys[0].round[ROUNDS]));
        const VEC second = ENCLAST(v[STRIP + i], SPREAD(keys[1].round[ROUNDS]));
        s->odd[i] = XOR3(s->prefix[i], first, s->odd[i]);
        s->prefix[i] = XOR3(s->prefix[i], first, second);
        s->even[power][i] = XOR(s->even[power][i], s->prefix[i]);
    }
}

/* Leaf 1, for who lacks leaf 0 and needs it for u only: in v it cancels. */
SONIC_INLINE void begin_at_one(sums *s, const VEC at[STRIP], const sonic_aes_key *key)
{
    VEC v[STRIP];
    SONIC_UNROLL
    for (int i = 0; i < STRIP; i++)
        v[i] = XOR(at[i], SPREAD(key->round[0]));
    SONIC_UNROLL
    for (int r = 1; r < ROUNDS; r++) {
        const VEC k = SPREAD(key->round[r]);
        SONIC_UNROLL
        for (int i = 0; i < STRIP; i++)
            v[i] = ENC(v[i], k);
    }
    SONIC_UNROLL
    for (int i = 0; i < STRIP; i++)
        s->prefix[i] = s->even[1][i] = ENCLAST(v[i], SPREAD(key->round[ROUNDS]));
}

/* One strip; `at` holds its first vector's counters and is moved on. */
SONIC_INLINE void vole_strip(uint8_t *u, uint8_t *v, size_t stride, const sonic_aes_key *keys,
                             unsigned k, VEC *counter, VEC step)
{
    sums s;
    VEC at[STRIP];
    const VEC zero = SPREAD64(0, 0);
    SONIC_UNROLL
    for (int i = 0; i < STRIP; i++) {
        at[i] = *counter;
        *counter = ADD64(*counter, step);
        s.prefix[i] = s.odd[i] = zero;
        for (unsigned p = 1; p <= k; p++)
            s.even[p][i] = zero;
    }
    size_t x = 0;
    if (!u) {
        begin_at_one(&s, at, &keys[1]);
        x = 2;
    }
    for (; x < (size_t)1 << k; x += 2)
        add_leaves(&s, at, keys + x, (unsigned)__builtin_ctzll(x + 2));
    SONIC_UNROLL
    for (int i = 0; i < STRIP; i++) {
        VEC sum = s.prefix[i];
        if (u)
            STORE(u + i * VECTOR, sum);
        for (unsigned p = k; p-- > 1;) {
            sum = XOR(sum, s.even[p][i]);
            STORE(v + p * stride + i * VECTOR, sum);
        }
        STORE(v + i * VECTOR, XOR(sum, s.odd[i]));
    }
}

static void vole(uint8_t *u, uint8_t *v, size_t stride, const sonic_aes_key *keys, unsigned k,
                 uint64_t counter, size_t n)
{
    VEC at = ramp(counter, 1, 0);
    const VEC step = SPREAD64(LANES, 0);
    for (; n >= STRIP_BLOCKS; n -= STRIP_BLOCKS, v += STRIP_BYTES) {
        vole_strip(u, v, stride, keys, k, &at, step);
        u = u ? u + STRIP_BYTES : NULL;
    }
    if (n > 0) {
        uint8_t last[SONIC_OT_K_MAX + 1][STRIP_BYTES];
        vole_strip(u ? last[SONIC_OT_K_MAX] : NULL, last[0], STRIP_BYTES, keys, k, &at, step);
        if (u)
            copy(u, last[SONIC_OT_K_MAX], n * BLOCK);
        for (unsigned i = 0; i < k; i++)
            copy(v + i * stride, last[i], n * BLOCK);
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
