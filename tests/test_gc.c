/* ReLU by garbled circuits: results, traffic to the byte, the wire's hash, failures. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "proto/compare/gc.h"
#include "proto/ot/base.h"
#include "proto/share/file.h"
#include "tests/random_test.h"
#include "tests/relu_run.h"

enum { CALLS = 3 };

/* A session of both parties: all calls are prepared, then all are run. */
typedef struct session {
    const sonic_context *context[2];
    sonic_ring ring;
    unsigned shift[CALLS];
    size_t n[CALLS];
    uint8_t *x[CALLS][2];
    size_t calls;
    unsigned quits_at;       /* party 1 leaves before this step, if not 0: 1 create, 2 prepare, 3 run */
    sonic_traffic traffic[2][SONIC_PHASES];
} session;

static sonic_status run_calls(session *s, unsigned party, sonic_gc *gc, int spill,
                              sonic_channel *channel, sonic_error *error)
{
    sonic_status status = SONIC_OK;
    uint64_t at = 5; /* any place will do */
    sonic_channel_mark(channel, SONIC_OFFLINE, 0);
    for (size_t k = 0; !status && k < s->calls; k++) {
        status = sonic_gc_prepare(gc, s->ring, s->shift[k], s->n[k], spill, at, error);
        at += sonic_gc_cost_of(s->ring, s->n[k], s->shift[k]).spill_bytes;
    }
    cr_assert(status || lseek(spill, 0, SEEK_END) <= (off_t)at);
    if (party == 1 && s->quits_at == 3)
        return SONIC_E_CLOSED;
    sonic_channel_mark(channel, SONIC_ONLINE, 0);
    at = 5;
    for (size_t k = 0; !status && k < s->calls; k++) {
        status = sonic_gc_relu(gc, s->ring, s->shift[k], s->x[k][party], s->n[k], spill, at, error);
        at += sonic_gc_cost_of(s->ring, s->n[k], s->shift[k]).spill_bytes;
    }
    return status;
}

static sonic_status run_party(void *arg, unsigned party, sonic_channel *channel, sonic_error *error)
{
    session *s = arg;
    sonic_gc *gc = NULL;
    int spill;
    sonic_test_seed(100 + party);
    cr_assert_eq(sonic_anonymous_file(&spill, NULL, error), SONIC_OK, "%s", error->text);
    sonic_channel_mark(channel, SONIC_SETUP, 0);
    sonic_status status = party == 1 && s->quits_at == 1
                              ? SONIC_E_CLOSED
                              : sonic_gc_create(&gc, s->context[party], channel, party, error);
    if (!status)
        status = party == 1 && s->quits_at == 2
                     ? SONIC_E_CLOSED
                     : run_calls(s, party, gc, spill, channel, error);
    for (unsigned phase = 0; phase < SONIC_PHASES; phase++)
        s->traffic[party][phase] = sonic_channel_traffic(channel, (sonic_phase)phase, 0);
    sonic_gc_free(gc);
    close(spill);
    return status;
}

static void check_results(const session *s, size_t k, const int64_t *secret)
{
    for (size_t i = 0; i < s->n[k]; i++) {
        uint64_t sum = (uint64_t)test_relu_get(s->ring, s->x[k][0], i) +
                       (uint64_t)test_relu_get(s->ring, s->x[k][1], i);
        int64_t y = s->ring == SONIC_RING_64 ? (int64_t)sum : (int32_t)(uint32_t)sum;
        int64_t right = secret[i] > 0 ? secret[i] >> s->shift[k] : 0;
        cr_assert_eq(y, right, "ring %d, n %zu, element %zu: relu(%lld) >> %u gave %lld",
                     (int)s->ring, s->n[k], i, (long long)secret[i], s->shift[k], (long long)y);
    }
}

/* From the protocol's description. */
static void check_traffic(const session *s)
{
    uint64_t l = (uint64_t)s->ring, prepare = 0, online = 0, rounds = 0, calls = 0;
    for (size_t k = 0; k < s->calls; k++) {
        uint64_t half = (s->n[k] + 1) / 2;
        prepare += half * (16 * l + 32 * (3 * (l - 1) - s->shift[k]) + l / 8);
        online += half * (l / 8 + 16 * l);
        rounds += 2 * ((half + SONIC_GC_GROUP - 1) / SONIC_GC_GROUP);
        calls += s->n[k] > 0;
    }
    for (unsigned p = 0; p < 2; p++) {
        const sonic_traffic *t = s->traffic[p];
        cr_assert_eq(t[SONIC_SETUP].sent, sonic_gc_setup_cost().prepare_bytes);
        cr_assert_eq(t[SONIC_SETUP].received, sonic_gc_setup_cost().prepare_bytes);
        cr_assert_eq(t[SONIC_SETUP].rounds, sonic_gc_setup_cost().prepare_rounds);
        cr_assert_eq(t[SONIC_OFFLINE].sent, prepare, "%llu bytes, not %llu",
                     (unsigned long long)t[SONIC_OFFLINE].sent, (unsigned long long)prepare);
        cr_assert_eq(t[SONIC_OFFLINE].received, prepare);
        cr_assert_eq(t[SONIC_OFFLINE].rounds, rounds);
        cr_assert_eq(t[SONIC_ONLINE].sent, online);
        cr_assert_eq(t[SONIC_ONLINE].received, online);
        cr_assert_eq(t[SONIC_ONLINE].rounds, 2 * calls);
    }
}

static void check_session(session *s, test_outcome *outcome, uint64_t seed)
{
    int64_t *secret[CALLS];
    uint64_t state = seed;
    for (size_t k = 0; k < s->calls; k++) {
        void *x[2];
        secret[k] = malloc((s->n[k] + 1) * sizeof **secret);
        for (unsigned p = 0; p < 2; p++) {
            uint8_t *memory = malloc(s->n[k] * 8 + 1);
            cr_assert(memory && secret[k]);
            x[p] = s->x[k][p] = memory + 1; /* any alignment will do */
        }
        test_relu_inputs(s->ring, (unsigned)s->ring, secret[k], x, s->n[k], &state);
    }
    test_run(outcome, run_party, s);
    for (unsigned p = 0; p < 2; p++)
        cr_assert_eq(outcome->status[p], SONIC_OK, "%s", outcome->error[p].text);
    for (size_t k = 0; k < s->calls; k++) {
        check_results(s, k, secret[k]);
        free(secret[k]);
        free(s->x[k][0] - 1);
        free(s->x[k][1] - 1);
    }
    check_traffic(s);
}

static void check_sizes(sonic_ring ring)
{
    static const size_t size[] = {0, 1, 2, 3, 63, 64, 127, 128, 129, 254, 255, 256, 257, 1000, 5003};
    sonic_context *context[SONIC_TIERS];
    size_t tiers = test_contexts(context);
    test_outcome outcome = {0};
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        session s = {.context = {context[i % tiers], context[i / tiers % tiers]},
                     .ring = ring,
                     .shift = {0, 1 + (unsigned)(i % 13), (unsigned)ring / 2},
                     .n = {size[i], size[(i + 1) % 9], size[(i + 5) % 9]},
                     .calls = CALLS};
        check_session(&s, &outcome, 70 + i);
    }
    for (size_t t = 0; t < tiers; t++)
        sonic_context_free(context[t]);
}

Test(gc, relu_of_32_bits)
{
    check_sizes(SONIC_RING_32);
}

Test(gc, relu_of_64_bits)
{
    check_sizes(SONIC_RING_64);
}

/* More than one group of a preparation. */
Test(gc, groups)
{
    sonic_context *context;
    test_outcome outcome = {0};
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    session s = {.context = {context, context},
                 .ring = SONIC_RING_32,
                 .shift = {9},
                 .n = {2 * SONIC_GC_GROUP + 301},
                 .calls = 1};
    check_session(&s, &outcome, 1);
    sonic_context_free(context);
}

/* Each direction's bytes depend on randomness and inputs alone. */
Test(gc, wire_is_the_same_for_all_tiers)
{
    sonic_context *context[SONIC_TIERS];
    size_t tiers = test_contexts(context);
    uint64_t hash[2] = {0};
    for (size_t pair = 0; pair < tiers * tiers; pair += test_next_pair(tiers)) {
        test_outcome outcome = {0};
        session s = {.context = {context[pair / tiers], context[pair % tiers]},
                     .ring = SONIC_RING_64,
                     .shift = {20, 0},
                     .n = {301, 64},
                     .calls = 2};
        check_session(&s, &outcome, 3);
        for (unsigned p = 0; p < 2; p++) {
            hash[p] = pair ? hash[p] : outcome.wire[p].hash;
            cr_assert_eq(outcome.wire[p].hash, hash[p], "tiers %s and %s: server %u's bytes differ",
                         sonic_context_tier(context[pair / tiers]),
                         sonic_context_tier(context[pair % tiers]), p);
        }
    }
    for (size_t t = 0; t < tiers; t++)
        sonic_context_free(context[t]);
}

/* Streams that server 0 has expanded. */
static struct {
    struct {
        uint8_t key[16];
        uint64_t nonce;
    } stream[1000];
    size_t streams;
    sonic_kernels kernels;
} record;

static void record_stream(const sonic_aes_key *key, uint64_t nonce)
{
    size_t i = 0;
    while (i < record.streams && (record.stream[i].nonce != nonce ||
                                  memcmp(record.stream[i].key, key->round[0], 16) != 0))
        i++;
    cr_assert_lt(i, sizeof record.stream / sizeof *record.stream);
    cr_assert(!sodium_is_zero(key->round[0], 16), "a key that nobody has drawn");
    memcpy(record.stream[i].key, key->round[0], 16);
    record.stream[i].nonce = nonce;
    record.streams += i == record.streams;
}

static void record_ctr(uint8_t *out, size_t n, const sonic_aes_key *key, uint64_t nonce,
                       uint64_t counter)
{
    record_stream(key, nonce);
    record.kernels.aes.ctr(out, n, key, nonce, counter);
}

/* Without u the first key's stream is not made. */
static void record_vole(uint8_t *u, uint8_t *v, size_t stride, const sonic_aes_key *keys, unsigned k,
                        uint64_t counter, size_t n)
{
    for (size_t x = u ? 0 : 1; x < (size_t)1 << k; x++)
        record_stream(&keys[x], 0);
    record.kernels.ot.vole(u, v, stride, keys, k, counter, n);
}

/* Results stay right where two chunks or calls mask by one stream, and secrets do not: in each chunk
 * labels of g, m and s have a stream of their own, active labels of m one in either direction.
 * Beside them: three keys that calls' are derived from, and those of correlated transfers. */
Test(gc, no_stream_serves_twice)
{
    enum { CHUNKS = 3, TRANSFERS = 128 + 2 * 128 };
    sonic_context *context;
    test_outcome outcome = {0};
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    struct sonic_context watched = *context;
    record.kernels = watched.kernels;
    watched.kernels.aes.ctr = record_ctr;
    watched.kernels.ot.vole = record_vole;
    session s = {.context = {&watched, context},
                 .ring = SONIC_RING_64,
                 .n = {2 * CHUNKS * SONIC_GC_LANES, 2 * CHUNKS * SONIC_GC_LANES},
                 .calls = 2};
    check_session(&s, &outcome, 4);
    cr_assert_eq(record.streams, 2 * CHUNKS * (3 + 2) + 3 + TRANSFERS, "%zu streams",
                 record.streams);
    sonic_context_free(context);
}

Test(gc, a_peer_that_leaves_is_an_error_and_leaves_nothing)
{
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    for (unsigned quits = 1; quits <= 3; quits++) {
        uint64_t x[2][100];
        memset(x, 0x5a, sizeof x);
        test_outcome outcome = {0};
        session s = {.context = {context, context},
                     .ring = SONIC_RING_64,
                     .n = {100},
                     .x = {{(uint8_t *)x[0], (uint8_t *)x[1]}},
                     .calls = 1,
                     .quits_at = quits};
        test_run(&outcome, run_party, &s);
        cr_assert_neq(outcome.status[0], SONIC_OK);
        cr_assert(strstr(outcome.error[0].text, "server 1"), "%s", outcome.error[0].text);
        for (size_t i = 0; quits == 3 && i < 100; i++)
            cr_assert_eq(x[0][i], 0);
    }
    sonic_context_free(context);
}

/* Refusals need no peer that works: nothing is sent. */
static sonic_status refuse_party(void *arg, unsigned party, sonic_channel *channel,
                                 sonic_error *error)
{
    const session *s = arg;
    sonic_gc *gc;
    uint64_t x[4] = {1, 2, 3, 4};
    int spill;
    cr_assert_eq(sonic_anonymous_file(&spill, NULL, error), SONIC_OK);
    cr_assert_eq(sonic_gc_create(&gc, s->context[party], channel, party, error), SONIC_OK, "%s",
                 error->text);
    uint64_t sent = sonic_channel_traffic(channel, SONIC_ONLINE, 0).sent;
    cr_assert_eq(sonic_gc_prepare(gc, (sonic_ring)16, 0, 4, spill, 0, error), SONIC_E_ARGUMENT);
    cr_assert_eq(sonic_gc_prepare(gc, SONIC_RING_64, 33, 4, spill, 0, error), SONIC_E_ARGUMENT);
    cr_assert_eq(sonic_gc_prepare(gc, SONIC_RING_64, 0, SIZE_MAX / 4, spill, 0, error),
                 SONIC_E_SHAPE);
    cr_assert_eq(sonic_channel_traffic(channel, SONIC_ONLINE, 0).sent, sent);
    for (unsigned twice = 0; twice < 2; twice++) { /* what was refused is not prepared */
        cr_assert_eq(sonic_gc_relu(gc, SONIC_RING_64, 0, x, 4, spill, 0, error), SONIC_E_ARGUMENT);
        cr_assert(strstr(error->text, "prepared"), "%s", error->text);
        for (size_t i = 0; i < 4; i++)
            cr_assert_eq(x[i], 0);
    }
    sonic_gc_free(gc);
    close(spill);
    return SONIC_OK;
}

Test(gc, bad_calls_are_refused)
{
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    test_outcome outcome = {0};
    session s = {.context = {context, context}};
    test_run(&outcome, refuse_party, &s);
    sonic_context_free(context);
}
