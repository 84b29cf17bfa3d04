/** @file
 * Depthwise convolutions: a kernel a channel, which is no product.
 */
#ifndef SONIC_DISPATCH_DEPTHWISE_H
#define SONIC_DISPATCH_DEPTHWISE_H

#include <sonicnn/ring.h>

#include "dispatch/context.h"

/** A checked convolution that is not empty, of as many groups as input channels. */
typedef struct sonic_depthwise {
    int threads;
    const sonic_conv_kernels *kernels;
    const sonic_conv_shape *shape;
    const sonic_conv_geometry *geometry;
    size_t bytes; /**< of an element */
    void *y;
    const void *x, *w;
    bool accumulate;
} sonic_depthwise;

/** y (+)= x * w.  @return SONIC_E_MEMORY (y is unchanged) */
SONIC_MUST_CHECK sonic_status sonic_depthwise_run(const sonic_depthwise *depthwise,
                                                  sonic_error *error);

#endif
