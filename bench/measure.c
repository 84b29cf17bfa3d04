/* Measuring a kernel against a ceiling that is measured beside it. */
#include "bench/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/options.h"
#include "dispatch/cpu.h"

enum { MOST_CASES = 2048 };

double bench_measure(sonic_bench *bench, const bench_work *work)
{
    const int threads = work->threads > 1 ? work->threads : 1;
    double (*const now)(void) = threads > 1 ? bench_wall_seconds : bench_cpu_seconds;
    /* The machine may change its clock meanwhile: the better of before and after. */
    double ceiling = bench_ceiling_rate(&work->ceiling), iterations = 0;
    char unit[32];

    const double start = now();
    while (sonic_bench_running(bench)) {
        work->run(work->state);
        iterations++;
    }
    const double rate = iterations * work->amount / (now() - start);
    const double after = bench_ceiling_rate(&work->ceiling);
    ceiling = threads * (after > ceiling ? after : ceiling);

    snprintf(unit, sizeof unit, "%s/s", work->unit);
    sonic_bench_counter(bench, unit, rate);
    if (ceiling > 0) {
        sonic_bench_counter(bench, "ceiling", ceiling);
        sonic_bench_counter(bench, "share", rate / ceiling);
    }
    if (work->traffic > 0)
        sonic_bench_counter(bench, "intensity", work->amount / work->traffic);
    return rate;
}

double bench_rate(void (*run)(void *state), void *state, double amount, double seconds)
{
    const double start = bench_cpu_seconds();
    double done = 0, passed;
    do {
        run(state);
        done += amount;
        passed = bench_cpu_seconds() - start;
    } while (passed < seconds);
    return done / passed;
}

sonic_kernels bench_kernels(sonic_tier tier)
{
    sonic_kernels kernels;
    sonic_kernels_select(&kernels, sonic_cpu_tiers() & ((2u << tier) - 1));
    return kernels;
}

void bench_fill(void *buffer, size_t bytes)
{
    uint8_t *to = buffer;
    uint64_t z = 1;
    size_t i = 0;
    for (; i + sizeof z <= bytes; i += sizeof z) {
        z = z * 6364136223846793005 + 1442695040888963407;
        const uint64_t mixed = z ^ z >> 29;
        memcpy(to + i, &mixed, sizeof mixed);
    }
    for (; i < bytes; i++)
        to[i] = (uint8_t)(i * 167 + 13);
}

void *bench_buffer(sonic_bench *bench, size_t bytes)
{
    uint8_t *buffer = aligned_alloc(64, (bytes + 63) / 64 * 64 + 64);
    if (!buffer) {
        sonic_bench_fail(bench, "no memory");
        return NULL;
    }
    bench_fill(buffer, bytes);
    return buffer;
}

void bench_add_case(const char *name, const bench_case *bench)
{
    static bench_case cases[MOST_CASES]; /* the benchmarks' arguments outlive this function */
    static size_t used;
    if (used == MOST_CASES)
        abort();
    cases[used] = *bench;
    sonic_bench_add(name, bench->function, &cases[used++]);
}

void bench_add(sonic_primitive primitive, const char *name, const bench_case *bench)
{
    for (unsigned t = 0; t < SONIC_TIERS; t++) {
        bench_case copy = *bench;
        char full[128];
        copy.tier = (sonic_tier)t;
        if (!(sonic_cpu_tiers() >> t & 1) ||
            bench_kernels(copy.tier).chosen[primitive] != copy.tier)
            continue;
        snprintf(full, sizeof full, "%s/%s", name, sonic_tier_name(copy.tier));
        bench_add_case(full, &copy);
    }
}

int main(int argc, char **argv)
{
    bench_options options;
    if (bench_options_help(argc, argv))
        return 0;
    sonic_bench_begin(&argc, argv);
    if (!bench_options_read(&options, argc, argv))
        return 2;
    bench_describe();
    bench_add_products();
    bench_add_convolutions(options.network);
    bench_add_streams();
    bench_add_garble();
    bench_add_ot();
    bench_add_cot();
    bench_add_vole();
    bench_add_dpf();
    return sonic_bench_main();
}
