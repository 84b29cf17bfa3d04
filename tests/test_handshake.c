/* The handshake: its bytes, every difference between two servers, and garbage. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/channel/tcp.h"
#include "proto/session/handshake.h"
#include "tests/build_model.h"
#include "tests/two_party.h"

static sonic_hello sample(void)
{
    sonic_hello hello = {.party = 1, .ring = 64, .batch = 0x01020304, .next = 7, .tier = "avx2"};
    memset(hello.model, 0x11, sizeof hello.model);
    memset(hello.digest, 0x22, sizeof hello.digest);
    memset(hello.pair, 0x33, sizeof hello.pair);
    return hello;
}

Test(handshake, the_message_is_what_the_contract_says)
{
    static const uint8_t head[32] = {108, 0, 0, 0, 's', 'o', 'n', 'i', 'c', 'n', 'n',
                                     0,   1, 0, 0, 0,   1,   0,   0,   0,   64,  0,
                                     0,   0, 4, 3, 2,   1,   7,   0,   0,   0};
    uint8_t expected[112] = {0}, out[112];
    memcpy(expected, head, 32);
    memset(expected + 32, 0x11, 16);
    memset(expected + 48, 0x22, 32);
    memset(expected + 80, 0x33, 16);
    memcpy(expected + 96, "avx2", 4);
    sonic_hello hello = sample(), back = {0};
    cr_assert_eq(SONIC_HELLO_BYTES, 112);
    sonic_hello_write(out, &hello);
    cr_expect_arr_eq(out, expected, 112);
    cr_assert_eq(sonic_hello_read(&back, out, "server 1", NULL), SONIC_OK);
    cr_expect(back.party == 1 && back.ring == 64 && back.batch == 0x01020304 && back.next == 7);
    cr_expect(!memcmp(&back, &hello, sizeof hello));
}

/* A message with one byte changed, or as it is, read. */
static sonic_status read_changed(size_t at, uint8_t value, sonic_error *error)
{
    uint8_t bytes[SONIC_HELLO_BYTES];
    sonic_hello hello = sample();
    sonic_hello_write(bytes, &hello);
    bytes[at] = value;
    return sonic_hello_read(&hello, bytes, "server 1", error);
}

static void expect_read(size_t at, uint8_t value, sonic_status status, const char *sentence)
{
    sonic_error error = {0};
    cr_expect_eq(read_changed(at, value, &error), status, "byte %zu = %u", at, value);
    cr_expect_str_eq(error.text, sentence, "byte %zu: '%s'", at, error.text);
}

Test(handshake, garbage_is_named)
{
    expect_read(4, 'S', SONIC_E_PEER, "server 1 does not speak the protocol of sonicnn");
    expect_read(11, 1, SONIC_E_PEER, "server 1 does not speak the protocol of sonicnn");
    expect_read(0, 107, SONIC_E_PEER, "server 1 does not speak the protocol of sonicnn");
    expect_read(3, 1, SONIC_E_PEER, "server 1 does not speak the protocol of sonicnn");
    expect_read(0, 109, SONIC_E_PEER, "server 1 sent a handshake of 109 bytes instead of 108");
    expect_read(12, 2, SONIC_E_MISMATCH, "server 1 speaks version 2 of the protocol, here 1");
    expect_read(16, 2, SONIC_E_PEER, "server 1 says that it is party 2");
    expect_read(20, 33, SONIC_E_PEER, "server 1 says that its ring has 33 bits");
    expect_read(99, 0, SONIC_OK, "");
    expect_read(96, 0, SONIC_E_PEER, "server 1 sent no valid name of its tier");
    expect_read(96, '\n', SONIC_E_PEER, "server 1 sent no valid name of its tier");
    expect_read(96, 0xff, SONIC_E_PEER, "server 1 sent no valid name of its tier");
    expect_read(111, 'x', SONIC_E_PEER, "server 1 sent no valid name of its tier");
    uint8_t bytes[SONIC_HELLO_BYTES];
    sonic_hello hello = sample();
    hello.batch = 0;
    sonic_hello_write(bytes, &hello);
    cr_expect_eq(sonic_hello_read(&hello, bytes, "server 1", NULL), SONIC_E_PEER);
    memset(bytes + 96, 'a', SONIC_HELLO_TIER); /* no end */
    bytes[24] = 1;
    cr_expect_eq(sonic_hello_read(&hello, bytes, "server 1", NULL), SONIC_E_PEER);
}

/* Another version, or something else altogether, at the other end of the channel. */
static void expect_stranger(const void *bytes, size_t n, bool closes, sonic_status status,
                            const char *sentence)
{
    sonic_channel *a, *b;
    sonic_error error = {0};
    sonic_hello mine = sample(), theirs;
    cr_assert_eq(sonic_channel_memory_pair(&a, &b, 1 << 12, 100, &error), SONIC_OK);
    cr_assert_eq(sonic_channel_send(b, bytes, n, &error), SONIC_OK);
    if (closes)
        sonic_channel_free(b);
    sonic_channel_rename(a, "server 0");
    cr_expect_eq(sonic_handshake(a, &mine, &theirs, &error), status, "%s", error.text);
    cr_expect_str_eq(error.text, sentence, "'%s'", error.text);
    sonic_channel_free(a);
    if (!closes)
        sonic_channel_free(b);
}

Test(handshake, strangers)
{
    uint8_t bytes[200] = {0};
    sonic_hello hello = sample();
    hello.party = 0;
    sonic_hello_write(bytes, &hello);
    expect_stranger(bytes, 112, false, SONIC_OK, "");
    expect_stranger(bytes, 111, false, SONIC_E_TIMEOUT, "server 0 sent nothing for 100 ms");
    expect_stranger(bytes, 0, false, SONIC_E_TIMEOUT, "server 0 sent nothing for 100 ms");
    expect_stranger(bytes, 111, true, SONIC_E_CLOSED, "server 0 closed the connection");
    bytes[0] = 150;
    bytes[12] = 9;
    expect_stranger(bytes, 154, false, SONIC_E_MISMATCH,
                    "server 0 speaks version 9 of the protocol, here 1");
    char http[200] = "GET / HTTP/1.1\r\n";
    memset(http + 16, 'x', sizeof http - 16);
    expect_stranger(http, sizeof http, false, SONIC_E_PEER,
                    "server 0 does not speak the protocol of sonicnn");
}

/* A net of a fully connected layer and a ReLU. */
static void make(two_party *both, sonic_ring ring, uint32_t outputs, uint32_t batch, uint32_t count)
{
    uint64_t state = 1;
    sonic_model model;
    build_begin(&model, ring, SONIC_TRUNC_STOCHASTIC, (sonic_shape){1, {8}});
    build_add(&model, SONIC_OP_CONV, "fc", 1, 0)->shape.dim[0] = outputs;
    build_finish(&model, &state, 9);
    build_add(&model, SONIC_OP_RELU, "relu", 1, 1);
    build_finish(&model, &state, 0);
    two_party_create(both, &model, batch, count, 31);
}

/* Gives server 1 of one pair of servers the share, the pool and the methods of another's. */
static void exchange(two_party *a, two_party *b)
{
    sonic_model_share share = a->share[1];
    a->share[1] = b->share[1];
    b->share[1] = share;
    char path[sizeof a->path[1]];
    memcpy(path, a->path[1], sizeof path);
    memcpy(a->path[1], b->path[1], sizeof path);
    memcpy(b->path[1], path, sizeof path);
    sonic_methods methods = a->server[1].methods;
    a->server[1].methods = b->server[1].methods;
    b->server[1].methods = methods;
}

/* Server 0 of `a` meets server 1 of `b`: both say so. */
static void expect_mismatch(two_party *a, two_party *b, const char *at0, const char *at1)
{
    uint64_t x[64] = {0}, y[64];
    const char *sentence[] = {at0, at1};
    exchange(a, b);
    cr_expect_eq(two_party_run(a, 1, x, y), SONIC_E_MISMATCH);
    for (unsigned i = 0; i < 2; i++) {
        const two_party_server *s = &a->server[i];
        cr_expect_eq(s->status, SONIC_E_MISMATCH);
        cr_expect_eq(strncmp(s->error.text, sentence[i], strlen(sentence[i])), 0, "server %u: '%s'",
                     i, s->error.text);
        cr_expect(s->sent == SONIC_HELLO_BYTES && s->next == 0);
    }
    exchange(a, b);
    two_party_free(b);
}

Test(handshake, servers_of_different_things_refuse_each_other)
{
    two_party a, b;
    make(&a, SONIC_RING_32, 4, 2, 1);
    make(&b, SONIC_RING_64, 4, 2, 1);
    expect_mismatch(&a, &b, "server 1 has ring 64, here 32", "server 0 has ring 32, here 64");
    make(&b, SONIC_RING_32, 4, 2, 1);
    two_party_deal(&b, 1, 0x77);
    expect_mismatch(&a, &b, "server 1 has another model (id 77777777..., here 5a5a5a5a...)",
                    "server 0 has another model (id 5a5a5a5a..., here 77777777...)");
    make(&b, SONIC_RING_32, 4, 3, 1);
    expect_mismatch(&a, &b, "server 1 plans batches of 3, here 2",
                    "server 0 plans batches of 2, here 3");
    make(&b, SONIC_RING_32, 5, 2, 1);
    expect_mismatch(&a, &b, "server 1 plans another graph (digest ",
                    "server 0 plans another graph (digest ");
    make(&b, SONIC_RING_32, 4, 2, 1);
    two_party_use(&b, (sonic_methods){.relu = SONIC_RELU_GC}, 1);
    expect_mismatch(&a, &b, "server 1 runs --relu gc, here ppa",
                    "server 0 runs --relu ppa, here gc");
    make(&b, SONIC_RING_32, 4, 2, 1);
    two_party_use(&b, (sonic_methods){.source = SONIC_SOURCE_OT2}, 1);
    expect_mismatch(&a, &b, "server 1 runs --offline ot2, here dealer",
                    "server 0 runs --offline dealer, here ot2");
    make(&b, SONIC_RING_32, 4, 2, 1);
    two_party_use(&b, (sonic_methods){.source = SONIC_SOURCE_OT4}, 1);
    two_party_use(&a, (sonic_methods){.source = SONIC_SOURCE_OT8}, 1);
    expect_mismatch(&a, &b, "server 1 runs --offline ot4, here ot8",
                    "server 0 runs --offline ot8, here ot4");
    two_party_use(&a, (sonic_methods){.source = SONIC_SOURCE_DEALER}, 1);
    make(&b, SONIC_RING_32, 5, 2, 1);
    two_party_use(&b, (sonic_methods){.relu = SONIC_RELU_GC}, 1);
    expect_mismatch(&a, &b, "server 1 plans another graph (digest ",
                    "server 0 plans another graph (digest ");
    make(&b, SONIC_RING_32, 4, 2, 1);
    two_party_deal(&b, 1, 0x5a);
    expect_mismatch(&a, &b, "server 1 has another pool (pair ", "server 0 has another pool (pair ");
    make(&b, SONIC_RING_32, 4, 2, 1);
    sonic_model_share swapped = b.share[0];
    b.share[0] = b.share[1];
    b.share[1] = swapped;
    char path[sizeof b.path[0]];
    memcpy(path, b.path[0], sizeof path);
    memcpy(b.path[0], b.path[1], sizeof path);
    memcpy(b.path[1], path, sizeof path);
    expect_mismatch(&a, &b, "server 1 runs the same party 0", "server 0 runs the same party 0");
    two_party_free(&a);
}

/* One server's own files contradict each other: it says so and sends nothing. */
static void expect_own(two_party *a, sonic_status status, const char *sentence)
{
    uint64_t x[64] = {0}, y[64];
    cr_expect_neq(two_party_run(a, 1, x, y), SONIC_OK);
    cr_expect_eq(a->server[1].status, status);
    cr_expect(strstr(a->server[1].error.text, sentence), "'%s'", a->server[1].error.text);
    cr_expect(strstr(a->server[1].error.text, a->path[1]), "'%s'", a->server[1].error.text);
    cr_expect_eq(a->server[1].sent, 0);
    cr_expect_eq(a->server[0].status, SONIC_E_CLOSED, "%s", a->server[0].error.text);
}

Test(handshake, a_server_checks_its_own_files_first)
{
    two_party a, b;
    char path[sizeof a.path[1]];
    make(&a, SONIC_RING_32, 4, 2, 2);
    memcpy(path, a.path[1], sizeof path);
    memset(a.share[1].id, 1, sizeof a.share[1].id);
    expect_own(&a, SONIC_E_MISMATCH, "was dealt for another model");
    memset(a.share[1].id, 0x5a, sizeof a.share[1].id);

    a.share[1].graph.ring = SONIC_RING_64;
    expect_own(&a, SONIC_E_MISMATCH, "has ring 32, the model 64");
    a.share[1].graph.ring = SONIC_RING_32;

    a.share[1].party = 0;
    expect_own(&a, SONIC_E_MISMATCH, "is party 1's, the model share is party 0's");
    a.share[1].party = 1;

    make(&b, SONIC_RING_32, 5, 2, 2);
    memcpy(a.path[1], b.path[1], sizeof path);
    expect_own(&a, SONIC_E_MISMATCH, "was dealt for another graph");
    memcpy(a.path[1], path, sizeof path);
    two_party_free(&b);

    for (unsigned relu = 0; relu < SONIC_RELUS; relu++) {
        const sonic_relu other = (sonic_relu)((relu + 1) % SONIC_RELUS);
        char sentence[80];
        two_party_use(&a, (sonic_methods){.relu = (sonic_relu)relu}, 2);
        a.server[1].methods.relu = other;
        (void)snprintf(sentence, sizeof sentence,
                       "was dealt for --relu %s, this server runs --relu %s",
                       sonic_relu_name((sonic_relu)relu), sonic_relu_name(other));
        expect_own(&a, SONIC_E_MISMATCH, sentence);
    }
    two_party_use(&a, (sonic_methods){.relu = SONIC_RELU_PPA}, 2);

    void *w = a.share[1].w[1];
    a.share[1].w[1] = NULL;
    uint64_t x[64] = {0}, y[64];
    cr_expect_neq(two_party_run(&a, 1, x, y), SONIC_OK);
    cr_expect_str_eq(a.server[1].error.text, "the model share has no constants for layer 'fc'");
    a.share[1].w[1] = w;

    cr_expect_eq(two_party_run(&a, 2, x, y), SONIC_OK, "%s", a.server[1].error.text);
    two_party_free(&a);
}

/* Damage on the way: in the handshake it is noticed, and behind it nothing hangs or crashes. */
Test(handshake, a_flipped_bit_anywhere)
{
    two_party both;
    uint64_t x[64] = {0}, y[64];
    make(&both, SONIC_RING_32, 4, 2, 100);
    for (uint64_t k = 0; k < 500; k += k < SONIC_HELLO_BYTES ? 1 : 13) {
        both.server[0].fault = TWO_PARTY_FLIP;
        both.server[0].after = k;
        (void)two_party_run(&both, 1, x, y);
        sonic_status status = both.server[1].status;
        bool next = k >= 28 && k < 32, tier = k >= 96 && k < SONIC_HELLO_BYTES;
        if (k < SONIC_HELLO_BYTES && !next && !tier)
            cr_expect(status == SONIC_E_PEER || status == SONIC_E_MISMATCH, "byte %llu: %d",
                      (long long)k, status);
        else if (k >= SONIC_HELLO_BYTES)
            cr_expect(status == SONIC_OK || status == SONIC_E_USED_UP, "byte %llu: %s",
                      (long long)k, both.server[1].error.text);
    }
    two_party_free(&both);
}

/* What a session of a share without a pool, or with one, says to options. */
static void expect_options(const two_party *a, sonic_session_options options, const char *sentence)
{
    sonic_error error = {0};
    cr_expect_eq(sonic_session_check(&a->share[0], &options, &error), SONIC_E_ARGUMENT);
    cr_expect(strstr(error.text, sentence), "'%s', not '%s'", error.text, sentence);
}

Test(handshake, a_pool_comes_from_a_dealer_and_a_batch_without)
{
    const sonic_methods dealer = {SONIC_RELU_PPA, SONIC_SOURCE_DEALER};
    const sonic_methods ot = {SONIC_RELU_PPA, SONIC_SOURCE_OT1};
    two_party a;
    sonic_pool *pool;
    sonic_error error = {0};
    make(&a, SONIC_RING_32, 4, 2, 2);
    cr_assert_eq(sonic_pool_open(&pool, a.path[0], &error), SONIC_OK, "%s", error.text);
    expect_options(&a, (sonic_session_options){dealer, NULL, 0},
                   "with --offline dealer a server needs a pool");
    expect_options(&a, (sonic_session_options){dealer, pool, 2},
                   "with --offline dealer the pool's batch counts, and 2 was given");
    expect_options(&a, (sonic_session_options){ot, pool, 2},
                   "with --offline ot1 a server takes no pool, and was given ");
    expect_options(&a, (sonic_session_options){ot, NULL, 0},
                   "with --offline ot1 a server needs a batch of at least one image");
    const sonic_session_options good = {ot, NULL, 2};
    cr_expect_eq(sonic_session_check(&a.share[0], &good, &error), SONIC_OK, "%s", error.text);
    sonic_pool_free(pool);
    two_party_free(&a);
}
