/* Ceilings, measured beside what they are the ceilings of. */
#include "config.h"

#include "bench/ceilings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/shim.h"
#include "dispatch/cpu.h"
#include "kernels/ceiling/ceiling.h"

enum { TRIES = 5 };

/* Long against the clock's resolution, short against a time slice. */
static const double TRY_SECONDS = 1e-3;

/* Larger copies than this go at the same speed: it is beyond the caches of one core. */
static const size_t MOST_COPIED = (size_t)128 << 20;

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double bench_cpu_seconds(void)
{
    return seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

double bench_wall_seconds(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

/* The ceilings of one tier alone. */
static sonic_ceilings ceilings_of(unsigned tier)
{
    sonic_ceilings ceilings = {.aes = NULL};
    if (!(sonic_cpu_tiers() >> tier & 1))
        return ceilings;
#ifdef SONIC_HAVE_AESNI
    if (tier == SONIC_TIER_AESNI)
        sonic_ceiling_select_aesni(&ceilings);
#endif
#ifdef SONIC_HAVE_AVX2
    if (tier == SONIC_TIER_AVX2)
        sonic_ceiling_select_avx2(&ceilings);
#endif
#ifdef SONIC_HAVE_VAES256
    if (tier == SONIC_TIER_VAES256)
        sonic_ceiling_select_vaes256(&ceilings);
#endif
#ifdef SONIC_HAVE_AVX512
    if (tier == SONIC_TIER_AVX512)
        sonic_ceiling_select_avx512(&ceilings);
#endif
#ifdef SONIC_HAVE_AVX512IFMA
    if (tier == SONIC_TIER_AVX512IFMA)
        sonic_ceiling_select_avx512ifma(&ceilings);
#endif
    return ceilings;
}

/* Runs `run(state, rounds)`, which returns how many operations that was, for long enough: the best
 * of a few tries, because a ceiling is what the processor can do when left alone. */
static double best_rate(double (*run)(void *state, uint64_t rounds), void *state)
{
    double best = 0;
    uint64_t rounds = 1;
    for (unsigned tries = 0; tries < TRIES;) {
        const double start = bench_cpu_seconds();
        const double done = run(state, rounds);
        const double seconds = bench_cpu_seconds() - start;
        if (seconds < TRY_SECONDS) {
            rounds *= 2;
            continue;
        }
        if (done / seconds > best)
            best = done / seconds;
        tries++;
    }
    return best;
}

typedef struct registers {
    _Alignas(64) uint8_t sink[SONIC_CEILING_SINK];
    sonic_ceiling *ceiling;
} registers;

static double run_registers(void *state, uint64_t rounds)
{
    registers *r = state;
    return (double)r->ceiling(256 * rounds, r->sink);
}

static double rate_of(sonic_ceiling *ceiling)
{
    registers r = {.ceiling = ceiling};
    memset(r.sink, 3, sizeof r.sink);
    return ceiling ? best_rate(run_registers, &r) : 0;
}

static double tier_rate(unsigned tier, const bench_ceiling *ceiling)
{
    const sonic_ceilings ceilings = ceilings_of(tier);
    double best = 0;
    if (ceiling->kind == BENCH_AES)
        return rate_of(ceilings.aes) / (ceiling->blocks ? ceiling->blocks : 1);
    for (unsigned mix = 0; mix < SONIC_CEILING_MIXES; mix++) {
        const double rate = rate_of(ceilings.ring[ceiling->ring][mix]);
        if (rate > best)
            best = rate;
    }
    return best;
}

typedef struct copy {
    uint8_t *buffer;
    size_t half;
} copy;

static double run_copy(void *state, uint64_t rounds)
{
    const copy *c = state;
    for (uint64_t r = 0; r < rounds; r++) {
        memcpy(c->buffer + c->half, c->buffer, c->half);
        __asm__ volatile("" : : "r"(c->buffer) : "memory");
    }
    return 2 * (double)c->half * (double)rounds;
}

static double copy_rate(size_t bytes)
{
    copy c = {.half = (bytes < MOST_COPIED ? bytes : MOST_COPIED) / 2 + 1};
    c.buffer = malloc(2 * c.half);
    if (!c.buffer)
        return 0;
    memset(c.buffer, 1, 2 * c.half);
    const double rate = best_rate(run_copy, &c);
    free(c.buffer);
    return rate;
}

double bench_ceiling_rate(const bench_ceiling *ceiling)
{
    double found = 0;
    if (ceiling->kind == BENCH_NO_CEILING)
        return 0;
    if (ceiling->kind == BENCH_COPY)
        return copy_rate(ceiling->bytes);
    for (unsigned t = ceiling->tier; t < SONIC_TIERS && found <= 0; t++)
        found = tier_rate(t, ceiling);
    for (unsigned t = ceiling->tier; t-- > 0 && found <= 0;)
        found = tier_rate(t, ceiling);
    return found;
}

/* One line of the context: a ceiling of a tier that has its own. */
static void describe_ceiling(sonic_tier tier, bench_ceiling_kind kind, unsigned ring)
{
    const bench_ceiling ceiling = {.kind = kind, .tier = tier, .ring = ring};
    const double rate = tier_rate(tier, &ceiling);
    char key[64], value[32];
    if (rate <= 0)
        return;
    if (kind == BENCH_AES)
        snprintf(key, sizeof key, "ceiling/aes/%s", sonic_tier_name(tier));
    else
        snprintf(key, sizeof key, "ceiling/ring%d/%s", ring == SONIC_MOD64 ? 64 : 32,
                 sonic_tier_name(tier));
    snprintf(value, sizeof value, "%.4g", rate);
    sonic_bench_context(key, value);
}

void bench_describe(void)
{
    char text[256], tiers[64] = "";
    sonic_cpu_name(text, sizeof text);
    sonic_bench_context("processor", text);
    sonic_bench_context("compiler", BENCH_COMPILER);
    for (unsigned t = 0; t < SONIC_TIERS; t++)
        if (sonic_cpu_tiers() >> t & 1) {
            strncat(tiers, t ? " " : "", sizeof tiers - strlen(tiers) - 1);
            strncat(tiers, sonic_tier_name((sonic_tier)t), sizeof tiers - strlen(tiers) - 1);
        }
    sonic_bench_context("tiers", tiers);
    for (unsigned t = 0; t < SONIC_TIERS; t++) {
        describe_ceiling((sonic_tier)t, BENCH_RING, SONIC_MOD32);
        describe_ceiling((sonic_tier)t, BENCH_RING, SONIC_MOD64);
        describe_ceiling((sonic_tier)t, BENCH_AES, 0);
    }
    snprintf(text, sizeof text, "%.4g", copy_rate(MOST_COPIED));
    sonic_bench_context("copy", text);
}
