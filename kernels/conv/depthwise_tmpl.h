/* The body of the depthwise kernels, included once a ring by each tier with DEPTHWISE_BITS, 32 or
 * 64, over the tier's lane vocabulary (kernels/ring); undefined at the end.
 *
 * Input rows are copied once into padded lines, which stay in the first-level cache; sums stay in
 * registers over all taps.  Multiplication is the bound before memory is, so three output rows of a
 * 3 x 3 kernel take 6 row products instead of 9.  With input rows t0 to t4 and kernel rows u0 to
 * u2, output row i is the sum over j of t(i+j) u(j), which is
 *     (t(2i) - the sum over j != i of t(i+j)) u(i) + the sum over j != i of t(i+j) (u(i) + u(j)),
 * and the second sum's products serve two rows each.  Nothing is divided, so it holds mod 2^l. */

#define DEPTHWISE_PASTE_(a, bits, b) a##bits##_##b
#define DEPTHWISE_PASTE(a, bits, b) DEPTHWISE_PASTE_(a, bits, b)
#define LANES(name) DEPTHWISE_PASTE(lanes, DEPTHWISE_BITS, name)
#define WORD(name) SONIC_WORD(name, DEPTHWISE_BITS)
#define DEPTHWISE(name) DEPTHWISE_PASTE(depthwise, DEPTHWISE_BITS, name)

typedef LANES(element) DEPTHWISE(element);

enum {
    DEPTHWISE(factors) = 64, /* of a pass over the output: 7 x 7 and less */
    DEPTHWISE(elements) = (20 << 10) / sizeof(DEPTHWISE(element)),
    DEPTHWISE(phases) = 10, /* of common kernels: 5 lines of 2, or the 7 of row products */
    DEPTHWISE(phase) = 1984 / sizeof(DEPTHWISE(element)), /* no 10 of them meet in one cache set */
    DEPTHWISE(lines) = 16,  /* most rows from a kernel's first to its last */
    DEPTHWISE(steps) = 4,   /* most phases */
    DEPTHWISE(gathered) = 8 /* taps of a pass where none of this fits */
};

typedef struct DEPTHWISE(scratch) {
    LANES(factor) factors[DEPTHWISE(factors)];
    DEPTHWISE(element) lines[DEPTHWISE(elements)];
} DEPTHWISE(scratch);

_Static_assert(sizeof(DEPTHWISE(scratch)) <= SONIC_DEPTHWISE_SCRATCH, "depthwise scratch");

/* A hint: the address may lie anywhere, as it does past a plane's last rows. */
static inline void DEPTHWISE(fetch)(uintptr_t base, size_t index)
{
    __builtin_prefetch((const void *)(base + index * sizeof(DEPTHWISE(element))));
}

#include "kernels/conv/depthwise_core_tmpl.h"
#include "kernels/conv/depthwise_line_tmpl.h"

static inline LANES(factor) DEPTHWISE(factor_of)(DEPTHWISE(element) v)
{
    DEPTHWISE(element) words[LANES(words)];
    LANES(keep)(words, v);
    return LANES(spread)(words);
}

/* A vector of each of the six lines from one of each of the five rows. */
SONIC_INLINE void DEPTHWISE(combine)(DEPTHWISE(element) *line, const LANES(vec) rows[5])
{
    enum { PITCH = DEPTHWISE(phase) };
    LANES(store)(line, LANES(less)(rows[0], LANES(add)(rows[1], rows[2])));
    LANES(store)(line + PITCH, LANES(less)(rows[2], LANES(add)(rows[1], rows[3])));
    LANES(store)(line + 2 * PITCH, LANES(less)(rows[4], LANES(add)(rows[2], rows[3])));
    LANES(store)(line + 3 * PITCH, rows[1]);
    LANES(store)(line + 4 * PITCH, rows[2]);
    LANES(store)(line + 5 * PITCH, rows[3]);
}

/* The six lines of three output rows from padded row `row` on; the seventh is zero. */
static void DEPTHWISE(stage_three)(DEPTHWISE(element) *lines, const DEPTHWISE(chunk) *c,
                                   const void *x, const sonic_conv_geometry *g, size_t row)
{
    enum { PITCH = DEPTHWISE(phase) };
    const void *t[5];
    DEPTHWISE(element) *out = lines + c->before;
    size_t i = 0;
#pragma GCC unroll 5
    for (size_t k = 0; k < 5; k++) {
        const bool inside = row + k >= g->pad_top && row + k - g->pad_top < g->h;
        t[k] =
            inside ? WORD(at)(x, (row + k - g->pad_top) * g->w + c->from) : lines + 6 * PITCH;
    }
    for (; i + LANES(count) <= c->run; i += LANES(count)) {
        LANES(vec) v[5];
#pragma GCC unroll 5
        for (size_t k = 0; k < 5; k++)
            v[k] = LANES(load)(WORD(at)(t[k], i));
        DEPTHWISE(combine)(out + i, v);
    }
    if (i < c->run) {
        LANES(vec) v[5];
#pragma GCC unroll 5
        for (size_t k = 0; k < 5; k++)
            v[k] = LANES(part)(WORD(at)(t[k], i), c->run - i);
        DEPTHWISE(combine)(out + i, v);
        i += LANES(count);
    }
    for (size_t k = 0; k < 6; k++)
        DEPTHWISE(clear)(lines + k * PITCH, c->before + i, c->length);
}

/* The first rows of part, three at a time; returns how many it left. */
static size_t DEPTHWISE(by_three)(DEPTHWISE(scratch) *s, void *y, const void *x,
                                  const sonic_conv_geometry *g, const DEPTHWISE(chunk) *c,
                                  const sonic_depthwise_part *part)
{
    size_t done = 0;
    DEPTHWISE(element) *lines = s->lines + c->lead;
    for (size_t k = 0; k < 6; k++)
        DEPTHWISE(clear)(lines + k * c->phase, 0, c->before);
    DEPTHWISE(clear)(lines + 6 * c->phase, 0, c->run);
    for (; done + 3 <= part->rows; done += 3) {
        const size_t oy = part->row + done;
        void *out = WORD(place)(y, oy * g->ow + c->first);
        DEPTHWISE(stage_three)(lines, c, x, g, oy);
        const size_t next = (oy + 5 - g->pad_top) * g->w + c->from;
        DEPTHWISE(three)(out, g->ow, c->columns, part->accumulate, lines, s->factors,
                         (uintptr_t)x + next * sizeof(DEPTHWISE(element)), g->w);
    }
    return part->rows - done;
}

/* NULL without one for the geometry. */
static DEPTHWISE(core) *DEPTHWISE(core_for)(const sonic_conv_geometry *g, size_t phase)
{
    const bool known = phase == DEPTHWISE(phase) && g->dilation_w == 1 && g->kh == g->kw;
    if (!known || g->stride_w > 2 || (g->kw != 3 && g->kw != 5))
        return NULL;
    if (g->kw == 3)
        return g->stride_w == 1 ? DEPTHWISE(row_3) : DEPTHWISE(row_3_second);
    return g->stride_w == 1 ? DEPTHWISE(row_5) : DEPTHWISE(row_5_second);
}

/* The last `rows` rows of part, one at a time; the lines are a ring of the rows that a kernel
 * spans. */
static void DEPTHWISE(by_one)(DEPTHWISE(scratch) *s, void *y, const void *x,
                              const sonic_conv_geometry *g, const DEPTHWISE(chunk) *c,
                              const size_t *shifts, const sonic_depthwise_part *part, size_t rows)
{
    DEPTHWISE(core) *core = DEPTHWISE(core_for)(g, c->phase);
    const size_t span = (g->kh - 1) * g->dilation_h + 1, pitch = c->steps * c->phase;
    size_t next = 0, slot = 0; /* the row to stage next, and where */
    for (size_t oy = part->row + part->rows - rows; oy < part->row + part->rows; oy++) {
        const size_t top = oy * g->stride_h;
        const DEPTHWISE(element) *lines[DEPTHWISE(lines)];
        for (next = next < top ? top : next; next < top + span; next++) {
            DEPTHWISE(stage)(s->lines + c->lead + slot * pitch, c, x, g, next);
            slot = slot + 1 == span ? 0 : slot + 1;
        }
        for (size_t ky = 0, at = slot; ky < g->kh; ky++) {
            lines[ky] = s->lines + c->lead + at * pitch;
            at += g->dilation_h;
            at = at >= span ? at - span : at;
        }
        void *out = WORD(place)(y, oy * g->ow + c->first);
        if (core)
            core(out, c->columns, part->accumulate, lines, s->factors);
        else
            DEPTHWISE(row_any)(out, c->columns, part->accumulate, lines, g->kh, shifts, g->kw,
                               s->factors);
    }
}

/* One tap's elements of n output columns from `first` on. */
static void DEPTHWISE(gather)(DEPTHWISE(element) *line, const void *x,
                              const sonic_conv_geometry *g, size_t row, size_t offset, size_t first,
                              size_t n)
{
    const conv_range in = conv_inside(offset, g->pad_left, g->w, g->stride_w, first, first + n);
    DEPTHWISE(clear)(line, 0, n);
    if (row < g->pad_top || row - g->pad_top >= g->h)
        return;
    for (size_t i = in.begin; i < in.end; i++)
        line[i - first] =
            WORD(load)(x, (row - g->pad_top) * g->w + i * g->stride_w + offset - g->pad_left);
}

/* Any geometry: the taps' elements are gathered, a few taps at a time. */
static void DEPTHWISE(by_tap)(DEPTHWISE(scratch) *s, void *y, const void *x, const void *w,
                              const sonic_conv_geometry *g, const sonic_depthwise_part *part)
{
    enum { PITCH = DEPTHWISE(elements) / DEPTHWISE(gathered) };
    const size_t taps = g->kh * g->kw, none = 0, most = PITCH - LANES(count);
    const DEPTHWISE(element) *lines[DEPTHWISE(gathered)];
    for (size_t t = 0; t < DEPTHWISE(gathered); t++)
        lines[t] = s->lines + t * PITCH;
    for (size_t oy = part->row; oy < part->row + part->rows; oy++)
        for (size_t first = 0; first < g->ow; first += most) {
            const size_t n = g->ow - first < most ? g->ow - first : most;
            for (size_t t = 0; t < taps; t += DEPTHWISE(gathered)) {
                size_t some = taps - t < DEPTHWISE(gathered) ? taps - t : DEPTHWISE(gathered);
                for (size_t k = 0; k < some; k++) {
                    const size_t ky = (t + k) / g->kw, kx = (t + k) % g->kw;
                    s->factors[k] = DEPTHWISE(factor_of)(WORD(load)(w, t + k));
                    DEPTHWISE(gather)(s->lines + k * PITCH, x, g,
                                      oy * g->stride_h + ky * g->dilation_h, kx * g->dilation_w,
                                      first, n);
                }
                DEPTHWISE(row_any)(WORD(place)(y, oy * g->ow + first), n, part->accumulate || t,
                                   lines, some, &none, 1, s->factors);
            }
        }
}

/* A kernel's factors; with row products, those of the sums of two of its rows behind them. */
static void DEPTHWISE(spread)(LANES(factor) *factors, const void *w, const sonic_conv_geometry *g,
                              bool products)
{
    const size_t taps = g->kh * g->kw;
    for (size_t t = 0; t < taps; t++)
        factors[t] = DEPTHWISE(factor_of)(WORD(load)(w, t));
    for (size_t t = 0; products && t < g->kw; t++) {
        const DEPTHWISE(element) u0 = WORD(load)(w, t), u1 = WORD(load)(w, g->kw + t),
                                 u2 = WORD(load)(w, 2 * g->kw + t);
        factors[taps + t] = DEPTHWISE(factor_of)(u0 + u1);
        factors[taps + g->kw + t] = DEPTHWISE(factor_of)(u0 + u2);
        factors[taps + 2 * g->kw + t] = DEPTHWISE(factor_of)(u1 + u2);
    }
}

/* Output columns whose lines fit scratch, 0 if none do; *phase is their phases' pitch. */
static size_t DEPTHWISE(fitting)(const sonic_conv_geometry *g, size_t *phase)
{
    const size_t span = (g->kh - 1) * g->dilation_h + 1;
    if (g->kh * g->kw > DEPTHWISE(factors) || span > DEPTHWISE(lines) ||
        g->stride_w > DEPTHWISE(steps))
        return 0;
    *phase = DEPTHWISE(phase);
    if (span * g->stride_w > DEPTHWISE(phases))
        *phase = DEPTHWISE(elements) / (span * g->stride_w) / LANES(count) * LANES(count);
    const size_t more = (g->kw - 1) * g->dilation_w / g->stride_w + 2 * LANES(count);
    if (*phase < more + LANES(count))
        return 0;
    return (*phase - more) / LANES(count) * LANES(count);
}

static void DEPTHWISE(run)(void *scratch, void *y, const void *x, const void *w,
                           const sonic_conv_geometry *g, const sonic_depthwise_part *part)
{
    DEPTHWISE(scratch) *s = scratch;
    const bool products = g->kh == 3 && g->kw == 3 && g->stride_h == 1 && g->stride_w == 1 &&
                          g->dilation_h == 1 && g->dilation_w == 1 && part->rows >= 3;
    size_t phase = 0, shifts[DEPTHWISE(factors)], first = 0, columns;
    const size_t most = DEPTHWISE(fitting)(g, &phase);
    for (size_t kx = 0; most && kx < g->kw; kx++)
        shifts[kx] = kx * g->dilation_w % g->stride_w * phase + kx * g->dilation_w / g->stride_w;
    do {
        DEPTHWISE(chunk) chunk = {0};
        columns = most && g->ow - first > most ? most : g->ow - first;
        if (most)
            chunk = DEPTHWISE(chunk_of)(g, first, columns, phase);
        for (size_t p = 0; p < part->planes; p++) {
            const size_t o = part->first + p;
            const void *in = WORD(at)(x, o / part->multiplier * g->h * g->w);
            const void *kernel = WORD(at)(w, o * g->kh * g->kw);
            void *out = WORD(place)(y, o * g->oh * g->ow);
            size_t rows = part->rows;
            if (!most) {
                DEPTHWISE(by_tap)(s, out, in, kernel, g, part);
                continue;
            }
            DEPTHWISE(spread)(s->factors, kernel, g, products);
            if (products)
                rows = DEPTHWISE(by_three)(s, out, in, g, &chunk, part);
            DEPTHWISE(by_one)(s, out, in, g, &chunk, shifts, part, rows);
        }
        first += columns;
    } while (first < g->ow);
}

#undef DEPTHWISE
#undef WORD
#undef LANES
#undef DEPTHWISE_PASTE
#undef DEPTHWISE_PASTE_
#undef DEPTHWISE_BITS
