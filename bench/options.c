/* The benches' own options. */
#include "bench/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "  --network=NAME   of the networks m1, m2, m3, f3, c1, r20, resnet50 and vgg16 only one\n"
    "  --batch=N        secure layers: images at a time (1)\n"
    "  --threads=N      secure layers: threads of each server (1)\n"
    "  --relu=WAY       secure layers: how they compare (ppa); gc, by garbled circuits, or fss, by\n"
    "                   function secret sharing: only those that do\n"
    "  --benchmark_...  Google Benchmark's own, of which the most useful are\n"
    "      --benchmark_list_tests     the names of all benches\n"
    "      --benchmark_filter=REGEX   only benches with such a name; -REGEX: all others\n"
    "      --benchmark_min_time=S     seconds that each is run at least\n"
    "      --benchmark_repetitions=N  how often each is run\n"
    "      --benchmark_out=FILE.json  where the numbers go, beside the table\n";

bool bench_options_help(int argc, char **argv)
{
    int i = 1;
    while (i < argc && strcmp(argv[i], "--help") != 0)
        i++;
    if (i < argc)
        printf("Usage: %s [OPTION]...\n%s", argv[0], usage);
    return i < argc;
}

/* A number from 1 to `most`; otherwise false, and a sentence on standard error. */
static bool number(const char *program, const char *option, long most, long *value)
{
    char *end;
    *value = strtol(optarg, &end, 10);
    if (*optarg && !*end && *value >= 1 && *value <= most)
        return true;
    fprintf(stderr, "%s: --%s takes a number from 1 to %ld, not '%s'\n", program, option, most,
            optarg);
    return false;
}

static bool take(bench_options *o, const char *program, int option)
{
    long value = 1;
    sonic_error error;
    switch (option) {
    case 'n':
        o->network = &o->chosen;
        o->chosen = bench_network_find(optarg);
        if (o->chosen == BENCH_NETWORKS)
            fprintf(stderr, "%s: --network knows no '%s'; see --help\n", program, optarg);
        return o->chosen != BENCH_NETWORKS;
    case 'b':
        if (!number(program, "batch", 65536, &value))
            return false;
        o->batch = (uint32_t)value;
        return true;
    case 't':
        if (!number(program, "threads", 1024, &value))
            return false;
        o->threads = (int)value;
        return true;
    case 'r':
        if (sonic_relu_parse(&o->relu, optarg, &error)) {
            fprintf(stderr, "%s: --%s\n", program, error.text);
            return false;
        }
        return true;
    default: /* getopt_long() has said what it is */
        return false;
    }
}

bool bench_options_read(bench_options *o, int argc, char **argv)
{
    static const struct option known[] = {
        {"network", required_argument, NULL, 'n'},
        {"batch", required_argument, NULL, 'b'},
        {"threads", required_argument, NULL, 't'},
        {"relu", required_argument, NULL, 'r'},
        {NULL, 0, NULL, 0},
    };
    bool good = true;
    *o = (bench_options){.network = NULL, .batch = 1, .threads = 1, .relu = SONIC_RELU_PPA};
    for (int option; good && (option = getopt_long(argc, argv, "", known, NULL)) != -1;)
        good = take(o, argv[0], option);
    if (good && optind < argc) {
        fprintf(stderr, "%s: '%s' is no option; see --help\n", argv[0], argv[optind]);
        return false;
    }
    return good;
}
