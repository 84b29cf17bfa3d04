/* Half gates over vectors of labels.  A tier includes its vocabulary (kernels/aes/lanes_<tier>.h),
 * defines
 *
 *   GATHER_G(p), GATHER_E(p)  rows G and E of LANES gates from p, gate by gate: DEAL's back
 *
 * includes this, and hands fill() its table.
 *
 * The rounds start from x = sigma(label) ^ tweak ^ the first round key, and the last one adds x
 * where its key belongs: that is H(label, tweak) but for the XOR of the first round key and the
 * last, which cancels because hashes are only used in pairs. */
#include <stdbool.h>

#include "kernels/aes/rounds_tmpl.h"

enum { GARBLE_VECTORS = FLIGHT / 4, EVALUATE_VECTORS = FLIGHT / 2 };

/* What all gates have in common, and the even tweaks of the next vector. */
typedef struct gates {
    schedule key;
    VEC tweak, step;
    VEC odd;                /* by what a gate's second tweak differs */
    VEC lowest;             /* 1 in both halves */
    VEC delta, sigma_delta; /* the garbler's */
} gates;

/* Where a batch of gates is: the garbler writes to `table`, the evaluator reads at `rows`. */
typedef struct place {
    uint8_t *c, *table;
    const uint8_t *rows, *a, *b;
} place;

/* What the rounds of a batch start from, and what the evaluator's last one adds. */
typedef struct batch {
    VEC first[FLIGHT], last[FLIGHT];
} batch;

SONIC_INLINE void gates_begin(gates *s, const sonic_aes_key *pi)
{
    spread_key(&s->key, pi);
    s->step = SPREAD64(2 * LANES, 0);
    s->odd = SPREAD64(1, 0);
    s->lowest = SPREAD64(1, 1);
    /* Hidden: clang would test by shifts, which are done where AES is. */
    __asm__("" : "+" REGISTER(s->lowest));
}

SONIC_INLINE VEC next_tweak(gates *s)
{
    const VEC tweak = XOR(s->tweak, s->key.round[0]);
    s->tweak = ADD64(s->tweak, s->step);
    return tweak;
}

SONIC_INLINE void garble_prepare(batch *x, const place *at, int i, gates *s)
{
    const uint8_t *const a = at->a + i * VECTOR, *const b = at->b + i * VECTOR;
    VEC *const first = x->first + 4 * i;
    const VEC tweak = next_tweak(s);
    first[0] = XOR3(FIRST_TWICE(a), SECOND(a), tweak);
    first[1] = XOR(first[0], s->sigma_delta);
    first[2] = XOR3(FIRST_TWICE(b), SECOND(b), XOR(tweak, s->odd));
    first[3] = XOR(first[2], s->sigma_delta);
}

SONIC_INLINE void garble_finish(const VEC y[FLIGHT], const batch *x, const place *at, int i,
                                const gates *s)
{
    const uint8_t *const a = at->a + i * VECTOR, *const b = at->b + i * VECTOR;
    const MASK of_a = ODD(FIRST_TWICE(a), s->lowest);
    const MASK of_b = ODD(FIRST_TWICE(b), s->lowest);
    VEC h[4];
    SONIC_UNROLL
    for (int j = 0; j < 4; j++)
        h[j] = ENCLAST(y[4 * i + j], x->first[4 * i + j]);
    const VEC g = ADD_WHERE(XOR(h[0], h[1]), of_b, s->delta);
    const VEC e_a = XOR(h[2], h[3]);
    DEAL(at->table + 2 * i * VECTOR, g, XOR(e_a, LOAD(a)));
    STORE(at->c + i * VECTOR, ADD_WHERE(ADD_WHERE(XOR(h[0], h[2]), of_a, g), of_b, e_a));
}

/* What the rows add to c, the last round adds. */
SONIC_INLINE void evaluate_prepare(batch *x, const place *at, int i, gates *s)
{
    const uint8_t *const a = at->a + i * VECTOR, *const b = at->b + i * VECTOR;
    const uint8_t *const rows = at->rows + 2 * i * VECTOR;
    const VEC a_twice = FIRST_TWICE(a), b_twice = FIRST_TWICE(b);
    VEC *const first = x->first + 2 * i, *const last = x->last + 2 * i;
    const VEC tweak = next_tweak(s);
    first[0] = XOR3(a_twice, SECOND(a), tweak);
    first[1] = XOR3(b_twice, SECOND(b), XOR(tweak, s->odd));
    last[0] = ADD_WHERE(first[0], ODD(a_twice, s->lowest), GATHER_G(rows));
    last[1] = ADD_WHERE(first[1], ODD(b_twice, s->lowest), XOR(GATHER_E(rows), LOAD(a)));
}

SONIC_INLINE void evaluate_finish(const VEC y[FLIGHT], const batch *x, const place *at, int i)
{
    const VEC *const v = y + 2 * i, *const last = x->last + 2 * i;
    STORE(at->c + i * VECTOR, XOR(ENCLAST(v[0], last[0]), ENCLAST(v[1], last[1])));
}

/* The two sides share what follows; `garbling` is a constant wherever it is inlined. */
SONIC_INLINE int vectors_of(bool garbling)
{
    return garbling ? GARBLE_VECTORS : EVALUATE_VECTORS;
}

SONIC_INLINE void prepare(batch *x, const place *at, int i, gates *s, bool garbling)
{
    if (garbling)
        garble_prepare(x, at, i, s);
    else
        evaluate_prepare(x, at, i, s);
}

/* The rounds and the end of one batch, and beside the rounds the preparation of the next, if there
 * is one: a processor looks ahead over fewer instructions than a batch has. */
SONIC_INLINE void rounds(const batch *x, const place *at, batch *next, const place *next_at,
                         gates *s, bool garbling)
{
    const int vectors = vectors_of(garbling), every = FLIGHT / vectors;
    VEC y[FLIGHT];
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        y[i] = x->first[i];
    SONIC_UNROLL
    for (int r = 1; r < ROUNDS; r++) {
        encrypt_round(y, &s->key, r);
        if (next && r % every == 1 && r / every < vectors)
            prepare(next, next_at, r / every, s, garbling);
    }
    SONIC_UNROLL
    for (int i = 0; i < vectors; i++)
        if (garbling)
            garble_finish(y, x, at, i, s);
        else
            evaluate_finish(y, x, at, i);
}

SONIC_INLINE place place_after(place at, size_t n, bool garbling)
{
    at.c += n * BLOCK;
    at.a += n * BLOCK;
    at.b += n * BLOCK;
    if (garbling)
        at.table += 2 * n * BLOCK;
    else
        at.rows += 2 * n * BLOCK;
    return at;
}

/* A batch for gates that do not fill one. */
typedef struct spare {
    uint8_t c[EVALUATE_VECTORS * VECTOR], rows[2 * EVALUATE_VECTORS * VECTOR];
    uint8_t a[EVALUATE_VECTORS * VECTOR], b[EVALUATE_VECTORS * VECTOR];
} spare;

SONIC_INLINE place spare_fill(spare *to, const place *from, size_t n, bool garbling)
{
    const int vectors = vectors_of(garbling);
    copy_padded(to->a, from->a, n, vectors);
    copy_padded(to->b, from->b, n, vectors);
    if (!garbling)
        copy_padded(to->rows, from->rows, 2 * n, 2 * vectors);
    return (place){to->c, to->rows, to->rows, to->a, to->b};
}

/* Gates that do not fill a batch, the last ones, are the first that are computed: then what remains
 * are whole batches, each prepared during the one before it. */
SONIC_INLINE void run(place at, size_t n, gates *s, uint64_t gate, bool garbling)
{
    const size_t each = (size_t)vectors_of(garbling) * LANES, odd = n % each;
    const place end = place_after(at, n - odd, garbling);
    place next_at = at;
    spare last;
    batch x[2], *now = x, *next = x + 1;
    if (n == 0)
        return;
    s->tweak = ramp(2 * (odd > 0 ? gate + n - odd : gate), 2, 0);
    if (odd > 0)
        at = spare_fill(&last, &end, odd, garbling);
    else
        next_at = place_after(at, each, garbling);
    SONIC_UNROLL
    for (int i = 0; i < vectors_of(garbling); i++)
        prepare(now, &at, i, s, garbling);
    if (odd > 0)
        s->tweak = ramp(2 * gate, 2, 0);
    for (size_t left = (n - 1) / each; left > 0; left--) {
        batch *const done = now;
        rounds(now, &at, next, &next_at, s, garbling);
        at = next_at;
        next_at = place_after(at, each, garbling);
        now = next;
        next = done;
    }
    rounds(now, &at, NULL, NULL, s, garbling);
    if (odd > 0)
        copy(end.c, last.c, odd * BLOCK);
    if (odd > 0 && garbling)
        copy(end.table, last.rows, 2 * odd * BLOCK);
}

static void garble(uint8_t *c, uint8_t *table, const uint8_t *a, const uint8_t *b, size_t n,
                   const uint8_t delta[16], const sonic_aes_key *pi, uint64_t gate)
{
    uint8_t copies[VECTOR];
    gates s;
    gates_begin(&s, pi);
    s.delta = SPREAD(delta);
    STORE(copies, s.delta);
    s.sigma_delta = XOR(FIRST_TWICE(copies), SECOND(copies));
    run((place){c, table, NULL, a, b}, n, &s, gate, true);
}

static void evaluate(uint8_t *c, const uint8_t *table, const uint8_t *a, const uint8_t *b, size_t n,
                     const sonic_aes_key *pi, uint64_t gate)
{
    gates s;
    gates_begin(&s, pi);
    run((place){c, NULL, table, a, b}, n, &s, gate, false);
}

static void fill(sonic_garble_kernels *table)
{
    table->garble = garble;
    table->evaluate = evaluate;
}
