/** @file
 * What the processor can do at most, measured: loops of a primitive's instructions on registers,
 * and copying.
 */
#ifndef SONIC_BENCH_CEILINGS_H
#define SONIC_BENCH_CEILINGS_H

#include "dispatch/kernels.h"

typedef enum bench_ceiling_kind {
    BENCH_NO_CEILING,
    BENCH_RING, /**< multiply-adds of `ring`, the best mix of the tier's */
    BENCH_AES,  /**< operations of `blocks` blocks */
    BENCH_COPY  /**< bytes read and written by memcpy where both are `bytes` together */
} bench_ceiling_kind;

typedef struct bench_ceiling {
    bench_ceiling_kind kind;
    sonic_tier tier; /**< RING, AES: the tier's own mixes, else those of the lowest tier above it
                        that has some on this processor, else of the highest below */
    unsigned ring;   /**< SONIC_MOD32 or SONIC_MOD64 */
    unsigned blocks; /**< AES: that an operation takes; 0: one */
    size_t bytes;
} bench_ceiling;

/** Operations a second, the best of a few tries of a millisecond; 0 if there is none. */
double bench_ceiling_rate(const bench_ceiling *ceiling);

/** Processor seconds of this thread, and wall seconds: of any start. */
double bench_cpu_seconds(void);
double bench_wall_seconds(void);

/** Heads the JSON output with the processor, its tiers, the compiler, and the ceilings. */
void bench_describe(void);

#endif
