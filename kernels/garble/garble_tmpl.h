/* Half gates over vectors of labels.  A tier includes its vocabulary (kernels/aes/lanes_<tier>.h),
 * defines
 *
 *   DEAL(first, second, g, e)   rows G of LANES gates and rows E to 2 LANES blocks G, E, G, E, ...
 *   GATHER(g, e, first, second) back
 *
 * includes this, and hands fill() its table.
 *
 * With x_a = sigma(a) ^ t ^ k, k the first round key, y_a what comes of it before the last round
 * key, and primes for a ^ delta: the last round key and most tweaks cancel,
 *   G = y_a ^ y_a' ^ sigma(delta) ^ lsb(b) delta
 *   E ^ a = y_b ^ y_b' ^ sigma(delta)
 *   c = y_a ^ y_b ^ x_a ^ x_b ^ lsb(a) G ^ lsb(b) (E ^ a). */
#include "kernels/aes/rounds_tmpl.h"

enum { GARBLE_VECTORS = FLIGHT / 4, EVALUATE_VECTORS = FLIGHT / 2, VECTOR = LANES * BLOCK };

typedef struct gates {
    schedule key;
    VEC even, odd;   /* the first round key, with the difference of a gate's tweaks or without */
    VEC tweak, step; /* even tweaks of the next vector */
    VEC left, one;
    VEC delta, sigma_delta; /* the garbler's */
} gates;

SONIC_INLINE void gates_begin(gates *s, const sonic_aes_key *pi, uint64_t gate)
{
    spread_key(&s->key, pi);
    s->even = s->key.round[0];
    s->odd = XOR(s->even, spread_low(1));
    s->tweak = ramp(2 * gate, 2, 0);
    s->step = spread_low(2 * LANES);
    s->left = spread_low(UINT64_MAX);
    s->one = spread_low(1);
}

/* All ones in the blocks whose lowest bit is 1, else zeros. */
SONIC_INLINE VEC colour(VEC label, const gates *s)
{
    return LOW_TWICE(SUB64(ZERO(), AND(label, s->one)));
}

SONIC_INLINE void hash_inputs(VEC *x_a, VEC *x_b, const uint8_t *a, const uint8_t *b, gates *s)
{
    *x_a = XOR(sigma(LOAD(a), s->left), XOR(s->tweak, s->even));
    *x_b = XOR(sigma(LOAD(b), s->left), XOR(s->tweak, s->odd));
    s->tweak = ADD64(s->tweak, s->step);
}

SONIC_INLINE void garble_batch(uint8_t *c, uint8_t *table, const uint8_t *a, const uint8_t *b,
                               gates *s)
{
    VEC v[FLIGHT], x[GARBLE_VECTORS];
    SONIC_UNROLL
    for (int i = 0; i < GARBLE_VECTORS; i++) {
        hash_inputs(&v[4 * i], &v[4 * i + 2], a + i * VECTOR, b + i * VECTOR, s);
        v[4 * i + 1] = XOR(v[4 * i], s->sigma_delta);
        v[4 * i + 3] = XOR(v[4 * i + 2], s->sigma_delta);
        x[i] = XOR(v[4 * i], v[4 * i + 2]);
    }
    encrypt_middle(v, &s->key);
    SONIC_UNROLL
    for (int i = 0; i < GARBLE_VECTORS; i++) {
        const VEC la = LOAD(a + i * VECTOR), lb = LOAD(b + i * VECTOR);
        const VEC ca = colour(la, s), cb = colour(lb, s);
        const VEC y_a = ENCLAST(v[4 * i], ZERO()), y_b = ENCLAST(v[4 * i + 2], ZERO());
        const VEC g = XOR(y_a, ENCLAST(v[4 * i + 1], XOR(s->sigma_delta, AND(cb, s->delta))));
        const VEC e = XOR(y_b, ENCLAST(v[4 * i + 3], s->sigma_delta));
        VEC first, second;
        DEAL(first, second, g, XOR(e, la));
        STORE(table + 2 * i * VECTOR, first);
        STORE(table + (2 * i + 1) * VECTOR, second);
        STORE(c + i * VECTOR, XOR(XOR(XOR(y_a, y_b), x[i]), XOR(AND(ca, g), AND(cb, e))));
    }
}

SONIC_INLINE void evaluate_batch(uint8_t *c, const uint8_t *table, const uint8_t *a,
                                 const uint8_t *b, gates *s)
{
    VEC v[FLIGHT], x[EVALUATE_VECTORS];
    SONIC_UNROLL
    for (int i = 0; i < EVALUATE_VECTORS; i++) {
        hash_inputs(&v[2 * i], &v[2 * i + 1], a + i * VECTOR, b + i * VECTOR, s);
        x[i] = XOR(v[2 * i], v[2 * i + 1]);
    }
    encrypt_middle(v, &s->key);
    SONIC_UNROLL
    for (int i = 0; i < EVALUATE_VECTORS; i++) {
        const VEC la = LOAD(a + i * VECTOR), lb = LOAD(b + i * VECTOR);
        const VEC first = LOAD(table + 2 * i * VECTOR), second = LOAD(table + (2 * i + 1) * VECTOR);
        VEC g, e;
        GATHER(g, e, first, second);
        const VEC rows = XOR(AND(colour(la, s), g), AND(colour(lb, s), XOR(e, la)));
        STORE(c + i * VECTOR,
              XOR(ENCLAST(v[2 * i], XOR(x[i], rows)), ENCLAST(v[2 * i + 1], ZERO())));
    }
}

static void garble(uint8_t *c, uint8_t *table, const uint8_t *a, const uint8_t *b, size_t n,
                   const uint8_t delta[16], const sonic_aes_key *pi, uint64_t gate)
{
    enum { GATES = GARBLE_VECTORS * LANES, LABELS = GATES * BLOCK };
    gates s;
    gates_begin(&s, pi, gate);
    s.delta = SPREAD(delta);
    s.sigma_delta = sigma(s.delta, s.left);
    for (; n >= GATES; n -= GATES, a += LABELS, b += LABELS, c += LABELS, table += 2 * LABELS)
        garble_batch(c, table, a, b, &s);
    if (n > 0) {
        uint8_t x[LABELS] = {0}, y[LABELS] = {0}, rows[2 * LABELS];
        memcpy(x, a, n * BLOCK);
        memcpy(y, b, n * BLOCK);
        garble_batch(x, rows, x, y, &s);
        memcpy(c, x, n * BLOCK);
        memcpy(table, rows, 2 * n * BLOCK);
    }
}

static void evaluate(uint8_t *c, const uint8_t *table, const uint8_t *a, const uint8_t *b, size_t n,
                     const sonic_aes_key *pi, uint64_t gate)
{
    enum { GATES = EVALUATE_VECTORS * LANES, LABELS = GATES * BLOCK };
    gates s;
    gates_begin(&s, pi, gate);
    for (; n >= GATES; n -= GATES, a += LABELS, b += LABELS, c += LABELS, table += 2 * LABELS)
        evaluate_batch(c, table, a, b, &s);
    if (n > 0) {
        uint8_t x[LABELS] = {0}, y[LABELS] = {0}, rows[2 * LABELS] = {0};
        memcpy(x, a, n * BLOCK);
        memcpy(y, b, n * BLOCK);
        memcpy(rows, table, 2 * n * BLOCK);
        evaluate_batch(x, rows, x, y, &s);
        memcpy(c, x, n * BLOCK);
    }
}

static void fill(sonic_garble_kernels *table)
{
    table->garble = garble;
    table->evaluate = evaluate;
}
