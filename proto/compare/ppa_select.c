/* The last round: the sign bit, masked, and x, masked, are opened together; the share of
 * relu(x), truncated where asked, replaces x. */
#include <string.h>

#include "proto/compare/ppa_run.h"

static bool is_stochastic(const sonic_ppa_run *run)
{
    return run->call->shift > 0 && run->call->truncation == SONIC_TRUNC_STOCHASTIC;
}

/* A stream, which a stochastic truncation's u need not be. */
static sonic_status own_u(const sonic_ppa_run *run, size_t block, void *u, sonic_error *error)
{
    size_t size = sonic_ring_bytes(run->ring), bytes = sonic_ppa_rows(run, block) * size;
    uint64_t stream = SONIC_STREAM_PPA(run->call->index, run->round, SONIC_PPA_U);
    uint64_t offset = (uint64_t)block * SONIC_PPA_BLOCK * size;
    if (is_stochastic(run))
        return sonic_material_u(run->material, stream, offset,
                                run->correction + sonic_ppa_round_dealt_bytes(run) + offset, u,
                                bytes, error);
    sonic_material_random(run->material, stream, offset, u, bytes);
    return SONIC_OK;
}

/* Own share of e replaces x: x - u, or x + 2^(l-2) + u before a stochastic truncation.  `out` holds
 * u before and that share after. */
static void open_x(const sonic_ppa_run *run, size_t block, uint8_t *out)
{
    const sonic_vec_kernels *vec = &run->context->kernels.vec[sonic_ring_index(run->ring)];
    size_t rows = sonic_ppa_rows(run, block);
    uint8_t *x = sonic_ppa_x(run, block);
    if (!is_stochastic(run)) {
        vec->sub(out, x, out, rows);
    } else {
        vec->add(out, x, out, rows);
        if (run->material->party == 0)
            vec->add_constant(out, out, (uint64_t)1 << (run->ring - 2), rows);
    }
    memcpy(x, out, rows * sonic_ring_bytes(run->ring));
}

/* Own share of the bit "x >= 0", that is NOT (bit l - 1 of x0 ^ bit l - 1 of x1 ^ carry), masked by
 * r's share, which `c` holds before; the carry's plane keeps it, too. */
static void open_sign(const sonic_ppa_run *run, size_t block, uint64_t *c)
{
    const sonic_bool_kernels *boolean = &run->context->kernels.boolean;
    size_t words = sonic_ppa_words(sonic_ppa_rows(run, block));
    uint64_t *carry = sonic_ppa_state(run, block) + ((size_t)run->ring - 2) * words;
    boolean->bxor(c, c, carry, words);
    boolean->bxor(c, c, carry + words, words);
    if (run->material->party == 0) {
        for (size_t w = 0; w < words; w++)
            c[w] = ~c[w];
    }
    memcpy(carry, c, words * 8);
}

sonic_status sonic_ppa_select_produce(void *arg, size_t block, uint8_t *out, sonic_error *error)
{
    const sonic_ppa_run *run = arg;
    size_t rows = sonic_ppa_rows(run, block);
    uint8_t *sign = out + rows * sonic_ring_bytes(run->ring);
    uint64_t *c = sonic_ppa_outgoing(run, rows, sign);
    sonic_status status = own_u(run, block, out, error);
    if (status != SONIC_OK)
        return status;
    open_x(run, block, out);
    sonic_ppa_random_planes(run, SONIC_PPA_R, 1, block, c);
    open_sign(run, block, c);
    sonic_ppa_send(sign, c, 1, rows);
    return SONIC_OK;
}

sonic_status sonic_ppa_select_consume(void *arg, size_t block, const uint8_t *in,
                                      sonic_error *error)
{
    const sonic_ppa_run *run = arg;
    const sonic_relu_call *call = run->call;
    const sonic_vec_kernels *vec = &run->context->kernels.vec[sonic_ring_index(run->ring)];
    size_t rows = sonic_ppa_rows(run, block), words = sonic_ppa_words(rows);
    size_t bytes = rows * sonic_ring_bytes(run->ring);
    uint8_t *x = sonic_ppa_x(run, block), *dealt = (uint8_t *)run->dealt;
    bool stochastic = is_stochastic(run);
    sonic_status status = sonic_ppa_dealt_elements_of(
        run, sonic_ppa_dealt_elements(call->shift, call->truncation), block, dealt, error);
    if (status != SONIC_OK)
        return status;

    uint64_t *c = sonic_ppa_state(run, block) + ((size_t)run->ring - 2) * words;
    run->context->kernels.boolean.bxor(c, c, sonic_ppa_incoming(run, in + bytes, 1, rows), words);
    vec->add(x, x, in, rows);
    if (!stochastic)
        status = own_u(run, block, run->bits, error);
    if (status != SONIC_OK)
        return status;

    sonic_select_operands operands = {
        .e = x,
        .c = c,
        .r = dealt,
        .u = stochastic ? dealt + bytes : (const uint8_t *)run->bits,
        .ru = dealt + (stochastic ? 2 : 1) * bytes,
        .wrap = stochastic ? dealt + 3 * bytes : NULL,
        .shift = call->shift,
        .party = run->material->party,
    };
    if (stochastic)
        vec->select_trunc(x, &operands, rows);
    else
        vec->select(x, &operands, rows);
    if (call->shift > 0 && !stochastic)
        vec->trunc_local(x, x, call->shift, run->material->party, rows);
    return SONIC_OK;
}
