/* Benches of VOLE over rings: the sums over trees by lanes and blocks a tree, against AES rounds on
 * registers, and what else a digit takes, against copying as many bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure.h"

enum {
    BLOCK = 16,
    BLOCKS = 1024,   /* of U and of V in a call, in the first-level cache */
    ELEMENTS = 8192, /* of the other kernels, in the second-level one */
    MULTIPLIER = 11,
    BUFFERS = 4
};

typedef enum vole_op { FOLD, MASK, ADD_SENT, ADD_RECEIVED, OPS } vole_op;

static const char *const names[OPS] = {"fold", "mask", "add_sent", "add_received"};

typedef struct calls {
    sonic_kernels kernels;
    sonic_aes_key pi;
    unsigned op, ring, digit;
    size_t n;            /* blocks a tree, or elements */
    uint8_t *v[BUFFERS]; /* 0 is written, and 1 of FOLD */
} calls;

static unsigned bits(const calls *s)
{
    return s->ring == SONIC_MOD64 ? 64 : 32;
}

static void run(void *state)
{
    const calls *s = state;
    const sonic_vole_kernels *vole = &s->kernels.vole[s->ring];
    const size_t trees = BLOCKS / s->n;
    switch (s->op) {
    case FOLD:
        vole->fold(s->v[0], s->v[1], s->v[2], trees, trees, s->n, &s->pi, 5, s->digit);
        break;
    case MASK:
        vole->mask(s->v[0], s->v[1], s->v[2], s->n, s->digit);
        break;
    case ADD_SENT:
        vole->add_sent(s->v[0], s->v[1], s->n, s->digit);
        break;
    default:
        vole->add_received(s->v[0], s->v[1], s->v[2], s->v[3], s->n, s->digit, MULTIPLIER);
        break;
    }
}

/* Of each buffer, the seeds of FOLD included. */
static size_t bytes(const calls *s)
{
    return s->op == FOLD ? BLOCK * BLOCKS * SONIC_VOLE_LEAVES : 8 * s->n;
}

/* Read and written. */
static size_t traffic(const calls *s)
{
    const size_t wire = sonic_vole_wire(bits(s), s->digit), element = bits(s) / 8;
    const size_t lane = sonic_vole_lane(bits(s), s->digit);
    const size_t each[OPS] = {0, wire + element + lane, 2 * element + lane,
                              2 * element + wire + 2 * lane};
    return s->n * each[s->op];
}

static bool begin(sonic_bench *bench, calls *s)
{
    bool good = true;
    for (unsigned i = 0; i < BUFFERS; i++) {
        s->v[i] = bench_buffer(bench, bytes(s));
        good = good && s->v[i];
    }
    if (good)
        s->kernels.aes.expand(&s->pi, s->v[0]);
    return good;
}

static void end(calls *s)
{
    for (unsigned i = 0; i < BUFFERS; i++)
        free(s->v[i]);
}

static bool same(const calls *x, const calls *y)
{
    return memcmp(x->v[0], y->v[0], bytes(x)) == 0 && memcmp(x->v[1], y->v[1], bytes(x)) == 0;
}

static void bench_calls(sonic_bench *bench, void *argument)
{
    const bench_case *which = argument;
    calls s = {.op = which->op / 16,
               .ring = which->ring,
               .digit = which->op % 16,
               .n = which->shape},
          ref = s;
    const bool folds = s.op == FOLD;
    const bench_work work = {
        .run = run,
        .state = &s,
        .unit = folds ? "blocks" : "bytes",
        .amount = (double)(folds ? BLOCKS * SONIC_VOLE_LEAVES : traffic(&s)),
        .ceiling = {.kind = folds ? BENCH_AES : BENCH_COPY,
                    .tier = which->tier,
                    .bytes = traffic(&s)},
    };
    s.kernels = bench_kernels(which->tier);
    ref.kernels = bench_kernels(SONIC_TIER_REF);
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

static void add(unsigned op, unsigned ring, unsigned digit, size_t n, const char *shape)
{
    char name[96];
    snprintf(name, sizeof name, "vole/%s%u/%s", names[op], ring == SONIC_MOD64 ? 64 : 32, shape);
    bench_add(SONIC_PRIMITIVE_VOLE, name,
              &(bench_case){
                  .function = bench_calls, .ring = ring, .op = 16 * op + digit, .shape = n});
}

void bench_add_vole(void)
{
    /* Of every width of lanes; fully connected layers have few blocks a tree, convolutions many. */
    static const unsigned folded[] = {0, 8, 12, 14};
    static const size_t blocks[] = {1, 16, 64, 256};
    /* Elements are sent in 8, 7, 5, 4, 3, 2 and 1 bytes. */
    static const unsigned digits[] = {0, 2, 7, 8, 10, 13, 15};
    char shape[32];
    for (size_t i = 0; i < sizeof folded / sizeof *folded; i++)
        for (size_t j = 0; j < sizeof blocks / sizeof *blocks; j++) {
            snprintf(shape, sizeof shape, "lanes%zu/%zu", sonic_vole_lane(64, folded[i]),
                     blocks[j]);
            add(FOLD, SONIC_MOD64, folded[i], blocks[j], shape);
        }
    for (unsigned op = MASK; op < OPS; op++)
        for (unsigned ring = 0; ring < SONIC_RINGS; ring++)
            for (size_t i = 0; i < sizeof digits / sizeof *digits; i++) {
                const unsigned width = ring == SONIC_MOD64 ? 64 : 32;
                if (4 * digits[i] >= width)
                    break;
                snprintf(shape, sizeof shape, "digit%u/%d", digits[i], ELEMENTS);
                add(op, ring, digits[i], ELEMENTS, shape);
            }
}
