/* The sender of the public oblivious transfers. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "kernels/common/load.h"
#include "proto/ot/party.h"
#include "proto/share/random.h"
#include "proto/share/secret.h"

enum {
    LABEL = SONIC_OT_LABEL,
    GROUP = 64 /* pairs of tweaked keys made at once */
};

struct sonic_ot_sender {
    sonic_ot_party party;
    sonic_cot_sender *cot;
    uint8_t delta[LABEL];
};

sonic_status sonic_ot_sender_create(sonic_ot_sender **sender, const sonic_context *context,
                                    const sonic_ot_link *link, const sonic_ot_options *options,
                                    const uint8_t *delta, sonic_error *error)
{
    const sonic_cot_options inner = {.k = options->k, .checked = options->malicious};
    sonic_ot_sender *s = calloc(1, sizeof *s);
    if (!s)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for oblivious transfers");
    sonic_status status = sonic_ot_party_begin(&s->party, context, link, inner, error);
    if (status) {
        free(s);
        return status;
    }
    if (delta)
        memcpy(s->delta, delta, LABEL);
    else
        sonic_random_bytes(s->delta, LABEL);
    status = sonic_cot_sender_create(&s->cot, context, s->party.channel, inner, s->delta, error);
    if (status) {
        sonic_ot_sender_free(s);
        return status;
    }
    *sender = s;
    return SONIC_OK;
}

void sonic_ot_sender_free(sonic_ot_sender *sender)
{
    if (!sender)
        return;
    sonic_cot_sender_free(sender->cot);
    sonic_ot_party_end(&sender->party);
    sonic_secret_free(sender, sizeof *sender);
}

const uint8_t *sonic_ot_sender_delta(const sonic_ot_sender *sender)
{
    return sender->delta;
}

static void tweaked_pairs(const sonic_ot_sender *s, uint8_t *keys, const uint8_t *q, size_t n,
                          uint64_t number)
{
    const sonic_aes_kernels *aes = &s->party.context->kernels.aes;
    const sonic_aes_key *pi = sonic_cot_sender_pi(s->cot);
    const uint64_t low = sonic_load64(s->delta, 0), high = sonic_load64(s->delta, 1);
    uint8_t zero[GROUP * LABEL], one[GROUP * LABEL];
    for (size_t done = 0; done < n; done += GROUP) {
        const size_t m = sonic_size_min(GROUP, n - done);
        for (size_t j = 0; j < m; j++) {
            sonic_store64(one, 2 * j, sonic_load64(q, 2 * (done + j)) ^ low);
            sonic_store64(one, 2 * j + 1, sonic_load64(q, 2 * (done + j) + 1) ^ high);
        }
        aes->tccr(zero, q + done * LABEL, m, pi, number + done);
        aes->tccr(one, one, m, pi, number + done);
        for (size_t j = 0; j < m; j++) {
            memcpy(keys + (done + j) * 2 * LABEL, zero + j * LABEL, LABEL);
            memcpy(keys + ((done + j) * 2 + 1) * LABEL, one + j * LABEL, LABEL);
        }
    }
    sodium_memzero(zero, sizeof zero);
    sodium_memzero(one, sizeof one);
}

/* Both keys of n transfers from `number` on, of the last extensions. */
static void hash_pairs(const sonic_ot_sender *s, uint8_t *keys, const uint8_t *q, size_t n,
                       uint64_t number)
{
    if (s->party.options.checked)
        tweaked_pairs(s, keys, q, n, number);
    else
        s->party.context->kernels.ot.pairs(keys, q, s->delta, n, sonic_cot_sender_pi(s->cot));
}

/* Extends by n transfers: labels into q, or, where q is NULL, their keys. */
static sonic_status extend(sonic_ot_sender *s, uint8_t *q, uint8_t *keys, size_t n,
                           sonic_error *error)
{
    sonic_ot_party *p = &s->party;
    const size_t all = sonic_ot_message_transfers(p);
    const unsigned k = p->options.k;
    sonic_status status = SONIC_OK;
    for (size_t at = 0; at < n && !status; at += SONIC_OT_PIECE) {
        const size_t m = sonic_size_min(SONIC_OT_PIECE, n - at);
        uint8_t *labels = q ? q + at * LABEL : p->labels;
        if (at % all == 0)
            status = sonic_channel_receive(p->channel, p->message,
                                           sonic_cot_bytes(k, sonic_size_min(all, n - at)), error);
        if (!status)
            status =
                sonic_cot_send(s->cot, labels, p->message + sonic_cot_bytes(k, at % all), m, error);
        if (!status && !q)
            hash_pairs(s, keys + at * 2 * LABEL, labels, m, p->next + at);
    }
    return status;
}

/* n transfers and what their check takes, checked. */
static sonic_status extend_checked(sonic_ot_sender *s, size_t n, sonic_error *error)
{
    sonic_ot_party *p = &s->party;
    const size_t all = sonic_ot_checked(n);
    uint8_t challenge[16], proof[SONIC_COT_PROOF_BYTES];
    sonic_status status = extend(s, p->labels, NULL, all, error);
    if (status)
        return status;
    sonic_random_bytes(challenge, sizeof challenge);
    status = sonic_channel_send(p->channel, challenge, sizeof challenge, error);
    if (!status)
        status = sonic_channel_receive(p->channel, proof, sizeof proof, error);
    if (!status)
        status = sonic_cot_verify(s->cot, p->labels, all, proof, challenge,
                                  sonic_channel_peer(p->channel), error);
    return status;
}

/* Encrypts and sends both messages of n transfers whose labels are there. */
static sonic_status send_messages(sonic_ot_sender *s, const sonic_ot_call *call,
                                  const uint8_t *messages, uint8_t *room, size_t n,
                                  sonic_error *error)
{
    sonic_ot_party *p = &s->party;
    const size_t at_once = sonic_ot_chosen_at_once(call), pair = 2 * call->size;
    sonic_status status = SONIC_OK;
    for (size_t at = 0; at < n && !status; at += at_once) {
        const size_t m = sonic_size_min(at_once, n - at);
        hash_pairs(s, p->message, p->labels + at * LABEL, m, p->next + at);
        memcpy(room, messages + at * pair, m * pair);
        sonic_ot_chosen_pad(p, room, p->message, call->size, 2 * m);
        status = sonic_channel_send(p->channel, room, m * pair, error);
    }
    return status;
}

/* A chunk of a call for which a party waits: labels that may be used, and what is made of them. */
static sonic_status send_chunk(sonic_ot_sender *s, const sonic_ot_call *call, uint8_t *out,
                               const uint8_t *messages, uint8_t *room, size_t n, sonic_error *error)
{
    sonic_ot_party *p = &s->party;
    sonic_status status =
        p->options.checked ? extend_checked(s, n, error) : extend(s, p->labels, NULL, n, error);
    if (status)
        return status;
    if (call->form == SONIC_OT_CHOSEN)
        return send_messages(s, call, messages, room, n, error);
    if (call->form == SONIC_OT_RANDOM)
        hash_pairs(s, out, p->labels, n, p->next);
    else
        memcpy(out, p->labels, n * LABEL);
    return SONIC_OK;
}

/* @param each, message_each  bytes of out and of messages that a transfer has */
static sonic_status send_call(sonic_ot_sender *s, const sonic_ot_call *call, uint8_t *out,
                              size_t each, const uint8_t *messages, uint8_t *room,
                              sonic_error *error)
{
    sonic_ot_party *p = &s->party;
    sonic_status status = sonic_ot_call_hear(p, call, error);
    if (!p->options.checked && call->form != SONIC_OT_CHOSEN && !status) {
        const bool labels = call->form == SONIC_OT_CORRELATED;
        status = extend(s, labels ? out : NULL, out, call->n, error);
        p->next += call->n;
    } else {
        for (size_t at = 0; at < call->n && !status; at += SONIC_OT_CHUNK) {
            const size_t n = sonic_size_min(SONIC_OT_CHUNK, call->n - at);
            status = send_chunk(s, call, out ? out + at * each : NULL,
                                messages ? messages + at * 2 * call->size : NULL, room, n, error);
            p->next += n;
        }
    }
    return sonic_ot_call_end(p, status, out, call->n * each);
}

sonic_status sonic_ot_send_correlated(sonic_ot_sender *sender, uint8_t *q, size_t n,
                                      sonic_error *error)
{
    const sonic_ot_call call = {.form = SONIC_OT_CORRELATED, .n = n};
    const sonic_status status = sonic_ot_call_check(&sender->party, &call, error);
    return status || !n ? status : send_call(sender, &call, q, LABEL, NULL, NULL, error);
}

sonic_status sonic_ot_send_random(sonic_ot_sender *sender, uint8_t *keys, size_t n,
                                  sonic_error *error)
{
    const sonic_ot_call call = {.form = SONIC_OT_RANDOM, .n = n};
    const sonic_status status = sonic_ot_call_check(&sender->party, &call, error);
    return status || !n ? status : send_call(sender, &call, keys, 2 * LABEL, NULL, NULL, error);
}

sonic_status sonic_ot_send_chosen(sonic_ot_sender *sender, const void *messages, size_t size,
                                  size_t n, sonic_error *error)
{
    const sonic_ot_call call = {.form = SONIC_OT_CHOSEN, .n = n, .size = size};
    uint8_t *room = NULL;
    sonic_status status = sonic_ot_call_check(&sender->party, &call, error);
    if (status || !n)
        return status;
    status = sonic_ot_chosen_room(&room, &call, error);
    if (status)
        return status;
    status = send_call(sender, &call, NULL, 0, messages, room, error);
    free(room);
    return status;
}
