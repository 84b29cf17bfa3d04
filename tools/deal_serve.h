/** @file
 * Dealing to servers over TCP; private to tools/deal*.c.
 */
#ifndef SONIC_TOOLS_DEAL_SERVE_H
#define SONIC_TOOLS_DEAL_SERVE_H

#include "proto/model/model.h"
#include "tools/blocks.h"

typedef struct sonic_dealing {
    const sonic_deal_options *options;
    sonic_context *context;
    sonic_graph graph;
    uint8_t model[SONIC_ID_BYTES];
    /** Makes the two pool files. */
    sonic_status (*deal)(const sonic_deal_options *options, const struct sonic_dealing *dealing,
                         const char *path0, const char *path1, sonic_error *error);
} sonic_dealing;

/** Deals into a private temporary directory while it listens, gives each server its pool, once, and
 * removes the directory.  A server that has its pool waits until the other one has, too: they meet
 * within a timeout, and pools may take longer. */
SONIC_MUST_CHECK sonic_status sonic_deal_serve(const sonic_dealing *dealing, sonic_error *error);

#endif
