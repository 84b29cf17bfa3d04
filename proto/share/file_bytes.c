/* Numbers as little-endian bytes, and whole reads and writes. */
#include "config.h"

#include "proto/share/file_bytes.h"

#include <errno.h>
#include <unistd.h>

void sonic_file_put32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

void sonic_file_put64(uint8_t *at, uint64_t value)
{
    sonic_file_put32(at, (uint32_t)value);
    sonic_file_put32(at + 4, (uint32_t)(value >> 32));
}

uint32_t sonic_file_get32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

uint64_t sonic_file_get64(const uint8_t *at)
{
    return sonic_file_get32(at) | (uint64_t)sonic_file_get32(at + 4) << 32;
}

int sonic_file_write_at(int fd, const void *data, size_t n, uint64_t offset)
{
    const uint8_t *from = data;
    while (n) {
        ssize_t moved = pwrite(fd, from, n, (off_t)offset);
        if (moved < 0 && errno == EINTR)
            continue;
        if (moved <= 0)
            return moved < 0 ? errno : EIO;
        from += moved;
        n -= (size_t)moved;
        offset += (uint64_t)moved;
    }
    return 0;
}

int sonic_file_read_at(int fd, void *data, size_t n, uint64_t offset)
{
    uint8_t *to = data;
    while (n) {
        ssize_t moved = pread(fd, to, n, (off_t)offset);
        if (moved < 0 && errno == EINTR)
            continue;
        if (moved <= 0)
            return moved < 0 ? errno : -1;
        to += moved;
        n -= (size_t)moved;
        offset += (uint64_t)moved;
    }
    return 0;
}
