/** @file
 * Additive shares mod 2^l and XOR shares, split and joined.
 *
 * Split: share 0 is uniform, share 1 the difference; either alone says nothing (perfect secrecy, given
 * uniform randomness).  Buffers are `n` elements of the ring, secret.
 */
#ifndef SONIC_PROTO_SHARE_SHARE_H
#define SONIC_PROTO_SHARE_SHARE_H

#include <stddef.h>

#include <sonicnn/share.h>

#include "dispatch/context.h"

/** As the additive forms of <sonicnn/share.h>, for n bytes of XOR shares. */
void sonic_share_split_xor(void *share0, void *share1, const void *x, size_t n);
void sonic_share_join_xor(void *x, const void *share0, const void *share1, size_t n);

#endif
