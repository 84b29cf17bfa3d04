/* IKNP: rows of pseudorandom bits, one a base transfer, transposed into labels. */
#include "proto/ot/cot.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/ot/base.h"

enum {
    ROWS = 128,
    LABEL = 16,
    BLOCK_BITS = 128, /* of a row that one block of AES makes */
    /* Transfers worked on at once, which the bytes of a message depend on: 128 KiB of rows.  With a
     * half, a quarter and an eighth of it, 86, 42 and 23% of the rate (avx512 on Ice Lake). */
    BATCH = 8192,
    WORDS = BATCH / 64,
    /* From row to row: a line more than a power of two, or all rows would be in few sets of the
     * first-level cache. */
    STRIDE = WORDS + 8
};

/* Of every key's stream the blocks before `counter` are used; 2^64 of them outlast any machine. */
struct sonic_cot_sender {
    sonic_aes_key key[ROWS]; /* of the receiver's two, that of delta's bit */
    _Alignas(64) uint64_t rows[ROWS][STRIDE];
    uint64_t message[WORDS]; /* a row of it */
    uint64_t wanted[WORDS];  /* delta's bit, everywhere */
    const sonic_context *context;
    uint64_t counter;
    uint8_t delta[LABEL];
};

struct sonic_cot_receiver {
    sonic_aes_key key[ROWS][2];
    _Alignas(64) uint64_t rows[ROWS][STRIDE];
    uint64_t message[WORDS]; /* a row of it */
    uint64_t choice[WORDS];  /* of the batch */
    const sonic_context *context;
    uint64_t counter;
};

static sonic_status fail_memory(sonic_error *error)
{
    return sonic_fail(error, SONIC_E_MEMORY, "no memory for oblivious transfers");
}

sonic_status sonic_cot_sender_create(sonic_cot_sender **sender, const sonic_context *context,
                                     sonic_channel *channel, const uint8_t delta[16],
                                     sonic_error *error)
{
    uint8_t keys[ROWS][SONIC_OT_KEY_BYTES];
    sonic_cot_sender *s = aligned_alloc(_Alignof(sonic_cot_sender), sizeof *s);
    *sender = NULL;
    if (!s)
        return fail_memory(error);
    sonic_status status = sonic_base_ot_receive(channel, keys[0], delta, ROWS, error);
    if (status) {
        free(s);
        return status;
    }
    context->kernels.aes.expand_many(s->key, keys[0], ROWS);
    sodium_memzero(keys, sizeof keys);
    memcpy(s->delta, delta, LABEL);
    s->context = context;
    s->counter = 0;
    *sender = s;
    return SONIC_OK;
}

sonic_status sonic_cot_receiver_create(sonic_cot_receiver **receiver, const sonic_context *context,
                                       sonic_channel *channel, sonic_error *error)
{
    uint8_t keys[ROWS][2][SONIC_OT_KEY_BYTES];
    sonic_cot_receiver *r = aligned_alloc(_Alignof(sonic_cot_receiver), sizeof *r);
    *receiver = NULL;
    if (!r)
        return fail_memory(error);
    sonic_status status = sonic_base_ot_send(channel, keys[0][0], ROWS, error);
    if (status) {
        free(r);
        return status;
    }
    context->kernels.aes.expand_many(r->key[0], keys[0][0], 2 * ROWS);
    sodium_memzero(keys, sizeof keys);
    r->context = context;
    r->counter = 0;
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

size_t sonic_cot_bytes(size_t n)
{
    return ROWS * sonic_size_pieces(n, 8);
}

/* Messages and labels of n transfers have sizes. */
static sonic_status check_count(size_t n, sonic_error *error)
{
    if (n > SIZE_MAX / LABEL - 7)
        return sonic_fail(error, SONIC_E_SHAPE, "%zu oblivious transfers are too many", n);
    return SONIC_OK;
}

/* Row by row: what the sender gets is the XOR of both streams and the choices. */
static void receive_batch(sonic_cot_receiver *r, uint8_t *t, uint8_t *message,
                          const uint8_t *choice, size_t n)
{
    const sonic_kernels *kernels = &r->context->kernels;
    const size_t bytes = sonic_size_pieces(n, 8), words = sonic_size_pieces(n, 64);
    memcpy(r->choice, choice, bytes);
    for (size_t i = 0; i < ROWS; i++, message += bytes) {
        kernels->aes.ctr((uint8_t *)r->rows[i], bytes, &r->key[i][0], 0, r->counter);
        kernels->aes.ctr((uint8_t *)r->message, bytes, &r->key[i][1], 0, r->counter);
        kernels->boolean.bxor(r->message, r->message, r->rows[i], words);
        kernels->boolean.bxor(r->message, r->message, r->choice, words);
        memcpy(message, r->message, bytes);
    }
    kernels->bitmat.labels128(t, (const uint8_t *)r->rows, sizeof *r->rows, n);
    r->counter += sonic_size_pieces(n, BLOCK_BITS);
}

sonic_status sonic_cot_receive(sonic_cot_receiver *receiver, uint8_t *t, uint8_t *message,
                               const uint8_t *choice, size_t n, sonic_error *error)
{
    sonic_status status = check_count(n, error);
    for (size_t done = 0; done < n && !status; done += BATCH)
        receive_batch(receiver, t + done * LABEL, message + done / 8 * ROWS, choice + done / 8,
                      sonic_size_min(BATCH, n - done));
    return status;
}

static void send_batch(sonic_cot_sender *s, uint8_t *q, const uint8_t *message, size_t n)
{
    const sonic_kernels *kernels = &s->context->kernels;
    const size_t bytes = sonic_size_pieces(n, 8), words = sonic_size_pieces(n, 64);
    for (size_t i = 0; i < ROWS; i++, message += bytes) {
        memset(s->wanted, -(s->delta[i / 8] >> i % 8 & 1), words * sizeof *s->wanted);
        memcpy(s->message, message, bytes);
        kernels->aes.ctr((uint8_t *)s->rows[i], bytes, &s->key[i], 0, s->counter);
        kernels->boolean.and_xor(s->rows[i], s->message, s->wanted, s->rows[i], words);
    }
    kernels->bitmat.labels128(q, (const uint8_t *)s->rows, sizeof *s->rows, n);
    s->counter += sonic_size_pieces(n, BLOCK_BITS);
}

sonic_status sonic_cot_send(sonic_cot_sender *sender, uint8_t *q, const uint8_t *message, size_t n,
                            sonic_error *error)
{
    sonic_status status = check_count(n, error);
    for (size_t done = 0; done < n && !status; done += BATCH)
        send_batch(sender, q + done * LABEL, message + done / 8 * ROWS,
                   sonic_size_min(BATCH, n - done));
    return status;
}
