/* The inner loops of depthwise convolutions, part of depthwise_tmpl.h: lines are in the first-level
 * cache and long enough for whole vectors, sums stay in registers over all taps. */

/* out (+)= the first `left` elements of a sum. */
SONIC_INLINE void DEPTHWISE(emit)(void *out, size_t left, LANES(sum) sum, bool accumulate)
{
    LANES(vec) v = LANES(total)(sum);
    if (left >= LANES(count)) {
        if (accumulate)
            v = LANES(add)(v, LANES(load)(out));
        LANES(store)(out, v);
    } else {
        if (accumulate)
            v = LANES(add)(v, LANES(part)(out, left));
        LANES(put)(out, v, left);
    }
}

/* sums += the products of one line with one row of taps, for one vector of columns or two, which
 * then share the loads of factors. */
SONIC_INLINE void DEPTHWISE(dot)(LANES(sum) *sums, size_t vectors, const LANES(factor) *factors,
                                 const DEPTHWISE(element) *line, const size_t *shifts, size_t taps)
{
#pragma GCC unroll 5
    for (size_t t = 0; t < taps; t++)
#pragma GCC unroll 2
        for (size_t v = 0; v < vectors; v++) {
            const DEPTHWISE(element) *from = line + shifts[t] + v * LANES(count);
            sums[v] = LANES(madd)(sums[v], factors[t], LANES(load)(from));
            LANES(hold)(&sums[v]);
        }
}

SONIC_INLINE void DEPTHWISE(emit_all)(void *y, size_t left, const LANES(sum) *sums, size_t vectors,
                                      bool accumulate)
{
    DEPTHWISE(emit)(y, left, sums[0], accumulate);
    if (vectors == 2)
        DEPTHWISE(emit)(WORD(place)(y, LANES(count)), left - LANES(count), sums[1], accumulate);
}

SONIC_INLINE void DEPTHWISE(row_columns)(void *y, size_t left, size_t vectors, bool accumulate,
                                         const DEPTHWISE(element) *const *lines, size_t at,
                                         size_t rows, const size_t *shifts, size_t taps,
                                         const LANES(factor) *factors)
{
    LANES(sum) sums[2] = {LANES(zero)(), LANES(zero)()};
#pragma GCC unroll 5
    for (size_t r = 0; r < rows; r++)
        DEPTHWISE(dot)(sums, vectors, factors + r * taps, lines[r] + at, shifts, taps);
    DEPTHWISE(emit_all)(y, left, sums, vectors, accumulate);
}

/* One output row of n columns from `rows` lines and rows of taps. */
SONIC_INLINE void DEPTHWISE(row)(void *y, size_t n, bool accumulate,
                                 const DEPTHWISE(element) *const *lines, size_t rows,
                                 const size_t *shifts, size_t taps, const LANES(factor) *factors)
{
    size_t i = 0;
    for (; i + LANES(count) < n; i += 2 * LANES(count))
        DEPTHWISE(row_columns)(WORD(place)(y, i), n - i, 2, accumulate, lines, i, rows, shifts,
                               taps, factors);
    if (i < n)
        DEPTHWISE(row_columns)(WORD(place)(y, i), n - i, 1, accumulate, lines, i, rows, shifts,
                               taps, factors);
}

typedef void DEPTHWISE(core)(void *y, size_t n, bool accumulate,
                             const DEPTHWISE(element) *const *lines, const LANES(factor) *factors);

/* With all offsets known to the compiler, at a stride of 1 and of 2. */
#define DEPTHWISE_CORE(name, size, ...)                                                            \
    static void DEPTHWISE(name)(void *y, size_t n, bool accumulate,                                \
                                const DEPTHWISE(element) *const *lines,                            \
                                const LANES(factor) *factors)                                      \
    {                                                                                              \
        const size_t shifts[] = {__VA_ARGS__};                                                     \
        DEPTHWISE(row)(y, n, accumulate, lines, size, shifts, size, factors);                      \
    }

DEPTHWISE_CORE(row_3, 3, 0, 1, 2)
DEPTHWISE_CORE(row_3_second, 3, 0, DEPTHWISE(phase), 1)
DEPTHWISE_CORE(row_5, 5, 0, 1, 2, 3, 4)
DEPTHWISE_CORE(row_5_second, 5, 0, DEPTHWISE(phase), 1, DEPTHWISE(phase) + 1, 2)
#undef DEPTHWISE_CORE

static void DEPTHWISE(row_any)(void *y, size_t n, bool accumulate,
                               const DEPTHWISE(element) *const *lines, size_t rows,
                               const size_t *shifts, size_t taps, const LANES(factor) *factors)
{
    DEPTHWISE(row)(y, n, accumulate, lines, rows, shifts, taps, factors);
}

SONIC_INLINE void DEPTHWISE(three_columns)(void *y, size_t ow, size_t left, size_t vectors,
                                           bool accumulate, const DEPTHWISE(element) *lines,
                                           const LANES(factor) *factors)
{
    enum { TAPS = 3, PITCH = DEPTHWISE(phase) };
    const size_t shifts[TAPS] = {0, 1, 2};
    const LANES(sum) zero = LANES(zero)();
    LANES(sum) t1[2] = {zero, zero}, t2[2] = {zero, zero}, t3[2] = {zero, zero}, sums[2];
    DEPTHWISE(dot)(t1, vectors, factors + 3 * TAPS, lines + 3 * PITCH, shifts, TAPS);
    DEPTHWISE(dot)(t2, vectors, factors + 4 * TAPS, lines + 4 * PITCH, shifts, TAPS);
    for (size_t v = 0; v < vectors; v++)
        sums[v] = LANES(join)(t1[v], t2[v]);
    DEPTHWISE(dot)(sums, vectors, factors, lines, shifts, TAPS);
    DEPTHWISE(emit_all)(y, left, sums, vectors, accumulate);
    DEPTHWISE(dot)(t3, vectors, factors + 5 * TAPS, lines + 5 * PITCH, shifts, TAPS);
    for (size_t v = 0; v < vectors; v++)
        sums[v] = LANES(join)(t1[v], t3[v]);
    DEPTHWISE(dot)(sums, vectors, factors + TAPS, lines + PITCH, shifts, TAPS);
    DEPTHWISE(emit_all)(WORD(place)(y, ow), left, sums, vectors, accumulate);
    for (size_t v = 0; v < vectors; v++)
        sums[v] = LANES(join)(t2[v], t3[v]);
    DEPTHWISE(dot)(sums, vectors, factors + 2 * TAPS, lines + 2 * PITCH, shifts, TAPS);
    DEPTHWISE(emit_all)(WORD(place)(y, 2 * ow), left, sums, vectors, accumulate);
}

/* Three output rows, ow apart, of n columns from the lines that stage_three() made.  What the next
 * three read and write is fetched meanwhile: a plane seldom lies in the second-level cache. */
static void DEPTHWISE(three)(void *y, size_t ow, size_t n, bool accumulate,
                             const DEPTHWISE(element) *lines, const LANES(factor) *factors,
                             uintptr_t next, size_t w)
{
    /* Two vectors at a time where a factor is one vector: else registers do not suffice. */
    const size_t pair = LANES(words) == 1 ? 2 * LANES(count) : 0;
    for (size_t i = 0; i < n;) {
        for (size_t r = 0; r < 3; r++) {
            DEPTHWISE(fetch)(next, r * w + i);
            DEPTHWISE(fetch)((uintptr_t)y, (3 + r) * ow + i);
        }
        void *out = WORD(place)(y, i);
        if (pair && i + LANES(count) < n) {
            DEPTHWISE(three_columns)(out, ow, n - i, 2, accumulate, lines + i, factors);
            i += pair;
        } else {
            DEPTHWISE(three_columns)(out, ow, n - i, 1, accumulate, lines + i, factors);
            i += LANES(count);
        }
    }
}
