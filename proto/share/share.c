/* Additive shares: split with fresh randomness, joined by addition. */
#include <sonicnn/share.h>

#include "dispatch/context.h"
#include "proto/share/random.h"

void sonic_share_split(const sonic_context *context, sonic_ring ring, void *share0, void *share1,
                       const void *x, size_t n)
{
    sonic_random_bytes(share0, n * sonic_ring_bytes(ring));
    context->kernels.vec[sonic_ring_index(ring)].sub(share1, x, share0, n);
}

void sonic_share_join(const sonic_context *context, sonic_ring ring, void *x, const void *share0,
                      const void *share1, size_t n)
{
    context->kernels.vec[sonic_ring_index(ring)].add(x, share0, share1, n);
}
