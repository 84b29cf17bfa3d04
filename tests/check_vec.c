/* Checks of kernels/vec against the contract's formulas, computed in 128 bits, and against an
 * honest dealer. */
#include <string.h>

#include "tests/checks.h"

enum { BATCH = 64, SIZES = 512 };

typedef unsigned __int128 wide;

/* Operands in the order of the contract; add, sub and the like read E and R. */
enum { E, R, U, RU, WRAP, OPERANDS };

typedef enum operation {
    ADD, SUB, ADD_CONSTANT, SCALE, SCALE_ADD, SELECT, SELECT_TRUNC, TRUNC, TRUNC_LOCAL,
    OPERATIONS
} operation;

static const char *const names[OPERATIONS] = {
    "add",    "sub",          "add_constant", "scale",       "scale_add",
    "select", "select_trunc", "trunc",        "trunc_local",
};

static const unsigned reads[OPERATIONS] = {
    [ADD] = 1u << E | 1u << R,
    [SUB] = 1u << E | 1u << R,
    [ADD_CONSTANT] = 1u << E,
    [SCALE] = 1u << E,
    [SCALE_ADD] = 1u << E | 1u << R,
    [SELECT] = 1u << E | 1u << R | 1u << U | 1u << RU,
    [SELECT_TRUNC] = (1u << OPERANDS) - 1,
    [TRUNC] = 1u << E | 1u << U | 1u << WRAP,
    [TRUNC_LOCAL] = 1u << E,
};

/* One call: everything but the data is public. */
typedef struct call {
    operation what;
    unsigned bits, shift, party;
    uint64_t constant;
} call;

static const sonic_vec_kernels *table(const harness_tier *tier, unsigned bits)
{
    return &tier->kernels->vec[bits == 64 ? SONIC_MOD64 : SONIC_MOD32];
}

static void apply(const sonic_vec_kernels *kernels, const call *o, void *y, uint8_t *const *v,
                  const uint64_t *c, size_t n)
{
    const sonic_select_operands in = {
        .e = v[E], .c = c, .r = v[R], .u = v[U], .ru = v[RU], .wrap = v[WRAP],
        .shift = o->shift, .party = o->party,
    };
    switch (o->what) {
    case ADD: kernels->add(y, v[E], v[R], n); break;
    case SUB: kernels->sub(y, v[E], v[R], n); break;
    case ADD_CONSTANT: kernels->add_constant(y, v[E], o->constant, n); break;
    case SCALE: kernels->scale_add(y, v[E], o->constant, NULL, n); break;
    case SCALE_ADD: kernels->scale_add(y, v[E], o->constant, v[R], n); break;
    case SELECT: kernels->select(y, &in, n); break;
    case SELECT_TRUNC: kernels->select_trunc(y, &in, n); break;
    case TRUNC: kernels->trunc(y, &in, n); break;
    default: kernels->trunc_local(y, v[E], o->shift, o->party, n); break;
    }
}

static uint64_t element(const uint8_t *v, unsigned bits, size_t i)
{
    uint64_t value = 0;
    if (v)
        memcpy(&value, v + i * (bits / 8), bits / 8);
    return value;
}

static uint64_t modulo(wide value, unsigned bits)
{
    return bits == 64 ? (uint64_t)value : (uint32_t)value;
}

static __int128 as_signed(uint64_t value, unsigned bits)
{
    return value >> (bits - 1) & 1 ? (__int128)value - ((__int128)1 << bits) : (__int128)value;
}

/* floor(value / 2^shift) */
static __int128 floor_shift(__int128 value, unsigned shift)
{
    const __int128 divisor = (__int128)1 << shift;
    const __int128 quotient = value / divisor;
    return quotient - (value % divisor < 0);
}

/* Element i of the result as the contract has it. */
static uint64_t expect(const call *o, uint8_t *const *v, const uint64_t *c_bits, size_t i)
{
    const unsigned bits = o->bits;
    const wide e = element(v[E], bits, i), r = element(v[R], bits, i), u = element(v[U], bits, i);
    const wide ru = element(v[RU], bits, i), wrap = element(v[WRAP], bits, i);
    const wide c = c_bits[i / 64] >> i % 64 & 1, sign = 1 - 2 * c, first = o->party == 0;
    const bool opened = 1 <= o->shift && o->shift <= bits / 2;
    const wide t = opened ? (e >> o->shift) - ((wide)1 << (bits - 2 - o->shift)) : 0;
    const wide k = 1 - (e >> (bits - 1)), low = (wide)1 << o->shift;
    const wide m = (wrap % low) << (bits - o->shift), rm = (wrap / low % low) << (bits - o->shift);
    switch (o->what) {
    case ADD: return modulo(e + r, bits);
    case SUB: return modulo(e - r, bits);
    case ADD_CONSTANT: return modulo(e + o->constant, bits);
    case SCALE: return modulo(e * o->constant, bits);
    case SCALE_ADD: return modulo(e * o->constant + r, bits);
    case SELECT: return modulo(first * c * e + c * u + sign * (r * e + ru), bits);
    case SELECT_TRUNC:
        return modulo(first * c * t + c * (u + k * m) + sign * (r * t + ru + k * rm), bits);
    case TRUNC: return modulo(first * t + u + k * m, bits);
    default: {
        const __int128 x = as_signed((uint64_t)e, bits);
        const __int128 negated = as_signed(modulo(0 - e, bits), bits);
        return modulo((wide)(first ? floor_shift(x, o->shift) : -floor_shift(negated, o->shift)),
                      bits);
    }
    }
}

/* One call on n elements; `target` < OPERANDS: the result replaces that operand. */
static bool run(harness_tier *tier, const call *o, size_t n, harness_fill_kind kind,
                harness_place place, size_t gap, unsigned target)
{
    const size_t bytes = n * (o->bits / 8), words = (n + 63) / 64;
    harness_buffer buffers[OPERANDS], copies[OPERANDS];
    harness_buffer y = harness_buffer_make(bytes, place, gap),
                   c = harness_buffer_make(8 * words, place, 0);
    uint8_t *v[OPERANDS], *original[OPERANDS];
    harness_fill(&tier->random, c.data, c.n,
                 (harness_fill_kind)(kind == HARNESS_MIXED ? HARNESS_RANDOM : kind));
    for (unsigned i = 0; i < OPERANDS; i++) {
        buffers[i] = harness_buffer_make(bytes, place, gap ? (gap + i) % 64 : 0);
        copies[i] = harness_buffer_make(bytes, place, 0);
        harness_fill(&tier->random, buffers[i].data, bytes, kind);
        if (n > 0)
            memcpy(copies[i].data, buffers[i].data, bytes);
        v[i] = reads[o->what] >> i & 1 ? buffers[i].data : NULL;
        original[i] = v[i] ? copies[i].data : NULL;
    }
    uint8_t *const out = target < OPERANDS ? v[target] : y.data;
    const uint64_t *const c_bits = (const uint64_t *)(const void *)c.data;
    apply(table(tier, o->bits), o, out, v, c_bits, n);
    size_t wrong = n;
    for (size_t i = n; i-- > 0;)
        if (element(out, o->bits, i) != expect(o, original, c_bits, i))
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
                  "%s mod 2^%u: element %zu of %zu is wrong; shift %u, party %u, fill %d, "
                  "gap %zu, onto operand %u",
                  names[o->what], o->bits, wrong, n, o->shift, o->party, (int)kind, gap, target);
    HARNESS_CHECK(intact, "%s mod 2^%u: bytes outside of %zu elements, gap %zu were written",
                  names[o->what], o->bits, n, gap);
    return true;
}

/* A call with a random party and constant and a shift its operation allows. */
static call make_call(harness_tier *tier, operation what, unsigned bits)
{
    call o = {.what = what, .bits = bits, .party = (unsigned)harness_below(&tier->random, 2)};
    o.constant = harness_next(&tier->random);
    if (what == SELECT_TRUNC || what == TRUNC)
        o.shift = 1 + (unsigned)harness_below(&tier->random, bits / 2);
    if (what == TRUNC_LOCAL)
        o.shift = (unsigned)harness_below(&tier->random, bits);
    return o;
}

bool check_vec_formulas(harness_tier *tier)
{
    size_t sizes[SIZES];
    const size_t count = harness_sizes(sizes, SIZES, BATCH);
    for (operation what = 0; what < OPERATIONS; what++)
        for (unsigned bits = 32; bits <= 64; bits += 32)
            for (size_t i = 0; i < count; i++)
                for (harness_place place = HARNESS_AT_START; place <= HARNESS_AT_END; place++) {
                    const call o = make_call(tier, what, bits);
                    const harness_fill_kind kind = (harness_fill_kind)((i + place) % HARNESS_FILLS);
                    if (!run(tier, &o, sizes[i], kind, place, 0, OPERANDS))
                        return false;
                }
    return true;
}

bool check_vec_in_place(harness_tier *tier)
{
    for (operation what = 0; what < OPERATIONS; what++)
        for (unsigned bits = 32; bits <= 64; bits += 32)
            for (unsigned target = 0; target < OPERANDS; target++)
                for (size_t n = 1; (reads[what] >> target & 1) && n < 3 * BATCH; n += 1 + n / 2) {
                    const call o = make_call(tier, what, bits);
                    if (!run(tier, &o, n, HARNESS_RANDOM, HARNESS_AT_END, 0, target))
                        return false;
                }
    return true;
}

bool check_vec_alignment(harness_tier *tier)
{
    for (operation what = 0; what < OPERATIONS; what++)
        for (unsigned bits = 32; bits <= 64; bits += 32)
            for (size_t gap = 0; gap < 64; gap++) {
                const call o = make_call(tier, what, bits);
                if (!run(tier, &o, BATCH + 13, HARNESS_RANDOM, HARNESS_AT_START, gap, OPERANDS))
                    return false;
            }
    return true;
}

/* --- both parties and a dealer --- */

enum { N = 203 };

typedef union shares {
    uint32_t narrow[N];
    uint64_t broad[N];
    uint8_t bytes[8 * N];
} shares;

static void put(shares *s, unsigned bits, size_t i, uint64_t value)
{
    if (bits == 64)
        s->broad[i] = value;
    else
        s->narrow[i] = (uint32_t)value;
}

/* Additive shares of a value mod 2^bits, a random one first. */
static void deal(harness_tier *tier, shares s[2], unsigned bits, size_t i, uint64_t value)
{
    const uint64_t share = harness_next(&tier->random);
    put(&s[0], bits, i, share);
    put(&s[1], bits, i, value - share);
}

/* A value in [-2^(bits - 2), 2^(bits - 2)): ends, neighbours of 0 and of multiples of 2^shift, else
 * random. */
static __int128 pick(harness_tier *tier, unsigned bits, unsigned shift, size_t i)
{
    const __int128 half = (__int128)1 << (bits - 2), step = (__int128)1 << shift;
    const __int128 corners[] = {0,    1,        -1,    half - 1,  -half,
                                step, step - 1, -step, -step - 1, -step + 1};
    if (i < sizeof corners / sizeof *corners)
        return corners[i];
    return (__int128)(harness_next(&tier->random) >> (65 - bits)) - half;
}

typedef struct dealt {
    shares e, r[2], u[2], ru[2], wrap[2], y[2];
    uint64_t c[(N + 63) / 64];
    uint64_t x[N];
    unsigned s[N];
} dealt;

/* What both parties hold before a (truncating, if shift > 0) selection of random bits s by values
 * x: see sonic_select_operands. */
static void deal_all(harness_tier *tier, dealt *d, unsigned bits, unsigned shift)
{
    memset(d, 0, sizeof *d);
    for (size_t i = 0; i < N; i++) {
        const __int128 x = pick(tier, bits, shift, i);
        const uint64_t u = modulo(i % 5 == 1   ? 0
                                  : i % 5 == 2 ? UINT64_MAX
                                               : harness_next(&tier->random),
                                  bits);
        const unsigned r = (unsigned)harness_below(&tier->random, 2), top = u >> (bits - 1) & 1;
        d->x[i] = modulo((wide)x, bits);
        d->s[i] = (unsigned)harness_below(&tier->random, 2);
        d->c[i / 64] |= (uint64_t)(d->s[i] ^ r) << i % 64;
        deal(tier, d->r, bits, i, r);
        if (shift == 0) {
            put(&d->e, bits, i, d->x[i] - u);
            deal(tier, d->u, bits, i, u);
            deal(tier, d->ru, bits, i, r * u);
            continue;
        }
        put(&d->e, bits, i, d->x[i] + (UINT64_C(1) << (bits - 2)) + u);
        deal(tier, d->u, bits, i, 0 - (u >> shift));
        deal(tier, d->ru, bits, i, 0 - r * (u >> shift));
        const uint64_t low = (UINT64_C(1) << shift) - 1;
        const uint64_t m = harness_next(&tier->random) & low,
                       rm = harness_next(&tier->random) & low;
        put(&d->wrap[0], bits, i, m | rm << shift);
        put(&d->wrap[1], bits, i, ((top - m) & low) | ((r * top - rm) & low) << shift);
    }
}

static void both_parties(harness_tier *tier, dealt *d, operation what, unsigned bits,
                         unsigned shift)
{
    for (unsigned party = 0; party < 2; party++) {
        const call o = {.what = what, .bits = bits, .shift = shift, .party = party};
        uint8_t *const v[OPERANDS] = {d->e.bytes, d->r[party].bytes, d->u[party].bytes,
                                      d->ru[party].bytes, d->wrap[party].bytes};
        apply(table(tier, bits), &o, d->y[party].bytes, v, d->c, N);
    }
}

static uint64_t sum(const dealt *d, unsigned bits, size_t i)
{
    return modulo((wide)element(d->y[0].bytes, bits, i) + element(d->y[1].bytes, bits, i), bits);
}

bool check_vec_select(harness_tier *tier)
{
    static dealt d;
    for (size_t round = 0; round < harness_rounds(40); round++)
        for (unsigned bits = 32; bits <= 64; bits += 32) {
            deal_all(tier, &d, bits, 0);
            both_parties(tier, &d, SELECT, bits, 0);
            for (size_t i = 0; i < N; i++)
                HARNESS_CHECK(sum(&d, bits, i) == d.s[i] * d.x[i],
                              "mod 2^%u: the shares are not of %u times %llu", bits, d.s[i],
                              (unsigned long long)d.x[i]);
        }
    return true;
}

/* Selected or not, what is left is floor(x / 2^shift) or one more, and both occur. */
static bool truncates(harness_tier *tier, operation what, unsigned bits, unsigned shift,
                      size_t ups[2])
{
    static dealt d;
    deal_all(tier, &d, bits, shift);
    both_parties(tier, &d, what, bits, shift);
    for (size_t i = 0; i < N; i++) {
        const unsigned s = what == TRUNC ? 1 : d.s[i];
        const __int128 exact = floor_shift(as_signed(d.x[i], bits), shift);
        const __int128 error = as_signed(sum(&d, bits, i), bits) - s * exact;
        HARNESS_CHECK(error == 0 || (error == 1 && s == 1),
                      "%s mod 2^%u, shift %u: %llu, selected %u, is off by more than a unit",
                      names[what], bits, shift, (unsigned long long)d.x[i], s);
        ups[error == 1]++;
    }
    return true;
}

bool check_vec_truncation(harness_tier *tier)
{
    size_t ups[2] = {0, 0};
    for (size_t round = 0; round < harness_rounds(10); round++)
        for (unsigned bits = 32; bits <= 64; bits += 32)
            for (unsigned shift = 1; shift <= bits / 2; shift++)
                if (!truncates(tier, SELECT_TRUNC, bits, shift, ups) ||
                    !truncates(tier, TRUNC, bits, shift, ups))
                    return false;
    HARNESS_CHECK(ups[0] > 0 && ups[1] > 0, "the rounding never goes both ways");
    return true;
}

/* Shares that do not wrap around truncate to within a unit. */
bool check_vec_local_truncation(harness_tier *tier)
{
    static dealt d;
    for (size_t round = 0; round < harness_rounds(40); round++)
        for (unsigned bits = 32; bits <= 64; bits += 32) {
            const unsigned shift = (unsigned)harness_below(&tier->random, bits - 2);
            for (size_t i = 0; i < N; i++) {
                const __int128 x = pick(tier, bits, shift, i), first = pick(tier, bits, shift, N);
                d.x[i] = modulo((wide)x, bits);
                put(&d.r[0], bits, i, modulo((wide)first, bits));
                put(&d.r[1], bits, i, modulo((wide)(x - first), bits));
            }
            for (unsigned party = 0; party < 2; party++)
                table(tier, bits)->trunc_local(d.y[party].bytes, d.r[party].bytes, shift, party, N);
            for (size_t i = 0; i < N; i++) {
                const __int128 exact = floor_shift(as_signed(d.x[i], bits), shift);
                const __int128 error = as_signed(sum(&d, bits, i), bits) - exact;
                HARNESS_CHECK(error == 0 || error == 1,
                              "mod 2^%u, shift %u: %llu is off by more than a unit", bits, shift,
                              (unsigned long long)d.x[i]);
            }
        }
    return true;
}
