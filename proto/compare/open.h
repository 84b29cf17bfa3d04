/** @file
 * Opening a masked tensor in its own place, block by block.
 */
#ifndef SONIC_PROTO_COMPARE_OPEN_H
#define SONIC_PROTO_COMPARE_OPEN_H

#include "proto/channel/channel.h"
#include "proto/offline/material.h"

/** Bytes of a block: a whole number of AES blocks and of elements. */
enum { SONIC_OPEN_BLOCK = 1 << 16 };

/** x (n elements, this party's share) becomes x_0 + x_1 - (m_0 + m_1), where party i's m_i is
 * `stream` of its own randomness: public to both servers.  1 round, n l / 8 bytes in each
 * direction.  Scratch: one block.
 * @param kept  not NULL: x_0 + x_1 + u_0 + u_1 instead, where u_i is sonic_material_u() of `stream`
 *              and *kept */
SONIC_MUST_CHECK sonic_status sonic_open_masked(const sonic_context *context,
                                                sonic_channel *channel,
                                                const sonic_material *material, uint64_t stream,
                                                const uint64_t *kept, sonic_ring ring, void *x,
                                                size_t n, sonic_error *error);

#endif
