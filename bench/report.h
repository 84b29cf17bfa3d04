/** @file
 * What a report shows: the benches of Google Benchmark's JSON files, one entry a name, and the
 * facts about the machine.
 *
 * Files are hostile: every function that reads them checks all it uses and names the file and the
 * bench that is wrong.  A number that a file does not have, or has as NaN or infinity, is NAN here.
 */
#ifndef SONIC_BENCH_REPORT_H
#define SONIC_BENCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include <sonicnn/status.h>

/** Most benches and most runs of them, all files together, and most bytes of a file: many times
 * what `make bench` writes, and what a reader or a browser can still bear. */
enum { REPORT_BENCHES_MAX = 5000, REPORT_RUNS_MAX = 200000, REPORT_BYTES_MAX = 32 << 20 };

/** Most networks whose layers are counted. */
enum { REPORT_NETWORKS_MAX = 16 };

typedef enum report_field {
    REPORT_TIME,            /**< seconds of an iteration */
    REPORT_CPU,             /**< seconds of processor time of an iteration */
    REPORT_RATE,            /**< `unit` a second */
    REPORT_CEILING,         /**< `unit` a second */
    REPORT_SHARE,           /**< of the ceiling, 1 is all of it */
    REPORT_INTENSITY,       /**< `unit` a byte of memory traffic */
    REPORT_COPY,            /**< bytes a second that copying moves */
    REPORT_MADDS,           /**< multiply-adds a second, also where `unit` is another */
    REPORT_ANDS,            /**< AND gates a second, also where `unit` is another */
    REPORT_PRODUCT_SHARE,   /**< of the rate of the product of a convolution's dimensions */
    REPORT_BEST_COMPETITOR, /**< `unit` a second */
    REPORT_TIMES,           /**< the best competitor's rate */
    REPORT_ONLINE_BYTES,
    REPORT_ONLINE_ROUNDS,
    REPORT_OFFLINE_BYTES,
    REPORT_SETUP_BYTES,
    REPORT_CPU_SECONDS, /**< of both servers, as the next three */
    REPORT_OFFLINE_SECONDS,
    REPORT_SETUP_SECONDS,
    REPORT_DEAL_SECONDS, /**< of the dealer */
    REPORT_FIELDS
} report_field;

/** What a line of the file is: a run, or made of several runs. */
typedef enum report_run { REPORT_RUN, REPORT_MEDIAN, REPORT_CV } report_run;

typedef enum report_kind { REPORT_KERNEL, REPORT_COMPETITOR, REPORT_LAYER } report_kind;

/** One bench: of several runs the median. */
typedef struct report_bench {
    char *name;  /**< as in the file, without what Google Benchmark appends */
    char *parts; /**< holds the four strings below */
    /** Of a kernel: primitive, operation, shape, tier.  Of a competitor: the same of what it
     * competes with, and its own name.  Of a layer: network, how it was run, layer, "". */
    const char *group, *op, *shape, *variant;
    char *error;   /**< why it failed, or NULL */
    char unit[32]; /**< "madds", "bytes" ...; "" without a rate */
    report_kind kind;
    report_run run; /**< before report_arrange() */
    int tier;       /**< a sonic_tier, -1 if the variant is none */
    unsigned bits;  /**< of the ring, 0 if the operation has none */
    double value[REPORT_FIELDS];
    double low, high; /**< the rate's extremes over the runs (without a rate, the time's) */
    double cv;        /**< its standard deviation over its mean */
    size_t runs;
    size_t rank;                        /**< of a competitor: how many at its shape are faster */
    unsigned uses[REPORT_NETWORKS_MAX]; /**< of a layer: how often each network has it */
    size_t group_id, op_id, shape_id;   /**< equal where the strings are, in order of appearance */
    size_t index;                       /**< order of appearance */
} report_bench;

/** A line about the machine. */
typedef struct report_fact {
    char *name, *text;
} report_fact;

typedef struct report_data {
    report_bench *bench; /**< after report_arrange(): sorted by group, operation, shape */
    size_t benches, room;
    report_fact *fact;
    size_t facts;
    double load, processors; /**< when the benches began; 0 if unknown */
    double copy;             /**< bytes a second that copying moves beyond the caches, or 0 */
    char *network[REPORT_NETWORKS_MAX];
    size_t networks;
} report_data;

/** Adds the benches of a file, and the first file's facts.
 * @param report zeroed, or what earlier calls made of it; to be freed after failures, too */
SONIC_MUST_CHECK sonic_status report_load(report_data *report, const char *path,
                                          sonic_error *error);

/** Adds what the text says, which `path` was read from. */
SONIC_MUST_CHECK sonic_status report_parse(report_data *report, const char *path, const char *text,
                                           size_t bytes, sonic_error *error);

/** Joins runs of one name, takes the names apart, orders the benches and lets competitors have the
 * intensity of the kernel that they compete with. */
SONIC_MUST_CHECK sonic_status report_arrange(report_data *report, sonic_error *error);

/** Takes bench->name apart: sets parts, group, op, shape, variant, kind, tier and bits. */
SONIC_MUST_CHECK sonic_status report_name(report_bench *bench, sonic_error *error);

/** The page: one HTML file that needs nothing else, malloc'ed.  It is well-formed XML, too.
 * @param report arranged, with at least one bench */
SONIC_MUST_CHECK sonic_status report_page(const report_data *report, char **html, size_t *bytes,
                                          sonic_error *error);

void report_free(report_data *report);

/** Whether bench i of an arranged report begins a group, an operation, a shape; true at the end of
 * the report, too. */
bool report_new_group(const report_data *report, size_t i);
bool report_new_op(const report_data *report, size_t i);
bool report_new_shape(const report_data *report, size_t i);

#endif
