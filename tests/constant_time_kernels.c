/* Every kernel on secret data, and its result against the portable tier's on the same data in the
 * clear. */
#include "tests/constant_time.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sonicnn/ring.h>

enum {
    OPERAND = 1152,     /* bytes between operands: 130 elements and more, a multiple of 64 */
    INPUT = 64 * 1024,  /* bytes that a run may read ... */
    OUTPUT = 96 * 1024, /* ... and write */
    A = 0, B = 16384, C = 32768 /* where matrices and tensors start in the input */
};

/* Runs kernels at size n, or on shape number n.  Returns how many bytes of the output must be
 * secret if the input is. */
typedef size_t (*kernel_run)(const sonic_context *context, uint8_t *out, const uint8_t *in,
                             size_t n);

static uint8_t *take(size_t n)
{
    uint8_t *buffer = aligned_alloc(64, n);
    constant_time_require(buffer != NULL, "out of memory");
    return buffer;
}

static void fill(uint8_t *out, size_t n)
{
    uint32_t x = 1;
    for (size_t i = 0; i < n; i++) {
        x = x * 1664525 + 1013904223;
        out[i] = (uint8_t)(x >> 24);
    }
}

static void check(const char *name, kernel_run run, const sonic_context *context,
                  const size_t *sizes, size_t count)
{
    const sonic_context_options portable = {.tier = "ref", .threads = 1};
    sonic_context *reference;
    constant_time_require(!sonic_context_create(&reference, &portable, NULL), "no context");
    uint8_t *in = take(INPUT), *out = take(OUTPUT), *expected = take(OUTPUT);
    fill(in, INPUT);
    for (size_t i = 0; i < count; i++) {
        memset(out, 0, OUTPUT);
        memset(expected, 0, OUTPUT);
        size_t secret = run(reference, expected, in, sizes[i]);
        secret_hide(in, INPUT);
        (void)run(context, out, in, sizes[i]);
        size_t hidden = secret_count(out, OUTPUT);
        secret_open(in, INPUT);
        secret_open(out, OUTPUT);
        constant_time_require(hidden >= secret,
                              "%s at %zu: %zu bytes are secret, %zu of them should be", name,
                              sizes[i], hidden, secret);
        constant_time_require(!memcmp(out, expected, OUTPUT), "%s at %zu: a wrong result", name,
                              sizes[i]);
    }
    free(in);
    free(out);
    free(expected);
    sonic_context_free(reference);
}

static void check_sizes(const char *name, kernel_run run, const sonic_context *context)
{
    static const size_t sizes[] = {0, 1, 7, 33, 64, 130};
    check(name, run, context, sizes, sizeof sizes / sizeof *sizes);
}

static void check_shapes(const char *name, kernel_run run, const sonic_context *context,
                         size_t count)
{
    for (size_t i = 0; i < count; i++)
        check(name, run, context, &i, 1);
}

static size_t run_aes(const sonic_context *context, uint8_t *out, const uint8_t *in, size_t n)
{
    enum { KEYS = 7 }; /* more than are expanded at once */
    const sonic_aes_kernels *aes = &context->kernels.aes;
    uint8_t *const start = out;
    sonic_aes_key key, keys[KEYS];
    aes->expand(&key, in + 1);
    aes->expand_many(keys, in + 17, KEYS);
    for (size_t i = 0; i < KEYS; i++, out += sizeof keys->round)
        memcpy(out, keys[i].round, sizeof keys->round);
    memcpy(out, &key, sizeof key.round);
    out += sizeof key.round;
    aes->ctr(out, n, &key, 5, UINT64_MAX - 3);
    out += n;
    aes->ctr(out, 16 * n + 3, &key, 6, 0);
    out += 16 * n + 3;
    aes->ccr(out, in + 17, n, &key);
    aes->tccr(out + 16 * n, in + 33, n, &key, UINT64_MAX - 3);
    return (size_t)(out - start) + 32 * n;
}

void constant_time_aes(const sonic_context *context)
{
    check_sizes("aes", run_aes, context);
}

/* A public key, as in garbling; labels, delta and tables are secret. */
static size_t run_garble(const sonic_context *context, uint8_t *out, const uint8_t *in, size_t n)
{
    static const uint8_t seed[16] = {1};
    const sonic_garble_kernels *garble = &context->kernels.garble;
    const uint8_t *a = in + 1, *b = a + 16 * n, *delta = b + 16 * n, *table = delta + 16;
    sonic_aes_key pi;
    context->kernels.aes.expand(&pi, seed);
    garble->garble(out, out + 16 * n, a, b, n, delta, &pi, UINT64_C(1) << 40);
    garble->evaluate(out + 48 * n, table, a, b, n, &pi, 0);
    return 64 * n;
}

void constant_time_garble(const sonic_context *context)
{
    check_sizes("garble", run_garble, context);
}

/* Keys of the small-field VOLE are secret; the hash's is public. */
static size_t run_ot(const sonic_context *context, uint8_t *out, const uint8_t *in, size_t n)
{
    enum { K = 3, ROWS = 9 };
    static const uint8_t seed[16] = {1};
    const sonic_ot_kernels *ot = &context->kernels.ot;
    const size_t bits = (n + 7) / 8, stride = 16 * n + 5;
    const uint8_t *labels = in + 129, *delta = labels + 16 * n;
    uint8_t *const start = out;
    sonic_aes_key pi, keys[1 << K];
    context->kernels.aes.expand(&pi, seed);
    context->kernels.aes.expand_many(keys, in + 1, 1 << K);
    ot->vole(out, out + 16 * n, 16 * n, keys, K, 9, n);
    out += (1 + K) * 16 * n;
    ot->vole(NULL, out, 16 * n, keys, K, 9, n);
    out += K * 16 * n;
    ot->pairs(out, labels, delta, n, &pi);
    out += 32 * n;
    ot->words[0](out, out + 4 * n, labels, delta, n, &pi);
    out += 8 * n;
    ot->words[1](out, out + 8 * n, labels, delta, n, &pi);
    out += 16 * n;
    ot->bits(out, out + bits, labels, delta, n, &pi);
    out += 2 * bits;
    memcpy(out, in + 1, 16 * ROWS);
    ot->row_hash(out, labels, stride, ROWS, n, delta);
    return (size_t)(out - start) + 16 * ROWS;
}

void constant_time_ot_kernels(const sonic_context *context)
{
    check_sizes("ot", run_ot, context);
}

static size_t run_bitmat(const sonic_context *context, uint8_t *out, const uint8_t *in, size_t n)
{
    const size_t stride = n / 64 + 2;
    uint64_t *planes = (uint64_t *)(void *)out;
    context->kernels.bitmat.planes32(planes, stride, in + 1, n);
    context->kernels.bitmat.planes64(planes + 32 * stride, stride, in + 1, n);
    out += 8 * (32 + 64) * stride;
    context->kernels.bitmat.labels128(out, in + 1, (n + 7) / 8 + 3, n);
    return (32 + 64) * ((n + 7) / 8) + 16 * n;
}

void constant_time_bitmat(const sonic_context *context)
{
    check_sizes("bitmat", run_bitmat, context);
}

static const uint64_t *words(const uint8_t *in, size_t operand)
{
    return (const uint64_t *)(const void *)(in + operand * OPERAND);
}

static size_t run_bool(const sonic_context *context, uint8_t *out, const uint8_t *in, size_t n)
{
    const sonic_bool_kernels *boolean = &context->kernels.boolean;
    const sonic_and_operands operands = {words(in, 1), words(in, 2), words(in, 3)};
    uint64_t *y = (uint64_t *)(void *)out;
    boolean->bxor(y, words(in, 0), words(in, 1), n);
    boolean->and_xor(y + n, words(in, 0), words(in, 1), words(in, 2), n);
    boolean->masked_xor(y, words(in, 2), *words(in, 3), n);
    memcpy(y + 2 * n, in, 4 * 8 * n);
    boolean->and_open(y + 2 * n, y + 3 * n, words(in, 4), &operands, n);
    boolean->and_open(y + 4 * n, y + 5 * n, NULL, &operands, n);
    boolean->and_close(y + 4 * n, words(in, 5), words(in, 6), &operands, n);
    return 6 * 8 * n;
}

void constant_time_bool(const sonic_context *context)
{
    check_sizes("bool", run_bool, context);
}

/* A share's kernels for one party; every result is n elements of `bytes`. */
static uint8_t *run_party(const sonic_vec_kernels *vec, uint8_t *out, const uint8_t *in, size_t n,
                          size_t bytes, unsigned party)
{
    const unsigned bits = 8 * (unsigned)bytes;
    const unsigned shifts[] = {1, 7, bits / 2};
    sonic_select_operands select = {
        .e = in + 1, .c = words(in, 1), .r = in + 2 * OPERAND + 2, .u = in + 3 * OPERAND + 3,
        .ru = in + 4 * OPERAND, .wrap = in + 5 * OPERAND + 1, .party = party,
    };
    sonic_exact_operands exact = {
        .e = in + 1, .c = words(in, 1), .m = in + 2 * OPERAND + 2,
        .mr = {in + 3 * OPERAND, in + 4 * OPERAND}, .r = {in + 5 * OPERAND, in + 6 * OPERAND},
        .below = in + 7 * OPERAND + 3, .party = party,
    };
    vec->select(out, &select, n);
    vec->exact_select(out + n * bytes, &exact, n);
    out += 2 * n * bytes;
    for (size_t i = 0; i < sizeof shifts / sizeof *shifts; i++) {
        select.shift = shifts[i];
        vec->select_trunc(out, &select, n);
        vec->trunc(out + n * bytes, &select, n);
        vec->trunc_local(out + 2 * n * bytes, in + 1, shifts[i], party, n);
        exact.shift = shifts[i];
        vec->exact_select(out + 3 * n * bytes, &exact, n);
        vec->exact_trunc(out + 4 * n * bytes, &exact, n);
        out += 5 * n * bytes;
    }
    return out;
}

static size_t run_vec(const sonic_context *context, uint8_t *out, const uint8_t *in, size_t n)
{
    uint8_t *y = out;
    for (unsigned ring = 0; ring < SONIC_RINGS; ring++) {
        const sonic_vec_kernels *vec = &context->kernels.vec[ring];
        const size_t bytes = ring == SONIC_MOD64 ? 8 : 4, step = n * bytes;
        const uint8_t *a = in + 1, *b = in + OPERAND + 2;
        vec->add(y, a, b, n);
        vec->sub(y + step, a, b, n);
        vec->add_constant(y + 2 * step, a, 0x123456789, n);
        vec->scale_add(y + 3 * step, a, 0x123456789, b, n);
        vec->scale_add(y + 4 * step, a, 0x123456789, NULL, n);
        y += 5 * step;
        for (unsigned party = 0; party < 2; party++)
            y = run_party(vec, y, in, n, bytes, party);
    }
    return (size_t)(y - out);
}

void constant_time_vec(const sonic_context *context)
{
    check_sizes("vec", run_vec, context);
}

static void require_ok(sonic_status status, const sonic_error *error)
{
    constant_time_require(status == SONIC_OK, "%s", error->text);
}

/* One row, one column, few rows, more than a tile of each, and more than a block of depth. */
static const struct {
    size_t m, n, k;
} products[] = {{1, 33, 9}, {9, 1, 33}, {2, 33, 9}, {17, 37, 23}, {9, 5, 200}};

static size_t run_ring(const sonic_context *context, uint8_t *out, const uint8_t *in, size_t shape)
{
    const size_t m = products[shape].m, n = products[shape].n, k = products[shape].k;
    size_t written = 0;
    for (int turn = 0; turn < 4; turn++) {
        const sonic_ring ring = turn % 2 ? SONIC_RING_64 : SONIC_RING_32;
        const size_t bytes = m * n * sonic_ring_bytes(ring);
        sonic_error error;
        memcpy(out, in + C, bytes);
        require_ok(sonic_ring_matmul(context, ring, m, n, k, out, n, in + A, k, in + B, n, turn / 2,
                                     &error),
                   &error);
        out += bytes;
        written += bytes;
    }
    return written;
}

void constant_time_ring(const sonic_context *context)
{
    check_shapes("ring", run_ring, context, sizeof products / sizeof *products);
}

/* A plain one, stride and dilation, groups, 1 x 1, depthwise, and fully connected; no window lies
 * in the padding alone, or its output would be public. */
static const sonic_conv_shape convolutions[] = {
    {2, 3, 5, 6, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {2, 3, 7, 6, 4, 3, 2, 2, 2, 2, 1, 1, 0, 1, 1, 1},
    {1, 4, 5, 5, 8, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 2},
    {2, 5, 4, 4, 7, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1},
    {2, 4, 9, 6, 8, 3, 3, 1, 2, 1, 1, 1, 1, 1, 1, 4},
    {9, 3, 2, 2, 6, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0, 1},
};

static size_t run_conv(const sonic_context *context, uint8_t *out, const uint8_t *in, size_t shape)
{
    const sonic_conv_shape *s = &convolutions[shape];
    size_t written = 0;
    for (int turn = 0; turn < 4; turn++) {
        const sonic_ring ring = turn % 2 ? SONIC_RING_64 : SONIC_RING_32;
        size_t oh, ow;
        sonic_error error;
        require_ok(sonic_conv_output(s, &oh, &ow, &error), &error);
        const size_t bytes = s->n * s->o * oh * ow * sonic_ring_bytes(ring);
        memcpy(out, in + C, bytes);
        require_ok(sonic_conv(context, ring, s, out, in + A, in + B, turn / 2, &error), &error);
        out += bytes;
        written += bytes;
    }
    return written;
}

void constant_time_conv(const sonic_context *context)
{
    check_shapes("conv", run_conv, context, sizeof convolutions / sizeof *convolutions);
}

static size_t run_vole(const sonic_context *context, uint8_t *out, const uint8_t *in, size_t n)
{
    enum { TREES = 5, STRIDE = 6 };
    static const uint8_t seed[16] = {2};
    static const unsigned digits[] = {0, 3, 5, 7, 10, 12, 15}; /* of all widths */
    uint8_t *const start = out;
    sonic_aes_key pi;
    context->kernels.aes.expand(&pi, seed);
    for (unsigned ring = 0; ring < SONIC_RINGS; ring++) {
        const sonic_vole_kernels *vole = &context->kernels.vole[ring];
        const unsigned bits = ring == SONIC_MOD64 ? 64 : 32;
        for (size_t i = 0; i < sizeof digits / sizeof *digits && 4 * digits[i] < bits; i++) {
            const unsigned digit = digits[i];
            const size_t blocks = TREES * (n / 8), bytes = n * bits / 8;
            vole->fold(out, out + 16 * blocks, in + 1, STRIDE, TREES, n / 8, &pi, UINT64_MAX - 1,
                       digit);
            out += 32 * blocks;
            vole->mask(out, in + A, in + B, n, digit);
            out += n * sonic_vole_wire(bits, digit);
            memcpy(out, in + C, bytes);
            vole->add_sent(out, in + B, n, digit);
            vole->add_received(out, in + B + 1, in + A, in + 1, n, digit, in[7] % 16);
            out += bytes;
        }
    }
    return (size_t)(out - start);
}

void constant_time_vole(const sonic_context *context)
{
    check_sizes("vole", run_vole, context);
}

/* x and pi are public; seeds, keys, alpha and beta are secret. */
static uint8_t *run_dpf_party(const sonic_dpf_kernels *dpf, uint8_t *out, const uint8_t *in,
                              size_t n, size_t bytes, unsigned party, const sonic_aes_key *pi)
{
    static const unsigned bits[] = {5, 12};
    uint8_t x[OPERAND];
    fill(x, sizeof x);
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        dpf->eval(out, in + A, in + B, x, bits[i], n, SONIC_DPF_EQUAL, party, pi);
        out += (n + 7) / 8;
        dpf->eval(out, in + A, in + B, x, bits[i], n, SONIC_DPF_LESS, party, pi);
        out += (n + 7) / 8;
        dpf->step_eval(out, in + A, in + 1, x, bits[i], n, party, pi);
        out += 2 * bytes * n;
    }
    return out;
}

static size_t run_dpf(const sonic_context *context, uint8_t *out, const uint8_t *in, size_t n)
{
    static const uint8_t seed[16] = {3};
    const uint8_t *const seeds[2] = {in + A, in + B + 1};
    uint8_t *const start = out;
    sonic_aes_key pi;
    context->kernels.aes.expand(&pi, seed);
    for (unsigned ring = 0; ring < SONIC_RINGS; ring++) {
        const sonic_dpf_kernels *dpf = &context->kernels.dpf[ring];
        const size_t bytes = ring == SONIC_MOD64 ? 8 : 4;
        dpf->generate(out, seeds, in + C, 10, n, SONIC_DPF_EQUAL, &pi);
        out += n * sonic_dpf_key_bytes(10);
        dpf->generate(out, seeds, in + C, 9, n, SONIC_DPF_LESS, &pi);
        out += n * sonic_dpf_key_bytes(9);
        dpf->step_generate(out, seeds, in + C, in + 1, 5, n, &pi);
        out += n * sonic_dpf_step_key_bytes(bytes, 5);
        for (unsigned party = 0; party < 2; party++)
            out = run_dpf_party(dpf, out, in, n, bytes, party, &pi);
    }
    return (size_t)(out - start);
}

void constant_time_dpf(const sonic_context *context)
{
    check_sizes("dpf", run_dpf, context);
}
