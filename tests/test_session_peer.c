/* Sessions whose peer closes or stalls after any byte. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "proto/session/handshake.h"
#include "tests/oracle.h"
#include "tests/session_run.h"

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
static bool expect_fault(two_party *both, session_io io, unsigned bad, two_party_fault fault,
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
    session_net(&model, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC);
    two_party_create(&both, &model, 1, 1, 22);
    two_party_use(&both, (sonic_methods){.relu = relu}, 300);
    session_io io = session_io_make(&both, 1);
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
    session_expect_result(&both);
    cr_expect(both.server[0].next == before + 2 && both.server[1].next == before + 2);
    cr_expect_eq(both.server[0].sent, total + inference);
    session_io_free(io);
    two_party_free(&both);
}

Test(session_peer, a_peer_that_closes_anywhere)
{
    sweep(TWO_PARTY_CUT, SONIC_RELU_PPA, 23);
}

Test(session_peer, a_peer_with_keys_that_closes_anywhere)
{
    sweep(TWO_PARTY_CUT, SONIC_RELU_FSS, 23);
}

/* In the base transfers and before the input comes, too. */
Test(session_peer, a_garbling_peer_that_closes_anywhere)
{
    sweep(TWO_PARTY_CUT, SONIC_RELU_GC, 3499);
}

Test(session_peer, a_peer_that_stalls_anywhere)
{
    sweep(TWO_PARTY_STALL, SONIC_RELU_PPA, 101);
}

Test(session_peer, a_peer_with_keys_that_stalls_anywhere)
{
    sweep(TWO_PARTY_STALL, SONIC_RELU_FSS, 101);
}

Test(session_peer, a_garbling_peer_that_stalls_anywhere)
{
    sweep(TWO_PARTY_STALL, SONIC_RELU_GC, 9001);
}

/* In the base transfers, while trees are set up, and while material is made, too. */
Test(session_peer, a_peer_without_a_dealer_that_closes_anywhere)
{
    sonic_model model;
    two_party both;
    session_net(&model, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC);
    two_party_create(&both, &model, 1, 1, 22);
    two_party_use(&both, (sonic_methods){.source = SONIC_SOURCE_OT2}, 0);
    session_io io = session_io_make(&both, 1);
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
    session_expect_result(&both);
    cr_expect_eq(both.server[0].sent, 2 * total - setup);
    session_io_free(io);
    two_party_free(&both);
}
