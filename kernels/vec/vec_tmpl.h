/* The elementwise kernels of one ring as plain loops; a tier includes this once with BITS 32 and
 * once with BITS 64, under its own flags, and hands fill_<BITS>() its table's entry.  BITS is
 * undefined at the end. */
#include <stdbool.h>

#include "kernels/common/loop.h"

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define NAME(x) JOIN(x, BITS)
#if BITS == 32
#define WORD uint32_t
#define SIGNED int32_t
#define ANY sonic_any32
#elif BITS == 64
#define WORD uint64_t
#define SIGNED int64_t
#define ANY sonic_any64
#else
#error "BITS must be 32 or 64"
#endif

static void NAME(add)(void *out, const void *a, const void *b, size_t n)
{
    ANY *const o = out;
    const ANY *const x = a, *const y = b;
    SONIC_INDEPENDENT
    for (size_t i = 0; i < n; i++)
        o[i] = x[i] + y[i];
}

static void NAME(sub)(void *out, const void *a, const void *b, size_t n)
{
    ANY *const o = out;
    const ANY *const x = a, *const y = b;
    SONIC_INDEPENDENT
    for (size_t i = 0; i < n; i++)
        o[i] = x[i] - y[i];
}

static void NAME(add_constant)(void *out, const void *a, uint64_t constant, size_t n)
{
    ANY *const o = out;
    const ANY *const x = a;
    const WORD k = (WORD)constant;
    SONIC_INDEPENDENT
    for (size_t i = 0; i < n; i++)
        o[i] = x[i] + k;
}

static void NAME(scale_add)(void *out, const void *a, uint64_t factor, const void *b, size_t n)
{
    ANY *const o = out;
    const ANY *const x = a, *const y = b;
    const WORD k = (WORD)factor;
    if (y) {
        SONIC_INDEPENDENT
        for (size_t i = 0; i < n; i++)
            o[i] = k * x[i] + y[i];
    } else {
        SONIC_INDEPENDENT
        for (size_t i = 0; i < n; i++)
            o[i] = k * x[i];
    }
}

/* The bits of elements at to at + BITS - 1. */
SONIC_INLINE WORD NAME(bits)(const uint64_t *c, size_t at)
{
    return (WORD)(c[at / 64] >> at % 64);
}

/* At most BITS elements, whose bits c are those of one word.  A selection by c is a mask, a sign by
 * 1 - 2c is a conditional negation: (v ^ -c) + c. */
SONIC_INLINE void NAME(select_block)(ANY *y, const ANY *e, WORD c, const ANY *r, const ANY *u,
                                     const ANY *ru, WORD public_terms, size_t n)
{
    SONIC_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        const WORD mask = (WORD)0 - (c >> i & 1);
        y[i] = (mask & ((public_terms & e[i]) + u[i])) + ((r[i] * e[i] + ru[i]) ^ mask) - mask;
    }
}

static void NAME(select)(void *y, const sonic_select_operands *in, size_t n)
{
    const WORD public_terms = (WORD)0 - (in->party == 0);
    ANY *out = y;
    const ANY *e = in->e, *r = in->r, *u = in->u, *ru = in->ru;
    for (size_t done = 0; done < n; done += BITS) {
        const WORD c = NAME(bits)(in->c, done);
        if (n - done >= BITS)
            NAME(select_block)(out + done, e + done, c, r + done, u + done, ru + done, public_terms,
                               BITS);
        else
            NAME(select_block)(out + done, e + done, c, r + done, u + done, ru + done, public_terms,
                               n - done);
    }
}

/* t, and u + k m, in the notation of the contract; k as a mask. */
SONIC_INLINE WORD NAME(shifted)(WORD e, unsigned shift)
{
    return (e >> shift) - ((WORD)1 << (BITS - 2 - shift));
}

SONIC_INLINE WORD NAME(no_carry)(WORD e)
{
    return (e >> (BITS - 1)) - 1;
}

SONIC_INLINE void NAME(select_trunc_block)(ANY *y, const sonic_select_operands *in, size_t at,
                                           WORD c, WORD public_terms, size_t n)
{
    const ANY *const e = (const ANY *)in->e + at, *const r = (const ANY *)in->r + at;
    const ANY *const u = (const ANY *)in->u + at, *const ru = (const ANY *)in->ru + at;
    const ANY *const wrap = (const ANY *)in->wrap + at;
    const unsigned shift = in->shift, rest = BITS - in->shift;
    SONIC_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        const WORD mask = (WORD)0 - (c >> i & 1);
        const WORD t = NAME(shifted)(e[i], shift), k = NAME(no_carry)(e[i]);
        const WORD own = u[i] + (k & (WORD)(wrap[i] << rest));
        const WORD product = r[i] * t + ru[i] + (k & (WORD)(wrap[i] >> shift << rest));
        y[i] = (mask & ((public_terms & t) + own)) + (product ^ mask) - mask;
    }
}

static void NAME(select_trunc)(void *y, const sonic_select_operands *in, size_t n)
{
    const WORD public_terms = (WORD)0 - (in->party == 0);
    ANY *out = y;
    for (size_t done = 0; done < n; done += BITS) {
        const WORD c = NAME(bits)(in->c, done);
        if (n - done >= BITS)
            NAME(select_trunc_block)(out + done, in, done, c, public_terms, BITS);
        else
            NAME(select_trunc_block)(out + done, in, done, c, public_terms, n - done);
    }
}

static void NAME(trunc)(void *y, const sonic_select_operands *in, size_t n)
{
    const WORD public_terms = (WORD)0 - (in->party == 0);
    ANY *const out = y;
    const ANY *const e = in->e, *const u = in->u, *const wrap = in->wrap;
    const unsigned shift = in->shift, rest = BITS - in->shift;
    SONIC_INDEPENDENT
    for (size_t i = 0; i < n; i++)
        out[i] = (public_terms & NAME(shifted)(e[i], shift)) + u[i] +
                 (NAME(no_carry)(e[i]) & (WORD)(wrap[i] << rest));
}

/* r_k, or m r_k. */
SONIC_INLINE WORD NAME(of_carry)(const ANY *const v[2], WORD no_carry, size_t i)
{
    return v[0][i] ^ (no_carry & (v[0][i] ^ v[1][i]));
}

/* `shifts`: whether there is anything below. */
SONIC_INLINE void NAME(exact_select_block)(ANY *y, const sonic_exact_operands *in, size_t at,
                                           WORD c, bool shifts, size_t n)
{
    const WORD one = in->party == 0;
    const unsigned shift = shifts ? in->shift : 0;
    const ANY *const e = (const ANY *)in->e + at, *const m = (const ANY *)in->m + at;
    const ANY *const mr[2] = {(const ANY *)in->mr[0] + at, (const ANY *)in->mr[1] + at};
    const ANY *const r[2] = {(const ANY *)in->r[0] + at, (const ANY *)in->r[1] + at};
    const ANY *const below = shifts ? (const ANY *)in->below + 2 * at : NULL;
    SONIC_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        const WORD mask = (WORD)0 - (c >> i & 1), k = NAME(no_carry)(e[i]);
        const WORD times = (m[i] ^ mask) - mask + (mask & one);
        const WORD own = NAME(of_carry)(mr, k, i);
        WORD less = (own ^ mask) - mask + (mask & NAME(of_carry)(r, k, i));
        if (shifts)
            less += below[2 * i] ^ (mask & (below[2 * i] ^ below[2 * i + 1]));
        y[i] = times * (e[i] >> shift) - less;
    }
}

SONIC_INLINE void NAME(exact_select_blocks)(ANY *y, const sonic_exact_operands *in, bool shifts,
                                            size_t n)
{
    for (size_t done = 0; done < n; done += BITS) {
        const WORD c = NAME(bits)(in->c, done);
        if (n - done >= BITS)
            NAME(exact_select_block)(y + done, in, done, c, shifts, BITS);
        else
            NAME(exact_select_block)(y + done, in, done, c, shifts, n - done);
    }
}

static void NAME(exact_select)(void *y, const sonic_exact_operands *in, size_t n)
{
    if (in->shift > 0)
        NAME(exact_select_blocks)(y, in, true, n);
    else
        NAME(exact_select_blocks)(y, in, false, n);
}

static void NAME(exact_trunc)(void *y, const sonic_exact_operands *in, size_t n)
{
    const WORD public_terms = (WORD)0 - (in->party == 0);
    ANY *const out = y;
    const ANY *const e = in->e, *const below = in->below;
    const ANY *const r[2] = {in->r[0], in->r[1]};
    const unsigned shift = in->shift;
    SONIC_INDEPENDENT
    for (size_t i = 0; i < n; i++)
        out[i] = (public_terms & NAME(shifted)(e[i], shift)) -
                 NAME(of_carry)(r, NAME(no_carry)(e[i]), i) - below[2 * i];
}

static void NAME(trunc_local)(void *y, const void *x, unsigned shift, unsigned party, size_t n)
{
    ANY *const out = y;
    const ANY *const in = x;
    const WORD sign = (WORD)0 - (party != 0);
    SONIC_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        const SIGNED v = (SIGNED)((in[i] ^ sign) - sign);
        out[i] = ((WORD)(v >> shift) ^ sign) - sign;
    }
}

static void NAME(fill)(sonic_vec_kernels *entry)
{
    entry->add = NAME(add);
    entry->sub = NAME(sub);
    entry->add_constant = NAME(add_constant);
    entry->scale_add = NAME(scale_add);
    entry->select = NAME(select);
    entry->select_trunc = NAME(select_trunc);
    entry->trunc = NAME(trunc);
    entry->exact_select = NAME(exact_select);
    entry->exact_trunc = NAME(exact_trunc);
    entry->trunc_local = NAME(trunc_local);
}

#undef JOIN_
#undef JOIN
#undef NAME
#undef WORD
#undef SIGNED
#undef ANY
#undef BITS
