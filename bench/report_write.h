/** @file
 * What every part of the page is written with: escaped text, numbers for people, axes.
 *
 * Nothing here checks whether writing worked: report_page() asks the stream once, at the end.
 */
#ifndef SONIC_BENCH_REPORT_WRITE_H
#define SONIC_BENCH_REPORT_WRITE_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/report.h"

/** Room for a number as text. */
enum { REPORT_NUMBER = 32 };

/** Text that may hold anything, with what means something to HTML escaped and what XML does not
 * allow or what turns the direction of writing replaced.
 * @param most characters, the last of them "…" if there are more; 0: all */
void report_text(FILE *out, const char *text, size_t most);

/** Three digits and a decimal prefix: "10.2 G".  "–" for NAN, here and below. */
void report_si(char text[REPORT_NUMBER], double value);
/** The same for ticks of axes, without zeros that say nothing: "10 G". */
void report_tick(char text[REPORT_NUMBER], double value);
/** Of a bench: "10.2 G", of bytes "10.2 GB". */
void report_rate(char text[REPORT_NUMBER], const report_bench *bench, double rate);
void report_seconds(char text[REPORT_NUMBER], double seconds);
void report_bytes(char text[REPORT_NUMBER], double bytes);
/** With binary prefixes, as caches are told: "48 KiB". */
void report_binary(char text[REPORT_NUMBER], double bytes);
void report_percent(char text[REPORT_NUMBER], double share);
void report_times(char text[REPORT_NUMBER], double ratio);
void report_count(char text[REPORT_NUMBER], double count);

/** "multiply-adds", of "madds"; the unit itself if it needs no explanation. */
const char *report_unit(const char *unit);

/** The class that colours a bench by its tier. */
const char *report_colour(const report_bench *bench);

/** An element with a number or a name in it. */
void report_cell(FILE *out, const char *number);
void report_head(FILE *out, const char *text);

/** The step between the ticks of an axis from 0 to `most`: 1, 2 or 5 times a power of ten, at most
 * `ticks` of them. */
double report_step(double most, unsigned ticks);

#endif
