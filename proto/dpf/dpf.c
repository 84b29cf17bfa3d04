/* Blobs of keys: a header, and blocks that the kernels make and evaluate, each under a key of its
 * own. */
#include <sonicnn/dpf.h>

#include <string.h>

#include <sodium.h>

#include "dispatch/context.h"
#include "dispatch/error.h"
#include "dispatch/threads.h"
#include "kernels/common/checked.h"
#include "kernels/common/load.h"
#include "proto/share/random.h"

enum {
    SEED = 16,
    VERSION = 1,
    BLOCK = 1024,         /* functions under one AES key; a multiple of 8 and of a tile */
    LEAST_WORK = 1 << 17, /* bytes of keys that pay for waking a thread: 2^13 AES calls, 10 us */
};

#define MAGIC UINT64_C(0x66706463696e6f73)

/* What a blob begins with. */
typedef struct header {
    uint64_t magic, n;
    uint8_t version, function, ring, bits, party, zero[11];
    uint8_t pi[16]; /* public: the first block's AES key */
} header;

_Static_assert(sizeof(header) == 48, "a header is its fields");

/* A block: where it is in a blob and in the arrays. */
typedef struct block {
    size_t at, n;
    size_t seeds, keys; /* bytes from the blob's start */
    sonic_aes_key pi;
} block;

static bool is_shape(const sonic_dpf_shape *s)
{
    return (s->function == SONIC_DPF_POINT || s->function == SONIC_DPF_COMPARE ||
            s->function == SONIC_DPF_STEP) &&
           (s->ring == SONIC_RING_32 || s->ring == SONIC_RING_64) && s->bits >= 1 &&
           s->bits <= (unsigned)s->ring;
}

/* Of one function's key, seed included. */
static size_t key_bytes(const sonic_dpf_shape *s)
{
    return SEED + (s->function == SONIC_DPF_STEP
                       ? sonic_dpf_step_key_bytes(sonic_ring_bytes(s->ring), s->bits)
                       : sonic_dpf_key_bytes(s->bits));
}

static bool blob_bytes(size_t *bytes, const sonic_dpf_shape *s)
{
    return sonic_size_mul(bytes, s->n, key_bytes(s)) &&
           sonic_size_add(bytes, *bytes, sizeof(header));
}

static const char *plural(const sonic_dpf_shape *s)
{
    static const char *const names[] = {"points", "comparisons", "steps"};
    return names[s->function - SONIC_DPF_POINT];
}

static sonic_dpf_kind kind_of(const sonic_dpf_shape *s)
{
    return s->function == SONIC_DPF_POINT ? SONIC_DPF_EQUAL : SONIC_DPF_LESS;
}

static block find_block(const sonic_context *context, const sonic_dpf_shape *s, const header *h,
                        size_t index)
{
    block b = {.at = index * BLOCK};
    uint8_t number[sizeof h->pi];
    memcpy(number, h->pi, sizeof number);
    sonic_store64(number, 0, sonic_load64(number, 0) ^ sonic_le64(index));
    context->kernels.aes.expand(&b.pi, number);
    b.n = sonic_size_min(s->n - b.at, BLOCK);
    b.seeds = sizeof *h + b.at * key_bytes(s);
    b.keys = b.seeds + b.n * SEED;
    return b;
}

static int threads_for(const sonic_context *context, const sonic_dpf_shape *s)
{
    return sonic_threads_for(context->threads, sonic_size_pieces(s->n, BLOCK), s->n * key_bytes(s),
                             LEAST_WORK);
}

sonic_status sonic_dpf_bytes(size_t *bytes, const sonic_dpf_shape *shape, sonic_error *error)
{
    size_t made;
    if (!is_shape(shape))
        return sonic_fail(error, SONIC_E_ARGUMENT,
                          "there is no point function %d of %u bits mod 2^%d", (int)shape->function,
                          shape->bits, (int)shape->ring);
    if (!blob_bytes(&made, shape))
        return sonic_fail(error, SONIC_E_SHAPE, "keys of %zu point functions overflow a size",
                          shape->n);
    *bytes = made;
    return SONIC_OK;
}

/* Seeds of a party's block: a stream of its own, as drawing all of it would take longer than the
 * keys do. */
static void draw_seeds(uint8_t *seeds, size_t n)
{
    uint8_t stream[randombytes_SEEDBYTES];
    sonic_random_bytes(stream, sizeof stream);
    randombytes_buf_deterministic(seeds, n * SEED, stream);
    sodium_memzero(stream, sizeof stream);
}

static void generate_block(const sonic_context *context, const sonic_dpf_shape *s, const block *b,
                           uint8_t *const blob[2], const void *alpha, const void *beta)
{
    const unsigned ring = sonic_ring_index(s->ring);
    const size_t size = sonic_ring_bytes(s->ring);
    const sonic_dpf_kernels *kernels = &context->kernels.dpf[ring];
    const uint8_t *const seeds[2] = {blob[0] + b->seeds, blob[1] + b->seeds};
    const uint8_t *a = (const uint8_t *)alpha + b->at * size;
    uint8_t *keys = blob[0] + b->keys;
    for (unsigned p = 0; p < 2; p++)
        draw_seeds(blob[p] + b->seeds, b->n);
    if (s->function == SONIC_DPF_STEP)
        kernels->step_generate(keys, seeds, a, (const uint8_t *)beta + 2 * b->at * size, s->bits,
                               b->n, &b->pi);
    else
        kernels->generate(keys, seeds, a, s->bits, b->n, kind_of(s), &b->pi);
    memcpy(blob[1] + b->keys, keys, b->n * (key_bytes(s) - SEED));
}

sonic_status sonic_dpf_generate(const sonic_context *context, const sonic_dpf_shape *shape,
                                uint8_t *blob0, uint8_t *blob1, const void *alpha, const void *beta,
                                sonic_error *error)
{
    uint8_t *const blob[2] = {blob0, blob1};
    size_t bytes;
    sonic_status status = sonic_dpf_bytes(&bytes, shape, error);
    if (status)
        return status;
    if (!context)
        return sonic_fail(error, SONIC_E_ARGUMENT, "the context for point functions is NULL");
    if (shape->n > 0 && (shape->function == SONIC_DPF_STEP) != (beta != NULL))
        return sonic_fail(error, SONIC_E_ARGUMENT, "beta is for steps, and steps need one");
    header h = {.magic = MAGIC,
                .n = shape->n,
                .version = VERSION,
                .function = (uint8_t)shape->function,
                .ring = (uint8_t)shape->ring,
                .bits = (uint8_t)shape->bits};
    sonic_random_bytes(h.pi, sizeof h.pi);
    for (uint8_t p = 0; p < 2; p++) {
        h.party = p;
        memcpy(blob[p], &h, sizeof h);
    }
    const size_t blocks = sonic_size_pieces(shape->n, BLOCK);
    const int threads = threads_for(context, shape);
    (void)threads; /* without OpenMP */
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t i = 0; i < blocks; i++) {
        const block b = find_block(context, shape, &h, i);
        generate_block(context, shape, &b, blob, alpha, beta);
    }
    return SONIC_OK;
}

/* The header of a blob that is as long as it says. */
static sonic_status read_header(header *h, sonic_dpf_shape *shape, const uint8_t *blob,
                                size_t bytes, sonic_error *error)
{
    static const header none;
    size_t wanted;
    if (bytes < sizeof *h || sonic_load64(blob, 0) != MAGIC)
        return sonic_fail(error, SONIC_E_FORMAT, "%zu bytes are no keys of point functions", bytes);
    memcpy(h, blob, sizeof *h);
    if (h->version != VERSION)
        return sonic_fail(error, SONIC_E_FORMAT,
                          "keys of point functions of version %u, where %u is known", h->version,
                          (unsigned)VERSION);
    *shape = (sonic_dpf_shape){(sonic_dpf_function)h->function, (sonic_ring)h->ring, h->bits,
                               (size_t)h->n};
    if (!is_shape(shape) || h->party > 1 || h->n != shape->n || !blob_bytes(&wanted, shape) ||
        memcmp(h->zero, none.zero, sizeof none.zero) != 0)
        return sonic_fail(error, SONIC_E_FORMAT,
                          "the header of keys of point functions is damaged");
    if (bytes != wanted)
        return sonic_fail(error, SONIC_E_FORMAT,
                          "keys of %zu point functions are %zu bytes, and not %zu", shape->n,
                          wanted, bytes);
    return SONIC_OK;
}

sonic_status sonic_dpf_inspect(sonic_dpf_shape *shape, unsigned *party, const uint8_t *blob,
                               size_t bytes, sonic_error *error)
{
    sonic_dpf_shape read;
    header h;
    sonic_status status = read_header(&h, &read, blob, bytes, error);
    if (status)
        return status;
    *shape = read;
    *party = h.party;
    return SONIC_OK;
}

static void eval_block(const sonic_context *context, const sonic_dpf_shape *s, const block *b,
                       unsigned party, void *out, const uint8_t *blob, const void *x)
{
    const unsigned ring = sonic_ring_index(s->ring);
    const size_t size = sonic_ring_bytes(s->ring);
    const sonic_dpf_kernels *kernels = &context->kernels.dpf[ring];
    const uint8_t *at = (const uint8_t *)x + b->at * size;
    if (s->function == SONIC_DPF_STEP)
        kernels->step_eval((uint8_t *)out + 2 * b->at * size, blob + b->seeds, blob + b->keys, at,
                           s->bits, b->n, party, &b->pi);
    else
        kernels->eval((uint8_t *)out + b->at / 8, blob + b->seeds, blob + b->keys, at, s->bits,
                      b->n, kind_of(s), party, &b->pi);
}

sonic_status sonic_dpf_eval(const sonic_context *context, const sonic_dpf_shape *shape, void *out,
                            const uint8_t *blob, size_t bytes, const void *x, sonic_error *error)
{
    sonic_dpf_shape read;
    header h;
    size_t wanted;
    sonic_status status = sonic_dpf_bytes(&wanted, shape, error);
    if (!status)
        status = read_header(&h, &read, blob, bytes, error);
    if (status)
        return status;
    if (!context)
        return sonic_fail(error, SONIC_E_ARGUMENT, "the context for point functions is NULL");
    if (read.function != shape->function || read.ring != shape->ring || read.bits != shape->bits ||
        read.n != shape->n)
        return sonic_fail(error, SONIC_E_SHAPE,
                          "keys of %zu %s of %u bits mod 2^%d, not of %zu %s of %u bits mod 2^%d",
                          read.n, plural(&read), read.bits, (int)read.ring, shape->n, plural(shape),
                          shape->bits, (int)shape->ring);
    const size_t blocks = sonic_size_pieces(shape->n, BLOCK);
    const int threads = threads_for(context, shape);
    (void)threads; /* without OpenMP */
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t i = 0; i < blocks; i++) {
        const block b = find_block(context, shape, &h, i);
        eval_block(context, shape, &b, h.party, out, blob, x);
    }
    return SONIC_OK;
}
