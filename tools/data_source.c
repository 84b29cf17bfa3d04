/* The bytes of a data file in order, through zlib where it is there. */
#include "config.h"

#include "tools/data_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include "dispatch/error.h"

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

enum { PEEK = 8 };

struct sonic_source {
#ifdef HAVE_ZLIB
    gzFile gz;
#else
    int fd;
#endif
    uint64_t at; /* bytes given out */
    size_t peeked, used;
    uint8_t peek[PEEK];
    char path[];
};

/* Up to n bytes from the file itself; fewer only at its end. */
static sonic_status pull(sonic_source *source, void *out, size_t n, size_t *got, sonic_error *error)
{
    uint8_t *to = out;
    *got = 0;
    while (*got < n) {
        size_t want = n - *got < (1 << 20) ? n - *got : 1 << 20;
#ifdef HAVE_ZLIB
        int k = gzread(source->gz, to + *got, (unsigned)want);
        int code = Z_OK;
        const char *why = gzerror(source->gz, &code);
        if (k < 0 || code == Z_BUF_ERROR)
            return sonic_fail(error, code == Z_ERRNO ? SONIC_E_FILE : SONIC_E_FORMAT,
                              "%s is damaged: %s", source->path,
                              code == Z_ERRNO       ? strerror(errno)
                              : code == Z_BUF_ERROR ? "its compressed data end too early"
                                                    : why);
#else
        ssize_t k = read(source->fd, to + *got, want);
        if (k < 0)
            return sonic_fail(error, SONIC_E_FILE, "cannot read %s: %s", source->path,
                              strerror(errno));
#endif
        if (k == 0)
            break;
        *got += (size_t)k;
    }
    return SONIC_OK;
}

sonic_status sonic_source_open(sonic_source **source, const char *path, sonic_error *error)
{
    sonic_status status = SONIC_OK;
    struct stat info;
    size_t length = strlen(path) + 1;
    sonic_source *s = calloc(1, sizeof *s + length);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (!s)
        status = sonic_fail(error, SONIC_E_MEMORY, "out of memory");
    else if (fd < 0 || fstat(fd, &info) != 0)
        status = sonic_fail(error, SONIC_E_FILE, "cannot open %s: %s", path, strerror(errno));
    else if (!S_ISREG(info.st_mode))
        status = sonic_fail(error, SONIC_E_FILE, "%s is not a regular file", path);
    if (status != SONIC_OK)
        goto close_file;
    memcpy(s->path, path, length);
#ifdef HAVE_ZLIB
    s->gz = gzdopen(fd, "rb");
    if (!s->gz) {
        status = sonic_fail(error, SONIC_E_MEMORY, "out of memory");
        goto close_file;
    }
#else
    s->fd = fd;
#endif
    size_t got;
    status = pull(s, s->peek, PEEK, &got, error);
    s->peeked = got;
    if (status == SONIC_OK && got >= 2 && s->peek[0] == 0x1f && s->peek[1] == 0x8b)
        status = sonic_fail(error, SONIC_E_UNSUPPORTED,
                            "%s is compressed with gzip, which this build cannot read", path);
    if (status != SONIC_OK) {
        sonic_source_close(s);
        return status;
    }
    *source = s;
    return SONIC_OK;
close_file:
    if (fd >= 0)
        (void)close(fd);
    free(s);
    return status;
}

void sonic_source_close(sonic_source *source)
{
    if (!source)
        return;
#ifdef HAVE_ZLIB
    (void)gzclose(source->gz);
#else
    (void)close(source->fd);
#endif
    free(source);
}

const char *sonic_source_path(const sonic_source *source)
{
    return source->path;
}

sonic_status sonic_source_read(sonic_source *source, void *out, size_t n, const char *what,
                               sonic_error *error)
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

size_t sonic_source_peek(const sonic_source *source, const uint8_t **bytes)
{
    *bytes = source->peek;
    return source->peeked;
}

sonic_status sonic_source_end(sonic_source *source, sonic_error *error)
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
