/* The program `bench/report`: Google Benchmark's JSON in, one HTML page out. */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/report.h"
#include "dispatch/error.h"

typedef struct arguments {
    char **files; /* the last one is the output */
    int count;
} arguments;

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *to = state->input;
    (void)text;
    switch (key) {
    case ARGP_KEY_ARGS:
        to->files = state->argv + state->next;
        to->count = state->argc - state->next;
        return 0;
    case ARGP_KEY_END:
        if (to->count < 2)
            argp_error(state, "it takes at least one JSON file, and the HTML file to write");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Whether both names are of one file that exists. */
static bool same_file(const struct stat *out, const char *in)
{
    struct stat other;
    return stat(in, &other) == 0 && other.st_dev == out->st_dev && other.st_ino == out->st_ino;
}

static sonic_status put(FILE *file, const char *html, size_t bytes, const char *path,
                        sonic_error *error)
{
    const bool whole = file && fwrite(html, 1, bytes, file) == bytes && fflush(file) == 0;
    return whole ? SONIC_OK : sonic_fail_errno(error, SONIC_E_FILE, errno, "cannot write %s", path);
}

/* A file beside `path` that takes its place once it is whole. */
static sonic_status replace(const char *path, const char *html, size_t bytes, sonic_error *error)
{
    sonic_status status = SONIC_OK;
    const size_t room = strlen(path) + sizeof ".XXXXXX";
    char *temporary = malloc(room);
    if (!temporary)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory");
    (void)snprintf(temporary, room, "%s.XXXXXX", path);
    const int fd = mkstemp(temporary);
    if (fd < 0) {
        status = sonic_fail_errno(error, SONIC_E_FILE, errno, "cannot write %s", path);
        goto free;
    }
    const mode_t mask = umask(0);
    (void)umask(mask);
    (void)fchmod(fd, 0666 & ~mask);
    FILE *file = fdopen(fd, "wb");
    status = put(file, html, bytes, path, error);
    if ((file ? fclose(file) : close(fd)) != 0 && !status)
        status = sonic_fail_errno(error, SONIC_E_FILE, errno, "cannot write %s", path);
    if (!status && rename(temporary, path) != 0)
        status = sonic_fail_errno(error, SONIC_E_FILE, errno, "cannot write %s", path);
    if (status)
        (void)unlink(temporary);
free:
    free(temporary);
    return status;
}

/* Regular files are replaced; what is none (a pipe, /dev/null) is written to. */
static sonic_status write_out(const arguments *to, const char *html, size_t bytes,
                              sonic_error *error)
{
    const char *path = to->files[to->count - 1];
    struct stat found;
    if (strcmp(path, "-") == 0)
        return put(stdout, html, bytes, "the standard output", error);
    if (stat(path, &found) != 0 || S_ISREG(found.st_mode))
        return replace(path, html, bytes, error);
    FILE *file = fopen(path, "wb");
    if (!file)
        return sonic_fail_errno(error, SONIC_E_FILE, errno, "cannot write %s", path);
    const sonic_status status = put(file, html, bytes, path, error);
    if (fclose(file) != 0 && !status)
        return sonic_fail_errno(error, SONIC_E_FILE, errno, "cannot write %s", path);
    return status;
}

static sonic_status make_page(const arguments *from, sonic_error *error)
{
    const char *path = from->files[from->count - 1];
    report_data report = {0};
    struct stat out;
    char *html = NULL;
    size_t bytes = 0;
    const bool exists = strcmp(path, "-") != 0 && stat(path, &out) == 0;
    sonic_status status = SONIC_OK;
    for (int i = 0; i + 1 < from->count && !status; i++)
        status = exists && same_file(&out, from->files[i])
                     ? sonic_fail(error, SONIC_E_ARGUMENT, "%s is both read and written", path)
                     : report_load(&report, from->files[i], error);
    if (!status)
        status = report_arrange(&report, error);
    if (!status)
        status = report_page(&report, &html, &bytes, error);
    if (!status)
        status = write_out(from, html, bytes, error);
    free(html);
    report_free(&report);
    return status;
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        .parser = parse,
        .args_doc = "IN.json... OUT.html",
        .doc =
            "Makes one HTML page, readable without a network, of what Google Benchmark measured: "
            "tables and charts of rates, shares of the ceiling, time and bytes by layer, and "
            "rooflines.\vIN.json: what `make bench BENCH_OUT=NAME` wrote; of "
            "several files the benches are shown together, and the first one's facts about the "
            "machine. OUT.html: '-' is the standard output.\n\nExit code: 0 done, 1 failed (one "
            "sentence on stderr says why), 2 wrong usage.",
    };
    arguments given = {NULL, 0};
    sonic_error error = {0};
    argp_err_exit_status = 2;
    if (argp_parse(&argp, argc, argv, 0, NULL, &given) != 0)
        return 2;
    if (make_page(&given, &error) == SONIC_OK)
        return 0;
    fprintf(stderr, "report: %s\n", error.text);
    return 1;
}
