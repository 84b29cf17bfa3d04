/* Writing a container: to a temporary name beside the target, checksummed chunk by chunk, synced,
 * and renamed when whole. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/share/file_layout.h"
#include "proto/share/hash.h"

enum {
    NAMES_TRIED = 1000, /* for the temporary file, before giving up */
    CHUNKS_AT_ONCE = 16 /* written by one system call: 1 MiB */
};

struct sonic_writer {
    int fd;
    char *path;      /* the target; NULL when writing to the caller's descriptor */
    char *temporary; /* the name it has until then */
    char *name;      /* for messages */
    const char *shown;
    sonic_file_header header;
    uint64_t written;  /* bytes of data accepted */
    uint64_t position; /* in the file */
    uint64_t chunk_index;
    size_t filled; /* bytes waiting in chunk */
    uint8_t chunk[SONIC_FILE_CHUNK];
};

static void free_writer(sonic_writer *writer)
{
    if (writer->path && writer->fd >= 0)
        close(writer->fd);
    free(writer->path);
    free(writer->temporary);
    free(writer->name);
    sodium_memzero(writer->chunk, sizeof writer->chunk);
    free(writer);
}

void sonic_writer_abort(sonic_writer *writer)
{
    if (!writer)
        return;
    if (writer->temporary)
        (void)unlink(writer->temporary);
    free_writer(writer);
}

static sonic_status fail_write(const sonic_writer *writer, int code, sonic_error *error)
{
    return sonic_fail_errno(error, SONIC_E_FILE, code, "cannot write %s", writer->shown);
}

/* Opens a new file beside the target, so that renaming it is atomic. */
static sonic_status open_temporary(sonic_writer *writer, sonic_error *error)
{
    size_t room = strlen(writer->path) + 48;
    char *temporary = malloc(room);
    if (!temporary)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for writing %s", writer->shown);
    mode_t mode = writer->header.kind == SONIC_FILE_GRAPH ? 0666 : 0600;
    for (int i = 0; i < NAMES_TRIED; i++) {
        (void)snprintf(temporary, room, "%s.tmp-%ld-%d", writer->path, (long)getpid(), i);
        writer->fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
        if (writer->fd >= 0) {
            writer->temporary = temporary;
            return SONIC_OK;
        }
        if (errno != EEXIST)
            break;
    }
    int code = errno;
    free(temporary);
    return sonic_fail_errno(error, SONIC_E_FILE, code, "cannot create %s", writer->shown);
}

/* Everything before the data. */
static sonic_status write_front(sonic_writer *writer, const void *meta, sonic_error *error)
{
    const sonic_file_header *header = &writer->header;
    uint8_t page[SONIC_FILE_PAGE];
    uint8_t empty = 0;
    const void *bytes = header->meta_bytes ? meta : &empty;
    sonic_file_encode_header(page, header, XXH3_64bits(bytes, (size_t)header->meta_bytes));
    int code = sonic_file_write_at(writer->fd, page, sizeof page, 0);
    if (header->kind == SONIC_FILE_POOL) {
        for (unsigned copy = 0; copy < SONIC_FILE_COUNTERS && !code; copy++) {
            sonic_file_encode_counter(page, copy, 0, header->pair);
            code = sonic_file_write_at(writer->fd, page, sizeof page, (1 + copy) * sizeof page);
        }
    }
    if (!code)
        code = sonic_file_write_at(writer->fd, bytes, (size_t)header->meta_bytes,
                                   sonic_file_meta_start(header));
    writer->position = sonic_file_data_start(header);
    return code ? fail_write(writer, code, error) : SONIC_OK;
}

/* Makes a writer for a sound header; path NULL: the caller's descriptor. */
static sonic_status make_writer(sonic_writer **made, const char *path, int fd, const char *name,
                                const sonic_file_header *header, sonic_error *error)
{
    const char *shown = sonic_file_shown(name);
    const char *fault = sonic_file_header_fault(header);
    if (fault)
        return sonic_fail(error, SONIC_E_ARGUMENT, "cannot write %s: %s", shown, fault);
    sonic_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for writing %s", shown);
    writer->fd = fd;
    writer->header = *header;
    writer->name = strdup(name);
    writer->path = path ? strdup(path) : NULL;
    if (!writer->name || (path && !writer->path)) {
        free(writer->path);
        free(writer->name);
        free(writer);
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for writing %s", shown);
    }
    writer->shown = sonic_file_shown(writer->name);
    *made = writer;
    return SONIC_OK;
}

sonic_status sonic_writer_create(sonic_writer **writer, const char *path,
                                 const sonic_file_header *header, const void *meta,
                                 sonic_error *error)
{
    sonic_writer *made;
    sonic_status status = make_writer(&made, path, -1, path, header, error);
    if (status)
        return status;
    status = open_temporary(made, error);
    if (!status)
        status = write_front(made, meta, error);
    if (status) {
        sonic_writer_abort(made);
        return status;
    }
    *writer = made;
    return SONIC_OK;
}

sonic_status sonic_writer_create_fd(sonic_writer **writer, int fd, const char *name,
                                    const sonic_file_header *header, const void *meta,
                                    sonic_error *error)
{
    sonic_writer *made;
    sonic_status status = make_writer(&made, NULL, fd, name, header, error);
    if (status)
        return status;
    if (ftruncate(fd, 0))
        status = fail_write(made, errno, error);
    if (!status)
        status = write_front(made, meta, error);
    if (status) {
        sonic_writer_abort(made);
        return status;
    }
    *writer = made;
    return SONIC_OK;
}

/* Writes n > 0 bytes, at most CHUNKS_AT_ONCE chunks, each with its hash behind it; only the file's
 * last chunk is shorter than others. */
static sonic_status write_chunks(sonic_writer *writer, const uint8_t *from, size_t n,
                                 sonic_error *error)
{
    struct iovec part[2 * CHUNKS_AT_ONCE] = {{0}};
    uint8_t hash[CHUNKS_AT_ONCE][SONIC_FILE_HASH];
    const size_t count = sonic_size_pieces(n, SONIC_FILE_CHUNK);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *chunk = from + i * SONIC_FILE_CHUNK;
        const size_t size = sonic_size_min(n - i * SONIC_FILE_CHUNK, SONIC_FILE_CHUNK);
        sonic_file_put64(hash[i], XXH3_64bits_withSeed(chunk, size, writer->chunk_index + i));
        part[2 * i] = (struct iovec){(void *)(uintptr_t)chunk, size}; /* is only read */
        part[2 * i + 1] = (struct iovec){hash[i], SONIC_FILE_HASH};
    }
    const ssize_t moved = pwritev(writer->fd, part, 2 * (int)count, (off_t)writer->position);
    const bool whole = moved == (ssize_t)(n + count * SONIC_FILE_HASH);
    for (size_t i = 0; i < 2 * count; i++) {
        const int code = whole ? 0
                               : sonic_file_write_at(writer->fd, part[i].iov_base, part[i].iov_len,
                                                     writer->position);
        if (code)
            return fail_write(writer, code, error);
        writer->position += part[i].iov_len;
    }
    writer->chunk_index += count;
    return SONIC_OK;
}

/* Writes the chunk that is waiting. */
static sonic_status flush_chunk(sonic_writer *writer, sonic_error *error)
{
    const size_t n = writer->filled;
    writer->filled = 0;
    return n ? write_chunks(writer, writer->chunk, n, error) : SONIC_OK;
}

/* Takes what one step can of n > 0 bytes: *done of them. */
static sonic_status write_step(sonic_writer *writer, const uint8_t *from, size_t n, size_t *done,
                               sonic_error *error)
{
    if (writer->filled == 0 && n >= SONIC_FILE_CHUNK) {
        *done = sonic_size_min(n / SONIC_FILE_CHUNK, CHUNKS_AT_ONCE) * SONIC_FILE_CHUNK;
        return write_chunks(writer, from, *done, error);
    }
    *done = sonic_size_min(n, SONIC_FILE_CHUNK - writer->filled);
    memcpy(writer->chunk + writer->filled, from, *done);
    writer->filled += *done;
    return writer->filled == SONIC_FILE_CHUNK ? flush_chunk(writer, error) : SONIC_OK;
}

sonic_status sonic_writer_write(sonic_writer *writer, const void *data, size_t n,
                                sonic_error *error)
{
    const uint8_t *from = data;
    if (n > writer->header.data_bytes - writer->written)
        return sonic_fail(error, SONIC_E_ARGUMENT,
                          "more than the promised %llu bytes of data for %s",
                          (unsigned long long)writer->header.data_bytes, writer->shown);
    while (n) {
        size_t done;
        sonic_status status = write_step(writer, from, n, &done, error);
        if (status)
            return status;
        writer->written += done;
        from += done;
        n -= done;
    }
    return SONIC_OK;
}

/* Makes a rename durable.  Some file systems cannot sync a directory and need not. */
static int sync_directory(const char *path)
{
    char *directory = strdup(path);
    if (!directory)
        return ENOMEM;
    char *slash = strrchr(directory, '/');
    if (slash)
        slash[slash == directory] = '\0';
    int fd = open(slash ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(directory);
    if (fd < 0)
        return errno == EACCES ? 0 : errno;
    int code = fsync(fd) ? errno : 0;
    close(fd);
    return code == EINVAL ? 0 : code;
}

static sonic_status finish(sonic_writer *writer, sonic_error *error)
{
    sonic_status status = flush_chunk(writer, error);
    if (status)
        return status;
    if (writer->written != writer->header.data_bytes)
        return sonic_fail(error, SONIC_E_ARGUMENT, "%llu of the promised %llu bytes of data for %s",
                          (unsigned long long)writer->written,
                          (unsigned long long)writer->header.data_bytes, writer->shown);
    if (!writer->path)
        return SONIC_OK;
    if (fsync(writer->fd) && errno != EINVAL)
        return fail_write(writer, errno, error);
    if (rename(writer->temporary, writer->path))
        return fail_write(writer, errno, error);
    free(writer->temporary);
    writer->temporary = NULL;
    int code = sync_directory(writer->path);
    if (code) {
        (void)unlink(writer->path);
        return fail_write(writer, code, error);
    }
    return SONIC_OK;
}

sonic_status sonic_writer_commit(sonic_writer *writer, sonic_error *error)
{
    sonic_status status = finish(writer, error);
    if (status)
        sonic_writer_abort(writer);
    else
        free_writer(writer);
    return status;
}

sonic_status sonic_anonymous_file(int *fd, const char *dir, sonic_error *error)
{
    if (!dir)
        dir = secure_getenv("TMPDIR");
    if (!dir || !*dir)
        dir = "/tmp";
    int made = open(dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    if (made < 0) { /* a file system without O_TMPFILE */
        size_t room = strlen(dir) + sizeof "/sonicnn-XXXXXX";
        char *path = malloc(room);
        if (!path)
            return sonic_fail(error, SONIC_E_MEMORY, "out of memory for a temporary file");
        (void)snprintf(path, room, "%s/sonicnn-XXXXXX", dir);
        made = mkostemp(path, O_CLOEXEC);
        int code = errno;
        if (made >= 0)
            (void)unlink(path);
        free(path);
        if (made < 0)
            return sonic_fail_errno(error, SONIC_E_FILE, code, "cannot make a temporary file in %s",
                                    sonic_file_shown(dir));
    }
    *fd = made;
    return SONIC_OK;
}
