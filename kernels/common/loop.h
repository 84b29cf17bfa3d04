/** @file
 * Hints for loops that the compiler is to vectorise.
 */
#ifndef SONIC_KERNELS_COMMON_LOOP_H
#define SONIC_KERNELS_COMMON_LOOP_H

#include <stdint.h>

/** Before a loop whose iterations are independent although its output may be one of its inputs. */
#if defined(__clang__)
#define SONIC_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define SONIC_INDEPENDENT _Pragma("GCC ivdep")
#endif

/** Before a loop whose bounds are constants, perhaps only once it is inlined: no loop remains, and
 * the arrays that it indexes can be registers.  (clang takes a count for a wish.) */
#if defined(__clang__)
/* Not with its undefined-behaviour sanitizer, whose checks of every copy take clang 14 minutes. */
#if __has_feature(undefined_behavior_sanitizer)
#define SONIC_UNROLL
#else
#define SONIC_UNROLL _Pragma("clang loop unroll(full)")
#endif
#else
#define SONIC_UNROLL _Pragma("GCC unroll 16")
#endif

#define SONIC_INLINE static inline __attribute__((always_inline))

/** Elements at any address, in the machine's byte order. */
typedef uint32_t __attribute__((aligned(1), may_alias)) sonic_any32;
typedef uint64_t __attribute__((aligned(1), may_alias)) sonic_any64;

#endif
