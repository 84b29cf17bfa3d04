/* Corrections of a ppa call: round by round, block by block, in the order they are consumed. */
#include "proto/offline/deal_elements.h"
#include "proto/offline/deal_run.h"
#include "proto/offline/ppa_plan.h"
#include "proto/offline/streams.h"

_Static_assert((int)SONIC_PPA_BLOCK * 8 <= (int)SONIC_DEAL_BUFFER, "a block's planes fit a buffer");

typedef struct ppa_block {
    const sonic_deal_node *node;
    const sonic_relu_call *call;
    unsigned round;
    uint64_t block;
    size_t rows;
} ppa_block;

/* Party `party`'s `planes` planes of a kind, packed; returns their bytes. */
static size_t expand_planes(const ppa_block *at, unsigned party, unsigned kind, size_t planes,
                            uint64_t *out)
{
    size_t n = sonic_ppa_plane_bytes(planes, at->rows);
    sonic_material_random(&at->node->view[party],
                          SONIC_STREAM_PPA(at->call->index, at->round, kind),
                          at->block * sonic_ppa_plane_bytes(planes, SONIC_PPA_BLOCK), out, n);
    return n;
}

/* The same of both parties, joined. */
static void expand_joined(const ppa_block *at, unsigned kind, size_t planes, uint64_t *out,
                          uint64_t *scratch)
{
    size_t n = expand_planes(at, 0, kind, planes, out);
    expand_planes(at, 1, kind, planes, scratch);
    at->node->dealer->context->kernels.boolean.bxor(out, out, scratch, (n + 7) / 8);
}

/* Writes a & b ^ (party 0's dealt planes of `kind`). */
static sonic_status write_product(const ppa_block *at, unsigned kind, size_t planes,
                                  const uint64_t *a, const uint64_t *b, sonic_error *error)
{
    sonic_dealer *dealer = at->node->dealer;
    uint64_t *share = sonic_deal_buffer(dealer, 4);
    size_t n = expand_planes(at, 0, kind, planes, share);
    dealer->context->kernels.boolean.and_xor(share, a, b, share, (n + 7) / 8);
    return n == 0 ? SONIC_OK : sonic_writer_write(dealer->writer[1], share, n, error);
}

static sonic_status deal_and(const ppa_block *at, sonic_error *error)
{
    sonic_dealer *dealer = at->node->dealer;
    size_t planes = (size_t)dealer->graph->ring - 1;
    uint64_t *r = sonic_deal_buffer(dealer, 0), *s = sonic_deal_buffer(dealer, 1);
    expand_planes(at, 0, SONIC_PPA_AND_MASK, planes, r);
    expand_planes(at, 1, SONIC_PPA_AND_MASK, planes, s);
    return write_product(at, SONIC_PPA_AND_DEALT, planes, r, s, error);
}

static sonic_status deal_level(const ppa_block *at, sonic_error *error)
{
    sonic_dealer *dealer = at->node->dealer;
    sonic_ppa_level level = sonic_ppa_level_of(dealer->graph->ring, at->round - 1);
    uint64_t *mu = sonic_deal_buffer(dealer, 0), *nu = sonic_deal_buffer(dealer, 1);
    uint64_t *omega = sonic_deal_buffer(dealer, 2), *scratch = sonic_deal_buffer(dealer, 3);
    expand_joined(at, SONIC_PPA_MU, level.pairs, mu, scratch);
    expand_joined(at, SONIC_PPA_NU, level.pairs, nu, scratch);
    expand_joined(at, SONIC_PPA_OMEGA, level.full, omega, scratch);
    sonic_status status = write_product(at, SONIC_PPA_C, level.pairs, mu, nu, error);
    if (status == SONIC_OK)
        status = write_product(at, SONIC_PPA_D, level.full, mu, omega, error);
    return status;
}

static sonic_status deal_select(const ppa_block *at, sonic_error *error)
{
    sonic_dealer *dealer = at->node->dealer;
    sonic_ring ring = dealer->graph->ring;
    const sonic_vec_kernels *vec = &dealer->context->kernels.vec[sonic_ring_index(ring)];
    size_t size = sonic_ring_bytes(ring), elements = at->rows * size;
    unsigned shift = at->call->shift;
    unsigned count = sonic_ppa_dealt_elements(shift, at->call->truncation);
    uint64_t *r = sonic_deal_buffer(dealer, 0), *u = sonic_deal_buffer(dealer, 1);
    uint64_t *scratch = sonic_deal_buffer(dealer, 2);
    uint64_t *dealt = sonic_deal_buffer(dealer, 4); /* and the buffers behind it: four arrays */
    uint64_t offset = at->block * SONIC_PPA_BLOCK * size;

    expand_joined(at, SONIC_PPA_R, 1, r, scratch);
    uint64_t stream = SONIC_STREAM_PPA(at->call->index, at->round, SONIC_PPA_U);
    sonic_material_random(&at->node->view[0], stream, offset, u, elements);
    sonic_material_random(&at->node->view[1], stream, offset, scratch, elements);
    vec->add(u, u, scratch, at->rows);
    stream = SONIC_STREAM_PPA(at->call->index, at->round, SONIC_PPA_SELECT_DEALT);
    sonic_material_random(&at->node->view[0], stream, offset * count, dealt, elements * count);
    if (count == 4)
        sonic_deal_select_trunc(ring, dealt, (const uint8_t *)r, u, shift, at->rows);
    else
        sonic_deal_select(ring, dealt, (const uint8_t *)r, u, at->rows);
    return sonic_writer_write(dealer->writer[1], dealt, elements * count, error);
}

sonic_status sonic_deal_ppa(const sonic_deal_node *node, const sonic_relu_call *call,
                            sonic_error *error)
{
    unsigned last = sonic_ppa_levels(node->dealer->graph->ring) + 1;
    ppa_block at = {.node = node, .call = call};
    for (at.round = 0; at.round <= last; at.round++) {
        for (size_t done = 0; done < call->n; done += at.rows) {
            at.block = done / SONIC_PPA_BLOCK;
            at.rows = call->n - done < SONIC_PPA_BLOCK ? call->n - done : SONIC_PPA_BLOCK;
            sonic_status status = at.round == 0      ? deal_and(&at, error)
                                  : at.round == last ? deal_select(&at, error)
                                                     : deal_level(&at, error);
            if (status != SONIC_OK)
                return status;
        }
    }
    return SONIC_OK;
}
