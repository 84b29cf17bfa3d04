/** @file
 * What user, servers and dealer say to each other around the inferences: greetings, messages,
 * files.
 *
 * A conversation begins with greetings, the host first, and goes on in messages; a message FILE is
 * followed by the bytes of a container (proto/share/file.h).  All integers little-endian.
 *
 *   greeting "SONICREQ", version u32, role u8, party u8, ring u8, relu u8, model and request of 16
 *            bytes, batch u32, count u32, bytes u64, 0 u64: SONIC_GREETING_BYTES
 *   message  length of what follows u32, type u8, three 0, id 16 bytes, done u64, total u64, text
 *
 * - user and server i: greeting, greeting, `bytes` bytes of container (the input's share).  The
 *   server says WAIT several times a second while the user queues or the inference runs, then FILE
 *   (the result's share), to which the user says DONE; or REFUSED.
 * - server i and dealer: greeting, greeting, WAIT while the dealer still deals, FILE (the pool), to
 *   which the server says DONE; WAIT while the other server has not got its own, DONE; or REFUSED.
 * - server 0 and server 1, on the channel of their session, phase SETUP, layer 0; server 0 leads.
 *   PING is answered by PONG, PREPARE by READY or NO, NEXT (request id, batch number, batches) by
 *   WAIT any number of times, then READY or NO, each of them by BYE when server 1 ends.  END ends a
 *   request early, BYE the session.  READY is followed at both by the call of the session that it
 *   was about.
 *
 * Everything here is public but for the containers, which are shares.  Blocking, within the
 * channel's timeout; thread safe as the channel is.
 */
#ifndef SONIC_PROTO_SESSION_REQUEST_H
#define SONIC_PROTO_SESSION_REQUEST_H

#include "proto/channel/channel.h"
#include "proto/offline/relu_plan.h"
#include "proto/share/file.h"

enum {
    SONIC_REQUEST_VERSION = 2,
    SONIC_GREETING_BYTES = 72,
    SONIC_MESSAGE_FIXED = 36, /**< bytes of a message after its length, without text */
    SONIC_MESSAGE_TEXT = 320, /**< a sentence's most, with its NUL */
};

typedef enum sonic_role {
    SONIC_ROLE_USER = 1,
    SONIC_ROLE_SERVER = 2,
    SONIC_ROLE_DEALER = 3
} sonic_role;

typedef struct sonic_greeting {
    sonic_role role;
    unsigned party; /**< a server's own; the share a user sends; a dealer has SONIC_NO_PARTY */
    sonic_ring ring;
    sonic_relu relu; /**< of a dealer, and of a server that asks it; else SONIC_RELU_PPA */
    uint8_t model[SONIC_ID_BYTES];
    uint8_t request[SONIC_ID_BYTES]; /**< a user's, the same for both servers; else zeros */
    uint32_t batch;
    uint32_t count; /**< a user's images; the inferences of a server's or dealer's whole pool, of a
                         server without one UINT32_MAX */
    uint64_t bytes; /**< a user's container, which follows; else 0 */
} sonic_greeting;

SONIC_MUST_CHECK sonic_status sonic_greeting_send(sonic_channel *channel,
                                                  const sonic_greeting *greeting,
                                                  sonic_error *error);
/** Receives a greeting and requires one of two roles.  @return SONIC_E_PEER, SONIC_E_MISMATCH
 * (version) */
SONIC_MUST_CHECK sonic_status sonic_greeting_receive(sonic_channel *channel,
                                                     sonic_greeting *greeting, sonic_role role,
                                                     sonic_role or_role, sonic_error *error);
/** Reads a greeting's bytes; `peer` is for messages. */
SONIC_MUST_CHECK sonic_status sonic_greeting_parse(sonic_greeting *greeting, const uint8_t *bytes,
                                                   const char *peer, sonic_error *error);

typedef enum sonic_message_type {
    SONIC_MESSAGE_WAIT = 1, /**< done of total batches */
    SONIC_MESSAGE_REFUSED,  /**< text: why */
    SONIC_MESSAGE_FILE,     /**< total bytes follow */
    SONIC_MESSAGE_DONE,     /**< the file has arrived and is safe; of a dealer, both have */
    SONIC_MESSAGE_PREPARE,
    SONIC_MESSAGE_NEXT, /**< id, done: batch number, total: batches */
    SONIC_MESSAGE_READY,
    SONIC_MESSAGE_NO,  /**< text: why */
    SONIC_MESSAGE_END, /**< id, text: why */
    SONIC_MESSAGE_PING,
    SONIC_MESSAGE_PONG,
    SONIC_MESSAGE_BYE,
    SONIC_MESSAGE_TYPES
} sonic_message_type;

typedef struct sonic_message {
    sonic_message_type type;
    uint8_t id[SONIC_ID_BYTES];
    uint64_t done, total;
    char text[SONIC_MESSAGE_TEXT]; /**< printable ASCII after receiving */
} sonic_message;

SONIC_MUST_CHECK sonic_status sonic_message_send(sonic_channel *channel,
                                                 const sonic_message *message, sonic_error *error);
SONIC_MUST_CHECK sonic_status sonic_message_receive(sonic_channel *channel, sonic_message *message,
                                                    sonic_error *error);
/** Reads the n bytes after a message's length; `peer` is for messages. */
SONIC_MUST_CHECK sonic_status sonic_message_parse(sonic_message *message, const uint8_t *bytes,
                                                  size_t n, const char *peer, sonic_error *error);
/** Sends a message of a type alone, or with a text. */
SONIC_MUST_CHECK sonic_status sonic_message_say(sonic_channel *channel, sonic_message_type type,
                                                const char *text, sonic_error *error);

/** The same as a last word, where it no longer matters whether it arrives. */
void sonic_message_try(sonic_channel *channel, sonic_message_type type, const char *text);

/** Called after every chunk; non-zero stops with SONIC_E_CLOSED "stopped". */
typedef int (*sonic_file_progress)(void *arg, uint64_t done, uint64_t total);

/** Sends the first `bytes` bytes of a file, whatever its offset. */
SONIC_MUST_CHECK sonic_status sonic_file_send(sonic_channel *channel, int fd, uint64_t bytes,
                                              sonic_file_progress progress, void *arg,
                                              sonic_error *error);
/** Receives `bytes` bytes into a file from its start; the caller has bounded `bytes`. */
SONIC_MUST_CHECK sonic_status sonic_file_receive(sonic_channel *channel, int fd, uint64_t bytes,
                                                 sonic_file_progress progress, void *arg,
                                                 sonic_error *error);

#endif
