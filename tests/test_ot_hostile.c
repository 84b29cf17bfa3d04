/* <sonicnn/ot.h> where the other side, the link or the caller is wrong: one sentence, zeros, and a
 * state that does nothing more. */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <sodium.h>

#include "tests/ot_run.h"

enum { N = 9000, CALL = 32, CHALLENGE = 16, PROOF = 2064 };

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const ot_job forms[] = {
    {OT_CORRELATED, N, 0}, {OT_RANDOM, N, 0}, {OT_CHOSEN, N, 20}, {OT_TRIPLES, N, 0}};

/* A side failed with one of two statuses; if in a job, without outputs, and for good. */
static void require_failed(const ot_side *s, sonic_status status, sonic_status or_status)
{
    cr_assert(s->status == status || s->status == or_status, "%d: %s", s->status, s->error.text);
    cr_assert_eq(s->error.status, s->status);
    cr_assert(strlen(s->error.text) > 0 && !strchr(s->error.text, '\n'));
    if (s->again == SONIC_OK) /* it never was made */
        return;
    cr_assert_eq(s->again, SONIC_E_POISONED);
    cr_assert(!s->moved, "a poisoned state used its link");
    cr_assert(sodium_is_zero(s->out[s->done], ot_run_bytes(&s->jobs[s->done], s->index)),
              "outputs of a call that failed");
}

static void require_failed_job(const ot_side *s, sonic_status status)
{
    require_failed(s, status, status);
    cr_assert_eq(s->again, SONIC_E_POISONED);
}

/* Closed in any place, by either side. */
Test(ot_hostile, peers_that_close)
{
    for (size_t f = 0; f < COUNT(forms); f++)
        for (unsigned closes = 0; closes < 2; closes++)
            for (unsigned malicious = 0; malicious < (forms[f].form == OT_TRIPLES ? 1 : 2);
                 malicious++) {
                const sonic_ot_options options = {2, malicious};
                const ot_job jobs[] = {forms[f], forms[f]};
                ot_side side[2];
                ot_run_begin(side, options, jobs, 2, 5);
                ot_run(side);
                ot_run_check(side);
                const uint64_t all = side[closes].sent, setup = side[closes].setup_sent;
                ot_run_end(side);
                const uint64_t cuts[] = {1,       setup / 2,   setup,  setup + 1, setup + CALL + 5,
                                         all / 2, all * 3 / 4, all - 1};
                for (size_t c = 0; c < COUNT(cuts); c++) {
                    if (cuts[c] == 0 || cuts[c] >= all)
                        continue;
                    ot_run_begin(side, options, jobs, 2, 5);
                    side[closes].fault.cut = cuts[c];
                    ot_run(side);
                    require_failed(&side[closes], SONIC_E_CLOSED, SONIC_E_CLOSED);
                    if (side[!closes].status) /* a receiver has nothing to wait for */
                        require_failed(&side[!closes], SONIC_E_CLOSED, SONIC_E_CLOSED);
                    else
                        cr_assert(closes == 0 && !malicious);
                    ot_run_end(side);
                }
            }
}

/* Calls that do not fit each other. */
Test(ot_hostile, peers_at_another_call)
{
    static const ot_job other[] = {{OT_RANDOM, N, 0},
                                   {OT_CORRELATED, N, 0},
                                   {OT_CHOSEN, N, 19},
                                   {OT_CHOSEN, N + 1, 20},
                                   {OT_CHOSEN, N - 1, 20}};
    for (size_t i = 0; i < COUNT(other); i++)
        for (unsigned malicious = 0; malicious < 2; malicious++) {
            const ot_job mine = {OT_CHOSEN, N, 20};
            ot_side side[2], theirs[2];
            ot_run_begin(side, (sonic_ot_options){4, malicious}, &mine, 1, 6);
            ot_run_begin(theirs, (sonic_ot_options){4, malicious}, &other[i], 1, 6);
            side[1].jobs = theirs[1].jobs;
            uint8_t *const in = side[1].in[0], *const out = side[1].out[0];
            side[1].in[0] = theirs[1].in[0];
            side[1].out[0] = theirs[1].out[0];
            ot_run(side);
            require_failed_job(&side[0], SONIC_E_MISMATCH);
            cr_assert(strstr(side[0].error.text, "the peer is at another oblivious transfer"), "%s",
                      side[0].error.text);
            side[1].in[0] = in;
            side[1].out[0] = out;
            ot_run_end(side);
            ot_run_end(theirs);
        }
}

Test(ot_hostile, peers_with_other_options)
{
    static const ot_job job = {OT_RANDOM, 10, 0};
    static const sonic_ot_options other[] = {{1, false}, {8, false}, {2, true}};
    for (size_t i = 0; i < COUNT(other); i++) {
        ot_side side[2];
        ot_run_begin(side, (sonic_ot_options){2, false}, &job, 1, 7);
        side[1].options = other[i];
        ot_run(side);
        for (unsigned s = 0; s < 2; s++)
            require_failed(&side[s], SONIC_E_MISMATCH, SONIC_E_CLOSED);
        cr_assert(side[0].status == SONIC_E_MISMATCH || side[1].status == SONIC_E_MISMATCH);
        ot_run_end(side);
    }
}

/* All that a receiver sent in one call comes again in the next: its number says so. */
Test(ot_hostile, calls_that_are_replayed)
{
    enum { M = 640, BYTES = CALL + M * 8 };
    const ot_job jobs[] = {{OT_RANDOM, M, 0}, {OT_RANDOM, M, 0}};
    ot_side side[2];
    ot_run_begin(side, (sonic_ot_options){2, false}, jobs, 2, 8);
    ot_run(side);
    ot_run_check(side);
    const uint64_t setup = side[1].setup_sent;
    cr_assert_eq(side[1].sent - setup, 2 * BYTES);
    ot_run_end(side);
    ot_run_begin(side, (sonic_ot_options){2, false}, jobs, 2, 8);
    side[1].fault.replay = setup;
    side[1].fault.replay_bytes = BYTES;
    ot_run(side);
    cr_assert_eq(side[0].done, 1);
    require_failed_job(&side[0], SONIC_E_MISMATCH);
    ot_run_end(side);
}

/* Half of an extension's rows inverted in some columns: no choice bits explain them all.
 * Semi-honest transfers come out wrong, checked ones not at all: after its challenge the sender
 * says nothing more, chosen messages least of all. */
Test(ot_hostile, receivers_that_cheat_are_caught)
{
    for (size_t f = 0; f < 3; f++)
        for (unsigned k = 1; k <= 8; k *= 2) {
            ot_side side[2];
            ot_run_begin(side, (sonic_ot_options){k, true}, &forms[f], 1, 9);
            ot_run(side);
            ot_run_check(side);
            const uint64_t setup = side[1].setup_sent;
            ot_run_end(side);
            ot_run_begin(side, (sonic_ot_options){k, true}, &forms[f], 1, 9);
            side[1].fault.flip = setup + CALL + 3;
            side[1].fault.flip_bytes = 8192 / 8 * 128 / k / 2;
            ot_run(side);
            require_failed_job(&side[0], SONIC_E_PEER);
            cr_assert(strstr(side[0].error.text, "cheats in oblivious transfer"), "%s",
                      side[0].error.text);
            cr_assert_eq(side[0].sent, side[0].setup_sent + CHALLENGE);
            ot_run_end(side);
        }
}

Test(ot_hostile, a_proof_is_of_its_challenge)
{
    ot_side side[2];
    ot_run_begin(side, (sonic_ot_options){2, true}, &forms[1], 1, 10);
    ot_run(side);
    const uint64_t setup = side[0].setup_sent;
    ot_run_end(side);
    ot_run_begin(side, (sonic_ot_options){2, true}, &forms[1], 1, 10);
    side[0].fault.flip = setup + 7; /* the receiver gets another challenge */
    side[0].fault.flip_bytes = 1;
    ot_run(side);
    require_failed_job(&side[0], SONIC_E_PEER);
    ot_run_end(side);
}

/* One that could be foreseen could be cheated for: it is drawn when the last byte of the extension
 * is there, and never comes again, or else the second call here would go well. */
Test(ot_hostile, a_challenge_cannot_be_foreseen)
{
    const ot_job jobs[] = {forms[1], forms[1]};
    const sonic_ot_options options = {2, true};
    ot_side side[2];
    ot_run_begin(side, options, jobs, 2, 13);
    ot_run(side);
    ot_run_check(side);
    const uint64_t setup[2] = {side[0].setup_sent, side[1].setup_sent};
    const uint64_t call = (side[1].sent - setup[1]) / 2;
    ot_run_end(side);
    ot_run_begin(side, options, jobs, 2, 13);
    side[1].fault.cut = setup[1] + call - PROOF - 1;
    ot_run(side);
    require_failed_job(&side[0], SONIC_E_CLOSED);
    cr_assert_eq(side[0].sent, setup[0], "a challenge before all was there");
    ot_run_end(side);
    ot_run_begin(side, options, jobs, 2, 13);
    side[0].fault.replay = setup[0];
    side[0].fault.replay_bytes = CHALLENGE;
    ot_run(side);
    cr_assert_eq(side[0].done, 1);
    require_failed_job(&side[0], SONIC_E_PEER);
    ot_run_end(side);
}

/* A proof starts with a hash of choice bits, linear and under a key of the sender's: of choices 0,
 * what is left is the transfers that are thrown away, whose bits hide the others. */
Test(ot_hostile, a_proof_hides_choice_bits)
{
    static const ot_job job = {OT_CORRELATED, 512, 0};
    const sonic_ot_options options = {4, true};
    ot_side side[2];
    ot_run_begin(side, options, &job, 1, 14);
    ot_run(side);
    const uint64_t proof = side[1].sent - PROOF;
    ot_run_end(side);
    ot_run_begin(side, options, &job, 1, 14);
    memset(side[1].in[0], 0, 512 / 8);
    side[1].fault.replay = proof; /* recorded; nothing follows that it could replace */
    side[1].fault.replay_bytes = PROOF;
    ot_run(side);
    ot_run_check(side);
    cr_assert_eq(side[1].sent, proof + PROOF);
    cr_assert(!sodium_is_zero(side[1].record, 16));
    ot_run_end(side);
}

Test(ot_hostile, peers_that_stall)
{
    sonic_context *context;
    sonic_error error;
    ot_side side[2];
    const sonic_ot_options options = {1, false};
    sonic_ot_sender *sender;
    ot_run_begin(side, options, forms, 1, 11);
    sonic_ot_socket socket = {side[0].socket.fd, 50};
    const sonic_ot_link link = sonic_ot_socket_link(&socket);
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    cr_assert_eq(sonic_ot_sender_create(&sender, context, &link, &options, NULL, &error),
                 SONIC_E_TIMEOUT);
    cr_assert_str_eq(error.text, "the peer: it sent nothing within the timeout of the link");
    sonic_context_free(context);
    ot_run_end(side);
}

static int refuse(void *arg, const void *data, size_t n)
{
    (void)arg;
    (void)data;
    (void)n;
    return 7;
}

static int nothing(void *arg, void *data, size_t n)
{
    (void)arg;
    (void)data;
    (void)n;
    return 7;
}

Test(ot_hostile, arguments)
{
    static const sonic_ot_link bad[] = {{NULL, nothing, NULL}, {refuse, NULL, NULL}};
    static const sonic_ot_link broken = {refuse, nothing, NULL};
    static const unsigned ks[] = {0, 3, 5, 16};
    const sonic_ot_options options = {2, false};
    sonic_ot_sender *sender = NULL;
    sonic_ot_receiver *receiver = NULL;
    sonic_bit_triples *triples = NULL;
    sonic_context *context;
    sonic_error error;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    for (size_t i = 0; i < COUNT(bad); i++) {
        cr_assert_eq(sonic_ot_sender_create(&sender, context, &bad[i], &options, NULL, &error),
                     SONIC_E_ARGUMENT);
        cr_assert_eq(sonic_ot_receiver_create(&receiver, context, &bad[i], &options, &error),
                     SONIC_E_ARGUMENT);
        cr_assert_eq(sonic_bit_triples_create(&triples, context, &bad[i], 0, 2, &error),
                     SONIC_E_ARGUMENT);
    }
    for (size_t i = 0; i < COUNT(ks); i++) {
        const sonic_ot_options wrong = {ks[i], false};
        cr_assert_eq(sonic_ot_sender_create(&sender, context, &broken, &wrong, NULL, &error),
                     SONIC_E_ARGUMENT);
        cr_assert(strstr(error.text, "it is 1, 2, 4 or 8"), "%s", error.text);
        cr_assert_eq(sonic_bit_triples_create(&triples, context, &broken, 0, ks[i], &error),
                     SONIC_E_ARGUMENT);
    }
    cr_assert_eq(sonic_bit_triples_create(&triples, context, &broken, 2, 2, &error),
                 SONIC_E_ARGUMENT);
    cr_assert_eq(sonic_ot_receiver_create(&receiver, context, &broken, &options, &error),
                 SONIC_E_CLOSED);
    cr_assert(strstr(error.text, "it returned 7"), "%s", error.text);
    cr_assert(!sender && !receiver && !triples);
    sonic_ot_sender_free(NULL);
    sonic_ot_receiver_free(NULL);
    sonic_bit_triples_free(NULL);
    sonic_context_free(context);
}

/* A call that cannot be begins nothing. */
Test(ot_hostile, arguments_do_not_poison)
{
    static const ot_job empty = {OT_CHOSEN, 5, 0};
    ot_side side[2];
    ot_run_begin(side, (sonic_ot_options){2, false}, &empty, 1, 12);
    ot_run(side);
    for (unsigned i = 0; i < 2; i++) {
        cr_assert(side[i].status == SONIC_E_ARGUMENT && side[i].again == SONIC_E_ARGUMENT);
        cr_assert_eq(side[i].sent, side[i].setup_sent);
    }
    ot_run_end(side);
}
