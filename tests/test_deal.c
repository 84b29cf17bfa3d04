/* The dealer's files: what the plan says, the same on every tier, and both or none. */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/dealt.h"
#include "tests/random_test.h"

static uint8_t *read_file(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    struct stat info;
    cr_assert_not_null(file, "%s", path);
    cr_assert_eq(fstat(fileno(file), &info), 0);
    *n = (size_t)info.st_size;
    uint8_t *bytes = malloc(*n + 1);
    cr_assert_eq(fread(bytes, 1, *n, file), *n);
    fclose(file);
    return bytes;
}

static void check_files(sonic_relu relu, const sonic_graph *graph)
{
    sonic_context *context[SONIC_TIERS];
    size_t tiers = test_contexts(context), n[2] = {0, 0};
    uint8_t *first[2] = {NULL, NULL};
    for (size_t t = 0; t < tiers; t++) {
        test_pools pools;
        sonic_test_seed(8);
        context[t]->threads = 1 + (int)t;
        test_pools_deal(&pools, context[t], graph, relu, 1, 3);
        for (unsigned p = 0; p < 2; p++) {
            const sonic_file_header *header = sonic_pool_header(pools.pool[p]);
            cr_assert_eq(header->kind, SONIC_FILE_POOL);
            cr_assert_eq(header->party, p);
            cr_assert_eq(header->ring, SONIC_RING_32);
            cr_assert_eq(header->batch, 1);
            cr_assert_eq(header->count, 3);
            cr_assert_eq(header->data_bytes,
                         3 * (p == 0 ? pools.plan.common_bytes : pools.plan.slot_bytes));
            cr_assert_eq(header->data_bytes > 0, p == 1 || relu == SONIC_RELU_FSS);
            cr_assert_str_eq((const char *)header->model, "a model");
            cr_assert_eq(
                memcmp(header->pair, sonic_pool_header(pools.pool[0])->pair, SONIC_ID_BYTES), 0);
            cr_assert_eq(memcmp(sonic_pool_plan_digest(pools.pool[p]), pools.plan.digest,
                                SONIC_DIGEST_BYTES),
                         0);

            size_t size;
            struct stat info;
            cr_assert_eq(stat(pools.path[p], &info), 0);
            cr_assert_eq(info.st_mode & 0777, 0600);
            uint8_t *bytes = read_file(pools.path[p], &size);
            if (t == 0) {
                first[p] = bytes;
                n[p] = size;
                continue;
            }
            cr_assert_eq(size, n[p]);
            cr_assert_eq(memcmp(bytes, first[p], size), 0, "%s deals something else than %s",
                         sonic_context_tier(context[t]), sonic_context_tier(context[0]));
            free(bytes);
        }
        cr_assert_neq(memcmp(sonic_pool_seed(pools.pool[0]), sonic_pool_seed(pools.pool[1]), 16),
                      0);
        test_pools_free(&pools);
    }
    for (unsigned p = 0; p < 2; p++)
        free(first[p]);
    for (size_t t = 0; t < tiers; t++)
        sonic_context_free(context[t]);
}

Test(deal, files_are_what_the_plan_says_on_every_tier)
{
    sonic_graph graph;
    test_graph_material(&graph, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC);
    check_files(SONIC_RELU_PPA, &graph);
    sonic_graph_free(&graph);
    /* More blocks of keys than threads, the last one of few. */
    test_graph_relu(&graph, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, 5 * 1024 + 3, 8);
    test_graph_append(&graph, SONIC_OP_TRUNC, 1)->shift = 4;
    check_files(SONIC_RELU_FSS, &graph);
    sonic_graph_free(&graph);
}

static const uint8_t model[SONIC_ID_BYTES] = "some model";

typedef struct progress_log {
    uint64_t calls, stop_at;
} progress_log;

static int log_progress(void *arg, uint64_t done, uint64_t total)
{
    progress_log *log = arg;
    log->calls++;
    cr_assert_eq(done, log->calls);
    cr_assert_eq(total, 5);
    return done == log->stop_at;
}

Test(deal, both_files_appear_or_none)
{
    sonic_context *context;
    sonic_graph graph;
    test_pools pools;
    sonic_error error;
    progress_log log = {0, 3};
    char missing[128];
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    test_graph_relu(&graph, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, 10, 4);
    test_pools_begin(&pools, &graph, SONIC_RELU_PPA, 1);
    snprintf(missing, sizeof missing, "%s/missing/pool", pools.directory);
    const char *zero = pools.path[0], *one = pools.path[1];

    cr_assert_eq(sonic_deal(context, &graph, model, SONIC_RELU_PPA, 1, 5, zero, one, log_progress,
                            &log, &error),
                 SONIC_E_CLOSED);
    cr_assert_str_eq(error.text, "dealing was stopped after 3 of 5 inferences");
    cr_assert_eq(log.calls, 3);
    cr_assert_eq(rmdir(pools.directory), 0, "something was left behind");
    cr_assert_eq(mkdir(pools.directory, 0700), 0);

    cr_assert_eq(
        sonic_deal(context, &graph, model, SONIC_RELU_PPA, 1, 5, missing, one, NULL, NULL, &error),
        SONIC_E_FILE);
    cr_assert_eq(
        sonic_deal(context, &graph, model, SONIC_RELU_PPA, 1, 5, zero, missing, NULL, NULL, &error),
        SONIC_E_FILE);
    cr_assert_eq(
        sonic_deal(context, &graph, model, SONIC_RELU_PPA, 1, 5, zero, zero, NULL, NULL, &error),
        SONIC_E_ARGUMENT);
    cr_assert_eq(
        sonic_deal(context, &graph, model, SONIC_RELU_PPA, 1, 0, zero, one, NULL, NULL, &error),
        SONIC_E_ARGUMENT);
    cr_assert_str_eq(error.text, "a pool must hold at least one inference");
    cr_assert_eq(
        sonic_deal(context, &graph, model, SONIC_RELU_PPA, 0, 5, zero, one, NULL, NULL, &error),
        SONIC_E_ARGUMENT);
    cr_assert_eq(rmdir(pools.directory), 0, "something was left behind");
    cr_assert_eq(mkdir(pools.directory, 0700), 0);

    /* A target that cannot be replaced shows only when the first file is already in place. */
    cr_assert_eq(mkdir(zero, 0700), 0);
    cr_assert_eq(
        sonic_deal(context, &graph, model, SONIC_RELU_PPA, 1, 5, zero, one, NULL, NULL, &error),
        SONIC_E_FILE);
    cr_assert_neq(access(one, F_OK), 0, "server 1's pool was left alone");
    cr_assert_eq(rmdir(zero), 0);

    log = (progress_log){0, 99};
    cr_assert_eq(sonic_deal(context, &graph, model, SONIC_RELU_PPA, 1, 5, zero, one, log_progress,
                            &log, &error),
                 SONIC_OK);
    cr_assert_eq(log.calls, 5);
    cr_assert_eq(sonic_pool_open(&pools.pool[0], zero, &error), SONIC_OK);
    cr_assert_eq(sonic_pool_open(&pools.pool[1], one, &error), SONIC_OK);
    test_pools_free(&pools);
    sonic_graph_free(&graph);
    sonic_context_free(context);
}

/* As on a full disk.  With keys party 1's file is the larger one, by corrections. */
Test(deal, a_file_that_cannot_grow_is_named)
{
    sonic_graph graph;
    test_pools pools;
    sonic_error error;
    test_graph_relu(&graph, SONIC_RING_64, SONIC_TRUNC_LOCAL, 10000, 8);
    test_pools_begin(&pools, &graph, SONIC_RELU_FSS, 1);
    signal(SIGXFSZ, SIG_IGN);
    for (unsigned i = 0; i < 4; i++) {
        const unsigned party = i % 2;
        const sonic_context_options options = {.threads = 1 + (int)i / 2};
        sonic_context *context;
        cr_assert_eq(sonic_context_create(&context, &options, NULL), SONIC_OK);
        const rlim_t most = pools.plan.common_bytes / (2 - party) + 100000;
        cr_assert_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){most, RLIM_INFINITY}), 0);
        cr_assert_eq(sonic_deal(context, &graph, model, SONIC_RELU_FSS, 1, 1, pools.path[0],
                                pools.path[1], NULL, NULL, &error),
                     SONIC_E_FILE);
        cr_assert(strstr(error.text, pools.path[party]), "%s", error.text);
        cr_assert(strstr(error.text, "file too large"), "%s", error.text);
        cr_assert_eq(rmdir(pools.directory), 0, "something was left behind");
        cr_assert_eq(mkdir(pools.directory, 0700), 0);
        sonic_context_free(context);
    }
    test_pools_free(&pools);
    sonic_graph_free(&graph);
}
