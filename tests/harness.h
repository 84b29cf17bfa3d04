/** @file
 * What the kernel tests share: one table a tier, buffers between guard pages, reproducible data.
 *
 * Used by the Criterion tests and by tests/tier_check.c, which runs the same checks in one process
 * on an emulated processor; so a check reports through harness_fail() and never through Criterion.
 */
#ifndef SONIC_TESTS_HARNESS_H
#define SONIC_TESTS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dispatch/kernels.h"

/** A generator that a seed determines (splitmix64). */
typedef struct harness_random {
    uint64_t state;
} harness_random;

/** What a check is given. */
typedef struct harness_tier {
    const sonic_kernels *kernels; /**< the tier under test */
    const sonic_kernels *ref;     /**< the portable tier */
    harness_random random;        /**< starts at the same seed in every tier */
} harness_tier;

/** A check returns true, or harness_fail(). */
typedef bool (*harness_check)(harness_tier *tier);

/** Runs a check on each tier of this processor that has kernels of its own for the primitive, `ref`
 * included, stopping at the first failure.  A table holds all tiers up to the one under test. */
bool harness_each_tier(sonic_primitive primitive, harness_check check);

/** Restricts harness_each_tier() to the tiers in the mask. */
void harness_set_tiers(unsigned tiers);

/** How many tiers the last harness_each_tier() ran its check on. */
unsigned harness_tiers_run(void);

/** Records why a check failed; returns false. */
bool harness_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Why the last check failed, with tier and seed. */
const char *harness_message(void);

/** Leaves the calling check with a failure unless the condition holds. */
#define HARNESS_CHECK(condition, ...) \
    do { \
        if (!(condition)) \
            return harness_fail(__VA_ARGS__); \
    } while (0)

/** How often to repeat: n times SONIC_TEST_MULTIPLIER (a decimal number, default 1), at least 1. */
size_t harness_rounds(size_t n);

/** Replaces the multiplier. */
void harness_set_multiplier(double multiplier);

/** The sizes worth trying around a kernel's batch: 0 to 2 batch + 3, then primes up to 16 batch.
 * With a multiplier below 1 a sample of them.  Returns how many were written, at most max. */
size_t harness_sizes(size_t *sizes, size_t max, size_t batch);

uint64_t harness_next(harness_random *random);

/** A number below n (n > 0). */
size_t harness_below(harness_random *random, size_t n);

/** What to fill buffers with; all kinds but the first are hard on carries, signs or masks. */
typedef enum harness_fill_kind {
    HARNESS_RANDOM,
    HARNESS_ZEROS,
    HARNESS_ONES,
    HARNESS_TOP_BITS, /**< only the top bit of each 32-bit word */
    HARNESS_MIXED,    /**< 32-bit words from 0, 1, -1, the largest, the smallest, at random */
    HARNESS_FILLS
} harness_fill_kind;

/** Fills n bytes. */
void harness_fill(harness_random *random, void *out, size_t n, harness_fill_kind kind);

/** Where a buffer lies between its guard pages; canaries fill the bytes between. */
typedef enum harness_place {
    HARNESS_AT_START, /**< `gap` bytes after the guard page before it */
    HARNESS_AT_END    /**< `gap` bytes before the guard page after it */
} harness_place;

/** Memory whose neighbours must not be touched.  Any access to a guard page ends the process. */
typedef struct harness_buffer {
    uint8_t *data;
    size_t n;
    uint8_t *map;
    size_t mapped;
} harness_buffer;

/** Maps n bytes with guard pages before and after, or takes such a map from an earlier buffer.  A
 * failure to map ends the process. */
harness_buffer harness_buffer_make(size_t n, harness_place place, size_t gap);

/** True if the canaries around the data are whole. */
bool harness_buffer_intact(const harness_buffer *buffer);

void harness_buffer_free(harness_buffer *buffer);

#endif
