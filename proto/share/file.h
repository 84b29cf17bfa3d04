/** @file
 * The one container every sonicnn file is: header, metadata, data, each under XXH3 checksums.
 *
 * Little-endian.  Written to a temporary file beside the target and renamed when whole, so that a
 * crash leaves the old file or none.  A reader trusts nothing: magic, version, kind and sizes are
 * checked against limits and against the file's real size before anything is allocated.  The bytes
 * are laid out in file_layout.h.  XXH3 finds damage; it does not stop a forger.  File contents are
 * shares: secret, mode 0600, unless the kind is SONIC_FILE_GRAPH.
 */
#ifndef SONIC_PROTO_SHARE_FILE_H
#define SONIC_PROTO_SHARE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include <sonicnn/context.h>

typedef enum sonic_file_kind {
    SONIC_FILE_ANY = 0,    /**< for sonic_reader_open() only: whatever the file is */
    SONIC_FILE_GRAPH = 1,  /**< meta: the serialised graph; no data; public */
    SONIC_FILE_MODEL = 2,  /**< meta: the graph; data: one party's shares of weights and biases */
    SONIC_FILE_INPUT = 3,  /**< data: one party's share of one or more batches of inputs */
    SONIC_FILE_RESULT = 4, /**< data: one party's share of the outputs */
    SONIC_FILE_POOL = 5,   /**< meta: see pool.h; data: correlated randomness; has a use counter */
} sonic_file_kind;

enum { SONIC_ID_BYTES = 16, SONIC_NO_PARTY = 2 };

typedef struct sonic_file_header {
    sonic_file_kind kind;
    unsigned party; /**< 0, 1, or SONIC_NO_PARTY (graphs) */
    sonic_ring ring;
    uint8_t model[SONIC_ID_BYTES]; /**< the model the file belongs to */
    uint8_t pair[SONIC_ID_BYTES];  /**< equal in both parties' files of one sharing or pool */
    uint32_t batch;      /**< inputs, results, pools: images a batch, at least 1; else 0 */
    uint32_t count;      /**< inputs, results: images; pools: inferences; else 0 */
    uint64_t meta_bytes; /**< at most SONIC_META_MAX */
    uint64_t data_bytes;
} sonic_file_header;

#define SONIC_META_MAX ((uint64_t)16 << 20)

typedef struct sonic_writer sonic_writer;
typedef struct sonic_reader sonic_reader;

/** Starts a file; the sizes in the header are promises that sonic_writer_commit() checks.
 * @return SONIC_E_ARGUMENT for a header that no reader would take, SONIC_E_FILE */
SONIC_MUST_CHECK sonic_status sonic_writer_create(sonic_writer **writer, const char *path,
                                                  const sonic_file_header *header, const void *meta,
                                                  sonic_error *error);
/** The same into an open file descriptor, which stays the caller's: made for anonymous files, which
 * end with the machine, and therefore not synced. */
SONIC_MUST_CHECK sonic_status sonic_writer_create_fd(sonic_writer **writer, int fd,
                                                     const char *name,
                                                     const sonic_file_header *header,
                                                     const void *meta, sonic_error *error);
SONIC_MUST_CHECK sonic_status sonic_writer_write(sonic_writer *writer, const void *data, size_t n,
                                                 sonic_error *error);
/** Flushes, syncs, renames into place and frees; with a descriptor, flushes and frees.  On failure
 * nothing is left behind. */
SONIC_MUST_CHECK sonic_status sonic_writer_commit(sonic_writer *writer, sonic_error *error);
/** Drops the temporary file and frees; NULL is allowed. */
void sonic_writer_abort(sonic_writer *writer);

/** Opens, checks header and metadata, and requires the kind.  Every message names `path`. */
SONIC_MUST_CHECK sonic_status sonic_reader_open(sonic_reader **reader, const char *path,
                                                sonic_file_kind kind, sonic_error *error);
/** The same on a file descriptor, duplicated; `name` stands for the path in messages. */
SONIC_MUST_CHECK sonic_status sonic_reader_open_fd(sonic_reader **reader, int fd, const char *name,
                                                   sonic_file_kind kind, sonic_error *error);
const sonic_file_header *sonic_reader_header(const sonic_reader *reader);
const char *sonic_reader_name(const sonic_reader *reader);
/** The name for use in a message: the end of it where it is long. */
const char *sonic_reader_shown(const sonic_reader *reader);
/** The metadata, header.meta_bytes long, owned by the reader. */
const uint8_t *sonic_reader_meta(const sonic_reader *reader);
/** Reads n bytes of data from an offset, each chunk's checksum verified.
 * @return SONIC_E_FORMAT "FILE is damaged at byte N" */
SONIC_MUST_CHECK sonic_status sonic_reader_read_at(sonic_reader *reader, uint64_t offset, void *out,
                                                   size_t n, sonic_error *error);
void sonic_reader_free(sonic_reader *reader);

/** Pools only.  The counter of inferences used, durable: two checksummed copies, written in turn
 * and synced, so that a crash at any moment leaves the older or the newer value, and damage to one
 * copy loses nothing: never a value below what was handed out.  Setting needs the lock, which keeps
 * other processes out ("POOL is in use by another process") until the reader is freed; reading does
 * not. */
SONIC_MUST_CHECK sonic_status sonic_reader_lock(sonic_reader *reader, sonic_error *error);
SONIC_MUST_CHECK sonic_status sonic_reader_used(sonic_reader *reader, uint32_t *used,
                                                sonic_error *error);
SONIC_MUST_CHECK sonic_status sonic_reader_set_used(sonic_reader *reader, uint32_t used,
                                                    sonic_error *error);

/** An anonymous temporary file (in directory `dir`, or NULL for TMPDIR), gone when closed. */
SONIC_MUST_CHECK sonic_status sonic_anonymous_file(int *fd, const char *dir, sonic_error *error);

#endif
