/* Checks of kernels/bool against truth tables, and of the shared products against what they are
 * for. */
#include <string.h>

#include "tests/checks.h"

enum { BATCH = 32, SIZES = 256 };

enum { Z, A, Y, PI, MU, GAMMA, C, OPERANDS };

typedef enum operation {
    BXOR, AND_XOR, MASKED_XOR, AND_OPEN, AND_OPEN_ZERO, AND_CLOSE, OPERATIONS
} operation;

static const char *const names[OPERATIONS] = {
    "bxor", "and_xor", "masked_xor", "and_open", "and_open on zero", "and_close",
};

/* The operands each operation reads; the others are NULL when it is called. */
static const unsigned reads[OPERATIONS] = {
    [BXOR] = 1u << A | 1u << Y,
    [AND_XOR] = 1u << A | 1u << Y | 1u << C,
    [MASKED_XOR] = 1u << Z | 1u << A | 1u << C,
    [AND_OPEN] = 1u << A | 1u << Y | 1u << PI | 1u << MU | 1u << GAMMA,
    [AND_OPEN_ZERO] = 1u << Y | 1u << PI | 1u << MU | 1u << GAMMA,
    [AND_CLOSE] = 1u << Z | 1u << Y | 1u << PI | 1u << MU | 1u << GAMMA | 1u << C,
};

static bool is_open(operation what)
{
    return what == AND_OPEN || what == AND_OPEN_ZERO;
}

static void apply(const sonic_bool_kernels *kernels, operation what, uint64_t *out,
                  uint64_t *const *v, size_t words)
{
    const sonic_and_operands in = {.y = v[Y], .pi = v[PI], .mu = v[MU]};
    switch (what) {
    case BXOR: kernels->bxor(out, v[A], v[Y], words); break;
    case AND_XOR: kernels->and_xor(out, v[A], v[Y], v[C], words); break;
    case MASKED_XOR: kernels->masked_xor(out, v[A], words ? v[C][0] : 0, words); break;
    case AND_CLOSE: kernels->and_close(out, v[GAMMA], v[C], &in, words); break;
    default: kernels->and_open(out, v[GAMMA], v[A], &in, words); break;
    }
}

static unsigned bit(const uint64_t *v, size_t i)
{
    return v ? (unsigned)(v[i / 64] >> i % 64 & 1) : 0;
}

/* Bit i of the result, by cases; of gamma too, where that changes. */
static unsigned expect(operation what, uint64_t *const *v, size_t i, unsigned *gamma)
{
    const unsigned a = bit(v[A], i), y = bit(v[Y], i), c = bit(v[C], i);
    *gamma = bit(v[GAMMA], i);
    if (what == BXOR)
        return a != y;
    if (what == AND_XOR)
        return (a == 1 && y == 1) ? !c : c;
    if (what == MASKED_XOR)
        return bit(v[Z], i) != (a == 1 && bit(v[C], i % 64) == 1);
    if (is_open(what))
        *gamma = *gamma != y;
    unsigned z = what == AND_CLOSE ? bit(v[Z], i) + c : a;
    if (bit(v[PI], i))
        z += y;
    if (bit(v[MU], i))
        z += *gamma;
    return z % 2;
}

/* v: the operands as they were. */
static bool same_bits(operation what, const uint64_t *out, const uint64_t *gamma,
                      uint64_t *const *v, size_t words)
{
    for (size_t i = 0; i < 64 * words; i++) {
        unsigned want_gamma;
        if (bit(out, i) != expect(what, v, i, &want_gamma))
            return false;
        if (gamma && bit(gamma, i) != want_gamma)
            return false;
    }
    return true;
}

/* One operation on `words` words.  `target` < OPERANDS: the result replaces that operand. */
static bool run(harness_tier *tier, operation what, size_t words, harness_fill_kind kind,
                harness_place place, size_t gap, unsigned target)
{
    harness_buffer buffers[OPERANDS], copies[OPERANDS];
    harness_buffer result = harness_buffer_make(8 * words, place, 8 * gap);
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
    if (what == AND_CLOSE || what == MASKED_XOR)
        target = Z;
    uint64_t *const out = target < OPERANDS ? v[target] : (uint64_t *)(void *)result.data;
    apply(&tier->kernels->boolean, what, out, v, words);
    const bool same = same_bits(what, out, v[GAMMA], original, words);
    bool intact = harness_buffer_intact(&result);
    for (unsigned o = 0; o < OPERANDS; o++) {
        intact = intact && harness_buffer_intact(&buffers[o]);
        harness_buffer_free(&buffers[o]);
        harness_buffer_free(&copies[o]);
    }
    harness_buffer_free(&result);
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

/* The result onto every operand that stays what it is otherwise. */
bool check_boolean_in_place(harness_tier *tier)
{
    for (operation what = 0; what < OPERATIONS; what++)
        for (unsigned target = 0; target < OPERANDS; target++)
            for (size_t words = 0; (reads[what] >> target & 1) &&
                                   !(is_open(what) && target == GAMMA) && words < BATCH + 5;
                 words += 1 + words / 3)
                if (!run(tier, what, words, HARNESS_RANDOM, HARNESS_AT_END, 0, target))
                    return false;
    return true;
}

enum { WORDS = 21, PARTIES = 2 };

/* Shares of a secret: the first is random. */
static void share(harness_tier *tier, uint64_t out[PARTIES][WORDS], const uint64_t *secret)
{
    harness_fill(&tier->random, out[0], sizeof out[0], HARNESS_RANDOM);
    for (unsigned w = 0; w < WORDS; w++)
        out[1][w] = out[0][w] ^ secret[w];
}

/* Both parties' results XOR to a ^ x y, or to x y. */
static bool multiply(harness_tier *tier, harness_fill_kind kind, bool onto_zero)
{
    uint64_t x[WORDS], y[WORDS], a[WORDS], mask[2][WORDS], product[WORDS];
    uint64_t x_of[PARTIES][WORDS], y_of[PARTIES][WORDS], a_of[PARTIES][WORDS];
    uint64_t mu[PARTIES][WORDS], gamma[PARTIES][WORDS], c[PARTIES][WORDS];
    uint64_t pi[PARTIES][WORDS], z[PARTIES][WORDS];
    uint64_t *const secret[] = {x, y, a};
    for (unsigned s = 0; s < 3; s++)
        harness_fill(&tier->random, secret[s], sizeof x, kind);
    for (unsigned m = 0; m < 2; m++)
        harness_fill(&tier->random, mask[m], sizeof mask[m], HARNESS_RANDOM);
    for (unsigned w = 0; w < WORDS; w++)
        product[w] = mask[0][w] & mask[1][w];
    share(tier, x_of, x);
    share(tier, y_of, y);
    share(tier, a_of, a);
    share(tier, mu, mask[0]);
    share(tier, gamma, mask[1]);
    share(tier, c, product);
    for (unsigned p = 0; p < PARTIES; p++) {
        const sonic_and_operands own = {y_of[p], pi[p], mu[p]};
        for (unsigned w = 0; w < WORDS; w++)
            pi[p][w] = x_of[p][w] ^ mu[p][w];
        tier->kernels->boolean.and_open(z[p], gamma[p], onto_zero ? NULL : a_of[p], &own, WORDS);
    }
    for (unsigned p = 0; p < PARTIES; p++) {
        const sonic_and_operands theirs = {y_of[p], pi[1 - p], mu[p]};
        tier->kernels->boolean.and_close(z[p], gamma[1 - p], c[p], &theirs, WORDS);
    }
    for (unsigned w = 0; w < WORDS; w++)
        HARNESS_CHECK((z[0][w] ^ z[1][w]) == ((onto_zero ? 0 : a[w]) ^ (x[w] & y[w])),
                      "the shares are not of a ^ x y%s", onto_zero ? ", a zero" : "");
    return true;
}

bool check_boolean_products(harness_tier *tier)
{
    for (size_t round = 0; round < harness_rounds(50); round++)
        for (int onto_zero = 0; onto_zero < 2; onto_zero++)
            if (!multiply(tier, (harness_fill_kind)(round % HARNESS_FILLS), onto_zero))
                return false;
    return true;
}
