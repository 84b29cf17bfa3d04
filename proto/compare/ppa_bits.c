/* A block's planes: own bits, own masks, dealt shares; and round 0, the AND of private bits. */
#include "proto/compare/pack.h"
#include "proto/compare/ppa_run.h"

void sonic_ppa_own_bits(const sonic_ppa_run *run, size_t block)
{
    const sonic_bitmat_kernels *bitmat = &run->context->kernels.bitmat;
    size_t rows = sonic_ppa_rows(run, block);
    if (run->ring == SONIC_RING_64)
        bitmat->planes64(run->bits, sonic_ppa_words(rows), sonic_ppa_x(run, block), rows);
    else
        bitmat->planes32(run->bits, sonic_ppa_words(rows), sonic_ppa_x(run, block), rows);
}

void sonic_ppa_random_planes(const sonic_ppa_run *run, unsigned kind, size_t planes, size_t block,
                             uint64_t *out)
{
    size_t rows = sonic_ppa_rows(run, block);
    uint64_t stream = SONIC_STREAM_PPA(run->call->index, run->round, kind);
    uint64_t offset = (uint64_t)block * sonic_ppa_plane_bytes(planes, SONIC_PPA_BLOCK);
    size_t n = sonic_ppa_plane_bytes(planes, rows);
    if (rows % 64 == 0) {
        sonic_material_random(run->material, stream, offset, out, n);
        return;
    }
    sonic_material_random(run->material, stream, offset, run->peer, n);
    sonic_unpack_planes(out, (const uint8_t *)run->peer, planes, rows);
}

sonic_status sonic_ppa_dealt_planes(const sonic_ppa_run *run, unsigned kind, size_t planes,
                                    size_t block, size_t before, uint64_t *out, sonic_error *error)
{
    size_t rows = sonic_ppa_rows(run, block);
    uint64_t stream = SONIC_STREAM_PPA(run->call->index, run->round, kind);
    uint64_t offset = (uint64_t)block * sonic_ppa_plane_bytes(planes, SONIC_PPA_BLOCK);
    uint64_t correction =
        run->correction +
        (uint64_t)block * sonic_ppa_dealt_bytes(run->ring, run->round, SONIC_PPA_BLOCK,
                                                run->call->shift, run->call->truncation) +
        before;
    size_t n = sonic_ppa_plane_bytes(planes, rows);
    if (rows % 64 == 0)
        return sonic_material_dealt(run->material, stream, offset, correction, out, n, error);
    sonic_status status =
        sonic_material_dealt(run->material, stream, offset, correction, run->peer, n, error);
    if (status == SONIC_OK)
        sonic_unpack_planes(out, (const uint8_t *)run->peer, planes, rows);
    return status;
}

sonic_status sonic_ppa_dealt_elements_of(const sonic_ppa_run *run, size_t count, size_t block,
                                         void *out, sonic_error *error)
{
    size_t size = count * sonic_ring_bytes(run->ring);
    uint64_t offset = (uint64_t)block * SONIC_PPA_BLOCK * size;
    return sonic_material_dealt(
        run->material, SONIC_STREAM_PPA(run->call->index, run->round, SONIC_PPA_SELECT_DEALT),
        offset, run->correction + offset, out, sonic_ppa_rows(run, block) * size, error);
}

/* Party 0 holds a, party 1 holds b.  alpha = a ^ r and beta = b ^ s are sent; the shares
 * a beta ^ z0 and s alpha ^ z1 with z0 ^ z1 = r s add up to a b. */
sonic_status sonic_ppa_and_produce(void *arg, size_t block, uint8_t *out, sonic_error *error)
{
    const sonic_ppa_run *run = arg;
    size_t planes = (size_t)run->ring - 1, rows = sonic_ppa_rows(run, block);
    (void)error;
    sonic_ppa_own_bits(run, block);
    sonic_ppa_random_planes(run, SONIC_PPA_AND_MASK, planes, block, run->mask);
    run->context->kernels.boolean.bxor(run->opened, run->bits, run->mask,
                                       planes * sonic_ppa_words(rows));
    sonic_pack_planes(out, run->opened, planes, rows);
    return SONIC_OK;
}

sonic_status sonic_ppa_and_consume(void *arg, size_t block, const uint8_t *in, sonic_error *error)
{
    const sonic_ppa_run *run = arg;
    size_t planes = (size_t)run->ring - 1, rows = sonic_ppa_rows(run, block);
    size_t words = sonic_ppa_words(rows);
    uint64_t *state = sonic_ppa_state(run, block);
    sonic_status status =
        sonic_ppa_dealt_planes(run, SONIC_PPA_AND_DEALT, planes, block, 0, run->dealt, error);
    if (status != SONIC_OK)
        return status;

    sonic_ppa_own_bits(run, block);
    const uint64_t *own = run->bits;
    if (run->material->party == 1) {
        sonic_ppa_random_planes(run, SONIC_PPA_AND_MASK, planes, block, run->mask);
        own = run->mask;
    }
    sonic_unpack_planes(run->opened, in, planes, rows);
    run->context->kernels.boolean.and_xor(state, own, run->opened, run->dealt, planes * words);
    for (size_t w = 0; w < words; w++) /* the sign's own bit waits for the carry */
        state[planes * words + w] = run->bits[planes * words + w];
    return SONIC_OK;
}
