/* Messages under keys of random transfers. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/ot/party.h"

enum {
    KEYS = 16,  /* expanded in one call */
    PAD = 4096, /* bytes of a key's stream at once */
    BLOCK = 16
};

size_t sonic_ot_chosen_at_once(const sonic_ot_call *call)
{
    const size_t fit = SONIC_OT_MESSAGE / 2 / call->size;
    return sonic_size_min(sonic_size_min(fit ? fit : 1, SONIC_OT_PIECE), call->n);
}

sonic_status sonic_ot_chosen_room(uint8_t **room, const sonic_ot_call *call, sonic_error *error)
{
    *room = malloc(2 * call->size * sonic_ot_chosen_at_once(call));
    return *room ? SONIC_OK
                 : sonic_fail(error, SONIC_E_MEMORY, "no memory for messages of %zu bytes",
                              call->size);
}

static void bytes_xor(uint8_t *out, const uint8_t *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] ^= in[i];
}

/* One message longer than a key. */
static void pad_long(const sonic_ot_party *party, uint8_t *message, const sonic_aes_key *key,
                     size_t size)
{
    uint8_t pad[PAD];
    for (size_t at = 0; at < size; at += PAD) {
        const size_t n = sonic_size_min(PAD, size - at);
        party->context->kernels.aes.ctr(pad, n, key, 0, at / BLOCK);
        bytes_xor(message + at, pad, n);
    }
    sodium_memzero(pad, sonic_size_min(PAD, size));
}

void sonic_ot_chosen_pad(const sonic_ot_party *party, uint8_t *messages, const uint8_t *keys,
                         size_t size, size_t n)
{
    if (size <= SONIC_OT_LABEL) {
        for (size_t i = 0; i < n; i++)
            bytes_xor(messages + i * size, keys + i * SONIC_OT_LABEL, size);
        return;
    }
    sonic_aes_key key[KEYS];
    for (size_t done = 0; done < n; done += KEYS) {
        const size_t m = sonic_size_min(KEYS, n - done);
        party->context->kernels.aes.expand_many(key, keys + done * SONIC_OT_LABEL, m);
        for (size_t i = 0; i < m; i++)
            pad_long(party, messages + (done + i) * size, &key[i], size);
    }
    sodium_memzero(key, sizeof key);
}
