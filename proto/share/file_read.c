/* Reading a container: every field, hash and size is checked before anything is believed. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "proto/share/file_layout.h"
#include "proto/share/hash.h"

/* Whole chunks fetched by one system call: 1 MiB. */
enum { CHUNKS_AT_ONCE = 16 };

static sonic_status fail_memory(const sonic_reader *reader, sonic_error *error)
{
    return sonic_fail(error, SONIC_E_MEMORY, "out of memory for reading %s", reader->shown);
}

static sonic_status fail_damaged(const sonic_reader *reader, uint64_t offset, sonic_error *error)
{
    return sonic_fail(error, SONIC_E_FORMAT, "%s is damaged at byte %llu", reader->shown,
                      (unsigned long long)offset);
}

/* Reports what sonic_file_read_at() returned. */
static sonic_status fail_read(const sonic_reader *reader, int code, sonic_error *error)
{
    if (code < 0)
        return sonic_fail(error, SONIC_E_FORMAT, "%s became shorter while it was read",
                          reader->shown);
    return sonic_fail_errno(error, SONIC_E_FILE, code, "cannot read %s", reader->shown);
}

static sonic_status fail_short(const sonic_reader *reader, uint64_t size, uint64_t least,
                               const char *expected, sonic_error *error)
{
    return sonic_fail(error, SONIC_E_FORMAT, "%s is cut short: %llu bytes, %s%llu expected",
                      reader->shown, (unsigned long long)size, expected, (unsigned long long)least);
}

static sonic_status read_header(sonic_reader *reader, uint64_t size, sonic_file_kind kind,
                                uint64_t *meta_hash, sonic_error *error)
{
    uint8_t page[SONIC_FILE_PAGE] = {0};
    size_t present = size < sizeof page ? (size_t)size : sizeof page;
    int code = sonic_file_read_at(reader->fd, page, present, 0);
    if (code)
        return fail_read(reader, code, error);
    if (size == 0)
        return sonic_fail(error, SONIC_E_FORMAT, "%s is empty", reader->shown);
    if (memcmp(page, sonic_file_magic, present < SONIC_FILE_MAGIC ? present : SONIC_FILE_MAGIC) !=
        0)
        return sonic_fail(error, SONIC_E_FORMAT, "%s is not a sonicnn file", reader->shown);
    if (size < sizeof page)
        return fail_short(reader, size, sizeof page, "at least ", error);
    if (sonic_file_page_version(page) != SONIC_FILE_VERSION)
        return sonic_fail(error, SONIC_E_FORMAT,
                          "%s has version %lu; this program reads version %d", reader->shown,
                          (unsigned long)sonic_file_page_version(page), SONIC_FILE_VERSION);
    if (!sonic_file_page_sound(page, 0))
        return sonic_fail(error, SONIC_E_FORMAT, "%s is damaged in its header", reader->shown);

    sonic_file_header *header = &reader->header;
    sonic_file_decode_header(header, meta_hash, page);
    const char *fault = sonic_file_header_fault(header);
    if (fault)
        return sonic_fail(error, SONIC_E_FORMAT, "%s is malformed: %s", reader->shown, fault);
    if (kind != SONIC_FILE_ANY && header->kind != kind)
        return sonic_fail(error, SONIC_E_FORMAT, "%s is %s, not %s", reader->shown,
                          sonic_file_kind_name(header->kind), sonic_file_kind_name(kind));
    uint64_t expected = sonic_file_size(header);
    if (size < expected)
        return fail_short(reader, size, expected, "", error);
    if (size > expected)
        return sonic_fail(error, SONIC_E_FORMAT, "%s is too long: %llu bytes, %llu expected",
                          reader->shown, (unsigned long long)size, (unsigned long long)expected);
    reader->data_start = sonic_file_data_start(header);
    return SONIC_OK;
}

static sonic_status read_meta(sonic_reader *reader, uint64_t meta_hash, sonic_error *error)
{
    size_t n = (size_t)reader->header.meta_bytes;
    uint64_t start = sonic_file_meta_start(&reader->header);
    reader->meta = malloc(n ? n : 1);
    if (!reader->meta)
        return fail_memory(reader, error);
    int code = sonic_file_read_at(reader->fd, reader->meta, n, start);
    if (code)
        return fail_read(reader, code, error);
    return XXH3_64bits(reader->meta, n) == meta_hash ? SONIC_OK
                                                     : fail_damaged(reader, start, error);
}

/* Takes over fd, also on failure. */
static sonic_status open_reader(sonic_reader **made, int fd, const char *name, sonic_file_kind kind,
                                sonic_error *error)
{
    struct stat info;
    uint64_t meta_hash;
    sonic_status status;
    sonic_reader *reader = calloc(1, sizeof *reader);
    char *copy = strdup(name);
    if (!reader || !copy) {
        close(fd);
        free(copy);
        free(reader);
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for reading %s",
                          sonic_file_shown(name));
    }
    reader->fd = fd;
    reader->name = copy;
    reader->shown = sonic_file_shown(copy);
    if (kind != SONIC_FILE_ANY && !sonic_file_kind_name(kind))
        status = sonic_fail(error, SONIC_E_ARGUMENT, "no file is of kind %d", (int)kind);
    else if (fstat(fd, &info))
        status = sonic_fail_errno(error, SONIC_E_FILE, errno, "cannot read %s", reader->shown);
    else if (S_ISDIR(info.st_mode))
        status = sonic_fail(error, SONIC_E_FILE, "%s is a directory", reader->shown);
    else if (!S_ISREG(info.st_mode))
        status = sonic_fail(error, SONIC_E_FILE, "%s is not a regular file", reader->shown);
    else
        status = read_header(reader, (uint64_t)info.st_size, kind, &meta_hash, error);
    if (!status)
        status = read_meta(reader, meta_hash, error);
    if (status) {
        sonic_reader_free(reader);
        return status;
    }
    *made = reader;
    return SONIC_OK;
}

sonic_status sonic_reader_open(sonic_reader **reader, const char *path, sonic_file_kind kind,
                               sonic_error *error)
{
    /* O_NONBLOCK: a named pipe must not hang the program.  A pool is written to where that is
     * allowed. */
    int flags = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    int fd = -1;
    if (kind == SONIC_FILE_POOL)
        fd = open(path, O_RDWR | flags);
    if (fd < 0)
        fd = open(path, O_RDONLY | flags);
    if (fd < 0)
        return sonic_fail_errno(error, SONIC_E_FILE, errno, "cannot open %s",
                                sonic_file_shown(path));
    return open_reader(reader, fd, path, kind, error);
}

sonic_status sonic_reader_open_fd(sonic_reader **reader, int fd, const char *name,
                                  sonic_file_kind kind, sonic_error *error)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return sonic_fail_errno(error, SONIC_E_FILE, errno, "cannot read %s",
                                sonic_file_shown(name));
    return open_reader(reader, copy, name, kind, error);
}

void sonic_reader_free(sonic_reader *reader)
{
    if (!reader)
        return;
    close(reader->fd); /* gives up the lock, too */
    if (reader->meta)
        sodium_memzero(reader->meta, (size_t)reader->header.meta_bytes);
    if (reader->chunk)
        sodium_memzero(reader->chunk, SONIC_FILE_CHUNK + SONIC_FILE_HASH);
    free(reader->meta);
    free(reader->chunk);
    free(reader->name);
    free(reader);
}

const sonic_file_header *sonic_reader_header(const sonic_reader *reader)
{
    return &reader->header;
}

const char *sonic_reader_name(const sonic_reader *reader)
{
    return reader->name;
}

const char *sonic_reader_shown(const sonic_reader *reader)
{
    return reader->shown;
}

const uint8_t *sonic_reader_meta(const sonic_reader *reader)
{
    return reader->meta;
}

/* Where a chunk starts in the file. */
static uint64_t chunk_start(const sonic_reader *reader, uint64_t index)
{
    return reader->data_start + index * (SONIC_FILE_CHUNK + SONIC_FILE_HASH);
}

static sonic_status check_chunk(const sonic_reader *reader, uint64_t index, const uint8_t *data,
                                size_t n, const uint8_t *hash, sonic_error *error)
{
    if (sonic_file_get64(hash) == XXH3_64bits_withSeed(data, n, index))
        return SONIC_OK;
    return fail_damaged(reader, chunk_start(reader, index), error);
}

/* Brings a chunk of n bytes into the reader's own buffer. */
static sonic_status load_chunk(sonic_reader *reader, uint64_t index, size_t n, sonic_error *error)
{
    if (reader->chunk_valid && reader->chunk_index == index)
        return SONIC_OK;
    if (!reader->chunk && !(reader->chunk = malloc(SONIC_FILE_CHUNK + SONIC_FILE_HASH)))
        return fail_memory(reader, error);
    reader->chunk_valid = false;
    int code = sonic_file_read_at(reader->fd, reader->chunk, n + SONIC_FILE_HASH,
                                  chunk_start(reader, index));
    if (code)
        return fail_read(reader, code, error);
    sonic_status status = check_chunk(reader, index, reader->chunk, n, reader->chunk + n, error);
    reader->chunk_index = index;
    reader->chunk_valid = !status;
    return status;
}

/* Reads whole chunks to where they are wanted, their hashes aside. */
static sonic_status read_whole_chunks(sonic_reader *reader, uint64_t first, size_t count,
                                      uint8_t *out, sonic_error *error)
{
    struct iovec part[2 * CHUNKS_AT_ONCE];
    uint8_t hash[CHUNKS_AT_ONCE][SONIC_FILE_HASH];
    for (size_t i = 0; i < count; i++) {
        part[2 * i] = (struct iovec){out + i * SONIC_FILE_CHUNK, SONIC_FILE_CHUNK};
        part[2 * i + 1] = (struct iovec){hash[i], SONIC_FILE_HASH};
    }
    uint64_t start = chunk_start(reader, first);
    ssize_t moved = preadv(reader->fd, part, 2 * (int)count, (off_t)start);
    bool whole = moved == (ssize_t)(count * (SONIC_FILE_CHUNK + SONIC_FILE_HASH));
    for (size_t i = 0; i < count; i++) {
        int code = 0;
        if (!whole)
            code = sonic_file_read_at(reader->fd, part[2 * i].iov_base, SONIC_FILE_CHUNK,
                                      chunk_start(reader, first + i));
        if (!whole && !code)
            code = sonic_file_read_at(reader->fd, hash[i], SONIC_FILE_HASH,
                                      chunk_start(reader, first + i) + SONIC_FILE_CHUNK);
        if (code)
            return fail_read(reader, code, error);
        sonic_status status =
            check_chunk(reader, first + i, part[2 * i].iov_base, SONIC_FILE_CHUNK, hash[i], error);
        if (status)
            return status;
    }
    return SONIC_OK;
}

/* Reads the part of [offset, offset + n) that one step can: *done bytes of it. */
static sonic_status read_step(sonic_reader *reader, uint64_t offset, uint8_t *out, size_t n,
                              size_t *done, sonic_error *error)
{
    uint64_t index = offset / SONIC_FILE_CHUNK;
    size_t within = (size_t)(offset % SONIC_FILE_CHUNK);
    if (within == 0 && n >= SONIC_FILE_CHUNK) {
        size_t count = n / SONIC_FILE_CHUNK;
        if (count > CHUNKS_AT_ONCE)
            count = CHUNKS_AT_ONCE;
        *done = count * SONIC_FILE_CHUNK;
        return read_whole_chunks(reader, index, count, out, error);
    }
    uint64_t left = reader->header.data_bytes - index * SONIC_FILE_CHUNK;
    size_t size = left < SONIC_FILE_CHUNK ? (size_t)left : SONIC_FILE_CHUNK;
    sonic_status status = load_chunk(reader, index, size, error);
    if (status)
        return status;
    *done = n < size - within ? n : size - within;
    memcpy(out, reader->chunk + within, *done);
    return SONIC_OK;
}

sonic_status sonic_reader_read_at(sonic_reader *reader, uint64_t offset, void *out, size_t n,
                                  sonic_error *error)
{
    uint64_t size = reader->header.data_bytes;
    if (offset > size || n > size - offset)
        return sonic_fail(error, SONIC_E_FORMAT,
                          "%s holds %llu bytes of data, %llu at byte %llu are needed",
                          reader->shown, (unsigned long long)size, (unsigned long long)n,
                          (unsigned long long)offset);
    uint8_t *to = out;
    size_t left = n;
    while (left) {
        size_t done;
        sonic_status status = read_step(reader, offset, to, left, &done, error);
        if (status) {
            sodium_memzero(out, n);
            return status;
        }
        to += done;
        left -= done;
        offset += done;
    }
    return SONIC_OK;
}
