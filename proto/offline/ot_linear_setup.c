/* Trees for all digits of a weight mask, in both directions at once. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "kernels/common/load.h"
#include "proto/offline/ot_linear_run.h"
#include "proto/share/file_bytes.h"
#include "proto/share/secret.h"

enum {
    BYTES = SONIC_OT_NODE_BYTES,
    LEVELS = SONIC_TREES_LEVELS,
    SUMS = SONIC_TREES_SUMS,
    TREES = SONIC_OT_SETUP_TRANSFERS / LEVELS /* of a block */
};

/* Nonce of the public blocks that seeds of keys are; correlated transfers have none. */
static const uint64_t SEED_NONCE = 0x6465657320656572; /* "ree seed" */

/* One call; all of it secret but what goes over the wire. */
typedef struct setup {
    sonic_ot_products *products;
    size_t first;  /* block of the group */
    uint8_t *sums; /* of the group's blocks, to be sent */
    uint8_t choice[SONIC_OT_SETUP_TRANSFERS / 8];
    _Alignas(64) uint8_t labels[SONIC_OT_SETUP_TRANSFERS][BYTES];
    uint8_t keys[TREES][LEVELS][2][BYTES];
    uint64_t rows[SONIC_TREES_SEEDS * SONIC_OT_TREES * SONIC_TREES_WORDS];
    uint64_t nodes[LEVELS * SONIC_OT_TREES * SONIC_TREES_WORDS];
    uint64_t sum_rows[SUMS * SONIC_OT_TREES * SONIC_TREES_WORDS];
    uint64_t masks[LEVELS * SONIC_OT_TREES * SONIC_TREES_WORDS];
} setup;

void sonic_ot_key(sonic_aes_key *key, const sonic_kernels *kernels, const uint8_t seed[16],
                  uint64_t number)
{
    uint8_t bytes[16];
    memcpy(bytes, seed, sizeof bytes);
    sonic_store64(bytes, 0, sonic_load64(bytes, 0) ^ sonic_le64(number));
    kernels->aes.expand(key, bytes);
}

size_t sonic_ot_together(const sonic_ot_shape *shape, size_t at, size_t most)
{
    return sonic_size_min(sonic_size_min(most, SONIC_OT_TREES / sonic_ot_digits(shape->ring)),
                          SONIC_OT_KEY_MULTIPLIERS - at % SONIC_OT_KEY_MULTIPLIERS);
}

void sonic_ot_trees_keys(sonic_trees_keys *keys, const sonic_kernels *kernels,
                         const sonic_ot_seeds *seeds, size_t at)
{
    for (size_t side = 0; side < 2; side++)
        sonic_ot_key(&keys->side[side], kernels, seeds->side[side], at / SONIC_OT_KEY_MULTIPLIERS);
}

/* A block's first multiplier, and how many it has. */
static size_t multipliers_of(const setup *s, size_t block, size_t *at)
{
    const sonic_ot_shape *shape = &s->products->shape;
    const size_t most = SONIC_OT_SETUP_TRANSFERS / (size_t)shape->ring;
    *at = (s->first + block) * most;
    return sonic_size_min(most, shape->multipliers - *at);
}

static const sonic_kernels *kernels_of(const setup *s)
{
    return &s->products->pair->context->kernels;
}

static void derive_seeds(const setup *s, unsigned direction, const sonic_aes_key *pi)
{
    kernels_of(s)->aes.ctr((uint8_t *)&s->products->seeds[direction], sizeof(sonic_ot_seeds), pi,
                           SEED_NONCE, 0);
}

static size_t choice_bytes(void *arg, size_t block)
{
    const setup *s = arg;
    size_t at;
    return sonic_cot_bytes(s->products->pair->k,
                           multipliers_of(s, block, &at) * (size_t)s->products->shape.ring);
}

/* Choice bits are the complement of the multipliers, bit by bit; transfer keys stand where the
 * nodes will be. */
static sonic_status choice_produce(void *arg, size_t block, uint8_t *out, sonic_error *error)
{
    setup *s = arg;
    sonic_ot_products *products = s->products;
    sonic_cot_receiver *receiver = products->pair->receiver;
    size_t at;
    const size_t take = multipliers_of(s, block, &at),
                 size = sonic_ring_bytes(products->shape.ring);
    const size_t trees = sonic_ot_digits(products->shape.ring);
    for (size_t i = 0; i < take * size; i++)
        s->choice[i] = (uint8_t)~products->multiplier[at * size + i];
    sonic_status status =
        sonic_cot_receive(receiver, s->labels[0], out, s->choice, take * size * 8, error);
    if (status)
        return status;
    if (at == 0)
        derive_seeds(s, 1, sonic_cot_receiver_pi(receiver));
    kernels_of(s)->aes.ccr(products->nodes[1] + at * trees * SONIC_OT_PEER_NODES * BYTES,
                           s->labels[0], take * size * 8, sonic_cot_receiver_pi(receiver));
    return SONIC_OK;
}

/* Trees `first` .. `first + n` of a block, of multiplier `at` on: level 1 is kept, sums are masked
 * by what the rest of the transfers gave. */
static void grow(setup *s, size_t block, size_t first, size_t n, size_t at)
{
    uint8_t *kept = s->products->nodes[0] +
                    at * sonic_ot_digits(s->products->shape.ring) * SONIC_OT_OWN_NODES * BYTES;
    uint8_t *out = s->sums + (block * TREES + first) * SUMS * BYTES;
    sonic_trees_keys keys;
    sonic_ot_trees_keys(&keys, kernels_of(s), &s->products->seeds[0], at);
    for (size_t t = 0; t < n; t++) {
        memcpy(kept + t * SONIC_OT_OWN_NODES * BYTES, s->keys[first + t][0],
               SONIC_OT_OWN_NODES * BYTES);
        for (size_t side = 0; side < 2; side++)
            memcpy(s->rows + (side * n + t) * SONIC_TREES_WORDS, s->keys[first + t][0][side],
                   BYTES);
    }
    sonic_trees_grow(kernels_of(s), s->rows, s->sum_rows, n, &keys);
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < SUMS; i++) {
            uint64_t sum[SONIC_TREES_WORDS];
            memcpy(sum, s->keys[first + t][1 + i / 2][i % 2], BYTES);
            for (size_t w = 0; w < SONIC_TREES_WORDS; w++)
                sum[w] ^= s->sum_rows[(i * n + t) * SONIC_TREES_WORDS + w];
            memcpy(out + (t * SUMS + i) * BYTES, sum, BYTES);
        }
}

static sonic_status choice_consume(void *arg, size_t block, const uint8_t *in, sonic_error *error)
{
    setup *s = arg;
    const sonic_ot_pair *pair = s->products->pair;
    const size_t trees = sonic_ot_digits(s->products->shape.ring);
    size_t at;
    const size_t take = multipliers_of(s, block, &at);
    const size_t transfers = take * trees * LEVELS;
    sonic_status status = sonic_cot_send(pair->sender, s->labels[0], in, transfers, error);
    if (status)
        return status;
    const sonic_aes_key *pi = sonic_cot_sender_pi(pair->sender);
    if (at == 0)
        derive_seeds(s, 0, pi);
    kernels_of(s)->ot.pairs(s->keys[0][0][0], s->labels[0], pair->delta, transfers, pi);
    for (size_t done = 0, n; done < take; done += n) {
        n = sonic_ot_together(&s->products->shape, at + done, take - done);
        grow(s, block, done * trees, n * trees, at + done);
    }
    return SONIC_OK;
}

static size_t sum_bytes(void *arg, size_t block)
{
    const setup *s = arg;
    size_t at;
    return multipliers_of(s, block, &at) * sonic_ot_digits(s->products->shape.ring) * SUMS * BYTES;
}

static sonic_status sum_produce(void *arg, size_t block, uint8_t *out, sonic_error *error)
{
    const setup *s = arg;
    (void)error;
    memcpy(out, s->sums + block * TREES * SUMS * BYTES, sum_bytes(arg, block));
    return SONIC_OK;
}

/* The n trees of the multipliers from `at` on. */
static void puncture(setup *s, const uint8_t *in, size_t n, size_t at)
{
    const sonic_ot_shape *shape = &s->products->shape;
    const size_t trees = sonic_ot_digits(shape->ring);
    uint8_t *kept = s->products->nodes[1] + at * trees * LEVELS * BYTES;
    sonic_trees_keys keys;
    sonic_ot_trees_keys(&keys, kernels_of(s), &s->products->seeds[1], at);
    for (size_t t = 0; t < n; t++) {
        sonic_trees_mask(s->masks, n, t, sonic_ot_digit(s->products, at + t / trees, t % trees));
        for (size_t i = 0; i < LEVELS; i++)
            memcpy(s->nodes + (i * n + t) * SONIC_TREES_WORDS, kept + (t * LEVELS + i) * BYTES,
                   BYTES);
        for (size_t i = 0; i < SUMS; i++)
            memcpy(s->sum_rows + (i * n + t) * SONIC_TREES_WORDS, in + (t * SUMS + i) * BYTES,
                   BYTES);
    }
    sonic_trees_puncture(kernels_of(s), s->rows, s->nodes, s->sum_rows, s->masks, n, &keys);
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < LEVELS; i++)
            memcpy(kept + (t * LEVELS + i) * BYTES, s->nodes + (i * n + t) * SONIC_TREES_WORDS,
                   BYTES);
}

static sonic_status sum_consume(void *arg, size_t block, const uint8_t *in, sonic_error *error)
{
    setup *s = arg;
    const sonic_ot_shape *shape = &s->products->shape;
    const size_t trees = sonic_ot_digits(shape->ring);
    size_t at;
    const size_t take = multipliers_of(s, block, &at);
    (void)error;
    for (size_t done = 0, n; done < take; done += n) {
        n = sonic_ot_together(shape, at + done, take - done);
        puncture(s, in + done * trees * SUMS * BYTES, n * trees, at + done);
    }
    return SONIC_OK;
}

/* Two rounds a group. */
static sonic_status run(setup *s, sonic_error *error)
{
    const sonic_ot_shape *shape = &s->products->shape;
    const size_t blocks =
        sonic_size_pieces(shape->multipliers, SONIC_OT_SETUP_TRANSFERS / (size_t)shape->ring);
    sonic_status status = SONIC_OK;
    for (s->first = 0; !status && s->first < blocks; s->first += SONIC_OT_SETUP_GROUP) {
        sonic_round round = {.blocks = sonic_size_min(SONIC_OT_SETUP_GROUP, blocks - s->first),
                             .block_bytes = choice_bytes,
                             .produce = choice_produce,
                             .consume = choice_consume,
                             .arg = s};
        status = sonic_channel_round(s->products->pair->channel, &round, error);
        round.block_bytes = sum_bytes;
        round.produce = sum_produce;
        round.consume = sum_consume;
        if (!status)
            status = sonic_channel_round(s->products->pair->channel, &round, error);
    }
    return status;
}

/* Weights [output][channel][tap] in multipliers' order, little-endian. */
static void arrange(sonic_ot_products *products, const uint8_t *mask)
{
    const sonic_ot_shape *shape = &products->shape;
    const size_t size = sonic_ring_bytes(shape->ring), taps = shape->taps;
    for (size_t i = 0; i < shape->multipliers; i++) {
        const size_t output = i / shape->channels / taps, tap = i / shape->channels % taps;
        const uint8_t *from =
            mask + ((output * shape->channels + i % shape->channels) * taps + tap) * size;
        if (shape->ring == SONIC_RING_64)
            sonic_file_put64(products->multiplier + i * size, sonic_load64(from, 0));
        else
            sonic_file_put32(products->multiplier + i * size, sonic_load32(from, 0));
    }
}

/* Memory for what is kept; the graph's limit on weights keeps the products small. */
static bool reserve(sonic_ot_products *products)
{
    const sonic_ot_shape *shape = &products->shape;
    const size_t trees = shape->multipliers * sonic_ot_digits(shape->ring);
    products->nodes[0] = malloc(trees * SONIC_OT_OWN_NODES * BYTES);
    products->nodes[1] = malloc(trees * SONIC_OT_PEER_NODES * BYTES);
    products->multiplier = malloc(shape->multipliers * sonic_ring_bytes(shape->ring));
    return products->nodes[0] && products->nodes[1] && products->multiplier;
}

sonic_status sonic_ot_products_create(sonic_ot_products **products, sonic_ot_pair *pair,
                                      const sonic_ot_shape *shape, const void *mask,
                                      sonic_error *error)
{
    sonic_ot_products *made = calloc(1, sizeof *made);
    setup *s = aligned_alloc(64, sizeof *s);
    *products = NULL;
    sonic_status status = SONIC_OK;
    if (made)
        *made = (sonic_ot_products){.pair = pair, .shape = *shape};
    const size_t group = sonic_size_min(SONIC_OT_SETUP_GROUP * (size_t)TREES,
                                        shape->multipliers * sonic_ot_digits(shape->ring)) *
                         SUMS * BYTES;
    uint8_t *sums = malloc(group);
    if (!made || !s || !sums || !reserve(made))
        status = sonic_fail(error, SONIC_E_MEMORY, "no memory for the seeds of %zu multipliers",
                            shape->multipliers);
    if (!status) {
        s->products = made;
        s->sums = sums;
        arrange(made, mask);
        status = run(s, error);
    }
    if (s)
        sodium_memzero(s, sizeof *s);
    if (sums)
        sodium_memzero(sums, group);
    free(s);
    free(sums);
    if (status)
        sonic_ot_products_free(made);
    else
        *products = made;
    return status;
}

void sonic_ot_products_free(sonic_ot_products *products)
{
    if (!products)
        return;
    const sonic_ot_shape *shape = &products->shape;
    const size_t trees = shape->multipliers * sonic_ot_digits(shape->ring);
    sonic_secret_free(products->nodes[0], trees * SONIC_OT_OWN_NODES * BYTES);
    sonic_secret_free(products->nodes[1], trees * SONIC_OT_PEER_NODES * BYTES);
    sonic_secret_free(products->multiplier, shape->multipliers * sonic_ring_bytes(shape->ring));
    free(products);
}
