// Google Benchmark for C: the only C++ of the project.
#include "bench/shim.h"

#include <benchmark/benchmark.h>

struct sonic_bench {
    benchmark::State &state;
};

extern "C" void sonic_bench_add(const char *name, sonic_bench_function *function,
                                const void *argument)
{
    benchmark::RegisterBenchmark(name, [=](benchmark::State &state) {
        sonic_bench bench{state};
        function(&bench, argument);
    });
}

extern "C" bool sonic_bench_running(sonic_bench *bench)
{
    return bench->state.KeepRunning();
}

extern "C" void sonic_bench_counter(sonic_bench *bench, const char *name, double value)
{
    bench->state.counters[name] = value;
}

extern "C" void sonic_bench_fail(sonic_bench *bench, const char *why)
{
    bench->state.SkipWithError(why);
}

extern "C" int sonic_bench_main(int argc, char **argv)
{
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 2;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
