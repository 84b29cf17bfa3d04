/** @file
 * A progress bar on stderr, where stderr is a terminal.
 */
#ifndef SONIC_TOOLS_PROGRESS_H
#define SONIC_TOOLS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct sonic_bar {
    const char *label;
    bool shown;
    double start, last; /**< seconds */
} sonic_bar;

/** Starts a bar; quiet: show nothing. */
void sonic_bar_start(sonic_bar *bar, const char *label, bool quiet);
void sonic_bar_set(sonic_bar *bar, uint64_t done, uint64_t total);
/** Ends the bar's line. */
void sonic_bar_end(sonic_bar *bar);

#endif
