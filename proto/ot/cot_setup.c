/* Making the states of correlated transfers: a greeting, base transfers, trees. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "proto/ot/base.h"
#include "proto/ot/cot_run.h"
#include "proto/ot/cot_trees.h"
#include "proto/share/random.h"
#include "proto/share/secret.h"

enum {
    ROWS = SONIC_COT_ROWS,
    POINT = 32,
    SEED = 16,
    SEEDS = SEED + SONIC_COT_TREE_SEED_BYTES, /* of extensions, of trees */
    MAGIC = 8,
    TREES_MAX = 64 * (32 + 64) /* of all digits, checked, with k = 2 */
};

typedef struct hello {
    char magic[MAGIC]; /* name and version, and last the role */
    uint8_t k, checked, reserved[6];
    uint8_t seed[SEED];
} hello;

_Static_assert(sizeof(hello) == 32, "no padding");

/* Trees of all digits. */
static size_t tree_bytes(sonic_cot_options options)
{
    return ROWS / options.k * sonic_cot_tree_bytes(options.k, options.checked);
}

uint64_t sonic_cot_setup_sent(sonic_cot_options options)
{
    (void)options;
    return sizeof(hello) + 2 * POINT * ROWS;
}

uint64_t sonic_cot_setup_received(sonic_cot_options options)
{
    return sizeof(hello) + POINT + tree_bytes(options);
}

static sonic_status check_options(sonic_cot_options options, sonic_error *error)
{
    if (options.k != 1 && options.k != 2 && options.k != 4 && options.k != 8)
        return sonic_fail(error, SONIC_E_ARGUMENT,
                          "oblivious transfer with k = %u: it is 1, 2, 4 or 8", options.k);
    return SONIC_OK;
}

static sonic_status fail_memory(sonic_error *error)
{
    return sonic_fail(error, SONIC_E_MEMORY, "no memory for oblivious transfers");
}

static sonic_status refuse(const sonic_channel *channel, const hello *mine, const hello *theirs,
                           sonic_error *error)
{
    const char *peer = sonic_channel_peer(channel);
    if (memcmp(mine->magic, theirs->magic, MAGIC - 1) != 0 ||
        !sodium_is_zero(theirs->reserved, sizeof theirs->reserved))
        return sonic_fail(error, SONIC_E_PEER, "%s does not speak this oblivious transfer", peer);
    if (theirs->magic[MAGIC - 1] == mine->magic[MAGIC - 1])
        return sonic_fail(error, SONIC_E_MISMATCH, "%s is on the same side of oblivious transfer",
                          peer);
    return sonic_fail(error, SONIC_E_MISMATCH,
                      "%s is at oblivious transfer of k = %u%s, this party at k = %u%s", peer,
                      theirs->k, theirs->checked ? ", checked" : "", mine->k,
                      mine->checked ? ", checked" : "");
}

/* Public seeds are a hash of what either party drew: neither can have old ones again. */
static void derive_seeds(uint8_t seeds[SEEDS], const hello *sender, const hello *receiver)
{
    const hello both[2] = {*sender, *receiver};
    (void)crypto_generichash_blake2b_salt_personal(seeds, SEEDS, (const uint8_t *)both, sizeof both,
                                                   NULL, 0, NULL,
                                                   (const uint8_t[]){"sonicnn OT seeds"});
}

/* Agrees with the peer on options and seeds: one round of 32 bytes. */
static sonic_status greet(uint8_t seeds[SEEDS], sonic_channel *channel, sonic_cot_options options,
                          bool sends, sonic_error *error)
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
    derive_seeds(seeds, sends ? &mine : &theirs, sends ? &theirs : &mine);
    return SONIC_OK;
}

static size_t key_bytes(sonic_cot_options options)
{
    return (ROWS / options.k << options.k) * sizeof(sonic_aes_key);
}

/* What both sides begin with: keys to be made, and the trees' public ones. */
static sonic_status begin(sonic_cot_state *s, sonic_cot_trees *trees, const sonic_context *context,
                          sonic_channel *channel, sonic_cot_options options, bool sends,
                          sonic_error *error)
{
    uint8_t seeds[SEEDS];
    s->context = context;
    s->options = options;
    s->keys = aligned_alloc(_Alignof(sonic_aes_key), key_bytes(options));
    if (!s->keys)
        return fail_memory(error);
    sonic_status status = greet(seeds, channel, options, sends, error);
    if (status)
        return status;
    memcpy(s->seed, seeds, SEED);
    sonic_cot_trees_begin(trees, &context->kernels.aes, options.k, options.checked, seeds + SEED);
    return SONIC_OK;
}

static void end(sonic_cot_state *s)
{
    sonic_secret_free(s->keys, key_bytes(s->options));
}

/* Digit d of delta. */
static unsigned digit_of(const uint8_t delta[SONIC_COT_LABEL], unsigned k, size_t d)
{
    return delta[d * k / 8] >> d * k % 8 & ((1u << k) - 1);
}

/* Base transfers for all bits that delta does not have, and trees that lack delta's leaves. */
static sonic_status sender_trees(sonic_cot_sender *sender, const sonic_cot_trees *trees,
                                 sonic_channel *channel, sonic_error *error)
{
    sonic_cot_state *s = &sender->state;
    const unsigned k = s->options.k;
    const size_t bytes = sonic_cot_tree_bytes(k, s->options.checked);
    uint8_t base[ROWS][SONIC_OT_KEY_BYTES], other[SONIC_COT_LABEL];
    uint8_t leaves[SONIC_COT_TREE_LEAVES_MAX][16], message[TREES_MAX];
    bool right = true;
    for (size_t i = 0; i < sizeof other; i++)
        other[i] = (uint8_t)~sender->delta[i];
    sonic_status status = sonic_base_ot_receive(channel, base[0], other, ROWS, error);
    if (!status)
        status = sonic_channel_receive(channel, message, tree_bytes(s->options), error);
    for (size_t d = 0; d < ROWS / k && !status; d++) {
        right &= sonic_cot_tree_puncture(trees, leaves[0], message + d * bytes,
                                         (const uint8_t(*)[16])base + d * k,
                                         digit_of(sender->delta, k, d));
        s->context->kernels.aes.expand_many(s->keys + (d << k), leaves[0], (size_t)1 << k);
    }
    sodium_memzero(base, sizeof base);
    sodium_memzero(other, sizeof other);
    sodium_memzero(leaves, sizeof leaves);
    if (!status && !right)
        status = sonic_fail(error, SONIC_E_PEER, "%s cheats in oblivious transfer",
                            sonic_channel_peer(channel));
    return status;
}

static sonic_status receiver_trees(sonic_cot_state *s, const sonic_cot_trees *trees,
                                   sonic_channel *channel, sonic_error *error)
{
    const unsigned k = s->options.k;
    const size_t bytes = sonic_cot_tree_bytes(k, s->options.checked);
    uint8_t base[ROWS][2][SONIC_OT_KEY_BYTES];
    uint8_t leaves[SONIC_COT_TREE_LEAVES_MAX][16], message[TREES_MAX];
    sonic_status status = sonic_base_ot_send(channel, base[0][0], ROWS, error);
    for (size_t d = 0; d < ROWS / k && !status; d++) {
        sonic_cot_tree_make(trees, leaves[0], message + d * bytes,
                            (const uint8_t(*)[2][16])base + d * k);
        s->context->kernels.aes.expand_many(s->keys + (d << k), leaves[0], (size_t)1 << k);
    }
    sodium_memzero(base, sizeof base);
    sodium_memzero(leaves, sizeof leaves);
    return status ? status : sonic_channel_send(channel, message, tree_bytes(s->options), error);
}

sonic_status sonic_cot_sender_create(sonic_cot_sender **sender, const sonic_context *context,
                                     sonic_channel *channel, sonic_cot_options options,
                                     const uint8_t delta[16], sonic_error *error)
{
    sonic_cot_trees trees;
    *sender = NULL;
    sonic_status status = check_options(options, error);
    if (status)
        return status;
    sonic_cot_sender *s = aligned_alloc(_Alignof(sonic_cot_sender), sizeof *s);
    if (!s)
        return fail_memory(error);
    memset(s, 0, sizeof *s);
    memcpy(s->delta, delta, sizeof s->delta);
    status = begin(&s->state, &trees, context, channel, options, true, error);
    if (!status)
        status = sender_trees(s, &trees, channel, error);
    if (status)
        sonic_cot_sender_free(s);
    else
        *sender = s;
    return status;
}

sonic_status sonic_cot_receiver_create(sonic_cot_receiver **receiver, const sonic_context *context,
                                       sonic_channel *channel, sonic_cot_options options,
                                       sonic_error *error)
{
    sonic_cot_trees trees;
    *receiver = NULL;
    sonic_status status = check_options(options, error);
    if (status)
        return status;
    sonic_cot_receiver *r = aligned_alloc(_Alignof(sonic_cot_receiver), sizeof *r);
    if (!r)
        return fail_memory(error);
    memset(r, 0, sizeof *r);
    status = begin(&r->state, &trees, context, channel, options, false, error);
    if (!status)
        status = receiver_trees(&r->state, &trees, channel, error);
    if (status)
        sonic_cot_receiver_free(r);
    else
        *receiver = r;
    return status;
}

void sonic_cot_sender_free(sonic_cot_sender *sender)
{
    if (!sender)
        return;
    end(&sender->state);
    sonic_secret_free(sender, sizeof *sender);
}

void sonic_cot_receiver_free(sonic_cot_receiver *receiver)
{
    if (!receiver)
        return;
    end(&receiver->state);
    sonic_secret_free(receiver, sizeof *receiver);
}
