/* Material made by oblivious transfers: both servers' files and streams satisfy what the dealer's
 * do, bit for bit, and cost what the closed form says. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "proto/offline/ot_relu.h"
#include "proto/share/file.h"
#include "proto/share/spill.h"
#include "tests/dealt.h"
#include "tests/elements.h"
#include "tests/random_test.h"

enum { AT = 7, SLOT = 9, NODE = 5 };

/* One making by both servers. */
typedef struct making {
    sonic_ring ring;
    bool relu; /* or a truncation */
    sonic_relu_call call;
    unsigned k; /* of the session, as all that follows */
    sonic_material streams[2];
    uint8_t *kept[2];
    sonic_traffic traffic[2]; /* of all makings up to this one */
} making;

/* Makings with one pair. */
enum { MAKINGS = 40 };
typedef struct session {
    const sonic_context *context[2];
    unsigned k;
    unsigned quits; /* the party, plus one, that leaves when the pair is made */
    making making[MAKINGS];
    size_t makings;
} session;

static making *add(session *s, sonic_ring ring, bool relu, size_t n, unsigned shift,
                   sonic_truncation truncation)
{
    making *m = &s->making[s->makings];
    cr_assert_lt(s->makings, MAKINGS);
    *m = (making){.ring = ring,
                  .relu = relu,
                  .k = s->k,
                  .call = {.n = n, .shift = shift, .truncation = truncation}};
    m->call.index = (uint32_t)s->makings++;
    return m;
}

static sonic_ot_cost cost_of(const making *m)
{
    return m->relu ? sonic_ot_relu_cost(m->k, m->ring, m->call.n, m->call.shift, m->call.truncation)
                   : sonic_ot_trunc_cost(m->k, m->ring, m->call.n, m->call.shift);
}

static void read_kept(making *m, unsigned party, int file)
{
    sonic_error error;
    const size_t bytes = (size_t)cost_of(m).kept_bytes;
    cr_assert_leq(lseek(file, 0, SEEK_END), (off_t)(AT + bytes), "more was kept");
    m->kept[party] = malloc(bytes + 1);
    cr_assert_eq(sonic_spill_read(file, AT, m->kept[party], bytes, &error), SONIC_OK, "%s",
                 error.text);
}

static sonic_status make(making *m, sonic_ot_pair *pair, uint8_t number, sonic_error *error)
{
    const unsigned party = pair->party;
    const uint8_t seed[SONIC_SEED_BYTES] = {(uint8_t)party, number};
    int file;
    cr_assert_eq(sonic_anonymous_file(&file, NULL, error), SONIC_OK, "%s", error->text);
    m->streams[party] = (sonic_material){.context = pair->context, .party = party};
    sonic_material_key(pair->context, &m->streams[party].key, seed, SLOT, NODE);
    sonic_status status =
        m->relu ? sonic_ot_relu_make(pair, &m->streams[party], m->ring, &m->call, file, AT, error)
                : sonic_ot_trunc_make(pair, &m->streams[party], m->ring, m->call.shift, m->call.n,
                                      file, AT, error);
    m->traffic[party] = sonic_channel_traffic(pair->channel, SONIC_OFFLINE, 0);
    if (!status)
        read_kept(m, party, file);
    close(file);
    return status;
}

static sonic_status run_party(void *arg, unsigned party, sonic_channel *channel, sonic_error *error)
{
    session *s = arg;
    sonic_ot_pair pair;
    sonic_test_seed(77 + party);
    sonic_status status =
        sonic_ot_pair_create(&pair, s->context[party], channel, party, s->k, NULL, error);
    cr_assert_eq(status, SONIC_OK, "%s", error->text);
    if (s->quits == party + 1)
        status = SONIC_E_CLOSED;
    sonic_channel_mark(channel, SONIC_OFFLINE, 0);
    for (size_t i = 0; i < s->makings && !status; i++)
        status = make(&s->making[i], &pair, (uint8_t)i, error);
    sonic_ot_pair_free(&pair);
    return status;
}

/* Own randomness of one server, or of both joined (party 2). */
static uint8_t *stream_bits(const making *m, unsigned party, uint64_t stream, uint64_t offset,
                            size_t bits)
{
    uint8_t *sum = calloc(bits + 1, 1), *share = malloc(bits / 8 + 1);
    for (unsigned p = 0; p < 2; p++) {
        if (party != 2 && p != party)
            continue;
        sonic_material_random(&m->streams[p], stream, offset, share, (bits + 7) / 8);
        for (size_t i = 0; i < bits; i++)
            sum[i] = (uint8_t)(sum[i] ^ (share[i / 8] >> i % 8 & 1));
    }
    free(share);
    return sum;
}

/* Both servers' kept bits at a place, joined. */
static void check_product(const making *m, uint8_t *a, const uint8_t *b, uint64_t at, size_t bits,
                          const char *what)
{
    for (size_t i = 0; i < bits; i++) {
        const unsigned share = m->kept[0][at + i / 8] ^ m->kept[1][at + i / 8];
        cr_assert_eq(a[i] & b[i], share >> i % 8 & 1, "%s: bit %zu of %zu", what, i, bits);
    }
}

static uint64_t sum_at(const making *m, uint64_t at, size_t i)
{
    const size_t size = (size_t)m->ring / 8;
    return element_reduce((unsigned __int128)element_get(m->kept[0] + at, i, size) +
                              element_get(m->kept[1] + at, i, size),
                          size);
}

static uint64_t field_sum(const making *m, uint64_t at, size_t i, unsigned from)
{
    const size_t size = (size_t)m->ring / 8;
    const uint64_t field = ((uint64_t)1 << m->call.shift) - 1;
    return ((element_get(m->kept[0] + at, i, size) >> from) +
            (element_get(m->kept[1] + at, i, size) >> from)) &
           field;
}

static bool is_stochastic(const making *m)
{
    return m->call.shift > 0 && (!m->relu || m->call.truncation == SONIC_TRUNC_STOCHASTIC);
}

/* What both servers' shares of u are of a block's elements. */
static uint64_t *open_u(const making *m, uint64_t stream, size_t first, size_t rows)
{
    const size_t size = (size_t)m->ring / 8;
    uint64_t *u = calloc(rows + 1, 8);
    if (is_stochastic(m)) {
        const uint64_t at = cost_of(m).kept_bytes - m->call.n * size;
        for (size_t i = 0; i < rows; i++)
            u[i] = sum_at(m, at, first + i);
        return u;
    }
    uint8_t *share = malloc(rows * size);
    for (unsigned p = 0; p < 2; p++) {
        sonic_material_random(&m->streams[p], stream, first * size, share, rows * size);
        for (size_t i = 0; i < rows; i++)
            u[i] = element_reduce((unsigned __int128)u[i] + element_get(share, i, size), size);
    }
    free(share);
    return u;
}

static void check_truncation(const making *m, const uint64_t *u, uint64_t high_at, uint64_t msb_at,
                             size_t rows)
{
    const unsigned l = (unsigned)m->ring, shift = m->call.shift;
    for (size_t i = 0; i < rows; i++) {
        cr_assert_eq(
            element_reduce((unsigned __int128)sum_at(m, high_at, i) + (u[i] >> shift), l / 8), 0,
            "u >> %u, element %zu of %zu", shift, i, rows);
        cr_assert_eq(field_sum(m, msb_at, i, 0), u[i] >> (l - 1), "msb(u), element %zu of %zu", i,
                     rows);
    }
}

static void check_select(const making *m, size_t block, size_t rows, uint64_t at)
{
    const unsigned l = (unsigned)m->ring, log = l == 64 ? 6 : 5, shift = m->call.shift;
    const size_t bytes = rows * l / 8, first = block * 4096;
    const uint64_t stream = (uint64_t)m->call.index << 16 | (uint64_t)(log + 1) << 8;
    uint8_t *r = stream_bits(m, 2, stream, first / 8, rows);
    uint64_t *u = open_u(m, stream | 1, first, rows);
    for (size_t i = 0; i < rows; i++)
        cr_assert_eq(sum_at(m, at, i), r[i], "r, element %zu of %zu", i, rows);
    if (!is_stochastic(m)) {
        for (size_t i = 0; i < rows; i++)
            cr_assert_eq(sum_at(m, at + bytes, i), r[i] ? u[i] : 0, "r u, element %zu", i);
    } else {
        check_truncation(m, u, at + bytes, at + 3 * bytes, rows);
        for (size_t i = 0; i < rows; i++) {
            const uint64_t high = r[i] ? u[i] >> shift : 0, msb = r[i] ? u[i] >> (l - 1) : 0;
            cr_assert_eq(
                element_reduce((unsigned __int128)sum_at(m, at + 2 * bytes, i) + high, l / 8), 0,
                "r (u >> %u), element %zu of %zu", shift, i, rows);
            cr_assert_eq(field_sum(m, at + 3 * bytes, i, shift), msb, "r msb(u), element %zu", i);
        }
    }
    free(r);
    free(u);
}

/* A block's piece of a round, at `at` of what is kept; returns its bytes. */
static size_t check_round(const making *m, unsigned round, size_t block, size_t rows, uint64_t at)
{
    const unsigned l = (unsigned)m->ring, log = l == 64 ? 6 : 5;
    const uint64_t whole = block * 512, s = (uint64_t)m->call.index << 16 | (uint64_t)round << 8;
    const size_t pairs = round == 0 ? l - 1 : round == 1 ? l / 2 - 1 : l >> round;
    const size_t full = round == 0 ? 0 : round == 1 ? pairs : pairs - 1;
    const size_t bytes = (pairs * rows + 7) / 8;
    if (round > log) {
        check_select(m, block, rows, at);
        return rows * l / 8 * (is_stochastic(m) ? 4 : 2);
    }
    uint8_t *a = stream_bits(m, round == 0 ? 0 : 2, s, whole * pairs, pairs * rows);
    uint8_t *b = round == 0 ? stream_bits(m, 1, s, whole * pairs, pairs * rows)
                            : stream_bits(m, 2, s | 1, whole * pairs, pairs * rows);
    uint8_t *omega = stream_bits(m, 2, s | 2, whole * full, full * rows);
    check_product(m, a, b, at, pairs * rows, round == 0 ? "r s" : "mu nu");
    check_product(m, a, omega, at + bytes, full * rows, "mu omega");
    free(a);
    free(b);
    free(omega);
    return bytes + (full * rows + 7) / 8;
}

static void check_relu(const making *m)
{
    uint64_t at = 0;
    for (unsigned round = 0; round <= (m->ring == SONIC_RING_64 ? 7 : 6); round++)
        for (size_t done = 0; done < m->call.n; done += 4096)
            at += check_round(m, round, done / 4096,
                              m->call.n - done < 4096 ? m->call.n - done : 4096, at);
    cr_assert_eq(at + (is_stochastic(m) ? m->call.n * (size_t)m->ring / 8 : 0),
                 cost_of(m).kept_bytes);
}

static void check_trunc(const making *m)
{
    const size_t size = (size_t)m->ring / 8;
    for (size_t done = 0; done < m->call.n; done += 4096) {
        const size_t rows = m->call.n - done < 4096 ? m->call.n - done : 4096;
        uint64_t *u = open_u(m, 0, done, rows);
        check_truncation(m, u, 2 * done * size, (2 * done + rows) * size, rows);
        free(u);
    }
}

static void check_traffic(const making *m, const sonic_ot_cost *total)
{
    for (unsigned p = 0; p < 2; p++) {
        cr_assert_eq(m->traffic[p].sent, total->bytes, "party %u sent %llu bytes, not %llu", p,
                     (unsigned long long)m->traffic[p].sent, (unsigned long long)total->bytes);
        cr_assert_eq(m->traffic[p].received, total->bytes);
        cr_assert_eq(m->traffic[p].rounds, total->rounds, "%llu rounds, not %llu",
                     (unsigned long long)m->traffic[p].rounds, (unsigned long long)total->rounds);
    }
}

/* Runs all makings and checks each of them.  The hash of all that was sent and is kept. */
static uint64_t check_session(session *s)
{
    test_outcome outcome = {0};
    uint64_t hash = 0;
    sonic_ot_cost total = {0};
    test_run(&outcome, run_party, s);
    for (unsigned p = 0; p < 2; p++)
        cr_assert_eq(outcome.status[p], SONIC_OK, "%s", outcome.error[p].text);
    for (making *m = s->making; m < s->making + s->makings; m++) {
        const sonic_ot_cost cost = cost_of(m);
        total.bytes += cost.bytes;
        total.rounds += cost.rounds;
        check_traffic(m, &total);
        if (m->relu)
            check_relu(m);
        else
            check_trunc(m);
        for (unsigned p = 0; p < 2; p++) {
            hash = XXH3_64bits_withSeed(m->kept[p], (size_t)cost.kept_bytes, hash);
            free(m->kept[p]);
        }
    }
    return XXH3_64bits_withSeed(&outcome.wire[0].hash, 8, hash) ^ outcome.wire[1].hash;
}

static void check_sizes(sonic_ring ring)
{
    static const size_t size[] = {0, 1, 63, 333, 4095, 4096, 4097};
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    session s = {.context = {context, context}, .k = 4};
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        add(&s, ring, true, size[i], 0, SONIC_TRUNC_STOCHASTIC);
        add(&s, ring, true, size[i], 11, SONIC_TRUNC_LOCAL);
        add(&s, ring, true, size[i], 1 + (unsigned)i, SONIC_TRUNC_STOCHASTIC);
        add(&s, ring, false, size[i], 9 + (unsigned)i, SONIC_TRUNC_STOCHASTIC);
    }
    check_session(&s);
    sonic_context_free(context);
}

Test(ot_relu, both_files_satisfy_the_relations_in_32_bits)
{
    check_sizes(SONIC_RING_32);
}

Test(ot_relu, both_files_satisfy_the_relations_in_64_bits)
{
    check_sizes(SONIC_RING_64);
}

static void check_shifts(bool relu)
{
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    for (unsigned l = 32; l <= 64; l += 32) {
        session s = {.context = {context, context}, .k = 2};
        for (unsigned shift = 1; shift <= l / 2; shift++)
            add(&s, (sonic_ring)l, relu, 40, shift, SONIC_TRUNC_STOCHASTIC);
        check_session(&s);
    }
    sonic_context_free(context);
}

Test(ot_relu, every_shift)
{
    check_shifts(true);
    check_shifts(false);
}

Test(ot_relu, more_than_a_group_and_every_k)
{
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    for (unsigned k = 1; k <= 8; k *= 2) {
        const size_t n = k == 4 ? SONIC_OT_GROUP + 4096 + 100 : 500;
        session s = {.context = {context, context}, .k = k};
        add(&s, SONIC_RING_32, true, n, 12, SONIC_TRUNC_STOCHASTIC);
        add(&s, SONIC_RING_32, false, n, 12, SONIC_TRUNC_STOCHASTIC);
        check_session(&s);
    }
    sonic_context_free(context);
}

/* The same bytes at each, and such as no change of the code alone may change: relations hold for
 * pads that are zeros or serve twice, too, if both servers have the same. */
Test(ot_relu, all_pairs_of_tiers)
{
    static const uint64_t wanted = UINT64_C(0x4081520c15aaf70e);
    sonic_context *context[SONIC_TIERS];
    const size_t tiers = test_contexts(context);
    for (size_t i = 0; i < tiers * tiers; i += test_next_pair(tiers)) {
        session s = {.context = {context[i / tiers], context[i % tiers]}, .k = 4};
        add(&s, SONIC_RING_32, true, 300, 13, SONIC_TRUNC_STOCHASTIC);
        add(&s, SONIC_RING_64, true, 300, 13, SONIC_TRUNC_STOCHASTIC);
        add(&s, SONIC_RING_64, false, 300, 13, SONIC_TRUNC_STOCHASTIC);
        add(&s, SONIC_RING_32, true, 300, 13, SONIC_TRUNC_LOCAL);
        const uint64_t got = check_session(&s);
        cr_assert(got == wanted, "tiers %s and %s: other bytes, 0x%016llx",
                  sonic_context_tier(s.context[0]), sonic_context_tier(s.context[1]),
                  (unsigned long long)got);
    }
    for (size_t i = 0; i < tiers; i++)
        sonic_context_free(context[i]);
}

Test(ot_relu, a_peer_that_leaves_is_an_error)
{
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    for (unsigned relu = 0; relu < 2; relu++) {
        session s = {.context = {context, context}, .k = 4, .quits = 2};
        test_outcome outcome = {0};
        add(&s, SONIC_RING_32, relu, 100, 3, SONIC_TRUNC_STOCHASTIC);
        test_run(&outcome, run_party, &s);
        cr_assert_eq(outcome.status[0], SONIC_E_CLOSED);
        cr_assert_str_eq(outcome.error[0].text, "server 1 closed the connection");
    }
    sonic_context_free(context);
}
