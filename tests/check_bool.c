/* Checks of kernels/bool against truth tables, and of the carry combine against what it is for. */
#include <string.h>

#include "tests/checks.h"

enum { BATCH = 32, SIZES = 256 };

enum { G1, G0, P0, PI, GAMMA, RHO, MU, C, D, OPERANDS };

typedef enum operation { BXOR, AND_XOR, CARRY, CARRY_LAST, OPERATIONS } operation;

static const char *const names[OPERATIONS] = {"bxor", "and_xor", "carry", "carry without p"};

/* The operands each operation reads; the others are NULL when it is called. */
static const unsigned reads[OPERATIONS] = {
    [BXOR] = 1u << G1 | 1u << G0,
    [AND_XOR] = 1u << G1 | 1u << G0 | 1u << C,
    [CARRY] = (1u << OPERANDS) - 1,
    [CARRY_LAST] = 1u << G1 | 1u << G0 | 1u << PI | 1u << GAMMA | 1u << MU | 1u << C,
};

static void apply(const sonic_bool_kernels *kernels, operation what, uint64_t *out, uint64_t *p,
                  uint64_t *const *v, size_t words)
{
    const sonic_carry_operands in = {
        .g1 = v[G1], .g0 = v[G0], .p0 = v[P0], .pi = v[PI], .gamma = v[GAMMA], .rho = v[RHO],
        .mu = v[MU], .c = v[C], .d = v[D],
    };
    switch (what) {
    case BXOR: kernels->bxor(out, v[G1], v[G0], words); break;
    case AND_XOR: kernels->and_xor(out, v[G1], v[G0], v[C], words); break;
    default: kernels->carry(out, what == CARRY ? p : NULL, &in, words); break;
    }
}

static unsigned bit(const uint64_t *v, size_t i)
{
    return v ? (unsigned)(v[i / 64] >> i % 64 & 1) : 0;
}

/* Bit i of the result, by cases; *p too. */
static unsigned expect(operation what, uint64_t *const *v, size_t i, unsigned *p)
{
    const unsigned a = bit(v[G1], i), b = bit(v[G0], i), c = bit(v[C], i);
    if (what == BXOR)
        return a != b;
    if (what == AND_XOR)
        return (a == 1 && b == 1) ? !c : c;
    unsigned g = a;
    *p = 0;
    if (bit(v[PI], i)) {
        g += b;
        *p += bit(v[P0], i);
    }
    if (bit(v[MU], i)) {
        g += bit(v[GAMMA], i);
        *p += bit(v[RHO], i);
    }
    g += c;
    *p = (*p + bit(v[D], i)) % 2;
    return g % 2;
}

static bool same_bits(operation what, const uint64_t *out, const uint64_t *p, uint64_t *const *v,
                      size_t words)
{
    for (size_t i = 0; i < 64 * words; i++) {
        unsigned want_p;
        if (bit(out, i) != expect(what, v, i, &want_p))
            return false;
        if (what == CARRY && bit(p, i) != want_p)
            return false;
    }
    return true;
}

/* One operation on `words` words.  `target` < OPERANDS: the result replaces that operand, and the
 * second result of the combine replaces another. */
static bool run(harness_tier *tier, operation what, size_t words, harness_fill_kind kind,
                harness_place place, size_t gap, unsigned target)
{
    harness_buffer buffers[OPERANDS], copies[OPERANDS], results[2];
    uint64_t *v[OPERANDS], *original[OPERANDS];
    for (unsigned o = 0; o < OPERANDS; o++) {
        buffers[o] = harness_buffer_make(8 * words, place, 8 * ((gap + o) % 8) * (gap > 0));
        copies[o] = harness_buffer_make(8 * words, place, 0);
        harness_fill(&tier->random, buffers[o].data, 8 * words, kind);
        memcpy(copies[o].data, buffers[o].data, 8 * words);
        const bool read = reads[what] >> o & 1;
        v[o] = read ? (uint64_t *)(void *)buffers[o].data : NULL;
        original[o] = read ? (uint64_t *)(void *)copies[o].data : NULL;
    }
    for (unsigned r = 0; r < 2; r++)
        results[r] = harness_buffer_make(8 * words, place, 8 * gap);
    const bool in_place = target < OPERANDS;
    uint64_t *const out = in_place ? v[target] : (uint64_t *)(void *)results[0].data;
    uint64_t *const p = in_place ? v[(target + 1) % OPERANDS] : (uint64_t *)(void *)results[1].data;
    apply(&tier->kernels->boolean, what, out, p, v, words);
    const bool same = same_bits(what, out, p, original, words);
    bool intact = true;
    for (unsigned o = 0; o < OPERANDS; o++) {
        intact = intact && harness_buffer_intact(&buffers[o]);
        harness_buffer_free(&buffers[o]);
        harness_buffer_free(&copies[o]);
    }
    for (unsigned r = 0; r < 2; r++) {
        intact = intact && harness_buffer_intact(&results[r]);
        harness_buffer_free(&results[r]);
    }
    HARNESS_CHECK(same, "%s: wrong bits for %zu words, fill %d, gap %zu, onto operand %u",
                  names[what], words, (int)kind, gap, target);
    HARNESS_CHECK(intact, "%s: words outside of %zu, gap %zu were written", names[what], words,
                  gap);
    return true;
}

bool check_boolean_formulas(harness_tier *tier)
{
    size_t sizes[SIZES];
    const size_t count = harness_sizes(sizes, SIZES, BATCH);
    for (operation what = 0; what < OPERATIONS; what++)
        for (size_t i = 0; i < count; i++)
            for (size_t gap = 0; gap < 2; gap++)
                if (!run(tier, what, sizes[i], (harness_fill_kind)(i % HARNESS_FILLS),
                         i % 2 ? HARNESS_AT_START : HARNESS_AT_END, gap * (1 + i % 7), OPERANDS))
                    return false;
    return true;
}

bool check_boolean_in_place(harness_tier *tier)
{
    for (operation what = 0; what < OPERATIONS; what++)
        for (unsigned target = 0; target < OPERANDS; target++)
            for (size_t words = 0; (reads[what] >> target & 1) && words < BATCH + 5;
                 words += 1 + words / 3)
                if (!run(tier, what, words, HARNESS_RANDOM, HARNESS_AT_END, 0, target))
                    return false;
    return true;
}

/* Both parties' outputs XOR to the combined generate and propagate bits. */
bool check_boolean_combine(harness_tier *tier)
{
    enum { WORDS = 21 };
    for (size_t round = 0; round < harness_rounds(50); round++) {
        uint64_t secret[4][WORDS], mask[3][WORDS], share[2][OPERANDS][WORDS], g[2][WORDS],
            p[2][WORDS];
        for (unsigned s = 0; s < 4; s++) /* g1, p1, g0, p0 */
            harness_fill(&tier->random, secret[s], sizeof secret[s],
                         (harness_fill_kind)(round % HARNESS_FILLS));
        for (unsigned m = 0; m < 3; m++) /* mu, nu, omega */
            harness_fill(&tier->random, mask[m], sizeof mask[m], HARNESS_RANDOM);
        harness_fill(&tier->random, share[0], sizeof share[0], HARNESS_RANDOM);
        for (unsigned w = 0; w < WORDS; w++) {
            for (unsigned party = 0; party < 2; party++) {
                share[party][PI][w] = secret[1][w] ^ mask[0][w];
                share[party][GAMMA][w] = secret[2][w] ^ mask[1][w];
                share[party][RHO][w] = secret[3][w] ^ mask[2][w];
            }
            share[1][G1][w] = share[0][G1][w] ^ secret[0][w];
            share[1][G0][w] = share[0][G0][w] ^ secret[2][w];
            share[1][P0][w] = share[0][P0][w] ^ secret[3][w];
            share[1][MU][w] = share[0][MU][w] ^ mask[0][w];
            share[1][C][w] = share[0][C][w] ^ (mask[0][w] & mask[1][w]);
            share[1][D][w] = share[0][D][w] ^ (mask[0][w] & mask[2][w]);
        }
        for (unsigned party = 0; party < 2; party++) {
            uint64_t *v[OPERANDS];
            for (unsigned o = 0; o < OPERANDS; o++)
                v[o] = share[party][o];
            apply(&tier->kernels->boolean, CARRY, g[party], p[party], v, WORDS);
        }
        for (unsigned w = 0; w < WORDS; w++) {
            HARNESS_CHECK((g[0][w] ^ g[1][w]) == (secret[0][w] ^ (secret[1][w] & secret[2][w])),
                          "round %zu: the shares of g are not of g1 ^ p1 g0", round);
            HARNESS_CHECK((p[0][w] ^ p[1][w]) == (secret[1][w] & secret[3][w]),
                          "round %zu: the shares of p are not of p1 p0", round);
        }
    }
    return true;
}
