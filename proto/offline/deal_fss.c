/* Keys for both parties and corrections for party 1 of an fss call, block by block; as many blocks
 * at a time as the context has threads, and then both files. */
#include <stdlib.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/offline/deal_elements.h"
#include "proto/offline/deal_run.h"
#include "proto/offline/fss_plan.h"
#include "proto/offline/streams.h"
#include "proto/share/secret.h"

typedef struct fss_call {
    const sonic_deal_node *node;
    sonic_fss_kind kind;
    const sonic_relu_call *call;
    uint8_t *space; /* for blocks, one behind the other */
    size_t spaces;  /* how many */
    size_t bytes;   /* of one */
} fss_call;

/* What a block of keys is made with, secret all. */
typedef struct fss_block {
    uint64_t r[SONIC_FSS_BLOCK], m[SONIC_FSS_BLOCK], scratch[SONIC_FSS_BLOCK];
    uint64_t beta[2 * SONIC_FSS_BLOCK];
    uint64_t bit[SONIC_FSS_BLOCK / 64], other_bit[SONIC_FSS_BLOCK / 64];
    uint8_t seed[2][16 * SONIC_FSS_BLOCK];
    uint64_t made[]; /* what is written: keys, and behind them corrections */
} fss_block;

static size_t rows_of(const fss_call *of, size_t block)
{
    return sonic_size_min(SONIC_FSS_BLOCK, of->call->n - block * SONIC_FSS_BLOCK);
}

static fss_block *space_of(const fss_call *of, size_t block)
{
    return (fss_block *)(void *)(of->space + block % of->spaces * of->bytes);
}

static sonic_fss_cost block_cost(const fss_call *of, size_t rows)
{
    return sonic_fss_cost_of(of->kind, of->node->dealer->graph->ring, rows, of->call->shift);
}

/* Party `party`'s piece of `rows` values of a stream that has `bits` bits a value. */
static void expand(const fss_call *of, unsigned party, unsigned kind, size_t block, size_t rows,
                   size_t bits, void *out)
{
    sonic_material_random(&of->node->view[party], SONIC_STREAM_FSS(of->call->index, kind),
                          (uint64_t)block * (SONIC_FSS_BLOCK / 8) * bits, out,
                          (rows * bits + 7) / 8);
}

/* Both parties' root seeds of a kind. */
static void expand_seeds(const fss_call *of, unsigned kind, size_t block, size_t rows, fss_block *b)
{
    for (unsigned party = 0; party < 2; party++)
        expand(of, party, kind, block, rows, 128, b->seed[party]);
}

/* r, and m or for truncations 1. */
static void expand_masks(const fss_call *of, size_t block, size_t rows, fss_block *b)
{
    const sonic_context *context = of->node->dealer->context;
    const sonic_ring ring = of->node->dealer->graph->ring;
    expand(of, 0, SONIC_FSS_MASK, block, rows, (size_t)ring, b->r);
    expand(of, 1, SONIC_FSS_MASK, block, rows, (size_t)ring, b->scratch);
    context->kernels.vec[sonic_ring_index(ring)].add(b->r, b->r, b->scratch, rows);
    if (of->kind == SONIC_FSS_RELU) {
        expand(of, 0, SONIC_FSS_BIT, block, rows, 1, b->bit);
        expand(of, 1, SONIC_FSS_BIT, block, rows, 1, b->other_bit);
        context->kernels.boolean.bxor(b->bit, b->bit, b->other_bit, (rows + 63) / 64);
    }
    sonic_deal_exact_bits(ring, b->m, b->beta, of->kind == SONIC_FSS_RELU ? b->bit : NULL, b->r,
                          rows);
}

static void make_block(const fss_call *of, size_t block, size_t rows, fss_block *b)
{
    const sonic_context *context = of->node->dealer->context;
    const sonic_ring ring = of->node->dealer->graph->ring;
    const sonic_dpf_kernels *dpf = &context->kernels.dpf[sonic_ring_index(ring)];
    const uint8_t *const seeds[2] = {b->seed[0], b->seed[1]};
    const unsigned shift = of->call->shift;
    const unsigned arrays = sonic_fss_dealt_elements(of->kind, shift);
    uint8_t *const sign = (uint8_t *)b->made;
    uint8_t *const step = sign + sonic_fss_sign_bytes(of->kind, ring, rows);
    uint8_t *const dealt = step + sonic_fss_step_bytes(ring, shift, rows);
    sonic_aes_key pi;

    sonic_material_pi(&of->node->view[0], of->call->index, block, &pi);
    expand_masks(of, block, rows, b);
    if (of->kind == SONIC_FSS_RELU) {
        expand_seeds(of, SONIC_FSS_SIGN_SEED, block, rows, b);
        dpf->generate(sign, seeds, b->r, (unsigned)ring - 1, rows, SONIC_DPF_LESS, &pi);
    }
    if (shift > 0) {
        expand_seeds(of, SONIC_FSS_STEP_SEED, block, rows, b);
        dpf->step_generate(step, seeds, b->r, b->beta, shift, rows, &pi);
    }
    expand(of, 0, SONIC_FSS_DEALT, block, rows, (size_t)ring * arrays, dealt);
    if (of->kind == SONIC_FSS_RELU)
        sonic_deal_exact_select(ring, dealt, b->m, b->r, shift, rows);
    else
        sonic_deal_exact_trunc(ring, dealt, b->r, shift, rows);
}

/* Blocks [first, end) into one party's file. */
static sonic_status write_blocks(const fss_call *of, unsigned party, size_t first, size_t end,
                                 sonic_error *error)
{
    sonic_status status = SONIC_OK;
    for (size_t block = first; block < end && status == SONIC_OK; block++) {
        const sonic_fss_cost cost = block_cost(of, rows_of(of, block));
        status =
            sonic_writer_write(of->node->dealer->writer[party], space_of(of, block)->made,
                               (size_t)(party ? cost.offline_bytes : cost.common_bytes), error);
    }
    return status;
}

/* As many blocks as there are spaces, or fewer. */
static sonic_status deal_blocks(const fss_call *of, size_t first, size_t end, sonic_error *error)
{
    const int threads = (int)(end - first);
    const bool both = of->node->dealer->context->threads > 1;
    (void)threads; /* without OpenMP */
    (void)both;
    sonic_status status[2];
    sonic_error errors[2];
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
    for (size_t block = first; block < end; block++)
        make_block(of, block, rows_of(of, block), space_of(of, block));
#pragma omp parallel for schedule(static) num_threads(2) if (both)
    for (unsigned party = 0; party < 2; party++)
        status[party] = write_blocks(of, party, first, end, &errors[party]);
    for (unsigned party = 0; party < 2; party++)
        if (status[party] != SONIC_OK)
            return sonic_fail(error, status[party], "%s", errors[party].text);
    return SONIC_OK;
}

sonic_status sonic_deal_fss(const sonic_deal_node *node, sonic_fss_kind kind,
                            const sonic_relu_call *call, sonic_error *error)
{
    fss_call of = {.node = node, .kind = kind, .call = call};
    const size_t blocks = sonic_size_pieces(call->n, SONIC_FSS_BLOCK);
    size_t all;
    of.spaces = sonic_size_min((size_t)node->dealer->context->threads, blocks);
    /* Where there are several spaces, blocks are whole and their bytes a multiple of 64. */
    of.bytes = sizeof(fss_block) + (size_t)block_cost(&of, rows_of(&of, 0)).offline_bytes;
    of.space = sonic_size_mul(&all, of.spaces, of.bytes) ? malloc(all) : NULL;
    if (of.space == NULL)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for %zu blocks of keys", of.spaces);
    sonic_status status = SONIC_OK;
    for (size_t block = 0; block < blocks && status == SONIC_OK; block += of.spaces)
        status = deal_blocks(&of, block, sonic_size_min(block + of.spaces, blocks), error);
    sonic_secret_free(of.space, all);
    return status;
}
