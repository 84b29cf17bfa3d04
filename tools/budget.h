/** @file
 * What a network takes, before anything has run: closed forms for one way of comparing and one
 * source of material, and whether a machine has the memory for it.
 */
#ifndef SONIC_TOOLS_BUDGET_H
#define SONIC_TOOLS_BUDGET_H

#include "proto/offline/plan.h"
#include "tools/perf.h"

/** Of a layer, or of all of them. */
typedef struct sonic_budget_phase {
    uint64_t bytes; /**< each way; of the dealer: to both servers */
    uint64_t rounds;
    double aes; /**< calls that each server's oblivious transfers and its keys, or the dealer's
                     making of keys, cannot do without */
} sonic_budget_phase;

typedef struct sonic_budget_layer {
    sonic_budget_phase setup;  /**< between the servers, once a session */
    sonic_budget_phase deal;   /**< by the dealer, for an inference */
    sonic_budget_phase make;   /**< between the servers, for an inference, before its input */
    sonic_budget_phase online; /**< between the servers, with the input */
    uint64_t pool;             /**< of an inference's dealt material, at server 1, who gets more */
    uint64_t disk;             /**< that and what is prepared with it, there */
    uint64_t memory;           /**< of a session's seeds, at each server */
} sonic_budget_layer;

typedef struct sonic_budget {
    sonic_methods methods;
    sonic_budget_layer *layer; /**< one a node */
    sonic_budget_layer total;
} sonic_budget;

/** @return what sonic_plan_make() does */
SONIC_MUST_CHECK sonic_status sonic_budget_make(sonic_budget *budget, const sonic_graph *graph,
                                                uint32_t batch, sonic_methods methods,
                                                sonic_error *error);
void sonic_budget_free(sonic_budget *budget);

/** What a link makes of `count` times a phase, at `rate` AES calls a second. */
sonic_perf_time sonic_budget_time(const sonic_budget_phase *phase, double count,
                                  const sonic_perf_link *link, double rate);

/** AES calls a second of one thread, measured in some milliseconds. */
double sonic_budget_aes_rate(const sonic_context *context);

/** Bytes that a process may have here: the machine's, or the process's own limit (ulimit -v). */
uint64_t sonic_budget_memory(void);

/** Whether `servers` servers with this source have room for their seeds on this machine.
 * @param name  of the network, for the sentence
 * @return SONIC_E_MEMORY "NAME is too large for --offline ot: ..." */
SONIC_MUST_CHECK sonic_status sonic_budget_fits(const sonic_graph *graph, uint32_t batch,
                                                sonic_source source, unsigned servers,
                                                const char *name, sonic_error *error);

#endif
