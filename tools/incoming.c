/* A container that arrives over a channel: kept under a temporary name until it is whole and
 * checked. */
#include "config.h"

#include "tools/incoming.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dispatch/error.h"

sonic_status sonic_incoming_create(sonic_incoming *incoming, const char *path, sonic_error *error)
{
    static const char suffix[] = ".XXXXXX";
    size_t n = strlen(path) + sizeof suffix;
    *incoming = (sonic_incoming){ .fd = -1 };
    incoming->path = strdup(path);
    char *name = malloc(n);
    if (!incoming->path || !name) {
        free(name);
        sonic_incoming_free(incoming);
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory");
    }
    (void)snprintf(name, n, "%s%s", path, suffix);
    incoming->fd = mkostemp(name, O_CLOEXEC); /* mode 0600 */
    if (incoming->fd < 0) {
        sonic_status status =
            sonic_fail_errno(error, SONIC_E_FILE, errno, "cannot create %s", path);
        free(name);
        sonic_incoming_free(incoming);
        return status;
    }
    incoming->temporary = name;
    return SONIC_OK;
}

sonic_status sonic_incoming_receive(sonic_incoming *incoming, sonic_channel *channel,
                                    uint64_t bytes, sonic_file_kind kind,
                                    sonic_file_progress progress, void *arg, sonic_error *error)
{
    sonic_status status = sonic_file_receive(channel, incoming->fd, bytes, progress, arg, error);
    if (status != SONIC_OK)
        return status;
    return sonic_reader_open_fd(&incoming->reader, incoming->fd, incoming->path, kind, error);
}

/* The directory's own entry has to be on the disk, too. */
static void sync_directory(const char *path)
{
    char *copy = strdup(path);
    char *slash = copy ? strrchr(copy, '/') : NULL;
    if (slash)
        slash[slash == copy] = 0;
    int fd = open(slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
    free(copy);
}

sonic_status sonic_incoming_commit(sonic_incoming *incoming, bool replace, sonic_error *error)
{
    const char *path = incoming->path;
    /* link() refuses to replace, which rename() cannot be asked to everywhere. */
    if (fsync(incoming->fd) != 0 ||
        (replace ? rename(incoming->temporary, path) : link(incoming->temporary, path)) != 0)
        return sonic_fail_errno(error, SONIC_E_FILE, errno, "cannot write %s", path);
    if (!replace)
        (void)unlink(incoming->temporary);
    free(incoming->temporary);
    incoming->temporary = NULL;
    sync_directory(path);
    return SONIC_OK;
}

void sonic_incoming_free(sonic_incoming *incoming)
{
    sonic_reader_free(incoming->reader);
    if (incoming->fd >= 0)
        (void)close(incoming->fd);
    if (incoming->temporary)
        (void)unlink(incoming->temporary);
    free(incoming->temporary);
    free(incoming->path);
    *incoming = (sonic_incoming){ .fd = -1 };
}
