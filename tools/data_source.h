/** @file
 * The bytes of a data file in order, unpacked if it is compressed with gzip.
 */
#ifndef SONIC_TOOLS_DATA_SOURCE_H
#define SONIC_TOOLS_DATA_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sonicnn/status.h>

typedef struct sonic_data_source sonic_data_source;

/** Opens a regular file.  Without zlib a gzip file is refused. */
SONIC_MUST_CHECK sonic_status sonic_data_source_open(sonic_data_source **source, const char *path,
                                                     sonic_error *error);
void sonic_data_source_close(sonic_data_source *source);

const char *sonic_data_source_path(const sonic_data_source *source);

/** Reads exactly n bytes; fewer: SONIC_E_FORMAT "FILE ends after N bytes, in the middle of WHAT".
 */
SONIC_MUST_CHECK sonic_status sonic_data_source_read(sonic_data_source *source, void *out, size_t n,
                                                     const char *what, sonic_error *error);

/** The file's first bytes (unpacked), to recognise the format by; at most 8.  @return how many */
size_t sonic_data_source_peek(const sonic_data_source *source, const uint8_t **bytes);

/** Whether a file of this size can hold so many bytes, compressed or not. */
bool sonic_data_source_can_hold(const sonic_data_source *source, uint64_t bytes);

/** Requires that the file ends here. */
SONIC_MUST_CHECK sonic_status sonic_data_source_end(sonic_data_source *source, sonic_error *error);

#endif
