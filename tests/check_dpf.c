/* Checks of kernels/dpf: against the portable tier, byte by byte, keys of one at a time by the
 * header's formulas, and of what two parties' shares come to against a plain comparison. */
#include <string.h>

#include "tests/checks.h"
#include "tests/elements.h"

enum { BLOCK = 16, SIZES = 512, MOST = 300, FEW = 14 };
enum { EQUAL = SONIC_DPF_EQUAL, LESS = SONIC_DPF_LESS, STEP, OPS };

typedef struct shape {
    unsigned op, ring, bits;
    size_t n;
    harness_fill_kind kind; /* of seeds and alpha */
    bool by_one;            /* with the formulas */
    bool forged;            /* the keys' bytes are random */
    harness_place place;
    size_t off; /* of buffers from their place */
} shape;

/* WANT and WANT_KEYS are of the portable tier. */
enum { SEEDS0, SEEDS1, ALPHA, BETA, X, KEYS, WANT_KEYS, OUT0, OUT1, WANT, BUFFERS };

static size_t element(const shape *s)
{
    return s->ring == SONIC_MOD64 ? 8 : 4;
}

static size_t key_bytes(const shape *s)
{
    return s->op == STEP ? sonic_dpf_step_key_bytes(element(s), s->bits)
                         : sonic_dpf_key_bytes(s->bits);
}

static size_t out_bytes(const shape *s)
{
    return s->op == STEP ? 2 * element(s) * s->n : (s->n + 7) / 8;
}

static uint64_t number(const harness_buffer *b, size_t j, const shape *s)
{
    return element_get(b->data, j, element(s)) & UINT64_MAX >> (64 - s->bits);
}

/* Half of the inputs are at most two from alpha, a quarter differ from it in one bit; the bits
 * above a number's are random. */
static void fill_inputs(harness_random *random, harness_buffer *b, const shape *s)
{
    for (size_t j = 0; j < s->n; j++) {
        const uint64_t alpha = element_get(b[ALPHA].data, j, element(s));
        const size_t choice = harness_below(random, 4);
        uint64_t x = harness_next(random);
        if (choice < 2)
            x = alpha + harness_below(random, 5) - 2;
        else if (choice < 3)
            x = alpha ^ (uint64_t)1 << harness_below(random, s->bits);
        if (s->bits < 64)
            x ^= harness_next(random) << s->bits;
        element_put(b[X].data, j, element(s), x);
    }
}

static void generate(const sonic_kernels *kernels, const shape *s, const harness_buffer *b,
                     uint8_t *keys, const sonic_aes_key *pi)
{
    const sonic_dpf_kernels *const dpf = &kernels->dpf[s->ring];
    const uint8_t *const seeds[2] = {b[SEEDS0].data, b[SEEDS1].data};
    if (s->op == STEP)
        dpf->step_generate(keys, seeds, b[ALPHA].data, b[BETA].data, s->bits, s->n, pi);
    else
        dpf->generate(keys, seeds, b[ALPHA].data, s->bits, s->n, (sonic_dpf_kind)s->op, pi);
}

static void eval(const sonic_kernels *kernels, const shape *s, const harness_buffer *b,
                 uint8_t *out, unsigned party, const sonic_aes_key *pi)
{
    const sonic_dpf_kernels *const dpf = &kernels->dpf[s->ring];
    const uint8_t *const seeds = b[SEEDS0 + party].data, *const keys = b[KEYS].data;
    if (s->op == STEP)
        dpf->step_eval(out, seeds, keys, b[X].data, s->bits, s->n, party, pi);
    else
        dpf->eval(out, seeds, keys, b[X].data, s->bits, s->n, (sonic_dpf_kind)s->op, party, pi);
}

static bool same(const harness_buffer *x, const harness_buffer *y)
{
    return x->n == 0 || memcmp(x->data, y->data, x->n) == 0;
}

/* Whether the shares of key j come to what it says. */
static bool right(const harness_buffer *b, const shape *s, size_t j)
{
    const uint64_t x = number(&b[X], j, s), alpha = number(&b[ALPHA], j, s);
    const bool one = s->op == EQUAL ? x == alpha : x < alpha;
    const size_t bytes = element(s);
    if (s->op != STEP)
        return ((b[OUT0].data[j / 8] ^ b[OUT1].data[j / 8]) >> j % 8 & 1) == one;
    for (size_t i = 2 * j; i < 2 * j + 2; i++) {
        const uint64_t sum =
            element_get(b[OUT0].data, i, bytes) + element_get(b[OUT1].data, i, bytes);
        if (element_reduce(sum, bytes) != (one ? element_get(b[BETA].data, i, bytes) : 0))
            return false;
    }
    return true;
}

/* --- one key, by the formulas --- */

typedef struct oracle {
    const sonic_aes_kernels *aes;
    const sonic_aes_key *pi;
    uint8_t seed[2][BLOCK]; /* on the path to alpha */
    uint8_t *at;            /* the next correction word of the key's tile's first key */
    size_t lane, keys;      /* the key's place in its tile, and the tile's keys */
} oracle;

static void add(uint8_t to[BLOCK], const uint8_t from[BLOCK])
{
    for (unsigned i = 0; i < BLOCK; i++)
        to[i] ^= from[i];
}

static void hash(const oracle *o, uint8_t out[2][BLOCK], unsigned c)
{
    uint8_t in[2][BLOCK];
    memcpy(in, o->seed, sizeof in);
    for (unsigned p = 0; p < 2; p++)
        in[p][0] ^= (uint8_t)c;
    o->aes->ccr(out[0], in[0], 2, o->pi);
}

static void put(oracle *o, const void *word, size_t bytes)
{
    memcpy(o->at + bytes * o->lane, word, bytes);
    o->at += bytes * o->keys;
}

static void descend(oracle *o, bool right)
{
    uint8_t left[2][BLOCK], word[BLOCK] = {0};
    hash(o, left, 0);
    for (unsigned p = 0; p < 2; p++) {
        add(word, left[p]);
        if (!right)
            add(word, o->seed[p]);
    }
    put(o, word, BLOCK);
    for (unsigned p = 0; p < 2; p++) {
        if (o->seed[p][0] & 1)
            add(left[p], word);
        if (right)
            add(left[p], o->seed[p]);
    }
    memcpy(o->seed, left, sizeof left);
}

/* The pair that makes the path's seeds shares of beta, or of 0. */
static void put_pair(oracle *o, const uint8_t *beta, bool one, unsigned c, size_t bytes)
{
    uint8_t h[2][BLOCK], pair[BLOCK];
    hash(o, h, c);
    for (unsigned k = 0; k < 2; k++) {
        const uint64_t value = one ? element_get(beta, k, bytes) : 0;
        const uint64_t word = value - element_get(h[0], k, bytes) + element_get(h[1], k, bytes);
        element_put(pair, k, bytes, o->seed[1][0] & 1 ? 0 - word : word);
    }
    put(o, pair, 2 * bytes);
}

static void put_leaf(oracle *o, const shape *s, uint64_t alpha)
{
    uint8_t h[2][BLOCK];
    hash(o, h, 0);
    add(h[0], h[1]);
    for (unsigned i = 0; i < 128; i++)
        if (s->op == EQUAL ? i == alpha % 128 : i < alpha % 128)
            h[0][i / 8] ^= (uint8_t)(1 << i % 8);
    put(o, h[0], BLOCK);
}

static void generate_one(const harness_tier *tier, const shape *s, const harness_buffer *b,
                         uint8_t *keys, const sonic_aes_key *pi, size_t j)
{
    const size_t first = j - j % SONIC_DPF_TILE, rest = s->n - first;
    const uint64_t alpha = number(&b[ALPHA], j, s);
    const uint8_t *const beta = b[BETA].data + 2 * element(s) * j;
    const unsigned low = s->op == STEP ? SONIC_DPF_STEP_LEAF_BITS : SONIC_DPF_LEAF_BITS;
    oracle o = {.aes = &tier->ref->aes,
                .pi = pi,
                .at = keys + key_bytes(s) * first,
                .lane = j - first,
                .keys = rest < SONIC_DPF_TILE ? rest : SONIC_DPF_TILE};
    for (unsigned p = 0; p < 2; p++) {
        memcpy(o.seed[p], b[SEEDS0 + p].data + BLOCK * j, BLOCK);
        o.seed[p][0] = (uint8_t)((o.seed[p][0] & 0xfe) | p);
    }
    for (unsigned bit = s->bits; bit > low;) {
        const bool right = alpha >> --bit & 1;
        descend(&o, right);
        if (s->op == STEP)
            put_pair(&o, beta, right, 2, element(s));
    }
    if (s->op != STEP)
        put_leaf(&o, s, alpha);
    for (unsigned place = 0; s->op == STEP && place < 1u << (s->bits < low ? s->bits : low);
         place++)
        put_pair(&o, beta, place < alpha % 8, 2 * (place + 2), element(s));
}

/* --- */

static bool compare(harness_tier *tier, const shape *s, harness_buffer *b)
{
    static const char *const names[OPS] = {"point", "comparison", "step"};
    uint8_t key[BLOCK];
    sonic_aes_key pi;
    harness_fill(&tier->random, key, sizeof key, HARNESS_RANDOM);
    tier->kernels->aes.expand(&pi, key);
    generate(tier->kernels, s, b, b[KEYS].data, &pi);
    generate(tier->ref, s, b, b[WANT_KEYS].data, &pi);
    HARNESS_CHECK(same(&b[KEYS], &b[WANT_KEYS]),
                  "wrong keys of %zu %ss of %u bits in elements of %zu bytes, off %zu", s->n,
                  names[s->op], s->bits, element(s), s->off);
    for (size_t j = 0; j < s->n && s->by_one; j++)
        generate_one(tier, s, b, b[WANT_KEYS].data, &pi, j);
    HARNESS_CHECK(same(&b[KEYS], &b[WANT_KEYS]),
                  "keys of %zu %ss of %u bits in elements of %zu bytes are not the formulas'", s->n,
                  names[s->op], s->bits, element(s));
    if (s->forged)
        harness_fill(&tier->random, b[KEYS].data, b[KEYS].n, HARNESS_RANDOM);
    for (unsigned party = 0; party < 2; party++) {
        eval(tier->kernels, s, b, b[OUT0 + party].data, party, &pi);
        eval(tier->ref, s, b, b[WANT].data, party, &pi);
        HARNESS_CHECK(
            same(&b[OUT0 + party], &b[WANT]),
            "wrong share of party %u: %zu %ss of %u bits in elements of %zu bytes, off %zu", party,
            s->n, names[s->op], s->bits, element(s), s->off);
    }
    for (size_t j = 0; j < s->n && !s->forged; j++)
        HARNESS_CHECK(right(b, s, j), "%s %zu of %zu, %u bits in elements of %zu bytes, is wrong",
                      names[s->op], j, s->n, s->bits, element(s));
    for (unsigned i = 0; i < BUFFERS; i++)
        HARNESS_CHECK(harness_buffer_intact(&b[i]),
                      "%zu %ss of %u bits in elements of %zu bytes, off %zu, wrote outside", s->n,
                      names[s->op], s->bits, element(s), s->off);
    return true;
}

static bool dpf_at(harness_tier *tier, const shape *s)
{
    const size_t each[BUFFERS] = {
        [SEEDS0] = BLOCK,           [SEEDS1] = BLOCK, [ALPHA] = element(s),
        [BETA] = 2 * element(s),    [X] = element(s), [KEYS] = key_bytes(s),
        [WANT_KEYS] = key_bytes(s),
    };
    harness_buffer b[BUFFERS];
    for (unsigned i = 0; i < BUFFERS; i++) {
        const size_t bytes = i < OUT0 ? s->n * each[i] : out_bytes(s);
        b[i] = harness_buffer_make(bytes, s->place, (s->off + 7 * i) % 64);
        harness_fill(&tier->random, b[i].data, bytes, i <= ALPHA ? s->kind : HARNESS_RANDOM);
    }
    fill_inputs(&tier->random, b, s);
    const bool good = compare(tier, s, b);
    for (unsigned i = 0; i < BUFFERS; i++)
        harness_buffer_free(&b[i]);
    return good;
}

/* Every operation on both widths; of `bits` bits, or where that is 0, of a few, at random. */
static bool each_op(harness_tier *tier, size_t n, unsigned bits, harness_place place, size_t off)
{
    for (unsigned op = 0; op < OPS; op++)
        for (unsigned ring = 0; ring < SONIC_RINGS; ring++) {
            const shape s = {
                .op = op,
                .ring = ring,
                .bits = bits ? bits : 1 + (unsigned)harness_below(&tier->random, FEW),
                .n = n,
                .kind = harness_below(&tier->random, 4)
                            ? HARNESS_RANDOM
                            : (harness_fill_kind)harness_below(&tier->random, HARNESS_FILLS),
                .by_one = n <= SONIC_DPF_TILE + 3,
                .forged = harness_below(&tier->random, 8) == 0,
                .place = place,
                .off = off,
            };
            if (s.bits <= 8 * element(&s) && !dpf_at(tier, &s))
                return false;
        }
    return true;
}

bool check_dpf_sizes(harness_tier *tier)
{
    size_t sizes[SIZES];
    const size_t count = harness_sizes(sizes, SIZES, 2 * SONIC_DPF_TILE);
    for (size_t i = 0; i < count; i++)
        if (sizes[i] <= MOST &&
            !each_op(tier, sizes[i], 0, i % 2 ? HARNESS_AT_START : HARNESS_AT_END, 0))
            return false;
    return true;
}

bool check_dpf_bits(harness_tier *tier)
{
    for (unsigned bits = 1; bits <= 64; bits++)
        for (size_t i = 0; i < harness_rounds(3); i++) {
            const size_t n = 1 + harness_below(&tier->random, 3 * SONIC_DPF_TILE);
            if (!each_op(tier, n, bits, i % 2 ? HARNESS_AT_START : HARNESS_AT_END, 0))
                return false;
        }
    return true;
}

bool check_dpf_alignment(harness_tier *tier)
{
    for (size_t off = 0; off < 64; off++)
        if (!each_op(tier, SONIC_DPF_TILE + 5, 0, HARNESS_AT_START, off))
            return false;
    return true;
}
