/* Bit triples: correlated transfers in both directions, and a bit of hash of each label. */
#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/ot/pair.h"
#include "proto/ot/party.h"
#include "proto/share/random.h"
#include "proto/share/secret.h"

enum { LABEL = SONIC_OT_LABEL, PIECE_BYTES = SONIC_OT_PIECE / 8 };

static const uint8_t no_delta[LABEL];

struct sonic_bit_triples {
    sonic_ot_party party;
    sonic_ot_pair pair;
    uint8_t zero[PIECE_BYTES], one[PIECE_BYTES]; /* what a piece's labels as a sender hash to */
};

sonic_status sonic_bit_triples_create(sonic_bit_triples **triples, const sonic_context *context,
                                      const sonic_ot_link *link, unsigned party, unsigned k,
                                      sonic_error *error)
{
    if (party > 1)
        return sonic_fail(error, SONIC_E_ARGUMENT, "party %u of bit triples: it is 0 or 1", party);
    sonic_bit_triples *t = calloc(1, sizeof *t);
    if (!t)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for bit triples");
    sonic_status status =
        sonic_ot_party_begin(&t->party, context, link, (sonic_cot_options){.k = k}, error);
    if (status) {
        free(t);
        return status;
    }
    status = sonic_ot_pair_create(&t->pair, context, t->party.channel, party, k, NULL, error);
    if (status) {
        sonic_bit_triples_free(t);
        return status;
    }
    *triples = t;
    return SONIC_OK;
}

void sonic_bit_triples_free(sonic_bit_triples *triples)
{
    if (!triples)
        return;
    sonic_ot_pair_free(&triples->pair);
    sonic_ot_party_end(&triples->party);
    sonic_secret_free(triples, sizeof *triples);
}

/* As the receiver, n triples that are one message: c = the peer's hash that a chooses. */
static sonic_status choose(sonic_bit_triples *t, uint8_t *c, const uint8_t *a, size_t n,
                           sonic_error *error)
{
    const sonic_ot_party *p = &t->party;
    sonic_status status = SONIC_OK;
    for (size_t at = 0; at < n && !status; at += SONIC_OT_PIECE) {
        const size_t m = sonic_size_min(SONIC_OT_PIECE, n - at);
        status =
            sonic_cot_receive(t->pair.receiver, p->labels,
                              p->message + sonic_cot_bytes(p->options.k, at), a + at / 8, m, error);
        if (!status)
            p->context->kernels.ot.bits(c + at / 8, NULL, p->labels, no_delta, m,
                                        sonic_cot_receiver_pi(t->pair.receiver));
    }
    return status;
}

/* As the sender, of the same triples: b = the difference of its own hashes, and the share that it
 * has of the product of b and the peer's a, with the product of its own, goes onto c. */
static sonic_status offer(sonic_bit_triples *t, const uint8_t *message, const uint8_t *a,
                          uint8_t *b, uint8_t *c, size_t n, sonic_error *error)
{
    const sonic_ot_party *p = &t->party;
    sonic_status status = SONIC_OK;
    for (size_t at = 0; at < n && !status; at += SONIC_OT_PIECE) {
        const size_t m = sonic_size_min(SONIC_OT_PIECE, n - at), first = at / 8;
        status = sonic_cot_send(t->pair.sender, p->labels,
                                message + sonic_cot_bytes(p->options.k, at), m, error);
        if (status)
            return status;
        const sonic_aes_key *pi = sonic_cot_sender_pi(t->pair.sender);
        p->context->kernels.ot.bits(t->zero, NULL, p->labels, no_delta, m, pi);
        p->context->kernels.ot.bits(t->one, NULL, p->labels, t->pair.delta, m, pi);
        for (size_t i = 0; i < sonic_size_pieces(m, 8); i++) {
            const uint8_t mine = t->zero[i] ^ t->one[i];
            b[first + i] = mine;
            c[first + i] ^= t->zero[i] ^ (a[first + i] & mine);
        }
    }
    return status;
}

/* Triples that are one message in each direction.  Party 1 sends when it has all of party 0's: no
 * party waits for the other to take what it sends while that one does the same. */
static sonic_status make(sonic_bit_triples *t, uint8_t *a, uint8_t *b, uint8_t *c, size_t n,
                         sonic_error *error)
{
    const sonic_ot_party *p = &t->party;
    const size_t bytes = sonic_cot_bytes(p->options.k, n);
    uint8_t *const theirs = p->labels + SONIC_OT_PIECE * LABEL;
    sonic_status status = choose(t, c, a, n, error);
    for (unsigned turn = 0; turn < 2 && !status; turn++)
        status = turn == t->pair.party ? sonic_channel_send(p->channel, p->message, bytes, error)
                                       : sonic_channel_receive(p->channel, theirs, bytes, error);
    return status ? status : offer(t, theirs, a, b, c, n, error);
}

static sonic_status agree(sonic_bit_triples *t, const sonic_ot_call *call, sonic_error *error)
{
    sonic_status status = SONIC_OK;
    for (unsigned turn = 0; turn < 2 && !status; turn++)
        status = turn == t->pair.party ? sonic_ot_call_say(&t->party, call, error)
                                       : sonic_ot_call_hear(&t->party, call, error);
    return status;
}

sonic_status sonic_bit_triples_make(sonic_bit_triples *triples, uint8_t *a, uint8_t *b, uint8_t *c,
                                    size_t n, sonic_error *error)
{
    const sonic_ot_call call = {.form = SONIC_OT_TRIPLES, .n = n};
    sonic_ot_party *p = &triples->party;
    const size_t all = sonic_ot_message_transfers(p), bytes = sonic_size_pieces(n, 8);
    sonic_status status = sonic_ot_call_check(p, &call, error);
    if (status || !n)
        return status;
    sonic_random_bytes(a, bytes);
    if (n % 8)
        a[bytes - 1] &= (uint8_t)((1 << n % 8) - 1);
    status = agree(triples, &call, error);
    for (size_t at = 0; at < n && !status; at += all)
        status =
            make(triples, a + at / 8, b + at / 8, c + at / 8, sonic_size_min(all, n - at), error);
    p->next += n;
    (void)sonic_ot_call_end(p, status, a, bytes);
    (void)sonic_ot_call_end(p, status, b, bytes);
    return sonic_ot_call_end(p, status, c, bytes);
}
