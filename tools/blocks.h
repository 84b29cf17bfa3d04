/** @file
 * The building blocks of the subcommands that `sonicnn demo` puts together, as functions.
 *
 * Each takes its options in a struct and neither parses arguments nor leaves the process.  They
 * print only what their subcommand is for: progress on a terminal and notices on stderr, unless
 * `quiet`.
 */
#ifndef SONIC_TOOLS_BLOCKS_H
#define SONIC_TOOLS_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sonicnn/context.h>

#include "proto/channel/channel.h"
#include "proto/model/model.h"
#include "proto/offline/relu_plan.h"
#include "tools/scores.h"

/** @name share-input */
/**@{*/
typedef struct sonic_share_input_options {
    sonic_context_options context;
    const char *graph;  /**< BASE.graph */
    char *const *paths; /**< DATA */
    size_t files;
    uint32_t batch;        /**< at least 1 */
    uint64_t first, count; /**< count 0: all */
    const char *output;    /**< OUT: writes OUT.0 and OUT.1, or neither */
} sonic_share_input_options;

/** @param[out] count the images written; may be NULL */
SONIC_MUST_CHECK sonic_status sonic_share_input(const sonic_share_input_options *options,
                                                uint64_t *count, sonic_error *error);
/**@}*/

/** @name deal */
/**@{*/
typedef struct sonic_deal_options {
    sonic_context_options context;
    const char *graph; /**< BASE.graph */
    sonic_relu relu;   /**< how the servers will compare */
    uint32_t batch, count;
    const char *output; /**< POOL: writes POOL.0 and POOL.1; NULL: deal to servers over TCP */
    const char *listen; /**< where servers fetch their pools */
    int timeout_ms;
    bool quiet;
    const volatile int *stop; /**< non-zero: stop; may be NULL */
    /** Told the port once it is listened on; may be NULL. */
    void (*listening)(void *arg, unsigned port);
    void *arg;
} sonic_deal_options;

/** Deals into files, or to the two servers that ask, and then returns. */
SONIC_MUST_CHECK sonic_status sonic_deal_run(const sonic_deal_options *options, sonic_error *error);
/**@}*/

/** @name serve */
/**@{*/
/** What a server saw of a phase, both directions, all layers. */
typedef struct sonic_serve_phase {
    double seconds;
    uint64_t sent, received, rounds;
} sonic_serve_phase;

/** What a server did in all. */
typedef struct sonic_serve_summary {
    uint64_t requests, images, batches; /**< answered; computed */
    uint64_t dealt;                     /**< bytes from the dealer */
    sonic_serve_phase phase[SONIC_PHASES];
} sonic_serve_summary;

typedef struct sonic_serve_options {
    sonic_context_options context;
    const char *model;  /**< BASE.0 or BASE.1 */
    sonic_methods methods;
    const char *pool;   /**< a pool, or with `dealer` where to put it; NULL without a dealer */
    uint32_t batch;     /**< images an inference; 0 with a pool, whose batch counts */
    const char *listen; /**< for users */
    const char *peer;   /**< server 0: where to listen for server 1; server 1: where server 0 is */
    const char *dealer; /**< fetch the pool from there first; may be NULL */
    int timeout_ms;
    uint32_t requests;        /**< return after so many; 0: never */
    bool quiet;               /**< no notices on stderr */
    bool json;                /**< the report at the end */
    bool report;              /**< print a report on stdout at the end */
    sonic_serve_summary *summary; /**< filled at the end; may be NULL */
    const volatile int *stop; /**< non-zero: end in good order; may be NULL */
    /** Told the ports once they are listened on (peer port 0 at server 1); may be NULL. */
    void (*listening)(void *arg, unsigned user_port, unsigned peer_port);
    void *arg;
} sonic_serve_options;

/** Serves users until the requests are done, *stop is set or the peer ends. */
SONIC_MUST_CHECK sonic_status sonic_serve_run(const sonic_serve_options *options,
                                              sonic_error *error);
/**@}*/

/** @name infer */
/**@{*/
typedef struct sonic_infer_options {
    const char *input;     /**< IN: reads IN.0 and IN.1 */
    const char *output;    /**< OUT: writes OUT.0 and OUT.1, or neither */
    const char *server[2]; /**< addresses, in any order */
    int timeout_ms;
    bool quiet;
    const volatile int *stop; /**< non-zero: give up; may be NULL */
} sonic_infer_options;

SONIC_MUST_CHECK sonic_status sonic_infer_run(const sonic_infer_options *options,
                                              sonic_error *error);
/**@}*/

/** @name reveal */
/**@{*/
/** Joins OUT.0 and OUT.1, to be freed with sonic_scores_free().
 * @param graph BASE.graph to compare with; may be NULL */
SONIC_MUST_CHECK sonic_status sonic_reveal(sonic_scores *scores, const char *output,
                                           const char *graph, sonic_error *error);
/**@}*/

/** @name plain */
/**@{*/
typedef struct sonic_plain_options {
    sonic_context_options context;
    sonic_quantise_options quantise;
    const char *model; /**< MODEL.onnx */
    char **paths;      /**< DATA */
    size_t files;
    uint64_t first, count; /**< count 0: all */
    bool real;             /**< in double precision, without quantisation */
    bool quiet;
} sonic_plain_options;

/** Classifies in the clear.  @param[out] scores to be freed with sonic_scores_free() */
SONIC_MUST_CHECK sonic_status sonic_plain_run(const sonic_plain_options *options,
                                              sonic_scores *scores, sonic_error *error);
/**@}*/

#endif
