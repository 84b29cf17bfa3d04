/* Opening a masked tensor in its own place, block by block. */
#include "proto/compare/open.h"

#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/share/secret.h"

struct opening {
    const sonic_vec_kernels *vec;
    const sonic_material *material;
    uint64_t stream;
    size_t element; /* bytes */
    const uint64_t *kept;
    uint8_t *x;
    size_t bytes;
    uint8_t *mask;
};

static size_t block_bytes(void *arg, size_t block)
{
    const struct opening *o = arg;
    size_t left = o->bytes - block * SONIC_OPEN_BLOCK;
    return left < SONIC_OPEN_BLOCK ? left : SONIC_OPEN_BLOCK;
}

static sonic_status produce(void *arg, size_t block, uint8_t *out, sonic_error *error)
{
    struct opening *o = arg;
    size_t at = block * SONIC_OPEN_BLOCK, bytes = block_bytes(o, block), n = bytes / o->element;
    sonic_status status = SONIC_OK;
    if (o->kept)
        status = sonic_material_u(o->material, o->stream, at, *o->kept + at, o->mask, bytes, error);
    else
        sonic_material_random(o->material, o->stream, at, o->mask, bytes);
    if (status)
        return status;
    (o->kept ? o->vec->add : o->vec->sub)(o->x + at, o->x + at, o->mask, n);
    memcpy(out, o->x + at, bytes);
    return SONIC_OK;
}

static sonic_status consume(void *arg, size_t block, const uint8_t *in, sonic_error *error)
{
    struct opening *o = arg;
    uint8_t *x = o->x + block * SONIC_OPEN_BLOCK;
    (void)error;
    o->vec->add(x, x, in, block_bytes(o, block) / o->element);
    return SONIC_OK;
}

sonic_status sonic_open_masked(const sonic_context *context, sonic_channel *channel,
                               const sonic_material *material, uint64_t stream,
                               const uint64_t *kept, sonic_ring ring, void *x, size_t n,
                               sonic_error *error)
{
    struct opening o = {.vec = &context->kernels.vec[sonic_ring_index(ring)],
                        .material = material,
                        .stream = stream,
                        .kept = kept,
                        .element = sonic_ring_bytes(ring),
                        .x = x};
    if (!sonic_size_mul(&o.bytes, n, o.element))
        return sonic_fail(error, SONIC_E_SHAPE, "%zu elements do not fit in memory", n);
    o.mask = aligned_alloc(64, SONIC_OPEN_BLOCK);
    if (!o.mask)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for a block of masks");
    sonic_round round = {.blocks = o.bytes / SONIC_OPEN_BLOCK + (o.bytes % SONIC_OPEN_BLOCK != 0),
                         .block_bytes = block_bytes,
                         .produce = produce,
                         .consume = consume,
                         .arg = &o};
    sonic_status status = sonic_channel_round(channel, &round, error);
    sonic_secret_free(o.mask, SONIC_OPEN_BLOCK);
    return status;
}
