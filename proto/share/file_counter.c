/* A pool's use counter: two checksummed copies, so that no crash and no damage to one of them makes
 * used material look unused. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "dispatch/error.h"
#include "proto/share/file_layout.h"

sonic_status sonic_reader_lock(sonic_reader *reader, sonic_error *error)
{
    if (reader->header.kind != SONIC_FILE_POOL)
        return sonic_fail(error, SONIC_E_ARGUMENT, "%s is not a pool", reader->shown);
    int flags = fcntl(reader->fd, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) != O_RDWR)
        return sonic_fail(error, SONIC_E_FILE,
                          "%s may not be written to, so its use cannot be counted", reader->shown);
    if (flock(reader->fd, LOCK_EX | LOCK_NB)) {
        if (errno == EWOULDBLOCK)
            return sonic_fail(error, SONIC_E_FILE, "%s is in use by another process",
                              reader->shown);
        return sonic_fail_errno(error, SONIC_E_FILE, errno, "cannot lock %s", reader->shown);
    }
    reader->locked = true;
    return SONIC_OK;
}

static uint64_t page_start(unsigned copy)
{
    return (uint64_t)(1 + copy) * SONIC_FILE_PAGE;
}

/* Reads both copies; a copy that a crash tore or that belongs to another pool is not valid. */
static sonic_status read_copies(const sonic_reader *reader, uint32_t value[SONIC_FILE_COUNTERS],
                                bool valid[SONIC_FILE_COUNTERS], sonic_error *error)
{
    if (reader->header.kind != SONIC_FILE_POOL)
        return sonic_fail(error, SONIC_E_ARGUMENT, "%s is not a pool", reader->shown);
    for (unsigned copy = 0; copy < SONIC_FILE_COUNTERS; copy++) {
        uint8_t page[SONIC_FILE_PAGE], expected[SONIC_FILE_PAGE];
        int code = sonic_file_read_at(reader->fd, page, sizeof page, page_start(copy));
        if (code > 0)
            return sonic_fail_errno(error, SONIC_E_FILE, code, "cannot read %s", reader->shown);
        if (code < 0)
            return sonic_fail(error, SONIC_E_FORMAT, "%s became shorter while it was read",
                              reader->shown);
        value[copy] = sonic_file_get32(page);
        sonic_file_encode_counter(expected, copy, value[copy], reader->header.pair);
        valid[copy] =
            value[copy] <= reader->header.count && memcmp(page, expected, sizeof page) == 0;
    }
    if (!valid[0] && !valid[1])
        return sonic_fail(error, SONIC_E_FORMAT, "%s is damaged in its use counter", reader->shown);
    return SONIC_OK;
}

sonic_status sonic_reader_used(sonic_reader *reader, uint32_t *used, sonic_error *error)
{
    uint32_t value[SONIC_FILE_COUNTERS];
    bool valid[SONIC_FILE_COUNTERS];
    sonic_status status = read_copies(reader, value, valid, error);
    if (status)
        return status;
    bool first = valid[0] && (!valid[1] || value[0] >= value[1]);
    *used = first ? value[0] : value[1];
    return SONIC_OK;
}

static sonic_status write_copy(const sonic_reader *reader, unsigned copy, uint32_t used,
                               sonic_error *error)
{
    uint8_t page[SONIC_FILE_PAGE];
    sonic_file_encode_counter(page, copy, used, reader->header.pair);
    int code = sonic_file_write_at(reader->fd, page, sizeof page, page_start(copy));
    if (!code && fdatasync(reader->fd))
        code = errno;
    if (code)
        return sonic_fail_errno(error, SONIC_E_FILE, code, "cannot count the use of %s",
                                reader->shown);
    return SONIC_OK;
}

sonic_status sonic_reader_set_used(sonic_reader *reader, uint32_t used, sonic_error *error)
{
    uint32_t value[SONIC_FILE_COUNTERS];
    bool valid[SONIC_FILE_COUNTERS];
    if (!reader->locked)
        return sonic_fail(error, SONIC_E_ARGUMENT, "%s is not locked", reader->shown);
    sonic_status status = read_copies(reader, value, valid, error);
    if (status)
        return status;
    for (unsigned copy = 0; copy < SONIC_FILE_COUNTERS; copy++)
        if (valid[copy] && used < value[copy])
            return sonic_fail(error, SONIC_E_ARGUMENT,
                              "the use of %s cannot go back from %lu to %lu", reader->shown,
                              (unsigned long)value[copy], (unsigned long)used);
    if (used > reader->header.count)
        return sonic_fail(error, SONIC_E_ARGUMENT, "%s holds %lu inferences, not %lu",
                          reader->shown, (unsigned long)reader->header.count, (unsigned long)used);
    /* The copy that counts, the larger valid one, is written last: until the other is safe on the
     * disk it still holds the old value.  Both are written, so that later damage to one loses
     * nothing. */
    unsigned last = valid[0] && (!valid[1] || value[0] >= value[1]) ? 0 : 1;
    status = write_copy(reader, !last, used, error);
    return status ? status : write_copy(reader, last, used, error);
}
