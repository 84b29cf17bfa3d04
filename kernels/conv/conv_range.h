/** @file
 * Which output columns of a row read inside the input, for one column of the kernel.
 */
#ifndef SONIC_KERNELS_CONV_RANGE_H
#define SONIC_KERNELS_CONV_RANGE_H

#include <stddef.h>

/** Output columns begin to end, end excluded; begin <= end. */
typedef struct conv_range {
    size_t begin, end;
} conv_range;

/* The smallest o with o stride + offset >= bound. */
static inline size_t conv_first(size_t bound, size_t offset, size_t stride)
{
    if (bound <= offset)
        return 0;
    return stride == 1 ? bound - offset : (bound - offset - 1) / stride + 1;
}

/** The part of [begin, end) where pad <= o stride + offset < pad + size. */
static inline conv_range conv_inside(size_t offset, size_t pad, size_t size, size_t stride,
                                     size_t begin, size_t end)
{
    size_t low = conv_first(pad, offset, stride);
    size_t high = conv_first(pad + size, offset, stride);
    low = low < begin ? begin : low > end ? end : low;
    high = high < low ? low : high > end ? end : high;
    return (conv_range){low, high};
}

#endif
