/* IKNP: rows of pseudorandom bits, one a base transfer, transposed into labels. */
#include "proto/ot/cot.h"

#include <string.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/ot/cot_run.h"
#include "proto/share/file_bytes.h"

enum {
    ROWS = SONIC_COT_ROWS,
    LABEL = SONIC_COT_LABEL,
    BATCH = SONIC_COT_BATCH,
    BLOCK_BITS = 128 /* of a row that one block of AES makes */
};

size_t sonic_cot_bytes(unsigned k, size_t n)
{
    return ROWS / k * sonic_size_pieces(n, 8);
}

/* Messages and labels of n transfers have sizes. */
static sonic_status check_count(size_t n, sonic_error *error)
{
    if (n > SIZE_MAX / LABEL - 7)
        return sonic_fail(error, SONIC_E_SHAPE, "%zu oblivious transfers are too many", n);
    return SONIC_OK;
}

/* The next extension's key of labels' hash: that of seed ^ number. */
static void begin_extension(sonic_cot_common *common)
{
    uint8_t seed[sizeof common->seed];
    memcpy(seed, common->seed, sizeof seed);
    sonic_file_put64(seed, sonic_file_get64(seed) ^ common->extensions++);
    common->context->kernels.aes.expand(&common->pi, seed);
}

const sonic_aes_key *sonic_cot_sender_pi(const sonic_cot_sender *sender)
{
    return &sender->common.pi;
}

const sonic_aes_key *sonic_cot_receiver_pi(const sonic_cot_receiver *receiver)
{
    return &receiver->common.pi;
}

/* Row by row: what the sender gets is the XOR of both streams and the choices. */
static void receive_batch(sonic_cot_receiver *r, uint8_t *t, uint8_t *message,
                          const uint8_t *choice, size_t n)
{
    const sonic_kernels *kernels = &r->common.context->kernels;
    const size_t bytes = sonic_size_pieces(n, 8), words = sonic_size_pieces(n, 64);
    memcpy(r->choice, choice, bytes);
    for (size_t i = 0; i < ROWS; i++, message += bytes) {
        kernels->aes.ctr((uint8_t *)r->rows[i], bytes, &r->key[i][0], 0, r->common.counter);
        kernels->aes.ctr((uint8_t *)r->message, bytes, &r->key[i][1], 0, r->common.counter);
        kernels->boolean.bxor(r->message, r->message, r->rows[i], words);
        kernels->boolean.bxor(r->message, r->message, r->choice, words);
        memcpy(message, r->message, bytes);
    }
    kernels->bitmat.labels128(t, (const uint8_t *)r->rows, sizeof *r->rows, n);
    r->common.counter += sonic_size_pieces(n, BLOCK_BITS);
}

sonic_status sonic_cot_receive(sonic_cot_receiver *receiver, uint8_t *t, uint8_t *message,
                               const uint8_t *choice, size_t n, sonic_error *error)
{
    sonic_status status = check_count(n, error);
    begin_extension(&receiver->common);
    for (size_t done = 0; done < n && !status; done += BATCH)
        receive_batch(receiver, t + done * LABEL, message + done / 8 * ROWS, choice + done / 8,
                      sonic_size_min(BATCH, n - done));
    return status;
}

static void send_batch(sonic_cot_sender *s, uint8_t *q, const uint8_t *message, size_t n)
{
    const sonic_kernels *kernels = &s->common.context->kernels;
    const size_t bytes = sonic_size_pieces(n, 8), words = sonic_size_pieces(n, 64);
    for (size_t i = 0; i < ROWS; i++, message += bytes) {
        memset(s->wanted, -(s->delta[i / 8] >> i % 8 & 1), words * sizeof *s->wanted);
        memcpy(s->message, message, bytes);
        kernels->aes.ctr((uint8_t *)s->rows[i], bytes, &s->key[i], 0, s->common.counter);
        kernels->boolean.and_xor(s->rows[i], s->message, s->wanted, s->rows[i], words);
    }
    kernels->bitmat.labels128(q, (const uint8_t *)s->rows, sizeof *s->rows, n);
    s->common.counter += sonic_size_pieces(n, BLOCK_BITS);
}

sonic_status sonic_cot_send(sonic_cot_sender *sender, uint8_t *q, const uint8_t *message, size_t n,
                            sonic_error *error)
{
    sonic_status status = check_count(n, error);
    begin_extension(&sender->common);
    for (size_t done = 0; done < n && !status; done += BATCH)
        send_batch(sender, q + done * LABEL, message + done / 8 * ROWS,
                   sonic_size_min(BATCH, n - done));
    return status;
}
