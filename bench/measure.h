/** @file
 * What every bench of a kernel does: measure a ceiling, then the kernel, and report rate and share.
 */
#ifndef SONIC_BENCH_MEASURE_H
#define SONIC_BENCH_MEASURE_H

#include "bench/shim.h"
#include "dispatch/kernels.h"
#include "kernels/ceiling/ceiling.h"

/** One bench: a kernel at a shape on a tier.  Which of the fields matter, the functions say. */
typedef struct bench_case {
    sonic_bench_function *function;
    sonic_tier tier;
    unsigned ring; /**< SONIC_MOD32 or SONIC_MOD64 */
    unsigned op; /**< of the primitive */
    size_t shape; /**< elements, or an index */
} bench_case;

/** What one iteration is: `run(state)` does `amount` of `unit`, whose ceiling is `ceiling` a
 * second. */
typedef struct bench_work {
    void (*run)(void *state);
    void *state;
    const char *unit; /**< "madds", "blocks", "bytes" */
    double amount;
    double ceiling;
} bench_work;

/** Loops, and adds the counters `<unit>/s`, `ceiling` and `share`; time is this thread's processor
 * time. */
void bench_measure(sonic_bench *bench, const bench_work *work);

/** The kernels of all tiers up to one. */
sonic_kernels bench_kernels(sonic_tier tier);

/** Operations a second of the tier's own ceiling, else of the lowest tier above it that has one on
 * this processor, else of the highest below; 0 if there is none. */
double bench_ceiling_ring(sonic_tier tier, unsigned ring);
double bench_ceiling_aes(sonic_tier tier);

/** Bytes a second, read and written, that memcpy moves in a buffer of that size. */
double bench_ceiling_copy(size_t bytes);

/** `bytes` bytes at 64, filled with something that is not zero; NULL, and the bench failed, without
 * memory. To be freed with free(). */
void *bench_buffer(sonic_bench *bench, size_t bytes);

/** Add the benches of a group of primitives. */
void bench_add_products(void);
void bench_add_streams(void);

/** Adds one bench for each tier of this processor that has kernels of its own for the primitive,
 * named
 * "<name>/<tier>". */
void bench_add(sonic_primitive primitive, const char *name, const bench_case *bench);

#endif
