/* ReLU and truncation by function secret sharing: x + r is opened; then, block by block, keys are
 * evaluated on it, a masked bit is opened, and what is left is local. */
#include "proto/compare/fss.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "dispatch/threads.h"
#include "kernels/common/checked.h"
#include "proto/compare/open.h"
#include "proto/offline/fss_plan.h"
#include "proto/offline/streams.h"
#include "proto/share/secret.h"

/* Values of which a thread evaluates the keys at a time: whole tiles and whole bytes of bits. */
enum { PIECE = 128 };
/* Bits of keys that are worth a thread. */
enum { LEAST_WORK = 1 << 13 };
_Static_assert(PIECE % SONIC_DPF_TILE == 0 && SONIC_FSS_BLOCK % 128 == 0, "pieces of blocks");

typedef struct fss_run {
    const sonic_context *context;
    const sonic_material *material;
    sonic_fss_kind kind;
    sonic_ring ring;
    unsigned shift;
    uint32_t index;
    uint64_t at; /* where the call's material starts in this party's */
    size_t n;
    uint8_t *x; /* the caller's elements; secret, as all below, until they are e */

    uint8_t *memory; /* of all below, parts of whole cache lines */
    size_t bytes;
    uint8_t *bits;  /* of all values: own share of the masked bit, which then is opened */
    uint8_t *keys;  /* of a block, of either kind */
    uint8_t *seeds; /* of a block */
    uint8_t *below; /* of a block: pairs of elements */
    uint8_t *dealt; /* of a block: arrays of corrections, or those and r */
} fss_run;

static size_t rows_of(const fss_run *run, size_t block)
{
    return sonic_size_min(SONIC_FSS_BLOCK, run->n - block * SONIC_FSS_BLOCK);
}

static uint8_t *block_x(const fss_run *run, size_t block)
{
    return run->x + block * SONIC_FSS_BLOCK * sonic_ring_bytes(run->ring);
}

static uint8_t *block_bits(const fss_run *run, size_t block)
{
    return run->bits + block * (SONIC_FSS_BLOCK / 8);
}

/* Own randomness of a block: a stream of `bits` bits a value. */
static void draw(const fss_run *run, unsigned kind, size_t block, size_t bits, uint8_t *out)
{
    sonic_material_random(run->material, SONIC_STREAM_FSS(run->index, kind),
                          (uint64_t)block * (SONIC_FSS_BLOCK / 8 * bits), out,
                          (rows_of(run, block) * bits + 7) / 8);
}

static size_t sign_bytes(const fss_run *run, size_t rows)
{
    return sonic_fss_sign_bytes(run->kind, run->ring, rows);
}

static size_t step_bytes(const fss_run *run, size_t rows)
{
    return sonic_fss_step_bytes(run->ring, run->shift, rows);
}

static size_t dealt_bytes(const fss_run *run, size_t rows)
{
    return sonic_fss_dealt_elements(run->kind, run->shift) * rows * sonic_ring_bytes(run->ring);
}

/* Where a block starts in this party's material: party 0 has no corrections. */
static uint64_t block_at(const fss_run *run, size_t block)
{
    const size_t whole = sign_bytes(run, SONIC_FSS_BLOCK) + step_bytes(run, SONIC_FSS_BLOCK) +
                         (run->material->party ? dealt_bytes(run, SONIC_FSS_BLOCK) : 0);
    return run->at + (uint64_t)block * whole;
}

static const sonic_dpf_kernels *dpf_of(const fss_run *run)
{
    return &run->context->kernels.dpf[sonic_ring_index(run->ring)];
}

/* Reads a block's keys and evaluates them on e: signs into its bits, steps into `below`. */
static sonic_status evaluate(const fss_run *run, size_t block, bool steps, sonic_error *error)
{
    const size_t rows = rows_of(run, block), size = sonic_ring_bytes(run->ring);
    const size_t key = steps ? step_bytes(run, 1) : sign_bytes(run, 1);
    const uint64_t at = block_at(run, block) + (steps ? sign_bytes(run, rows) : 0);
    const unsigned bits = steps ? run->shift : (unsigned)run->ring - 1;
    const unsigned party = run->material->party;
    const uint8_t *const e = block_x(run, block);
    uint8_t *const signs = block_bits(run, block);
    sonic_aes_key pi;
    sonic_status status = sonic_material_common(run->material, at, run->keys, rows * key, error);
    if (status)
        return status;
    draw(run, steps ? SONIC_FSS_STEP_SEED : SONIC_FSS_SIGN_SEED, block, 128, run->seeds);
    sonic_material_pi(run->material, run->index, block, &pi);
    const size_t pieces = sonic_size_pieces(rows, PIECE);
    const int threads = sonic_threads_for(run->context->threads, pieces, rows * bits, LEAST_WORK);
    (void)threads; /* without OpenMP */
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t i = 0; i < pieces; i++) {
        const size_t first = i * PIECE, n = sonic_size_min(PIECE, rows - first);
        const uint8_t *const seeds = run->seeds + 16 * first, *const keys = run->keys + first * key;
        if (steps)
            dpf_of(run)->step_eval(run->below + 2 * size * first, seeds, keys, e + size * first,
                                   bits, n, party, &pi);
        else
            dpf_of(run)->eval(signs + first / 8, seeds, keys, e + size * first, bits, n,
                              SONIC_DPF_LESS, party, &pi);
    }
    return SONIC_OK;
}

static size_t bit_bytes(void *arg, size_t block)
{
    return (rows_of(arg, block) + 7) / 8;
}

/* Bit i of bits ^= 1 ^ bit l - 1 of e_i. */
static void add_public_signs(uint8_t *bits, const uint8_t *e, size_t size, size_t rows)
{
    for (size_t i = 0; i < rows; i++)
        bits[i / 8] ^= (uint8_t)((e[(i + 1) * size - 1] >> 7 ^ 1) << i % 8);
}

/* Own share of (x >= 0) ^ m. */
static sonic_status sign_produce(void *arg, size_t block, uint8_t *out, sonic_error *error)
{
    const fss_run *run = arg;
    const size_t rows = rows_of(run, block), bytes = bit_bytes(arg, block);
    uint8_t *const bits = block_bits(run, block);
    sonic_status status = evaluate(run, block, false, error);
    if (status)
        return status;
    draw(run, SONIC_FSS_BIT, block, 1, out);
    for (size_t i = 0; i < bytes; i++)
        bits[i] ^= out[i];
    if (rows % 8)
        bits[bytes - 1] &= (uint8_t)((1u << rows % 8) - 1);
    if (run->material->party == 0)
        add_public_signs(bits, block_x(run, block), sonic_ring_bytes(run->ring), rows);
    memcpy(out, bits, bytes);
    return SONIC_OK;
}

/* e, and for relu the opened bit, become a share of the result. */
static sonic_status finish(const fss_run *run, size_t block, sonic_error *error)
{
    const sonic_vec_kernels *vec = &run->context->kernels.vec[sonic_ring_index(run->ring)];
    const bool is_relu = run->kind == SONIC_FSS_RELU, shifts = run->shift > 0;
    const size_t rows = rows_of(run, block), size = sonic_ring_bytes(run->ring);
    const size_t array = rows * size;
    const uint64_t keys = sign_bytes(run, rows) + step_bytes(run, rows);
    uint8_t *const x = block_x(run, block), *const dealt = run->dealt;
    sonic_status status = shifts ? evaluate(run, block, true, error) : SONIC_OK;
    if (!status)
        status = sonic_material_dealt(
            run->material, SONIC_STREAM_FSS(run->index, SONIC_FSS_DEALT),
            (uint64_t)block * dealt_bytes(run, SONIC_FSS_BLOCK), block_at(run, block) + keys, dealt,
            dealt_bytes(run, rows), error);
    if (status)
        return status;
    sonic_exact_operands in = {.e = x,
                               .below = shifts ? run->below : NULL,
                               .shift = run->shift,
                               .party = run->material->party};
    if (!is_relu) {
        in.r[0] = dealt;
        in.r[1] = dealt + array;
        vec->exact_trunc(x, &in, rows);
        return SONIC_OK;
    }
    if (!shifts) /* r is not dealt: it is this party's own mask */
        draw(run, SONIC_FSS_MASK, block, 8 * size, dealt + 2 * array);
    in.c = (const uint64_t *)(const void *)block_bits(run, block);
    in.m = dealt;
    in.mr[0] = dealt + array;
    in.mr[1] = dealt + (shifts ? 2 : 1) * array;
    in.r[0] = dealt + (shifts ? 3 : 2) * array;
    in.r[1] = dealt + (shifts ? 4 : 2) * array;
    vec->exact_select(x, &in, rows);
    return SONIC_OK;
}

static sonic_status sign_consume(void *arg, size_t block, const uint8_t *in, sonic_error *error)
{
    const fss_run *run = arg;
    uint8_t *const bits = block_bits(run, block);
    for (size_t i = 0; i < bit_bytes(arg, block); i++)
        bits[i] ^= in[i];
    return finish(run, block, error);
}

static size_t lines(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static sonic_status take_memory(fss_run *run, sonic_error *error)
{
    const size_t rows = sonic_size_min(run->n, SONIC_FSS_BLOCK), size = sonic_ring_bytes(run->ring);
    const size_t sign = sign_bytes(run, rows), step = step_bytes(run, rows);
    const size_t bits = run->kind == SONIC_FSS_RELU ? lines(run->n / 8 + 1) : 0; /* n is of x */
    const size_t keys = lines(sign > step ? sign : step), seeds = lines(16 * rows);
    const size_t below = lines(2 * size * rows), dealt = lines(5 * size * rows);
    run->bytes = bits + keys + seeds + below + dealt;
    run->memory = aligned_alloc(64, run->bytes);
    if (!run->memory)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for keys and bits of %zu elements",
                          run->n);
    run->bits = run->memory;
    run->keys = run->bits + bits;
    run->seeds = run->keys + keys;
    run->below = run->seeds + seeds;
    run->dealt = run->below + below;
    return SONIC_OK;
}

static sonic_status run_rounds(fss_run *run, sonic_channel *channel, sonic_error *error)
{
    const uint64_t kept = 0; /* r is a stream */
    sonic_round round = {.blocks = sonic_size_pieces(run->n, SONIC_FSS_BLOCK),
                         .block_bytes = bit_bytes,
                         .produce = sign_produce,
                         .consume = sign_consume,
                         .arg = run};
    if (run->kind == SONIC_FSS_TRUNC && run->material->party == 0)
        run->context->kernels.vec[sonic_ring_index(run->ring)].add_constant(
            run->x, run->x, (uint64_t)1 << ((unsigned)run->ring - 2), run->n);
    sonic_status status = sonic_open_masked(run->context, channel, run->material,
                                            SONIC_STREAM_FSS(run->index, SONIC_FSS_MASK), &kept,
                                            run->ring, run->x, run->n, error);
    if (!status && run->kind == SONIC_FSS_RELU)
        return sonic_channel_round(channel, &round, error);
    for (size_t block = 0; !status && block < round.blocks; block++)
        status = finish(run, block, error);
    return status;
}

static sonic_status check_call(const fss_run *run, sonic_error *error)
{
    const bool is_relu = run->kind == SONIC_FSS_RELU;
    if (run->ring != SONIC_RING_32 && run->ring != SONIC_RING_64)
        return sonic_fail(error, SONIC_E_ARGUMENT, "a ring has 32 or 64 bits, not %d",
                          (int)run->ring);
    if (run->shift > (unsigned)run->ring / 2 || (run->shift == 0 && !is_relu))
        return sonic_fail(error, SONIC_E_ARGUMENT, "%s cannot drop %u of %d bits",
                          is_relu ? "a relu" : "a truncation", run->shift, (int)run->ring);
    return SONIC_OK;
}

static sonic_status run_call(fss_run *run, sonic_channel *channel, sonic_error *error)
{
    size_t data;
    sonic_status status = check_call(run, error);
    if (status || run->n == 0)
        return status;
    if (!sonic_size_mul(&data, run->n, sonic_ring_bytes(run->ring)))
        return sonic_fail(error, SONIC_E_SHAPE, "%zu elements do not fit in memory", run->n);
    status = take_memory(run, error);
    if (!status)
        status = run_rounds(run, channel, error);
    sonic_secret_free(run->memory, run->bytes);
    if (status)
        sodium_memzero(run->x, data);
    return status;
}

sonic_status sonic_fss_relu(const sonic_context *context, sonic_channel *channel,
                            const sonic_material *material, sonic_ring ring,
                            const sonic_relu_call *call, void *x, sonic_error *error)
{
    fss_run run = {.context = context,
                   .material = material,
                   .kind = SONIC_FSS_RELU,
                   .ring = ring,
                   .shift = call->shift,
                   .index = call->index,
                   .at = material->party ? call->correction : call->common,
                   .n = call->n,
                   .x = x};
    return run_call(&run, channel, error);
}

sonic_status sonic_fss_trunc(const sonic_context *context, sonic_channel *channel,
                             const sonic_material *material, sonic_ring ring, unsigned shift,
                             void *x, size_t n, sonic_error *error)
{
    fss_run run = {.context = context,
                   .material = material,
                   .kind = SONIC_FSS_TRUNC,
                   .ring = ring,
                   .shift = shift,
                   .n = n,
                   .x = x};
    return run_call(&run, channel, error);
}
