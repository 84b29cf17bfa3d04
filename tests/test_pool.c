/* Pools: every inference is handed out once, durably, to one process, and nothing that was not
 * claimed can be read. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "proto/offline/pool.h"

enum { COUNT = 100, SLOT = 1501 };

static char directory[] = "/tmp/sonicnn-test-pool-XXXXXX";
static char path[sizeof directory + 32];
static uint8_t data[COUNT * SLOT];

static void make_pool(unsigned party, uint64_t meta_bytes, uint64_t data_bytes)
{
    uint8_t meta[SONIC_POOL_META_BYTES + 1], seed[SONIC_SEED_BYTES], digest[SONIC_DIGEST_BYTES];
    memset(seed, 0x11, sizeof seed);
    memset(digest, 0x22, sizeof digest);
    sonic_pool_encode_meta(meta, seed, digest);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * i >> 7);
    sonic_file_header header = {.kind = SONIC_FILE_POOL,
                                .party = party,
                                .ring = SONIC_RING_32,
                                .batch = 3,
                                .count = COUNT,
                                .meta_bytes = meta_bytes,
                                .data_bytes = data_bytes};
    sonic_writer *writer;
    cr_assert_eq(sonic_writer_create(&writer, path, &header, meta, NULL), SONIC_OK);
    cr_assert_eq(sonic_writer_write(writer, data, data_bytes, NULL), SONIC_OK);
    cr_assert_eq(sonic_writer_commit(writer, NULL), SONIC_OK);
}

static void enter_directory(void)
{
    cr_assert_not_null(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/pool", directory);
    make_pool(1, SONIC_POOL_META_BYTES, sizeof data);
}

static void leave_directory(void)
{
    (void)unlink(path);
    (void)rmdir(directory);
}

static sonic_pool *open_pool(void)
{
    sonic_pool *pool;
    sonic_error error = {0};
    cr_assert_eq(sonic_pool_open(&pool, path, &error), SONIC_OK, "%s", error.text);
    return pool;
}

static void expect_next(sonic_pool *pool, uint32_t expected)
{
    uint32_t next = UINT32_MAX;
    cr_assert_eq(sonic_pool_next(pool, &next, NULL), SONIC_OK);
    cr_assert_eq(next, expected);
}

Test(pool, tells_what_was_dealt, .init = enter_directory, .fini = leave_directory)
{
    sonic_pool *pool = open_pool();
    cr_assert_eq(sonic_pool_header(pool)->count, COUNT);
    cr_assert_eq(sonic_pool_header(pool)->batch, 3);
    cr_assert_str_eq(sonic_pool_path(pool), path);
    for (int i = 0; i < SONIC_SEED_BYTES; i++)
        cr_assert_eq(sonic_pool_seed(pool)[i], 0x11);
    for (int i = 0; i < SONIC_DIGEST_BYTES; i++)
        cr_assert_eq(sonic_pool_plan_digest(pool)[i], 0x22);
    expect_next(pool, 0);
    sonic_pool_free(pool);
    sonic_pool_free(NULL);
}

Test(pool, hands_out_every_inference_once, .init = enter_directory, .fini = leave_directory)
{
    uint8_t got[SLOT];
    sonic_error error = {0};
    sonic_pool *pool = open_pool();
    for (uint32_t slot = 0; slot < COUNT; slot++) {
        expect_next(pool, slot);
        cr_assert_eq(sonic_pool_read(pool, slot, SLOT, 0, got, SLOT, &error), SONIC_E_ARGUMENT,
                     "unclaimed material was handed out");
        cr_assert_eq(sonic_pool_claim(pool, slot, &error), SONIC_OK, "%s", error.text);
        expect_next(pool, slot + 1);
        cr_assert_eq(sonic_pool_claim(pool, slot, &error), SONIC_E_ARGUMENT);
        cr_assert_eq(sonic_pool_read(pool, slot, SLOT, 0, got, SLOT, &error), SONIC_OK);
        cr_assert_arr_eq(got, data + slot * SLOT, SLOT);
        cr_assert_eq(sonic_pool_read(pool, slot, SLOT, 700, got, 801, &error), SONIC_OK);
        cr_assert_arr_eq(got, data + slot * SLOT + 700, 801);
        if (slot % 9 == 8) { /* after opening again, even what was claimed is not to be had */
            sonic_pool_free(pool);
            pool = open_pool();
            cr_assert_eq(sonic_pool_read(pool, slot, SLOT, 0, got, 1, &error), SONIC_E_ARGUMENT);
            cr_assert_eq(sonic_pool_claim(pool, slot, &error), SONIC_E_ARGUMENT);
            cr_assert(strstr(error.text, "was used before"), "%s", error.text);
        }
    }
    char text[200];
    (void)snprintf(text, sizeof text, "pool %s is used up (100 of 100 inferences)", path);
    cr_assert_eq(sonic_pool_claim(pool, COUNT, &error), SONIC_E_USED_UP);
    cr_assert_str_eq(error.text, text);
    cr_assert_eq(sonic_pool_claim(pool, UINT32_MAX, &error), SONIC_E_USED_UP);
    expect_next(pool, COUNT);
    sonic_pool_free(pool);
}

/* The peer may be further: what is skipped is lost, not kept for later. */
Test(pool, skipping_uses_up_what_was_skipped, .init = enter_directory, .fini = leave_directory)
{
    sonic_pool *pool = open_pool();
    cr_assert_eq(sonic_pool_claim(pool, 41, NULL), SONIC_OK);
    expect_next(pool, 42);
    cr_assert_eq(sonic_pool_claim(pool, 7, NULL), SONIC_E_ARGUMENT);
    sonic_pool_free(pool);
    pool = open_pool();
    expect_next(pool, 42);
    sonic_pool_free(pool);
}

Test(pool, a_killed_process_loses_nothing, .init = enter_directory, .fini = leave_directory)
{
    for (uint32_t slot = 0; slot < 10; slot++) {
        pid_t child = fork();
        if (child == 0) {
            sonic_pool *pool;
            uint32_t next;
            if (sonic_pool_open(&pool, path, NULL) || sonic_pool_next(pool, &next, NULL) ||
                next != slot || sonic_pool_claim(pool, next, NULL))
                _exit(1);
            (void)kill(getpid(), SIGKILL);
        }
        int status;
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(WIFSIGNALED(status), "slot %u", slot);
    }
    sonic_pool *pool = open_pool();
    expect_next(pool, 10);
    sonic_pool_free(pool);
}

Test(pool, belongs_to_one_process, .init = enter_directory, .fini = leave_directory)
{
    sonic_pool *pool = open_pool(), *other = NULL;
    sonic_error error = {0};
    cr_assert_eq(sonic_pool_open(&other, path, &error), SONIC_E_FILE);
    cr_assert(strstr(error.text, "is in use by another process"), "%s", error.text);
    pid_t child = fork();
    if (child == 0)
        _exit(sonic_pool_open(&other, path, NULL) == SONIC_E_FILE ? 0 : 1);
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    sonic_pool_free(pool);
    cr_assert_eq(sonic_pool_open(&other, path, NULL), SONIC_OK);
    sonic_pool_free(other);
}

Test(pool, reads_stay_inside_an_inference, .init = enter_directory, .fini = leave_directory)
{
    uint8_t got[SLOT + 1];
    sonic_error error = {0};
    sonic_pool *pool = open_pool();
    cr_assert_eq(sonic_pool_claim(pool, 1, &error), SONIC_OK);
    cr_assert_eq(sonic_pool_read(pool, 1, SLOT, SLOT, got, 0, &error), SONIC_OK);
    cr_assert_eq(sonic_pool_read(pool, 1, SLOT, 1, got, SLOT, &error), SONIC_E_ARGUMENT);
    cr_assert_eq(sonic_pool_read(pool, 1, SLOT, UINT64_MAX, got, 2, &error), SONIC_E_ARGUMENT);
    cr_assert_eq(sonic_pool_read(pool, 1, SLOT, 2, got, SIZE_MAX, &error), SONIC_E_ARGUMENT);
    cr_assert_eq(sonic_pool_read(pool, 2, SLOT, 0, got, 1, &error), SONIC_E_ARGUMENT);
    cr_assert_eq(sonic_pool_read(pool, 1, SLOT - 1, 0, got, 1, &error), SONIC_E_FORMAT);
    cr_assert_eq(sonic_pool_read(pool, 1, UINT64_MAX, 0, got, 1, &error), SONIC_E_FORMAT);
    sonic_pool_free(pool);
}

Test(pool, refuses_files_that_are_no_pools, .init = enter_directory, .fini = leave_directory)
{
    sonic_pool *pool = NULL;
    sonic_error error = {0};
    make_pool(0, SONIC_POOL_META_BYTES, 0);
    cr_assert_eq(sonic_pool_open(&pool, path, &error), SONIC_OK, "%s", error.text);
    sonic_pool_free(pool);
    pool = NULL;
    for (unsigned party = 0; party < 2; party++) {
        make_pool(party, SONIC_POOL_META_BYTES, COUNT + 1);
        cr_assert_eq(sonic_pool_open(&pool, path, &error), SONIC_E_FORMAT);
        cr_assert(strstr(error.text, "101 bytes are not 100 equal inferences"), "%s", error.text);
    }
    make_pool(1, SONIC_POOL_META_BYTES - 1, COUNT);
    cr_assert_eq(sonic_pool_open(&pool, path, &error), SONIC_E_FORMAT);
    make_pool(1, SONIC_POOL_META_BYTES + 1, COUNT);
    cr_assert_eq(sonic_pool_open(&pool, path, &error), SONIC_E_FORMAT);
    cr_assert(strstr(error.text, "49 bytes of metadata, not 48"), "%s", error.text);
    cr_assert_null(pool);
}
