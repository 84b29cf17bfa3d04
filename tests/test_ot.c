/* Base transfers: both parties in two threads, and peers that send what they should not. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <sodium.h>

#include "proto/ot/base.h"
#include "tests/random_test.h"

enum {
    PATIENCE_MS = 20000,
    KEY = SONIC_OT_KEY_BYTES,
    LABEL = 16,
    POINT = crypto_core_ristretto255_BYTES
};

static unsigned bit_of(const uint8_t *bits, size_t i)
{
    return bits[i / 8] >> i % 8 & 1;
}

static void *take(size_t n)
{
    void *buffer = calloc(n + 1, 1);
    cr_assert_not_null(buffer);
    return buffer;
}

/* A base transfer's party. */
typedef struct base {
    sonic_channel *channel;
    size_t n;
    uint64_t seed;
    const uint8_t *choice; /* NULL: the sender */
    uint8_t *keys;
    sonic_status status;
    sonic_error error;
} base;

static void *run_base(void *arg)
{
    base *b = arg;
    sonic_test_seed(b->seed);
    b->status = b->choice ? sonic_base_ot_receive(b->channel, b->keys, b->choice, b->n, &b->error)
                          : sonic_base_ot_send(b->channel, b->keys, b->n, &b->error);
    return NULL;
}

/* Both parties' keys of n transfers with the choices. */
static void transfer(uint8_t *sent, uint8_t *received, const uint8_t *choice, size_t n,
                     uint64_t seed)
{
    base party[2] = {{.n = n, .seed = seed, .keys = sent},
                     {.n = n, .seed = seed + 1, .keys = received, .choice = choice}};
    pthread_t thread;
    cr_assert_eq(
        sonic_channel_memory_pair(&party[0].channel, &party[1].channel, 100, PATIENCE_MS, NULL),
        SONIC_OK);
    cr_assert_eq(pthread_create(&thread, NULL, run_base, &party[1]), 0);
    run_base(&party[0]);
    pthread_join(thread, NULL);
    for (unsigned i = 0; i < 2; i++) {
        const sonic_traffic seen = sonic_channel_traffic(party[i].channel, SONIC_SETUP, SIZE_MAX);
        cr_assert_eq(party[i].status, SONIC_OK, "%s", party[i].error.text);
        cr_assert_eq(seen.sent, i ? 64 * n : 32);
        cr_assert_eq(seen.received, i ? 32 : 64 * n);
        cr_assert_eq(seen.rounds, i || n == 0 ? 0 : 1);
        sonic_channel_free(party[i].channel);
    }
}

static int compare_labels(const void *a, const void *b)
{
    return memcmp(a, b, LABEL);
}

/* Requires that no two of n blocks of 16 bytes are the same. */
static void require_distinct(const uint8_t *blocks, size_t n)
{
    uint8_t *sorted = take(n * LABEL);
    memcpy(sorted, blocks, n * LABEL);
    qsort(sorted, n, LABEL, compare_labels);
    for (size_t i = 1; i < n; i++)
        cr_assert(memcmp(sorted + (i - 1) * LABEL, sorted + i * LABEL, LABEL) != 0,
                  "two of %zu blocks are the same", n);
    free(sorted);
}

Test(ot, base_gives_the_chosen_key)
{
    static const size_t counts[] = {0, 1, 7, 8, 9, 128, 131};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        const size_t n = counts[c];
        uint8_t *choice = take(n / 8 + 1), *sent = take(2 * n * KEY), *received = take(n * KEY);
        randombytes_buf(choice, n / 8 + 1);
        transfer(sent, received, choice, n, 100 + c);
        for (size_t i = 0; i < n; i++) {
            const unsigned bit = bit_of(choice, i);
            cr_assert_arr_eq(received + i * KEY, sent + (2 * i + bit) * KEY, KEY);
        }
        require_distinct(sent, 2 * n);
        free(choice);
        free(sent);
        free(received);
    }
}

Test(ot, base_keys_change_with_the_session)
{
    uint8_t choice[2] = {0x5a, 0x81}, sent[3][2 * 16 * KEY], received[16 * KEY];
    for (uint64_t i = 0; i < 3; i++)
        transfer(sent[i], received, choice, 16, 10 * i);
    require_distinct(sent[0], 3 * 2 * 16);
}

/* A party whose peer has sent these bytes and then closed. */
static void run_against(base *b, const void *bytes, size_t n)
{
    sonic_channel *peer;
    cr_assert_eq(sonic_channel_memory_pair(&b->channel, &peer, 1 << 16, PATIENCE_MS, NULL),
                 SONIC_OK);
    cr_assert_eq(sonic_channel_send(peer, bytes, n, NULL), SONIC_OK);
    memset(b->keys, 1, 2 * b->n * KEY);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, run_base, b), 0);
    if (!b->choice) {
        uint8_t point[POINT];
        cr_assert_eq(sonic_channel_receive(peer, point, POINT, NULL), SONIC_OK);
    }
    sonic_channel_free(peer);
    pthread_join(thread, NULL);
    sonic_channel_free(b->channel);
}

/* Were the index in no hash, a receiver could make the keys of two transfers equal. */
Test(ot, base_keys_of_equal_points_differ)
{
    enum { N = 11 };
    uint8_t points[N][2][POINT], keys[2 * N * KEY];
    base b = {.n = N, .keys = keys};
    for (size_t bit = 0; bit < 2; bit++)
        crypto_core_ristretto255_random(points[0][bit]);
    for (size_t i = 1; i < N; i++)
        memcpy(points[i], points[0], sizeof points[0]);
    run_against(&b, points, sizeof points);
    cr_assert_eq(b.status, SONIC_OK, "%s", b.error.text);
    require_distinct(keys, 2 * N);
}

static void require_refused(base *b, sonic_status status)
{
    const size_t bytes = (b->choice ? 1 : 2) * b->n * KEY;
    cr_assert_eq(b->status, status, "%d: %s", b->status, b->error.text);
    cr_assert_eq(b->error.status, status);
    if (status == SONIC_E_PEER)
        cr_assert(strstr(b->error.text, " sent bytes that are no point of ristretto255"), "%s",
                  b->error.text);
    else
        cr_assert(strlen(b->error.text) > 0 && !strchr(b->error.text, '\n'));
    cr_assert(sodium_is_zero(b->keys, bytes), "keys of a failed transfer");
}

/* n pairs of points, valid but for what is written over one of them. */
static void make_points(uint8_t *points, size_t n, size_t at, const uint8_t bad[POINT])
{
    for (size_t i = 0; i < 2 * n; i++)
        crypto_core_ristretto255_random(points + i * POINT);
    memcpy(points + at * POINT, bad, POINT);
}

/* No encoding of a point, a second encoding of one (1 + p), a negative one, and the identity. */
static const uint8_t bad_points[][POINT] = {
    {2},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {1},
    {0},
};

Test(ot, base_sender_refuses_what_is_no_point)
{
    enum { N = 11 };
    uint8_t points[2 * N * POINT], keys[2 * N * KEY];
    for (size_t bad = 0; bad < sizeof bad_points / sizeof *bad_points; bad++)
        for (size_t at = 0; at < 2 * N; at += 7) {
            base b = {.n = N, .keys = keys};
            make_points(points, N, at, bad_points[bad]);
            run_against(&b, points, sizeof points);
            require_refused(&b, SONIC_E_PEER);
        }
}

Test(ot, base_receiver_refuses_what_is_no_point)
{
    const uint8_t choice[] = {0xff, 0};
    uint8_t keys[2 * 11 * KEY];
    for (size_t bad = 0; bad < sizeof bad_points / sizeof *bad_points; bad++) {
        base b = {.n = 11, .keys = keys, .choice = choice};
        run_against(&b, bad_points[bad], POINT);
        require_refused(&b, SONIC_E_PEER);
    }
}

Test(ot, base_fails_on_a_short_message)
{
    const uint8_t choice[] = {0xff, 0};
    uint8_t points[2 * 11 * POINT], keys[2 * 11 * KEY];
    base sender = {.n = 11, .keys = keys}, receiver = {.n = 11, .keys = keys, .choice = choice};
    crypto_core_ristretto255_random(points);
    make_points(points, 11, 0, (const uint8_t *)points);
    run_against(&sender, points, sizeof points - 1);
    require_refused(&sender, SONIC_E_CLOSED);
    run_against(&receiver, points, POINT - 1);
    require_refused(&receiver, SONIC_E_CLOSED);
}
