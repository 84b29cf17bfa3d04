/** @file
 * The parts of `sonicnn demo`; private to tools/demo*.c.
 */
#ifndef SONIC_TOOLS_DEMO_H
#define SONIC_TOOLS_DEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "tools/blocks.h"

/** An image to draw: [channels][height][width] floats from low to high. */
typedef struct sonic_picture {
    const float *x;
    size_t channels, height, width;
    double low, high;
    char caption[32];
} sonic_picture;

/** Draws n pictures side by side on stdout, captions below; tty: in colour. */
void sonic_pictures_draw(const sonic_picture *picture, size_t n, bool tty);

/** @name A role played by a process of its own (tools/demo_role.c) */
/**@{*/
typedef struct sonic_role {
    const char *name;
    pid_t pid;          /**< 0: not running */
    int out;            /**< reads what the process writes */
    sonic_error *error; /**< shared with the process */
} sonic_role;

/** What a process does: `out` takes what sonic_role_read() gives; the status is its exit code. */
typedef sonic_status (*sonic_role_play)(void *arg, int out, sonic_error *error);

/** Starts a process that dies with this one. */
SONIC_MUST_CHECK sonic_status sonic_role_start(sonic_role *role, const char *name,
                                               sonic_role_play play, void *arg, sonic_error *error);
/** Reads exactly n bytes; if the process ends before, its error. */
SONIC_MUST_CHECK sonic_status sonic_role_read(sonic_role *role, void *data, size_t n,
                                              sonic_error *error);
/** Waits for the end; the error of a process that failed is "NAME: SENTENCE". */
SONIC_MUST_CHECK sonic_status sonic_role_wait(sonic_role *role, sonic_error *error);
/** Ends the process if it still runs.  If it failed by itself, and not because of a peer, that is
 * the cause of what others met: *cause, unless NULL, becomes it. */
void sonic_role_kill(sonic_role *role, sonic_error *cause);
/**@}*/

/** @name One pass: dealer, if any, two servers and a user, each a process, on loopback
 * (tools/demo_pass.c) */
/**@{*/
typedef struct sonic_pass {
    sonic_context_options context;
    const char *dir;    /**< a private directory, with net.graph, net.0 and net.1 in it */
    char *const *paths; /**< images */
    size_t files;
    uint64_t first;
    uint32_t count, batch;
    sonic_methods methods;
    int timeout_ms;
    bool report; /**< server 1, to whom a dealer sends most, prints its table */
    bool quiet;
} sonic_pass;

/** @param[out] scores the opened results, to be freed with sonic_scores_free()
 *  @param[out] summary server 0's books, with what server 1 got from the dealer added */
SONIC_MUST_CHECK sonic_status sonic_pass_run(const sonic_pass *pass, sonic_scores *scores,
                                             sonic_serve_summary *summary, sonic_error *error);
/**@}*/

#endif
