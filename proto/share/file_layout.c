/* Encoding, decoding and judging the pages of the container. */
#include "proto/share/file_layout.h"

#include <string.h>

#include "proto/share/hash.h"

enum {
    AT_VERSION = 8,
    AT_KIND = 12,
    AT_PARTY = 16,
    AT_RING = 20,
    AT_MODEL = 24,
    AT_PAIR = 40,
    AT_BATCH = 56,
    AT_COUNT = 60,
    AT_META_BYTES = 64,
    AT_DATA_BYTES = 72,
    AT_META_HASH = 80,
    AT_PAGE_HASH = SONIC_FILE_PAGE - SONIC_FILE_HASH
};

enum { AT_COUNTER_PAIR = 8 };

enum { SHOWN_MAX = 160 };

const uint8_t sonic_file_magic[SONIC_FILE_MAGIC] = {'s', 'o', 'n', 'i', 'c', 'n', 'n', 0x1a};

const char *sonic_file_shown(const char *path)
{
    size_t length = strlen(path);
    return length <= SHOWN_MAX ? path : path + length - SHOWN_MAX;
}

const char *sonic_file_kind_name(sonic_file_kind kind)
{
    switch (kind) {
    case SONIC_FILE_GRAPH: return "a graph";
    case SONIC_FILE_MODEL: return "a model share";
    case SONIC_FILE_INPUT: return "an input share";
    case SONIC_FILE_RESULT: return "a result share";
    case SONIC_FILE_POOL: return "a pool";
    default: return NULL;
    }
}

const char *sonic_file_header_fault(const sonic_file_header *header)
{
    bool counted = header->kind == SONIC_FILE_INPUT || header->kind == SONIC_FILE_RESULT ||
                   header->kind == SONIC_FILE_POOL;
    if (!sonic_file_kind_name(header->kind))
        return "its kind does not exist";
    if (header->kind == SONIC_FILE_GRAPH ? header->party != SONIC_NO_PARTY : header->party > 1)
        return "its party does not exist";
    if (header->ring != SONIC_RING_32 && header->ring != SONIC_RING_64)
        return "its ring has neither 32 nor 64 bits";
    if (counted != (header->batch != 0) || counted != (header->count != 0))
        return counted ? "its batch or count is zero" : "it has a batch or a count";
    if (header->meta_bytes > SONIC_META_MAX)
        return "its metadata is too large";
    if (header->data_bytes > SONIC_FILE_DATA_MAX)
        return "its data is too large";
    if (header->kind == SONIC_FILE_GRAPH && header->data_bytes)
        return "a graph has no data";
    return NULL;
}

uint64_t sonic_file_meta_start(const sonic_file_header *header)
{
    return header->kind == SONIC_FILE_POOL ? (1 + SONIC_FILE_COUNTERS) * SONIC_FILE_PAGE
                                           : SONIC_FILE_PAGE;
}

uint64_t sonic_file_data_start(const sonic_file_header *header)
{
    return sonic_file_meta_start(header) + header->meta_bytes;
}

uint64_t sonic_file_size(const sonic_file_header *header)
{
    uint64_t chunks = (header->data_bytes + SONIC_FILE_CHUNK - 1) / SONIC_FILE_CHUNK;
    return sonic_file_data_start(header) + header->data_bytes + chunks * SONIC_FILE_HASH;
}

void sonic_file_encode_header(uint8_t page[SONIC_FILE_PAGE], const sonic_file_header *header,
                              uint64_t meta_hash)
{
    memset(page, 0, SONIC_FILE_PAGE);
    memcpy(page, sonic_file_magic, SONIC_FILE_MAGIC);
    sonic_file_put32(page + AT_VERSION, SONIC_FILE_VERSION);
    sonic_file_put32(page + AT_KIND, header->kind);
    sonic_file_put32(page + AT_PARTY, header->party);
    sonic_file_put32(page + AT_RING, header->ring);
    memcpy(page + AT_MODEL, header->model, SONIC_ID_BYTES);
    memcpy(page + AT_PAIR, header->pair, SONIC_ID_BYTES);
    sonic_file_put32(page + AT_BATCH, header->batch);
    sonic_file_put32(page + AT_COUNT, header->count);
    sonic_file_put64(page + AT_META_BYTES, header->meta_bytes);
    sonic_file_put64(page + AT_DATA_BYTES, header->data_bytes);
    sonic_file_put64(page + AT_META_HASH, meta_hash);
    sonic_file_seal_page(page, 0);
}

void sonic_file_decode_header(sonic_file_header *header, uint64_t *meta_hash,
                              const uint8_t page[SONIC_FILE_PAGE])
{
    header->kind = (sonic_file_kind)sonic_file_get32(page + AT_KIND);
    header->party = sonic_file_get32(page + AT_PARTY);
    header->ring = (sonic_ring)sonic_file_get32(page + AT_RING);
    memcpy(header->model, page + AT_MODEL, SONIC_ID_BYTES);
    memcpy(header->pair, page + AT_PAIR, SONIC_ID_BYTES);
    header->batch = sonic_file_get32(page + AT_BATCH);
    header->count = sonic_file_get32(page + AT_COUNT);
    header->meta_bytes = sonic_file_get64(page + AT_META_BYTES);
    header->data_bytes = sonic_file_get64(page + AT_DATA_BYTES);
    *meta_hash = sonic_file_get64(page + AT_META_HASH);
}

uint32_t sonic_file_page_version(const uint8_t page[SONIC_FILE_PAGE])
{
    return sonic_file_get32(page + AT_VERSION);
}

void sonic_file_seal_page(uint8_t page[SONIC_FILE_PAGE], uint64_t seed)
{
    sonic_file_put64(page + AT_PAGE_HASH, XXH3_64bits_withSeed(page, AT_PAGE_HASH, seed));
}

bool sonic_file_page_sound(const uint8_t page[SONIC_FILE_PAGE], uint64_t seed)
{
    return sonic_file_get64(page + AT_PAGE_HASH) == XXH3_64bits_withSeed(page, AT_PAGE_HASH, seed);
}

void sonic_file_encode_counter(uint8_t page[SONIC_FILE_PAGE], unsigned copy, uint32_t used,
                               const uint8_t pair[SONIC_ID_BYTES])
{
    memset(page, 0, SONIC_FILE_PAGE);
    sonic_file_put32(page, used);
    memcpy(page + AT_COUNTER_PAIR, pair, SONIC_ID_BYTES);
    sonic_file_seal_page(page, copy);
}
