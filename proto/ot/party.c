/* The common part of senders, receivers and triples: their life, and the opening of their calls. */
#include "proto/ot/party.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/ot/link.h"
#include "proto/share/file_bytes.h"

enum { ALIGNMENT = 64, LABELS = (SONIC_OT_CHUNK + SONIC_COT_SACRIFICE) * SONIC_OT_LABEL };

_Static_assert(SONIC_OT_CHUNK % SONIC_OT_PIECE == 0 && SONIC_OT_PIECE % 128 == 0,
               "chunks are whole pieces, and pieces whole blocks");
_Static_assert(SONIC_OT_MESSAGE >= 2 * SONIC_OT_PIECE * SONIC_OT_LABEL,
               "a message holds a piece at every k, and the keys of one");
_Static_assert((int)SONIC_OT_CHUNK <= (int)SONIC_COT_HASH_MAX,
               "a chunk's labels are hashed under the key of its last extension");

sonic_status sonic_ot_party_begin(sonic_ot_party *party, const sonic_context *context,
                                  const sonic_ot_link *link, sonic_cot_options options,
                                  sonic_error *error)
{
    *party = (sonic_ot_party){.context = context, .options = options};
    if (!context)
        return sonic_fail(error, SONIC_E_ARGUMENT, "the context for oblivious transfer is NULL");
    sonic_status status = sonic_ot_link_open(&party->channel, link, error);
    if (status)
        return status;
    party->message = aligned_alloc(ALIGNMENT, SONIC_OT_MESSAGE);
    party->labels = aligned_alloc(ALIGNMENT, LABELS);
    if (party->message && party->labels)
        return SONIC_OK;
    free(party->message);
    free(party->labels);
    sonic_channel_free(party->channel);
    return sonic_fail(error, SONIC_E_MEMORY, "no memory for oblivious transfers");
}

void sonic_ot_party_end(sonic_ot_party *party)
{
    sodium_memzero(party->message, SONIC_OT_MESSAGE); /* keys of chosen messages were in it */
    sodium_memzero(party->labels, LABELS);
    free(party->message);
    free(party->labels);
    sonic_channel_free(party->channel);
}

sonic_status sonic_ot_call_check(const sonic_ot_party *party, const sonic_ot_call *call,
                                 sonic_error *error)
{
    size_t bytes;
    if (party->poisoned)
        return sonic_fail(error, SONIC_E_POISONED,
                          "oblivious transfer with the peer failed before: nothing of it is used "
                          "again");
    if (call->form == SONIC_OT_CHOSEN && call->size == 0)
        return sonic_fail(error, SONIC_E_ARGUMENT,
                          "messages of 0 bytes in an oblivious transfer: 1 is the least");
    if (!sonic_size_mul(&bytes, call->n, 2 * SONIC_OT_LABEL) ||
        !sonic_size_mul(&bytes, call->size, 2) || !sonic_size_mul(&bytes, bytes, call->n))
        return sonic_fail(error, SONIC_E_SHAPE, "%zu oblivious transfers are too many", call->n);
    return SONIC_OK;
}

static void write_call(uint8_t out[SONIC_OT_CALL_BYTES], const sonic_ot_party *party,
                       const sonic_ot_call *call)
{
    sonic_file_put64(out, party->next);
    sonic_file_put64(out + 8, call->form);
    sonic_file_put64(out + 16, call->n);
    sonic_file_put64(out + 24, call->size);
}

sonic_status sonic_ot_call_say(sonic_ot_party *party, const sonic_ot_call *call, sonic_error *error)
{
    uint8_t said[SONIC_OT_CALL_BYTES];
    write_call(said, party, call);
    return sonic_channel_send(party->channel, said, sizeof said, error);
}

static const char *form_name(uint64_t form)
{
    static const char *const names[] = {"correlated transfers", "random transfers",
                                        "chosen messages", "bit triples"};
    return form < sizeof names / sizeof *names ? names[form] : "what is unknown here";
}

sonic_status sonic_ot_call_hear(sonic_ot_party *party, const sonic_ot_call *call,
                                sonic_error *error)
{
    uint8_t said[SONIC_OT_CALL_BYTES], wanted[SONIC_OT_CALL_BYTES];
    write_call(wanted, party, call);
    sonic_status status = sonic_channel_receive(party->channel, said, sizeof said, error);
    if (status || memcmp(said, wanted, sizeof said) == 0)
        return status;
    return sonic_fail(
        error, SONIC_E_MISMATCH,
        "%s is at another oblivious transfer: %llu of %s, %llu bytes each, from number %llu on; "
        "here %zu of %s, %zu bytes, from %llu on",
        sonic_channel_peer(party->channel), (unsigned long long)sonic_file_get64(said + 16),
        form_name(sonic_file_get64(said + 8)), (unsigned long long)sonic_file_get64(said + 24),
        (unsigned long long)sonic_file_get64(said), call->n, form_name(call->form), call->size,
        (unsigned long long)party->next);
}

sonic_status sonic_ot_call_end(sonic_ot_party *party, sonic_status status, void *made, size_t bytes)
{
    if (status) {
        party->poisoned = true;
        sodium_memzero(made, bytes);
    }
    return status;
}

size_t sonic_ot_message_transfers(const sonic_ot_party *party)
{
    return SONIC_OT_MESSAGE / sonic_cot_bytes(party->options.k, SONIC_OT_PIECE) * SONIC_OT_PIECE;
}

size_t sonic_ot_checked(size_t n)
{
    return sonic_size_pieces(n, 128) * 128 + SONIC_COT_SACRIFICE;
}
