// Google Benchmark for C: the only C++ of the project, the benches' competitors apart.
#include "bench/shim.h"

#include <benchmark/benchmark.h>

struct sonic_bench {
    benchmark::State &state;
};

namespace
{
bool failed; // whether any benchmark of this program did
}

extern "C" void sonic_bench_add(const char *name, sonic_bench_function *function, void *argument)
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

extern "C" void sonic_bench_pause(sonic_bench *bench)
{
    bench->state.PauseTiming();
}

extern "C" void sonic_bench_resume(sonic_bench *bench)
{
    bench->state.ResumeTiming();
}

extern "C" void sonic_bench_counter(sonic_bench *bench, const char *name, double value)
{
    bench->state.counters[name] = value;
}

extern "C" void sonic_bench_fail(sonic_bench *bench, const char *why)
{
    failed = true;
    bench->state.SkipWithError(why);
}

extern "C" void sonic_bench_context(const char *key, const char *value)
{
    benchmark::AddCustomContext(key, value);
}

extern "C" void sonic_bench_begin(int *argc, char **argv)
{
    benchmark::Initialize(argc, argv);
}

extern "C" int sonic_bench_main(void)
{
    const size_t run = benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return failed || run == 0;
}
