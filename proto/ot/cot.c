/* Extension: rows of pseudorandom bits, k a tree, transposed into labels. */
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
    PIECE = SONIC_COT_PIECE,
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
static void begin_extension(sonic_cot_state *s)
{
    uint8_t seed[sizeof s->seed];
    memcpy(seed, s->seed, sizeof seed);
    sonic_file_put64(seed, sonic_file_get64(seed) ^ s->extensions++);
    s->context->kernels.aes.expand(&s->pi, seed);
}

const sonic_aes_key *sonic_cot_sender_pi(const sonic_cot_sender *sender)
{
    return &sender->state.pi;
}

const sonic_aes_key *sonic_cot_receiver_pi(const sonic_cot_receiver *receiver)
{
    return &receiver->state.pi;
}

static void transpose(sonic_cot_state *s, uint8_t *labels, size_t n)
{
    s->context->kernels.bitmat.labels128(labels, (const uint8_t *)s->rows, sizeof *s->rows, n);
    s->counter += sonic_size_pieces(n, BLOCK_BITS);
}

/* Digit by digit: k rows, and the XOR of all leaves' streams and the choices, at `step` bytes from
 * digit to digit, for the sender. */
static void receive_piece(sonic_cot_state *s, uint8_t *t, uint8_t *message, size_t step,
                          const uint8_t *choice, size_t n)
{
    const sonic_kernels *kernels = &s->context->kernels;
    const size_t bytes = sonic_size_pieces(n, 8), words = sonic_size_pieces(n, 64);
    const unsigned k = s->options.k;
    const sonic_aes_key *keys = s->keys;
    memcpy(s->mask, choice, bytes);
    for (size_t row = 0; row < ROWS; row += k, keys += (size_t)1 << k, message += step) {
        kernels->ot.vole((uint8_t *)s->message, (uint8_t *)s->rows[row], sizeof *s->rows, keys, k,
                         s->counter, sonic_size_pieces(n, BLOCK_BITS));
        kernels->boolean.bxor(s->message, s->message, s->mask, words);
        memcpy(message, s->message, bytes);
    }
    transpose(s, t, n);
}

sonic_status sonic_cot_receive(sonic_cot_receiver *receiver, uint8_t *t, uint8_t *message,
                               const uint8_t *choice, size_t n, sonic_error *error)
{
    sonic_cot_state *s = &receiver->state;
    sonic_status status = check_count(n, error);
    if (status)
        return status;
    begin_extension(s);
    for (size_t done = 0; done < n; done += BATCH) {
        const size_t batch = sonic_size_min(BATCH, n - done), step = sonic_size_pieces(batch, 8);
        uint8_t *part = message + sonic_cot_bytes(s->options.k, done);
        for (size_t at = 0; at < batch; at += PIECE)
            receive_piece(s, t + (done + at) * LABEL, part + at / 8, step, choice + (done + at) / 8,
                          sonic_size_min(PIECE, batch - at));
    }
    return SONIC_OK;
}

/* Digit by digit: k rows as the receiver's, but for the missing leaf and the choices, which the
 * message takes out of those that delta has. */
static void send_piece(sonic_cot_sender *sender, uint8_t *q, const uint8_t *message, size_t step,
                       size_t n)
{
    sonic_cot_state *s = &sender->state;
    const sonic_kernels *kernels = &s->context->kernels;
    const size_t bytes = sonic_size_pieces(n, 8), words = sonic_size_pieces(n, 64);
    const unsigned k = s->options.k;
    const sonic_aes_key *keys = s->keys;
    for (size_t row = 0; row < ROWS; keys += (size_t)1 << k, message += step) {
        kernels->ot.vole(NULL, (uint8_t *)s->rows[row], sizeof *s->rows, keys, k, s->counter,
                         sonic_size_pieces(n, BLOCK_BITS));
        memcpy(s->message, message, bytes);
        for (const size_t end = row + k; row < end; row++) {
            memset(s->mask, -(sender->delta[row / 8] >> row % 8 & 1), words * sizeof *s->mask);
            kernels->boolean.and_xor(s->rows[row], s->message, s->mask, s->rows[row], words);
        }
    }
    transpose(s, q, n);
}

sonic_status sonic_cot_send(sonic_cot_sender *sender, uint8_t *q, const uint8_t *message, size_t n,
                            sonic_error *error)
{
    sonic_status status = check_count(n, error);
    if (status)
        return status;
    begin_extension(&sender->state);
    for (size_t done = 0; done < n; done += BATCH) {
        const size_t batch = sonic_size_min(BATCH, n - done), step = sonic_size_pieces(batch, 8);
        const uint8_t *part = message + sonic_cot_bytes(sender->state.options.k, done);
        for (size_t at = 0; at < batch; at += PIECE)
            send_piece(sender, q + (done + at) * LABEL, part + at / 8, step,
                       sonic_size_min(PIECE, batch - at));
    }
    return SONIC_OK;
}
