/* Whole reads and writes at an offset of an anonymous file. */
#include "proto/layer/spill.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "dispatch/error.h"

sonic_status sonic_spill_write(int fd, uint64_t at, const void *data, size_t n, sonic_error *error)
{
    const uint8_t *bytes = data;
    while (n) {
        ssize_t done = pwrite(fd, bytes, n, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return sonic_fail(error, SONIC_E_FILE,
                              "cannot write the temporary file of prepared layers: %s",
                              done ? strerror(errno) : "no space");
        bytes += done;
        at += (uint64_t)done;
        n -= (size_t)done;
    }
    return SONIC_OK;
}

sonic_status sonic_spill_read(int fd, uint64_t at, void *data, size_t n, sonic_error *error)
{
    uint8_t *bytes = data;
    while (n) {
        ssize_t done = pread(fd, bytes, n, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return sonic_fail(error, SONIC_E_FILE,
                              "cannot read the temporary file of prepared layers: %s",
                              done ? strerror(errno) : "it is too short");
        bytes += done;
        at += (uint64_t)done;
        n -= (size_t)done;
    }
    return SONIC_OK;
}
