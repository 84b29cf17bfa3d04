/** @file
 * What every bench of a kernel does: measure a ceiling, then the kernel, the ceiling again, and
 * report rate and share.
 */
#ifndef SONIC_BENCH_MEASURE_H
#define SONIC_BENCH_MEASURE_H

#include "bench/ceilings.h"
#include "bench/networks.h"
#include "bench/shim.h"

/** One bench: a kernel at a shape on a tier.  Which of the fields matter, the functions say. */
typedef struct bench_case {
    sonic_bench_function *function;
    sonic_tier tier;
    unsigned ring; /**< SONIC_MOD32 or SONIC_MOD64 */
    unsigned op;   /**< of the primitive */
    size_t shape;  /**< elements, or an index */
    int threads;   /**< 0: one */
    bool packed;   /**< whether weights are packed beforehand, as for a model */
    void *memory;  /**< what the function keeps from call to call, malloc'ed; NULL at first */
} bench_case;

/** What one iteration is: `run(state)` does `amount` of `unit`. */
typedef struct bench_work {
    void (*run)(void *state);
    void *state;
    const char *unit; /**< "madds", "blocks", "bytes", "ands" */
    double amount;
    double traffic; /**< bytes of operands and results, or 0: amount / traffic is the intensity */
    bench_ceiling ceiling;
    int threads; /**< 0: one.  Of several the time is the wall's, and so many ceilings the ceiling
                  */
} bench_work;

/** Loops, and adds the counters `<unit>/s`, `ceiling`, `share` and `intensity`; time is this
 * thread's processor time.  Returns the rate. */
double bench_measure(sonic_bench *bench, const bench_work *work);

/** The rate of run(state) outside of a benchmark, the mean over at least `seconds` of processor
 * time. */
double bench_rate(void (*run)(void *state), void *state, double amount, double seconds);

/** The kernels of all tiers up to one. */
sonic_kernels bench_kernels(sonic_tier tier);

/** `bytes` bytes at 64, filled with something that is not zero; NULL, and the bench failed, without
 * memory. To be freed with free(). */
void *bench_buffer(sonic_bench *bench, size_t bytes);
/** The filling of it. */
void bench_fill(void *buffer, size_t bytes);

/** Add the benches of a group of primitives.
 * @param network  whose convolutions, and those of no network; NULL: all */
void bench_add_products(void);
void bench_add_convolutions(const bench_network *network);
void bench_add_streams(void);
void bench_add_garble(void);
void bench_add_ot(void);
void bench_add_cot(void);
void bench_add_vole(void);
void bench_add_dpf(void);

/** Adds one bench for each tier of this processor that has kernels of its own for the primitive,
 * named "<name>/<tier>". */
void bench_add(sonic_primitive primitive, const char *name, const bench_case *bench);

/** Adds a copy of one bench, as it is. */
void bench_add_case(const char *name, const bench_case *bench);

#endif
