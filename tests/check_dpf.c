/* Checks of kernels/dpf: against the portable tier, byte by byte, keys of one at a time by the
 * header's formulas, and of what two parties' shares come to against a plain comparison. */
#include <string.h>

#include "tests/checks.h"
#include "tests/dpf_run.h"
#include "tests/elements.h"

enum { BLOCK = 16, SIZES = 512, MOST = 300, FEW = 14 };

typedef struct shape {
    dpf_run run;
    harness_fill_kind kind; /* of seeds and alpha */
    bool by_one;            /* with the formulas */
    bool forged;            /* the keys' bytes are random */
    harness_place place;
    size_t off; /* of buffers from their place */
} shape;

/* WANT and WANT_KEYS are of the portable tier. */
enum { SEEDS0, SEEDS1, ALPHA, BETA, X, KEYS, WANT_KEYS, OUT0, OUT1, WANT, BUFFERS };

/* Half of the inputs are at most two from alpha, a quarter differ from it in one bit; the bits
 * above a number's are random. */
static void fill_inputs(harness_random *random, uint8_t *inputs, const dpf_run *run)
{
    for (size_t j = 0; j < run->n; j++) {
        const uint64_t alpha = dpf_number(run, run->alpha, j);
        const size_t choice = harness_below(random, 4);
        uint64_t x = harness_next(random);
        if (choice < 2)
            x = alpha + harness_below(random, 5) - 2;
        else if (choice < 3)
            x = alpha ^ (uint64_t)1 << harness_below(random, run->bits);
        if (run->bits < 64)
            x ^= harness_next(random) << run->bits;
        element_put(inputs, j, dpf_element(run), x);
    }
}

static bool same(const harness_buffer *x, const harness_buffer *y)
{
    return x->n == 0 || memcmp(x->data, y->data, x->n) == 0;
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

static void put_leaf(oracle *o, unsigned op, uint64_t alpha)
{
    uint8_t h[2][BLOCK];
    hash(o, h, 0);
    add(h[0], h[1]);
    for (unsigned i = 0; i < 128; i++)
        if (op == DPF_EQUAL ? i == alpha % 128 : i < alpha % 128)
            h[0][i / 8] ^= (uint8_t)(1 << i % 8);
    put(o, h[0], BLOCK);
}

static void generate_one(const harness_tier *tier, const dpf_run *run, uint8_t *keys, size_t j)
{
    const size_t first = j - j % SONIC_DPF_TILE, rest = run->n - first;
    const size_t bytes = dpf_element(run);
    const uint64_t alpha = dpf_number(run, run->alpha, j);
    const uint8_t *const beta = run->beta + 2 * bytes * j;
    const bool steps = run->op == DPF_STEP;
    const unsigned low = steps ? SONIC_DPF_STEP_LEAF_BITS : SONIC_DPF_LEAF_BITS;
    const unsigned places = 1u << (run->bits < low ? run->bits : low);
    oracle o = {.aes = &tier->ref->aes,
                .pi = &run->pi,
                .at = keys + dpf_key_bytes(run) * first,
                .lane = j - first,
                .keys = rest < SONIC_DPF_TILE ? rest : SONIC_DPF_TILE};
    for (unsigned p = 0; p < 2; p++) {
        memcpy(o.seed[p], run->seeds[p] + BLOCK * j, BLOCK);
        o.seed[p][0] = (uint8_t)((o.seed[p][0] & 0xfe) | p);
    }
    for (unsigned bit = run->bits; bit > low;) {
        const bool right = alpha >> --bit & 1;
        descend(&o, right);
        if (steps)
            put_pair(&o, beta, right, 2, bytes);
    }
    if (!steps)
        put_leaf(&o, run->op, alpha);
    for (unsigned place = 0; steps && place < places; place++)
        put_pair(&o, beta, place < alpha % places, 2 * (place + 2), bytes);
}

/* --- */

static bool compare(harness_tier *tier, const shape *s, harness_buffer *b)
{
    const dpf_run *const run = &s->run;
    const char *const name = dpf_name(run);
    const size_t n = run->n, bytes = dpf_element(run);
    dpf_generate(run, tier->kernels, b[KEYS].data);
    dpf_generate(run, tier->ref, b[WANT_KEYS].data);
    HARNESS_CHECK(same(&b[KEYS], &b[WANT_KEYS]),
                  "wrong keys of %zu %ss of %u bits in elements of %zu bytes, off %zu", n, name,
                  run->bits, bytes, s->off);
    for (size_t j = 0; j < n && s->by_one; j++)
        generate_one(tier, run, b[WANT_KEYS].data, j);
    HARNESS_CHECK(same(&b[KEYS], &b[WANT_KEYS]),
                  "keys of %zu %ss of %u bits in elements of %zu bytes are not the formulas'", n,
                  name, run->bits, bytes);
    if (s->forged)
        harness_fill(&tier->random, b[KEYS].data, b[KEYS].n, HARNESS_RANDOM);
    for (unsigned party = 0; party < 2; party++) {
        dpf_eval(run, tier->kernels, b[OUT0 + party].data, b[KEYS].data, party);
        dpf_eval(run, tier->ref, b[WANT].data, b[KEYS].data, party);
        HARNESS_CHECK(same(&b[OUT0 + party], &b[WANT]),
                      "wrong share of party %u: %zu %ss of %u bits in elements of %zu bytes, off "
                      "%zu",
                      party, n, name, run->bits, bytes, s->off);
    }
    for (size_t j = 0; j < n && !s->forged; j++)
        HARNESS_CHECK(dpf_right(run, b[OUT0].data, b[OUT1].data, j),
                      "%s %zu of %zu, %u bits in elements of %zu bytes, is wrong", name, j, n,
                      run->bits, bytes);
    for (unsigned i = 0; i < BUFFERS; i++)
        HARNESS_CHECK(harness_buffer_intact(&b[i]),
                      "%zu %ss of %u bits in elements of %zu bytes, off %zu, wrote outside", n,
                      name, run->bits, bytes, s->off);
    return true;
}

static bool dpf_at(harness_tier *tier, shape *s)
{
    dpf_run *const run = &s->run;
    const size_t bytes = dpf_element(run), key = dpf_key_bytes(run), out = dpf_out_bytes(run);
    const size_t each[OUT0] = {BLOCK, BLOCK, bytes, 2 * bytes, bytes, key, key};
    uint8_t pi[BLOCK];
    harness_buffer b[BUFFERS];
    for (unsigned i = 0; i < BUFFERS; i++) {
        b[i] =
            harness_buffer_make(i < OUT0 ? run->n * each[i] : out, s->place, (s->off + 7 * i) % 64);
        harness_fill(&tier->random, b[i].data, b[i].n, i <= ALPHA ? s->kind : HARNESS_RANDOM);
    }
    run->seeds[0] = b[SEEDS0].data;
    run->seeds[1] = b[SEEDS1].data;
    run->alpha = b[ALPHA].data;
    run->beta = b[BETA].data;
    run->x = b[X].data;
    harness_fill(&tier->random, pi, sizeof pi, HARNESS_RANDOM);
    tier->kernels->aes.expand(&run->pi, pi);
    fill_inputs(&tier->random, b[X].data, run);
    const bool good = compare(tier, s, b);
    for (unsigned i = 0; i < BUFFERS; i++)
        harness_buffer_free(&b[i]);
    return good;
}

/* Every operation on both widths; of `bits` bits, or where that is 0, of a few, at random. */
static bool each_op(harness_tier *tier, size_t n, unsigned bits, harness_place place, size_t off)
{
    harness_random *const random = &tier->random;
    for (unsigned op = 0; op < DPF_OPS; op++)
        for (unsigned ring = 0; ring < SONIC_RINGS; ring++) {
            const bool plain = harness_below(random, 4) > 0;
            const size_t kind = plain ? HARNESS_RANDOM : harness_below(random, HARNESS_FILLS);
            shape s = {
                .run = {.op = op,
                        .ring = ring,
                        .bits = bits ? bits : 1 + (unsigned)harness_below(random, FEW),
                        .n = n},
                .kind = (harness_fill_kind)kind,
                .by_one = n <= SONIC_DPF_TILE + 3,
                .forged = harness_below(random, 8) == 0,
                .place = place,
                .off = off,
            };
            if (s.run.bits <= 8 * dpf_element(&s.run) && !dpf_at(tier, &s))
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
