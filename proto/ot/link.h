/** @file
 * A channel over what a caller of <sonicnn/ot.h> moves bytes with.
 */
#ifndef SONIC_PROTO_OT_LINK_H
#define SONIC_PROTO_OT_LINK_H

#include <sonicnn/ot.h>

#include "proto/channel/channel.h"

/** Sends and receives block until all bytes have moved, however long that takes: so over it no
 * rounds, in which both parties send at once, of more than a greeting's 32 bytes. */
SONIC_MUST_CHECK sonic_status sonic_ot_link_open(sonic_channel **channel, const sonic_ot_link *link,
                                                 sonic_error *error);

#endif
