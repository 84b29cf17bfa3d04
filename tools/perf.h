/** @file
 * The parts of `sonicnn perf`: measuring a network here, predicting its time on a link, printing.
 */
#ifndef SONIC_TOOLS_PERF_H
#define SONIC_TOOLS_PERF_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "dispatch/context.h"
#include "proto/model/model.h"
#include "proto/offline/relu_plan.h"
#include "tools/json.h"

enum { SONIC_PERF_REPEAT_MAX = 100 };

/** A full-duplex link. */
typedef struct sonic_perf_link {
    double rtt_ms; /**< there and back */
    double mbps;   /**< 10^6 bits a second, in each direction at the same time */
} sonic_perf_link;

/** What a layer or a phase takes of both servers. */
typedef struct sonic_perf_cost {
    double seconds[2]; /**< computing, server 0 and server 1 */
    uint64_t bytes;    /**< each way */
    uint64_t rounds;
} sonic_perf_cost;

/** Seconds on a link, by what they are spent on. */
typedef struct sonic_perf_time {
    double compute;   /**< the slower server's */
    double latency;   /**< half a round trip a round: both servers send at the same time */
    double bandwidth; /**< the bytes of one way at the link's rate */
} sonic_perf_time;

/** @name Measuring */
/**@{*/
typedef struct sonic_perf_options {
    sonic_context_options context;
    sonic_quantise_options quantise;
    const char *model; /**< MODEL.onnx */
    sonic_methods methods;
    uint32_t batch, repeat;
    const void *input; /**< batch images as ring elements, another result's; NULL: random ones */
    const char *label; /**< of the progress bar */
    bool quiet;        /**< no progress bar */
    const volatile int *stop; /**< non-zero: give up; may be NULL */
} sonic_perf_options;

/** Medians over the repetitions. */
typedef struct sonic_perf_result {
    sonic_graph graph;
    char tier[32];
    int threads;
    double processor;         /**< the part of the computing a server's thread had a processor for:
                                   far below 1 on a machine that does other work meanwhile */
    double deal;              /**< seconds to deal a batch's material and write it; 0: no dealer */
    uint64_t dealt_bytes;     /**< both servers' parts of it, seeds apart */
    uint64_t *dealt;          /**< one a node: its bytes of that */
    sonic_perf_cost setup;    /**< a session's, handshake included */
    sonic_perf_cost *prepare; /**< one a node: before the input */
    sonic_perf_cost *online;  /**< one a node */
    void *input, *output;     /**< ring elements: the images, and the last run's results */
} sonic_perf_result;

/** Imports a network, splits it, and runs its inferences on one input: one that does not count and
 * then `repeat`, each with new material and a session of its own.  Files are kept in a
 * directory of its own in $TMPDIR and are gone at the end.
 * @return a status of the import, the range proof, the files or the sessions */
SONIC_MUST_CHECK sonic_status sonic_perf_run(sonic_perf_result *result,
                                             const sonic_perf_options *options, sonic_error *error);
void sonic_perf_free(sonic_perf_result *result);
/**@}*/

/** @name Options of the commands that measure */
/**@{*/
typedef struct sonic_perf_settings {
    sonic_perf_options run;
    sonic_perf_link link;
    bool json;
} sonic_perf_settings;

/** What sonic_perf_argp starts from. */
sonic_perf_settings sonic_perf_defaults(void);
/** --rtt, --mbps: a sonic_perf_link, with its defaults. */
extern const struct argp sonic_perf_link_argp;
/** All but the network and how it compares: a sonic_perf_settings. */
extern const struct argp sonic_perf_argp;
/**@}*/

/** @name Predicting */
/**@{*/
/** Layers added up. */
typedef struct sonic_perf_total {
    size_t layers;
    uint64_t dealt;
    sonic_perf_cost prepare, online;            /**< each server's */
    sonic_perf_time prepare_time, online_time; /**< layer by layer */
} sonic_perf_total;

/** Images a second. */
typedef struct sonic_perf_rates {
    double alone;    /**< a batch after the other: the predicted online time */
    double many;     /**< many batches under way: the slower server computes (before and after the
                          inputs) or the link carries without a pause */
    bool link_bound; /**< the link is what bounds `many` */
    double dealer;   /**< one dealer deals, or sends both servers' parts on such a link */
    bool dealer_link_bound;
} sonic_perf_rates;

sonic_perf_time sonic_perf_predict(const sonic_perf_cost *cost, const sonic_perf_link *link);
/** All three added. */
double sonic_perf_seconds(const sonic_perf_time *time);
/** The slower server's computing. */
double sonic_perf_slower(const sonic_perf_cost *cost);
/** Adds up the layers of one kind; SONIC_OPS: all layers. */
sonic_perf_total sonic_perf_add_up(const sonic_perf_result *result, const sonic_perf_link *link,
                                   sonic_op op);
sonic_perf_rates sonic_perf_rate(const sonic_perf_result *result, const sonic_perf_link *link,
                                 uint32_t batch);
/** Sorts n >= 1 numbers.  @return the middle one, or the mean of the middle two */
double sonic_perf_median(double *x, size_t n);
/**@}*/

/** @name Printing */
/**@{*/
void sonic_perf_print(const sonic_perf_result *result, const sonic_perf_options *options,
                      const sonic_perf_link *link);
/** "stochastic", "local", or with fss "exact". */
const char *sonic_perf_truncation(const sonic_graph *graph, sonic_relu relu);
/** Images, runs, machine and link, which other measurements print, too. */
void sonic_perf_print_setting(const sonic_perf_result *result, const sonic_perf_options *options,
                              const sonic_perf_link *link);
void sonic_perf_put_setting(sonic_json *json, const sonic_perf_result *result,
                            const sonic_perf_options *options, const sonic_perf_link *link);
/** @return false when it could not be printed */
bool sonic_perf_print_json(const sonic_perf_result *result, const sonic_perf_options *options,
                           const sonic_perf_link *link);
/**@}*/

#endif
