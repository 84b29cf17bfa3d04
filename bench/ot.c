/* Benches of oblivious transfer's kernels: the small-field VOLE by blocks a call, the hashes of
 * labels, both against AES rounds on registers; and the check's hash of rows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure.h"

enum {
    BLOCK = 16,
    LABELS = 4096, /* in the second-level cache */
    ROWS = 128,
    LEAVES = 1 << SONIC_OT_K_MAX
};

typedef enum ot_op { SUMS, LACKING, PAIRS, BITS, WORDS32, WORDS64, ROW_HASH } ot_op;

static const struct {
    const char *name;
    ot_op op;
    unsigned k; /* of the VOLE */
    size_t n;
} ops[] = {
    {"ot/vole1/16", SUMS, 1, 16},
    {"ot/vole2/16", SUMS, 2, 16},
    {"ot/vole4/16", SUMS, 4, 16},
    {"ot/vole8/16", SUMS, 8, 16},
    {"ot/vole2/64", SUMS, 2, 64},
    {"ot/vole4/64", SUMS, 4, 64},
    {"ot/vole8/64", SUMS, 8, 64},
    {"ot/vole2_lacking_one/64", LACKING, 2, 64},
    {"ot/vole8_lacking_one/64", LACKING, 8, 64},
    {"ot/pairs/4096", PAIRS, 0, LABELS},
    {"ot/bits/4096", BITS, 0, LABELS},
    {"ot/words32/4096", WORDS32, 0, LABELS},
    {"ot/words64/4096", WORDS64, 0, LABELS},
    {"ot/row_hash/128x1", ROW_HASH, 0, 1},
    {"ot/row_hash/128x64", ROW_HASH, 0, 64},
};

enum { OPS = sizeof ops / sizeof *ops };

typedef struct calls {
    sonic_kernels kernels;
    ot_op op;
    unsigned k;
    size_t n;
    sonic_aes_key pi, *keys;
    uint8_t *in, *out;
} calls;

static size_t in_bytes(const calls *s)
{
    return BLOCK * (s->op == ROW_HASH ? ROWS * s->n : LABELS);
}

static size_t out_bytes(const calls *s)
{
    const size_t blocks = s->op == ROW_HASH ? ROWS : s->op < PAIRS ? (s->k + 1) * s->n : 2 * s->n;
    return BLOCK * blocks;
}

/* AES calls, or blocks of rows. */
static size_t blocks(const calls *s)
{
    if (s->op == ROW_HASH)
        return ROWS * s->n;
    return s->op < PAIRS ? (((size_t)1 << s->k) - (s->op == LACKING)) * s->n
                         : s->n * (s->op == PAIRS ? 2 : 1);
}

static void run(void *state)
{
    const calls *s = state;
    const sonic_ot_kernels *ot = &s->kernels.ot;
    uint8_t *const second = s->out + BLOCK * s->n;
    switch (s->op) {
    case SUMS:
        ot->vole(s->out, second, BLOCK * s->n, s->keys, s->k, 5, s->n);
        break;
    case LACKING:
        ot->vole(NULL, second, BLOCK * s->n, s->keys, s->k, 5, s->n);
        break;
    case PAIRS:
        ot->pairs(s->out, s->in, s->in, s->n, &s->pi);
        break;
    case BITS:
        ot->bits(s->out, second, s->in, s->in, s->n, &s->pi);
        break;
    case WORDS32:
        ot->words[0](s->out, second, s->in, s->in, s->n, &s->pi);
        break;
    case WORDS64:
        ot->words[1](s->out, second, s->in, s->in, s->n, &s->pi);
        break;
    default:
        ot->row_hash(s->out, s->in, BLOCK * s->n, ROWS, s->n, s->in + 1);
        break;
    }
}

static bool begin(sonic_bench *bench, calls *s)
{
    s->keys = bench_buffer(bench, LEAVES * sizeof *s->keys);
    s->in = bench_buffer(bench, in_bytes(s));
    s->out = bench_buffer(bench, out_bytes(s));
    if (!s->keys || !s->in || !s->out)
        return false;
    s->kernels.aes.expand(&s->pi, s->in);
    s->kernels.aes.expand_many(s->keys, s->in, (size_t)1 << s->k);
    return true;
}

static void end(calls *s)
{
    free(s->keys);
    free(s->in);
    free(s->out);
}

static void bench_calls(sonic_bench *bench, void *argument)
{
    const bench_case *which = argument;
    calls s = {.op = ops[which->op].op, .k = ops[which->op].k, .n = ops[which->op].n}, ref = s;
    const bench_work work = {
        .run = run,
        .state = &s,
        .unit = "blocks",
        .amount = (double)blocks(&s),
        .ceiling = {.kind = s.op == ROW_HASH ? BENCH_NO_CEILING : BENCH_AES, .tier = which->tier},
    };
    s.kernels = bench_kernels(which->tier);
    ref.kernels = bench_kernels(SONIC_TIER_REF);
    if (begin(bench, &s) && begin(bench, &ref)) {
        run(&s);
        run(&ref);
        if (memcmp(s.out, ref.out, out_bytes(&s)) == 0)
            bench_measure(bench, &work);
        else
            sonic_bench_fail(bench, "the result is not the portable kernels'");
    }
    end(&s);
    end(&ref);
}

void bench_add_ot(void)
{
    for (unsigned op = 0; op < OPS; op++)
        bench_add(SONIC_PRIMITIVE_OT, ops[op].name,
                  &(bench_case){.function = bench_calls, .op = op, .shape = ops[op].n});
}
