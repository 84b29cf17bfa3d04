/** @file
 * What the states of <sonicnn/ot.h> have in common: a channel, scratch, and calls that are opened
 * by a sentence of the receiver's and that nothing follows once one has failed.
 */
#ifndef SONIC_PROTO_OT_PARTY_H
#define SONIC_PROTO_OT_PARTY_H

#include <sonicnn/ot.h>

#include "proto/ot/cot.h"

enum {
    /** Transfers extended and hashed at once: their labels, 128 KiB, stay in the second-level
     * cache.  A multiple of 128. */
    SONIC_OT_PIECE = 8192,
    /** Bytes of extensions sent by one call of the link: they stay there, too. */
    SONIC_OT_MESSAGE = 1 << 19,
    /** Transfers between two answers, where there are any.  A multiple of SONIC_OT_PIECE. */
    SONIC_OT_CHUNK = 1 << 17,
    SONIC_OT_LABEL = SONIC_OT_BLOCK_BYTES
};

typedef enum sonic_ot_form {
    SONIC_OT_CORRELATED,
    SONIC_OT_RANDOM,
    SONIC_OT_CHOSEN,
    SONIC_OT_TRIPLES
} sonic_ot_form;

/** A call. */
typedef struct sonic_ot_call {
    sonic_ot_form form;
    size_t n;
    size_t size; /**< of a message; of other forms 0 */
} sonic_ot_call;

typedef struct sonic_ot_party {
    const sonic_context *context;
    sonic_channel *channel;
    sonic_cot_options options;
    uint64_t next; /**< transfer's number */
    bool poisoned;
    uint8_t *message; /**< SONIC_OT_MESSAGE bytes */
    uint8_t *labels;  /**< of a chunk and what a check sacrifices; secret */
} sonic_ot_party;

/** Opens the link and takes scratch, or leaves nothing behind. */
SONIC_MUST_CHECK sonic_status sonic_ot_party_begin(sonic_ot_party *party,
                                                   const sonic_context *context,
                                                   const sonic_ot_link *link,
                                                   sonic_cot_options options, sonic_error *error);
/** Wipes and frees what is in it. */
void sonic_ot_party_end(sonic_ot_party *party);

/** Whether the call can be: sizes of buffers do not overflow, the state is sound. */
SONIC_MUST_CHECK sonic_status sonic_ot_call_check(const sonic_ot_party *party,
                                                  const sonic_ot_call *call, sonic_error *error);

enum { SONIC_OT_CALL_BYTES = 32 };

/** The receiver says which call it makes: SONIC_OT_CALL_BYTES; the sender compares it with its own.
 * @return SONIC_E_MISMATCH with both */
SONIC_MUST_CHECK sonic_status sonic_ot_call_say(sonic_ot_party *party, const sonic_ot_call *call,
                                                sonic_error *error);
SONIC_MUST_CHECK sonic_status sonic_ot_call_hear(sonic_ot_party *party, const sonic_ot_call *call,
                                                 sonic_error *error);

/** What a call ends with: where it failed, the state is poisoned and what was made is cleared. */
sonic_status sonic_ot_call_end(sonic_ot_party *party, sonic_status status, void *made,
                               size_t bytes);

/** Transfers whose extensions are one message: some pieces. */
size_t sonic_ot_message_transfers(const sonic_ot_party *party);

/** Transfers that a check of n takes: with those that fill up the last 128, and those sacrificed.
 */
size_t sonic_ot_checked(size_t n);

/** Chosen transfers whose messages are encrypted at once, at least 1 and at most SONIC_OT_PIECE,
 * and room for those of both choices, to be freed. */
size_t sonic_ot_chosen_at_once(const sonic_ot_call *call);
SONIC_MUST_CHECK sonic_status sonic_ot_chosen_room(uint8_t **room, const sonic_ot_call *call,
                                                   sonic_error *error);

/** XORs a pad onto n messages of `size` bytes, in place: each under a key of its own that is used
 * for nothing else.  @param keys 16 n secret bytes */
void sonic_ot_chosen_pad(const sonic_ot_party *party, uint8_t *messages, const uint8_t *keys,
                         size_t size, size_t n);

#endif
