/** @file
 * Two servers on one machine that take turns: while one computes the other does not, so the time
 * each of them takes is what it would take with the machine to itself, with any number of threads.
 */
#ifndef SONIC_TOOLS_PERF_TURNS_H
#define SONIC_TOOLS_PERF_TURNS_H

#include <pthread.h>

#include "proto/channel/channel.h"

/** Two ends of a channel inside this process; their users are threads that hold `turn` whenever
 * they use it.  Waiting for the peer gives the turn away and takes it back, all of it within what
 * the channel counts as waited.  `turn` must outlive both ends. */
SONIC_MUST_CHECK sonic_status sonic_turns_pair(pthread_mutex_t *turn, sonic_channel *channel[2],
                                               sonic_error *error);

#endif
