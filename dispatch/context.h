/** @file
 * Inside of a context, and the drivers that spread kernels over threads.
 */
#ifndef SONIC_DISPATCH_CONTEXT_H
#define SONIC_DISPATCH_CONTEXT_H

#include <sonicnn/context.h>

#include "dispatch/kernels.h"

struct sonic_context {
    sonic_kernels kernels;
    int threads; /**< at least 1 */
};

/** SONIC_MOD32 or SONIC_MOD64. */
static inline unsigned sonic_ring_index(sonic_ring ring)
{
    return ring == SONIC_RING_64 ? SONIC_MOD64 : SONIC_MOD32;
}

/** Bytes of an element: 4 or 8. */
static inline size_t sonic_ring_bytes(sonic_ring ring)
{
    return (size_t)ring / 8;
}

#endif
