/* Benches of the kernels that stream over memory: AES against rounds on registers, the rest against
 * copying as many bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure.h"

enum { SELECT_SHIFT = 13, MOST_BUFFERS = 7, MOST_OUTPUTS = 2 };

typedef enum stream_op {
    AES_EXPAND,
    AES_CTR,
    AES_CCR,
    AES_TCCR,
    PLANES,
    LABELS,
    XOR,
    AND_XOR,
    AND_OPEN,
    AND_CLOSE,
    ADD,
    SUB,
    ADD_CONSTANT,
    SCALE_ADD,
    SELECT,
    SELECT_TRUNC,
    TRUNC,
    TRUNC_LOCAL,
    STREAM_OPS
} stream_op;

/* How an operation is called: bits read and written for each element of `width` bits, or for each
 * word. */
static const struct {
    sonic_primitive primitive;
    const char *name;
    unsigned inputs, outputs; /* arrays of elements that are read and written */
} ops[STREAM_OPS] = {
    [AES_EXPAND] = {SONIC_PRIMITIVE_AES, "aes/expand", 1, 0},
    [AES_CTR] = {SONIC_PRIMITIVE_AES, "aes/ctr", 0, 1},
    [AES_CCR] = {SONIC_PRIMITIVE_AES, "aes/ccr", 1, 1},
    [AES_TCCR] = {SONIC_PRIMITIVE_AES, "aes/tccr", 1, 1},
    [PLANES] = {SONIC_PRIMITIVE_BITMAT, "bitmat/planes", 1, 1},
    [LABELS] = {SONIC_PRIMITIVE_BITMAT, "bitmat/labels", 1, 1},
    [XOR] = {SONIC_PRIMITIVE_BOOL, "bool/xor", 2, 1},
    [AND_XOR] = {SONIC_PRIMITIVE_BOOL, "bool/and_xor", 3, 1},
    [AND_OPEN] = {SONIC_PRIMITIVE_BOOL, "bool/and_open", 5, 2},
    [AND_CLOSE] = {SONIC_PRIMITIVE_BOOL, "bool/and_close", 6, 1},
    [ADD] = {SONIC_PRIMITIVE_VEC, "vec/add", 2, 1},
    [SUB] = {SONIC_PRIMITIVE_VEC, "vec/sub", 2, 1},
    [ADD_CONSTANT] = {SONIC_PRIMITIVE_VEC, "vec/add_constant", 1, 1},
    [SCALE_ADD] = {SONIC_PRIMITIVE_VEC, "vec/scale_add", 2, 1},
    [SELECT] = {SONIC_PRIMITIVE_VEC, "vec/select", 4, 1},
    [SELECT_TRUNC] = {SONIC_PRIMITIVE_VEC, "vec/select_trunc", 5, 1},
    [TRUNC] = {SONIC_PRIMITIVE_VEC, "vec/trunc", 3, 1},
    [TRUNC_LOCAL] = {SONIC_PRIMITIVE_VEC, "vec/trunc_local", 1, 1},
};

typedef struct stream {
    sonic_kernels kernels;
    sonic_aes_key key;
    unsigned op, ring;
    size_t n;
    void *v[MOST_BUFFERS];
} stream;

static void run_bits(const stream *s)
{
    uint64_t *const *v = (uint64_t *const *)s->v;
    const sonic_and_operands in = {v[2], v[3], v[4]};
    if (s->op == XOR)
        s->kernels.boolean.bxor(v[0], v[1], v[2], s->n);
    else if (s->op == AND_XOR)
        s->kernels.boolean.and_xor(v[0], v[1], v[2], v[3], s->n);
    else if (s->op == AND_OPEN)
        s->kernels.boolean.and_open(v[0], v[1], v[5], &in, s->n);
    else if (s->op == AND_CLOSE)
        s->kernels.boolean.and_close(v[0], v[1], v[5], &in, s->n);
    else if (s->op == LABELS)
        s->kernels.bitmat.labels128(s->v[0], s->v[1], s->n / 8, s->n);
    else if (s->ring == SONIC_MOD64)
        s->kernels.bitmat.planes64(v[0], (s->n + 63) / 64, s->v[1], s->n);
    else
        s->kernels.bitmat.planes32(v[0], (s->n + 63) / 64, s->v[1], s->n);
}

static void run_vec(const stream *s)
{
    const sonic_vec_kernels *vec = &s->kernels.vec[s->ring];
    const sonic_select_operands in = {
        .e = s->v[1],
        .r = s->v[2],
        .u = s->v[3],
        .ru = s->v[4],
        .wrap = s->v[5],
        .c = s->v[6],
        .shift = SELECT_SHIFT,
        .party = 0,
    };
    switch (s->op) {
    case ADD: vec->add(s->v[0], s->v[1], s->v[2], s->n); break;
    case SUB: vec->sub(s->v[0], s->v[1], s->v[2], s->n); break;
    case ADD_CONSTANT: vec->add_constant(s->v[0], s->v[1], 77, s->n); break;
    case TRUNC_LOCAL: vec->trunc_local(s->v[0], s->v[1], SELECT_SHIFT, 1, s->n); break;
    case SCALE_ADD: vec->scale_add(s->v[0], s->v[1], 77, s->v[2], s->n); break;
    case SELECT: vec->select(s->v[0], &in, s->n); break;
    case SELECT_TRUNC: vec->select_trunc(s->v[0], &in, s->n); break;
    default: vec->trunc(s->v[0], &in, s->n); break;
    }
}

static void run_aes(stream *s)
{
    if (s->op == AES_CTR)
        s->kernels.aes.ctr(s->v[0], 16 * s->n, &s->key, 1, 0);
    else if (s->op == AES_CCR)
        s->kernels.aes.ccr(s->v[0], s->v[1], s->n, &s->key);
    else if (s->op == AES_TCCR)
        s->kernels.aes.tccr(s->v[0], s->v[1], s->n, &s->key, 5);
    else
        for (size_t i = 0; i < s->n; i++)
            s->kernels.aes.expand(&s->key, (const uint8_t *)s->v[1] + 16 * i);
}

static void run(void *state)
{
    stream *s = state;
    switch (ops[s->op].primitive) {
    case SONIC_PRIMITIVE_AES: run_aes(s); break;
    case SONIC_PRIMITIVE_VEC: run_vec(s); break;
    default: run_bits(s); break;
    }
}

/* Bytes of an element of each array: a block, a label, a word, an element of the ring. */
static size_t width(unsigned op, unsigned ring)
{
    if (ops[op].primitive == SONIC_PRIMITIVE_AES || op == LABELS)
        return 16;
    return ops[op].primitive == SONIC_PRIMITIVE_BOOL || ring == SONIC_MOD64 ? 8 : 4;
}

/* Whether the kernels write what the portable ones do. */
static bool check(const stream *of)
{
    const size_t bytes = of->n * width(of->op, of->ring);
    stream s = *of, ref = *of;
    bool same = true;
    ref.kernels = bench_kernels(SONIC_TIER_REF);
    for (unsigned i = 0; i < MOST_OUTPUTS; i++) {
        bench_fill(s.v[i], bytes);
        ref.v[i] = malloc(bytes);
        same = same && ref.v[i];
        if (ref.v[i])
            memcpy(ref.v[i], s.v[i], bytes);
    }
    if (same) {
        run(&s);
        run(&ref);
    }
    for (unsigned i = 0; i < MOST_OUTPUTS; i++) {
        same = same && memcmp(s.v[i], ref.v[i], bytes) == 0;
        free(ref.v[i]);
    }
    return same && memcmp(&s.key, &ref.key, sizeof s.key) == 0;
}

static bool begin(sonic_bench *bench, stream *s)
{
    const uint8_t seed[16] = {1, 2, 3};
    s->kernels.aes.expand(&s->key, seed);
    for (unsigned i = 0; i < MOST_BUFFERS; i++) {
        s->v[i] = bench_buffer(bench, s->n * width(s->op, s->ring));
        if (!s->v[i])
            return false;
    }
    if (!check(s)) {
        sonic_bench_fail(bench, "the result is not the portable kernels'");
        return false;
    }
    return true;
}

static void bench_stream(sonic_bench *bench, void *argument)
{
    const bench_case *which = argument;
    const size_t bytes = which->shape * width(which->op, which->ring);
    const size_t traffic = bytes * (ops[which->op].inputs + ops[which->op].outputs);
    stream s = {.kernels = bench_kernels(which->tier),
                .op = which->op,
                .ring = which->ring,
                .n = which->shape};
    bench_work work = {
        .run = run,
        .state = &s,
        .unit = "bytes",
        .amount = (double)traffic,
        .ceiling = {.kind = BENCH_COPY, .bytes = traffic},
    };
    if (ops[which->op].primitive == SONIC_PRIMITIVE_AES) {
        work.unit = which->op == AES_EXPAND ? "keys" : "blocks";
        work.amount = (double)which->shape;
        work.ceiling =
            (bench_ceiling){.kind = which->op == AES_EXPAND ? BENCH_NO_CEILING : BENCH_AES,
                            .tier = which->tier,
                            .blocks = which->op == AES_TCCR ? 2 : 1};
    }
    if (begin(bench, &s))
        bench_measure(bench, &work);
    for (unsigned i = 0; i < MOST_BUFFERS; i++)
        free(s.v[i]);
}

void bench_add_streams(void)
{
    /* A block of ppa's activations, in the first-level caches; and beyond the second-level ones.
     * Labels: in the first-level caches, and with rows far apart. */
    const size_t sizes[] = {4096, 262144}, labels[] = {128, 8192};
    char name[96];
    for (unsigned op = 0; op < STREAM_OPS; op++) {
        const bool rings = ops[op].primitive == SONIC_PRIMITIVE_VEC || op == PLANES;
        const size_t *const n = op == LABELS ? labels : sizes;
        for (unsigned ring = 0; ring < (rings ? 2u : 1u); ring++)
            for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
                snprintf(name, sizeof name, "%s%s/%zu", ops[op].name,
                         !rings ? ""
                         : ring ? "64"
                                : "32",
                         n[i]);
                bench_add(ops[op].primitive, name,
                          &(bench_case){
                              .function = bench_stream, .ring = ring, .op = op, .shape = n[i]});
            }
    }
}
