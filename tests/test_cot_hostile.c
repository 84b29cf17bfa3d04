/* Correlated transfers with a peer that cheats, disagrees or leaves. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <sodium.h>

#include "tests/cot_states.h"

enum { LABEL = COT_LABEL, SIZES = 4, HELLO = 32, POINT = 32, TREES = HELLO + POINT };

static const unsigned sizes[SIZES] = {1, 2, 4, 8};

/* Which of the states are there, and a sentence of each that is not. */
static void require_outcome(const cot_states *s, sonic_status sender, sonic_status receiver)
{
    const sonic_status expected[2] = {sender, receiver};
    cr_assert_eq(!s->sender, sender != SONIC_OK);
    cr_assert_eq(!s->receiver, receiver != SONIC_OK);
    for (unsigned p = 0; p < 2; p++) {
        cr_assert_eq(s->status[p], expected[p], "%u: %d, %s", p, s->status[p], s->error[p].text);
        if (expected[p])
            cr_assert(strlen(s->error[p].text) > 10 && !strchr(s->error[p].text, '\n'));
    }
}

static void require_says(const cot_states *s, unsigned party, const char *text)
{
    cr_assert(strstr(s->error[party].text, text), "%s", s->error[party].text);
}

/* --- the set-up ---------------------------------------------------------------------------- */

Test(cot_hostile, other_options_are_told_to_both)
{
    static const sonic_cot_options options[][2] = {
        {{.k = 1}, {.k = 2}},
        {{.k = 8}, {.k = 4}},
        {{.k = 4, .checked = true}, {.k = 4}},
        {{.k = 1}, {.k = 1, .checked = true}},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        cot_states s = {.options = {options[i][0], options[i][1]}};
        cot_states_run(&s);
        require_outcome(&s, SONIC_E_MISMATCH, SONIC_E_MISMATCH);
        for (unsigned p = 0; p < 2; p++) {
            char text[96];
            snprintf(text, sizeof text, "at oblivious transfer of k = %u%s, this party at k = %u%s",
                     options[i][!p].k, options[i][!p].checked ? ", checked" : "", options[i][p].k,
                     options[i][p].checked ? ", checked" : "");
            require_says(&s, p, text);
        }
        cot_states_free(&s);
    }
}

Test(cot_hostile, other_sizes_do_not_exist)
{
    static const unsigned none[] = {0, 3, 5, 16, 256 + 1};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        cot_states s = {.options = {{.k = none[i]}, {.k = none[i]}}};
        cot_states_run(&s);
        require_outcome(&s, SONIC_E_ARGUMENT, SONIC_E_ARGUMENT);
        require_says(&s, 0, "it is 1, 2, 4 or 8");
        cr_assert_eq(s.traffic[0].sent + s.traffic[1].sent, 0);
        cot_states_free(&s);
    }
}

/* What is XORed to the receiver's bytes. */
typedef struct flip {
    uint64_t at;
    size_t n;
    const uint8_t *bits; /* NULL: the lowest bit of each byte */
} flip;

static void flip_bytes(void *arg, uint64_t at, uint8_t *bytes, size_t n)
{
    const flip *f = arg;
    for (size_t i = 0; i < n; i++)
        if (at + i >= f->at && at + i < f->at + f->n)
            bytes[i] ^= f->bits ? f->bits[at + i - f->at] : 1;
}

static void run_flipped(cot_states *s, sonic_cot_options options, flip *f, uint64_t seed)
{
    *s = (cot_states){.options = {options, options}, .alter = flip_bytes, .arg = f, .seed = seed};
    randombytes_buf_deterministic(s->delta, LABEL,
                                  (const uint8_t[randombytes_SEEDBYTES]){(uint8_t)seed, 1});
    cot_states_run(s);
}

/* The receiver becomes a sender of the same words, or of none that are known. */
Test(cot_hostile, greetings_that_are_none)
{
    static const uint8_t role = 's' ^ 'r';
    flip same = {.at = 7, .n = 1, .bits = &role}, other = {.at = 6, .n = 1},
         rest = {.at = 12, .n = 1};
    cot_states s;
    run_flipped(&s, (sonic_cot_options){.k = 2}, &same, 1);
    require_outcome(&s, SONIC_E_MISMATCH, SONIC_E_CLOSED);
    require_says(&s, 0, "the receiver is on the same side of oblivious transfer");
    cot_states_free(&s);
    run_flipped(&s, (sonic_cot_options){.k = 2}, &other, 1);
    require_outcome(&s, SONIC_E_PEER, SONIC_E_CLOSED);
    require_says(&s, 0, "the receiver does not speak this oblivious transfer");
    cot_states_free(&s);
    run_flipped(&s, (sonic_cot_options){.k = 2}, &rest, 1);
    require_outcome(&s, SONIC_E_PEER, SONIC_E_CLOSED);
    cot_states_free(&s);
}

Test(cot_hostile, a_point_off_the_group)
{
    flip f = {.at = HELLO, .n = POINT};
    cot_states s;
    run_flipped(&s, (sonic_cot_options){.k = 4}, &f, 2);
    require_outcome(&s, SONIC_E_PEER, SONIC_E_CLOSED);
    require_says(&s, 0, "the receiver sent bytes that are no point of ristretto255");
    cot_states_free(&s);
}

Test(cot_hostile, a_receiver_that_leaves)
{
    static const uint64_t cuts[] = {1, HELLO - 1, HELLO, TREES - 1, TREES, TREES + 99};
    const sonic_cot_options options = {.k = 4};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        cot_states s = {.options = {options, options}, .cut = cuts[i]};
        cot_states_run(&s);
        require_outcome(&s, SONIC_E_CLOSED, SONIC_E_CLOSED);
        cot_states_free(&s);
    }
}

/* What a receiver sent, and sends again. */
typedef struct replay {
    uint8_t bytes[1 << 13];
    bool recorded;
} replay;

static void record_or_replay(void *arg, uint64_t at, uint8_t *bytes, size_t n)
{
    replay *r = arg;
    cr_assert_leq(at + n, sizeof r->bytes);
    if (r->recorded)
        memcpy(bytes, r->bytes + at, n);
    else
        memcpy(r->bytes + at, bytes, n);
}

/* An old greeting with all that followed it: trees do not fit the sender's fresh points. */
Test(cot_hostile, a_receiver_of_an_old_session)
{
    static replay r;
    const sonic_cot_options options = {.k = 4, .checked = true};
    for (uint64_t session = 0; session < 2; session++) {
        cot_states s = {
            .options = {options, options}, .alter = record_or_replay, .arg = &r, .seed = session};
        r.recorded = session > 0;
        cot_states_run(&s);
        require_outcome(&s, r.recorded ? SONIC_E_PEER : SONIC_OK, SONIC_OK);
        if (r.recorded)
            require_says(&s, 0, "the receiver cheats in oblivious transfer");
        cot_states_free(&s);
    }
}

/* The public key of labels' hashes is a new one even where all that the receiver sends is old. */
Test(cot_hostile, an_old_greeting_brings_no_old_key)
{
    static replay r;
    const sonic_cot_options options = {.k = 1};
    sonic_aes_key pi[2];
    for (uint64_t session = 0; session < 2; session++) {
        cot_states s = {.options = {options, options}, .alter = record_or_replay, .arg = &r};
        s.seed = 10 * session;
        r.recorded = session > 0;
        cot_states_run(&s);
        require_outcome(&s, SONIC_OK, SONIC_OK);
        cr_assert_eq(sonic_cot_send(s.sender, NULL, NULL, 0, NULL), SONIC_OK);
        pi[session] = *sonic_cot_sender_pi(s.sender);
        cot_states_free(&s);
    }
    cr_assert(memcmp(pi[0].round, pi[1].round, sizeof pi[0].round) != 0);
}

/* Without a check nobody notices, but transfers are wrong: the check is what finds it. */
static bool transfers_right(cot_states *s, size_t n)
{
    bool right = true;
    uint8_t *q = cot_take(n * LABEL), *t = cot_take(n * LABEL), *message = cot_take(n * 128);
    uint8_t *choice = cot_take(n);
    cr_assert_eq(sonic_cot_receive(s->receiver, t, message, choice, n, NULL), SONIC_OK);
    cr_assert_eq(sonic_cot_send(s->sender, q, message, n, NULL), SONIC_OK);
    right = memcmp(q, t, n * LABEL) == 0;
    free(q);
    free(t);
    free(message);
    free(choice);
    return right;
}

/* Sums of one side changed at every level of every tree, which a sender who needs none of them
 * would not find: one in 2^(128 - 128 / k) of all deltas.  Then a byte that every sender looks at,
 * with trees behind that are right. */
Test(cot_hostile, wrong_trees)
{
    for (unsigned i = 1; i < SIZES; i++) {
        const unsigned k = sizes[i];
        const size_t plain = 32 * (k - 1), checked = plain + 64;
        uint8_t bits[64 * 96] = {0};
        cot_states s;
        for (size_t d = 0; d < 128 / k; d++)
            bits[d * plain + 3] = 4;
        flip f = {.at = TREES, .n = 128 / k * plain, .bits = bits};
        run_flipped(&s, (sonic_cot_options){.k = k}, &f, 3);
        require_outcome(&s, SONIC_OK, SONIC_OK);
        cr_assert(!transfers_right(&s, 128));
        cot_states_free(&s);

        memset(bits, 0, sizeof bits);
        for (size_t d = 0; d < 128 / k; d++)
            for (size_t level = 0; level + 1 < k; level++)
                bits[d * checked + 32 * level + 3] = 4;
        f.n = 128 / k * checked;
        run_flipped(&s, (sonic_cot_options){.k = k, .checked = true}, &f, 3);
        require_outcome(&s, SONIC_E_PEER, SONIC_OK);
        require_says(&s, 0, "the receiver cheats in oblivious transfer");
        cot_states_free(&s);

        memset(bits, 0, sizeof bits); /* of the first tree, what every sender sees */
        bits[checked - 1] = 0x80;
        run_flipped(&s, (sonic_cot_options){.k = k, .checked = true}, &f, 3);
        require_outcome(&s, SONIC_E_PEER, SONIC_OK);
        cot_states_free(&s);
    }
}

/* --- the check of transfers ------------------------------------------------------------------ */

/* Both sides of n checked transfers. */
typedef struct transfers {
    cot_states states;
    size_t n;
    uint8_t *q, *t, *message, *choice;
    uint8_t challenge[16], proof[SONIC_COT_PROOF_BYTES];
} transfers;

static void receive(transfers *x, unsigned k, size_t n, uint64_t seed)
{
    cot_states_make(&x->states, (sonic_cot_options){.k = k, .checked = true}, NULL, NULL, seed);
    x->n = n;
    x->q = cot_take(n * LABEL);
    x->t = cot_take(n * LABEL);
    x->message = cot_take(sonic_cot_bytes(k, n));
    x->choice = cot_choices(n, seed);
    cr_assert_eq(sonic_cot_receive(x->states.receiver, x->t, x->message, x->choice, n, NULL),
                 SONIC_OK);
}

static sonic_status verify(transfers *x, sonic_error *error)
{
    cr_assert_eq(sonic_cot_send(x->states.sender, x->q, x->message, x->n, error), SONIC_OK);
    randombytes_buf(x->challenge, sizeof x->challenge);
    sonic_cot_prove(x->states.receiver, x->proof, x->t, x->choice, x->n, x->challenge);
    return sonic_cot_verify(x->states.sender, x->q, x->n, x->proof, x->challenge, "the receiver",
                            error);
}

static void release(transfers *x)
{
    free(x->q);
    free(x->t);
    free(x->message);
    free(x->choice);
    cot_states_free(&x->states);
}

Test(cot_hostile, an_honest_receiver_is_never_accused)
{
    static const size_t counts[] = {128, 256, 8192, 8192 + 128, 30080};
    for (unsigned i = 0; i < SIZES; i++)
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            transfers x;
            sonic_error error;
            receive(&x, sizes[i], counts[c], c);
            cr_assert_eq(verify(&x, &error), SONIC_OK, "k = %u, %zu", sizes[i], counts[c]);
            release(&x);
        }
}

/* A transfer whose choice is another one in half of the digits, for which the sender would have to
 * miss all of these digits' bits: 2^-64. */
Test(cot_hostile, choices_that_differ_from_digit_to_digit)
{
    for (unsigned i = 0; i < SIZES; i++)
        for (uint64_t seed = 0; seed < 5; seed += 2) {
            const size_t n = 8192 + 256, at = seed * 2048, digits = 128 / sizes[i];
            const size_t row = at < 8192 ? 1024 : 32;
            transfers x;
            sonic_error error;
            receive(&x, sizes[i], n, seed);
            uint8_t *part = x.message + (at < 8192 ? 0 : digits * 1024) + at % 8192 / 8;
            for (size_t d = 0; d < digits; d += 2)
                part[d * row] ^= 1;
            cr_assert_eq(verify(&x, &error), SONIC_E_PEER, "k = %u", sizes[i]);
            cr_assert_str_eq(error.text, "the receiver cheats in oblivious transfer");
            release(&x);
        }
}

/* What the check cannot find: a lie in one digit alone passes if the sender has zeros there.  This
 * is the guess that the proof of security speaks of. */
Test(cot_hostile, a_guess_passes_as_often_as_it_should)
{
    unsigned passed = 0;
    for (uint64_t seed = 0; seed < 24; seed++) {
        transfers x;
        sonic_error error;
        receive(&x, 2, 256, seed);
        x.message[7 * 32] ^= 1;
        const sonic_status status = verify(&x, &error);
        const bool zeros = !(x.states.delta[1] >> 6 & 3);
        cr_assert_eq(status, zeros ? SONIC_OK : SONIC_E_PEER);
        passed += zeros;
        release(&x);
    }
    cr_assert(passed > 2 && passed < 12, "%u of 24", passed);
}

Test(cot_hostile, wrong_proofs)
{
    for (unsigned i = 0; i < SIZES; i++) {
        transfers x;
        sonic_error error;
        receive(&x, sizes[i], 512, 7);
        cr_assert_eq(verify(&x, &error), SONIC_OK);
        for (size_t at = 0; at < SONIC_COT_PROOF_BYTES; at += 13) {
            x.proof[at] ^= 0x20;
            cr_assert_eq(sonic_cot_verify(x.states.sender, x.q, x.n, x.proof, x.challenge,
                                          "the receiver", &error),
                         SONIC_E_PEER, "byte %zu", at);
            x.proof[at] ^= 0x20;
        }
        x.challenge[0] ^= 1; /* a proof made before the challenge was known */
        cr_assert_eq(sonic_cot_verify(x.states.sender, x.q, x.n, x.proof, x.challenge,
                                      "the receiver", &error),
                     SONIC_E_PEER);
        release(&x);
    }
}
