/** @file
 * Charts and tables of a selection of layers.
 */
#ifndef SONIC_BENCH_REPORT_LAYERS_H
#define SONIC_BENCH_REPORT_LAYERS_H

#include <stdio.h>

#include "bench/report.h"

/** Some of the benches from ... to - 1: all of them, or those that a network uses and that were run
 * in the same way. */
typedef struct report_selection {
    const report_data *report;
    size_t from, to;
    int network; /**< -1: all */
    size_t op_id;
} report_selection;

/** How often bench i counts, 0 if it is not selected. */
unsigned report_uses(const report_selection *from, size_t i);

/** ": 21 layers, time 12.3 ms, ..." */
void report_layer_totals(FILE *out, const report_selection *from);

/** A bar of each layer's part of the time, and bars of time, bytes, rounds and share by layer. */
void report_layer_charts(FILE *out, const report_selection *from);

/** All numbers of the layers, closed at first. */
void report_layer_table(FILE *out, const report_selection *from);

#endif
