/* The container: what was written is read back at any offset, and any damage to a file, any cut and
 * any field that cannot be is noticed. */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <xxhash.h>

#include "proto/share/file.h"

/* The layout, written down a second time. */
enum { PAGE = 4096, CHUNK = 65536, META = 333, DATA = 3 * CHUNK + 777 };

static char directory[] = "/tmp/sonicnn-test-file-XXXXXX";
static char path[sizeof directory + 32];

static void enter_directory(void)
{
    cr_assert_not_null(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/file", directory);
}

static void leave_directory(void)
{
    (void)unlink(path);
    (void)rmdir(directory);
}

/* How many names the directory holds, beside its own. */
static int names_in_directory(void)
{
    int names = 0;
    DIR *listing = opendir(directory);
    cr_assert_not_null(listing);
    for (struct dirent *entry; (entry = readdir(listing));)
        names += entry->d_name[0] != '.';
    closedir(listing);
    return names;
}

static uint32_t draw(uint64_t *state, uint32_t below)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((*state >> 33) % below);
}

static void fill(uint8_t *out, size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)draw(&seed, 256);
}

static sonic_file_header header_of(sonic_file_kind kind, uint64_t meta_bytes, uint64_t data_bytes)
{
    bool counted = kind == SONIC_FILE_INPUT || kind == SONIC_FILE_RESULT || kind == SONIC_FILE_POOL;
    sonic_file_header header = {.kind = kind,
                                .party = kind == SONIC_FILE_GRAPH ? SONIC_NO_PARTY : 1,
                                .ring = SONIC_RING_64,
                                .batch = counted ? 5 : 0,
                                .count = counted ? 100 : 0,
                                .meta_bytes = meta_bytes,
                                .data_bytes = data_bytes};
    fill(header.model, SONIC_ID_BYTES, 1);
    fill(header.pair, SONIC_ID_BYTES, 2);
    return header;
}

static void write_file(const char *name, const sonic_file_header *header, const void *meta,
                       const void *data)
{
    sonic_writer *writer;
    sonic_error error = {0};
    cr_assert_eq(sonic_writer_create(&writer, name, header, meta, &error), SONIC_OK, "%s",
                 error.text);
    cr_assert_eq(sonic_writer_write(writer, data, header->data_bytes, &error), SONIC_OK);
    cr_assert_eq(sonic_writer_commit(writer, &error), SONIC_OK, "%s", error.text);
}

static int open_as(sonic_reader **reader, sonic_file_kind kind, sonic_error *error)
{
    *error = (sonic_error){0};
    int status = sonic_reader_open(reader, path, kind, error);
    cr_assert_eq(error->status, status);
    return status;
}

/* Overwrites part of the file. */
static void poke(size_t at, const void *bytes, size_t n)
{
    int fd = open(path, O_WRONLY);
    cr_assert_geq(fd, 0);
    cr_assert_eq(pwrite(fd, bytes, n, (off_t)at), (ssize_t)n);
    close(fd);
}

static size_t file_size(void)
{
    struct stat info;
    cr_assert_eq(stat(path, &info), 0);
    return (size_t)info.st_size;
}

/* Checks that opening and reading everything fails, and how. */
static void expect_damage(const char *where)
{
    sonic_reader *reader;
    sonic_error error = {0};
    static uint8_t data[DATA];
    sonic_status status = open_as(&reader, SONIC_FILE_MODEL, &error);
    if (!status) {
        memset(data, 1, sizeof data);
        status = sonic_reader_read_at(reader, 0, data, sizeof data, &error);
        for (size_t i = 0; i < sizeof data; i++)
            cr_assert_eq(data[i], 0, "damaged data was handed out");
        sonic_reader_free(reader);
    }
    cr_assert_eq(status, SONIC_E_FORMAT, "%s: not noticed", where);
    cr_assert_eq(strncmp(error.text, path, strlen(path)), 0, "%s", error.text);
}

Test(file, reads_what_was_written_at_any_offset, .init = enter_directory, .fini = leave_directory)
{
    static const size_t sizes[] = {0,         1,         CHUNK - 1,      CHUNK,
                                   CHUNK + 1, 3 * CHUNK, 40 * CHUNK + 5, DATA};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        uint64_t state = s;
        size_t n = sizes[s], metas[] = {0, 1, META};
        uint8_t *data = malloc(n + 1), *got = malloc(n + 1), meta[META];
        fill(data, n, s);
        fill(meta, META, s + 100);
        sonic_file_kind kind = s % 2 ? SONIC_FILE_MODEL : SONIC_FILE_POOL;
        sonic_file_header header = header_of(kind, metas[s % 3], n);

        sonic_writer *writer;
        sonic_error error = {0};
        cr_assert_eq(sonic_writer_create(&writer, path, &header, meta, &error), SONIC_OK);
        for (size_t at = 0; at < n;) { /* pieces of any size */
            size_t piece = 1 + draw(&state, draw(&state, 2) ? 200 : 3 * CHUNK);
            piece = piece < n - at ? piece : n - at;
            cr_assert_eq(sonic_writer_write(writer, data + at, piece, &error), SONIC_OK);
            at += piece;
        }
        cr_assert_eq(sonic_writer_commit(writer, &error), SONIC_OK);

        sonic_reader *reader;
        cr_assert_eq(open_as(&reader, kind, &error), SONIC_OK, "%s", error.text);
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
        cr_assert_str_eq(sonic_reader_name(reader), path);
        cr_assert_arr_eq(sonic_reader_meta(reader), meta, header.meta_bytes);
        for (int i = 0; i < 300; i++) {
            size_t at = draw(&state, (uint32_t)n + 1);
            size_t most = n - at, want = draw(&state, (uint32_t)most + 1);
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

Test(file, layout_is_the_documented_one, .init = enter_directory, .fini = leave_directory)
{
    static uint8_t data[DATA], raw[2 * DATA];
    uint8_t meta[META];
    fill(data, DATA, 5);
    fill(meta, META, 6);
    sonic_file_header header = header_of(SONIC_FILE_MODEL, META, DATA);
    write_file(path, &header, meta, data);
    int fd = open(path, O_RDONLY);
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

Test(file, every_flipped_bit_is_noticed, .init = enter_directory, .fini = leave_directory)
{
    static uint8_t data[DATA], raw[2 * DATA];
    uint8_t meta[META];
    fill(data, DATA, 5);
    fill(meta, META, 6);
    sonic_file_header header = header_of(SONIC_FILE_MODEL, META, DATA);
    write_file(path, &header, meta, data);
    int fd = open(path, O_RDONLY);
    size_t size = (size_t)read(fd, raw, sizeof raw);
    close(fd);
    uint64_t state = 7;
    char where[64];
    /* Every bit of what comes before the data but the header's long run of zeros, of which a
     * sample. */
    for (size_t at = 0; at < size; at++) {
        bool fields = at < 128 || (at >= PAGE - 8 && at < PAGE + META);
        for (int bit = 0; bit < 8; bit++) {
            if (!fields && draw(&state, at < PAGE ? 50 : 8000) != 0 &&
                !(at == size - 1 && bit == 7))
                continue;
            uint8_t flipped = (uint8_t)(raw[at] ^ 1 << bit);
            poke(at, &flipped, 1);
            (void)snprintf(where, sizeof where, "bit %d of byte %zu", bit, at);
            expect_damage(where);
            poke(at, &raw[at], 1);
        }
    }
    sonic_reader *reader;
    sonic_error error;
    cr_assert_eq(open_as(&reader, SONIC_FILE_MODEL, &error), SONIC_OK);
    cr_assert_eq(sonic_reader_read_at(reader, 0, raw, DATA, &error), SONIC_OK);
    cr_assert_arr_eq(raw, data, DATA);
    sonic_reader_free(reader);
}

/* Only the chunks that are read are checked, and the message says where. */
Test(file, says_which_byte_is_damaged, .init = enter_directory, .fini = leave_directory)
{
    static uint8_t data[DATA], got[DATA];
    uint8_t meta[META] = {0};
    char text[200];
    fill(data, DATA, 5);
    sonic_file_header header = header_of(SONIC_FILE_MODEL, META, DATA);
    write_file(path, &header, meta, data);
    size_t start = PAGE + META + CHUNK + 8;
    uint8_t wrong = (uint8_t)~data[CHUNK + 17];
    poke(start + 17, &wrong, 1);
    (void)snprintf(text, sizeof text, "%s is damaged at byte %zu", path, start);
    sonic_reader *reader;
    sonic_error error;
    cr_assert_eq(open_as(&reader, SONIC_FILE_MODEL, &error), SONIC_OK);
    cr_assert_eq(sonic_reader_read_at(reader, 0, got, CHUNK, &error), SONIC_OK);
    cr_assert_eq(sonic_reader_read_at(reader, CHUNK + 100, got, 1, &error), SONIC_E_FORMAT);
    cr_assert_str_eq(error.text, text);
    cr_assert_eq(sonic_reader_read_at(reader, 2 * CHUNK, got, 777, &error), SONIC_OK);
    cr_assert_arr_eq(got, data + 2 * CHUNK, 777);
    cr_assert_eq(sonic_reader_read_at(reader, 5, got, 3 * CHUNK, &error), SONIC_E_FORMAT);
    cr_assert_str_eq(error.text, text);
    sonic_reader_free(reader);
}

Test(file, every_other_length_is_noticed, .init = enter_directory, .fini = leave_directory)
{
    static uint8_t data[DATA];
    uint8_t meta[META] = {1};
    char text[300];
    sonic_file_header header = header_of(SONIC_FILE_MODEL, META, DATA);
    write_file(path, &header, meta, data);
    size_t size = file_size();
    sonic_reader *reader;
    sonic_error error;
    cr_assert_eq(truncate(path, (off_t)size + 1), 0);
    cr_assert_eq(open_as(&reader, SONIC_FILE_MODEL, &error), SONIC_E_FORMAT);
    (void)snprintf(text, sizeof text, "%s is too long: %zu bytes, %zu expected", path, size + 1,
                   size);
    cr_assert_str_eq(error.text, text);
    uint64_t state = 3;
    for (size_t length = size - 1;; length -= 1 + draw(&state, length > 5000 ? 500 : 30)) {
        cr_assert_eq(truncate(path, (off_t)length), 0);
        cr_assert_eq(open_as(&reader, SONIC_FILE_MODEL, &error), SONIC_E_FORMAT, "%zu bytes",
                     length);
        if (length >= PAGE)
            (void)snprintf(text, sizeof text, "%s is cut short: %zu bytes, %zu expected", path,
                           length, size);
        else
            (void)snprintf(text, sizeof text, "%s is cut short: %zu bytes, at least 4096 expected",
                           path, length);
        cr_assert_str_eq(error.text, text);
        if (length <= 31)
            break;
    }
    cr_assert_eq(truncate(path, 0), 0);
    cr_assert_eq(open_as(&reader, SONIC_FILE_MODEL, &error), SONIC_E_FORMAT);
    cr_assert(strstr(error.text, "is empty"), "%s", error.text);
}

/* Sets a little-endian field of the header and makes its checksum right again, as a forger would.
 */
static void forge(size_t at, uint64_t value, size_t n)
{
    uint8_t page[PAGE];
    int fd = open(path, O_RDWR);
    cr_assert_eq(pread(fd, page, PAGE, 0), PAGE);
    for (size_t i = 0; i < n; i++)
        page[at + i] = (uint8_t)(value >> 8 * i);
    uint64_t hash = XXH3_64bits(page, PAGE - 8);
    for (size_t i = 0; i < 8; i++)
        page[PAGE - 8 + i] = (uint8_t)(hash >> 8 * i);
    cr_assert_eq(pwrite(fd, page, PAGE, 0), PAGE);
    close(fd);
}

Test(file, forged_fields_are_refused, .init = enter_directory, .fini = leave_directory)
{
    static const struct {
        size_t at, n;
        uint64_t value;
        const char *says;
    } forgeries[] = {
        {0, 1, 'S', "is not a sonicnn file"},
        {8, 4, 2, "has version 2; this program reads version 1"},
        {12, 4, 0, "its kind does not exist"},
        {12, 4, 6, "its kind does not exist"},
        {12, 4, UINT32_MAX, "its kind does not exist"},
        {12, 4, SONIC_FILE_RESULT, "is a result share, not an input share"},
        {12, 4, SONIC_FILE_POOL, "is a pool, not an input share"},
        {16, 4, 2, "its party does not exist"},
        {16, 4, UINT32_MAX, "its party does not exist"},
        {20, 4, 0, "its ring has neither 32 nor 64 bits"},
        {20, 4, 33, "its ring has neither 32 nor 64 bits"},
        {56, 4, 0, "its batch or count is zero"},
        {60, 4, 0, "its batch or count is zero"},
        {64, 8, ((uint64_t)16 << 20) + 1, "its metadata is too large"},
        {64, 8, UINT64_MAX, "its metadata is too large"},
        {64, 8, (uint64_t)16 << 20, "is cut short"},
        {64, 8, META - 1, "is too long"},
        {72, 8, UINT64_MAX, "its data is too large"},
        {72, 8, (uint64_t)1 << 63, "its data is too large"},
        {72, 8, (uint64_t)1 << 60, "is cut short"},
        {72, 8, 0, "is too long"},
    };
    static uint8_t data[1000];
    uint8_t meta[META] = {1};
    sonic_reader *reader;
    sonic_error error;
    for (size_t i = 0; i < sizeof forgeries / sizeof *forgeries; i++) {
        sonic_file_header header = header_of(SONIC_FILE_INPUT, META, sizeof data);
        write_file(path, &header, meta, data);
        forge(8, 1, 4);
        cr_assert_eq(open_as(&reader, SONIC_FILE_INPUT, &error), SONIC_OK, "%s", error.text);
        sonic_reader_free(reader);
        forge(forgeries[i].at, forgeries[i].value, forgeries[i].n);
        cr_assert_eq(open_as(&reader, SONIC_FILE_INPUT, &error), SONIC_E_FORMAT, "forgery %zu", i);
        cr_assert(strstr(error.text, forgeries[i].says), "forgery %zu: %s", i, error.text);
    }
}

Test(file, any_kind_can_be_asked_for, .init = enter_directory, .fini = leave_directory)
{
    uint8_t data[100] = {0};
    sonic_reader *reader;
    sonic_error error;
    for (sonic_file_kind kind = SONIC_FILE_GRAPH; kind <= SONIC_FILE_POOL; kind++) {
        sonic_file_header header = header_of(kind, 100, kind == SONIC_FILE_GRAPH ? 0 : sizeof data);
        write_file(path, &header, data, data);
        for (sonic_file_kind asked = SONIC_FILE_ANY; asked <= SONIC_FILE_POOL; asked++) {
            bool right = asked == kind || asked == SONIC_FILE_ANY;
            cr_assert_eq(open_as(&reader, asked, &error), right ? SONIC_OK : SONIC_E_FORMAT);
            if (right) {
                cr_assert_eq(sonic_reader_header(reader)->kind, kind);
                sonic_reader_free(reader);
            }
        }
        cr_assert_eq(open_as(&reader, (sonic_file_kind)6, &error), SONIC_E_ARGUMENT);
    }
}

Test(file, only_regular_files_are_read, .init = enter_directory, .fini = leave_directory)
{
    sonic_reader *reader;
    sonic_error error;
    cr_assert_eq(open_as(&reader, SONIC_FILE_MODEL, &error), SONIC_E_FILE);
    char text[200];
    (void)snprintf(text, sizeof text, "cannot open %s: no such file or directory", path);
    cr_assert_str_eq(error.text, text);
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_assert_eq(open_as(&reader, SONIC_FILE_MODEL, &error), SONIC_E_FILE);
    cr_assert(strstr(error.text, "is not a regular file"), "%s", error.text);
    cr_assert_eq(open_as(&reader, SONIC_FILE_POOL, &error), SONIC_E_FILE);
    cr_assert_eq(sonic_reader_open(&reader, directory, SONIC_FILE_MODEL, &error), SONIC_E_FILE);
    cr_assert(strstr(error.text, "is a directory"), "%s", error.text);
    cr_assert_eq(sonic_reader_open(&reader, "/dev/zero", SONIC_FILE_POOL, &error), SONIC_E_FILE);
    sonic_reader_free(NULL);
}

/* Until it is committed, a new file does not touch the old one, and then nothing else is left. */
Test(file, appears_whole_or_not_at_all, .init = enter_directory, .fini = leave_directory)
{
    uint8_t data[3000] = {0}, got[3000];
    sonic_file_header header = header_of(SONIC_FILE_MODEL, 0, sizeof data);
    sonic_writer *writer;
    sonic_error error = {0};
    (void)umask(022);
    write_file(path, &header, NULL, data);
    struct stat info;
    cr_assert_eq(stat(path, &info), 0);
    cr_assert_eq(info.st_mode & 0777, 0600);

    data[7] = 1;
    cr_assert_eq(sonic_writer_create(&writer, path, &header, NULL, &error), SONIC_OK);
    cr_assert_eq(sonic_writer_write(writer, data, 2999, &error), SONIC_OK);
    cr_assert_eq(sonic_writer_write(writer, data, 2, &error), SONIC_E_ARGUMENT);
    cr_assert_eq(sonic_writer_commit(writer, &error), SONIC_E_ARGUMENT);
    cr_assert(strstr(error.text, "2999 of the promised 3000 bytes"), "%s", error.text);
    cr_assert_eq(sonic_writer_create(&writer, path, &header, NULL, &error), SONIC_OK);
    cr_assert_eq(sonic_writer_write(writer, data, 3000, &error), SONIC_OK);
    cr_assert_eq(names_in_directory(), 2);
    sonic_writer_abort(writer);
    cr_assert_eq(names_in_directory(), 1);

    sonic_reader *reader;
    cr_assert_eq(open_as(&reader, SONIC_FILE_MODEL, &error), SONIC_OK);
    cr_assert_eq(sonic_reader_read_at(reader, 0, got, 3000, &error), SONIC_OK);
    cr_assert_eq(got[7], 0);
    write_file(path, &header, NULL, data); /* the open reader keeps the old file */
    cr_assert_eq(sonic_reader_read_at(reader, 1, got, 2999, &error), SONIC_OK);
    cr_assert_eq(got[6], 0);
    sonic_reader_free(reader);
    cr_assert_eq(open_as(&reader, SONIC_FILE_MODEL, &error), SONIC_OK);
    cr_assert_eq(sonic_reader_read_at(reader, 0, got, 3000, &error), SONIC_OK);
    cr_assert_eq(got[7], 1);
    sonic_reader_free(reader);

    header = header_of(SONIC_FILE_GRAPH, 10, 0);
    write_file(path, &header, data, data);
    cr_assert_eq(stat(path, &info), 0);
    cr_assert_eq(info.st_mode & 0777, 0644);
    sonic_writer_abort(NULL);
}

Test(file, a_failed_write_leaves_nothing, .init = enter_directory, .fini = leave_directory)
{
    static uint8_t data[CHUNK];
    sonic_file_header header = header_of(SONIC_FILE_MODEL, 0, 2 * CHUNK);
    sonic_writer *writer;
    sonic_error error = {0};
    cr_assert_eq(sonic_writer_create(&writer, "/nonexistent/x", &header, NULL, &error),
                 SONIC_E_FILE);
    cr_assert_str_eq(error.text, "cannot create /nonexistent/x: no such file or directory");

    cr_assert_eq(mkdir(path, 0700), 0);
    cr_assert_eq(sonic_writer_create(&writer, path, &header, NULL, &error), SONIC_OK);
    cr_assert_eq(sonic_writer_write(writer, data, CHUNK, &error), SONIC_OK);
    cr_assert_eq(sonic_writer_write(writer, data, CHUNK, &error), SONIC_OK);
    cr_assert_eq(sonic_writer_commit(writer, &error), SONIC_E_FILE);
    cr_assert(strstr(error.text, "is a directory"), "%s", error.text);
    cr_assert_eq(rmdir(path), 0);
    cr_assert_eq(names_in_directory(), 0);

    /* a file that may not grow, as on a full disk */
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){CHUNK + 5000, CHUNK + 5000}), 0);
    cr_assert_eq(sonic_writer_create(&writer, path, &header, NULL, &error), SONIC_OK);
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
    sonic_file_header header = header_of(SONIC_FILE_POOL, 0, 0);
    header.count = 0;
    cr_assert_eq(sonic_writer_create(&writer, "x", &header, NULL, &error), SONIC_E_ARGUMENT);
    header = header_of(SONIC_FILE_GRAPH, 0, 1);
    cr_assert_eq(sonic_writer_create(&writer, "x", &header, NULL, &error), SONIC_E_ARGUMENT);
    header = header_of(SONIC_FILE_MODEL, SONIC_META_MAX + 1, 1);
    cr_assert_eq(sonic_writer_create(&writer, "x", &header, NULL, &error), SONIC_E_ARGUMENT);
    header = header_of(SONIC_FILE_MODEL, 0, 1);
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
    fill(data, sizeof data, 4);
    sonic_file_header header = header_of(SONIC_FILE_RESULT, 7, sizeof data);
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

/* --- the use counter of pools */

static void make_pool(uint8_t *data, size_t n)
{
    sonic_file_header header = header_of(SONIC_FILE_POOL, META, n);
    static uint8_t meta[META];
    fill(data, n, 8);
    write_file(path, &header, meta, data);
}

static sonic_reader *lock_pool(void)
{
    sonic_reader *reader;
    sonic_error error = {0};
    cr_assert_eq(open_as(&reader, SONIC_FILE_POOL, &error), SONIC_OK, "%s", error.text);
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

Test(file, counter_goes_up_and_stays, .init = enter_directory, .fini = leave_directory)
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
Test(file, counter_survives_torn_copies, .init = enter_directory, .fini = leave_directory)
{
    uint8_t data[1], before[3 * PAGE], after[3 * PAGE], torn[PAGE];
    uint64_t state = 11;
    make_pool(data, 1);
    int fd = open(path, O_RDONLY);
    for (uint32_t used = 0; used < 60; used++) {
        sonic_reader *reader = lock_pool();
        cr_assert_eq(used_of(reader), used);
        cr_assert_eq(pread(fd, before, sizeof before, 0), 3 * PAGE);
        cr_assert_eq(sonic_reader_set_used(reader, used + 1, NULL), SONIC_OK);
        cr_assert_eq(pread(fd, after, sizeof after, 0), 3 * PAGE);
        for (unsigned copy = 0; copy < 2; copy++) {
            size_t page = (1 + copy) * PAGE, other = (2 - copy) * PAGE;
            memcpy(torn, before + page, PAGE);
            size_t from = draw(&state, 40), to = draw(&state, 2) ? PAGE : draw(&state, 40);
            if (from < to)
                memcpy(torn + from, after + page + from, to - from);
            if (draw(&state, 3) == 0)
                fill(torn, PAGE, state);
            poke(page, torn, PAGE);

            /* the other copy is not written yet, or already: claimed is what it says, or one more
             */
            poke(other, before + other, PAGE);
            uint32_t found = used_of(reader);
            cr_assert(found == used || found == used + 1, "%u after %u", found, used);
            poke(other, after + other, PAGE);
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
    poke(PAGE, torn, PAGE);
    poke(2 * PAGE, torn, PAGE);
    sonic_reader *reader = lock_pool();
    uint32_t used;
    sonic_error error = {0};
    cr_assert_eq(sonic_reader_used(reader, &used, &error), SONIC_E_FORMAT);
    cr_assert(strstr(error.text, "is damaged in its use counter"), "%s", error.text);
    cr_assert_eq(sonic_reader_set_used(reader, 100, &error), SONIC_E_FORMAT);
    sonic_reader_free(reader);
    close(fd);
}

Test(file, flipped_bits_of_one_counter_lose_nothing, .init = enter_directory,
     .fini = leave_directory)
{
    uint8_t data[1], raw[3 * PAGE];
    make_pool(data, 1);
    sonic_reader *reader = lock_pool();
    cr_assert_eq(sonic_reader_set_used(reader, 37, NULL), SONIC_OK);
    int fd = open(path, O_RDONLY);
    cr_assert_eq(pread(fd, raw, sizeof raw, 0), 3 * PAGE);
    close(fd);
    for (size_t at = PAGE; at < 3 * PAGE; at++) {
        uint8_t flipped = (uint8_t)(raw[at] ^ 1 << at % 8);
        poke(at, &flipped, 1);
        cr_assert_eq(used_of(reader), 37, "byte %zu", at);
        poke(at, &raw[at], 1);
    }
    sonic_reader_free(reader);
}

Test(file, a_locked_pool_is_in_use, .init = enter_directory, .fini = leave_directory)
{
    uint8_t data[1];
    make_pool(data, 1);
    sonic_reader *other, *reader = lock_pool();
    sonic_error error = {0};
    char text[200];
    (void)snprintf(text, sizeof text, "%s is in use by another process", path);
    cr_assert_eq(open_as(&other, SONIC_FILE_POOL, &error), SONIC_OK);
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

    int fd = open(path, O_RDONLY);
    cr_assert_eq(sonic_reader_open_fd(&reader, fd, path, SONIC_FILE_POOL, &error), SONIC_OK);
    close(fd);
    cr_assert_eq(sonic_reader_lock(reader, &error), SONIC_E_FILE);
    cr_assert(strstr(error.text, "may not be written to"), "%s", error.text);
    cr_assert_eq(used_of(reader), 0);
    sonic_reader_free(reader);
}
