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
            v = LANES(add)(v, EDGE(part)(out, left));
        EDGE(put)(out, v, left);
    }
}

/* sum += the products of one line with one row of taps. */
SONIC_INLINE void DEPTHWISE(dot)(LANES(sum) *sum, const LANES(factor) *factors,
                                 const DEPTHWISE(element) *line, const size_t *shifts, size_t taps)
{
#pragma GCC unroll 5
    for (size_t t = 0; t < taps; t++) {
        *sum = LANES(madd)(*sum, factors[t], LANES(load)(line + shifts[t]));
        EDGE(hold)(sum);
    }
}

/* One output row of n columns from `rows` lines and rows of taps: two vectors at a time, so that a
 * factor is loaded for both. */
SONIC_INLINE void DEPTHWISE(row)(void *y, size_t n, bool accumulate,
                                 const DEPTHWISE(element) *const *lines, size_t rows,
                                 const size_t *shifts, size_t taps, const LANES(factor) *factors)
{
    size_t i = 0;
    for (; i + LANES(count) < n; i += 2 * LANES(count)) {
        LANES(sum) a = LANES(zero)(), b = LANES(zero)();
#pragma GCC unroll 5
        for (size_t r = 0; r < rows; r++)
#pragma GCC unroll 5
            for (size_t t = 0; t < taps; t++) {
                const DEPTHWISE(element) *from = lines[r] + i + shifts[t];
                a = LANES(madd)(a, factors[r * taps + t], LANES(load)(from));
                b = LANES(madd)(b, factors[r * taps + t], LANES(load)(from + LANES(count)));
                EDGE(hold)(&a);
                EDGE(hold)(&b);
            }
        DEPTHWISE(emit)(DEPTHWISE(at_mutable)(y, i), LANES(count), a, accumulate);
        i += LANES(count);
        DEPTHWISE(emit)(DEPTHWISE(at_mutable)(y, i), n - i, b, accumulate);
        i -= LANES(count);
    }
    if (i < n) {
        LANES(sum) sum = LANES(zero)();
#pragma GCC unroll 5
        for (size_t r = 0; r < rows; r++)
            DEPTHWISE(dot)(&sum, factors + r * taps, lines[r] + i, shifts, taps);
        DEPTHWISE(emit)(DEPTHWISE(at_mutable)(y, i), n - i, sum, accumulate);
    }
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

/* Three output rows, ow apart, of n columns from the lines that stage_three() made.  What the next
 * three read and write is fetched meanwhile: a plane seldom lies in the second-level cache. */
static void DEPTHWISE(three)(void *y, size_t ow, size_t n, bool accumulate,
                             const DEPTHWISE(element) *lines, const LANES(factor) *factors,
                             uintptr_t next, size_t w)
{
    enum { TAPS = 3, PITCH = DEPTHWISE(phase) };
    const size_t shifts[TAPS] = {0, 1, 2};
    for (size_t i = 0; i < n; i += LANES(count), lines += LANES(count)) {
        for (size_t r = 0; r < 3; r++) {
            DEPTHWISE(fetch)(next, r * w + i);
            DEPTHWISE(fetch)((uintptr_t)y, (3 + r) * ow + i);
        }
        LANES(sum) t1 = LANES(zero)(), t2 = t1, t3 = t1, sum;
        DEPTHWISE(dot)(&t1, factors + 3 * TAPS, lines + 3 * PITCH, shifts, TAPS);
        DEPTHWISE(dot)(&t2, factors + 4 * TAPS, lines + 4 * PITCH, shifts, TAPS);
        sum = EDGE(join)(t1, t2);
        DEPTHWISE(dot)(&sum, factors, lines, shifts, TAPS);
        DEPTHWISE(emit)(DEPTHWISE(at_mutable)(y, i), n - i, sum, accumulate);
        DEPTHWISE(dot)(&t3, factors + 5 * TAPS, lines + 5 * PITCH, shifts, TAPS);
        sum = EDGE(join)(t1, t3);
        DEPTHWISE(dot)(&sum, factors + TAPS, lines + PITCH, shifts, TAPS);
        DEPTHWISE(emit)(DEPTHWISE(at_mutable)(y, ow + i), n - i, sum, accumulate);
        sum = EDGE(join)(t2, t3);
        DEPTHWISE(dot)(&sum, factors + 2 * TAPS, lines + 2 * PITCH, shifts, TAPS);
        DEPTHWISE(emit)(DEPTHWISE(at_mutable)(y, 2 * ow + i), n - i, sum, accumulate);
    }
}
