/* Making the states of correlated transfers: a greeting, then the base transfers. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "proto/ot/base.h"
#include "proto/ot/cot_run.h"
#include "proto/share/random.h"

enum { ROWS = SONIC_COT_ROWS, POINT = 32, SEED = 16, MAGIC = 8 };

typedef struct hello {
    char magic[MAGIC]; /* name and version, and last the role */
    uint8_t k, checked, reserved[6];
    uint8_t seed[SEED];
} hello;

_Static_assert(sizeof(hello) == 32, "no padding");

uint64_t sonic_cot_setup_sent(sonic_cot_options options)
{
    (void)options;
    return sizeof(hello) + 2 * POINT * ROWS;
}

uint64_t sonic_cot_setup_received(sonic_cot_options options)
{
    (void)options;
    return sizeof(hello) + POINT;
}

static sonic_status check_options(sonic_cot_options options, sonic_error *error)
{
    if (options.k != 1 || options.checked)
        return sonic_fail(error, SONIC_E_ARGUMENT,
                          "oblivious transfer works on digits of 1 bit, not %u", options.k);
    return SONIC_OK;
}

static sonic_status refuse(const sonic_channel *channel, const hello *mine, const hello *theirs,
                           sonic_error *error)
{
    const char *peer = sonic_channel_peer(channel);
    if (memcmp(mine->magic, theirs->magic, MAGIC - 1) != 0)
        return sonic_fail(error, SONIC_E_PEER, "%s does not speak this oblivious transfer", peer);
    if (theirs->magic[MAGIC - 1] == mine->magic[MAGIC - 1])
        return sonic_fail(error, SONIC_E_MISMATCH, "%s is on the same side of oblivious transfer",
                          peer);
    return sonic_fail(error, SONIC_E_MISMATCH,
                      "%s is at oblivious transfer of k = %u%s, this party at k = %u%s", peer,
                      theirs->k, theirs->checked ? ", checked" : "", mine->k,
                      mine->checked ? ", checked" : "");
}

/* The public seed is a hash of what either party drew: neither can have an old one again. */
static void derive_seed(uint8_t seed[SEED], const hello *sender, const hello *receiver)
{
    const hello both[2] = {*sender, *receiver};
    (void)crypto_generichash_blake2b_salt_personal(seed, SEED, (const uint8_t *)both, sizeof both,
                                                   NULL, 0, NULL,
                                                   (const uint8_t[]){"sonicnn OT seed "});
}

/* Agrees with the peer on options and seed: one round of 32 bytes. */
static sonic_status greet(sonic_cot_common *common, const sonic_context *context,
                          sonic_channel *channel, sonic_cot_options options, bool sends,
                          sonic_error *error)
{
    hello mine = {.k = (uint8_t)options.k, .checked = options.checked}, theirs;
    memcpy(mine.magic, sends ? "sonicO1s" : "sonicO1r", MAGIC);
    sonic_random_bytes(mine.seed, SEED);
    sonic_status status = sonic_channel_exchange(channel, &mine, &theirs, sizeof mine, error);
    if (status)
        return status;
    hello expected = mine;
    memcpy(expected.magic, sends ? "sonicO1r" : "sonicO1s", MAGIC);
    if (memcmp(&expected, &theirs, offsetof(hello, seed)) != 0)
        return refuse(channel, &mine, &theirs, error);
    *common = (sonic_cot_common){.context = context, .options = options};
    derive_seed(common->seed, sends ? &mine : &theirs, sends ? &theirs : &mine);
    return SONIC_OK;
}

static sonic_status fail_memory(sonic_error *error)
{
    return sonic_fail(error, SONIC_E_MEMORY, "no memory for oblivious transfers");
}

sonic_status sonic_cot_sender_create(sonic_cot_sender **sender, const sonic_context *context,
                                     sonic_channel *channel, sonic_cot_options options,
                                     const uint8_t delta[16], sonic_error *error)
{
    uint8_t keys[ROWS][SONIC_OT_KEY_BYTES];
    *sender = NULL;
    sonic_status status = check_options(options, error);
    if (status)
        return status;
    sonic_cot_sender *s = aligned_alloc(_Alignof(sonic_cot_sender), sizeof *s);
    if (!s)
        return fail_memory(error);
    status = greet(&s->common, context, channel, options, true, error);
    if (!status)
        status = sonic_base_ot_receive(channel, keys[0], delta, ROWS, error);
    if (status) {
        free(s);
        return status;
    }
    context->kernels.aes.expand_many(s->key, keys[0], ROWS);
    sodium_memzero(keys, sizeof keys);
    memcpy(s->delta, delta, sizeof s->delta);
    *sender = s;
    return SONIC_OK;
}

sonic_status sonic_cot_receiver_create(sonic_cot_receiver **receiver, const sonic_context *context,
                                       sonic_channel *channel, sonic_cot_options options,
                                       sonic_error *error)
{
    uint8_t keys[ROWS][2][SONIC_OT_KEY_BYTES];
    *receiver = NULL;
    sonic_status status = check_options(options, error);
    if (status)
        return status;
    sonic_cot_receiver *r = aligned_alloc(_Alignof(sonic_cot_receiver), sizeof *r);
    if (!r)
        return fail_memory(error);
    status = greet(&r->common, context, channel, options, false, error);
    if (!status)
        status = sonic_base_ot_send(channel, keys[0][0], ROWS, error);
    if (status) {
        free(r);
        return status;
    }
    context->kernels.aes.expand_many(r->key[0], keys[0][0], 2 * ROWS);
    sodium_memzero(keys, sizeof keys);
    *receiver = r;
    return SONIC_OK;
}

void sonic_cot_sender_free(sonic_cot_sender *sender)
{
    if (!sender)
        return;
    sodium_memzero(sender, sizeof *sender);
    free(sender);
}

void sonic_cot_receiver_free(sonic_cot_receiver *receiver)
{
    if (!receiver)
        return;
    sodium_memzero(receiver, sizeof *receiver);
    free(receiver);
}
