/** @file
 * Correlated oblivious transfer, extended from 128 base transfers: the seam behind which batched OT
 * is.
 *
 * Transfer j gives the sender a 16-byte q_j and the receiver, for its choice bit c_j,
 * t_j = q_j ^ c_j delta: with delta a garbler's, labels of the receiver's input wires.
 * Semi-honest (IKNP: Ishai, Kilian, Nissim, Petrank, CRYPTO 2003, correlated form of Asharov,
 * Lindell, Schneider, Zohner, CCS 2013): the receiver's bits are hidden by AES-128 in counter mode
 * as a PRG, delta by the base transfers.  No hash is applied: q_j and t_j are for hashes that are
 * correlation robust.
 *
 * Each of the 128 keys' streams goes on where the last extension, rounded up to a block of AES,
 * left it: a counter of blocks that never goes back.  An extension takes 2 ceil(n / 128) blocks a
 * row of the receiver, half of that of the sender.
 *
 * Extending takes one message of the receiver, sonic_cot_bytes(n) bytes, in pieces that the caller
 * carries, so that two states of opposite roles extend in the same round.
 */
#ifndef SONIC_PROTO_OT_COT_H
#define SONIC_PROTO_OT_COT_H

#include "dispatch/context.h"
#include "proto/channel/channel.h"

typedef struct sonic_cot_sender sonic_cot_sender;
typedef struct sonic_cot_receiver sonic_cot_receiver;

/** Runs the base transfers, in which the sender is the receiver.
 * @param context  must outlive the state
 * @param delta    16 secret bytes, copied */
SONIC_MUST_CHECK sonic_status sonic_cot_sender_create(sonic_cot_sender **sender,
                                                      const sonic_context *context,
                                                      sonic_channel *channel,
                                                      const uint8_t delta[16], sonic_error *error);
SONIC_MUST_CHECK sonic_status sonic_cot_receiver_create(sonic_cot_receiver **receiver,
                                                        const sonic_context *context,
                                                        sonic_channel *channel, sonic_error *error);
/** Wipe and free; NULL is allowed. */
void sonic_cot_sender_free(sonic_cot_sender *sender);
void sonic_cot_receiver_free(sonic_cot_receiver *receiver);

/** Bytes of the receiver's message for n transfers: 128 ceil(n / 8). */
size_t sonic_cot_bytes(size_t n);

/** The receiver's half of the next n transfers, without waiting.
 * @param t        n labels of 16 bytes, secret, no alias
 * @param message  sonic_cot_bytes(n) bytes for the sender
 * @param choice   n secret bits, bit i % 8 of byte i / 8
 * @return SONIC_E_SHAPE when the labels of n transfers cannot have a size */
SONIC_MUST_CHECK sonic_status sonic_cot_receive(sonic_cot_receiver *receiver, uint8_t *t,
                                                uint8_t *message, const uint8_t *choice, size_t n,
                                                sonic_error *error);

/** The sender's half: of the same n, in the same order.  @param q n labels, secret, no alias */
SONIC_MUST_CHECK sonic_status sonic_cot_send(sonic_cot_sender *sender, uint8_t *q,
                                             const uint8_t *message, size_t n, sonic_error *error);

#endif
