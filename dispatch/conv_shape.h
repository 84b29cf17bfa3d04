/** @file
 * A convolution's shape, checked.
 */
#ifndef SONIC_DISPATCH_CONV_SHAPE_H
#define SONIC_DISPATCH_CONV_SHAPE_H

#include <sonicnn/ring.h>

#include "dispatch/context.h"

/** Whether context and ring are what a convolution can use. */
SONIC_MUST_CHECK sonic_status sonic_conv_check(const sonic_context *context, sonic_ring ring,
                                               sonic_error *error);

/** Whether a tensor that is not empty is there; `name` in the sentence. */
SONIC_MUST_CHECK sonic_status sonic_conv_check_data(const char *name, const void *data, bool empty,
                                                    sonic_error *error);

/** Whether sonic_conv_pack() gives weights another form, rather than copy them as they are; true for
 * a bad shape, which it refuses with its reason. */
bool sonic_conv_packs(const sonic_conv_shape *shape);

#endif
