/** @file
 * Accepts connections in the background and talks to each in a thread of its own.
 */
#ifndef SONIC_TOOLS_HOST_H
#define SONIC_TOOLS_HOST_H

#include <stdbool.h>

#include "proto/channel/tcp.h"

typedef struct sonic_host sonic_host;

/** Conversations at a time; more wait in the listener's queue. */
enum { SONIC_HOST_MOST = 32 };

/** One conversation.  The channel is freed when the function returns. */
typedef void (*sonic_host_talk)(void *arg, sonic_channel *channel);

/** Starts.  The listener stays the caller's.  @param io_timeout_ms of every conversation */
SONIC_MUST_CHECK sonic_status sonic_host_start(sonic_host **host, sonic_listener *listener,
                                               int io_timeout_ms, sonic_host_talk talk, void *arg,
                                               sonic_error *error);

/** Accepts no more and waits up to wait_ms for the conversations to end.
 * @return false when some have not: their thread, the host and what `arg` points to then live on,
 * and must not be freed before the process ends */
bool sonic_host_stop(sonic_host *host, int wait_ms);

/** Prints why a conversation failed, on stderr, with whom where the sentence does not begin so. */
void sonic_host_report(const sonic_channel *channel, const sonic_error *error);

/** An absolute time for pthread_cond_timedwait(), milliseconds from now. */
struct timespec sonic_host_deadline(int milliseconds);

#endif
