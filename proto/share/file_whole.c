/* Files that are read whole, as others write them: no containers of ours. */
#include "config.h"

#include "proto/share/file_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dispatch/error.h"

sonic_status sonic_file_read_whole(const char *path, size_t most, uint8_t **bytes, size_t *n,
                                   sonic_error *error)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &info)) {
        sonic_status status =
            sonic_fail_errno(error, SONIC_E_FILE, errno, "cannot open '%.200s'", path);
        if (fd >= 0)
            (void)close(fd);
        return status;
    }
    sonic_status status = SONIC_OK;
    uint8_t *data = NULL;
    size_t size = 0;
    if (!S_ISREG(info.st_mode) || (uint64_t)info.st_size > most)
        status = sonic_fail(error, SONIC_E_FORMAT, "'%.200s' is not a file of at most %zu MiB",
                            path, most >> 20);
    else
        size = (size_t)info.st_size;
    if (!status && !(data = malloc(size ? size : 1)))
        status = sonic_fail(error, SONIC_E_MEMORY, "no memory for '%.200s'", path);
    int failure = status ? 0 : sonic_file_read_at(fd, data, size, 0);
    if (failure > 0)
        status = sonic_fail_errno(error, SONIC_E_FILE, failure, "cannot read '%.200s'", path);
    else if (failure)
        status = sonic_fail(error, SONIC_E_FILE, "'%.200s' was cut short while it was read", path);
    (void)close(fd);
    if (status) {
        free(data);
        return status;
    }
    *bytes = data;
    *n = size;
    return SONIC_OK;
}
