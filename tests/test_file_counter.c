/* A pool's use counter: it only goes up, outlives a crash while it is written, and belongs to one
 * process at a time. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "tests/container.h"

static void make_pool(uint8_t *data, size_t n)
{
    sonic_file_header header = container_header(SONIC_FILE_POOL, META, n);
    static uint8_t meta[META];
    container_fill(data, n, 8);
    container_write(&header, meta, data);
}

static sonic_reader *lock_pool(void)
{
    sonic_reader *reader;
    sonic_error error = {0};
    cr_assert_eq(container_open(&reader, SONIC_FILE_POOL, &error), SONIC_OK, "%s", error.text);
    cr_assert_eq(sonic_reader_lock(reader, &error), SONIC_OK, "%s", error.text);
    return reader;
}

static uint32_t used_of(sonic_reader *reader)
{
    uint32_t used = UINT32_MAX;
    sonic_error error = {0};
    cr_assert_eq(sonic_reader_used(reader, &used, &error), SONIC_OK, "%s", error.text);
    return used;
}

Test(file, counter_goes_up_and_stays, .init = container_enter, .fini = container_leave)
{
    uint8_t data[500], got[500];
    make_pool(data, sizeof data);
    sonic_reader *reader = lock_pool();
    cr_assert_eq(used_of(reader), 0);
    for (uint32_t used = 1; used <= 100; used += used % 3 + 1) {
        cr_assert_eq(sonic_reader_set_used(reader, used, NULL), SONIC_OK);
        cr_assert_eq(used_of(reader), used);
        cr_assert_eq(sonic_reader_set_used(reader, used - 1, NULL), SONIC_E_ARGUMENT);
        if (used % 5 == 0) {
            sonic_reader_free(reader);
            reader = lock_pool();
        }
        cr_assert_eq(used_of(reader), used);
    }
    cr_assert_eq(sonic_reader_set_used(reader, 101, NULL), SONIC_E_ARGUMENT);
    cr_assert_eq(sonic_reader_read_at(reader, 0, got, 500, NULL), SONIC_OK);
    cr_assert_arr_eq(got, data, 500);
    sonic_reader_free(reader);
}

/* A crash while a copy is written leaves any mixture of old and new bytes, or none of either, in
 * it.  All that was durable before must still count, whichever copy it was. */
Test(file, counter_survives_torn_copies, .init = container_enter, .fini = container_leave)
{
    uint8_t data[1], before[3 * PAGE], after[3 * PAGE], torn[PAGE];
    uint64_t state = 11;
    make_pool(data, 1);
    int fd = open(container_path(), O_RDONLY);
    for (uint32_t used = 0; used < 60; used++) {
        sonic_reader *reader = lock_pool();
        cr_assert_eq(used_of(reader), used);
        cr_assert_eq(pread(fd, before, sizeof before, 0), 3 * PAGE);
        cr_assert_eq(sonic_reader_set_used(reader, used + 1, NULL), SONIC_OK);
        cr_assert_eq(pread(fd, after, sizeof after, 0), 3 * PAGE);
        for (unsigned copy = 0; copy < 2; copy++) {
            size_t page = (1 + copy) * PAGE, other = (2 - copy) * PAGE;
            memcpy(torn, before + page, PAGE);
            size_t from = container_draw(&state, 40),
                   to = container_draw(&state, 2) ? PAGE : container_draw(&state, 40);
            if (from < to)
                memcpy(torn + from, after + page + from, to - from);
            if (container_draw(&state, 3) == 0)
                container_fill(torn, PAGE, state);
            container_poke(page, torn, PAGE);

            /* the other copy is not written yet, or already: claimed is what it says, or one more
             */
            container_poke(other, before + other, PAGE);
            uint32_t found = used_of(reader);
            cr_assert(found == used || found == used + 1, "%u after %u", found, used);
            container_poke(other, after + other, PAGE);
            cr_assert_eq(used_of(reader), used + 1);

            /* and the next claim heals it */
            cr_assert_eq(sonic_reader_set_used(reader, used + 1, NULL), SONIC_OK);
            uint8_t healed[3 * PAGE];
            cr_assert_eq(pread(fd, healed, sizeof healed, 0), 3 * PAGE);
            cr_assert_arr_eq(healed, after, sizeof after);
        }
        sonic_reader_free(reader);
    }
    memset(torn, 0, sizeof torn);
    container_poke(PAGE, torn, PAGE);
    container_poke(2 * PAGE, torn, PAGE);
    sonic_reader *reader = lock_pool();
    uint32_t used;
    sonic_error error = {0};
    cr_assert_eq(sonic_reader_used(reader, &used, &error), SONIC_E_FORMAT);
    cr_assert(strstr(error.text, "is damaged in its use counter"), "%s", error.text);
    cr_assert_eq(sonic_reader_set_used(reader, 100, &error), SONIC_E_FORMAT);
    sonic_reader_free(reader);
    close(fd);
}

Test(file, flipped_bits_of_one_counter_lose_nothing, .init = container_enter,
     .fini = container_leave)
{
    uint8_t data[1], raw[3 * PAGE];
    make_pool(data, 1);
    sonic_reader *reader = lock_pool();
    cr_assert_eq(sonic_reader_set_used(reader, 37, NULL), SONIC_OK);
    int fd = open(container_path(), O_RDONLY);
    cr_assert_eq(pread(fd, raw, sizeof raw, 0), 3 * PAGE);
    close(fd);
    for (size_t at = PAGE; at < 3 * PAGE; at++) {
        uint8_t flipped = (uint8_t)(raw[at] ^ 1 << at % 8);
        container_poke(at, &flipped, 1);
        cr_assert_eq(used_of(reader), 37, "byte %zu", at);
        container_poke(at, &raw[at], 1);
    }
    sonic_reader_free(reader);
}

Test(file, a_locked_pool_is_in_use, .init = container_enter, .fini = container_leave)
{
    uint8_t data[1];
    make_pool(data, 1);
    sonic_reader *other, *reader = lock_pool();
    sonic_error error = {0};
    char text[200];
    (void)snprintf(text, sizeof text, "%s is in use by another process", container_path());
    cr_assert_eq(container_open(&other, SONIC_FILE_POOL, &error), SONIC_OK);
    cr_assert_eq(sonic_reader_set_used(other, 1, &error), SONIC_E_ARGUMENT);
    cr_assert_eq(sonic_reader_lock(other, &error), SONIC_E_FILE);
    cr_assert_str_eq(error.text, text);
    pid_t child = fork();
    if (child == 0)
        _exit(sonic_reader_lock(other, &error) == SONIC_E_FILE && !strcmp(error.text, text) ? 0
                                                                                            : 1);
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    sonic_reader_free(reader);
    cr_assert_eq(sonic_reader_lock(other, &error), SONIC_OK);
    sonic_reader_free(other);

    int fd = open(container_path(), O_RDONLY);
    cr_assert_eq(sonic_reader_open_fd(&reader, fd, container_path(), SONIC_FILE_POOL, &error),
                 SONIC_OK);
    close(fd);
    cr_assert_eq(sonic_reader_lock(reader, &error), SONIC_E_FILE);
    cr_assert(strstr(error.text, "may not be written to"), "%s", error.text);
    cr_assert_eq(used_of(reader), 0);
    sonic_reader_free(reader);
}
