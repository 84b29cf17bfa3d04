/* Additive and XOR shares: split with fresh randomness, joined by addition. */
#include "proto/share/share.h"

#include <stdint.h>

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

void sonic_share_split_xor(void *share0, void *share1, const void *x, size_t n)
{
    sonic_random_bytes(share0, n);
    sonic_share_join_xor(share1, x, share0, n);
}

void sonic_share_join_xor(void *x, const void *share0, const void *share1, size_t n)
{
    uint8_t *out = x;
    const uint8_t *a = share0, *b = share1;
    for (size_t i = 0; i < n; i++)
        out[i] = a[i] ^ b[i];
}
