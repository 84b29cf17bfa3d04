/** @file
 * The first message between two servers: who each is and what it is about to run.
 *
 * Little-endian, SONIC_HELLO_BYTES long, the same in both directions:
 *   0  u32  bytes that follow this field
 *   4  8    magic "sonicnn" NUL
 *  12  u32  protocol version
 *  16  u32  party             20  u32  ring
 *  24  u32  batch             28  u32  next unused inference
 *  32  16   model id          48  32   plan digest
 *  80  16   pool pair         96  16   tier, NUL-padded
 * What comes before the version never changes, and no version's message is shorter.  Everything in
 * it is public.
 */
#ifndef SONIC_PROTO_SESSION_HANDSHAKE_H
#define SONIC_PROTO_SESSION_HANDSHAKE_H

#include "proto/channel/channel.h"
#include "proto/offline/plan.h"
#include "proto/share/file.h"

enum {
    SONIC_HELLO_BYTES = 112,
    SONIC_HELLO_VERSION = 1,
    SONIC_HELLO_TIER = 16
};

typedef struct sonic_hello {
    uint32_t party;
    uint32_t ring;
    uint32_t batch;
    uint32_t next;
    uint8_t model[SONIC_ID_BYTES];
    uint8_t digest[SONIC_DIGEST_BYTES];
    uint8_t pair[SONIC_ID_BYTES];
    char tier[SONIC_HELLO_TIER]; /**< NUL-terminated */
} sonic_hello;

void sonic_hello_write(uint8_t out[SONIC_HELLO_BYTES], const sonic_hello *hello);

/** Parses a message.  @return SONIC_E_PEER "server 1 does not speak the protocol of sonicnn", or
 * for a field out of its range; SONIC_E_MISMATCH "server 1 speaks version 2 of the protocol, here
 * 1" */
SONIC_MUST_CHECK sonic_status sonic_hello_read(sonic_hello *hello,
                                               const uint8_t in[SONIC_HELLO_BYTES],
                                               const char *peer, sonic_error *error);

/** Whether two servers may work together.  @return SONIC_E_MISMATCH and the first difference:
 * "server 1 runs the same party 0", "server 1 has ring 32, here 64", "server 1 has another model
 * (id ..., here ...)", "server 1 plans batches of 5, here 2", "server 1 plans another graph (...)",
 * "server 1 has another pool (pair ..., here ...)" */
SONIC_MUST_CHECK sonic_status sonic_hello_compare(const sonic_hello *mine,
                                                  const sonic_hello *theirs, const char *peer,
                                                  sonic_error *error);

/** Sends mine, receives and compares theirs: 1 round, SONIC_HELLO_BYTES in each direction. */
SONIC_MUST_CHECK sonic_status sonic_handshake(sonic_channel *channel, const sonic_hello *mine,
                                              sonic_hello *theirs, sonic_error *error);

#endif
