/* One container file in a directory of its own; see the header. */
#include "tests/container.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <criterion/criterion.h>

/* Every test is a process of its own, and has its own. */
static char directory[] = "/tmp/sonicnn-test-file-XXXXXX";
static char path[sizeof directory + 32];

void container_enter(void)
{
    cr_assert_not_null(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/file", directory);
}

void container_leave(void)
{
    (void)unlink(path);
    (void)rmdir(directory);
}

const char *container_directory(void)
{
    return directory;
}

const char *container_path(void)
{
    return path;
}

uint32_t container_draw(uint64_t *state, uint32_t below)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((*state >> 33) % below);
}

void container_fill(uint8_t *out, size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)container_draw(&seed, 256);
}

sonic_file_header container_header(sonic_file_kind kind, uint64_t meta_bytes, uint64_t data_bytes)
{
    bool counted = kind == SONIC_FILE_INPUT || kind == SONIC_FILE_RESULT || kind == SONIC_FILE_POOL;
    sonic_file_header header = {.kind = kind,
                                .party = kind == SONIC_FILE_GRAPH ? SONIC_NO_PARTY : 1,
                                .ring = SONIC_RING_64,
                                .batch = counted ? 5 : 0,
                                .count = counted ? 100 : 0,
                                .meta_bytes = meta_bytes,
                                .data_bytes = data_bytes};
    container_fill(header.model, SONIC_ID_BYTES, 1);
    container_fill(header.pair, SONIC_ID_BYTES, 2);
    return header;
}

void container_write(const sonic_file_header *header, const void *meta, const void *data)
{
    sonic_writer *writer;
    sonic_error error = {0};
    cr_assert_eq(sonic_writer_create(&writer, path, header, meta, &error), SONIC_OK, "%s",
                 error.text);
    cr_assert_eq(sonic_writer_write(writer, data, header->data_bytes, &error), SONIC_OK);
    cr_assert_eq(sonic_writer_commit(writer, &error), SONIC_OK, "%s", error.text);
}

sonic_status container_open(sonic_reader **reader, sonic_file_kind kind, sonic_error *error)
{
    *error = (sonic_error){0};
    sonic_status status = sonic_reader_open(reader, path, kind, error);
    cr_assert_eq(error->status, status);
    return status;
}

void container_poke(size_t at, const void *bytes, size_t n)
{
    int fd = open(path, O_WRONLY);
    cr_assert_geq(fd, 0);
    cr_assert_eq(pwrite(fd, bytes, n, (off_t)at), (ssize_t)n);
    close(fd);
}
