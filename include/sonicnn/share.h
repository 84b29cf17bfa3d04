/** @file
 * Additive shares mod 2^l: what owners and users make for the two servers.
 *
 * Share 0 is uniform, share 1 the difference: either alone says nothing, given the uniform
 * randomness of libsodium's generator.  Buffers hold n ring elements and are secret.  Thread safe.
 */
#ifndef SONICNN_SHARE_H
#define SONICNN_SHARE_H

#include <sonicnn/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/** share0 random, share1 = x - share0 mod 2^ring.  share1 may equal x. */
SONIC_API void sonic_share_split(const sonic_context *context, sonic_ring ring, void *share0,
                                 void *share1, const void *x, size_t n);

/** x = share0 + share1 mod 2^ring; x may equal either. */
SONIC_API void sonic_share_join(const sonic_context *context, sonic_ring ring, void *x,
                                const void *share0, const void *share1, size_t n);

#ifdef __cplusplus
}
#endif
#endif
