/* Checks of exact_select and exact_trunc against the contract's formulas, computed in 128 bits, and
 * with an honest dealer against relu(x) >> shift and x >> shift. */
#include <string.h>

#include "tests/checks.h"
#include "tests/elements.h"

enum { BATCH = 64, SIZES = 512 };

typedef unsigned __int128 wide;

/* Operands in the order of the contract; below is of pairs. */
enum { E, M, MR0, MR1, R0, R1, BELOW, OPERANDS };

/* One call: everything but the data is public. */
typedef struct call {
    bool truncates; /* alone: exact_trunc */
    unsigned bits, shift, party;
} call;

static const char *name(const call *o)
{
    return o->truncates ? "exact_trunc" : "exact_select";
}

static bool reads(const call *o, unsigned operand)
{
    if (o->truncates)
        return operand == E || operand >= R0;
    return operand != BELOW || o->shift > 0;
}

static void apply(const harness_tier *tier, const call *o, void *y, uint8_t *const *v,
                  const uint64_t *c, size_t n)
{
    const sonic_vec_kernels *kernels =
        &tier->kernels->vec[o->bits == 64 ? SONIC_MOD64 : SONIC_MOD32];
    const sonic_exact_operands in = {
        .e = v[E], .c = c, .m = v[M], .mr = {v[MR0], v[MR1]}, .r = {v[R0], v[R1]},
        .below = v[BELOW], .shift = o->shift, .party = o->party,
    };
    if (o->truncates)
        kernels->exact_trunc(y, &in, n);
    else
        kernels->exact_select(y, &in, n);
}

static uint64_t element(const call *o, const uint8_t *v, size_t i)
{
    return v ? element_get(v, i, o->bits / 8) : 0;
}

static uint64_t modulo(const call *o, wide value)
{
    return o->bits == 64 ? (uint64_t)value : (uint32_t)value;
}

/* Element i of the result as the contract has it. */
static uint64_t expect(const call *o, uint8_t *const *v, const uint64_t *c_bits, size_t i)
{
    const wide e = element(o, v[E], i), first = o->party == 0, shifted = e >> o->shift;
    const bool c = c_bits[i / 64] >> i % 64 & 1, k = !(e >> (o->bits - 1) & 1);
    const wide m = element(o, v[M], i), mr = element(o, v[k ? MR1 : MR0], i);
    const wide r = element(o, v[k ? R1 : R0], i);
    if (o->truncates)
        return modulo(o, first * (shifted - ((wide)1 << (o->bits - 2 - o->shift))) - r -
                             element(o, v[BELOW], 2 * i));
    return modulo(o, (c ? first - m : m) * shifted - (c ? r - mr : mr) -
                         element(o, v[BELOW], 2 * i + c));
}

/* One call on n elements; `target` < BELOW: the result replaces that operand. */
static bool run(harness_tier *tier, const call *o, size_t n, harness_fill_kind kind,
                harness_place place, size_t gap, unsigned target)
{
    const size_t bytes = n * (o->bits / 8);
    harness_buffer buffers[OPERANDS], copies[OPERANDS];
    harness_buffer y = harness_buffer_make(bytes, place, gap),
                   c = harness_buffer_make(8 * ((n + 63) / 64), place, 0);
    uint8_t *v[OPERANDS], *original[OPERANDS];
    harness_fill(&tier->random, c.data, c.n,
                 (harness_fill_kind)(kind == HARNESS_MIXED ? HARNESS_RANDOM : kind));
    for (unsigned i = 0; i < OPERANDS; i++) {
        const size_t size = i == BELOW ? 2 * bytes : bytes;
        buffers[i] = harness_buffer_make(size, place, gap ? (gap + i) % 64 : 0);
        copies[i] = harness_buffer_make(size, place, 0);
        harness_fill(&tier->random, buffers[i].data, size, kind);
        if (n > 0)
            memcpy(copies[i].data, buffers[i].data, size);
        v[i] = reads(o, i) ? buffers[i].data : NULL;
        original[i] = v[i] ? copies[i].data : NULL;
    }
    uint8_t *const out = target < BELOW ? v[target] : y.data;
    const uint64_t *const c_bits = (const uint64_t *)(const void *)c.data;
    apply(tier, o, out, v, o->truncates ? NULL : c_bits, n);
    size_t wrong = n;
    for (size_t i = n; i-- > 0;)
        if (element(o, out, i) != expect(o, original, c_bits, i))
            wrong = i;
    bool intact = harness_buffer_intact(&y) && harness_buffer_intact(&c);
    for (unsigned i = 0; i < OPERANDS; i++) {
        intact = intact && harness_buffer_intact(&buffers[i]);
        harness_buffer_free(&buffers[i]);
        harness_buffer_free(&copies[i]);
    }
    harness_buffer_free(&y);
    harness_buffer_free(&c);
    HARNESS_CHECK(wrong == n,
                  "%s mod 2^%u: element %zu of %zu is wrong; shift %u, party %u, fill %d, gap %zu, "
                  "onto operand %u",
                  name(o), o->bits, wrong, n, o->shift, o->party, (int)kind, gap, target);
    HARNESS_CHECK(intact, "%s mod 2^%u: bytes outside of %zu elements, gap %zu were written",
                  name(o), o->bits, n, gap);
    return true;
}

/* Turn 0 .. CALLS - 1: each ring, a selection without a shift and with one, a truncation. */
enum { CALLS = 6 };

static call make_call(harness_tier *tier, unsigned turn)
{
    call o = {.truncates = turn / 2 == 2,
              .bits = turn % 2 ? 64 : 32,
              .party = (unsigned)harness_below(&tier->random, 2)};
    if (turn / 2 > 0)
        o.shift = 1 + (unsigned)harness_below(&tier->random, o.bits / 2);
    return o;
}

bool check_vec_exact_formulas(harness_tier *tier)
{
    size_t sizes[SIZES];
    const size_t count = harness_sizes(sizes, SIZES, BATCH);
    for (unsigned turn = 0; turn < CALLS; turn++)
        for (size_t i = 0; i < count; i++)
            for (harness_place place = HARNESS_AT_START; place <= HARNESS_AT_END; place++) {
                const call o = make_call(tier, turn);
                const harness_fill_kind kind = (harness_fill_kind)((i + place) % HARNESS_FILLS);
                if (!run(tier, &o, sizes[i], kind, place, 0, OPERANDS))
                    return false;
            }
    return true;
}

bool check_vec_exact_places(harness_tier *tier)
{
    for (unsigned turn = 0; turn < CALLS; turn++) {
        for (size_t gap = 0; gap < 64; gap++) {
            const call o = make_call(tier, turn);
            if (!run(tier, &o, BATCH + 13, HARNESS_RANDOM, HARNESS_AT_START, gap, OPERANDS))
                return false;
        }
        for (unsigned target = 0; target < BELOW; target++)
            for (size_t n = 1; n < 3 * BATCH; n += 1 + n / 2) {
                const call o = make_call(tier, turn);
                if (reads(&o, target) &&
                    !run(tier, &o, n, HARNESS_RANDOM, HARNESS_AT_END, 0, target))
                    return false;
            }
    }
    return true;
}

/* --- both parties and a dealer --- */

enum { N = 403 };

typedef struct dealt {
    uint8_t v[2][OPERANDS][2 * N * 8], y[2][N * 8];
    uint64_t c[(N + 63) / 64];
    int64_t x[N];
} dealt;

static int64_t as_signed(const call *o, uint64_t value)
{
    return o->bits == 64 ? (int64_t)value : (int32_t)(uint32_t)value;
}

/* 0, 1, the largest, the smallest, a power of two or a neighbour of one, with either sign, or any;
 * below 2^bits in magnitude. */
static uint64_t pick(harness_tier *tier, unsigned bits)
{
    const uint64_t power = (uint64_t)1 << harness_below(&tier->random, bits);
    const uint64_t value[] = {0, 1, power, power - 1, power + 1, ((uint64_t)1 << bits) - 1,
                              (uint64_t)1 << bits, harness_next(&tier->random)};
    const uint64_t one = value[harness_below(&tier->random, sizeof value / sizeof *value)];
    const uint64_t low = one & (((uint64_t)1 << bits) - 1);
    return harness_below(&tier->random, 2) ? low : one == (uint64_t)1 << bits ? 0 - one : 0 - low;
}

/* Additive shares of one of `width` values that follow each other. */
static void deal(harness_tier *tier, dealt *d, const call *o, unsigned operand, size_t i,
                 uint64_t value)
{
    const uint64_t share = harness_next(&tier->random);
    element_put(d->v[0][operand], i, o->bits / 8, share);
    element_put(d->v[1][operand], i, o->bits / 8, value - share);
}

/* What both parties hold, for all x of the ring; to truncate alone, of half of it. */
static void deal_all(harness_tier *tier, dealt *d, const call *o)
{
    memset(d, 0, sizeof *d);
    for (size_t i = 0; i < N; i++) {
        const uint64_t low = ((uint64_t)1 << o->shift) - 1, m = harness_below(&tier->random, 2);
        const uint64_t r = modulo(o, pick(tier, o->bits - 1));
        d->x[i] = as_signed(o, pick(tier, o->bits - (o->truncates ? 2 : 1)));
        const uint64_t offset = o->truncates ? (uint64_t)1 << (o->bits - 2) : 0;
        const uint64_t e = modulo(o, (uint64_t)d->x[i] + offset + r), t = (e & low) < (r & low);
        const uint64_t r0 = r >> o->shift, r1 = (uint64_t)(as_signed(o, r) >> o->shift);
        d->c[i / 64] |= ((uint64_t)(d->x[i] >= 0) ^ m) << i % 64;
        element_put(d->v[0][E], i, o->bits / 8, e);
        element_put(d->v[1][E], i, o->bits / 8, e);
        deal(tier, d, o, M, i, m);
        deal(tier, d, o, MR0, i, m * r0);
        deal(tier, d, o, MR1, i, m * r1);
        deal(tier, d, o, R0, i, r0);
        deal(tier, d, o, R1, i, r1);
        deal(tier, d, o, BELOW, 2 * i, o->truncates ? t : m * t);
        deal(tier, d, o, BELOW, 2 * i + 1,
             o->truncates ? harness_next(&tier->random) : (1 - m) * t);
    }
}

static bool is_exact(harness_tier *tier, const call *o)
{
    static dealt d;
    deal_all(tier, &d, o);
    for (unsigned party = 0; party < 2; party++) {
        const call one = {o->truncates, o->bits, o->shift, party};
        uint8_t *v[OPERANDS];
        for (unsigned i = 0; i < OPERANDS; i++)
            v[i] = reads(o, i) ? d.v[party][i] : NULL;
        if (o->shift == 0) { /* as the contract has it */
            v[MR1] = v[MR0];
            v[R1] = v[R0];
        }
        apply(tier, &one, d.y[party], v, o->truncates ? NULL : d.c, N);
    }
    for (size_t i = 0; i < N; i++) {
        const uint64_t sum = element(o, d.y[0], i) + element(o, d.y[1], i);
        const int64_t x = d.x[i] < 0 && !o->truncates ? 0 : d.x[i];
        HARNESS_CHECK(as_signed(o, sum) == x >> o->shift,
                      "%s mod 2^%u, shift %u: the shares of %lld are of %lld", name(o), o->bits,
                      o->shift, (long long)d.x[i], (long long)as_signed(o, sum));
    }
    return true;
}

bool check_vec_exact_results(harness_tier *tier)
{
    for (size_t round = 0; round < harness_rounds(10); round++)
        for (unsigned bits = 32; bits <= 64; bits += 32)
            for (unsigned shift = 0; shift <= bits / 2; shift++) {
                const call relu = {.bits = bits, .shift = shift};
                const call trunc = {.truncates = true, .bits = bits, .shift = shift};
                if (!is_exact(tier, &relu) || (shift > 0 && !is_exact(tier, &trunc)))
                    return false;
            }
    return true;
}
