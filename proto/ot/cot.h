/** @file
 * Correlated oblivious transfer, extended from 128 base transfers by SoftSpokenOT.
 *
 * Transfer j gives the sender a 16-byte q_j and the receiver, for its choice bit c_j,
 * t_j = q_j ^ c_j delta: with delta a garbler's, labels of the receiver's input wires.
 *
 * SoftSpokenOT (Roy, CRYPTO 2022) with k = 1, 2, 4, 8: delta is 128 / k digits of k bits, for each
 * of which the receiver has a GGM tree of 2^k seeds and the sender all of them but one; k = 1 is
 * IKNP (Ishai, Kilian, Nissim, Petrank, CRYPTO 2003).  16 / k bytes and 2^k / k AES calls a
 * transfer.  The receiver's bits are hidden by AES-128 in counter mode as a PRG, delta by the base
 * transfers.  No hash is applied: q_j and t_j are for hashes that are correlation robust.
 *
 * Semi-honest; a state made `checked` withstands a malicious receiver, if its transfers are used
 * only after sonic_cot_verify(): trees are checked as they are made, transfers by a linear
 * hash of all rows, over GF(2^128), at a challenge of the sender (section 4.2 and 5 of the paper).
 * What a cheat can learn of delta by being caught or not is what the paper proves: d bits with
 * probability 2^-d.
 *
 * Each seed's stream goes on where the last extension, rounded up to a block of AES, left it: a
 * counter of blocks that never goes back.
 *
 * Extending takes one message of the receiver, sonic_cot_bytes(k, n) bytes, in pieces that the
 * caller carries, so that two states of opposite roles extend in the same round.
 */
#ifndef SONIC_PROTO_OT_COT_H
#define SONIC_PROTO_OT_COT_H

#include "dispatch/context.h"
#include "proto/channel/channel.h"

typedef struct sonic_cot_sender sonic_cot_sender;
typedef struct sonic_cot_receiver sonic_cot_receiver;

typedef struct sonic_cot_options {
    unsigned k;   /**< 1, 2, 4 or 8 */
    bool checked; /**< against a malicious receiver */
} sonic_cot_options;

/** Bytes that the sender, and the receiver, send to make a pair of states.  One round of both, in
 * which they greet each other, and one of the receiver; with k > 1, one of the sender, too. */
uint64_t sonic_cot_setup_sent(sonic_cot_options options);
uint64_t sonic_cot_setup_received(sonic_cot_options options);

/** Runs the base transfers, in which the sender is the receiver, and makes the trees.
 * @param context  must outlive the state
 * @param delta    16 secret bytes, copied
 * @return SONIC_E_MISMATCH where the peer has other options, SONIC_E_PEER where it cheats or sends
 *         what is no point */
SONIC_MUST_CHECK sonic_status sonic_cot_sender_create(sonic_cot_sender **sender,
                                                      const sonic_context *context,
                                                      sonic_channel *channel,
                                                      sonic_cot_options options,
                                                      const uint8_t delta[16], sonic_error *error);
SONIC_MUST_CHECK sonic_status sonic_cot_receiver_create(sonic_cot_receiver **receiver,
                                                        const sonic_context *context,
                                                        sonic_channel *channel,
                                                        sonic_cot_options options,
                                                        sonic_error *error);
/** Wipe and free; NULL is allowed. */
void sonic_cot_sender_free(sonic_cot_sender *sender);
void sonic_cot_receiver_free(sonic_cot_receiver *receiver);

/** Bytes of the receiver's message for n transfers: 128 / k ceil(n / 8). */
size_t sonic_cot_bytes(unsigned k, size_t n);

/** The receiver's half of the next n transfers, without waiting.
 * @param t        n labels of 16 bytes, secret, no alias
 * @param message  sonic_cot_bytes(k, n) bytes for the sender
 * @param choice   n secret bits, bit i % 8 of byte i / 8
 * @return SONIC_E_SHAPE when the labels of n transfers cannot have a size */
SONIC_MUST_CHECK sonic_status sonic_cot_receive(sonic_cot_receiver *receiver, uint8_t *t,
                                                uint8_t *message, const uint8_t *choice, size_t n,
                                                sonic_error *error);

/** The sender's half: of the same n, in the same order.  @param q n labels, secret, no alias */
SONIC_MUST_CHECK sonic_status sonic_cot_send(sonic_cot_sender *sender, uint8_t *q,
                                             const uint8_t *message, size_t n, sonic_error *error);

/** @name Breaking the correlation
 * The public key under which labels of the last extension are hashed (kernels/ot/ot.h, H), until
 * the next one: a key of its own an extension, of at most 2^20 transfers, from a seed that both
 * agreed on. */
/**@{*/
enum { SONIC_COT_HASH_MAX = 1 << 20 };
const sonic_aes_key *sonic_cot_sender_pi(const sonic_cot_sender *sender);
const sonic_aes_key *sonic_cot_receiver_pi(const sonic_cot_receiver *receiver);
/**@}*/

/** @name The check of a receiver that may be malicious
 * Of the n transfers of extensions that followed each other, n a multiple of 128, the last 128 of
 * them with random choice bits and used for nothing else.  After the receiver's messages were sent
 * the sender draws 16 random bytes of challenge and sends them; the receiver answers with a
 * proof. */
/**@{*/
enum { SONIC_COT_SACRIFICE = 128, SONIC_COT_PROOF_BYTES = 16 + 128 * 16 };
void sonic_cot_prove(const sonic_cot_receiver *receiver, uint8_t proof[SONIC_COT_PROOF_BYTES],
                     const uint8_t *t, const uint8_t *choice, size_t n,
                     const uint8_t challenge[16]);
/** @return SONIC_E_PEER "... cheats in oblivious transfer": the state is then to be freed */
SONIC_MUST_CHECK sonic_status sonic_cot_verify(const sonic_cot_sender *sender, const uint8_t *q,
                                               size_t n, const uint8_t proof[SONIC_COT_PROOF_BYTES],
                                               const uint8_t challenge[16], const char *peer,
                                               sonic_error *error);
/**@}*/

#endif
