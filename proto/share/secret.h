/** @file
 * Memory that holds secrets.
 */
#ifndef SONIC_PROTO_SHARE_SECRET_H
#define SONIC_PROTO_SHARE_SECRET_H

#include <sodium.h>
#include <stdlib.h>

/** Wipes the bytes of an allocation and frees it; NULL is allowed. */
static inline void sonic_secret_free(void *memory, size_t bytes)
{
    if (memory)
        sodium_memzero(memory, bytes);
    free(memory);
}

#endif
