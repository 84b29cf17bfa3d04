/* Oblivious transfer with secret randomness, choices and delta, over a memory channel. */
#include "tests/constant_time.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "proto/ot/base.h"
#include "proto/ot/cot.h"

enum {
    N = 21,
    TRANSFERS = 2 * SONIC_COT_SACRIFICE, /* that can be checked */
    KEY = SONIC_OT_KEY_BYTES,
    LABEL = 16,
    BYTES = TRANSFERS / 8,
    TIMEOUT_MS = 120000,
    RUNS = 4
};

static const sonic_cot_options options[RUNS] = {
    {.k = 1}, {.k = 2, .checked = true}, {.k = 4, .checked = true}, {.k = 8}};

/* Both parties of a run.  The choices of either kind of transfer are `choice`. */
typedef struct pair_of_parties {
    const sonic_context *context;
    sonic_channel *channel[2];
    uint8_t choice[BYTES], delta[LABEL];
    uint8_t sent[N][2][KEY], received[N][KEY];
    uint8_t q[RUNS][TRANSFERS][LABEL], t[RUNS][TRANSFERS][LABEL];
    uint8_t message[128 * BYTES];
} pair_of_parties;

static const uint8_t challenge[16] = {0x80, 1};

static void require_ok(sonic_status status, const sonic_error *error)
{
    constant_time_require(status == SONIC_OK, "%s", error->text);
}

static void receive_run(pair_of_parties *p, unsigned run)
{
    const size_t bytes = sonic_cot_bytes(options[run].k, TRANSFERS);
    uint8_t proof[SONIC_COT_PROOF_BYTES], *t = p->t[run][0];
    sonic_cot_receiver *receiver;
    sonic_error error;
    require_ok(
        sonic_cot_receiver_create(&receiver, p->context, p->channel[1], options[run], &error),
        &error);
    require_ok(sonic_cot_receive(receiver, t, p->message, p->choice, TRANSFERS, &error), &error);
    require_ok(sonic_channel_send(p->channel[1], p->message, bytes, &error), &error);
    sonic_cot_prove(receiver, proof, t, p->choice, TRANSFERS, challenge);
    require_ok(sonic_channel_send(p->channel[1], proof, sizeof proof, &error), &error);
    sonic_cot_receiver_free(receiver);
}

static void *receive(void *arg)
{
    pair_of_parties *p = arg;
    sonic_error error;
    require_ok(sonic_base_ot_receive(p->channel[1], p->received[0], p->choice, N, &error), &error);
    for (unsigned run = 0; run < RUNS; run++)
        receive_run(p, run);
    return NULL;
}

static void send_run(pair_of_parties *p, unsigned run)
{
    uint8_t message[sizeof p->message], proof[SONIC_COT_PROOF_BYTES], *q = p->q[run][0];
    const size_t bytes = sonic_cot_bytes(options[run].k, TRANSFERS);
    sonic_cot_sender *sender;
    sonic_error error;
    require_ok(
        sonic_cot_sender_create(&sender, p->context, p->channel[0], options[run], p->delta, &error),
        &error);
    require_ok(sonic_channel_receive(p->channel[0], message, bytes, &error), &error);
    require_ok(sonic_cot_send(sender, q, message, TRANSFERS, &error), &error);
    require_ok(sonic_channel_receive(p->channel[0], proof, sizeof proof, &error), &error);
    require_ok(sonic_cot_verify(sender, q, TRANSFERS, proof, challenge, "the peer", &error),
               &error);
    sonic_cot_sender_free(sender);
}

static void send_all(pair_of_parties *p)
{
    sonic_error error;
    require_ok(sonic_base_ot_send(p->channel[0], p->sent[0][0], N, &error), &error);
    for (unsigned run = 0; run < RUNS; run++)
        send_run(p, run);
}

static void require_secret(const void *data, size_t n, const char *what)
{
    constant_time_require(secret_count(data, n) == n, "%s are not secret", what);
    secret_open(data, n);
}

void constant_time_ot(const sonic_context *context)
{
    static pair_of_parties p;
    pthread_t thread;
    sonic_error error;
    p = (pair_of_parties){.context = context, .choice = {0x5a, 0xf0, 0x13}};
    memset(p.delta, 0x35, sizeof p.delta);
    secret_hide(p.choice, sizeof p.choice);
    secret_hide(p.delta, sizeof p.delta);
    require_ok(sonic_channel_memory_pair(&p.channel[0], &p.channel[1], 1 << 12, TIMEOUT_MS, &error),
               &error);
    constant_time_require(!pthread_create(&thread, NULL, receive, &p), "no thread");
    send_all(&p);
    (void)pthread_join(thread, NULL);
    sonic_channel_free(p.channel[0]);
    sonic_channel_free(p.channel[1]);

    require_secret(p.sent, sizeof p.sent, "the sender's keys");
    require_secret(p.received, sizeof p.received, "the receiver's keys");
    require_secret(p.q, sizeof p.q, "the sender's labels");
    require_secret(p.t, sizeof p.t, "the receiver's labels");
    secret_open(p.choice, sizeof p.choice);
    secret_open(p.delta, sizeof p.delta);
    for (size_t i = 0; i < N; i++) {
        const unsigned bit = p.choice[i / 8] >> i % 8 & 1;
        constant_time_require(!memcmp(p.received[i], p.sent[i][bit], KEY), "key %zu is wrong", i);
    }
    for (size_t i = 0; i < (size_t)RUNS * TRANSFERS; i++) {
        const size_t run = i / TRANSFERS, j = i % TRANSFERS;
        const unsigned bit = p.choice[j / 8] >> j % 8 & 1;
        for (size_t b = 0; b < LABEL; b++)
            p.q[run][j][b] ^= bit ? p.delta[b] : 0;
        constant_time_require(!memcmp(p.t[run][j], p.q[run][j], LABEL),
                              "k = %u: label %zu is wrong", options[run].k, j);
    }
}
