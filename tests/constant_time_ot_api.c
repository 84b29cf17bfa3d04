/* <sonicnn/ot.h> with secret randomness, choices, delta and messages; what the link moves is
 * public. */
#include "tests/constant_time.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include <sonicnn/ot.h>

#include "proto/channel/channel.h"

enum { N = 21, BYTES = (N + 7) / 8, KEY = SONIC_OT_BLOCK_BYTES, SIZE = 19, TIMEOUT_MS = 120000 };

typedef struct side {
    const sonic_context *context;
    sonic_channel *channel;
    unsigned index;
    sonic_ot_options options;
    uint8_t choice[BYTES], delta[KEY];
    uint8_t labels[N * KEY], keys[2 * N * KEY], messages[2 * N * SIZE];
    uint8_t a[BYTES], b[BYTES], c[BYTES];
} side;

static void require_ok(sonic_status status, const sonic_error *error)
{
    constant_time_require(status == SONIC_OK, "%s", error->text);
}

static int link_send(void *arg, const void *data, size_t n)
{
    secret_open(data, n);
    return sonic_channel_send(arg, data, n, NULL);
}

static int link_receive(void *arg, void *data, size_t n)
{
    return sonic_channel_receive(arg, data, n, NULL);
}

static void run_triples(side *s, const sonic_ot_link *link)
{
    sonic_bit_triples *triples;
    sonic_error error;
    require_ok(sonic_bit_triples_create(&triples, s->context, link, s->index, s->options.k, &error),
               &error);
    require_ok(sonic_bit_triples_make(triples, s->a, s->b, s->c, N, &error), &error);
    sonic_bit_triples_free(triples);
}

static void run_sender(side *s, const sonic_ot_link *link)
{
    sonic_ot_sender *sender;
    sonic_error error;
    require_ok(sonic_ot_sender_create(&sender, s->context, link, &s->options, s->delta, &error),
               &error);
    require_ok(sonic_ot_send_correlated(sender, s->labels, N, &error), &error);
    require_ok(sonic_ot_send_random(sender, s->keys, N, &error), &error);
    require_ok(sonic_ot_send_chosen(sender, s->messages, SIZE, N, &error), &error);
    sonic_ot_sender_free(sender);
}

static void run_receiver(side *s, const sonic_ot_link *link)
{
    sonic_ot_receiver *receiver;
    sonic_error error;
    require_ok(sonic_ot_receiver_create(&receiver, s->context, link, &s->options, &error), &error);
    require_ok(sonic_ot_receive_correlated(receiver, s->labels, s->choice, N, &error), &error);
    require_ok(sonic_ot_receive_random(receiver, s->keys, s->choice, N, &error), &error);
    require_ok(sonic_ot_receive_chosen(receiver, s->messages, s->choice, SIZE, N, &error), &error);
    sonic_ot_receiver_free(receiver);
}

static void *run(void *arg)
{
    side *s = arg;
    const sonic_ot_link link = {link_send, link_receive, s->channel};
    if (s->index)
        run_receiver(s, &link);
    else
        run_sender(s, &link);
    if (!s->options.malicious)
        run_triples(s, &link);
    return NULL;
}

static void open_secret(const void *data, size_t n, const char *what)
{
    constant_time_require(secret_count(data, n) == n, "%s are not secret", what);
    secret_open(data, n);
}

static void check(const side *s, const side *r)
{
    for (size_t i = 0; i < N; i++) {
        const unsigned bit = r->choice[i / 8] >> i % 8 & 1;
        for (size_t b = 0; b < KEY; b++)
            constant_time_require(r->labels[i * KEY + b] ==
                                      (s->labels[i * KEY + b] ^ (bit ? s->delta[b] : 0)),
                                  "label %zu is wrong", i);
        constant_time_require(!memcmp(r->keys + i * KEY, s->keys + (2 * i + bit) * KEY, KEY),
                              "key %zu is wrong", i);
        constant_time_require(
            !memcmp(r->messages + i * SIZE, s->messages + (2 * i + bit) * SIZE, SIZE),
            "message %zu is wrong", i);
    }
}

static void run_both(const sonic_context *context, sonic_ot_options options)
{
    static side both[2];
    pthread_t thread;
    sonic_error error;
    for (unsigned i = 0; i < 2; i++) {
        both[i] = (side){
            .context = context, .index = i, .options = options, .choice = {0x5a, 0xf0, 0x13}};
        memset(both[i].delta, 0x35, KEY);
        memset(both[i].messages, 0x77, sizeof both[i].messages);
        secret_hide(both[i].choice, BYTES);
        secret_hide(both[i].delta, KEY);
        secret_hide(both[i].messages, sizeof both[i].messages);
    }
    require_ok(
        sonic_channel_memory_pair(&both[0].channel, &both[1].channel, 1 << 12, TIMEOUT_MS, &error),
        &error);
    constant_time_require(!pthread_create(&thread, NULL, run, &both[1]), "no thread");
    run(&both[0]);
    (void)pthread_join(thread, NULL);
    for (unsigned i = 0; i < 2; i++) {
        side *s = &both[i];
        sonic_channel_free(s->channel);
        open_secret(s->labels, sizeof s->labels, "labels");
        open_secret(s->keys, sizeof s->keys / (i + 1), "keys");
        open_secret(s->messages, sizeof s->messages / (i + 1), "messages");
        secret_open(s->choice, BYTES);
        secret_open(s->delta, KEY);
        if (!options.malicious)
            open_secret(s->b, N / 8, "triples");
        secret_open(s->a, BYTES);
        secret_open(s->b, BYTES);
        secret_open(s->c, BYTES);
    }
    check(&both[0], &both[1]);
    for (size_t i = 0; i < BYTES; i++)
        constant_time_require(((both[0].a[i] ^ both[1].a[i]) & (both[0].b[i] ^ both[1].b[i])) ==
                                  (both[0].c[i] ^ both[1].c[i]),
                              "triples %zu are wrong", i);
}

void constant_time_ot_api(const sonic_context *context)
{
    run_both(context, (sonic_ot_options){.k = 2});
    run_both(context, (sonic_ot_options){.k = 4, .malicious = true});
}
