/* Oblivious transfer: both parties in two threads, and peers that send what they should not. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <sodium.h>
#include <xxhash.h>

#include "dispatch/cpu.h"
#include "proto/ot/base.h"
#include "proto/ot/cot.h"
#include "tests/random_test.h"

enum {
    PATIENCE_MS = 20000,
    KEY = SONIC_OT_KEY_BYTES,
    LABEL = 16,
    KEYS = 128,
    POINT = crypto_core_ristretto255_BYTES,
    EXTENSIONS = 12
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

/* One party of correlated transfers: a state, and extensions of these counts. */
typedef struct party {
    sonic_channel *channel;
    const char *tier;
    uint64_t seed;
    const size_t *counts;
    size_t extensions;
    bool sends;
    uint8_t delta[LABEL];
    uint8_t *label[EXTENSIONS], *choice[EXTENSIONS];
    uint64_t hash; /* of all messages that the receiver made */
    sonic_status status;
    sonic_error error;
} party;

static void run_receiver(party *p, const sonic_context *context)
{
    const sonic_cot_options options = {.k = 1};
    sonic_cot_receiver *receiver = NULL;
    p->status = sonic_cot_receiver_create(&receiver, context, p->channel, options, &p->error);
    for (size_t e = 0; e < p->extensions && !p->status; e++) {
        const size_t n = p->counts[e], bytes = sonic_cot_bytes(1, n);
        uint8_t *message = take(bytes);
        p->choice[e] = take(n / 8 + 1);
        p->label[e] = take(n * LABEL);
        randombytes_buf_deterministic(p->choice[e], n / 8 + 1,
                                      (const uint8_t[randombytes_SEEDBYTES]){(uint8_t)(e + 1)});
        p->status = sonic_cot_receive(receiver, p->label[e], message, p->choice[e], n, &p->error);
        p->hash = XXH3_64bits_withSeed(message, bytes, p->hash);
        if (!p->status)
            p->status = sonic_channel_send(p->channel, message, bytes, &p->error);
        free(message);
    }
    sonic_cot_receiver_free(receiver);
}

static void run_sender(party *p, const sonic_context *context)
{
    const sonic_cot_options options = {.k = 1};
    sonic_cot_sender *sender = NULL;
    p->status = sonic_cot_sender_create(&sender, context, p->channel, options, p->delta, &p->error);
    for (size_t e = 0; e < p->extensions && !p->status; e++) {
        const size_t n = p->counts[e], bytes = sonic_cot_bytes(1, n);
        uint8_t *message = take(bytes);
        p->label[e] = take(n * LABEL);
        p->status = sonic_channel_receive(p->channel, message, bytes, &p->error);
        if (!p->status)
            p->status = sonic_cot_send(sender, p->label[e], message, n, &p->error);
        free(message);
    }
    sonic_cot_sender_free(sender);
}

static void *run_party(void *arg)
{
    party *p = arg;
    const sonic_context_options options = {.tier = p->tier, .threads = 1};
    sonic_context *context;
    sonic_test_seed(p->seed);
    p->status = sonic_context_create(&context, &options, &p->error);
    if (p->status)
        return NULL;
    if (p->sends)
        run_sender(p, context);
    else
        run_receiver(p, context);
    sonic_context_free(context);
    return NULL;
}

/* Extends by each of the counts, between two tiers; checks every transfer.  Returns the hash of
 * the messages. */
static uint64_t extend(const char *sender_tier, const char *receiver_tier, const size_t *counts,
                       size_t extensions, uint64_t seed)
{
    party both[2] = {{.tier = sender_tier, .sends = true, .seed = seed},
                     {.tier = receiver_tier, .seed = seed + 1}};
    pthread_t thread;
    size_t total = 0, at = 0;
    for (unsigned i = 0; i < 2; i++) {
        both[i].counts = counts;
        both[i].extensions = extensions;
    }
    randombytes_buf_deterministic(both[0].delta, LABEL,
                                  (const uint8_t[randombytes_SEEDBYTES]){(uint8_t)seed});
    cr_assert_eq(
        sonic_channel_memory_pair(&both[0].channel, &both[1].channel, 1 << 16, PATIENCE_MS, NULL),
        SONIC_OK);
    cr_assert_eq(pthread_create(&thread, NULL, run_party, &both[1]), 0);
    run_party(&both[0]);
    pthread_join(thread, NULL);
    for (unsigned i = 0; i < 2; i++) {
        cr_assert_eq(both[i].status, SONIC_OK, "%s", both[i].error.text);
        sonic_channel_free(both[i].channel);
    }

    for (size_t e = 0; e < extensions; e++)
        total += counts[e];
    uint8_t *all = take(total * LABEL);
    for (size_t e = 0; e < extensions; e++) {
        const uint8_t *q = both[0].label[e], *t = both[1].label[e], *c = both[1].choice[e];
        bool right = true;
        for (size_t j = 0; j < counts[e]; j++)
            for (size_t b = 0; b < LABEL; b++) {
                const uint8_t delta = bit_of(c, j) ? both[0].delta[b] : 0;
                right = right && t[j * LABEL + b] == (q[j * LABEL + b] ^ delta);
            }
        cr_assert(right, "extension %zu of %zu transfers, %s to %s", e, counts[e], sender_tier,
                  receiver_tier);
        memcpy(all + at, q, counts[e] * LABEL);
        at += counts[e] * LABEL;
        free(both[0].label[e]);
        free(both[1].label[e]);
        free(both[1].choice[e]);
    }
    require_distinct(all, total);
    free(all);
    return both[1].hash;
}

/* Every pair of tiers gives the same transcript, which no change of the code alone may change: a
 * version that hashes, numbers or arranges otherwise cannot talk to this one. */
Test(ot, correlated_on_every_pair_of_tiers)
{
    static const size_t counts[EXTENSIONS] = {1, 7, 8, 9, 127, 128, 129, 1000, 0, 8192, 8193, 9001};
    const uint64_t hash = UINT64_C(0x3d93004d8f2efb9b);
    for (unsigned s = 0; s < SONIC_TIERS; s++)
        for (unsigned r = 0; r < SONIC_TIERS; r++) {
            if (!(sonic_cpu_tiers() >> s & sonic_cpu_tiers() >> r & 1))
                continue;
            const uint64_t got = extend(sonic_tier_name((sonic_tier)s),
                                        sonic_tier_name((sonic_tier)r), counts, EXTENSIONS, 7);
            cr_assert(got == hash, "%s to %s: another transcript, 0x%016llx",
                      sonic_tier_name((sonic_tier)s), sonic_tier_name((sonic_tier)r),
                      (unsigned long long)got);
        }
}

Test(ot, correlated_a_million_at_once)
{
    static const size_t counts[] = {1 << 20, 3, 1 << 20};
    extend(NULL, NULL, counts, 3, 9);
}

Test(ot, correlated_keys_change_with_the_session)
{
    static const size_t count = 1000;
    cr_assert_neq(extend(NULL, NULL, &count, 1, 20), extend(NULL, NULL, &count, 1, 30));
}

Test(ot, correlated_refuses_a_peer_without_points)
{
    const sonic_context_options options = {.threads = 1};
    const uint8_t delta[LABEL] = {1}, garbage[64 * KEYS] = {1};
    sonic_context *context;
    sonic_channel *mine, *peer;
    sonic_error error;
    cr_assert_eq(sonic_context_create(&context, &options, NULL), SONIC_OK);
    cr_assert_eq(sonic_channel_memory_pair(&mine, &peer, 1 << 16, PATIENCE_MS, NULL), SONIC_OK);
    cr_assert_eq(sonic_channel_send(peer, garbage, sizeof garbage, NULL), SONIC_OK);
    sonic_cot_sender *sender = (sonic_cot_sender *)&error;
    sonic_cot_receiver *receiver = (sonic_cot_receiver *)&error;
    cr_assert_eq(
        sonic_cot_sender_create(&sender, context, mine, (sonic_cot_options){.k = 1}, delta, &error),
        SONIC_E_PEER);
    cr_assert_null(sender);
    cr_assert_eq(
        sonic_cot_receiver_create(&receiver, context, mine, (sonic_cot_options){.k = 1}, &error),
        SONIC_E_PEER);
    cr_assert_null(receiver);
    sonic_cot_sender_free(sender);
    sonic_cot_receiver_free(receiver);
    sonic_channel_free(mine);
    sonic_channel_free(peer);
    sonic_context_free(context);
}

Test(ot, correlated_counts)
{
    cr_assert_eq(sonic_cot_bytes(1, 0), 0);
    cr_assert_eq(sonic_cot_bytes(1, 1), 128);
    cr_assert_eq(sonic_cot_bytes(1, 8), 128);
    cr_assert_eq(sonic_cot_bytes(1, 9), 256);
    cr_assert_eq(sonic_cot_bytes(1, (size_t)1 << 24), (size_t)16 << 24);
}
