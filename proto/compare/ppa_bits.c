/* A block's planes: own bits, own masks, dealt shares; and round 0, the AND of private bits. */
#include <string.h>

#include "proto/compare/pack.h"
#include "proto/compare/ppa_run.h"

void sonic_ppa_own_bits(const sonic_ppa_run *run, size_t block, uint64_t *planes)
{
    const sonic_bitmat_kernels *bitmat = &run->context->kernels.bitmat;
    size_t rows = sonic_ppa_rows(run, block);
    if (run->ring == SONIC_RING_64)
        bitmat->planes64(planes, sonic_ppa_words(rows), sonic_ppa_x(run, block), rows);
    else
        bitmat->planes32(planes, sonic_ppa_words(rows), sonic_ppa_x(run, block), rows);
}

/* A message's planes start at a word in it, and are whole words. */
static bool is_direct(const void *message, size_t rows)
{
    return rows % 64 == 0 && (uintptr_t)message % sizeof(uint64_t) == 0;
}

uint64_t *sonic_ppa_outgoing(const sonic_ppa_run *run, size_t rows, uint8_t *out)
{
    return is_direct(out, rows) ? (uint64_t *)(void *)out : run->planes;
}

void sonic_ppa_send(uint8_t *out, const uint64_t *planes, size_t count, size_t rows)
{
    if (!is_direct(out, rows))
        sonic_pack_planes(out, planes, count, rows);
}

const uint64_t *sonic_ppa_incoming(const sonic_ppa_run *run, const uint8_t *in, size_t count,
                                   size_t rows)
{
    if (is_direct(in, rows))
        return (const uint64_t *)(const void *)in;
    sonic_unpack_planes(run->planes, in, count, rows);
    return run->planes;
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
    sonic_material_random(run->material, stream, offset, run->packed, n);
    sonic_unpack_planes(out, (const uint8_t *)run->packed, planes, rows);
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
        sonic_material_dealt(run->material, stream, offset, correction, run->packed, n, error);
    if (status == SONIC_OK)
        sonic_unpack_planes(out, (const uint8_t *)run->packed, planes, rows);
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
 * a beta ^ z0 and s alpha ^ z1 with z0 ^ z1 = r s add up to a b.  The state keeps what the peer's
 * bits are multiplied by, a or s, and the sign's own bit. */
sonic_status sonic_ppa_and_produce(void *arg, size_t block, uint8_t *out, sonic_error *error)
{
    const sonic_ppa_run *run = arg;
    size_t planes = (size_t)run->ring - 1, rows = sonic_ppa_rows(run, block);
    size_t words = sonic_ppa_words(rows);
    uint64_t *state = sonic_ppa_state(run, block), *opened = sonic_ppa_outgoing(run, rows, out);
    (void)error;
    if (run->material->party == 0) {
        sonic_ppa_own_bits(run, block, state);
        sonic_ppa_random_planes(run, SONIC_PPA_AND_MASK, planes, block, opened);
        run->context->kernels.boolean.bxor(opened, opened, state, planes * words);
    } else {
        sonic_ppa_own_bits(run, block, run->bits);
        sonic_ppa_random_planes(run, SONIC_PPA_AND_MASK, planes, block, state);
        run->context->kernels.boolean.bxor(opened, run->bits, state, planes * words);
        memcpy(state + planes * words, run->bits + planes * words, words * 8);
    }
    sonic_ppa_send(out, opened, planes, rows);
    return SONIC_OK;
}

sonic_status sonic_ppa_and_consume(void *arg, size_t block, const uint8_t *in, sonic_error *error)
{
    const sonic_ppa_run *run = arg;
    size_t planes = (size_t)run->ring - 1, rows = sonic_ppa_rows(run, block);
    uint64_t *state = sonic_ppa_state(run, block);
    sonic_status status =
        sonic_ppa_dealt_planes(run, SONIC_PPA_AND_DEALT, planes, block, 0, run->dealt, error);
    if (status != SONIC_OK)
        return status;
    run->context->kernels.boolean.and_xor(state, state, sonic_ppa_incoming(run, in, planes, rows),
                                          run->dealt, planes * sonic_ppa_words(rows));
    return SONIC_OK;
}
