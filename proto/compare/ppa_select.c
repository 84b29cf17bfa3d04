/* The last round: the sign bit, masked, and x, masked, are opened together; the share of
 * relu(x), truncated where asked, replaces x. */
#include "proto/compare/pack.h"
#include "proto/compare/ppa_run.h"

static bool is_stochastic(const sonic_ppa_run *run)
{
    return run->call->shift > 0 && run->call->truncation == SONIC_TRUNC_STOCHASTIC;
}

static void own_u(const sonic_ppa_run *run, size_t block, void *u)
{
    size_t size = sonic_ring_bytes(run->ring);
    sonic_material_random(
        run->material, SONIC_STREAM_PPA(run->call->index, run->round, SONIC_PPA_U),
        (uint64_t)block * SONIC_PPA_BLOCK * size, u, sonic_ppa_rows(run, block) * size);
}

/* Own share of e: x - u, or x + 2^(l-2) + u before a stochastic truncation. */
static void own_e(const sonic_ppa_run *run, size_t block, void *e, const void *u)
{
    const sonic_vec_kernels *vec = &run->context->kernels.vec[sonic_ring_index(run->ring)];
    size_t rows = sonic_ppa_rows(run, block);
    const uint8_t *x = sonic_ppa_x(run, block);
    if (!is_stochastic(run)) {
        vec->sub(e, x, u, rows);
        return;
    }
    vec->add(e, x, u, rows);
    if (run->material->party == 0)
        vec->add_constant(e, e, (uint64_t)1 << (run->ring - 2), rows);
}

/* Own share of the bit "x >= 0", that is NOT (bit l - 1 of x0 ^ bit l - 1 of x1 ^ carry), masked by
 * r's share.  run->bits and run->mask are overwritten. */
static void own_c(const sonic_ppa_run *run, size_t block, uint64_t *c)
{
    const sonic_bool_kernels *boolean = &run->context->kernels.boolean;
    size_t words = sonic_ppa_words(sonic_ppa_rows(run, block));
    const uint64_t *carry = sonic_ppa_state(run, block) + ((size_t)run->ring - 2) * words;
    sonic_ppa_random_planes(run, SONIC_PPA_R, 1, block, run->mask);
    boolean->bxor(c, carry, carry + words, words);
    boolean->bxor(c, c, run->mask, words);
    if (run->material->party == 0) {
        for (size_t w = 0; w < words; w++)
            c[w] = ~c[w];
    }
}

sonic_status sonic_ppa_select_produce(void *arg, size_t block, uint8_t *out, sonic_error *error)
{
    const sonic_ppa_run *run = arg;
    size_t rows = sonic_ppa_rows(run, block);
    (void)error;
    own_u(run, block, run->dealt);
    own_e(run, block, out, run->dealt);
    own_c(run, block, run->opened);
    sonic_pack_planes(out + rows * sonic_ring_bytes(run->ring), run->opened, 1, rows);
    return SONIC_OK;
}

sonic_status sonic_ppa_select_consume(void *arg, size_t block, const uint8_t *in,
                                      sonic_error *error)
{
    const sonic_ppa_run *run = arg;
    const sonic_ppa_call *call = run->call;
    const sonic_vec_kernels *vec = &run->context->kernels.vec[sonic_ring_index(run->ring)];
    size_t rows = sonic_ppa_rows(run, block), words = sonic_ppa_words(rows);
    size_t bytes = rows * sonic_ring_bytes(run->ring);
    uint8_t *x = sonic_ppa_x(run, block), *dealt = (uint8_t *)run->dealt;
    bool stochastic = is_stochastic(run);
    sonic_status status = sonic_ppa_dealt_elements_of(
        run, sonic_ppa_dealt_elements(call->shift, call->truncation), block, dealt, error);
    if (status != SONIC_OK)
        return status;

    uint64_t *c = run->opened, *u = run->peer, *e = run->bits;
    own_c(run, block, c); /* before e: it uses the scratch of e and u */
    sonic_unpack_planes(run->mask, in + bytes, 1, rows);
    run->context->kernels.boolean.bxor(c, c, run->mask, words);
    own_u(run, block, u);
    own_e(run, block, e, u);
    vec->add(e, e, in, rows);

    sonic_select_operands operands = {
        .e = e,
        .c = c,
        .r = dealt,
        .u = stochastic ? dealt + bytes : (const uint8_t *)u,
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
