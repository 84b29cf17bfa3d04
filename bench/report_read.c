/* Reading a JSON file whole, and mending the one thing in which Google Benchmark's is not JSON. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report.h"
#include "dispatch/error.h"

/* The file's bytes, malloc'ed. */
static sonic_status read_all(char **text, size_t *bytes, const char *path, sonic_error *error)
{
    sonic_status status = SONIC_OK;
    size_t used = 0, room = 1 << 16;
    FILE *file = fopen(path, "rb");
    char *buffer = NULL;
    if (!file && errno == ENOENT)
        return sonic_fail(error, SONIC_E_FILE,
                          "%s does not exist: `make bench BENCH_OUT=NAME` writes NAME.kernels.json "
                          "and NAME.layers.json",
                          path);
    if (!file)
        return sonic_fail_errno(error, SONIC_E_FILE, errno, "cannot open %s", path);
    for (size_t got = 1; got > 0 && used <= REPORT_BYTES_MAX; used += got) {
        if (!buffer || used == room) {
            room *= 2;
            char *more = realloc(buffer, room);
            if (!more) {
                status = sonic_fail(error, SONIC_E_MEMORY, "out of memory");
                goto close;
            }
            buffer = more;
        }
        got = fread(buffer + used, 1, room - used, file);
    }
    if (ferror(file))
        status = sonic_fail_errno(error, SONIC_E_FILE, errno, "cannot read %s", path);
    else if (used > REPORT_BYTES_MAX)
        status = sonic_fail(error, SONIC_E_FORMAT, "%s is larger than %d MiB", path,
                            REPORT_BYTES_MAX >> 20);
close:
    (void)fclose(file);
    if (status) {
        free(buffer);
        return status;
    }
    *text = buffer;
    *bytes = used;
    return SONIC_OK;
}

/* The length of a NaN or an infinity as Google Benchmark writes it, 0 if there is none here. */
static size_t not_finite(const char *text, size_t n)
{
    static const char *const words[] = {"NaN", "-NaN", "Infinity", "-Infinity"};
    for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
        const size_t length = strlen(words[w]);
        if (n >= length && memcmp(text, words[w], length) == 0)
            return length;
    }
    return 0;
}

/* Copies text with null for what JSON has no numbers for: the coefficient of variation of a counter
 * that is always 0 is such a one.  `to` has room for twice the bytes. */
static size_t mend(char *to, const char *text, size_t bytes)
{
    size_t used = 0;
    bool quoted = false;
    for (size_t i = 0; i < bytes;) {
        const size_t length = quoted ? 0 : not_finite(text + i, bytes - i);
        if (length > 0) {
            memcpy(to + used, "null", 4);
            used += 4;
            i += length;
            continue;
        }
        if (quoted && text[i] == '\\' && i + 1 < bytes)
            to[used++] = text[i++];
        else if (text[i] == '"')
            quoted = !quoted;
        to[used++] = text[i++];
    }
    return used;
}

sonic_status report_load(report_data *report, const char *path, sonic_error *error)
{
    char *text = NULL, *mended = NULL;
    size_t bytes = 0;
    sonic_status status = read_all(&text, &bytes, path, error);
    if (status)
        return status;
    mended = malloc(2 * bytes + 1);
    if (!mended)
        status = sonic_fail(error, SONIC_E_MEMORY, "out of memory");
    else
        status = report_parse(report, path, mended, mend(mended, text, bytes), error);
    free(mended);
    free(text);
    return status;
}
