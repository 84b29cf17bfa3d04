/* Checks of kernels/vole against the formulas of its header on the textbook AES, element by
 * element, and of what it is for: that two parties' shares add up to the product. */
#include <string.h>

#include "tests/checks.h"
#include "tests/elements.h"
#include "tests/textbook_aes.h"

enum { BLOCK = 16, LEAVES = SONIC_VOLE_LEAVES, BATCH = 64, SIZES = 512 };

/* --- the oracle --- */

static uint64_t get(const uint8_t *p, size_t bytes)
{
    uint64_t v = 0;
    for (size_t b = 0; b < bytes; b++)
        v |= (uint64_t)p[b] << 8 * b;
    return v;
}

static void put(uint8_t *p, uint64_t v, size_t bytes)
{
    for (size_t b = 0; b < bytes; b++)
        p[b] = (uint8_t)(v >> 8 * b);
}

static size_t bytes_of(unsigned ring)
{
    return ring == SONIC_MOD64 ? 8 : 4;
}

static unsigned digits_of(unsigned ring)
{
    return ring == SONIC_MOD64 ? 16 : 8;
}

static size_t wire_of(unsigned ring, unsigned digit)
{
    size_t wire = 1;
    while (2 * wire + digit < digits_of(ring))
        wire++;
    return wire;
}

static size_t lane_of(unsigned ring, unsigned digit)
{
    size_t lane = 1;
    while (lane < wire_of(ring, digit))
        lane *= 2;
    return lane;
}

/* Block c of one tree's U and V, in lanes of `lane` bytes. */
static void oracle_fold(uint8_t *u, uint8_t *v, const uint8_t *seeds, size_t stride,
                        uint8_t round[11][16], uint64_t c, size_t lane)
{
    memset(u, 0, BLOCK);
    memset(v, 0, BLOCK);
    for (unsigned x = 0; x < LEAVES; x++) {
        uint8_t in[BLOCK], r[BLOCK], number[8];
        memcpy(in, seeds + BLOCK * stride * x, BLOCK);
        put(number, c, 8);
        for (unsigned b = 0; b < 8; b++)
            in[b] ^= number[b];
        textbook_encrypt(r, in, round);
        for (unsigned b = 0; b < BLOCK; b++)
            r[b] ^= in[b];
        for (size_t at = 0; at < BLOCK; at += lane) {
            put(u + at, get(u + at, lane) + get(r + at, lane), lane);
            put(v + at, get(v + at, lane) + x * get(r + at, lane), lane);
        }
    }
}

/* --- trees --- */

typedef struct forest {
    size_t trees, gap; /* gap: stride - trees */
    size_t n;
    uint64_t counter;
    unsigned ring, digit;
    harness_place place;
    size_t off; /* of buffers from their place */
} forest;

static bool same(const uint8_t *x, const uint8_t *y, size_t n)
{
    return n == 0 || memcmp(x, y, n) == 0;
}

static bool fold_at(harness_tier *tier, const forest *f)
{
    const size_t stride = f->trees + f->gap, bytes = BLOCK * f->n * f->trees;
    const size_t lane = lane_of(f->ring, f->digit);
    uint8_t key[16], round[11][16];
    sonic_aes_key pi;
    harness_fill(&tier->random, key, sizeof key, HARNESS_RANDOM);
    tier->kernels->aes.expand(&pi, key);
    textbook_expand(round, key);
    harness_buffer seeds = harness_buffer_make(
        f->trees > 0 ? BLOCK * ((LEAVES - 1) * stride + f->trees) : 0, f->place, f->off);
    harness_buffer u = harness_buffer_make(bytes, f->place, (f->off + 5) % 64),
                   v = harness_buffer_make(bytes, f->place, (f->off + 11) % 64);
    harness_buffer want_u = harness_buffer_make(bytes, f->place, 0),
                   want_v = harness_buffer_make(bytes, f->place, 0);
    harness_fill(&tier->random, seeds.data, seeds.n, HARNESS_RANDOM);
    for (size_t t = 0; t < f->trees; t++)
        for (size_t c = 0; c < f->n; c++) {
            const size_t at = BLOCK * (t * f->n + c);
            oracle_fold(want_u.data + at, want_v.data + at, seeds.data + BLOCK * t, stride, round,
                        f->counter + c, lane);
        }
    tier->kernels->vole[f->ring].fold(u.data, v.data, seeds.data, stride, f->trees, f->n, &pi,
                                      f->counter, f->digit);
    const bool right_u = same(u.data, want_u.data, bytes);
    const bool right_v = same(v.data, want_v.data, bytes);
    const bool intact = harness_buffer_intact(&u) && harness_buffer_intact(&v);
    harness_buffer_free(&seeds);
    harness_buffer_free(&u);
    harness_buffer_free(&v);
    harness_buffer_free(&want_u);
    harness_buffer_free(&want_v);
    HARNESS_CHECK(right_u && right_v,
                  "wrong %s of %zu trees, gap %zu, %zu blocks, digit %u, ring %u, off %zu",
                  right_u ? "V" : "U", f->trees, f->gap, f->n, f->digit, f->ring, f->off);
    HARNESS_CHECK(intact, "bytes outside of %zu trees of %zu blocks were written, off %zu",
                  f->trees, f->n, f->off);
    return true;
}

/* One digit for each width of lanes. */
static const struct {
    unsigned ring, digit;
} widths[] = {{SONIC_MOD64, 2}, {SONIC_MOD32, 1}, {SONIC_MOD64, 12}, {SONIC_MOD32, 7}};

enum { WIDTHS = sizeof widths / sizeof *widths };

bool check_vole_fold(harness_tier *tier)
{
    for (size_t i = 0; i < harness_rounds(400); i++) {
        const size_t trees = harness_below(&tier->random, 14);
        const forest f = {.trees = trees,
                          .gap = harness_below(&tier->random, 3),
                          .n = harness_below(&tier->random, trees > 6 ? 7 : 23),
                          .counter = harness_next(&tier->random),
                          .ring = widths[i % WIDTHS].ring,
                          .digit = widths[i % WIDTHS].digit,
                          .place = i / WIDTHS % 2 ? HARNESS_AT_START : HARNESS_AT_END};
        if (!fold_at(tier, &f))
            return false;
    }
    return true;
}

bool check_vole_fold_wrap(harness_tier *tier)
{
    for (uint64_t before = 0; before < 20; before += 1 + before / 4)
        for (size_t trees = 1; trees < 6; trees += 4) {
            const forest f = {.trees = trees,
                              .n = 21,
                              .counter = (before % 2 ? UINT64_MAX : UINT32_MAX) - before,
                              .place = HARNESS_AT_END};
            if (!fold_at(tier, &f))
                return false;
        }
    return true;
}

/* --- elements --- */

typedef struct elements {
    size_t n;
    unsigned ring, digit, multiplier;
    size_t bytes, lane, wire; /* of an element */
    harness_fill_kind kind;
    harness_place place;
    size_t off;
} elements;

enum { X, ACC, LANES_U, LANES_V, SENT, WANT, RESULT, BUFFERS };

/* v 16^digit mod 2^l. */
static uint64_t shifted(unsigned __int128 v, unsigned digit, size_t bytes)
{
    for (; digit > 0; digit--)
        v *= 16;
    return element_reduce(v, bytes);
}

/* What an operation makes of element i, to b[WANT]. */
typedef void oracle(const harness_buffer *b, const elements *e, size_t i);

static void oracle_mask(const harness_buffer *b, const elements *e, size_t i)
{
    const uint64_t u = get(b[LANES_U].data + e->lane * i, e->lane);
    put(b[WANT].data + e->wire * i, element_get(b[X].data, i, e->bytes) - u, e->wire);
}

static void oracle_sum(const harness_buffer *b, const elements *e, size_t i, unsigned __int128 v)
{
    const uint64_t acc = element_get(b[ACC].data, i, e->bytes);
    element_put(b[WANT].data, i, e->bytes, acc + shifted(v, e->digit, e->bytes));
}

static void oracle_sent(const harness_buffer *b, const elements *e, size_t i)
{
    oracle_sum(b, e, i, get(b[LANES_V].data + e->lane * i, e->lane));
}

static void oracle_received(const harness_buffer *b, const elements *e, size_t i)
{
    const uint64_t d = get(b[SENT].data + e->wire * i, e->wire);
    const uint64_t u = get(b[LANES_U].data + e->lane * i, e->lane);
    const uint64_t v = get(b[LANES_V].data + e->lane * i, e->lane);
    oracle_sum(b, e, i, e->multiplier * ((unsigned __int128)d + u) - v);
}

enum { MASK, ADD_SENT, ADD_RECEIVED, OPS };

static bool op_at(harness_tier *tier, const elements *e, unsigned op)
{
    static oracle *const oracles[OPS] = {oracle_mask, oracle_sent, oracle_received};
    static const char *const names[OPS] = {"mask", "add_sent", "add_received"};
    const sonic_vole_kernels *vole = &tier->kernels->vole[e->ring];
    const size_t n = e->n, out = op == MASK ? e->wire : e->bytes;
    const size_t each[BUFFERS] = {
        [X] = e->bytes,   [ACC] = e->bytes, [LANES_U] = e->lane, [LANES_V] = e->lane,
        [SENT] = e->wire, [WANT] = out,     [RESULT] = out,
    };
    harness_buffer b[BUFFERS];
    for (unsigned i = 0; i < BUFFERS; i++) {
        b[i] = harness_buffer_make(n * each[i], e->place, (e->off + 7 * i) % 64);
        harness_fill(&tier->random, b[i].data, b[i].n, e->kind);
    }
    for (size_t i = 0; i < n; i++)
        oracles[op](b, e, i);
    uint8_t *const result = b[RESULT].data;
    if (op != MASK)
        memcpy(result, b[ACC].data, b[ACC].n);
    if (op == MASK)
        vole->mask(result, b[X].data, b[LANES_U].data, n, e->digit);
    else if (op == ADD_SENT)
        vole->add_sent(result, b[LANES_V].data, n, e->digit);
    else
        vole->add_received(result, b[SENT].data, b[LANES_U].data, b[LANES_V].data, n, e->digit,
                           e->multiplier);
    const bool right = same(result, b[WANT].data, n * out);
    bool intact = true;
    for (unsigned i = 0; i < BUFFERS; i++) {
        intact = intact && harness_buffer_intact(&b[i]);
        harness_buffer_free(&b[i]);
    }
    HARNESS_CHECK(right,
                  "wrong %s of %zu elements of %zu bytes, digit %u, multiplier %u, fill %d, off %zu",
                  names[op], n, e->bytes, e->digit, e->multiplier, (int)e->kind, e->off);
    HARNESS_CHECK(intact, "%s of %zu elements of %zu bytes, digit %u, off %zu, wrote outside",
                  names[op], n, e->bytes, e->digit, e->off);
    return true;
}

/* Every operation with every digit of both rings. */
static bool all_digits(harness_tier *tier, size_t n, harness_place place, size_t off)
{
    for (unsigned ring = 0; ring < SONIC_RINGS; ring++)
        for (unsigned digit = 0; digit < digits_of(ring); digit++)
            for (unsigned op = 0; op < OPS; op++) {
                const size_t kind = harness_below(&tier->random, HARNESS_FILLS);
                const elements e = {.n = n,
                                    .ring = ring,
                                    .digit = digit,
                                    .multiplier = (unsigned)harness_below(&tier->random, 16),
                                    .bytes = bytes_of(ring),
                                    .lane = lane_of(ring, digit),
                                    .wire = wire_of(ring, digit),
                                    .kind = (harness_fill_kind)kind,
                                    .place = place,
                                    .off = off};
                if (!op_at(tier, &e, op))
                    return false;
            }
    return true;
}

bool check_vole_lanes(harness_tier *tier)
{
    size_t sizes[SIZES];
    const size_t count = harness_sizes(sizes, SIZES, BATCH);
    for (size_t i = 0; i < count; i++)
        if (!all_digits(tier, sizes[i], i % 2 ? HARNESS_AT_START : HARNESS_AT_END, 0))
            return false;
    return true;
}

bool check_vole_alignment(harness_tier *tier)
{
    for (size_t off = 0; off < 64; off++) {
        const forest f = {.trees = 5,
                          .n = 5,
                          .ring = widths[off % WIDTHS].ring,
                          .digit = widths[off % WIDTHS].digit,
                          .off = off};
        if (!fold_at(tier, &f) || !all_digits(tier, BATCH + 5, HARNESS_AT_START, off))
            return false;
    }
    return true;
}

/* --- products --- */

/* The receiver, which has garbage for the seed of its digit, and the sender get shares of
 * multiplier x 16^digit. */
static bool product(harness_tier *tier, unsigned ring, unsigned digit, unsigned multiplier)
{
    enum { BLOCKS = 5, MOST = BLOCK * BLOCKS };
    const sonic_vole_kernels *vole = &tier->kernels->vole[ring];
    const size_t bytes = bytes_of(ring), n = MOST / lane_of(ring, digit);
    uint8_t seeds[LEAVES * BLOCK], u[MOST], v[MOST], d[MOST], x[8 * MOST];
    uint8_t sent[8 * MOST] = {0}, received[8 * MOST] = {0}, key[16];
    const uint64_t counter = harness_next(&tier->random);
    sonic_aes_key pi;
    harness_fill(&tier->random, key, sizeof key, HARNESS_RANDOM);
    harness_fill(&tier->random, x, sizeof x, HARNESS_RANDOM);
    harness_fill(&tier->random, seeds, sizeof seeds, HARNESS_RANDOM);
    tier->kernels->aes.expand(&pi, key);
    vole->fold(u, v, seeds, 1, 1, BLOCKS, &pi, counter, digit);
    vole->mask(d, x, u, n, digit);
    vole->add_sent(sent, v, n, digit);
    harness_fill(&tier->random, seeds + BLOCK * multiplier, BLOCK, HARNESS_RANDOM);
    vole->fold(u, v, seeds, 1, 1, BLOCKS, &pi, counter, digit);
    vole->add_received(received, d, u, v, n, digit, multiplier);
    for (size_t i = 0; i < n; i++) {
        const uint64_t share = element_get(sent, i, bytes) + element_get(received, i, bytes);
        const uint64_t want = shifted(multiplier * element_get(x, i, bytes), digit, bytes);
        HARNESS_CHECK(element_reduce(share, bytes) == want,
                      "element %zu mod 2^%zu is not times %u, digit %u", i, 8 * bytes, multiplier,
                      digit);
    }
    return true;
}

bool check_vole_products(harness_tier *tier)
{
    for (unsigned ring = 0; ring < SONIC_RINGS; ring++)
        for (unsigned digit = 0; digit < digits_of(ring); digit++)
            for (unsigned multiplier = 0; multiplier < 16; multiplier++)
                if (!product(tier, ring, digit, multiplier))
                    return false;
    return true;
}
