/* Lines of depthwise convolutions: rows of the padded input in scratch, part of depthwise_tmpl.h.
 *
 * A line holds one row, the padding as zeros, its columns dealt to stride_w phases: column j of the
 * padded row is element j / stride_w of phase j % stride_w.  So every tap reads neighbours,
 * whatever the stride, and no tap meets a border. */

/* What the lines of `columns` output columns from `first` on have in common. */
typedef struct DEPTHWISE(chunk) {
    size_t first, columns;
    size_t steps;     /* phases */
    size_t phase;     /* elements from one phase to the next: two vectors more than are read */
    size_t lead;      /* where the first line begins: with one phase, so that stores are aligned */
    size_t length;    /* elements of a phase that are read */
    size_t before;    /* zeros before the first element of the input, in padded columns */
    size_t from, run; /* the input columns that follow them */
} DEPTHWISE(chunk);

static DEPTHWISE(chunk)
    DEPTHWISE(chunk_of)(const sonic_conv_geometry *g, size_t first, size_t columns, size_t phase)
{
    const size_t vectors = (columns + LANES(count) - 1) / LANES(count);
    DEPTHWISE(chunk) c = {.first = first, .columns = columns, .steps = g->stride_w, .phase = phase};
    c.length = vectors * LANES(count) + (g->kw - 1) * g->dilation_w / g->stride_w;
    const size_t start = first * g->stride_w, span = c.length * g->stride_w;
    if (start < g->pad_left)
        c.before = g->pad_left - start < span ? g->pad_left - start : span;
    if (c.steps == 1)
        c.lead = (LANES(count) - c.before % LANES(count)) % LANES(count);
    if (c.before < span)
        c.from = start + c.before - g->pad_left;
    if (c.before < span && c.from < g->w)
        c.run = g->w - c.from < span - c.before ? g->w - c.from : span - c.before;
    return c;
}

/* Zeros from begin to end, and up to a vector beyond. */
static inline void DEPTHWISE(clear)(DEPTHWISE(element) *line, size_t begin, size_t end)
{
    for (; begin < end; begin += LANES(count))
        LANES(store)(line + begin, LANES(total)(LANES(zero)()));
}

static inline LANES(vec) DEPTHWISE(some)(const void *x, size_t i, size_t n)
{
    const size_t left = n > i ? n - i : 0;
    return left >= LANES(count) ? LANES(load)(WORD(at)(x, i))
                                : LANES(part)(WORD(at)(x, left ? i : 0), left);
}

static void DEPTHWISE(stage_every)(DEPTHWISE(element) *line, const DEPTHWISE(chunk) *c,
                                   const void *x)
{
    size_t i = 0;
    DEPTHWISE(clear)(line, 0, c->before);
    for (; i < c->run; i += LANES(count))
        LANES(store)(line + c->before + i, DEPTHWISE(some)(x, i, c->run));
    DEPTHWISE(clear)(line, c->before + i, c->length);
}

static void DEPTHWISE(stage_second)(DEPTHWISE(element) *line, const DEPTHWISE(chunk) *c,
                                    const void *x)
{
    DEPTHWISE(element) *even = line + c->before % 2 * c->phase + c->before / 2;
    DEPTHWISE(element) *odd = line + (c->before + 1) % 2 * c->phase + (c->before + 1) / 2;
    size_t i = 0;
    DEPTHWISE(clear)(line, 0, (c->before + 1) / 2);
    DEPTHWISE(clear)(line + c->phase, 0, c->before / 2);
    for (; 2 * i < c->run; i += LANES(count)) {
        LANES(vec) a, b;
        LANES(split)(&a, &b, DEPTHWISE(some)(x, 2 * i, c->run), DEPTHWISE(some)(x,
                     2 * i + LANES(count), c->run));
        LANES(store)(even + i, a);
        LANES(store)(odd + i, b);
    }
    DEPTHWISE(clear)(line, (c->before + 1) / 2 + i, c->length);
    DEPTHWISE(clear)(line + c->phase, c->before / 2 + i, c->length);
}

static void DEPTHWISE(stage_any)(DEPTHWISE(element) *line, const DEPTHWISE(chunk) *c,
                                 const void *x)
{
    size_t phase = c->before % c->steps, i = c->before / c->steps;
    for (size_t p = 0; p < c->steps; p++)
        DEPTHWISE(clear)(line + p * c->phase, 0, c->length);
    for (size_t j = 0; j < c->run; j++) {
        line[phase * c->phase + i] = WORD(load)(x, j);
        if (++phase == c->steps) {
            phase = 0;
            i++;
        }
    }
}

/* Row `row` of the padded input. */
static void DEPTHWISE(stage)(DEPTHWISE(element) *line, const DEPTHWISE(chunk) *c, const void *x,
                             const sonic_conv_geometry *g, size_t row)
{
    if (row < g->pad_top || row - g->pad_top >= g->h || !c->run) {
        for (size_t p = 0; p < c->steps; p++)
            DEPTHWISE(clear)(line + p * c->phase, 0, c->length);
        return;
    }
    x = WORD(at)(x, (row - g->pad_top) * g->w + c->from);
    for (size_t i = 0; i < c->run; i += 64 / sizeof(DEPTHWISE(element)))
        DEPTHWISE(fetch)((uintptr_t)x, g->stride_h * g->w + i);
    if (c->steps == 1)
        DEPTHWISE(stage_every)(line, c, x);
    else if (c->steps == 2)
        DEPTHWISE(stage_second)(line, c, x);
    else
        DEPTHWISE(stage_any)(line, c, x);
}
