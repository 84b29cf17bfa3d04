/* Benches of extending correlated transfers, by bits of delta at once: 8192 a call, a batch,
 * against AES rounds on registers.  The sender makes one leaf in 2^k less than the ceiling's. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure.h"
#include "proto/ot/cot.h"

enum { TRANSFERS = 8192, LABEL = 16, TIMEOUT_MS = 60000 };

typedef struct calls {
    sonic_context context;
    sonic_channel *channel[2];
    unsigned k;
    bool sends;
    sonic_cot_sender *sender;
    sonic_cot_receiver *receiver;
    sonic_status status, made; /* of all calls; of the receiver */
    uint8_t delta[LABEL], *q, *t, *message, *choice;
} calls;

static void *make_receiver(void *state)
{
    calls *s = state;
    s->made = sonic_cot_receiver_create(&s->receiver, &s->context, s->channel[1],
                                        (sonic_cot_options){.k = s->k}, NULL);
    return NULL;
}

static void receive(calls *s)
{
    s->status |= sonic_cot_receive(s->receiver, s->t, s->message, s->choice, TRANSFERS, NULL);
}

static void send(calls *s)
{
    s->status |= sonic_cot_send(s->sender, s->q, s->message, TRANSFERS, NULL);
}

static void run(void *state)
{
    calls *s = state;
    if (s->sends)
        send(s);
    else
        receive(s);
}

static bool begin(sonic_bench *bench, calls *s)
{
    pthread_t thread;
    s->q = bench_buffer(bench, LABEL * TRANSFERS);
    s->t = bench_buffer(bench, LABEL * TRANSFERS);
    s->message = bench_buffer(bench, sonic_cot_bytes(s->k, TRANSFERS));
    s->choice = bench_buffer(bench, TRANSFERS / 8);
    if (!s->q || !s->t || !s->message || !s->choice)
        return false;
    bench_fill(s->delta, LABEL);
    if (sonic_channel_memory_pair(&s->channel[0], &s->channel[1], 1 << 16, TIMEOUT_MS, NULL) ||
        pthread_create(&thread, NULL, make_receiver, s) != 0)
        return false;
    s->status = sonic_cot_sender_create(&s->sender, &s->context, s->channel[0],
                                        (sonic_cot_options){.k = s->k}, s->delta, NULL);
    pthread_join(thread, NULL);
    return !s->status && !s->made;
}

static void end(calls *s)
{
    sonic_cot_sender_free(s->sender);
    sonic_cot_receiver_free(s->receiver);
    sonic_channel_free(s->channel[0]);
    sonic_channel_free(s->channel[1]);
    free(s->q);
    free(s->t);
    free(s->message);
    free(s->choice);
}

/* Whether the labels of a call are of the same transfers. */
static bool right(calls *s)
{
    bool same = true;
    receive(s);
    send(s);
    for (size_t j = 0; j < TRANSFERS; j++)
        for (size_t b = 0; b < LABEL; b++) {
            const uint8_t delta = s->choice[j / 8] >> j % 8 & 1 ? s->delta[b] : 0;
            same = same && s->t[j * LABEL + b] == (s->q[j * LABEL + b] ^ delta);
        }
    return same;
}

static void bench_calls(sonic_bench *bench, void *argument)
{
    const bench_case *which = argument;
    calls s = {.context = {.kernels = bench_kernels(which->tier), .threads = 1},
               .k = (unsigned)which->shape,
               .sends = which->op};
    const bench_work work = {
        .run = run,
        .state = &s,
        .unit = "transfers",
        .amount = TRANSFERS,
        .ceiling = {.kind = BENCH_AES, .tier = which->tier, .blocks = (1u << s.k) / s.k},
    };
    if (!begin(bench, &s) || !right(&s))
        sonic_bench_fail(bench, "the transfers are wrong");
    else
        bench_measure(bench, &work);
    if (s.status)
        sonic_bench_fail(bench, "a transfer failed");
    end(&s);
}

void bench_add_cot(void)
{
    char name[64];
    for (unsigned sends = 0; sends < 2; sends++)
        for (unsigned k = 1; k <= 8; k *= 2) {
            snprintf(name, sizeof name, "cot/%s%u/%d", sends ? "send" : "receive", k, TRANSFERS);
            bench_add(SONIC_PRIMITIVE_OT, name,
                      &(bench_case){.function = bench_calls, .op = sends, .shape = k});
        }
}
