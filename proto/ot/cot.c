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

/* Whether a digit's part of the message is whole blocks and words where it is. */
static bool is_in_place(const uint8_t *message, size_t n)
{
    return n % BLOCK_BITS == 0 && (uintptr_t)message % sizeof(uint64_t) == 0;
}

/* Digit by digit: k rows, and the XOR of all leaves' streams and the choices for the sender. */
static void receive_batch(sonic_cot_state *s, uint8_t *t, uint8_t *message, const uint8_t *choice,
                          size_t n)
{
    const sonic_kernels *kernels = &s->context->kernels;
    const size_t bytes = sonic_size_pieces(n, 8), words = sonic_size_pieces(n, 64);
    const unsigned k = s->options.k;
    const bool in_place = is_in_place(message, n);
    const sonic_aes_key *keys = s->keys;
    memcpy(s->choice, choice, bytes);
    for (size_t row = 0; row < ROWS; row += k, keys += (size_t)1 << k, message += bytes) {
        uint64_t *u = in_place ? (uint64_t *)(void *)message : s->message;
        kernels->ot.vole((uint8_t *)u, (uint8_t *)s->rows[row], sizeof *s->rows, keys, k,
                         s->counter, sonic_size_pieces(n, BLOCK_BITS));
        kernels->boolean.bxor(u, u, s->choice, words);
        if (!in_place)
            memcpy(message, u, bytes);
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
    for (size_t done = 0; done < n; done += BATCH)
        receive_batch(s, t + done * LABEL, message + sonic_cot_bytes(s->options.k, done),
                      choice + done / 8, sonic_size_min(BATCH, n - done));
    return SONIC_OK;
}

/* Digit by digit: k rows as the receiver's, but for the missing leaf and the choices, which the
 * message takes out of those that delta has. */
static void send_batch(sonic_cot_sender *sender, uint8_t *q, const uint8_t *message, size_t n)
{
    sonic_cot_state *s = &sender->state;
    const sonic_kernels *kernels = &s->context->kernels;
    const size_t bytes = sonic_size_pieces(n, 8), words = sonic_size_pieces(n, 64);
    const unsigned k = s->options.k;
    const bool in_place = is_in_place(message, n);
    const sonic_aes_key *keys = s->keys;
    for (size_t row = 0; row < ROWS; keys += (size_t)1 << k, message += bytes) {
        const uint64_t *u = in_place ? (const uint64_t *)(const void *)message : s->message;
        kernels->ot.vole(NULL, (uint8_t *)s->rows[row], sizeof *s->rows, keys, k, s->counter,
                         sonic_size_pieces(n, BLOCK_BITS));
        if (!in_place)
            memcpy(s->message, message, bytes);
        for (const size_t end = row + k; row < end; row++)
            kernels->boolean.masked_xor(s->rows[row], u,
                                        -(uint64_t)(sender->delta[row / 8] >> row % 8 & 1), words);
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
    for (size_t done = 0; done < n; done += BATCH)
        send_batch(sender, q + done * LABEL,
                   message + sonic_cot_bytes(sender->state.options.k, done),
                   sonic_size_min(BATCH, n - done));
    return SONIC_OK;
}
