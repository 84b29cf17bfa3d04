/** @file
 * Additive shares mod 2^l and XOR shares, split and joined.
 *
 * Split: share 0 is uniform, share 1 the difference; either alone says nothing (perfect secrecy, given
 * uniform randomness).  Buffers are `n` elements of the ring, secret.
 */
#ifndef SONIC_PROTO_SHARE_SHARE_H
#define SONIC_PROTO_SHARE_SHARE_H

#include <stddef.h>

#include "dispatch/context.h"

/** share0 random, share1 = x - share0.  share1 may equal x. */
void sonic_share_split(const sonic_context *context, sonic_ring ring, void *share0, void *share1,
                       const void *x, size_t n);
/** x = share0 + share1; x may equal either. */
void sonic_share_join(const sonic_context *context, sonic_ring ring, void *x, const void *share0,
                      const void *share1, size_t n);
/** The same for n bytes of XOR shares. */
void sonic_share_split_xor(void *share0, void *share1, const void *x, size_t n);
void sonic_share_join_xor(void *x, const void *share0, const void *share1, size_t n);

#endif
