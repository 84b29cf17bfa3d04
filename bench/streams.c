/* Benches of the kernels that stream over memory: AES against rounds on registers, the rest against
 * copying as many bytes. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/measure.h"

enum { SELECT_SHIFT = 13, MOST_BUFFERS = 11 };

typedef enum stream_op {
    AES_CTR,
    AES_CCR,
    PLANES,
    AND_XOR,
    CARRY,
    ADD,
    SCALE_ADD,
    SELECT,
    SELECT_TRUNC,
    TRUNC,
    STREAM_OPS
} stream_op;

/* How an operation is called: bits read and written for each element of `width` bits, or for each
 * word. */
static const struct {
    sonic_primitive primitive;
    const char *name;
    unsigned inputs, outputs; /* arrays of elements that are read and written */
} ops[STREAM_OPS] = {
    [AES_CTR] = {SONIC_PRIMITIVE_AES, "aes/ctr", 0, 1},
    [AES_CCR] = {SONIC_PRIMITIVE_AES, "aes/ccr", 1, 1},
    [PLANES] = {SONIC_PRIMITIVE_BITMAT, "bitmat/planes", 1, 1},
    [AND_XOR] = {SONIC_PRIMITIVE_BOOL, "bool/and_xor", 3, 1},
    [CARRY] = {SONIC_PRIMITIVE_BOOL, "bool/carry", 9, 2},
    [ADD] = {SONIC_PRIMITIVE_VEC, "vec/add", 2, 1},
    [SCALE_ADD] = {SONIC_PRIMITIVE_VEC, "vec/scale_add", 2, 1},
    [SELECT] = {SONIC_PRIMITIVE_VEC, "vec/select", 4, 1},
    [SELECT_TRUNC] = {SONIC_PRIMITIVE_VEC, "vec/select_trunc", 5, 1},
    [TRUNC] = {SONIC_PRIMITIVE_VEC, "vec/trunc", 3, 1},
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
    const sonic_carry_operands carry = {v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10]};
    if (s->op == AND_XOR)
        s->kernels.boolean.and_xor(v[0], v[1], v[2], v[3], s->n);
    else if (s->op == CARRY)
        s->kernels.boolean.carry(v[0], v[1], &carry, s->n);
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
    case SCALE_ADD: vec->scale_add(s->v[0], s->v[1], 77, s->v[2], s->n); break;
    case SELECT: vec->select(s->v[0], &in, s->n); break;
    case SELECT_TRUNC: vec->select_trunc(s->v[0], &in, s->n); break;
    default: vec->trunc(s->v[0], &in, s->n); break;
    }
}

static void run(void *state)
{
    const stream *s = state;
    switch (ops[s->op].primitive) {
    case SONIC_PRIMITIVE_AES:
        if (s->op == AES_CTR)
            s->kernels.aes.ctr(s->v[0], 16 * s->n, &s->key, 1, 0);
        else
            s->kernels.aes.ccr(s->v[0], s->v[1], s->n, &s->key);
        break;
    case SONIC_PRIMITIVE_VEC: run_vec(s); break;
    default: run_bits(s); break;
    }
}

/* Bytes of an element of each array: a block, a word, an element of the ring. */
static size_t width(unsigned op, unsigned ring)
{
    if (ops[op].primitive == SONIC_PRIMITIVE_AES)
        return 16;
    return ops[op].primitive == SONIC_PRIMITIVE_BOOL || ring == SONIC_MOD64 ? 8 : 4;
}

static void bench_stream(sonic_bench *bench, const void *argument)
{
    const bench_case *which = argument;
    const size_t bytes = which->shape * width(which->op, which->ring);
    const size_t traffic = bytes * (ops[which->op].inputs + ops[which->op].outputs);
    const uint8_t seed[16] = {1, 2, 3};
    stream s = {.kernels = bench_kernels(which->tier),
                .op = which->op,
                .ring = which->ring,
                .n = which->shape};
    bench_work work = {run, &s, "bytes", (double)traffic, 0};
    bool ready = true;
    s.kernels.aes.expand(&s.key, seed);
    for (unsigned i = 0; i < MOST_BUFFERS && ready; i++) {
        s.v[i] = bench_buffer(bench, bytes);
        ready = s.v[i] != NULL;
    }
    if (ops[which->op].primitive == SONIC_PRIMITIVE_AES) {
        work.unit = "blocks";
        work.amount = (double)which->shape;
        work.ceiling = bench_ceiling_aes(which->tier);
    } else
        work.ceiling = bench_ceiling_copy(traffic);
    if (ready)
        bench_measure(bench, &work);
    for (unsigned i = 0; i < MOST_BUFFERS; i++)
        free(s.v[i]);
}

void bench_add_streams(void)
{
    /* A block of ppa's activations, in the first-level caches; and beyond the second-level ones. */
    const size_t sizes[] = {4096, 262144};
    char name[96];
    for (unsigned op = 0; op < STREAM_OPS; op++) {
        const bool rings =
            ops[op].primitive == SONIC_PRIMITIVE_VEC || ops[op].primitive == SONIC_PRIMITIVE_BITMAT;
        for (unsigned ring = 0; ring < (rings ? 2u : 1u); ring++)
            for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
                snprintf(name, sizeof name, "%s%s/%zu", ops[op].name,
                         !rings ? ""
                         : ring ? "64"
                                : "32",
                         sizes[i]);
                bench_add(ops[op].primitive, name,
                          &(bench_case){
                              .function = bench_stream, .ring = ring, .op = op, .shape = sizes[i]});
            }
    }
}
