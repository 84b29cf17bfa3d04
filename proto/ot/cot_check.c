/* The check of a receiver that may be malicious: a linear hash of rows and choices. */
#include "proto/ot/cot.h"

#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "proto/ot/cot_run.h"

enum { ROWS = SONIC_COT_ROWS, LABEL = SONIC_COT_LABEL };

/* The hashes of the 128 rows whose columns are n labels: 128 labels transposed are a block of each
 * row. */
static void hash_rows(uint8_t hash[ROWS * LABEL], const sonic_kernels *kernels,
                      const uint8_t *labels, size_t n, const uint8_t challenge[16])
{
    uint8_t rows[ROWS * LABEL];
    memset(hash, 0, ROWS * LABEL);
    for (size_t done = 0; done < n; done += ROWS) {
        kernels->bitmat.labels128(rows, labels + done * LABEL, LABEL, ROWS);
        kernels->ot.row_hash(hash, rows, LABEL, ROWS, 1, challenge);
    }
    sodium_memzero(rows, sizeof rows);
}

void sonic_cot_prove(const sonic_cot_receiver *receiver, uint8_t proof[SONIC_COT_PROOF_BYTES],
                     const uint8_t *t, const uint8_t *choice, size_t n, const uint8_t challenge[16])
{
    const sonic_kernels *kernels = &receiver->state.context->kernels;
    memset(proof, 0, LABEL);
    kernels->ot.row_hash(proof, choice, n / 8, 1, n / ROWS, challenge);
    hash_rows(proof + LABEL, kernels, t, n, challenge);
}

/* As q_j = t_j ^ c_j delta, row i of q is that of t, and the choices where delta has bit i. */
sonic_status sonic_cot_verify(const sonic_cot_sender *sender, const uint8_t *q, size_t n,
                              const uint8_t proof[SONIC_COT_PROOF_BYTES],
                              const uint8_t challenge[16], const char *peer, sonic_error *error)
{
    uint8_t hash[ROWS * LABEL];
    hash_rows(hash, &sender->state.context->kernels, q, n, challenge);
    for (size_t i = 0; i < ROWS; i++) {
        const uint8_t mask = (uint8_t) - (sender->delta[i / 8] >> i % 8 & 1);
        for (size_t b = 0; b < LABEL; b++)
            hash[i * LABEL + b] ^= mask & proof[b];
    }
    const int differs = sodium_memcmp(hash, proof + LABEL, sizeof hash);
    sodium_memzero(hash, sizeof hash);
    if (differs)
        return sonic_fail(error, SONIC_E_PEER, "%s cheats in oblivious transfer", peer);
    return SONIC_OK;
}
