/** @file
 * The sections of the page.  Each writes nothing if the report has nothing for it; the ones with
 * headings of their own have an entry in the contents.
 */
#ifndef SONIC_BENCH_REPORT_SECTIONS_H
#define SONIC_BENCH_REPORT_SECTIONS_H

#include <stdio.h>

#include "bench/report.h"

/** The style sheet: colours for light, dark and paper. */
extern const char report_style[];

/** One line an operation: what share of its ceiling the best tier reaches, over the shapes. */
void report_glance(FILE *out, const report_data *report);

/** A primitive a heading, an operation a chart: rates and shares by shape and tier. */
void report_kernels(FILE *out, const report_data *report);

/** A log-log chart for each ring and unit: rate over operations a byte, under its two roofs. */
void report_roofs(FILE *out, const report_data *report);
bool report_has_roofs(const report_data *report);

/** A network a heading, and a kind of layer: time, bytes, rounds and share, layer by layer. */
void report_networks(FILE *out, const report_data *report);

/** The first bench after i that is of another operation. */
size_t report_op_end(const report_data *report, size_t i);

/** How many times the best competitor's rate bench i has: what it says itself, else against the
 * competitors of its shape; NAN if there is none. */
double report_ahead(const report_data *report, size_t i);

/** "matmul64"; "conv64 (bytes)" if the operation before has the same name in another unit. */
void report_op_title(FILE *out, const report_data *report, size_t i);

/** The kernel of the fastest tier among the benches of i's shape, of which i is the first; the
 * number of benches of the report if there is none with a rate. */
size_t report_fastest(const report_data *report, size_t i);

#endif
