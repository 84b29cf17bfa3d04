/* Correlated transfers and pairs of them: every bit right, on every tier, to the byte. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <sodium.h>
#include <xxhash.h>

#include "dispatch/cpu.h"
#include "proto/ot/pair.h"
#include "tests/cot_states.h"
#include "tests/random_test.h"

enum { LABEL = COT_LABEL, SIZES = 4 };

static const unsigned sizes[SIZES] = {1, 2, 4, 8};

static int compare_labels(const void *a, const void *b)
{
    return memcmp(a, b, LABEL);
}

/* Requires that no two of n labels are the same; sorts them. */
static void require_distinct(uint8_t *labels, size_t n)
{
    qsort(labels, n, LABEL, compare_labels);
    for (size_t i = 1; i < n; i++)
        cr_assert(memcmp(labels + (i - 1) * LABEL, labels + i * LABEL, LABEL) != 0,
                  "two of %zu labels are the same", n);
}

/* Extends by each of the counts, between two tiers; checks every transfer.  The hash of all
 * messages, the sender's labels and the public keys. */
static uint64_t extend(unsigned k, const char *sender_tier, const char *receiver_tier,
                       const size_t *counts, size_t extensions, uint64_t seed)
{
    cot_states s;
    size_t total = 0, at = 0;
    uint64_t hash = 0;
    cot_states_make(&s, (sonic_cot_options){.k = k}, sender_tier, receiver_tier, seed);
    for (size_t e = 0; e < extensions; e++)
        total += counts[e];
    uint8_t *q = cot_take(total * LABEL), *t = cot_take(total * LABEL);
    for (size_t e = 0; e < extensions; at += counts[e++]) {
        const size_t n = counts[e], bytes = sonic_cot_bytes(k, n);
        uint8_t *choice = cot_choices(n, e + 1), *message = cot_take(bytes);
        cot_extend(&s, q + at * LABEL, t + at * LABEL, message, choice, n);
        const sonic_aes_key *pi = sonic_cot_sender_pi(s.sender);
        cr_assert_arr_eq(pi, sonic_cot_receiver_pi(s.receiver), sizeof *pi);
        hash = XXH3_64bits_withSeed(message, bytes, hash);
        hash = XXH3_64bits_withSeed(q + at * LABEL, n * LABEL, hash);
        hash = XXH3_64bits_withSeed(pi, sizeof *pi, hash);
        free(choice);
        free(message);
    }
    require_distinct(q, total);
    free(q);
    free(t);
    cot_states_free(&s);
    return hash;
}

/* Every tier gives the same transcript on either side, which no change of the code alone may
 * change: a version that hashes, numbers or arranges otherwise cannot talk to this one.  For one k
 * every pair of tiers is run; the base transfers are what takes the time. */
Test(cot, every_pair_of_tiers)
{
    static const size_t counts[] = {1, 7, 8, 9, 127, 128, 129, 1000, 0, 8192 + 1001};
    static const uint64_t hash[SIZES] = {UINT64_C(0xebdd6b97a8802469), UINT64_C(0xb6721168b2e2a306),
                                         UINT64_C(0x607942ed46252a72),
                                         UINT64_C(0x1bb4b8073b27ecf8)};
    for (unsigned i = 0; i < SIZES; i++)
        for (unsigned s = 0; s < SONIC_TIERS; s++)
            for (unsigned r = 0; r < SONIC_TIERS; r++) {
                if (!(sonic_cpu_tiers() >> s & sonic_cpu_tiers() >> r & 1) ||
                    (s != r && sizes[i] != 4))
                    continue;
                const char *from = sonic_tier_name((sonic_tier)s);
                const char *to = sonic_tier_name((sonic_tier)r);
                const uint64_t got =
                    extend(sizes[i], from, to, counts, sizeof counts / sizeof *counts, 7);
                cr_assert(got == hash[i], "k = %u, %s to %s: another transcript, 0x%016llx",
                          sizes[i], from, to, (unsigned long long)got);
            }
}

/* At every tier; transcripts make it one at every pair of them.  The portable one gets fewer, and
 * under a sanitizer all do. */
Test(cot, a_million_at_once)
{
    static const size_t counts[] = {1 << 20, 3}, fewer[] = {1 << 15, 3};
    const bool slow = getenv("SANITIZED") != NULL;
    for (unsigned i = 0; i < SIZES; i++) {
        uint64_t hash = 0;
        for (unsigned tier = SONIC_TIER_REF; tier < SONIC_TIERS; tier++) {
            if (!(sonic_cpu_tiers() >> tier & 1))
                continue;
            const bool portable = tier == SONIC_TIER_REF;
            const char *name = sonic_tier_name((sonic_tier)tier);
            const uint64_t got =
                extend(sizes[i], name, name, portable || slow ? fewer : counts, 2, 9);
            cr_assert(!hash || got == hash, "k = %u, %s", sizes[i], name);
            hash = portable && !slow ? 0 : got;
        }
    }
}

Test(cot, keys_change_with_the_session)
{
    static const size_t count = 1000;
    for (unsigned i = 0; i < SIZES; i++)
        cr_assert_neq(extend(sizes[i], NULL, NULL, &count, 1, 20),
                      extend(sizes[i], NULL, NULL, &count, 1, 30));
}

/* Labels of calls that end on a block of AES are those of one call; any other call leaves out the
 * rest of the block. */
Test(cot, splits_give_what_one_call_gives)
{
    enum { N = 20000 };
    static const size_t calls[] = {128, 1, 0, 8192 + 128, 1024, 2000, 77, 256, 4000};
    for (unsigned i = 0; i < SIZES; i++) {
        uint8_t *q = cot_take(N * LABEL), *t = cot_take(N * LABEL), *choice = cot_choices(N, 1);
        uint8_t *part = cot_take(N * LABEL), *message = cot_take(sonic_cot_bytes(1, N));
        cot_states one, many;
        size_t at = 0;
        cot_states_make(&one, (sonic_cot_options){.k = sizes[i]}, NULL, NULL, 11);
        cot_states_make(&many, (sonic_cot_options){.k = sizes[i]}, NULL, NULL, 11);
        cot_extend(&one, q, t, message, choice, N);
        for (size_t c = 0; c < sizeof calls / sizeof *calls; c++) {
            cot_extend(&many, part, part + calls[c] * LABEL, message, choice + at / 8, calls[c]);
            cr_assert_arr_eq(part, q + at * LABEL, calls[c] * LABEL, "k = %u, call %zu", sizes[i],
                             c);
            cr_assert_arr_eq(part + calls[c] * LABEL, t + at * LABEL, calls[c] * LABEL);
            at += (calls[c] + 127) / 128 * 128;
        }
        cot_states_free(&one);
        cot_states_free(&many);
        free(q);
        free(t);
        free(choice);
        free(part);
        free(message);
    }
}

/* Labels are hashed under a key of its extension's own. */
Test(cot, public_keys_do_not_repeat)
{
    enum { CALLS = 300 };
    uint8_t seen[CALLS][LABEL], label[2 * LABEL], message[128], choice = 1;
    cot_states s;
    cot_states_make(&s, (sonic_cot_options){.k = 2}, NULL, NULL, 12);
    for (size_t e = 0; e < CALLS; e++) {
        cot_extend(&s, label, label + LABEL, message, &choice, e % 2);
        memcpy(seen[e], sonic_cot_sender_pi(s.sender)->round[0], LABEL);
    }
    require_distinct(seen[0], CALLS);
    cot_states_free(&s);
}

Test(cot, refuses_labels_without_a_size)
{
    cot_states s;
    sonic_error error;
    cot_states_make(&s, (sonic_cot_options){.k = 4}, NULL, NULL, 13);
    cr_assert_eq(sonic_cot_send(s.sender, NULL, NULL, SIZE_MAX / 16, &error), SONIC_E_SHAPE);
    cr_assert_eq(sonic_cot_receive(s.receiver, NULL, NULL, NULL, SIZE_MAX / 16, &error),
                 SONIC_E_SHAPE);
    cot_states_free(&s);
}

Test(cot, message_bytes)
{
    for (unsigned i = 0; i < SIZES; i++) {
        const size_t column = 128 / sizes[i];
        cr_assert_eq(sonic_cot_bytes(sizes[i], 0), 0);
        cr_assert_eq(sonic_cot_bytes(sizes[i], 1), column);
        cr_assert_eq(sonic_cot_bytes(sizes[i], 8), column);
        cr_assert_eq(sonic_cot_bytes(sizes[i], 9), 2 * column);
        cr_assert_eq(sonic_cot_bytes(sizes[i], (size_t)1 << 24), column << 21);
    }
}

/* A greeting of 32, the base transfers' 32 and 64 a bit, and trees, by hand. */
Test(cot, set_up_to_the_byte)
{
    static const uint64_t trees[2][SIZES] = {{0, 64 * 32, 32 * 96, 16 * 224},
                                             {0, 64 * 96, 32 * 160, 16 * 288}};
    for (unsigned checked = 0; checked < 2; checked++)
        for (unsigned i = 0; i < SIZES; i++) {
            const sonic_cot_options options = {.k = sizes[i], .checked = checked};
            const uint64_t received = 32 + 32 + trees[checked][i];
            cot_states s;
            cot_states_make(&s, options, NULL, NULL, 14);
            cr_assert_eq(sonic_cot_setup_sent(options), 32 + 128 * 64);
            cr_assert_eq(sonic_cot_setup_received(options), received);
            for (unsigned p = 0; p < 2; p++) {
                cr_assert_eq(s.traffic[p].sent, p ? received : 32 + 128 * 64);
                cr_assert_eq(s.traffic[p].received, p ? 32 + 128 * 64 : received);
                cr_assert_eq(s.traffic[p].rounds, !p && sizes[i] == 1 ? 1 : 2);
            }
            cot_states_free(&s);
        }
}

/* A server of a pair. */
typedef struct server {
    sonic_channel *channel;
    sonic_context *context;
    sonic_ot_pair pair;
    unsigned party, k;
    const uint8_t *delta;
    sonic_status status;
    sonic_error error;
} server;

static void *run_server(void *arg)
{
    server *s = arg;
    sonic_test_seed(40 + s->party);
    s->status =
        sonic_ot_pair_create(&s->pair, s->context, s->channel, s->party, s->k, s->delta, &s->error);
    return NULL;
}

Test(cot, pairs_work_in_both_directions)
{
    enum { N = 300 };
    static const uint64_t rounds[SIZES] = {3, 4, 4, 4};
    const uint8_t delta[LABEL] = {1, 2, 3};
    const sonic_context_options options = {.threads = 1};
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, &options, NULL), SONIC_OK);
    for (unsigned i = 0; i < SIZES; i++) {
        server s[2] = {{.party = 0, .k = sizes[i], .context = context},
                       {.party = 1, .k = sizes[i], .context = context, .delta = delta}};
        pthread_t thread;
        cr_assert_eq(sonic_channel_memory_pair(&s[0].channel, &s[1].channel, 1 << 12, 20000, NULL),
                     SONIC_OK);
        cr_assert_eq(pthread_create(&thread, NULL, run_server, &s[1]), 0);
        run_server(&s[0]);
        pthread_join(thread, NULL);
        cr_assert_arr_eq(s[1].pair.delta, delta, LABEL);
        cr_assert(!sodium_is_zero(s[0].pair.delta, LABEL), "no random delta");
        for (unsigned p = 0; p < 2; p++) {
            const sonic_traffic seen = sonic_channel_traffic(s[p].channel, SONIC_SETUP, SIZE_MAX);
            cr_assert_eq(s[p].status, SONIC_OK, "%s", s[p].error.text);
            cr_assert_eq(seen.sent, sonic_ot_pair_bytes(sizes[i]));
            cr_assert_eq(seen.received, sonic_ot_pair_bytes(sizes[i]));
            cr_assert_eq(seen.rounds, rounds[i]);
            cr_assert_eq(sonic_ot_pair_rounds(sizes[i]), rounds[i]);
        }
        for (unsigned p = 0; p < 2; p++) {
            cot_states both = {.options = {{.k = sizes[i]}},
                               .sender = s[p].pair.sender,
                               .receiver = s[!p].pair.receiver};
            uint8_t *choice = cot_choices(N, p), q[N * LABEL], t[N * LABEL], message[128 * N];
            memcpy(both.delta, s[p].pair.delta, LABEL);
            cot_extend(&both, q, t, message, choice, N);
            free(choice);
        }
        for (unsigned p = 0; p < 2; p++) {
            sonic_ot_pair_free(&s[p].pair);
            sonic_ot_pair_free(&s[p].pair);
            sonic_channel_free(s[p].channel);
        }
    }
    sonic_context_free(context);
}
