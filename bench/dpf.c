/* Benches of function secret sharing: keys generated and evaluated, in calls of keys that the
 * second-level cache holds and of as many as it does not, against AES rounds on registers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure.h"

enum { BLOCK = 16, CACHED = 1024, STREAMED = 32768, MOST_BITS = 64 };

typedef enum dpf_op { GENERATE, EVAL, STEP_GENERATE, STEP_EVAL, OPS } dpf_op;

static const char *const names[OPS] = {"generate", "eval", "step_generate", "step_eval"};

typedef struct calls {
    sonic_kernels kernels;
    sonic_aes_key pi;
    unsigned op, ring, bits;
    size_t n;
    uint8_t *seeds[2], *keys, *x, *beta, *out; /* x: or alpha */
} calls;

static size_t element(const calls *s)
{
    return s->ring == SONIC_MOD64 ? 8 : 4;
}

static size_t key_bytes(const calls *s)
{
    return s->op < STEP_GENERATE ? sonic_dpf_key_bytes(s->bits)
                                 : sonic_dpf_step_key_bytes(element(s), s->bits);
}

static size_t out_bytes(const calls *s)
{
    return s->op == STEP_EVAL ? 2 * element(s) * s->n : s->n / 8;
}

/* AES calls a key. */
static unsigned blocks(unsigned op, unsigned bits)
{
    const unsigned levels = sonic_dpf_levels(bits), step_levels = sonic_dpf_step_levels(bits);
    const unsigned of_op[OPS] = {
        [GENERATE] = 2 * (levels + 1),
        [EVAL] = levels + 1,
        [STEP_GENERATE] = 2 * (2 * step_levels + (1u << (bits - step_levels))),
        [STEP_EVAL] = 2 * step_levels + 1,
    };
    return of_op[op];
}

static void run(void *state)
{
    const calls *s = state;
    const sonic_dpf_kernels *dpf = &s->kernels.dpf[s->ring];
    const uint8_t *const seeds[2] = {s->seeds[0], s->seeds[1]};
    switch (s->op) {
    case GENERATE:
        dpf->generate(s->keys, seeds, s->x, s->bits, s->n, SONIC_DPF_LESS, &s->pi);
        break;
    case EVAL:
        dpf->eval(s->out, seeds[0], s->keys, s->x, s->bits, s->n, SONIC_DPF_LESS, 1, &s->pi);
        break;
    case STEP_GENERATE:
        dpf->step_generate(s->keys, seeds, s->x, s->beta, s->bits, s->n, &s->pi);
        break;
    default:
        dpf->step_eval(s->out, seeds[0], s->keys, s->x, s->bits, s->n, 1, &s->pi);
        break;
    }
}

static bool begin(sonic_bench *bench, calls *s)
{
    for (unsigned p = 0; p < 2; p++)
        s->seeds[p] = bench_buffer(bench, BLOCK * s->n);
    s->keys = bench_buffer(bench, key_bytes(s) * s->n);
    s->x = bench_buffer(bench, element(s) * s->n);
    s->beta = bench_buffer(bench, 2 * element(s) * s->n);
    s->out = bench_buffer(bench, out_bytes(s));
    if (!s->seeds[0] || !s->seeds[1] || !s->keys || !s->x || !s->beta || !s->out)
        return false;
    s->seeds[1][1] ^= 1;
    s->kernels.aes.expand(&s->pi, s->seeds[0]);
    return true;
}

static void end(calls *s)
{
    free(s->seeds[0]);
    free(s->seeds[1]);
    free(s->keys);
    free(s->x);
    free(s->beta);
    free(s->out);
}

/* Whether a run's first keys are what the portable kernels make of them. */
static bool right(sonic_bench *bench, calls *s)
{
    calls ref = *s;
    ref.kernels = bench_kernels(SONIC_TIER_REF);
    ref.n = CACHED;
    bool same = begin(bench, &ref);
    if (same) {
        run(s);
        run(&ref);
        same = memcmp(s->keys, ref.keys, key_bytes(s) * ref.n) == 0 &&
               memcmp(s->out, ref.out, out_bytes(&ref)) == 0;
        if (!same)
            sonic_bench_fail(bench, "the result is not the portable kernels'");
    }
    end(&ref);
    return same;
}

static void bench_calls(sonic_bench *bench, void *argument)
{
    const bench_case *which = argument;
    calls s = {.kernels = bench_kernels(which->tier),
               .op = which->op / (MOST_BITS + 1),
               .ring = which->ring,
               .bits = which->op % (MOST_BITS + 1),
               .n = which->shape};
    const bench_work work = {
        .run = run,
        .state = &s,
        .unit = "keys",
        .amount = (double)s.n,
        .ceiling = {.kind = BENCH_AES, .tier = which->tier, .blocks = blocks(s.op, s.bits)},
    };
    if (begin(bench, &s) && right(bench, &s))
        bench_measure(bench, &work);
    end(&s);
}

static void add(unsigned op, unsigned ring, unsigned bits)
{
    static const size_t sizes[] = {CACHED, STREAMED};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char name[96];
        snprintf(name, sizeof name, "dpf/%s%u/bits%u/%zu", names[op], ring == SONIC_MOD64 ? 64 : 32,
                 bits, sizes[i]);
        bench_add(SONIC_PRIMITIVE_DPF, name,
                  &(bench_case){.function = bench_calls,
                                .ring = ring,
                                .op = op * (MOST_BITS + 1) + bits,
                                .shape = sizes[i]});
    }
}

void bench_add_dpf(void)
{
    static const unsigned truncated[] = {8, 12, 16};
    for (unsigned ring = 0; ring < SONIC_RINGS; ring++) {
        for (unsigned op = GENERATE; op <= EVAL; op++)
            add(op, ring, ring == SONIC_MOD64 ? 63 : 31);
        for (unsigned op = STEP_GENERATE; op <= STEP_EVAL; op++)
            for (size_t i = 0; i < sizeof truncated / sizeof *truncated; i++)
                add(op, ring, truncated[i]);
    }
}
