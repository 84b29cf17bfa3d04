/** @file
 * Base oblivious transfers of 16-byte keys, on ristretto255 (libsodium).
 *
 * (Protocol, assumption, paper, bytes and rounds: to be stated by the implementation.)
 */
#ifndef SONIC_PROTO_OT_BASE_H
#define SONIC_PROTO_OT_BASE_H

#include "proto/channel/channel.h"

enum { SONIC_OT_KEY_BYTES = 16 };

/** n transfers as the sender.  @param keys  n pairs of random secret keys, [i][bit][16] */
SONIC_MUST_CHECK sonic_status sonic_base_ot_send(sonic_channel *channel, uint8_t *keys, size_t n,
                                                 sonic_error *error);

/** n transfers as the receiver.
 * @param keys    n secret keys: keys[i] is the sender's of bit choices[i]
 * @param choice  n secret bits, bit i % 8 of byte i / 8 */
SONIC_MUST_CHECK sonic_status sonic_base_ot_receive(sonic_channel *channel, uint8_t *keys,
                                                    const uint8_t *choice, size_t n,
                                                    sonic_error *error);

#endif
