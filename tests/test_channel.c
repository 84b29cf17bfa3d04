/* The channel over memory: rounds of any block sizes over any buffer, and counters to the byte. */
#include <pthread.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/channel_party.h"

enum { BLOCKS_MAX = 80 };

/* Runs one round between a and b and checks what both saw. */
static void run_round(sonic_channel *a, sonic_channel *b, uint64_t seed, size_t blocks,
                      const size_t *bytes)
{
    channel_party party[2];
    size_t total = 0;
    for (size_t i = 0; i < blocks; i++)
        total += bytes[i];
    for (unsigned i = 0; i < 2; i++)
        party[i] = (channel_party){
            .channel = i ? b : a, .me = i, .seed = seed, .blocks = blocks, .bytes = bytes};
    sonic_traffic before = sonic_channel_traffic(a, SONIC_SETUP, SIZE_MAX);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, channel_party_run, &party[1]), 0);
    channel_party_run(&party[0]);
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
    channel_party *party = arg;
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

    channel_party sender = {.channel = b};
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
    channel_party party[2] = {{.channel = a, .blocks = 7, .bytes = bytes, .by_layer = 1},
                              {.channel = b, .me = 1, .blocks = 7, .bytes = bytes}};
    cr_assert_eq(sonic_channel_layers(a, 3, NULL), SONIC_OK);
    sonic_channel_mark(a, SONIC_SETUP, 2);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, channel_party_run, &party[1]), 0);
    channel_party_run(&party[0]);
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

/* One party posts before it receives, the other one sends before it receives. */
typedef struct post_party {
    sonic_channel *channel;
    bool posts;
    sonic_status status;
    sonic_error error;
    int wrong;
} post_party;

enum { POSTED = 3000, SENT = 5000, TURNS = 3 };

static void post_turn(post_party *p, uint64_t turn)
{
    uint8_t out[SENT], in[SENT];
    const size_t take = p->posts ? SENT : POSTED, give = p->posts ? POSTED : SENT;
    for (size_t i = 0; i < give; i++)
        out[i] = channel_party_byte(turn, p->posts, 0, i);
    sonic_channel_mark(p->channel, SONIC_OFFLINE, 0);
    p->status = p->posts ? sonic_channel_post(p->channel, out, give, &p->error)
                         : sonic_channel_send(p->channel, out, give, &p->error);
    memset(out, 0, give);
    sonic_channel_mark(p->channel, SONIC_ONLINE, 0);
    if (!p->status)
        p->status = sonic_channel_receive(p->channel, in, take, &p->error);
    for (size_t i = 0; !p->status && i < take; i++)
        p->wrong += in[i] != channel_party_byte(turn, !p->posts, 0, i);
}

static void *post_and_receive(void *arg)
{
    post_party *p = arg;
    for (uint64_t turn = 0; turn < TURNS && !p->status; turn++)
        post_turn(p, turn);
    if (!p->status && p->posts)
        p->status = sonic_channel_send(p->channel, NULL, 0, &p->error);
    return NULL;
}

/* Over a buffer that holds neither message, where two sends would wait for each other; what is
 * posted is counted where it was posted. */
Test(channel, posted_bytes_leave_while_others_come)
{
    static const size_t buffers[] = {1, 64, 2999, 100000};
    for (size_t k = 0; k < 4; k++) {
        sonic_channel *end[2];
        pthread_t thread;
        uint8_t byte = 7;
        cr_assert_eq(sonic_channel_memory_pair(&end[0], &end[1], buffers[k], PATIENCE_MS, NULL),
                     SONIC_OK);
        post_party party[2] = {{.channel = end[0], .posts = true}, {.channel = end[1]}};
        cr_assert_eq(pthread_create(&thread, NULL, post_and_receive, &party[1]), 0);
        post_and_receive(&party[0]);
        pthread_join(thread, NULL);
        for (unsigned i = 0; i < 2; i++) {
            cr_assert_eq(party[i].status, SONIC_OK, "%s", party[i].error.text);
            cr_assert_eq(party[i].wrong, 0);
        }
        cr_assert_eq(sonic_channel_traffic(end[0], SONIC_OFFLINE, 0).sent, TURNS * POSTED);
        cr_assert_eq(sonic_channel_traffic(end[0], SONIC_ONLINE, 0).received, TURNS * SENT);
        cr_assert_eq(sonic_channel_traffic(end[0], SONIC_ONLINE, 0).rounds, TURNS);
        for (unsigned i = 0; i < 2; i++) {
            sonic_channel_mark(end[i], SONIC_SETUP, 0);
            cr_assert_eq(sonic_channel_post(end[i], &byte, 1, NULL), SONIC_OK);
        }
        for (unsigned i = 0; i < 2; i++)
            cr_assert_eq(sonic_channel_receive(end[i], &byte, 1, NULL), SONIC_OK);
        sonic_traffic now = sonic_channel_traffic(end[0], SONIC_SETUP, 0);
        cr_assert(now.sent == 1 && now.received == 1);
        sonic_channel_free(end[0]);
        sonic_channel_free(end[1]);
    }
}
