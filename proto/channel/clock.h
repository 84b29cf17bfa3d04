/** @file
 * The clock that timeouts, waiting and layers are measured with.
 */
#ifndef SONIC_PROTO_CHANNEL_CLOCK_H
#define SONIC_PROTO_CHANNEL_CLOCK_H

#include <stdint.h>
#include <time.h>

/** How often a stop flag is looked at. */
enum { SONIC_STOP_MS = 200 };

/** Milliseconds since some moment, never set back. */
static inline int64_t sonic_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/** The same moment in seconds. */
static inline double sonic_clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif
