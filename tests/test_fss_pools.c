/* Pools that hold keys: either party's is refused in one sentence that names it where it is cut,
 * altered, used or not the plan's. */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/offline/material.h"
#include "proto/offline/streams.h"
#include "proto/session/state.h"
#include "tests/dealt.h"
#include "tests/random_test.h"

enum { COUNT = 2, VALUES = 1100 };

static void deal(test_pools *pools, sonic_graph *graph, sonic_context **context, uint64_t seed)
{
    cr_assert_eq(sonic_context_create(context, NULL, NULL), SONIC_OK);
    sonic_test_seed(seed);
    test_graph_relu(graph, SONIC_RING_32, SONIC_TRUNC_LOCAL, VALUES, 8);
    test_graph_append(graph, SONIC_OP_RELU, 1);
    test_pools_deal(pools, *context, graph, SONIC_RELU_FSS, 1, COUNT);
}

static void clean_up(test_pools *pools, sonic_graph *graph, sonic_context *context)
{
    test_pools_free(pools);
    sonic_graph_free(graph);
    sonic_context_free(context);
}

static void expect_sentence(const sonic_error *error, const char *path, const char *what)
{
    cr_assert(strstr(error->text, path), "'%s' does not name %s", error->text, path);
    cr_assert(strstr(error->text, what), "'%s', not '%s'", error->text, what);
    cr_assert_null(strchr(error->text, '\n'));
}

/* Gives the pool up, so that its file may be changed. */
static off_t close_pool(test_pools *pools, unsigned party)
{
    struct stat info;
    sonic_pool_free(pools->pool[party]);
    pools->pool[party] = NULL;
    cr_assert_eq(stat(pools->path[party], &info), 0);
    return info.st_size;
}

Test(fss_pools, a_cut_one_is_refused)
{
    sonic_context *context;
    sonic_graph graph;
    test_pools pools;
    deal(&pools, &graph, &context, 41);
    for (unsigned party = 0; party < 2; party++) {
        const off_t size = close_pool(&pools, party);
        const off_t cuts[] = {size - 1, size - 8, size / 2, 4096, 100, 0};
        for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
            sonic_error error = {0};
            cr_assert_eq(truncate(pools.path[party], cuts[i]), 0);
            cr_assert_eq(sonic_pool_open(&pools.pool[party], pools.path[party], &error),
                         SONIC_E_FORMAT, "party %u, cut to %lld", party, (long long)cuts[i]);
            expect_sentence(&error, pools.path[party], "");
        }
    }
    clean_up(&pools, &graph, context);
}

static void flip(const char *path, off_t at)
{
    uint8_t byte;
    int fd = open(path, O_RDWR);
    cr_assert_geq(fd, 0);
    cr_assert_eq(pread(fd, &byte, 1, at), 1);
    byte ^= 16;
    cr_assert_eq(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

/* Party `party` reads all that it has for node 1 of the inference. */
static sonic_status read_keys(const test_pools *pools, const sonic_context *context, unsigned party,
                              uint32_t slot, sonic_error *error)
{
    const sonic_step *step = &pools->plan.step[1];
    const size_t n = (size_t)(party ? step->offline_bytes : step->common_bytes);
    sonic_material material;
    void *keys = malloc(n);
    sonic_material_begin(&material, context, pools->pool[party], &pools->plan, slot, 1);
    sonic_status status = sonic_material_common(&material, 0, keys, n, error);
    sonic_material_end(&material);
    free(keys);
    return status;
}

Test(fss_pools, a_used_one_is_refused)
{
    sonic_context *context;
    sonic_graph graph;
    test_pools pools;
    sonic_error error = {0};
    deal(&pools, &graph, &context, 42);
    for (unsigned party = 0; party < 2; party++) {
        cr_assert_eq(read_keys(&pools, context, party, 0, &error), SONIC_OK, "%s", error.text);
        (void)close_pool(&pools, party);
        cr_assert_eq(sonic_pool_open(&pools.pool[party], pools.path[party], &error), SONIC_OK);
        cr_assert_eq(sonic_pool_claim(pools.pool[party], COUNT - 1, &error), SONIC_E_ARGUMENT);
        expect_sentence(&error, pools.path[party], "inference 1 of pool");
        expect_sentence(&error, pools.path[party], "was used before");
        cr_assert_eq(read_keys(&pools, context, party, COUNT - 1, &error), SONIC_E_ARGUMENT);
        expect_sentence(&error, pools.path[party], "is not claimed");
        cr_assert_eq(sonic_pool_claim(pools.pool[party], COUNT, &error), SONIC_E_USED_UP);
        expect_sentence(&error, pools.path[party], "is used up (2 of 2 inferences)");
    }
    clean_up(&pools, &graph, context);
}

Test(fss_pools, an_altered_one_is_refused_when_its_keys_are_read)
{
    sonic_context *context;
    sonic_graph graph;
    test_pools pools;
    sonic_error error = {0};
    deal(&pools, &graph, &context, 43);
    for (unsigned party = 0; party < 2; party++) {
        flip(pools.path[party], 3 * 4096 + 48 + 70000); /* of the first inference's keys */
        cr_assert_eq(read_keys(&pools, context, party, 0, &error), SONIC_E_FORMAT);
        expect_sentence(&error, pools.path[party], "is damaged at byte ");
        cr_assert_eq(read_keys(&pools, context, party, COUNT - 1, &error), SONIC_OK);
    }
    clean_up(&pools, &graph, context);
}

/* A sound file with the plan's digest that holds `more` bytes an inference more than it should. */
static void write_pool(const test_pools *pools, unsigned party, int more)
{
    uint8_t meta[SONIC_POOL_META_BYTES], seed[SONIC_SEED_BYTES] = {(uint8_t)party};
    const size_t data = COUNT * (size_t)(sonic_plan_pool_bytes(&pools->plan, party) + more);
    const sonic_file_header header = {.kind = SONIC_FILE_POOL,
                                      .party = party,
                                      .ring = SONIC_RING_32,
                                      .batch = 1,
                                      .count = COUNT,
                                      .meta_bytes = sizeof meta,
                                      .data_bytes = data};
    sonic_writer *writer;
    void *zeros = calloc(data + 1, 1);
    sonic_pool_encode_meta(meta, seed, pools->plan.digest);
    cr_assert_eq(sonic_writer_create(&writer, pools->path[party], &header, meta, NULL), SONIC_OK);
    cr_assert_eq(sonic_writer_write(writer, zeros, data, NULL), SONIC_OK);
    cr_assert_eq(sonic_writer_commit(writer, NULL), SONIC_OK);
    free(zeros);
}

Test(fss_pools, one_of_another_size_is_refused)
{
    sonic_context *context;
    sonic_graph graph;
    test_pools pools;
    sonic_error error = {0};
    deal(&pools, &graph, &context, 44);
    for (unsigned party = 0; party < 2; party++) {
        cr_assert_eq(sonic_session_check_size(&pools.plan, pools.pool[party], &error), SONIC_OK);
        const int sizes[] = {-1, 1, 0 - (int)sonic_plan_pool_bytes(&pools.plan, party)};
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            char text[120];
            (void)close_pool(&pools, party);
            write_pool(&pools, party, sizes[i]);
            cr_assert_eq(sonic_pool_open(&pools.pool[party], pools.path[party], &error), SONIC_OK);
            cr_assert_eq(sonic_session_check_size(&pools.plan, pools.pool[party], &error),
                         SONIC_E_FORMAT);
            (void)snprintf(text, sizeof text, "%u inferences need %llu each", COUNT,
                           (unsigned long long)sonic_plan_pool_bytes(&pools.plan, party));
            expect_sentence(&error, pools.path[party], text);
            cr_assert_eq(sonic_pool_claim(pools.pool[party], 0, &error), SONIC_OK);
            cr_assert_eq(read_keys(&pools, context, party, 0, &error), SONIC_E_FORMAT);
            expect_sentence(&error, pools.path[party], "bytes an inference, the plan ");
        }
    }
    clean_up(&pools, &graph, context);
}

/* Each party's own positions, and the hash keys that both derive from the pair number. */
Test(fss_pools, both_parties_have_what_is_common)
{
    enum { NODE = 2, BYTES = 900 };
    sonic_context *context;
    sonic_graph graph;
    test_pools pools;
    sonic_error error = {0};
    uint8_t got[2][BYTES], expected[BYTES], key[16];
    deal(&pools, &graph, &context, 45);
    const sonic_step *step = &pools.plan.step[NODE];
    for (uint32_t slot = 0; slot < COUNT; slot++) {
        sonic_aes_key pi[2], common;
        for (unsigned party = 0; party < 2; party++) {
            const uint64_t end = party ? step->offline_bytes : step->common_bytes;
            const uint64_t start = party ? step->offset : step->common_at;
            sonic_material material;
            sonic_material_begin(&material, context, pools.pool[party], &pools.plan, slot, NODE);
            cr_assert_eq(sonic_material_common(&material, 40, got[party], BYTES, &error), SONIC_OK);
            cr_assert_eq(sonic_pool_read(pools.pool[party], slot,
                                         sonic_plan_pool_bytes(&pools.plan, party), start + 40,
                                         expected, BYTES, &error),
                         SONIC_OK);
            cr_assert_arr_eq(got[party], expected, BYTES);
            cr_assert_eq(sonic_material_common(&material, end - 10, expected, 10, &error),
                         SONIC_OK);
            cr_assert_eq(sonic_material_common(&material, end - 10, expected, 11, &error),
                         SONIC_E_ARGUMENT);
            sonic_material_pi(&material, 3, 7, &pi[party]);
            material.pool = NULL;
            cr_assert_eq(sonic_material_common(&material, 0, expected, 1, &error),
                         SONIC_E_ARGUMENT);
            cr_assert_str_eq(error.text, party ? "party 1's material has no pool"
                                               : "party 0's material has no pool");
            sonic_material_end(&material);
        }
        cr_assert_arr_eq(got[0], got[1], BYTES);
        sonic_material_key(context, &common, sonic_pool_header(pools.pool[0])->pair, slot, NODE);
        context->kernels.aes.ctr(key, 16, &common, (uint64_t)3 << 16 | 5, 7);
        context->kernels.aes.expand(&common, key);
        for (unsigned party = 0; party < 2; party++)
            cr_assert_eq(memcmp(pi[party].round, common.round, sizeof common.round), 0);
    }
    clean_up(&pools, &graph, context);
}
