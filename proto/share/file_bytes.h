/** @file
 * What every format of ours is made of: little-endian numbers, and whole reads and writes of files.
 */
#ifndef SONIC_PROTO_SHARE_FILE_BYTES_H
#define SONIC_PROTO_SHARE_FILE_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include <sonicnn/status.h>

void sonic_file_put32(uint8_t *at, uint32_t value);
void sonic_file_put64(uint8_t *at, uint64_t value);
uint32_t sonic_file_get32(const uint8_t *at);
uint64_t sonic_file_get64(const uint8_t *at);

/** Writes, or reads, exactly n bytes at an offset: 0 or an errno; reading, -1 where the file ends.
 */
int sonic_file_write_at(int fd, const void *data, size_t n, uint64_t offset);
int sonic_file_read_at(int fd, void *data, size_t n, uint64_t offset);

/** Reads a regular file of at most `most` bytes, which are public.  @param[out] bytes to be freed
 * @return SONIC_E_FILE, SONIC_E_FORMAT for what is no such file, SONIC_E_MEMORY */
SONIC_MUST_CHECK sonic_status sonic_file_read_whole(const char *path, size_t most, uint8_t **bytes,
                                                    size_t *n, sonic_error *error);

#endif
