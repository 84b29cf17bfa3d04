/* The channel over peers that close, stall, are slow or fail, and what it refuses. */
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#include "tests/channel_party.h"

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
    channel_party party = {.channel = channel, .blocks = 1, .bytes = &bytes};
    channel_party_run(&party);
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
            data[i] = channel_party_byte(9, 1, i / 100, i % 100);
        cr_assert_eq(sonic_channel_send(b, data, sent, NULL), SONIC_OK);
        sonic_channel_free(b);
        channel_party party = {.channel = a, .seed = 9, .blocks = 3, .bytes = bytes};
        channel_party_run(&party);
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
    channel_party party = {.channel = a, .blocks = 2, .bytes = bytes};
    channel_party_run(&party);
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
    channel_party party = {.channel = a, .blocks = 3, .bytes = bytes, .by_layer = 1};
    channel_party_run(&party);
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
    channel_party party = {.channel = a, .blocks = 4, .bytes = bytes};
    sonic_round round = {.blocks = 4,
                         .block_bytes = oversized,
                         .produce = channel_party_produce,
                         .consume = channel_party_consume,
                         .arg = &party};
    cr_assert_eq(sonic_channel_round(a, &round, &error), SONIC_E_SHAPE);
    cr_assert(strstr(error.text, "1048577"), "%s", error.text);
    cr_assert_eq(party.produced, 0);
    cr_assert_eq(sonic_channel_traffic(a, SONIC_SETUP, 0).rounds, 0);
    check_dead(a, SONIC_E_SHAPE, error.text);

    round.block_bytes = channel_party_bytes;
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
    cr_assert_str_eq(error.text, "told to stop while talking to server 1");
    sonic_channel_free(a);
    sonic_channel_free(b);
}

/* A peer that is always ahead: nothing ever waits. */
Test(channel, stop_flag_ends_what_need_not_wait)
{
    sonic_channel *a, *b;
    volatile int stop = 0;
    uint8_t byte = 1;
    sonic_error error = {0};
    cr_assert_eq(sonic_channel_memory_pair(&a, &b, 10, 1000000, NULL), SONIC_OK);
    sonic_channel_stop_on(a, &stop);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(sonic_channel_send(b, &byte, 1, NULL), SONIC_OK);
    cr_assert_eq(sonic_channel_receive(a, &byte, 1, &error), SONIC_OK);
    stop = 1;
    cr_assert_eq(sonic_channel_receive(a, &byte, 1, &error), SONIC_E_CLOSED);
    cr_assert_str_eq(error.text, "told to stop while talking to server 1");
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
