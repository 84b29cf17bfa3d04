/* The benches' own options. */
#include "bench/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static bool number(const char *text, long most, long *value)
{
    char *end;
    *value = strtol(text, &end, 10);
    return *text && !*end && *value >= 1 && *value <= most;
}

static bool take(bench_options *o, int option)
{
    long value = 0;
    switch (option) {
    case 'n':
        o->network = &o->chosen;
        o->chosen = bench_network_find(optarg);
        return o->chosen != BENCH_NETWORKS;
    case 'b':
        if (!number(optarg, 65536, &value))
            return false;
        o->batch = (uint32_t)value;
        return true;
    case 't':
        if (!number(optarg, 1024, &value))
            return false;
        o->threads = (int)value;
        return true;
    default: return false;
    }
}

bool bench_options_read(bench_options *o, int argc, char **argv)
{
    static const struct option known[] = {
        {"network", required_argument, NULL, 'n'},
        {"batch", required_argument, NULL, 'b'},
        {"threads", required_argument, NULL, 't'},
        {NULL, 0, NULL, 0},
    };
    bool good = true;
    *o = (bench_options){.network = NULL, .batch = 1, .threads = 1};
    for (int option; good && (option = getopt_long(argc, argv, "", known, NULL)) != -1;)
        good = take(o, option);
    if (good && optind == argc)
        return true;
    fprintf(
        stderr,
        "usage: %s [OPTION]...\n"
        "  --network=NAME   of the networks m1, m2, m3, f3, c1, r20, resnet50 and vgg16 only one\n"
        "  --batch=N        secure layers: images at a time (1)\n"
        "  --threads=N      secure layers: threads of each server (1)\n"
        "  --benchmark_...  Google Benchmark's own\n",
        argv[0]);
    return false;
}
