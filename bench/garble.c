/* Benches of half gates and of key schedules, by how many a call makes: 4096 of them, in the
 * second-level cache, against AES rounds on registers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure.h"

enum { TOTAL = 4096, LABEL = 16, TABLE = 32, GATE = 77 };

typedef enum garble_op { GARBLE, EVALUATE, EXPAND_MANY, GARBLE_OPS } garble_op;

static const struct {
    sonic_primitive primitive;
    const char *name, *unit;
    unsigned blocks; /* AES calls each, 0 where other instructions count */
} ops[GARBLE_OPS] = {
    [GARBLE] = {SONIC_PRIMITIVE_GARBLE, "garble/garble", "ands", 4},
    [EVALUATE] = {SONIC_PRIMITIVE_GARBLE, "garble/evaluate", "ands", 2},
    [EXPAND_MANY] = {SONIC_PRIMITIVE_AES, "aes/expand_many", "keys", 0},
};

typedef struct calls {
    sonic_kernels kernels;
    unsigned op;
    size_t each; /* a call's */
    sonic_aes_key pi, *keys;
    uint8_t *a, *b, *c, *table;
} calls;

static void run(void *state)
{
    static const uint8_t delta[LABEL] = {0x6b, 0xc1, 0xbe, 0xe2, 0x2e};
    const calls *s = state;
    for (size_t i = 0; i < TOTAL; i += s->each) {
        uint8_t *const c = s->c + LABEL * i, *const table = s->table + TABLE * i;
        const uint8_t *const a = s->a + LABEL * i, *const b = s->b + LABEL * i;
        if (s->op == GARBLE)
            s->kernels.garble.garble(c, table, a, b, s->each, delta, &s->pi, GATE + i);
        else if (s->op == EVALUATE)
            s->kernels.garble.evaluate(c, table, a, b, s->each, &s->pi, GATE + i);
        else
            s->kernels.aes.expand_many(s->keys + i, a, s->each);
    }
}

/* Whether two runs from the same inputs left the same. */
static bool same(const calls *x, const calls *y)
{
    for (size_t i = 0; x->op == EXPAND_MANY && i < TOTAL; i++)
        if (memcmp(x->keys[i].round, y->keys[i].round, sizeof x->keys->round) != 0)
            return false;
    return memcmp(x->c, y->c, LABEL * TOTAL) == 0 && memcmp(x->table, y->table, TABLE * TOTAL) == 0;
}

static bool begin(sonic_bench *bench, calls *s)
{
    s->keys = bench_buffer(bench, TOTAL * sizeof *s->keys);
    s->a = bench_buffer(bench, LABEL * TOTAL);
    s->b = bench_buffer(bench, LABEL * TOTAL);
    s->c = bench_buffer(bench, LABEL * TOTAL);
    s->table = bench_buffer(bench, TABLE * TOTAL);
    if (!s->keys || !s->a || !s->b || !s->c || !s->table)
        return false;
    s->kernels.aes.expand(&s->pi, s->a);
    return true;
}

static void end(calls *s)
{
    free(s->keys);
    free(s->a);
    free(s->b);
    free(s->c);
    free(s->table);
}

static void bench_calls(sonic_bench *bench, void *argument)
{
    const bench_case *which = argument;
    calls s = {.kernels = bench_kernels(which->tier), .op = which->op, .each = which->shape};
    calls ref = {.kernels = bench_kernels(SONIC_TIER_REF), .op = which->op, .each = which->shape};
    const bench_work work = {
        .run = run,
        .state = &s,
        .unit = ops[which->op].unit,
        .amount = TOTAL,
        .ceiling = {.kind = ops[which->op].blocks ? BENCH_AES : BENCH_NO_CEILING,
                    .tier = which->tier,
                    .blocks = ops[which->op].blocks},
    };
    if (begin(bench, &s) && begin(bench, &ref)) {
        run(&s);
        run(&ref);
        if (same(&s, &ref))
            bench_measure(bench, &work);
        else
            sonic_bench_fail(bench, "the result is not the portable kernels'");
    }
    end(&s);
    end(&ref);
}

void bench_add_garble(void)
{
    /* A circuit's calls, by its instances; and gates of a whole layer. */
    const size_t sizes[] = {64, 128, TOTAL};
    char name[96];
    for (unsigned op = 0; op < GARBLE_OPS; op++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            snprintf(name, sizeof name, "%s/%zu", ops[op].name, sizes[i]);
            bench_add(ops[op].primitive, name,
                      &(bench_case){.function = bench_calls, .op = op, .shape = sizes[i]});
        }
}
