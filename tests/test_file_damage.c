/* Damage to a container: any flipped bit, any cut and any field that cannot be is noticed. */
#include "config.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <xxhash.h>

#include "tests/container.h"

static size_t file_size(void)
{
    struct stat info;
    cr_assert_eq(stat(container_path(), &info), 0);
    return (size_t)info.st_size;
}

/* Checks that opening and reading everything fails, and how. */
static void expect_damage(const char *where)
{
    sonic_reader *reader;
    sonic_error error = {0};
    static uint8_t data[DATA];
    sonic_status status = container_open(&reader, SONIC_FILE_MODEL, &error);
    if (!status) {
        memset(data, 1, sizeof data);
        status = sonic_reader_read_at(reader, 0, data, sizeof data, &error);
        for (size_t i = 0; i < sizeof data; i++)
            cr_assert_eq(data[i], 0, "damaged data was handed out");
        sonic_reader_free(reader);
    }
    cr_assert_eq(status, SONIC_E_FORMAT, "%s: not noticed", where);
    cr_assert_eq(strncmp(error.text, container_path(), strlen(container_path())), 0, "%s",
                 error.text);
}

Test(file, every_flipped_bit_is_noticed, .init = container_enter, .fini = container_leave)
{
    static uint8_t data[DATA], raw[2 * DATA];
    uint8_t meta[META];
    container_fill(data, DATA, 5);
    container_fill(meta, META, 6);
    sonic_file_header header = container_header(SONIC_FILE_MODEL, META, DATA);
    container_write(&header, meta, data);
    int fd = open(container_path(), O_RDONLY);
    size_t size = (size_t)read(fd, raw, sizeof raw);
    close(fd);
    uint64_t state = 7;
    char where[64];
    /* Every bit of what comes before the data but the header's long run of zeros, of which a
     * sample. */
    for (size_t at = 0; at < size; at++) {
        bool fields = at < 128 || (at >= PAGE - 8 && at < PAGE + META);
        for (int bit = 0; bit < 8; bit++) {
            if (!fields && container_draw(&state, at < PAGE ? 50 : 8000) != 0 &&
                !(at == size - 1 && bit == 7))
                continue;
            uint8_t flipped = (uint8_t)(raw[at] ^ 1 << bit);
            container_poke(at, &flipped, 1);
            (void)snprintf(where, sizeof where, "bit %d of byte %zu", bit, at);
            expect_damage(where);
            container_poke(at, &raw[at], 1);
        }
    }
    sonic_reader *reader;
    sonic_error error;
    cr_assert_eq(container_open(&reader, SONIC_FILE_MODEL, &error), SONIC_OK);
    cr_assert_eq(sonic_reader_read_at(reader, 0, raw, DATA, &error), SONIC_OK);
    cr_assert_arr_eq(raw, data, DATA);
    sonic_reader_free(reader);
}

/* Only the chunks that are read are checked, and the message says where. */
Test(file, says_which_byte_is_damaged, .init = container_enter, .fini = container_leave)
{
    static uint8_t data[DATA], got[DATA];
    uint8_t meta[META] = {0};
    char text[200];
    container_fill(data, DATA, 5);
    sonic_file_header header = container_header(SONIC_FILE_MODEL, META, DATA);
    container_write(&header, meta, data);
    size_t start = PAGE + META + CHUNK + 8;
    uint8_t wrong = (uint8_t)~data[CHUNK + 17];
    container_poke(start + 17, &wrong, 1);
    (void)snprintf(text, sizeof text, "%s is damaged at byte %zu", container_path(), start);
    sonic_reader *reader;
    sonic_error error;
    cr_assert_eq(container_open(&reader, SONIC_FILE_MODEL, &error), SONIC_OK);
    cr_assert_eq(sonic_reader_read_at(reader, 0, got, CHUNK, &error), SONIC_OK);
    cr_assert_eq(sonic_reader_read_at(reader, CHUNK + 100, got, 1, &error), SONIC_E_FORMAT);
    cr_assert_str_eq(error.text, text);
    cr_assert_eq(sonic_reader_read_at(reader, 2 * CHUNK, got, 777, &error), SONIC_OK);
    cr_assert_arr_eq(got, data + 2 * CHUNK, 777);
    cr_assert_eq(sonic_reader_read_at(reader, 5, got, 3 * CHUNK, &error), SONIC_E_FORMAT);
    cr_assert_str_eq(error.text, text);
    sonic_reader_free(reader);
}

Test(file, every_other_length_is_noticed, .init = container_enter, .fini = container_leave)
{
    static uint8_t data[DATA];
    uint8_t meta[META] = {1};
    char text[300];
    sonic_file_header header = container_header(SONIC_FILE_MODEL, META, DATA);
    container_write(&header, meta, data);
    size_t size = file_size();
    sonic_reader *reader;
    sonic_error error;
    cr_assert_eq(truncate(container_path(), (off_t)size + 1), 0);
    cr_assert_eq(container_open(&reader, SONIC_FILE_MODEL, &error), SONIC_E_FORMAT);
    (void)snprintf(text, sizeof text, "%s is too long: %zu bytes, %zu expected", container_path(),
                   size + 1, size);
    cr_assert_str_eq(error.text, text);
    uint64_t state = 3;
    for (size_t length = size - 1;;
         length -= 1 + container_draw(&state, length > 5000 ? 500 : 30)) {
        cr_assert_eq(truncate(container_path(), (off_t)length), 0);
        cr_assert_eq(container_open(&reader, SONIC_FILE_MODEL, &error), SONIC_E_FORMAT, "%zu bytes",
                     length);
        if (length >= PAGE)
            (void)snprintf(text, sizeof text, "%s is cut short: %zu bytes, %zu expected",
                           container_path(), length, size);
        else
            (void)snprintf(text, sizeof text, "%s is cut short: %zu bytes, at least 4096 expected",
                           container_path(), length);
        cr_assert_str_eq(error.text, text);
        if (length <= 31)
            break;
    }
    cr_assert_eq(truncate(container_path(), 0), 0);
    cr_assert_eq(container_open(&reader, SONIC_FILE_MODEL, &error), SONIC_E_FORMAT);
    cr_assert(strstr(error.text, "is empty"), "%s", error.text);
}

/* Sets a little-endian field of the header and makes its checksum right again, as a forger would.
 */
static void forge(size_t at, uint64_t value, size_t n)
{
    uint8_t page[PAGE];
    int fd = open(container_path(), O_RDWR);
    cr_assert_eq(pread(fd, page, PAGE, 0), PAGE);
    for (size_t i = 0; i < n; i++)
        page[at + i] = (uint8_t)(value >> 8 * i);
    uint64_t hash = XXH3_64bits(page, PAGE - 8);
    for (size_t i = 0; i < 8; i++)
        page[PAGE - 8 + i] = (uint8_t)(hash >> 8 * i);
    cr_assert_eq(pwrite(fd, page, PAGE, 0), PAGE);
    close(fd);
}

Test(file, forged_fields_are_refused, .init = container_enter, .fini = container_leave)
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
        sonic_file_header header = container_header(SONIC_FILE_INPUT, META, sizeof data);
        container_write(&header, meta, data);
        forge(8, 1, 4);
        cr_assert_eq(container_open(&reader, SONIC_FILE_INPUT, &error), SONIC_OK, "%s", error.text);
        sonic_reader_free(reader);
        forge(forgeries[i].at, forgeries[i].value, forgeries[i].n);
        cr_assert_eq(container_open(&reader, SONIC_FILE_INPUT, &error), SONIC_E_FORMAT,
                     "forgery %zu", i);
        cr_assert(strstr(error.text, forgeries[i].says), "forgery %zu: %s", i, error.text);
    }
}
