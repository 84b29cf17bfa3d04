/* The container: what was written is read back at any offset, and appears whole or not at all. */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <xxhash.h>

#include "tests/container.h"

/* How many names the directory holds, beside its own. */
static int names_in_directory(void)
{
    int names = 0;
    DIR *listing = opendir(container_directory());
    cr_assert_not_null(listing);
    for (struct dirent *entry; (entry = readdir(listing));)
        names += entry->d_name[0] != '.';
    closedir(listing);
    return names;
}

Test(file, reads_what_was_written_at_any_offset, .init = container_enter, .fini = container_leave)
{
    static const size_t sizes[] = {0,         1,         CHUNK - 1,      CHUNK,
                                   CHUNK + 1, 3 * CHUNK, 40 * CHUNK + 5, DATA};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        uint64_t state = s;
        size_t n = sizes[s], metas[] = {0, 1, META};
        uint8_t *data = malloc(n + 1), *got = malloc(n + 1), meta[META];
        container_fill(data, n, s);
        container_fill(meta, META, s + 100);
        sonic_file_kind kind = s % 2 ? SONIC_FILE_MODEL : SONIC_FILE_POOL;
        sonic_file_header header = container_header(kind, metas[s % 3], n);

        sonic_writer *writer;
        sonic_error error = {0};
        cr_assert_eq(sonic_writer_create(&writer, container_path(), &header, meta, &error),
                     SONIC_OK);
        for (size_t at = 0; at < n;) { /* pieces of any size; 16 chunks are written at once */
            static const uint32_t most[] = {200, 3 * CHUNK, 40 * CHUNK};
            size_t piece = 1 + container_draw(&state, most[container_draw(&state, 3)]);
            piece = piece < n - at ? piece : n - at;
            cr_assert_eq(sonic_writer_write(writer, data + at, piece, &error), SONIC_OK);
            at += piece;
        }
        cr_assert_eq(sonic_writer_commit(writer, &error), SONIC_OK);

        sonic_reader *reader;
        cr_assert_eq(container_open(&reader, kind, &error), SONIC_OK, "%s", error.text);
        const sonic_file_header *found = sonic_reader_header(reader);
        cr_assert_eq(found->kind, kind);
        cr_assert_eq(found->party, 1);
        cr_assert_eq(found->ring, SONIC_RING_64);
        cr_assert_arr_eq(found->model, header.model, SONIC_ID_BYTES);
        cr_assert_arr_eq(found->pair, header.pair, SONIC_ID_BYTES);
        cr_assert_eq(found->batch, header.batch);
        cr_assert_eq(found->count, header.count);
        cr_assert_eq(found->meta_bytes, header.meta_bytes);
        cr_assert_eq(found->data_bytes, n);
        cr_assert_str_eq(sonic_reader_name(reader), container_path());
        cr_assert_arr_eq(sonic_reader_meta(reader), meta, header.meta_bytes);
        for (int i = 0; i < 300; i++) {
            size_t at = container_draw(&state, (uint32_t)n + 1);
            size_t most = n - at, want = container_draw(&state, (uint32_t)most + 1);
            if (i % 2 && want > 500)
                want = 500;
            if (i % 7 == 0) {
                at = at / CHUNK * CHUNK;
                want = n - at;
            }
            got[want] = 0xa5;
            cr_assert_eq(sonic_reader_read_at(reader, at, got, want, &error), SONIC_OK);
            cr_assert_eq(memcmp(got, data + at, want), 0, "size %zu: %zu bytes at %zu", n, want,
                         at);
            cr_assert_eq(got[want], 0xa5);
        }
        const struct {
            uint64_t at;
            size_t want;
        } beyond[] = {{n + 1, 0}, {n, 1}, {UINT64_MAX, 2}, {0, SIZE_MAX}, {1, SIZE_MAX}};
        for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
            cr_assert_eq(sonic_reader_read_at(reader, beyond[i].at, got, beyond[i].want, &error),
                         SONIC_E_FORMAT);
            cr_assert(strstr(error.text, "bytes of data"), "%s", error.text);
        }
        sonic_reader_free(reader);
        free(data);
        free(got);
    }
}

Test(file, layout_is_the_documented_one, .init = container_enter, .fini = container_leave)
{
    static uint8_t data[DATA], raw[2 * DATA];
    uint8_t meta[META];
    container_fill(data, DATA, 5);
    container_fill(meta, META, 6);
    sonic_file_header header = container_header(SONIC_FILE_MODEL, META, DATA);
    container_write(&header, meta, data);
    int fd = open(container_path(), O_RDONLY);
    ssize_t size = read(fd, raw, sizeof raw);
    close(fd);
    cr_assert_eq(size, PAGE + META + DATA + 4 * 8);
    cr_assert_eq(memcmp(raw, "sonicnn\x1a\1\0\0\0\2\0\0\0\1\0\0\0\x40\0\0\0", 24), 0);
    cr_assert_eq(memcmp(raw + PAGE, meta, META), 0);
    for (size_t chunk = 0; chunk < 4; chunk++) {
        const uint8_t *at = raw + PAGE + META + chunk * (CHUNK + 8);
        size_t n = chunk < 3 ? CHUNK : 777;
        uint64_t hash = XXH3_64bits_withSeed(data + chunk * CHUNK, n, chunk);
        cr_assert_eq(memcmp(at, data + chunk * CHUNK, n), 0);
        for (int i = 0; i < 8; i++)
            cr_assert_eq(at[n + (size_t)i], (uint8_t)(hash >> 8 * i));
    }
}

Test(file, any_kind_can_be_asked_for, .init = container_enter, .fini = container_leave)
{
    uint8_t data[100] = {0};
    sonic_reader *reader;
    sonic_error error;
    for (sonic_file_kind kind = SONIC_FILE_GRAPH; kind <= SONIC_FILE_POOL; kind++) {
        sonic_file_header header =
            container_header(kind, 100, kind == SONIC_FILE_GRAPH ? 0 : sizeof data);
        container_write(&header, data, data);
        for (sonic_file_kind asked = SONIC_FILE_ANY; asked <= SONIC_FILE_POOL; asked++) {
            bool right = asked == kind || asked == SONIC_FILE_ANY;
            cr_assert_eq(container_open(&reader, asked, &error), right ? SONIC_OK : SONIC_E_FORMAT);
            if (right) {
                cr_assert_eq(sonic_reader_header(reader)->kind, kind);
                sonic_reader_free(reader);
            }
        }
        cr_assert_eq(container_open(&reader, (sonic_file_kind)6, &error), SONIC_E_ARGUMENT);
    }
}

Test(file, only_regular_files_are_read, .init = container_enter, .fini = container_leave)
{
    sonic_reader *reader;
    sonic_error error;
    cr_assert_eq(container_open(&reader, SONIC_FILE_MODEL, &error), SONIC_E_FILE);
    char text[200];
    (void)snprintf(text, sizeof text, "cannot open %s: no such file or directory",
                   container_path());
    cr_assert_str_eq(error.text, text);
    cr_assert_eq(mkfifo(container_path(), 0600), 0);
    cr_assert_eq(container_open(&reader, SONIC_FILE_MODEL, &error), SONIC_E_FILE);
    cr_assert(strstr(error.text, "is not a regular file"), "%s", error.text);
    cr_assert_eq(container_open(&reader, SONIC_FILE_POOL, &error), SONIC_E_FILE);
    cr_assert_eq(sonic_reader_open(&reader, container_directory(), SONIC_FILE_MODEL, &error),
                 SONIC_E_FILE);
    cr_assert(strstr(error.text, "is a directory"), "%s", error.text);
    cr_assert_eq(sonic_reader_open(&reader, "/dev/zero", SONIC_FILE_POOL, &error), SONIC_E_FILE);
    sonic_reader_free(NULL);
}

/* Until it is committed, a new file does not touch the old one, and then nothing else is left. */
Test(file, appears_whole_or_not_at_all, .init = container_enter, .fini = container_leave)
{
    uint8_t data[3000] = {0}, got[3000];
    sonic_file_header header = container_header(SONIC_FILE_MODEL, 0, sizeof data);
    sonic_writer *writer;
    sonic_error error = {0};
    (void)umask(022);
    container_write(&header, NULL, data);
    struct stat info;
    cr_assert_eq(stat(container_path(), &info), 0);
    cr_assert_eq(info.st_mode & 0777, 0600);

    data[7] = 1;
    cr_assert_eq(sonic_writer_create(&writer, container_path(), &header, NULL, &error), SONIC_OK);
    cr_assert_eq(sonic_writer_write(writer, data, 2999, &error), SONIC_OK);
    cr_assert_eq(sonic_writer_write(writer, data, 2, &error), SONIC_E_ARGUMENT);
    cr_assert_eq(sonic_writer_commit(writer, &error), SONIC_E_ARGUMENT);
    cr_assert(strstr(error.text, "2999 of the promised 3000 bytes"), "%s", error.text);
    cr_assert_eq(sonic_writer_create(&writer, container_path(), &header, NULL, &error), SONIC_OK);
    cr_assert_eq(sonic_writer_write(writer, data, 3000, &error), SONIC_OK);
    cr_assert_eq(names_in_directory(), 2);
    sonic_writer_abort(writer);
    cr_assert_eq(names_in_directory(), 1);

    sonic_reader *reader;
    cr_assert_eq(container_open(&reader, SONIC_FILE_MODEL, &error), SONIC_OK);
    cr_assert_eq(sonic_reader_read_at(reader, 0, got, 3000, &error), SONIC_OK);
    cr_assert_eq(got[7], 0);
    container_write(&header, NULL, data); /* the open reader keeps the old file */
    cr_assert_eq(sonic_reader_read_at(reader, 1, got, 2999, &error), SONIC_OK);
    cr_assert_eq(got[6], 0);
    sonic_reader_free(reader);
    cr_assert_eq(container_open(&reader, SONIC_FILE_MODEL, &error), SONIC_OK);
    cr_assert_eq(sonic_reader_read_at(reader, 0, got, 3000, &error), SONIC_OK);
    cr_assert_eq(got[7], 1);
    sonic_reader_free(reader);

    header = container_header(SONIC_FILE_GRAPH, 10, 0);
    container_write(&header, data, data);
    cr_assert_eq(stat(container_path(), &info), 0);
    cr_assert_eq(info.st_mode & 0777, 0644);
    sonic_writer_abort(NULL);
}

Test(file, a_failed_write_leaves_nothing, .init = container_enter, .fini = container_leave)
{
    static uint8_t data[CHUNK];
    sonic_file_header header = container_header(SONIC_FILE_MODEL, 0, 2 * CHUNK);
    sonic_writer *writer;
    sonic_error error = {0};
    cr_assert_eq(sonic_writer_create(&writer, "/nonexistent/x", &header, NULL, &error),
                 SONIC_E_FILE);
    cr_assert_str_eq(error.text, "cannot create /nonexistent/x: no such file or directory");

    cr_assert_eq(mkdir(container_path(), 0700), 0);
    cr_assert_eq(sonic_writer_create(&writer, container_path(), &header, NULL, &error), SONIC_OK);
    cr_assert_eq(sonic_writer_write(writer, data, CHUNK, &error), SONIC_OK);
    cr_assert_eq(sonic_writer_write(writer, data, CHUNK, &error), SONIC_OK);
    cr_assert_eq(sonic_writer_commit(writer, &error), SONIC_E_FILE);
    cr_assert(strstr(error.text, "is a directory"), "%s", error.text);
    cr_assert_eq(rmdir(container_path()), 0);
    cr_assert_eq(names_in_directory(), 0);

    /* a file that may not grow, as on a full disk */
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){CHUNK + 5000, CHUNK + 5000}), 0);
    cr_assert_eq(sonic_writer_create(&writer, container_path(), &header, NULL, &error), SONIC_OK);
    cr_assert_eq(sonic_writer_write(writer, data, CHUNK, &error), SONIC_OK);
    cr_assert_eq(sonic_writer_write(writer, data, CHUNK, &error), SONIC_E_FILE);
    cr_assert(strstr(error.text, "file too large"), "%s", error.text);
    sonic_writer_abort(writer);
    cr_assert_eq(names_in_directory(), 0);
}

Test(file, refuses_headers_that_cannot_be)
{
    sonic_writer *writer = NULL;
    sonic_error error = {0};
    sonic_file_header header = container_header(SONIC_FILE_POOL, 0, 0);
    header.count = 0;
    cr_assert_eq(sonic_writer_create(&writer, "x", &header, NULL, &error), SONIC_E_ARGUMENT);
    header = container_header(SONIC_FILE_GRAPH, 0, 1);
    cr_assert_eq(sonic_writer_create(&writer, "x", &header, NULL, &error), SONIC_E_ARGUMENT);
    header = container_header(SONIC_FILE_MODEL, SONIC_META_MAX + 1, 1);
    cr_assert_eq(sonic_writer_create(&writer, "x", &header, NULL, &error), SONIC_E_ARGUMENT);
    header = container_header(SONIC_FILE_MODEL, 0, 1);
    header.party = 2;
    cr_assert_eq(sonic_writer_create(&writer, "x", &header, NULL, &error), SONIC_E_ARGUMENT);
    header.party = 0;
    header.batch = 1;
    cr_assert_eq(sonic_writer_create(&writer, "x", &header, NULL, &error), SONIC_E_ARGUMENT);
    cr_assert_null(writer);
}

Test(file, works_on_descriptors)
{
    uint8_t data[2000], got[2000], meta[7] = {1, 2, 3};
    container_fill(data, sizeof data, 4);
    sonic_file_header header = container_header(SONIC_FILE_RESULT, 7, sizeof data);
    sonic_writer *writer;
    sonic_reader *reader;
    sonic_error error = {0};
    int fds[2];
    cr_assert_eq(sonic_anonymous_file(&fds[0], NULL, &error), SONIC_OK, "%s", error.text);
    fds[1] = memfd_create("test", MFD_CLOEXEC);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(write(fds[i], data, 2000), 2000); /* what was there before goes away */
        cr_assert_eq(sonic_writer_create_fd(&writer, fds[i], "it", &header, meta, &error),
                     SONIC_OK);
        cr_assert_eq(sonic_writer_write(writer, data, 2000, &error), SONIC_OK);
        cr_assert_eq(sonic_writer_commit(writer, &error), SONIC_OK, "%s", error.text);
        cr_assert_eq(sonic_reader_open_fd(&reader, fds[i], "it", SONIC_FILE_MODEL, &error),
                     SONIC_E_FORMAT);
        cr_assert_str_eq(error.text, "it is a result share, not a model share");
        cr_assert_eq(sonic_reader_open_fd(&reader, fds[i], "it", SONIC_FILE_RESULT, &error),
                     SONIC_OK);
        close(fds[i]);
        cr_assert_eq(sonic_reader_read_at(reader, 0, got, 2000, &error), SONIC_OK);
        cr_assert_arr_eq(got, data, 2000);
        cr_assert_eq(sonic_reader_lock(reader, &error), SONIC_E_ARGUMENT);
        sonic_reader_free(reader);
    }
    cr_assert_eq(sonic_anonymous_file(&fds[0], "/nonexistent", &error), SONIC_E_FILE);
    cr_assert_eq(sonic_reader_open_fd(&reader, -1, "it", SONIC_FILE_MODEL, &error), SONIC_E_FILE);
}

/* A name longer than a message keeps its end and the reason. */
Test(file, long_names_fit_into_messages)
{
    char name[1000];
    sonic_reader *reader;
    sonic_error error = {0};
    memset(name, 'd', sizeof name);
    memcpy(name + sizeof name - 9, "/model.0", 9);
    cr_assert_eq(sonic_reader_open(&reader, name, SONIC_FILE_MODEL, &error), SONIC_E_FILE);
    cr_assert(strstr(error.text, "/model.0: file name too long"), "%s", error.text);
}
