/** @file
 * The only source of randomness.  A library of its own, so that the tests, and only they, can link
 * a deterministic one in its place.
 */
#ifndef SONIC_PROTO_SHARE_RANDOM_H
#define SONIC_PROTO_SHARE_RANDOM_H

#include <stddef.h>

/** Fills n bytes from libsodium's generator.  Thread safe. */
void sonic_random_bytes(void *out, size_t n);

#endif
