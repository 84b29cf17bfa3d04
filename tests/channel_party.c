/* One party of a round; see the header. */
#include "tests/channel_party.h"

uint8_t channel_party_byte(uint64_t seed, unsigned party, size_t block, size_t i)
{
    uint64_t x = seed + 0x9e3779b97f4a7c15u * (party + 1) + 0xbf58476d1ce4e5b9u * block + i;
    x ^= x >> 29;
    x *= 0x94d049bb133111ebu;
    return (uint8_t)(x >> 56);
}

size_t channel_party_bytes(void *arg, size_t block)
{
    const channel_party *party = arg;
    return party->bytes[block];
}

static size_t block_layer(void *arg, size_t block)
{
    (void)arg;
    return block % 4;
}

sonic_status channel_party_produce(void *arg, size_t block, uint8_t *out, sonic_error *error)
{
    channel_party *party = arg;
    (void)error;
    party->wrong |= block != party->produced++;
    for (size_t i = 0; i < party->bytes[block]; i++)
        out[i] = channel_party_byte(party->seed, party->me, block, i);
    return SONIC_OK;
}

sonic_status channel_party_consume(void *arg, size_t block, const uint8_t *in, sonic_error *error)
{
    channel_party *party = arg;
    (void)error;
    party->wrong |= block != party->consumed++ || party->produced <= block;
    for (size_t i = 0; i < party->bytes[block]; i++)
        party->wrong |= in[i] != channel_party_byte(party->seed, !party->me, block, i);
    return SONIC_OK;
}

void *channel_party_run(void *arg)
{
    channel_party *party = arg;
    sonic_round round = {.blocks = party->blocks,
                         .block_bytes = channel_party_bytes,
                         .layer = party->by_layer ? block_layer : NULL,
                         .produce = channel_party_produce,
                         .consume = channel_party_consume,
                         .arg = party};
    party->status = sonic_channel_round(party->channel, &round, &party->error);
    return NULL;
}
