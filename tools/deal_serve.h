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
    /** Makes the two pools, in anonymous files. */
    sonic_status (*deal)(const struct sonic_dealing *dealing, const int fd[2], sonic_error *error);
} sonic_dealing;

/** Deals into anonymous files while it listens, and gives each server its pool, once.  A server that has its pool waits until the other one has, too: they meet
 * within a timeout, and pools may take longer. */
SONIC_MUST_CHECK sonic_status sonic_deal_serve(const sonic_dealing *dealing, sonic_error *error);

#endif
