/* Measuring a kernel against a ceiling that is measured beside it. */
#include "config.h"

#include "bench/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dispatch/cpu.h"

enum { TRIES = 5, MOST_CASES = 1024 };

static const double TRY_SECONDS =
    1e-3; /* long against the clock's resolution, short against a time slice */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void bench_measure(sonic_bench *bench, const bench_work *work)
{
    char unit[32];
    double iterations = 0, start = now();
    while (sonic_bench_running(bench)) {
        work->run(work->state);
        iterations++;
    }
    const double rate = iterations * work->amount / (now() - start);
    snprintf(unit, sizeof unit, "%s/s", work->unit);
    sonic_bench_counter(bench, unit, rate);
    if (work->ceiling > 0) {
        sonic_bench_counter(bench, "ceiling", work->ceiling);
        sonic_bench_counter(bench, "share", rate / work->ceiling);
    }
}

sonic_kernels bench_kernels(sonic_tier tier)
{
    sonic_kernels kernels;
    sonic_kernels_select(&kernels, sonic_cpu_tiers() & ((2u << tier) - 1));
    return kernels;
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
    return ceilings;
}

/* The best of a few short tries: a ceiling is what the processor can do when
 * left alone. */
static double rate_of(sonic_ceiling *ceiling)
{
    _Alignas(64) uint8_t sink[SONIC_CEILING_SINK];
    double best = 0;
    uint64_t steps = 1024;
    if (!ceiling)
        return 0;
    memset(sink, 3, sizeof sink);
    for (unsigned tries = 0; tries < TRIES;) {
        const double start = now();
        const uint64_t done = ceiling(steps, sink);
        const double seconds = now() - start;
        if (seconds < TRY_SECONDS) {
            steps *= 2;
            continue;
        }
        if ((double)done / seconds > best)
            best = (double)done / seconds;
        tries++;
    }
    return best;
}

/* The best of a tier's mixes; 0 if it has none. */
static double best_of(unsigned tier, int ring)
{
    const sonic_ceilings ceilings = ceilings_of(tier);
    double best = 0;
    if (ring < 0)
        return rate_of(ceilings.aes);
    for (unsigned mix = 0; mix < SONIC_CEILING_MIXES; mix++) {
        const double rate = rate_of(ceilings.ring[ring][mix]);
        if (rate > best)
            best = rate;
    }
    return best;
}

/* The tier's own, the next above, the next below. */
static double nearest(unsigned tier, int ring)
{
    double found = 0;
    for (unsigned t = tier; t < SONIC_TIERS && found <= 0; t++)
        found = best_of(t, ring);
    for (unsigned t = tier; t-- > 0 && found <= 0;)
        found = best_of(t, ring);
    return found;
}

double bench_ceiling_ring(sonic_tier tier, unsigned ring)
{
    return nearest(tier, (int)ring);
}

double bench_ceiling_aes(sonic_tier tier)
{
    return nearest(tier, -1);
}

double bench_ceiling_copy(size_t bytes)
{
    const size_t half = bytes / 2;
    uint8_t *buffer = malloc(2 * half + 1);
    double best = 0;
    size_t rounds = 1;
    if (!buffer || !half) {
        free(buffer);
        return 0;
    }
    memset(buffer, 1, 2 * half);
    for (unsigned tries = 0; tries < TRIES;) {
        const double start = now();
        for (size_t r = 0; r < rounds; r++) {
            memcpy(buffer + half, buffer, half);
            __asm__ volatile("" : : "r"(buffer) : "memory");
        }
        const double seconds = now() - start;
        if (seconds < TRY_SECONDS) {
            rounds *= 2;
            continue;
        }
        if (2 * (double)half * (double)rounds / seconds > best)
            best = 2 * (double)half * (double)rounds / seconds;
        tries++;
    }
    free(buffer);
    return best;
}

void *bench_buffer(sonic_bench *bench, size_t bytes)
{
    uint8_t *buffer = aligned_alloc(64, (bytes + 63) / 64 * 64 + 64);
    if (!buffer) {
        sonic_bench_fail(bench, "no memory");
        return NULL;
    }
    for (size_t i = 0; i < bytes; i++)
        buffer[i] = (uint8_t)(i * 167 + 13);
    return buffer;
}

void bench_add(sonic_primitive primitive, const char *name, const bench_case *bench)
{
    static bench_case cases[MOST_CASES]; /* the benchmarks' arguments outlive this function */
    static size_t used;
    for (unsigned t = 0; t < SONIC_TIERS; t++) {
        char full[128];
        if (!(sonic_cpu_tiers() >> t & 1) ||
            bench_kernels((sonic_tier)t).chosen[primitive] != (sonic_tier)t)
            continue;
        if (used == MOST_CASES)
            abort();
        bench_case *copy = &cases[used++];
        *copy = *bench;
        copy->tier = (sonic_tier)t;
        snprintf(full, sizeof full, "%s/%s", name, sonic_tier_name((sonic_tier)t));
        sonic_bench_add(full, bench->function, copy);
    }
}

int main(int argc, char **argv)
{
    bench_add_products();
    bench_add_streams();
    return sonic_bench_main(argc, argv);
}
