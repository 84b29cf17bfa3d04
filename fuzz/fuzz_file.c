/* Fuzzes the reader of containers and of pools: any bytes as they are, and, so that checksums do
 * not stop the fuzzer at the door, the same bytes with every checksum made right. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "fuzz/fuzz.h"
#include "proto/offline/pool.h"
#include "proto/share/file_layout.h"

enum { INPUT_MAX = 1 << 18 };

static uint8_t image[INPUT_MAX];

static void seed(const char *name, const sonic_file_header *header, const void *meta)
{
    static uint8_t data[INPUT_MAX];
    sonic_writer *writer;
    int fd = fuzz_file_of("", 0);
    fuzz_require(sonic_writer_create_fd(&writer, fd, name, header, meta, NULL) == SONIC_OK);
    fuzz_require(sonic_writer_write(writer, data, (size_t)header->data_bytes, NULL) == SONIC_OK);
    fuzz_require(sonic_writer_commit(writer, NULL) == SONIC_OK);
    ssize_t n = pread(fd, image, sizeof image, 0);
    fuzz_require(n > 0);
    fuzz_write_seed(name, image, (size_t)n);
}

void fuzz_seed(void)
{
    uint8_t meta[SONIC_POOL_META_BYTES] = {1, 2, 3};
    sonic_file_header header = {
        .kind = SONIC_FILE_GRAPH, .party = SONIC_NO_PARTY, .ring = SONIC_RING_64, .meta_bytes = 20};
    seed("graph", &header, meta);
    header = (sonic_file_header){
        .kind = SONIC_FILE_MODEL, .ring = SONIC_RING_32, .meta_bytes = 1, .data_bytes = 66000};
    seed("model", &header, meta);
    header.kind = SONIC_FILE_RESULT;
    header.batch = header.count = 2;
    header.data_bytes = 10;
    seed("result", &header, meta);
    header.kind = SONIC_FILE_POOL;
    header.party = 1;
    header.meta_bytes = SONIC_POOL_META_BYTES;
    seed("pool", &header, meta);
}

/* Makes every checksum right that lies inside the image. */
static void repair(size_t n)
{
    sonic_file_header header;
    uint64_t meta_hash;
    if (n < SONIC_FILE_PAGE)
        return;
    sonic_file_decode_header(&header, &meta_hash, image);
    uint64_t start = sonic_file_meta_start(&header);
    if (start <= n && header.meta_bytes <= n - start)
        sonic_file_put64(image + 80, XXH3_64bits(image + start, (size_t)header.meta_bytes));
    sonic_file_seal_page(image, 0);
    for (unsigned copy = 0; copy < SONIC_FILE_COUNTERS && header.kind == SONIC_FILE_POOL; copy++)
        if ((2 + copy) * SONIC_FILE_PAGE <= n)
            sonic_file_seal_page(image + (1 + copy) * SONIC_FILE_PAGE, copy);
    uint64_t at = start + header.meta_bytes, left = header.data_bytes;
    for (uint64_t chunk = 0; left && at < n && start < at; chunk++) {
        uint64_t size = left < SONIC_FILE_CHUNK ? left : SONIC_FILE_CHUNK;
        if (size + SONIC_FILE_HASH > n - at)
            return;
        sonic_file_put64(image + at + size, XXH3_64bits_withSeed(image + at, (size_t)size, chunk));
        at += size + SONIC_FILE_HASH;
        left -= size;
    }
}

/* What was read must be what lies in the image. */
static void require_data(const sonic_file_header *header, uint64_t offset, const uint8_t *got,
                         size_t n)
{
    uint64_t start = sonic_file_data_start(header);
    for (size_t i = 0; i < n; i++) {
        uint64_t at = offset + i;
        fuzz_require(got[i] == image[start + at + at / SONIC_FILE_CHUNK * SONIC_FILE_HASH]);
    }
}

static void read_all(sonic_reader *reader, size_t n)
{
    static uint8_t got[INPUT_MAX];
    const sonic_file_header *header = sonic_reader_header(reader);
    sonic_error error = {0};
    fuzz_require(header->meta_bytes <= n && header->data_bytes <= n);
    fuzz_require(memcmp(sonic_reader_meta(reader), image + sonic_file_meta_start(header),
                        (size_t)header->meta_bytes) == 0);
    uint64_t at[] = {0, header->data_bytes / 2, header->data_bytes / 3};
    for (int i = 0; i < 3; i++) {
        size_t want = (size_t)(i < 2 ? header->data_bytes - at[i] : header->data_bytes / 5);
        sonic_status status = sonic_reader_read_at(reader, at[i], got, want, &error);
        if (status)
            fuzz_require_sentence(status, &error);
        else
            require_data(header, at[i], got, want);
    }
}

static void use_pool(int fd)
{
    char path[64];
    sonic_pool *pool;
    sonic_error error = {0};
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    sonic_status status = sonic_pool_open(&pool, path, &error);
    if (status) {
        fuzz_require_sentence(status, &error);
        return;
    }
    const sonic_file_header *header = sonic_pool_header(pool);
    uint64_t slot_bytes = header->data_bytes / header->count;
    uint32_t slot, next;
    uint8_t byte;
    fuzz_require(sonic_pool_next(pool, &slot, &error) == SONIC_OK);
    status = sonic_pool_claim(pool, slot, &error);
    if (slot == header->count) {
        fuzz_require(status == SONIC_E_USED_UP);
        fuzz_require_sentence(status, &error);
    } else {
        fuzz_require(status == SONIC_OK);
        fuzz_require(sonic_pool_next(pool, &next, &error) == SONIC_OK && next == slot + 1);
        (void)sonic_pool_read(pool, slot, slot_bytes, 0, &byte, slot_bytes > 0, &error);
    }
    sonic_pool_free(pool);
}

static void open_image(size_t n)
{
    static const sonic_file_kind kinds[] = {SONIC_FILE_ANY, SONIC_FILE_RESULT};
    int fd = fuzz_file_of(image, n);
    for (int i = 0; i < 2; i++) {
        sonic_reader *reader;
        sonic_error error = {0};
        sonic_status status = sonic_reader_open_fd(&reader, fd, "input", kinds[i], &error);
        if (status) {
            fuzz_require_sentence(status, &error);
            continue;
        }
        sonic_file_kind kind = sonic_reader_header(reader)->kind;
        fuzz_require(i == 0 || kind == SONIC_FILE_RESULT);
        read_all(reader, n);
        sonic_reader_free(reader);
        if (kind == SONIC_FILE_POOL)
            use_pool(fd);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n > INPUT_MAX)
        return 0;
    memcpy(image, data, n);
    open_image(n);
    repair(n);
    open_image(n);
    return 0;
}
