/* The receiver of the public oblivious transfers. */
#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/ot/party.h"
#include "proto/share/random.h"
#include "proto/share/secret.h"

enum { LABEL = SONIC_OT_LABEL };

struct sonic_ot_receiver {
    sonic_ot_party party;
    sonic_cot_receiver *cot;
    uint8_t choice[(SONIC_OT_CHUNK + SONIC_COT_SACRIFICE) / 8]; /* of a checked chunk */
};

sonic_status sonic_ot_receiver_create(sonic_ot_receiver **receiver, const sonic_context *context,
                                      const sonic_ot_link *link, const sonic_ot_options *options,
                                      sonic_error *error)
{
    const sonic_cot_options inner = {.k = options->k, .checked = options->malicious};
    sonic_ot_receiver *r = calloc(1, sizeof *r);
    if (!r)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for oblivious transfers");
    sonic_status status = sonic_ot_party_begin(&r->party, context, link, inner, error);
    if (status) {
        free(r);
        return status;
    }
    status = sonic_cot_receiver_create(&r->cot, context, r->party.channel, inner, error);
    if (status) {
        sonic_ot_receiver_free(r);
        return status;
    }
    *receiver = r;
    return SONIC_OK;
}

void sonic_ot_receiver_free(sonic_ot_receiver *receiver)
{
    if (!receiver)
        return;
    sonic_cot_receiver_free(receiver->cot);
    sonic_ot_party_end(&receiver->party);
    sonic_secret_free(receiver, sizeof *receiver);
}

/* The keys of n transfers from `number` on, of the last extensions; keys may be t. */
static void hash(const sonic_ot_receiver *r, uint8_t *keys, const uint8_t *t, size_t n,
                 uint64_t number)
{
    const sonic_aes_kernels *aes = &r->party.context->kernels.aes;
    const sonic_aes_key *pi = sonic_cot_receiver_pi(r->cot);
    if (r->party.options.checked)
        aes->tccr(keys, t, n, pi, number);
    else
        aes->ccr(keys, t, n, pi);
}

/* Extends by n transfers: labels into t, hashed if keys are wanted at once. */
static sonic_status extend(sonic_ot_receiver *r, uint8_t *t, bool keys, const uint8_t *choice,
                           size_t n, sonic_error *error)
{
    sonic_ot_party *p = &r->party;
    const size_t all = sonic_ot_message_transfers(p);
    const unsigned k = p->options.k;
    sonic_status status = SONIC_OK;
    for (size_t at = 0; at < n && !status; at += SONIC_OT_PIECE) {
        const size_t m = sonic_size_min(SONIC_OT_PIECE, n - at), before = at % all;
        uint8_t *labels = keys ? p->labels : t + at * LABEL;
        status = sonic_cot_receive(r->cot, labels, p->message + sonic_cot_bytes(k, before),
                                   choice + at / 8, m, error);
        if (!status && keys)
            hash(r, t + at * LABEL, labels, m, p->next + at);
        if (!status && (before + m == all || at + m == n))
            status =
                sonic_channel_send(p->channel, p->message, sonic_cot_bytes(k, before + m), error);
    }
    return status;
}

/* n transfers and what their check takes, proved. */
static sonic_status extend_checked(sonic_ot_receiver *r, const uint8_t *choice, size_t n,
                                   sonic_error *error)
{
    sonic_ot_party *p = &r->party;
    const size_t all = sonic_ot_checked(n);
    const uint8_t mask = (uint8_t)((1 << n % 8) - 1); /* of the last byte, if it is not whole */
    uint8_t challenge[16], proof[SONIC_COT_PROOF_BYTES];
    sonic_random_bytes(r->choice, all / 8);
    memcpy(r->choice, choice, n / 8);
    if (mask)
        r->choice[n / 8] = (r->choice[n / 8] & (uint8_t)~mask) | (choice[n / 8] & mask);
    sonic_status status = extend(r, p->labels, false, r->choice, all, error);
    if (!status)
        status = sonic_channel_receive(p->channel, challenge, sizeof challenge, error);
    if (status)
        return status;
    sonic_cot_prove(r->cot, proof, p->labels, r->choice, all, challenge);
    return sonic_channel_send(p->channel, proof, sizeof proof, error);
}

/* out = the message of n pairs that the choice says, from bit `first` of the choices on. */
static void select_messages(uint8_t *out, const uint8_t *pairs, size_t size, const uint8_t *choice,
                            size_t first, size_t n)
{
    for (size_t j = 0; j < n; j++, pairs += 2 * size, out += size) {
        const uint8_t chosen = (uint8_t) - (choice[(first + j) / 8] >> (first + j) % 8 & 1);
        for (size_t i = 0; i < size; i++)
            out[i] = pairs[i] ^ (chosen & (pairs[i] ^ pairs[size + i]));
    }
}

/* Receives and decrypts the messages of n transfers whose labels are there. */
static sonic_status receive_messages(sonic_ot_receiver *r, const sonic_ot_call *call, uint8_t *out,
                                     const uint8_t *choice, uint8_t *room, size_t n,
                                     sonic_error *error)
{
    sonic_ot_party *p = &r->party;
    const size_t at_once = sonic_ot_chosen_at_once(call), pair = 2 * call->size;
    sonic_status status = SONIC_OK;
    hash(r, p->labels, p->labels, n, p->next);
    for (size_t at = 0; at < n && !status; at += at_once) {
        const size_t m = sonic_size_min(at_once, n - at);
        status = sonic_channel_receive(p->channel, room, m * pair, error);
        if (status)
            return status;
        select_messages(out + at * call->size, room, call->size, choice, at, m);
        sonic_ot_chosen_pad(p, out + at * call->size, p->labels + at * LABEL, call->size, m);
    }
    return status;
}

/* A chunk of a call for which a party waits: labels that may be used, and what is made of them. */
static sonic_status receive_chunk(sonic_ot_receiver *r, const sonic_ot_call *call, uint8_t *out,
                                  const uint8_t *choice, uint8_t *room, size_t n,
                                  sonic_error *error)
{
    sonic_ot_party *p = &r->party;
    sonic_status status = p->options.checked ? extend_checked(r, choice, n, error)
                                             : extend(r, p->labels, false, choice, n, error);
    if (status)
        return status;
    if (call->form == SONIC_OT_CHOSEN)
        return receive_messages(r, call, out, choice, room, n, error);
    if (call->form == SONIC_OT_RANDOM)
        hash(r, out, p->labels, n, p->next);
    else
        memcpy(out, p->labels, n * LABEL);
    return SONIC_OK;
}

/* @param each  bytes of out that a transfer has */
static sonic_status receive_call(sonic_ot_receiver *r, const sonic_ot_call *call, uint8_t *out,
                                 size_t each, const uint8_t *choice, uint8_t *room,
                                 sonic_error *error)
{
    sonic_ot_party *p = &r->party;
    sonic_status status = sonic_ot_call_say(p, call, error);
    if (!p->options.checked && call->form != SONIC_OT_CHOSEN && !status) {
        status = extend(r, out, call->form == SONIC_OT_RANDOM, choice, call->n, error);
        p->next += call->n;
    } else {
        for (size_t at = 0; at < call->n && !status; at += SONIC_OT_CHUNK) {
            const size_t n = sonic_size_min(SONIC_OT_CHUNK, call->n - at);
            status = receive_chunk(r, call, out + at * each, choice + at / 8, room, n, error);
            p->next += n;
        }
    }
    return sonic_ot_call_end(p, status, out, call->n * each);
}

sonic_status sonic_ot_receive_correlated(sonic_ot_receiver *receiver, uint8_t *t,
                                         const uint8_t *choice, size_t n, sonic_error *error)
{
    const sonic_ot_call call = {.form = SONIC_OT_CORRELATED, .n = n};
    const sonic_status status = sonic_ot_call_check(&receiver->party, &call, error);
    return status || !n ? status : receive_call(receiver, &call, t, LABEL, choice, NULL, error);
}

sonic_status sonic_ot_receive_random(sonic_ot_receiver *receiver, uint8_t *keys,
                                     const uint8_t *choice, size_t n, sonic_error *error)
{
    const sonic_ot_call call = {.form = SONIC_OT_RANDOM, .n = n};
    const sonic_status status = sonic_ot_call_check(&receiver->party, &call, error);
    return status || !n ? status : receive_call(receiver, &call, keys, LABEL, choice, NULL, error);
}

sonic_status sonic_ot_receive_chosen(sonic_ot_receiver *receiver, void *messages,
                                     const uint8_t *choice, size_t size, size_t n,
                                     sonic_error *error)
{
    const sonic_ot_call call = {.form = SONIC_OT_CHOSEN, .n = n, .size = size};
    uint8_t *room = NULL;
    sonic_status status = sonic_ot_call_check(&receiver->party, &call, error);
    if (status || !n)
        return status;
    status = sonic_ot_chosen_room(&room, &call, error);
    if (status)
        return status;
    status = receive_call(receiver, &call, messages, size, choice, room, error);
    free(room);
    return status;
}
