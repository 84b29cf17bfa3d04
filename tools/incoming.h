/** @file
 * A container that arrives over a channel: kept under a temporary name until it is whole and
 * checked.
 */
#ifndef SONIC_TOOLS_INCOMING_H
#define SONIC_TOOLS_INCOMING_H

#include <stdbool.h>

#include "proto/session/request.h"

typedef struct sonic_incoming {
    char *path, *temporary;
    int fd;
    sonic_reader *reader; /**< of the received file */
} sonic_incoming;

/** Makes the temporary file beside `path`; all zeros with fd -1 is an incoming that never was. */
SONIC_MUST_CHECK sonic_status sonic_incoming_create(sonic_incoming *incoming, const char *path,
                                                    sonic_error *error);

/** Receives `bytes` bytes and opens them as a container of a kind. */
SONIC_MUST_CHECK sonic_status sonic_incoming_receive(sonic_incoming *incoming,
                                                     sonic_channel *channel, uint64_t bytes,
                                                     sonic_file_kind kind,
                                                     sonic_file_progress progress, void *arg,
                                                     sonic_error *error);

/** Puts the file in its place, safe on the disk.  replace: an older file goes; otherwise it is an
 * error. */
SONIC_MUST_CHECK sonic_status sonic_incoming_commit(sonic_incoming *incoming, bool replace,
                                                    sonic_error *error);

/** Frees, and removes what was not committed. */
void sonic_incoming_free(sonic_incoming *incoming);

#endif
