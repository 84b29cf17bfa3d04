/* Sessions: the bytes on the wire, peers that fail in the middle, pools, and what is held in
 * memory. */
#include <criterion/criterion.h>

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/cpu.h"
#include "proto/session/handshake.h"
#include "proto/session/state.h"
#include "tests/build_model.h"
#include "tests/oracle.h"
#include "tests/two_party.h"

/* Every kind of layer that talks, in a few bytes: a convolution, max-pool, ReLU, truncation, and a
 * fully connected layer. */
static void small_net(sonic_model *model, sonic_ring ring, sonic_truncation truncation)
{
    uint64_t state = 11;
    build_begin(model, ring, truncation, (sonic_shape){3, {2, 4, 4}});
    sonic_node *n = build_add(model, SONIC_OP_CONV, "conv", 1, 0);
    n->shape.dim[0] = 3;
    n->window = (sonic_window){3, 3, 1, 1, 1, 1, 1, 1, 1, 1};
    build_finish(model, &state, 50);
    build_add(model, SONIC_OP_MAX_POOL, "max", 1, 1)->window =
        (sonic_window){2, 2, 2, 2, 1, 1, 0, 0, 0, 0};
    build_finish(model, &state, 0);
    build_add(model, SONIC_OP_RELU, "relu", 1, 2)->shift = 4;
    build_finish(model, &state, 0);
    build_add(model, SONIC_OP_TRUNC, "trunc", 1, 3)->shift = 2;
    build_finish(model, &state, 0);
    build_add(model, SONIC_OP_RESHAPE, "flat", 1, 4)->shape = (sonic_shape){1, {12}};
    build_finish(model, &state, 0);
    build_add(model, SONIC_OP_CONV, "fc", 1, 5)->shape.dim[0] = 4;
    build_finish(model, &state, 50);
}

struct io {
    void *x, *y;
};

static struct io make_io(const two_party *both, uint32_t inferences)
{
    const sonic_graph *graph = &both->model.graph;
    uint64_t state = 12;
    size_t in = two_party_elements(both, 0) * inferences;
    struct io io = {calloc(in, 8),
                    calloc(two_party_elements(both, graph->nodes - 1) * inferences, 8)};
    cr_assert(io.x && io.y);
    build_draw_elements(graph->ring, io.x, in, 100, &state);
    return io;
}

static void free_io(struct io io)
{
    free(io.x);
    free(io.y);
}

/* The last inference's result against the oracle on the tensor before the last layer, which is
 * exact. */
static void expect_result(const two_party *both)
{
    const sonic_graph *graph = &both->model.graph;
    uint32_t last = graph->nodes - 1;
    void *before = two_party_tensor(both, graph->node[last].input[0]);
    void *got = two_party_tensor(both, last);
    const void *in[] = {before};
    void *expected = oracle_node(&both->model, last, both->batch, in);
    cr_assert_arr_eq(got, expected, two_party_elements(both, last) * (graph->ring / 8));
    free(before);
    free(got);
    free(expected);
}

/* What either direction says under test randomness: of rings 32 and 64, truncation stochastic and
 * local, party 0 and 1.  A change here is a change of the protocol: raise its version. */
static const uint64_t wire[2][2][2] = {
    {{UINT64_C(0xe76801482912d9c5), UINT64_C(0x3182e717a81cf044)},
     {UINT64_C(0x50f7b79e4823a088), UINT64_C(0x15d22cb3a4034d25)}},
    {{UINT64_C(0x9c1802c4f4ac9320), UINT64_C(0xc589402a8aa08aa8)},
     {UINT64_C(0x74786d97316c32a5), UINT64_C(0x50b13e514297b6ef)}},
};

static void expect_wire(sonic_ring ring, sonic_truncation truncation, const char *const tier[2],
                        const int threads[2])
{
    sonic_model model;
    two_party both;
    small_net(&model, ring, truncation);
    two_party_create(&both, &model, 3, 2, 21);
    for (unsigned i = 0; i < 2; i++) {
        both.server[i].tier = tier[i];
        both.server[i].threads = threads[i];
    }
    struct io io = make_io(&both, 2);
    cr_assert_eq(two_party_run(&both, 2, io.x, io.y), SONIC_OK, "%s", both.server[0].error.text);
    expect_result(&both);
    for (unsigned i = 0; i < 2; i++) {
        cr_expect_str_eq(both.server[i].peer_tier, tier[!i]);
        cr_expect_eq(
            both.server[i].hash, wire[ring == SONIC_RING_64][truncation][i],
            "ring %d, truncation %d, party %u, tiers %s and %s, %d and %d threads: 0x%016llx", ring,
            truncation, i, tier[0], tier[1], threads[0], threads[1],
            (unsigned long long)both.server[i].hash);
    }
    free_io(io);
    two_party_free(&both);
}

Test(session, the_wire_is_the_same_on_all_pairs_of_tiers_and_threads)
{
    int turn = 0;
    for (int t0 = 0; t0 < SONIC_TIERS; t0++)
        for (int t1 = 0; t1 < SONIC_TIERS; t1++) {
            if (!(sonic_cpu_tiers() >> t0 & sonic_cpu_tiers() >> t1 & 1))
                continue;
            const char *tier[] = {sonic_tier_name((sonic_tier)t0), sonic_tier_name((sonic_tier)t1)};
            int threads[] = {1 + turn % 3, 1 + turn / 3 % 3};
            expect_wire(turn % 2 ? SONIC_RING_64 : SONIC_RING_32,
                        turn / 2 % 2 ? SONIC_TRUNC_LOCAL : SONIC_TRUNC_STOCHASTIC, tier, threads);
            turn++;
        }
    const char *ref[] = {"ref", "ref"};
    const int one[] = {1, 1};
    for (int i = 0; i < 4; i++)
        expect_wire(i % 2 ? SONIC_RING_64 : SONIC_RING_32,
                    i / 2 ? SONIC_TRUNC_LOCAL : SONIC_TRUNC_STOCHASTIC, ref, one);
}

static uint64_t bytes_of(const two_party *both, sonic_phase phase, uint32_t node)
{
    return oracle_traffic(&both->model.graph, both->server[0].methods, phase, node, both->batch)
        .sent;
}

/* Bytes that a server sends in all of a phase. */
static uint64_t phase_bytes(const two_party *both, sonic_phase phase)
{
    uint64_t sum = 0;
    for (uint32_t node = 0; node < both->model.graph.nodes; node++)
        sum += bytes_of(both, phase, node);
    return sum;
}

/* The node whose bytes contain byte k of what a server sends in a session of one inference: the
 * handshake, the weights, what comparing begins with; then phase by phase. */
static uint32_t node_of(const two_party *both, uint64_t k)
{
    uint32_t nodes = both->model.graph.nodes;
    uint64_t end = SONIC_HELLO_BYTES, setup = phase_bytes(both, SONIC_SETUP);
    for (uint32_t node = 1; node < nodes && k >= SONIC_HELLO_BYTES; node++)
        if (k < (end += bytes_of(both, SONIC_SETUP, node)))
            return node;
    if (k < setup)
        return 0;
    end = setup;
    for (int phase = SONIC_OFFLINE; phase <= SONIC_ONLINE; phase++)
        for (uint32_t node = 0; node < nodes; node++)
            if (k < (end += bytes_of(both, (sonic_phase)phase, node)))
                return node;
    return UINT32_MAX;
}

static uint32_t used(const two_party *both)
{
    const two_party_server *s = both->server;
    return s[0].next > s[1].next ? s[0].next : s[1].next;
}

/* The sentence of the server that is left alone while it works on a node. */
static void write_sentence(char out[160], const two_party *both, unsigned bad, uint32_t node,
                           bool cut)
{
    int ms = both->server[!bad].timeout_ms;
    size_t used_up = 0;
    if (node > 0)
        used_up = (size_t)snprintf(out, 160, "layer '%s' (node %u): ",
                                   both->model.graph.node[node].name, node);
    if (cut)
        snprintf(out + used_up, 160 - used_up, "server %u closed the connection", bad);
    else
        snprintf(out + used_up, 160 - used_up, "server %u sent nothing for %d ms", bad, ms);
}

/* Lets server `bad` fail after k bytes; the other one must say in which layer, and what it had
 * claimed must stay used.  Returns false if a slow machine made it give up before. */
static bool expect_fault(two_party *both, struct io io, unsigned bad, two_party_fault fault,
                         uint64_t k, int timeout_ms)
{
    two_party_server *good = &both->server[!bad];
    uint32_t node = node_of(both, k), before = used(both);
    bool online = k >= phase_bytes(both, SONIC_SETUP), cut = fault == TWO_PARTY_CUT;
    char sentence[160], first[160];
    both->server[bad].fault = fault;
    both->server[bad].after = k;
    good->timeout_ms = timeout_ms;
    cr_assert_neq(two_party_run(both, 1, io.x, io.y), SONIC_OK);
    both->server[bad].fault = TWO_PARTY_SOUND;

    write_sentence(sentence, both, bad, node, cut);
    write_sentence(first, both, bad, 1, cut);
    /* All weights are opened in one round: it may still be at the first layer's. */
    bool right =
        !strcmp(good->error.text, sentence) || (!online && !strcmp(good->error.text, first));
    if (!right && good->status == SONIC_E_TIMEOUT && timeout_ms < 10000)
        return false;
    cr_expect(right, "byte %llu: '%s', not '%s'", (long long)k, good->error.text, sentence);
    cr_expect_eq(good->status, cut ? SONIC_E_CLOSED : SONIC_E_TIMEOUT, "byte %llu", (long long)k);
    cr_expect(good->again == (online ? SONIC_E_POISONED : SONIC_OK) && good->zeroed == online);
    cr_expect(good->done == 0 && good->next == before + online,
              "byte %llu: %u done, %u used, %u before", (long long)k, good->done, good->next,
              before);
    good->timeout_ms = 30000;
    return true;
}

static void sweep(two_party_fault fault, sonic_relu relu, uint64_t step)
{
    sonic_model model;
    two_party both;
    small_net(&model, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC);
    two_party_create(&both, &model, 1, 1, 22);
    two_party_use(&both, (sonic_methods){.relu = relu}, 300);
    struct io io = make_io(&both, 1);
    uint64_t inference = phase_bytes(&both, SONIC_OFFLINE) + phase_bytes(&both, SONIC_ONLINE);
    uint64_t total = phase_bytes(&both, SONIC_SETUP) + inference;
    uint64_t last = bytes_of(&both, SONIC_ONLINE, both.model.graph.nodes - 1);
    unsigned bad = 0;
    /* In its last message a server that stalls has all it needs, and closes. */
    for (uint64_t k = 0; k < (fault == TWO_PARTY_STALL ? total - last : total);
         k += step, bad = !bad)
        for (int timeout_ms = fault == TWO_PARTY_CUT ? 30000 : 200;
             !expect_fault(&both, io, bad, fault, k, timeout_ms); timeout_ms *= 4)
            continue;
    uint32_t before = used(&both);
    cr_assert_eq(two_party_run(&both, 2, io.x, io.y), SONIC_OK, "%s", both.server[0].error.text);
    expect_result(&both);
    cr_expect(both.server[0].next == before + 2 && both.server[1].next == before + 2);
    cr_expect_eq(both.server[0].sent, total + inference);
    free_io(io);
    two_party_free(&both);
}

Test(session, a_peer_that_closes_anywhere)
{
    sweep(TWO_PARTY_CUT, SONIC_RELU_PPA, 23);
}

Test(session, a_peer_with_keys_that_closes_anywhere)
{
    sweep(TWO_PARTY_CUT, SONIC_RELU_FSS, 23);
}

/* In the base transfers and before the input comes, too. */
Test(session, a_garbling_peer_that_closes_anywhere)
{
    sweep(TWO_PARTY_CUT, SONIC_RELU_GC, 3499);
}

Test(session, a_peer_that_stalls_anywhere)
{
    sweep(TWO_PARTY_STALL, SONIC_RELU_PPA, 101);
}

Test(session, a_peer_with_keys_that_stalls_anywhere)
{
    sweep(TWO_PARTY_STALL, SONIC_RELU_FSS, 101);
}

Test(session, a_garbling_peer_that_stalls_anywhere)
{
    sweep(TWO_PARTY_STALL, SONIC_RELU_GC, 9001);
}

/* Masks of 16 bytes of a few nodes and inferences of two sessions: none twice. */
Test(session, no_mask_serves_twice_without_a_dealer)
{
    enum { SLOTS = 4, NODES = 3, ALL = 2 * SLOTS * NODES };
    const sonic_model_share share = {.party = 1};
    sonic_step step[NODES] = {{0}};
    uint8_t mask[ALL][16];
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    for (unsigned i = 0; i < ALL; i++) {
        const struct sonic_session session = {.context = context,
                                              .model = &share,
                                              .plan = {.step = step},
                                              .seed = {(uint8_t)(1 + i % 2)},
                                              .slot = i / 2 % SLOTS};
        sonic_material material;
        sonic_session_material(&session, i / 2 / SLOTS, &material);
        cr_assert(material.is_made && material.party == 1);
        sonic_material_random(&material, 0, 0, mask[i], sizeof mask[i]);
        sonic_material_end(&material);
        for (unsigned before = 0; before < i; before++)
            cr_assert_neq(memcmp(mask[before], mask[i], sizeof mask[i]), 0, "%u, %u", before, i);
    }
    sonic_context_free(context);
}

/* Results say nothing of masks that are no secret, or the same in every inference. */
Test(session, masks_without_a_dealer_come_from_seeds_and_inferences_of_their_own)
{
    sonic_model model;
    two_party both;
    small_net(&model, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC);
    two_party_create(&both, &model, 1, 1, 22);
    two_party_use(&both, (sonic_methods){.source = SONIC_SOURCE_OT8}, 0);
    struct io io = make_io(&both, 2);
    cr_assert_eq(two_party_run(&both, 2, io.x, io.y), SONIC_OK, "%s", both.server[0].error.text);
    for (unsigned i = 0; i < 2; i++) {
        cr_assert_eq(both.server[i].next, 2);
        cr_assert(!sodium_is_zero(both.server[i].seed, SONIC_SEED_BYTES));
    }
    cr_assert_neq(memcmp(both.server[0].seed, both.server[1].seed, SONIC_SEED_BYTES), 0);
    free_io(io);
    two_party_free(&both);
}

/* In the base transfers, while trees are set up, and while material is made, too. */
Test(session, a_peer_without_a_dealer_that_closes_anywhere)
{
    sonic_model model;
    two_party both;
    small_net(&model, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC);
    two_party_create(&both, &model, 1, 1, 22);
    two_party_use(&both, (sonic_methods){.source = SONIC_SOURCE_OT2}, 0);
    struct io io = make_io(&both, 1);
    const uint64_t setup = phase_bytes(&both, SONIC_SETUP);
    const uint64_t offline = phase_bytes(&both, SONIC_OFFLINE);
    const uint64_t total = setup + offline + phase_bytes(&both, SONIC_ONLINE);
    unsigned bad = 0;
    for (uint64_t k = 0; k < total; k += k < setup ? setup / 9 : (total - setup) / 23, bad = !bad) {
        const two_party_server *good = &both.server[!bad];
        both.server[bad].fault = TWO_PARTY_CUT;
        both.server[bad].after = k;
        cr_assert_neq(two_party_run(&both, 1, io.x, io.y), SONIC_OK);
        both.server[bad].fault = TWO_PARTY_SOUND;
        char sentence[80];
        snprintf(sentence, sizeof sentence, "server %u closed the connection", bad);
        cr_expect_eq(good->status, SONIC_E_CLOSED, "byte %llu", (long long)k);
        cr_expect(strstr(good->error.text, sentence), "byte %llu: '%s'", (long long)k,
                  good->error.text);
        if (k >= setup) {
            cr_expect_eq(strncmp(good->error.text, "layer '", 7), 0, "%s", good->error.text);
            cr_expect(good->again == SONIC_E_POISONED && good->zeroed && good->done == 0);
        }
    }
    cr_assert_eq(two_party_run(&both, 2, io.x, io.y), SONIC_OK, "%s", both.server[0].error.text);
    expect_result(&both);
    cr_expect_eq(both.server[0].sent, 2 * total - setup);
    free_io(io);
    two_party_free(&both);
}

Test(session, a_pool_is_used_to_its_end_and_no_further)
{
    sonic_model model;
    two_party both;
    small_net(&model, SONIC_RING_64, SONIC_TRUNC_STOCHASTIC);
    two_party_create(&both, &model, 1, 3, 23);
    struct io io = make_io(&both, 4);
    cr_assert_eq(two_party_run(&both, 1, io.x, io.y), SONIC_OK);
    cr_assert_eq(two_party_run(&both, 3, io.x, io.y), SONIC_E_USED_UP);
    for (unsigned i = 0; i < 2; i++) {
        const two_party_server *s = &both.server[i];
        cr_expect(s->done == 2 && s->next == 3 && s->zeroed && s->again == SONIC_E_POISONED);
        cr_expect(strstr(s->error.text, "is used up (3 of 3 inferences)"), "%s", s->error.text);
        cr_expect(strstr(s->error.text, both.path[i]), "%s", s->error.text);
    }
    cr_assert_eq(two_party_run(&both, 1, io.x, io.y), SONIC_E_USED_UP);
    for (unsigned i = 0; i < 2; i++) {
        cr_expect(strstr(both.server[i].error.text, "is used up (3 of 3 inferences)"));
        cr_expect_eq(both.server[i].sent, 112, "more than the handshake was sent");
    }
    free_io(io);
    two_party_free(&both);
}

/* Claims material and dies, as one server would that crashes before it uses it. */
static void claim_only(two_party *both, unsigned party, uint32_t slot)
{
    sonic_pool *pool;
    cr_assert_eq(sonic_pool_open(&pool, both->path[party], NULL), SONIC_OK);
    cr_assert_eq(sonic_pool_claim(pool, slot, NULL), SONIC_OK);
    sonic_pool_free(pool);
}

Test(session, a_crash_between_claim_and_use_skips_the_material)
{
    sonic_model model;
    two_party both;
    small_net(&model, SONIC_RING_32, SONIC_TRUNC_LOCAL);
    two_party_create(&both, &model, 2, 6, 24);
    struct io io = make_io(&both, 1);
    for (uint32_t slot = 0; slot < 4; slot += 2) {
        claim_only(&both, slot / 2, slot);
        cr_assert_eq(two_party_run(&both, 1, io.x, io.y), SONIC_OK, "%s",
                     both.server[0].error.text);
        expect_result(&both);
        cr_expect(both.server[0].next == slot + 2 && both.server[1].next == slot + 2);
    }
    claim_only(&both, 1, 5);
    cr_assert_eq(two_party_run(&both, 1, io.x, io.y), SONIC_E_USED_UP);
    cr_expect(strstr(both.server[0].error.text, "server 1 has used up its half of pool"), "%s",
              both.server[0].error.text);
    cr_expect(strstr(both.server[1].error.text, "is used up (6 of 6 inferences)"), "%s",
              both.server[1].error.text);
    free_io(io);
    two_party_free(&both);
}

/* The most bytes in use on this heap after any node of either server. */
struct peak {
    pthread_mutex_t lock;
    size_t most;
};

static void watch(void *arg, uint32_t node, const void *share, size_t elements)
{
    struct peak *peak = arg;
    struct mallinfo2 info = mallinfo2();
    size_t bytes = info.uordblks + info.hblkhd;
    (void)node;
    (void)share;
    (void)elements;
    pthread_mutex_lock(&peak->lock);
    peak->most = bytes > peak->most ? bytes : peak->most;
    pthread_mutex_unlock(&peak->lock);
}

/* 40 layers of 1 MiB each: no more than a few of them are in memory at a time. */
Test(session, tensors_are_freed_at_their_last_use)
{
    uint64_t state = 25;
    sonic_model model;
    two_party both;
    build_begin(&model, SONIC_RING_32, SONIC_TRUNC_LOCAL, (sonic_shape){3, {1, 512, 512}});
    for (int i = 0; i < 40; i++) {
        sonic_node *n =
            build_add(&model, i % 4 == 3 ? SONIC_OP_ADD : SONIC_OP_SCALE, "layer", 1, i);
        if (n->op == SONIC_OP_ADD) {
            free(n->input);
            n->input = calloc(2, sizeof *n->input);
            cr_assert(n->input);
            n->inputs = 2;
            n->input[0] = (uint32_t)i;
            n->input[1] = (uint32_t)i - 1;
        }
        build_finish(&model, &state, 0);
    }
    two_party_create(&both, &model, 1, 1, 25);
    struct io io = make_io(&both, 1);
    struct peak peak = {.lock = PTHREAD_MUTEX_INITIALIZER};
    watch(&peak, 0, NULL, 0);
    size_t before = peak.most;
    both.tap = watch;
    both.tap_arg = &peak;
    cr_assert_eq(two_party_run(&both, 1, io.x, io.y), SONIC_OK, "%s", both.server[0].error.text);
    if (before == 0) /* a sanitizer's heap, which does not count */
        cr_skip("the heap does not say what is in use");
    /* Either server: the caller's input and output, and three tensors. */
    cr_expect_lt(peak.most - before, 2 * 5 * (1u << 20) + (1u << 20));
    free_io(io);
    two_party_free(&both);
}

/* The most that two sessions take while they infer once: `layers` fully connected ones of 512 x
 * 512, 1 MiB of weights each. */
static size_t most_bytes(uint32_t layers, uint32_t batch)
{
    uint64_t state = 26;
    sonic_model model;
    two_party both;
    build_begin(&model, SONIC_RING_32, SONIC_TRUNC_LOCAL, (sonic_shape){1, {512}});
    for (uint32_t i = 0; i < layers; i++) {
        build_add(&model, SONIC_OP_CONV, "layer", 1, i)->shape.dim[0] = 512;
        build_finish(&model, &state, 1);
    }
    two_party_create(&both, &model, batch, 1, 26);
    both.server[0].tier = both.server[1].tier = "ref"; /* packed weights take as much as raw ones */
    struct io io = make_io(&both, 1);
    struct peak peak = {.lock = PTHREAD_MUTEX_INITIALIZER};
    watch(&peak, 0, NULL, 0);
    size_t before = peak.most;
    both.tap = watch;
    both.tap_arg = &peak;
    cr_assert_eq(two_party_run(&both, 1, io.x, io.y), SONIC_OK, "%s", both.server[0].error.text);
    if (before == 0)
        cr_skip("the heap does not say what is in use");
    free_io(io);
    two_party_free(&both);
    return peak.most - before;
}

/* Beside the shares, which are the caller's: the opened weights once, and the party's own where
 * they are packed, which those of a fully connected layer for few images are not. */
Test(session, weights_are_held_once_a_form)
{
    size_t few = most_bytes(8, 1), many = most_bytes(8, 5);
    cr_expect(few > 2 * 8u << 20 && few < 2 * 10u << 20, "%zu bytes", few);
    cr_expect(many > 2 * 16u << 20 && many < 2 * 18u << 20, "%zu bytes", many);
}
