/** @file
 * The parts of `sonicnn serve`; private to tools/serve*.c.
 */
#ifndef SONIC_TOOLS_SERVE_H
#define SONIC_TOOLS_SERVE_H

#include "proto/channel/tcp.h"
#include "proto/session/session.h"
#include "tools/blocks.h"
#include "tools/door.h"

typedef struct sonic_serving {
    const sonic_serve_options *options;
    sonic_context *context;
    sonic_model_share model;
    sonic_pool *pool;              /**< NULL without a dealer */
    uint32_t batch;                /**< images an inference */
    sonic_listener *users, *peers; /**< peers: server 0 only */
    sonic_channel *peer;
    sonic_session *session;
    sonic_door *door;
    uint8_t *meta; /**< the graph, serialised, for the results */
    size_t meta_bytes;
    size_t input_bytes, output_bytes; /**< of a batch's shares */
    void *input, *output;
    bool prepared;
    bool interrupted;                   /**< by a signal, while material was made or prepared */
    uint64_t requests, images, batches; /**< answered, computed */
    uint64_t fetched_bytes;             /**< from the dealer */
    double fetch_seconds;
} sonic_serving;

/** Fetches this server's pool from the dealer into options->pool. */
SONIC_MUST_CHECK sonic_status sonic_serve_fetch(sonic_serving *serving, sonic_error *error);

/** Serves users as server 0, who leads, or as server 1, who follows, until the end. */
SONIC_MUST_CHECK sonic_status sonic_serve_lead(sonic_serving *serving, sonic_error *error);
SONIC_MUST_CHECK sonic_status sonic_serve_follow(sonic_serving *serving, sonic_error *error);

/** @name What leading and following share (tools/serve_batch.c) */
/**@{*/
/** A request that runs: a visitor and the result being written. */
typedef struct sonic_running {
    sonic_visitor *visitor;
    uint32_t done;
    int fd;
    sonic_writer *result;
} sonic_running;

SONIC_MUST_CHECK sonic_status sonic_running_begin(sonic_running *running, sonic_serving *serving,
                                                  sonic_visitor *visitor, sonic_error *error);
/** Runs the next batch with the peer, who runs it, too; the last one ends the request. */
SONIC_MUST_CHECK sonic_status sonic_running_batch(sonic_running *running, sonic_serving *serving,
                                                  sonic_error *error);
/** Ends a request early: the user is told why.  Nothing happens where none runs. */
void sonic_running_refuse(sonic_running *running, const char *why);

/** Prepares the next inference, with the peer; a signal interrupts it, and the session. */
SONIC_MUST_CHECK sonic_status sonic_serve_prepare(sonic_serving *serving, sonic_error *error);

/** How many inferences the pool has left, the prepared one included; without a pool UINT32_MAX. */
SONIC_MUST_CHECK sonic_status sonic_serve_left(sonic_serving *serving, uint32_t *left,
                                               sonic_error *error);
/** Whether the pool is enough for so many batches; if not, a sentence that says so. */
SONIC_MUST_CHECK sonic_status sonic_serve_enough(sonic_serving *serving, uint32_t batches,
                                                 bool *enough, char why[SONIC_MESSAGE_TEXT],
                                                 sonic_error *error);
bool sonic_serve_stopping(const sonic_serving *serving);
/**@}*/

/** Prints the table, or JSON, of what was done. */
void sonic_serve_report(const sonic_serving *serving);
/** The same, all layers together, for a caller. */
void sonic_serve_summarise(const sonic_serving *serving, sonic_serve_summary *summary);

#endif
