/** @file
 * Both parties of <sonicnn/ot.h> in two threads, over a pair of sockets on which things can go
 * wrong: runs a list of calls, and checks what came of them against what a transfer is.
 */
#ifndef SONIC_TESTS_OT_RUN_H
#define SONIC_TESTS_OT_RUN_H

#include <sonicnn/ot.h>

enum { OT_RUN_JOBS = 24, OT_RUN_PATIENCE_MS = 20000 };

typedef enum ot_form { OT_CORRELATED, OT_RANDOM, OT_CHOSEN, OT_TRIPLES } ot_form;

/** A call of both parties; size: of a chosen message. */
typedef struct ot_job {
    ot_form form;
    size_t n, size;
} ot_job;

/** What happens to the bytes that a party sends. */
typedef struct ot_fault {
    uint64_t cut;          /**< after so many bytes the connection is closed; 0: never */
    uint64_t flip;         /**< from this byte on, */
    uint64_t flip_bytes;   /**< so many are inverted */
    uint64_t replay;       /**< what is sent from this byte on, */
    uint64_t replay_bytes; /**< so many, comes again in the place of as many that follow; 0: none */
} ot_fault;

typedef struct ot_side {
    unsigned index; /**< 0: the sender, or party 0 of triples */
    sonic_ot_options options;
    const char *tier; /**< NULL: the highest */
    uint64_t seed;
    const ot_job *jobs;
    size_t count;
    ot_fault fault;
    int timeout_ms;
    uint8_t delta[16]; /**< the sender's */

    sonic_status status; /**< of the first thing that failed */
    sonic_error error;
    size_t done;        /**< jobs that succeeded */
    sonic_status again; /**< after a failure of a job: of another call */
    bool moved;         /**< whether that one sent or received anything */
    uint64_t sent, received, setup_sent, setup_received;
    uint8_t *in[OT_RUN_JOBS];  /**< messages or choice bits */
    uint8_t *out[OT_RUN_JOBS]; /**< what the call has made; of triples a, b, and c */
    /* Private. */
    sonic_ot_socket socket;
    sonic_ot_link inner;
    uint8_t *record;
} ot_side;

/** n + 1 zeros. */
void *ot_run_take(size_t n);
unsigned ot_run_bit(const uint8_t *bits, size_t i);

/** Prepares both sides with the same options and jobs. */
void ot_run_begin(ot_side side[2], sonic_ot_options options, const ot_job *jobs, size_t count,
                  uint64_t seed);
/** Runs both to their ends. */
void ot_run(ot_side side[2]);
void ot_run_end(ot_side side[2]);

/** Asserts that both succeeded, and every output. */
void ot_run_check(const ot_side side[2]);

/** Bytes that a call makes in `out`, of the side. */
size_t ot_run_bytes(const ot_job *job, unsigned index);

#endif
