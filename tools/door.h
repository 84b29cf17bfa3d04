/** @file
 * A server's door: users come in, leave their input's share and wait for the result's.
 *
 * Each user is talked to by a thread of its own (tools/host.h); the server's main thread takes one
 * visitor at a time and must end it with sonic_visitor_answer() or sonic_visitor_refuse().  A user
 * who misbehaves is reported in one line on stderr and never stops the server.
 */
#ifndef SONIC_TOOLS_DOOR_H
#define SONIC_TOOLS_DOOR_H

#include <stdbool.h>

#include "proto/channel/tcp.h"
#include "proto/model/graph.h"
#include "proto/session/request.h"

typedef struct sonic_door sonic_door;
typedef struct sonic_visitor sonic_visitor;

/** @param greeting what the server says first: party, ring, model, batch; outlives nothing
 * @param elements  of one image's input */
SONIC_MUST_CHECK sonic_status sonic_door_open(sonic_door **door, sonic_listener *listener,
                                              const sonic_greeting *greeting, size_t elements,
                                              int timeout_ms, sonic_error *error);

/** Refuses who is waiting, sees the conversations off and frees. */
void sonic_door_close(sonic_door *door);

/** The visitor who has been waiting for longest, or NULL after timeout_ms. */
sonic_visitor *sonic_door_next(sonic_door *door, int timeout_ms);

/** The visitor with a request id, waiting up to timeout_ms for it, or NULL.
 * @param[out] arriving its input is on its way */
sonic_visitor *sonic_door_find(sonic_door *door, const uint8_t request[SONIC_ID_BYTES],
                               int timeout_ms, bool *arriving);

const uint8_t *sonic_visitor_request(const sonic_visitor *visitor);
/** The input's share: kind, party, ring, model, batch and size have been checked. */
sonic_reader *sonic_visitor_input(sonic_visitor *visitor);
uint32_t sonic_visitor_batches(const sonic_visitor *visitor);
/** False once the user has gone. */
bool sonic_visitor_present(sonic_visitor *visitor);
/** Tells the user how far it is. */
void sonic_visitor_progress(sonic_visitor *visitor, uint32_t done);

/** Sends the result and ends the visit; the file descriptor is taken over. */
void sonic_visitor_answer(sonic_visitor *visitor, int fd);
/** Says why not and ends the visit. */
void sonic_visitor_refuse(sonic_visitor *visitor, const char *why);

#endif
