/* A progress bar on stderr, where stderr is a terminal. */
#include "tools/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "proto/channel/clock.h"

void sonic_bar_start(sonic_bar *bar, const char *label, bool quiet)
{
    *bar = (sonic_bar){ .label = label, .shown = !quiet && isatty(STDERR_FILENO) };
    bar->start = sonic_clock_seconds();
}

void sonic_bar_set(sonic_bar *bar, uint64_t done, uint64_t total)
{
    enum { WIDTH = 30 };
    double now = sonic_clock_seconds();
    /* 20 pictures a second are enough; the last one is always drawn. */
    if (!bar->shown || total == 0 || (done < total && now - bar->last < 0.05))
        return;
    bar->last = now;
    int filled = (int)((double)WIDTH * (double)done / (double)total);
    char line[WIDTH + 1];
    for (int i = 0; i < WIDTH; i++)
        line[i] = i < filled ? '#' : '.';
    line[WIDTH] = 0;
    fprintf(stderr, "\r%s [%s] %llu/%llu  %.1f s ", bar->label, line, (unsigned long long)done,
            (unsigned long long)total, now - bar->start);
    fflush(stderr);
}

void sonic_bar_end(sonic_bar *bar)
{
    if (bar->shown && bar->last > 0)
        fputc('\n', stderr);
    bar->shown = false;
}
