/* Both states of correlated transfers: a thread each, and a channel that may change bytes. */
#include "tests/cot_states.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <sodium.h>

#include "tests/random_test.h"

enum { PATIENCE_MS = 20000, BUFFER = 1 << 16, AT_ONCE = 512 };

/* An end of the channel; the receiver's changes what it sends. */
typedef struct end {
    void *inner;
    cot_states *states;
    bool alters;
    uint64_t sent;
} end;

static ssize_t end_send(void *self, const uint8_t *data, size_t n, sonic_error *error)
{
    end *e = self;
    uint8_t bytes[AT_ONCE];
    if (e->alters && e->states->cut && e->sent == e->states->cut)
        return SONIC_E_CLOSED;
    if (e->alters && e->states->cut && n > e->states->cut - e->sent)
        n = (size_t)(e->states->cut - e->sent);
    if (n > AT_ONCE)
        n = AT_ONCE;
    if (e->alters && e->states->alter) {
        memcpy(bytes, data, n);
        e->states->alter(e->states->arg, e->sent, bytes, n);
        data = bytes;
    }
    const ssize_t moved = sonic_memory_transport.try_send(e->inner, data, n, error);
    e->sent += moved > 0 ? (uint64_t)moved : 0;
    return moved;
}

static ssize_t end_receive(void *self, uint8_t *data, size_t n, sonic_error *error)
{
    return sonic_memory_transport.try_receive(((end *)self)->inner, data, n, error);
}

static int end_wait(void *self, int send, int receive, int milliseconds, sonic_error *error)
{
    return sonic_memory_transport.wait(((end *)self)->inner, send, receive, milliseconds, error);
}

static void end_close(void *self)
{
    sonic_memory_transport.close(((end *)self)->inner);
}

typedef struct party {
    cot_states *states;
    sonic_channel *channel;
    bool receives;
} party;

static void *run_party(void *arg)
{
    party *p = arg;
    cot_states *s = p->states;
    const unsigned me = p->receives;
    sonic_test_seed(s->seed + me);
    if (p->receives)
        s->status[me] = sonic_cot_receiver_create(&s->receiver, s->context[me], p->channel,
                                                  s->options[me], &s->error[me]);
    else
        s->status[me] = sonic_cot_sender_create(&s->sender, s->context[me], p->channel,
                                                s->options[me], s->delta, &s->error[me]);
    s->traffic[me] = sonic_channel_traffic(p->channel, SONIC_SETUP, SIZE_MAX);
    sonic_channel_free(p->channel);
    return NULL;
}

void cot_states_run(cot_states *s)
{
    static const sonic_transport transport = {end_send, end_receive, end_wait, end_close};
    static const char *const peer[2] = {"the receiver", "the sender"};
    end ends[2] = {{.states = s}, {.states = s, .alters = true}};
    party parties[2];
    pthread_t thread;
    s->sender = (sonic_cot_sender *)s; /* to become NULL on failure */
    s->receiver = (sonic_cot_receiver *)s;
    cr_assert_eq(sonic_memory_transport_pair(&ends[0].inner, &ends[1].inner, BUFFER, NULL),
                 SONIC_OK);
    for (unsigned i = 0; i < 2; i++) {
        const sonic_context_options options = {.tier = s->tier[i], .threads = 1};
        cr_assert_eq(sonic_context_create(&s->context[i], &options, NULL), SONIC_OK);
        parties[i] = (party){.states = s, .receives = i};
        cr_assert_eq(sonic_channel_create(&parties[i].channel, &transport, &ends[i], peer[i],
                                          PATIENCE_MS, NULL),
                     SONIC_OK);
    }
    cr_assert_eq(pthread_create(&thread, NULL, run_party, &parties[1]), 0);
    run_party(&parties[0]);
    pthread_join(thread, NULL);
}

void cot_states_make(cot_states *s, sonic_cot_options options, const char *sender_tier,
                     const char *receiver_tier, uint64_t seed)
{
    *s = (cot_states){
        .options = {options, options}, .tier = {sender_tier, receiver_tier}, .seed = seed};
    randombytes_buf_deterministic(s->delta, sizeof s->delta,
                                  (const uint8_t[randombytes_SEEDBYTES]){(uint8_t)seed});
    cot_states_run(s);
    for (unsigned i = 0; i < 2; i++)
        cr_assert_eq(s->status[i], SONIC_OK, "%s", s->error[i].text);
}

void cot_states_free(cot_states *s)
{
    sonic_cot_sender_free(s->sender);
    sonic_cot_receiver_free(s->receiver);
    sonic_context_free(s->context[0]);
    sonic_context_free(s->context[1]);
}

void *cot_take(size_t n)
{
    void *buffer = calloc(n + 1, 1);
    cr_assert_not_null(buffer);
    return buffer;
}

uint8_t *cot_choices(size_t n, uint64_t seed)
{
    uint8_t *choice = cot_take(n / 8 + 1), key[randombytes_SEEDBYTES] = {0};
    memcpy(key, &seed, sizeof seed);
    randombytes_buf_deterministic(choice, n / 8 + 1, key);
    return choice;
}

void cot_extend(cot_states *s, uint8_t *q, uint8_t *t, uint8_t *message, const uint8_t *choice,
                size_t n)
{
    sonic_error error;
    bool right = true;
    cr_assert_eq(sonic_cot_receive(s->receiver, t, message, choice, n, &error), SONIC_OK);
    cr_assert_eq(sonic_cot_send(s->sender, q, message, n, &error), SONIC_OK);
    for (size_t j = 0; j < n; j++)
        for (size_t b = 0; b < COT_LABEL; b++) {
            const uint8_t delta = choice[j / 8] >> j % 8 & 1 ? s->delta[b] : 0;
            right = right && t[j * COT_LABEL + b] == (q[j * COT_LABEL + b] ^ delta);
        }
    cr_assert(right, "k = %u: %zu transfers", s->options[0].k, n);
}
