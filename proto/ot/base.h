/** @file
 * Base oblivious transfers of 16-byte keys, on ristretto255 (libsodium).
 *
 * Masny and Rindal's endemic oblivious transfer (CCS 2019) as batched by McQuoid, Rosulek and Roy
 * (ASIACRYPT 2021, figures 3 and 6), in the group written additively with generator G:
 *
 *     sender                                          receiver, for choice c of transfer i
 *     y random, Y = y G              --- Y --->       a, R random;  r_{1-c} = R,
 *                                 <--- r_0, r_1 ---   r_c = a G + H(Y, i, c, r_{1-c})
 *     key b = K(Y, i, b, r_0, r_1, y (r_b - H(Y, i, b, r_{1-b})))
 *                                                     key c = K(Y, i, c, r_0, r_1, a Y)
 *
 * H is BLAKE2b to 64 bytes and from there to a point, K is BLAKE2b to 16 bytes, under different
 * personalisations.  It is the simplest choice that is UC secure against malicious parties in the
 * random-oracle model: r_0 and r_1 are uniform whatever c is, and whoever makes them controls only
 * the one point whose oracle was asked last.  The assumption is oracle Diffie-Hellman, which in
 * that model is gap Diffie-Hellman.  Chou and Orlandi's (LATINCRYPT 2015) is cheaper, but its
 * choice bits can be extracted only once the receiver hashes, and its proof did not stand.
 * "Endemic": a malicious party may choose its own keys, which is all that an extension needs.  One
 * Y serves a batch because i is in both hashes, and because Y, fresh in every batch, is in them a
 * batch cannot be replayed into another one.
 *
 * Either party checks the other's points; the identity is refused.  No branch and no address
 * depends on choices or keys.  Bytes: 32 of the sender, 64 n of the receiver.  One round, of the
 * sender; the receiver sends in pieces, so that both compute at the same time.
 */
#ifndef SONIC_PROTO_OT_BASE_H
#define SONIC_PROTO_OT_BASE_H

#include "proto/channel/channel.h"

enum { SONIC_OT_KEY_BYTES = 16 };

/** n transfers as the sender.
 * @param keys  n pairs of random secret keys, [i][bit][16]; zeros on failure
 * @return SONIC_E_PEER where the peer sent what is not a point */
SONIC_MUST_CHECK sonic_status sonic_base_ot_send(sonic_channel *channel, uint8_t *keys, size_t n,
                                                 sonic_error *error);

/** n transfers as the receiver.
 * @param keys    n secret keys: keys[i] is the sender's of bit choices[i]; zeros on failure
 * @param choice  n secret bits, bit i % 8 of byte i / 8 */
SONIC_MUST_CHECK sonic_status sonic_base_ot_receive(sonic_channel *channel, uint8_t *keys,
                                                    const uint8_t *choice, size_t n,
                                                    sonic_error *error);

#endif
