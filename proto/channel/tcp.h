/** @file
 * TCP channels: listening, connecting, accepting.  Addresses are "HOST:PORT", "[V6]:PORT" or
 * ":PORT" (listening: all interfaces, connecting: this machine); port 0 listens on a free port.
 */
#ifndef SONIC_PROTO_CHANNEL_TCP_H
#define SONIC_PROTO_CHANNEL_TCP_H

#include "proto/channel/channel.h"

typedef struct sonic_listener sonic_listener;

/** Listens.  A port that is taken: SONIC_E_ADDRESS, "cannot listen on 127.0.0.1:7000: address
 * already in use". */
SONIC_MUST_CHECK sonic_status sonic_listener_create(sonic_listener **listener, const char *address,
                                                    sonic_error *error);
void sonic_listener_free(sonic_listener *listener);

/** The port listened on. */
unsigned sonic_listener_port(const sonic_listener *listener);

/** For poll(2). */
int sonic_listener_fd(const sonic_listener *listener);

/** Accepts one connection within timeout_ms (-1: forever), or SONIC_E_TIMEOUT.  The channel's peer
 * name is "the client at ADDRESS:PORT" until sonic_channel_rename().
 * @param io_timeout_ms the timeout of the channel itself */
SONIC_MUST_CHECK sonic_status sonic_listener_accept(sonic_channel **channel,
                                                    sonic_listener *listener, int timeout_ms,
                                                    int io_timeout_ms, sonic_error *error);

/** Connects, trying again until timeout_ms have passed: the other side may not be up yet.
 * @param peer who is expected there, for messages */
SONIC_MUST_CHECK sonic_status sonic_tcp_connect(sonic_channel **channel, const char *address,
                                                const char *peer, int timeout_ms, int io_timeout_ms,
                                                sonic_error *error);

/** Gives the peer its name once it is known. */
void sonic_channel_rename(sonic_channel *channel, const char *peer);

/** A stop flag for a server's signal handler: accept, and the channels accepted from then on,
 * return SONIC_E_CLOSED once *stop is non-zero (see sonic_channel_stop_on()).  NULL: none. */
void sonic_listener_stop_on(sonic_listener *listener, const volatile int *stop);

#endif
