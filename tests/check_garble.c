/* Checks of kernels/garble against the equations of its header on the textbook AES, and of what
 * they are for: that evaluation finds the label of the AND. */
#include <string.h>

#include "tests/checks.h"
#include "tests/textbook_aes.h"

enum { LABEL = 16, TABLE = 32, BATCH = 16, SIZES = 512 };

/* --- the oracle --- */

typedef struct oracle_label {
    uint8_t byte[LABEL];
} oracle_label;

static oracle_label take(const uint8_t *p)
{
    oracle_label x;
    memcpy(x.byte, p, LABEL);
    return x;
}

static oracle_label plus(oracle_label x, oracle_label y)
{
    for (unsigned i = 0; i < LABEL; i++)
        x.byte[i] ^= y.byte[i];
    return x;
}

static oracle_label times(unsigned bit, oracle_label x)
{
    for (unsigned i = 0; i < LABEL; i++)
        x.byte[i] = bit ? x.byte[i] : 0;
    return x;
}

static unsigned lsb(oracle_label x)
{
    return x.byte[0] & 1;
}

/* H(x, t) = pi(sigma(x) ^ t) ^ sigma(x) ^ t. */
static oracle_label hash(oracle_label x, uint64_t t, uint8_t round[11][16])
{
    oracle_label s, y;
    for (unsigned i = 0; i < 8; i++) {
        s.byte[i] = (uint8_t)(x.byte[i] ^ x.byte[8 + i] ^ (uint8_t)(t >> 8 * i));
        s.byte[8 + i] = x.byte[i];
    }
    textbook_encrypt(y.byte, s.byte, round);
    return plus(y, s);
}

/* c = H(a, 2g) ^ lsb(a) G ^ H(b, 2g + 1) ^ lsb(b) (E ^ a). */
static oracle_label oracle_output(const uint8_t *table, oracle_label a, oracle_label b, uint64_t g,
                                  uint8_t round[11][16])
{
    const oracle_label from_a = plus(hash(a, 2 * g, round), times(lsb(a), take(table)));
    const oracle_label second = plus(take(table + LABEL), a);
    return plus(from_a, plus(hash(b, 2 * g + 1, round), times(lsb(b), second)));
}

static void oracle_garble(uint8_t *c, uint8_t *table, const uint8_t *a, const uint8_t *b, size_t n,
                          const uint8_t *delta, uint8_t round[11][16], uint64_t gate)
{
    const oracle_label d = take(delta);
    for (size_t j = 0; j < n; j++, gate++) {
        const oracle_label x = take(a + LABEL * j), y = take(b + LABEL * j);
        const oracle_label g = plus(
            plus(hash(x, 2 * gate, round), hash(plus(x, d), 2 * gate, round)), times(lsb(y), d));
        const oracle_label e =
            plus(plus(hash(y, 2 * gate + 1, round), hash(plus(y, d), 2 * gate + 1, round)), x);
        memcpy(table + TABLE * j, &g, LABEL);
        memcpy(table + TABLE * j + LABEL, &e, LABEL);
        const oracle_label z = oracle_output(table + TABLE * j, x, y, gate, round);
        memcpy(c + LABEL * j, &z, LABEL);
    }
}

static void oracle_evaluate(uint8_t *c, const uint8_t *table, const uint8_t *a, const uint8_t *b,
                            size_t n, uint8_t round[11][16], uint64_t gate)
{
    for (size_t j = 0; j < n; j++) {
        const oracle_label z = oracle_output(table + TABLE * j, take(a + LABEL * j),
                                             take(b + LABEL * j), gate + j, round);
        memcpy(c + LABEL * j, &z, LABEL);
    }
}

/* --- the checks --- */

/* Which of a, b and c are one array. */
enum { C_IS_A = 1, C_IS_B = 2, B_IS_A = 4, ALIASES = 8 };

typedef struct trial {
    size_t n;
    unsigned aliases;
    uint64_t gate;
    harness_fill_kind kind;
    harness_place place;
    size_t gap;
} trial;

static void random_key(harness_tier *tier, sonic_aes_key *pi, uint8_t round[11][16])
{
    uint8_t seed[16];
    harness_fill(&tier->random, seed, sizeof seed, HARNESS_RANDOM);
    tier->kernels->aes.expand(pi, seed);
    textbook_expand(round, seed);
}

static void random_delta(harness_tier *tier, uint8_t delta[LABEL])
{
    harness_fill(&tier->random, delta, LABEL, HARNESS_RANDOM);
    delta[0] |= 1;
}

static bool same(const uint8_t *x, const uint8_t *y, size_t n)
{
    return n == 0 || memcmp(x, y, n) == 0;
}

/* Garbles, or evaluates a random table, at the trial's place, against the oracle. */
static bool run(harness_tier *tier, const trial *t, bool garbling)
{
    const sonic_garble_kernels *kernels = &tier->kernels->garble;
    const size_t n = t->n;
    sonic_aes_key pi;
    uint8_t round[11][16], delta[LABEL];
    random_key(tier, &pi, round);
    random_delta(tier, delta);
    harness_buffer own[3], table = harness_buffer_make(TABLE * n, t->place, t->gap * 7 % 64);
    harness_buffer want = harness_buffer_make(LABEL * n, t->place, 0),
                   rows = harness_buffer_make(TABLE * n, t->place, 0);
    for (unsigned i = 0; i < 3; i++) {
        own[i] = harness_buffer_make(LABEL * n, t->place, (t->gap + 5 * i) % 64);
        harness_fill(&tier->random, own[i].data, LABEL * n, t->kind);
    }
    harness_fill(&tier->random, table.data, TABLE * n, HARNESS_RANDOM);
    const uint8_t *const a = own[0].data;
    const uint8_t *const b = own[t->aliases & B_IS_A ? 0 : 1].data;
    uint8_t *const c = own[t->aliases & C_IS_A ? 0 : t->aliases & C_IS_B ? 1 : 2].data;
    if (garbling) {
        oracle_garble(want.data, rows.data, a, b, n, delta, round, t->gate);
        kernels->garble(c, table.data, a, b, n, delta, &pi, t->gate);
    } else {
        memcpy(rows.data, table.data, TABLE * n);
        oracle_evaluate(want.data, table.data, a, b, n, round, t->gate);
        kernels->evaluate(c, table.data, a, b, n, &pi, t->gate);
    }
    const bool right_labels = same(c, want.data, LABEL * n);
    const bool right_rows = same(table.data, rows.data, TABLE * n);
    bool intact = harness_buffer_intact(&table);
    for (unsigned i = 0; i < 3; i++) {
        intact = intact && harness_buffer_intact(&own[i]);
        harness_buffer_free(&own[i]);
    }
    harness_buffer_free(&table);
    harness_buffer_free(&want);
    harness_buffer_free(&rows);
    const char *const what = garbling ? "garbled" : "evaluated";
    HARNESS_CHECK(right_labels && right_rows,
                  "wrong %s of %zu gates %s, aliases %u, fill %d, gap %zu",
                  right_rows ? "labels" : "tables", n, what, t->aliases, (int)t->kind, t->gap);
    HARNESS_CHECK(intact, "bytes outside of %zu gates %s, gap %zu were written", n, what, t->gap);
    return true;
}

static bool run_both(harness_tier *tier, const trial *t)
{
    return run(tier, t, true) && run(tier, t, false);
}

bool check_garble_sizes(harness_tier *tier)
{
    size_t sizes[SIZES];
    const size_t count = harness_sizes(sizes, SIZES, BATCH);
    for (size_t i = 0; i < count; i++)
        for (harness_place place = HARNESS_AT_START; place <= HARNESS_AT_END; place++) {
            const trial t = {.n = sizes[i],
                             .gate = harness_next(&tier->random) >> 8,
                             .kind = (harness_fill_kind)(i % HARNESS_FILLS),
                             .place = place};
            if (!run_both(tier, &t))
                return false;
        }
    return true;
}

bool check_garble_aliases(harness_tier *tier)
{
    for (size_t n = 0; n <= 2 * BATCH + 3; n++)
        for (unsigned aliases = 0; aliases < ALIASES; aliases++) {
            const trial t = {.n = n, .aliases = aliases, .place = HARNESS_AT_END};
            if (!run_both(tier, &t))
                return false;
        }
    return true;
}

bool check_garble_alignment(harness_tier *tier)
{
    for (size_t gap = 0; gap < 64; gap++) {
        const trial t = {.n = BATCH + 5, .aliases = gap % 2, .gate = 7, .gap = gap};
        if (!run_both(tier, &t))
            return false;
    }
    return true;
}

/* Carries of gate numbers out of their low 32 bits, up to the last that there are. */
bool check_garble_numbers(harness_tier *tier)
{
    enum { N = 2 * BATCH };
    static const uint64_t after[] = {UINT64_C(1) << 31, UINT64_C(1) << 32, UINT64_C(1) << 62,
                                     (UINT64_C(1) << 63) - 1};
    for (size_t i = 0; i < sizeof after / sizeof *after; i++)
        for (uint64_t before = 0; before < N; before += 1 + before / 4) {
            const bool last = after[i] > UINT64_C(1) << 62;
            const trial t = {.n = N, .gate = after[i] - (last ? N : before)};
            if (!run_both(tier, &t))
                return false;
        }
    return true;
}

/* All four inputs of gates whose labels of zero have both colours: gate j has inputs j % 4, and
 * labels of zero with the colours j / 4 % 4. */
bool check_garble_and_gates(harness_tier *tier)
{
    enum { N = 16 * 6 + 5 };
    uint8_t zero[3][LABEL * N], active[3][LABEL * N], table[TABLE * N], delta[LABEL];
    uint8_t round[11][16];
    sonic_aes_key pi;
    for (size_t turn = 0; turn < harness_rounds(20); turn++) {
        const uint64_t gate = harness_next(&tier->random) >> 8;
        random_key(tier, &pi, round);
        random_delta(tier, delta);
        harness_fill(&tier->random, zero[0], sizeof zero[0], HARNESS_RANDOM);
        harness_fill(&tier->random, zero[1], sizeof zero[1], HARNESS_RANDOM);
        const oracle_label d = take(delta);
        for (size_t j = 0; j < N; j++)
            for (unsigned side = 0; side < 2; side++) {
                uint8_t *const label = zero[side] + LABEL * j;
                *label = (uint8_t)((*label & 0xfe) | (j >> (2 + side) & 1));
                const oracle_label x = plus(take(label), times(j >> side & 1, d));
                memcpy(active[side] + LABEL * j, &x, LABEL);
            }
        tier->kernels->garble.garble(zero[2], table, zero[0], zero[1], N, delta, &pi, gate);
        tier->kernels->garble.evaluate(active[2], table, active[0], active[1], N, &pi, gate);
        for (size_t j = 0; j < N; j++) {
            const oracle_label want = plus(take(zero[2] + LABEL * j), times(j % 4 == 3, d));
            HARNESS_CHECK(same(active[2] + LABEL * j, want.byte, LABEL),
                          "gate %zu of inputs %zu and colours %zu does not give the AND", j, j % 4,
                          j / 4 % 4);
        }
    }
    return true;
}
