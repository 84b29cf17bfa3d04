/** @file
 * Oblivious transfer by the million: correlated, random, of chosen messages, and bit triples.
 *
 * In a transfer the sender has two strings, and the receiver gets the one that its choice bit says:
 * the sender does not learn which, and the receiver nothing of the other.  A sender and a receiver
 * are made once, by 128 transfers on an elliptic curve, and from then on extend for ever, by AES
 * alone: calls of one are met by calls of the other, in the same form, with as many transfers, in
 * the same order.
 *
 *     form        the sender gets, or gives             the receiver gets, for choice bit c
 *     correlated  q, of 16 random bytes                 q ^ c delta
 *     random      two keys k_0, k_1 of 16 bytes         k_c
 *     chosen      two messages m_0, m_1 of its own      m_c
 *
 * Protocol: SoftSpokenOT (Roy, CRYPTO 2022) over base transfers of Masny and Rindal's kind (CCS
 * 2019) as batched by McQuoid, Rosulek and Roy (ASIACRYPT 2021), in ristretto255 of libsodium.
 * k = 1 is IKNP (Ishai, Kilian, Nissim, Petrank, CRYPTO 2003).  What k costs:
 *
 *     k   bytes a transfer   AES calls a random transfer: sender, receiver
 *     1   16                 1 + 2,       2 + 1
 *     2   8                  3/2 + 2,     2 + 1
 *     4   4                  15/4 + 2,    4 + 1
 *     8   2                  255/8 + 2,   32 + 1
 *
 * Security.  The sender may be malicious as far as the receiver's choice bits go: it sends nothing
 * they could depend on.  The receiver is taken to be semi-honest, or with `malicious` to do as it
 * likes: then each 2^17 transfers are checked (128 more transfers that are thrown away, a
 * challenge, a proof) before a call returns anything of them.  A receiver that cheats is caught, or
 * learns d bits of delta with a probability of 2^-d, and when it is caught the sender must not be
 * replaced by one of the same delta.  128 bits, by these assumptions:
 *   - gap Diffie-Hellman in ristretto255, BLAKE2b a random oracle: the base transfers, against
 *     malicious parties;
 *   - AES-128 a pseudorandom generator: choice bits, and delta.  No counter of a key comes twice;
 *   - AES-128 under public keys an ideal cipher: keys are labels hashed as by Guo, Katz, Wang, Yu
 *     (IEEE S&P 2020), pi(sigma(x)) ^ sigma(x), one AES call; with `malicious`
 *     pi(pi(x) ^ i) ^ pi(x), i the transfer's number, two AES calls.  pi is another key after at
 *     most 2^17 transfers: p AES calls find delta with a probability of about p 2^-110, however
 *     many transfers there are.
 *
 * "Random" is endemic: a malicious party can choose its own keys, with care.  Who hashes correlated
 * labels itself needs a hash that is correlation robust, with a tweak if the receiver is malicious.
 *
 * The link's bytes are neither encrypted nor authenticated: run it inside TLS, SSH or WireGuard.
 * A call whose counterpart is another one is met by a sentence at the sender, and at a receiver
 * that waits for it; what is replayed or altered, by one or, in the semi-honest setting, by wrong
 * results.  After any failure of a call that had begun, its outputs are zeros and the state is
 * poisoned: later calls return SONIC_E_POISONED, and it is good only for being freed.
 *
 * A state is used by one thread at a time; different states are independent.  Outputs, choice bits
 * and delta are secret: no branch and no address depends on them, and states are wiped when freed.
 * Bit j of a string of bits is bit j % 8 of byte j / 8.  Pointers must not be NULL where it is not
 * said that they may be; buffers have any alignment, and inputs and outputs of a call no bytes in
 * common.
 */
#ifndef SONICNN_OT_H
#define SONICNN_OT_H

#include <stdbool.h>

#include <sonicnn/context.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { SONIC_OT_BLOCK_BYTES = 16 /**< of a label, of a key, of delta */ };

/** A stream of bytes to and from the peer, in order and without loss.  Each call blocks until it
 * has moved all n bytes and returns 0, or anything else when that cannot be; SONIC_E_TIMEOUT and
 * SONIC_E_CLOSED are reported as such.  32 bytes, with which both parties begin, must go out before
 * the peer takes any: a socket or a pipe does that.  Copied; what arg points to must outlive the
 * states that use it. */
typedef struct sonic_ot_link {
    int (*send)(void *arg, const void *data, size_t n);
    int (*receive)(void *arg, void *data, size_t n);
    void *arg;
} sonic_ot_link;

/** A connected stream socket, blocking or not.  It remains the caller's. */
typedef struct sonic_ot_socket {
    int fd;
    int timeout_ms; /**< without a byte moved, after which a call fails; -1: none */
} sonic_ot_socket;

/** A link over the socket, which must stay where it is. */
SONIC_API sonic_ot_link sonic_ot_socket_link(sonic_ot_socket *socket);

/** The same at both ends. */
typedef struct sonic_ot_options {
    unsigned k;     /**< 1, 2, 4 or 8 */
    bool malicious; /**< whether the receiver may be */
} sonic_ot_options;

typedef struct sonic_ot_sender sonic_ot_sender;
typedef struct sonic_ot_receiver sonic_ot_receiver;

/** Makes a sender, while the peer makes a receiver: some 10 kB, some 20 ms.
 * @param context  must outlive the state
 * @param delta    16 secret bytes, copied, for one's own use of correlated labels (garbling wants
 *                 the lowest bit 1); uniform but for a few bits.  NULL: random
 * @return SONIC_E_ARGUMENT, SONIC_E_MEMORY, what the link reports, SONIC_E_MISMATCH where the peer
 *         has other options, SONIC_E_PEER where it sends what it should not */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_ot_sender_create(
    sonic_ot_sender **sender, const sonic_context *context, const sonic_ot_link *link,
    const sonic_ot_options *options, const uint8_t *delta, sonic_error *error);
SONIC_API SONIC_MUST_CHECK sonic_status sonic_ot_receiver_create(sonic_ot_receiver **receiver,
                                                                 const sonic_context *context,
                                                                 const sonic_ot_link *link,
                                                                 const sonic_ot_options *options,
                                                                 sonic_error *error);

/** Wipe and free; NULL is allowed. */
SONIC_API void sonic_ot_sender_free(sonic_ot_sender *sender);
SONIC_API void sonic_ot_receiver_free(sonic_ot_receiver *receiver);

/** 16 secret bytes. */
SONIC_API const uint8_t *sonic_ot_sender_delta(const sonic_ot_sender *sender);

/** @name Transfers
 * n of them, any number; 0 does nothing.  The receiver sends 32 + 128 / k ceil(n / 8) bytes.  No
 * party waits for an answer.
 *
 * With `malicious` it sends 32 bytes and, for each m <= 2^17 transfers, 128 / k (16 ceil(m / 128) +
 * 16) bytes and a proof of 2064, and the sender 16; the sender waits once for them.
 *
 * @return what the link reports, SONIC_E_MISMATCH where the peer is at another call, SONIC_E_PEER
 *         where the receiver cheats, SONIC_E_SHAPE for sizes that overflow, SONIC_E_POISONED */
/**@{*/
/** @param q  16 n bytes */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_ot_send_correlated(sonic_ot_sender *sender,
                                                                 uint8_t *q, size_t n,
                                                                 sonic_error *error);
/** @param t  16 n bytes: t_j = q_j ^ c_j delta
 * @param choice  n bits */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_ot_receive_correlated(sonic_ot_receiver *receiver,
                                                                    uint8_t *t,
                                                                    const uint8_t *choice, size_t n,
                                                                    sonic_error *error);

/** @param keys  32 n bytes: of transfer j the key of 0, and then that of 1 */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_ot_send_random(sonic_ot_sender *sender, uint8_t *keys,
                                                             size_t n, sonic_error *error);
/** @param keys  16 n bytes */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_ot_receive_random(sonic_ot_receiver *receiver,
                                                                uint8_t *keys,
                                                                const uint8_t *choice, size_t n,
                                                                sonic_error *error);

/** Messages of `size` bytes, any but 0, in AES-128 in counter mode under a key of a random transfer
 * (up to 16 bytes: under the key itself).  The sender sends 2 n size bytes; the receiver waits for
 * those of each 2^17 transfers.
 * @param messages  2 n size bytes: of transfer j the message of 0, and then that of 1 */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_ot_send_chosen(sonic_ot_sender *sender,
                                                             const void *messages, size_t size,
                                                             size_t n, sonic_error *error);
/** @param messages  n size bytes */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_ot_receive_chosen(sonic_ot_receiver *receiver,
                                                                void *messages,
                                                                const uint8_t *choice, size_t size,
                                                                size_t n, sonic_error *error);
/**@}*/

/** @name Bit triples
 * Random bits a, b, c of two parties with (a_0 ^ a_1) & (b_0 ^ b_1) = c_0 ^ c_1, of which neither
 * knows more than its own.  Semi-honest parties.
 *
 * A triple is a transfer in each direction.  The choice bit of a party is its a; what it hashes
 * from both its labels as a sender XORs to its b; so the hash that its peer gets is a share of the
 * peer's a and its b, and nothing is sent beyond the extension: 32 + 128 / k ceil(n / 8) bytes of
 * either party.  Party 0 sends first, of each 512 KiB. */
/**@{*/
typedef struct sonic_bit_triples sonic_bit_triples;

/** @param party  0 or 1
 * @param k        1, 2, 4 or 8 */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_bit_triples_create(sonic_bit_triples **triples,
                                                                 const sonic_context *context,
                                                                 const sonic_ot_link *link,
                                                                 unsigned party, unsigned k,
                                                                 sonic_error *error);
/** Wipes and frees; NULL is allowed. */
SONIC_API void sonic_bit_triples_free(sonic_bit_triples *triples);

/** The next n triples.
 * @param a, b, c  n bits each, in ceil(n / 8) bytes; bits from n on are 0 */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_bit_triples_make(sonic_bit_triples *triples,
                                                               uint8_t *a, uint8_t *b, uint8_t *c,
                                                               size_t n, sonic_error *error);
/**@}*/

#ifdef __cplusplus
}
#endif
#endif
