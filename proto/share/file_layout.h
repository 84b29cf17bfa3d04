/** @file
 * Inside of the container: where everything lies in a file.  Private to proto/share/file_*.c.
 *
 *     byte 0            header page
 *     byte 4096         pools only: two counter pages
 *     then              metadata
 *     then              data in chunks of 64 KiB (the last one shorter), each followed by its
 * XXH3-64, seeded by the chunk's index
 *
 * Header page: magic (8 bytes), version, kind, party, ring (4 each), model, pair (16 each), batch,
 * count (4 each), metadata and data bytes, XXH3-64 of the metadata (8 each), zeros, and in the last
 * 8 bytes the XXH3-64 of all before.  Counter page c: used (4 bytes), zeros (4), pair (16), zeros,
 * and in the last 8 bytes the XXH3-64 of all before, seeded by c.  Pages are as large as what
 * storage devices write at once, so that a torn write of one cannot touch another.
 */
#ifndef SONIC_PROTO_SHARE_FILE_LAYOUT_H
#define SONIC_PROTO_SHARE_FILE_LAYOUT_H

#include <stdbool.h>

#include "proto/share/file.h"
#include "proto/share/file_bytes.h"

enum {
    SONIC_FILE_VERSION = 1,
    SONIC_FILE_PAGE = 4096,
    SONIC_FILE_COUNTERS = 2,
    SONIC_FILE_CHUNK = 1 << 16,
    SONIC_FILE_HASH = 8,
    SONIC_FILE_MAGIC = 8
};

/** Far above any disk, and far below where adding up the parts of a file could overflow 64 bits. */
#define SONIC_FILE_DATA_MAX ((uint64_t)1 << 60)

struct sonic_reader {
    int fd;
    char *name;        /* the whole path */
    const char *shown; /* the end of it that fits into a message */
    sonic_file_header header;
    uint8_t *meta;
    uint64_t data_start;
    uint8_t *chunk; /* the one chunk that is kept, allocated when first needed */
    uint64_t chunk_index;
    bool chunk_valid;
    bool locked;
};

/** The magic bytes. */
extern const uint8_t sonic_file_magic[SONIC_FILE_MAGIC];

/** The end of a path that leaves room for the rest of a sentence. */
const char *sonic_file_shown(const char *path);

/** "a pool": static storage, NULL for a kind that does not exist. */
const char *sonic_file_kind_name(sonic_file_kind kind);

/** What is wrong with a header's fields, static storage; NULL: nothing. */
const char *sonic_file_header_fault(const sonic_file_header *header);

/** Where the metadata, and where the data starts, and the size of the file, of a sound header. */
uint64_t sonic_file_meta_start(const sonic_file_header *header);
uint64_t sonic_file_data_start(const sonic_file_header *header);
uint64_t sonic_file_size(const sonic_file_header *header);

/** Fills a header page. */
void sonic_file_encode_header(uint8_t page[SONIC_FILE_PAGE], const sonic_file_header *header,
                              uint64_t meta_hash);
/** Takes it apart; the caller has checked the page's size, and checks the fields. */
void sonic_file_decode_header(sonic_file_header *header, uint64_t *meta_hash,
                              const uint8_t page[SONIC_FILE_PAGE]);
/** The version a page claims. */
uint32_t sonic_file_page_version(const uint8_t page[SONIC_FILE_PAGE]);

/** Closes a header or counter page with its hash, and checks that hash. */
void sonic_file_seal_page(uint8_t page[SONIC_FILE_PAGE], uint64_t seed);
bool sonic_file_page_sound(const uint8_t page[SONIC_FILE_PAGE], uint64_t seed);

/** Fills counter page `copy`. */
void sonic_file_encode_counter(uint8_t page[SONIC_FILE_PAGE], unsigned copy, uint32_t used,
                               const uint8_t pair[SONIC_ID_BYTES]);

#endif
