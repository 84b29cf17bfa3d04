/* The bytes of a data file in order, through zlib where it is there. */
#include "config.h"

#include "tools/data_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dispatch/error.h"

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

/* Deflate makes 258 bytes of 2 bits at the most (RFC 1951), 1032 to 1. */
enum { PEEK = 8, PACKED = 1 << 15, GAIN_MAX = 1032 };

struct sonic_data_source {
    int fd;
    uint64_t at;   /* bytes given out */
    uint64_t size; /* of the file as it is */
    size_t peeked, used;
    uint8_t peek[PEEK];
#ifdef HAVE_ZLIB
    bool packed;  /* gzip */
    bool between; /* before or after a member of the gzip file */
    z_stream stream;
    uint8_t in[PACKED];
#endif
    char path[];
};

/* Up to n bytes of the file as it is; fewer only at its end. */
static sonic_status read_file(sonic_data_source *source, uint8_t *out, size_t n, size_t *got,
                              sonic_error *error)
{
    *got = 0;
    while (*got < n) {
        ssize_t k = read(source->fd, out + *got, n - *got);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return sonic_fail_errno(error, SONIC_E_FILE, errno, "cannot read %s", source->path);
        if (k == 0)
            break;
        *got += (size_t)k;
    }
    return SONIC_OK;
}

#ifdef HAVE_ZLIB
/* Up to n unpacked bytes.  A gzip file is one member or several; nothing may follow the last one.
 */
static sonic_status unpack(sonic_data_source *source, uint8_t *out, size_t n, size_t *got,
                           sonic_error *error)
{
    z_stream *z = &source->stream;
    *got = 0;
    while (*got < n) {
        if (z->avail_in == 0) {
            size_t more;
            sonic_status status = read_file(source, source->in, PACKED, &more, error);
            if (status != SONIC_OK)
                return status;
            if (more == 0 && source->between)
                return SONIC_OK;
            if (more == 0)
                return sonic_fail(error, SONIC_E_FORMAT,
                                  "%s is damaged: its compressed data end too early", source->path);
            z->next_in = source->in;
            z->avail_in = (uInt)more;
        }
        if (source->between)
            (void)inflateReset(z);
        source->between = false;
        size_t room = n - *got < (1 << 20) ? n - *got : 1 << 20;
        z->next_out = out + *got;
        z->avail_out = (uInt)room;
        int code = inflate(z, Z_NO_FLUSH);
        *got += room - z->avail_out;
        source->between = code == Z_STREAM_END;
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
            return sonic_fail(error, SONIC_E_FORMAT, "%s is damaged: %s", source->path,
                              z->msg ? z->msg : "its compressed data make no sense");
    }
    return SONIC_OK;
}
#endif

static sonic_status pull(sonic_data_source *source, void *out, size_t n, size_t *got,
                         sonic_error *error)
{
#ifdef HAVE_ZLIB
    if (source->packed)
        return unpack(source, out, n, got, error);
#endif
    return read_file(source, out, n, got, error);
}

/* Recognises gzip and reads the first bytes of what is inside. */
static sonic_status begin(sonic_data_source *source, sonic_error *error)
{
    sonic_status status = pull(source, source->peek, PEEK, &source->peeked, error);
    if (status != SONIC_OK || source->peeked < 2 || source->peek[0] != 0x1f ||
        source->peek[1] != 0x8b)
        return status;
#ifdef HAVE_ZLIB
    enum { GZIP_ONLY = 16 }; /* added to the window's bits: a gzip header is wanted, see zlib.h */
    if (lseek(source->fd, 0, SEEK_SET) != 0 ||
        inflateInit2(&source->stream, GZIP_ONLY + MAX_WBITS) != Z_OK)
        return sonic_fail(error, SONIC_E_MEMORY, "cannot unpack %s", source->path);
    source->packed = source->between = true;
    return pull(source, source->peek, PEEK, &source->peeked, error);
#else
    return sonic_fail(error, SONIC_E_UNSUPPORTED,
                      "%s is compressed with gzip, which this build cannot read", source->path);
#endif
}

sonic_status sonic_data_source_open(sonic_data_source **source, const char *path,
                                    sonic_error *error)
{
    struct stat info;
    size_t length = strlen(path) + 1;
    sonic_data_source *made = calloc(1, sizeof *made + length);
    if (!made)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for reading %s", path);
    memcpy(made->path, path, length);
    /* O_NONBLOCK: a named pipe must not hang the program. */
    made->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    sonic_status status = SONIC_OK;
    if (made->fd < 0 || fstat(made->fd, &info) != 0)
        status = sonic_fail_errno(error, SONIC_E_FILE, errno, "cannot open %s", path);
    else if (!S_ISREG(info.st_mode))
        status = sonic_fail(error, SONIC_E_FILE, "%s is not a regular file", path);
    else {
        made->size = (uint64_t)info.st_size;
        status = begin(made, error);
    }
    if (status != SONIC_OK) {
        sonic_data_source_close(made);
        return status;
    }
    *source = made;
    return SONIC_OK;
}

void sonic_data_source_close(sonic_data_source *source)
{
    if (!source)
        return;
#ifdef HAVE_ZLIB
    if (source->packed)
        (void)inflateEnd(&source->stream);
#endif
    if (source->fd >= 0)
        (void)close(source->fd);
    free(source);
}

const char *sonic_data_source_path(const sonic_data_source *source)
{
    return source->path;
}

sonic_status sonic_data_source_read(sonic_data_source *source, void *out, size_t n,
                                    const char *what, sonic_error *error)
{
    uint8_t *to = out;
    size_t head = source->peeked - source->used;
    if (head > n)
        head = n;
    if (head > 0)
        memcpy(to, source->peek + source->used, head);
    source->used += head;
    size_t got = 0;
    if (n > head) {
        sonic_status status = pull(source, to + head, n - head, &got, error);
        if (status != SONIC_OK)
            return status;
    }
    source->at += head + got;
    if (head + got < n)
        return sonic_fail(error, SONIC_E_FORMAT, "%s ends after %llu bytes, in the middle of %s",
                          source->path, (unsigned long long)source->at, what);
    return SONIC_OK;
}

size_t sonic_data_source_peek(const sonic_data_source *source, const uint8_t **bytes)
{
    *bytes = source->peek;
    return source->peeked;
}

bool sonic_data_source_can_hold(const sonic_data_source *source, uint64_t bytes)
{
    return bytes / GAIN_MAX <= source->size;
}

sonic_status sonic_data_source_end(sonic_data_source *source, sonic_error *error)
{
    uint8_t byte;
    size_t got = source->peeked - source->used;
    sonic_status status = got ? SONIC_OK : pull(source, &byte, 1, &got, error);
    if (status == SONIC_OK && got)
        status = sonic_fail(error, SONIC_E_FORMAT,
                            "%s goes on after the %llu bytes that its header announces",
                            source->path, (unsigned long long)source->at);
    return status;
}
