/** @file
 * What depthwise convolutions need beside the lanes of products, one lane wide: portable C.
 *
 * Every edge_<tier>.h offers, for l = 32 and 64, on the types of kernels/ring/lanes_<tier>.h:
 * `less`, a difference; `join`, two accumulators' sum; `hold`, which keeps the compiler from adding
 * up in another order (gcc 12 adds in a tree, and spills its leaves); `split`, the even and the odd
 * elements of two vectors on end.
 */
#ifndef SONIC_KERNELS_CONV_EDGE_H
#define SONIC_KERNELS_CONV_EDGE_H

#include <stddef.h>

#include "kernels/ring/lanes_ref.h"

#define EDGE_REF(bits)                                                                             \
    static inline lanes##bits##_vec edge##bits##_less(lanes##bits##_vec a, lanes##bits##_vec b)    \
    {                                                                                              \
        return a - b;                                                                              \
    }                                                                                              \
    static inline lanes##bits##_sum edge##bits##_join(lanes##bits##_sum a, lanes##bits##_sum b)    \
    {                                                                                              \
        return a + b;                                                                              \
    }                                                                                              \
    static inline void edge##bits##_hold(lanes##bits##_sum *s)                                     \
    {                                                                                              \
        (void)s;                                                                                   \
    }                                                                                              \
    static inline void edge##bits##_split(lanes##bits##_vec *even, lanes##bits##_vec *odd,         \
                                          lanes##bits##_vec a, lanes##bits##_vec b)                \
    {                                                                                              \
        *even = a;                                                                                 \
        *odd = b;                                                                                  \
    }

EDGE_REF(32)
EDGE_REF(64)
#undef EDGE_REF

#endif
