/* The channel over memory: rounds of any block sizes over any buffer, counters to the byte, and
 * peers that close, stall or fail. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>
#include <sodium.h>

#include "proto/channel/channel.h"

enum { BLOCKS_MAX = 80, PATIENCE_MS = 20000 };

/* One party of one round: what it does, and what it notices. */
struct party {
    sonic_channel *channel;
    unsigned me;
    uint64_t seed;
    size_t blocks;
    const size_t *bytes;
    int by_layer; /* block b belongs to layer b % 4 */
    size_t produced, consumed;
    int wrong; /* a block came out of order, too early or with other bytes than the peer made */
    sonic_status status;
    sonic_error error;
};

static uint8_t byte_of(uint64_t seed, unsigned party, size_t block, size_t i)
{
    uint64_t x = seed + 0x9e3779b97f4a7c15u * (party + 1) + 0xbf58476d1ce4e5b9u * block + i;
    x ^= x >> 29;
    x *= 0x94d049bb133111ebu;
    return (uint8_t)(x >> 56);
}

static size_t block_bytes(void *arg, size_t block)
{
    const struct party *party = arg;
    return party->bytes[block];
}

static size_t block_layer(void *arg, size_t block)
{
    (void)arg;
    return block % 4;
}

static sonic_status produce(void *arg, size_t block, uint8_t *out, sonic_error *error)
{
    struct party *party = arg;
    (void)error;
    party->wrong |= block != party->produced++;
    for (size_t i = 0; i < party->bytes[block]; i++)
        out[i] = byte_of(party->seed, party->me, block, i);
    return SONIC_OK;
}

static sonic_status consume(void *arg, size_t block, const uint8_t *in, sonic_error *error)
{
    struct party *party = arg;
    (void)error;
    party->wrong |= block != party->consumed++ || party->produced <= block;
    for (size_t i = 0; i < party->bytes[block]; i++)
        party->wrong |= in[i] != byte_of(party->seed, !party->me, block, i);
    return SONIC_OK;
}

static void *run_party(void *arg)
{
    struct party *party = arg;
    sonic_round round = {.blocks = party->blocks,
                         .block_bytes = block_bytes,
                         .layer = party->by_layer ? block_layer : NULL,
                         .produce = produce,
                         .consume = consume,
                         .arg = party};
    party->status = sonic_channel_round(party->channel, &round, &party->error);
    return NULL;
}

/* Runs one round between a and b and checks what both saw. */
static void run_round(sonic_channel *a, sonic_channel *b, uint64_t seed, size_t blocks,
                      const size_t *bytes)
{
    struct party party[2];
    size_t total = 0;
    for (size_t i = 0; i < blocks; i++)
        total += bytes[i];
    for (unsigned i = 0; i < 2; i++)
        party[i] = (struct party){
            .channel = i ? b : a, .me = i, .seed = seed, .blocks = blocks, .bytes = bytes};
    sonic_traffic before = sonic_channel_traffic(a, SONIC_SETUP, SIZE_MAX);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, run_party, &party[1]), 0);
    run_party(&party[0]);
    pthread_join(thread, NULL);
    for (unsigned i = 0; i < 2; i++) {
        cr_assert_eq(party[i].status, SONIC_OK, "seed %llu: %s", (unsigned long long)seed,
                     party[i].error.text);
        cr_assert_eq(party[i].wrong, 0, "seed %llu: party %u saw a wrong block",
                     (unsigned long long)seed, i);
        cr_assert_eq(party[i].produced, blocks);
        cr_assert_eq(party[i].consumed, blocks);
        sonic_traffic now = sonic_channel_traffic(party[i].channel, SONIC_SETUP, SIZE_MAX);
        cr_assert_eq(now.sent, before.sent + total);
        cr_assert_eq(now.received, before.received + total);
        cr_assert_eq(now.rounds, before.rounds + (total > 0));
    }
}

static uint32_t draw(uint64_t *state, uint32_t below)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((*state >> 33) % below);
}

Test(channel, rounds_of_random_blocks_over_small_buffers)
{
    static const size_t buffers[] = {1, 2, 3, 7, 64, 1000, 4096, 100000};
    static const uint32_t largest[] = {1, 2, 17, 300, 5000};
    for (uint64_t seed = 0; seed < 80; seed++) {
        uint64_t state = seed;
        size_t bytes[BLOCKS_MAX], buffer = buffers[seed % 8];
        sonic_channel *a, *b;
        cr_assert_eq(sonic_channel_memory_pair(&a, &b, buffer, PATIENCE_MS, NULL), SONIC_OK);
        for (int round = 0; round < 3; round++) {
            size_t blocks = draw(&state, buffer < 8 ? 12 : BLOCKS_MAX);
            uint32_t below = largest[draw(&state, 5)] + 1;
            for (size_t i = 0; i < blocks; i++)
                bytes[i] = draw(&state, below);
            run_round(a, b, seed * 3 + (uint64_t)round, blocks, bytes);
        }
        sonic_channel_free(a);
        sonic_channel_free(b);
    }
}

Test(channel, huge_rounds_in_both_directions)
{
    size_t bytes[12];
    sonic_channel *a, *b;
    cr_assert_eq(sonic_channel_memory_pair(&a, &b, 4097, PATIENCE_MS, NULL), SONIC_OK);
    for (size_t i = 0; i < 12; i++)
        bytes[i] = SONIC_BLOCK_BYTES_MAX - (i % 3 == 1);
    run_round(a, b, 1, 12, bytes);
    sonic_channel_free(a);
    sonic_channel_free(b);
}

static void *send_some(void *arg)
{
    static const uint8_t data[5000];
    struct party *party = arg;
    sonic_channel_mark(party->channel, SONIC_ONLINE, 2);
    party->status = sonic_channel_send(party->channel, data, sizeof data, &party->error);
    if (!party->status)
        party->status = sonic_channel_send(party->channel, data, 1, &party->error);
    return NULL;
}

/* A receive counts a round only where something was sent since the last one. */
Test(channel, counts_by_phase_and_layer)
{
    sonic_channel *a, *b;
    uint8_t buffer[5001];
    cr_assert_eq(sonic_channel_memory_pair(&a, &b, 16, PATIENCE_MS, NULL), SONIC_OK);
    cr_assert_eq(sonic_channel_layers(a, 4, NULL), SONIC_OK);
    cr_assert_eq(sonic_channel_layers(b, 3, NULL), SONIC_OK);

    struct party sender = {.channel = b};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, send_some, &sender), 0);
    sonic_channel_mark(a, SONIC_OFFLINE, 3);
    cr_assert_eq(sonic_channel_receive(a, buffer, 5001, NULL), SONIC_OK);
    pthread_join(thread, NULL);
    cr_assert_eq(sender.status, SONIC_OK);

    sonic_channel_mark(a, SONIC_ONLINE, 1);
    cr_assert_eq(sonic_channel_send(a, buffer, 3, NULL), SONIC_OK);
    cr_assert_eq(sonic_channel_send(a, buffer, 4, NULL), SONIC_OK);
    sonic_channel_mark(b, SONIC_ONLINE, 1);
    cr_assert_eq(sonic_channel_receive(b, buffer, 0, NULL), SONIC_OK);
    sonic_channel_mark(b, SONIC_SETUP, 0);
    cr_assert_eq(sonic_channel_receive(b, buffer, 3, NULL), SONIC_OK);
    cr_assert_eq(sonic_channel_receive(b, buffer, 4, NULL), SONIC_OK);

    for (sonic_phase phase = SONIC_SETUP; phase < SONIC_PHASES; phase++) {
        for (size_t layer = 0; layer < 5; layer++) {
            sonic_traffic at_a = sonic_channel_traffic(a, phase, layer);
            sonic_traffic at_b = sonic_channel_traffic(b, phase, layer);
            cr_assert_eq(at_a.sent, phase == SONIC_ONLINE && layer == 1 ? 7 : 0);
            cr_assert_eq(at_a.received, phase == SONIC_OFFLINE && layer == 3 ? 5001 : 0);
            cr_assert_eq(at_a.rounds, 0);
            cr_assert_eq(at_b.sent, phase == SONIC_ONLINE && layer == 2 ? 5001 : 0);
            cr_assert_eq(at_b.received, phase == SONIC_SETUP && layer == 0 ? 7 : 0);
            cr_assert_eq(at_b.rounds, phase == SONIC_SETUP && layer == 0 ? 1 : 0);
        }
    }
    cr_assert_eq(sonic_channel_traffic(a, SONIC_OFFLINE, SIZE_MAX).received, 5001);
    cr_assert_eq(sonic_channel_layers(a, 4, NULL), SONIC_OK);
    cr_assert_eq(sonic_channel_traffic(a, SONIC_OFFLINE, SIZE_MAX).received, 0);

    sonic_channel_mark(a, SONIC_ONLINE, 99); /* no such layer: layer 0 */
    cr_assert_eq(sonic_channel_send(a, buffer, 2, NULL), SONIC_OK);
    cr_assert_eq(sonic_channel_traffic(a, SONIC_ONLINE, 0).sent, 2);
    sonic_channel_free(a);
    sonic_channel_free(b);
}

/* A round's bytes belong to its blocks' layers, of which the fourth does not exist here, and the
 * round to the marked one. */
Test(channel, attributes_blocks_to_layers)
{
    sonic_channel *a, *b;
    size_t bytes[7] = {1, 10, 100, 1000, 2, 20, 200};
    cr_assert_eq(sonic_channel_memory_pair(&a, &b, 5, PATIENCE_MS, NULL), SONIC_OK);
    struct party party[2] = {{.channel = a, .blocks = 7, .bytes = bytes, .by_layer = 1},
                             {.channel = b, .me = 1, .blocks = 7, .bytes = bytes}};
    cr_assert_eq(sonic_channel_layers(a, 3, NULL), SONIC_OK);
    sonic_channel_mark(a, SONIC_SETUP, 2);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, run_party, &party[1]), 0);
    run_party(&party[0]);
    pthread_join(thread, NULL);
    static const uint64_t expected[3] = {1 + 2 + 1000, 10 + 20, 100 + 200};
    for (size_t layer = 0; layer < 3; layer++) {
        sonic_traffic traffic = sonic_channel_traffic(a, SONIC_SETUP, layer);
        cr_assert_eq(traffic.sent, expected[layer]);
        cr_assert_eq(traffic.received, expected[layer]);
        cr_assert_eq(traffic.rounds, layer == 2);
    }
    sonic_channel_free(a);
    sonic_channel_free(b);
}

/* Whatever is asked of a dead channel, it says the same. */
static void check_dead(sonic_channel *channel, sonic_status status, const char *text)
{
    uint8_t byte = 1;
    size_t bytes = 1;
    sonic_error error = {0};
    cr_assert_eq(sonic_channel_send(channel, &byte, 1, &error), status);
    cr_assert_str_eq(error.text, text);
    error = (sonic_error){0};
    cr_assert_eq(sonic_channel_receive(channel, &byte, 1, &error), status);
    cr_assert_str_eq(error.text, text);
    struct party party = {.channel = channel, .blocks = 1, .bytes = &bytes};
    run_party(&party);
    cr_assert_eq(party.status, status);
    cr_assert_str_eq(party.error.text, text);
    cr_assert_eq(party.produced, 0);
}

Test(channel, peer_that_closes_in_the_middle_of_a_block)
{
    for (size_t sent = 0; sent < 300; sent += 7) {
        sonic_channel *a, *b;
        size_t bytes[3] = {100, 100, 100};
        uint8_t data[300];
        cr_assert_eq(sonic_channel_memory_pair(&a, &b, 1000, PATIENCE_MS, NULL), SONIC_OK);
        for (size_t i = 0; i < sent; i++)
            data[i] = byte_of(9, 1, i / 100, i % 100);
        cr_assert_eq(sonic_channel_send(b, data, sent, NULL), SONIC_OK);
        sonic_channel_free(b);
        struct party party = {.channel = a, .seed = 9, .blocks = 3, .bytes = bytes};
        run_party(&party);
        cr_assert_eq(party.status, SONIC_E_CLOSED);
        cr_assert_str_eq(party.error.text, "server 1 closed the connection");
        cr_assert_eq(party.wrong, 0);
        cr_assert_leq(party.consumed, sent / 100);
        check_dead(a, SONIC_E_CLOSED, "server 1 closed the connection");
        sonic_channel_free(a);
    }
}

Test(channel, what_was_sent_before_closing_arrives)
{
    sonic_channel *a, *b;
    uint8_t data[10] = "last words", got[10];
    cr_assert_eq(sonic_channel_memory_pair(&a, &b, 10, PATIENCE_MS, NULL), SONIC_OK);
    cr_assert_eq(sonic_channel_send(b, data, 10, NULL), SONIC_OK);
    sonic_channel_free(b);
    cr_assert_eq(sonic_channel_receive(a, got, 10, NULL), SONIC_OK);
    cr_assert_arr_eq(got, data, 10);
    memset(got, 1, sizeof got);
    cr_assert_eq(sonic_channel_receive(a, got, 10, NULL), SONIC_E_CLOSED);
    for (int i = 0; i < 10; i++)
        cr_assert_eq(got[i], 0);
    sonic_channel_free(a);
}

Test(channel, peer_that_stalls)
{
    sonic_channel *a, *b;
    uint8_t data[100] = {0};
    cr_assert_eq(sonic_channel_memory_pair(&a, &b, 10, 50, NULL), SONIC_OK);
    sonic_error error = {0};
    cr_assert_eq(sonic_channel_receive(a, data, 1, &error), SONIC_E_TIMEOUT);
    cr_assert_str_eq(error.text, "server 1 sent nothing for 50 ms");
    check_dead(a, SONIC_E_TIMEOUT, "server 1 sent nothing for 50 ms");
    cr_assert_eq(sonic_channel_send(b, data, sizeof data, &error), SONIC_E_TIMEOUT);
    cr_assert_str_eq(error.text, "server 0 took nothing for 50 ms");
    sonic_channel_free(a);
    sonic_channel_free(b);

    cr_assert_eq(sonic_channel_memory_pair(&a, &b, 10, 1000, NULL), SONIC_OK);
    size_t bytes[2] = {4, 4};
    struct party party = {.channel = a, .blocks = 2, .bytes = bytes};
    run_party(&party);
    cr_assert_eq(party.status, SONIC_E_TIMEOUT);
    cr_assert_str_eq(party.error.text, "server 1 sent nothing for 1 s");
    cr_assert_eq(party.produced, 2);
    cr_assert_eq(party.consumed, 0);
    sonic_channel_free(a);
    sonic_channel_free(b);
}

/* A transport that delivers one zero byte after every wait, and takes 30 ms over each. */
static ssize_t slow_send(void *self, const uint8_t *data, size_t n, sonic_error *error)
{
    (void)self, (void)data, (void)error;
    return (ssize_t)n;
}

static ssize_t slow_receive(void *self, uint8_t *data, size_t n, sonic_error *error)
{
    int *ready = self;
    (void)n, (void)error;
    if (*ready == 0)
        return 0;
    *ready = 0;
    *data = 0;
    return 1;
}

static int slow_wait(void *self, int want_send, int want_receive, int milliseconds,
                     sonic_error *error)
{
    int *ready = self;
    (void)want_send, (void)milliseconds, (void)error;
    nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL);
    *ready = want_receive;
    return 1;
}

static void slow_close(void *self)
{
    *(int *)self = -1;
}

static const sonic_transport slow = {slow_send, slow_receive, slow_wait, slow_close};

/* The timeout is for silence, not for the whole of a message. */
Test(channel, slow_but_steady_peer_does_not_time_out)
{
    sonic_channel *a;
    int ready = 0;
    uint8_t data[45];
    sonic_error error = {0};
    cr_assert_eq(sonic_channel_create(&a, &slow, &ready, "server 1", 1000, NULL), SONIC_OK);
    cr_assert_eq(sonic_channel_receive(a, data, sizeof data, &error), SONIC_OK, "%s", error.text);
    sonic_channel_free(a);
    cr_assert_eq(ready, -1);
}

/* Waiting is counted where the channel was marked, also in a round whose blocks are of other
 * layers, and not where bytes move at once. */
Test(channel, counts_the_seconds_it_waits)
{
    sonic_channel *a;
    int ready = 0;
    uint8_t data[2];
    size_t bytes[3] = {1, 1, 1};
    cr_assert_eq(sonic_channel_create(&a, &slow, &ready, "server 1", 1000, NULL), SONIC_OK);
    cr_assert_eq(sonic_channel_layers(a, 6, NULL), SONIC_OK);
    sonic_channel_mark(a, SONIC_ONLINE, 4);
    cr_assert_eq(sonic_channel_receive(a, data, sizeof data, NULL), SONIC_OK);
    sonic_channel_mark(a, SONIC_ONLINE, 3);
    cr_assert_eq(sonic_channel_send(a, data, sizeof data, NULL), SONIC_OK);
    sonic_channel_mark(a, SONIC_SETUP, 5);
    struct party party = {.channel = a, .blocks = 3, .bytes = bytes, .by_layer = 1};
    run_party(&party);
    cr_assert_eq(party.status, SONIC_OK);
    for (sonic_phase phase = SONIC_SETUP; phase < SONIC_PHASES; phase++)
        for (size_t layer = 0; layer < 6; layer++) {
            double waited = sonic_channel_traffic(a, phase, layer).waited;
            if (phase == SONIC_ONLINE && layer == 4)
                cr_assert(waited >= 2 * 0.03, "%g", waited);
            else if (phase == SONIC_SETUP && layer == 5)
                cr_assert(waited >= 3 * 0.03, "%g", waited);
            else
                cr_assert_eq(waited, 0);
        }
    double all = sonic_channel_traffic(a, SONIC_ONLINE, SIZE_MAX).waited;
    cr_assert_eq(all, sonic_channel_traffic(a, SONIC_ONLINE, 4).waited);
    sonic_channel_free(a);
}

static size_t oversized(void *arg, size_t block)
{
    (void)arg;
    return block < 3 ? 8 : SONIC_BLOCK_BYTES_MAX + 1;
}

static sonic_status failing(void *arg, size_t block, uint8_t *out, sonic_error *error)
{
    (void)arg;
    memset(out, 0, 8);
    if (block < 2)
        return SONIC_OK;
    *error = (sonic_error){SONIC_E_FORMAT, "POOL is damaged at byte 7"};
    return SONIC_E_FORMAT;
}

Test(channel, failing_round_kills_the_channel)
{
    sonic_channel *a, *b;
    sonic_error error = {0};
    size_t bytes[4] = {8, 8, 8, 8};
    cr_assert_eq(sonic_channel_memory_pair(&a, &b, 1000, 1000, NULL), SONIC_OK);
    struct party party = {.channel = a, .blocks = 4, .bytes = bytes};
    sonic_round round = {.blocks = 4,
                         .block_bytes = oversized,
                         .produce = produce,
                         .consume = consume,
                         .arg = &party};
    cr_assert_eq(sonic_channel_round(a, &round, &error), SONIC_E_SHAPE);
    cr_assert(strstr(error.text, "1048577"), "%s", error.text);
    cr_assert_eq(party.produced, 0);
    cr_assert_eq(sonic_channel_traffic(a, SONIC_SETUP, 0).rounds, 0);
    check_dead(a, SONIC_E_SHAPE, error.text);

    round.block_bytes = block_bytes;
    round.produce = failing;
    cr_assert_eq(sonic_channel_round(b, &round, &error), SONIC_E_FORMAT);
    check_dead(b, SONIC_E_FORMAT, "POOL is damaged at byte 7");
    sonic_channel_free(a);
    sonic_channel_free(b);
}

Test(channel, stop_flag_ends_a_wait)
{
    sonic_channel *a, *b;
    volatile int stop = 1;
    uint8_t byte;
    sonic_error error = {0};
    cr_assert_eq(sonic_channel_memory_pair(&a, &b, 1, 1000000, NULL), SONIC_OK);
    sonic_channel_stop_on(a, &stop);
    cr_assert_eq(sonic_channel_receive(a, &byte, 1, &error), SONIC_E_CLOSED);
    cr_assert_str_eq(error.text, "told to stop while waiting for server 1");
    sonic_channel_free(a);
    sonic_channel_free(b);
}

Test(channel, refuses_what_cannot_work)
{
    sonic_channel *a = NULL, *b = NULL;
    sonic_error error = {0};
    cr_assert_eq(sonic_channel_memory_pair(&a, &b, 0, 1000, &error), SONIC_E_ARGUMENT);
    cr_assert_eq(sonic_channel_memory_pair(&a, &b, 1, 0, &error), SONIC_E_ARGUMENT);
    int ready = 0;
    cr_assert_eq(sonic_channel_create(&a, &slow, &ready, "server 1", -1, &error), SONIC_E_ARGUMENT);
    cr_assert_eq(ready, -1, "a transport must be closed also when no channel is made");
    cr_assert_null(a);
    cr_assert_null(b);
    sonic_channel_free(NULL);
}
