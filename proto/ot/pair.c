/* Correlated transfers in both directions. */
#include "proto/ot/pair.h"

#include <string.h>

#include <sodium.h>

#include "proto/share/random.h"

uint64_t sonic_ot_pair_bytes(unsigned k)
{
    const sonic_cot_options options = {.k = k};
    return sonic_cot_setup_sent(options) + sonic_cot_setup_received(options);
}

uint64_t sonic_ot_pair_rounds(unsigned k)
{
    return k == 1 ? 3 : 4;
}

/* Party 0 is first the sender, then the receiver. */
static sonic_status run_base_transfers(sonic_ot_pair *pair, sonic_error *error)
{
    const sonic_cot_options options = {.k = pair->k};
    sonic_status status = SONIC_OK;
    for (unsigned turn = 0; !status && turn < 2; turn++)
        status = turn == pair->party
                     ? sonic_cot_sender_create(&pair->sender, pair->context, pair->channel, options,
                                               pair->delta, error)
                     : sonic_cot_receiver_create(&pair->receiver, pair->context, pair->channel,
                                                 options, error);
    return status;
}

sonic_status sonic_ot_pair_create(sonic_ot_pair *pair, const sonic_context *context,
                                  sonic_channel *channel, unsigned party, unsigned k,
                                  const uint8_t *delta, sonic_error *error)
{
    *pair = (sonic_ot_pair){.context = context, .channel = channel, .party = party, .k = k};
    if (delta)
        memcpy(pair->delta, delta, sizeof pair->delta);
    else
        sonic_random_bytes(pair->delta, sizeof pair->delta);
    sonic_status status = run_base_transfers(pair, error);
    if (status)
        sonic_ot_pair_free(pair);
    return status;
}

void sonic_ot_pair_free(sonic_ot_pair *pair)
{
    sonic_cot_sender_free(pair->sender);
    sonic_cot_receiver_free(pair->receiver);
    sodium_memzero(pair, sizeof *pair);
}
