/* A channel's life, its marks and its counters. */
#include "proto/channel/channel.h"

#include <stdio.h>
#include <stdlib.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/channel/tcp.h"
#include "proto/channel/transfer.h"

sonic_status sonic_channel_create(sonic_channel **channel, const sonic_transport *transport,
                                  void *self, const char *peer, int timeout_ms, sonic_error *error)
{
    if (timeout_ms <= 0) {
        transport->close(self);
        return sonic_fail(error, SONIC_E_ARGUMENT, "the timeout for %s must be at least 1 ms",
                          peer);
    }
    sonic_channel *made = calloc(1, sizeof *made);
    sonic_traffic *traffic = calloc(SONIC_PHASES, sizeof *traffic);
    if (!made || !traffic) {
        free(made);
        free(traffic);
        transport->close(self);
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for the connection to %s", peer);
    }
    made->transport = *transport;
    made->self = self;
    made->timeout_ms = timeout_ms;
    made->traffic = traffic;
    made->layers = 1;
    sonic_channel_rename(made, peer);
    *channel = made;
    return SONIC_OK;
}

void sonic_channel_free(sonic_channel *channel)
{
    if (!channel)
        return;
    channel->transport.close(channel->self);
    sonic_channel_release(&channel->outgoing);
    sonic_channel_release(&channel->incoming);
    sonic_channel_release(&channel->posted);
    free(channel->traffic);
    free(channel);
}

const char *sonic_channel_peer(const sonic_channel *channel)
{
    return channel->peer;
}

void sonic_channel_rename(sonic_channel *channel, const char *peer)
{
    (void)snprintf(channel->peer, sizeof channel->peer, "%s", peer);
}

void sonic_channel_stop_on(sonic_channel *channel, const volatile int *stop)
{
    channel->stop = stop;
}

void sonic_channel_mark(sonic_channel *channel, sonic_phase phase, size_t layer)
{
    channel->phase = phase < SONIC_PHASES ? phase : SONIC_ONLINE;
    channel->layer = layer < channel->layers ? layer : 0;
}

sonic_status sonic_channel_layers(sonic_channel *channel, size_t layers, sonic_error *error)
{
    size_t counters;
    if (layers == 0)
        layers = 1;
    sonic_traffic *traffic = NULL;
    if (sonic_size_mul(&counters, layers, SONIC_PHASES))
        traffic = calloc(counters, sizeof *traffic);
    if (!traffic)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for the counters of %zu layers",
                          layers);
    free(channel->traffic);
    channel->traffic = traffic;
    channel->layers = layers;
    channel->layer = 0;
    channel->post.out_counter = traffic;
    return SONIC_OK;
}

sonic_traffic sonic_channel_traffic(const sonic_channel *channel, sonic_phase phase, size_t layer)
{
    sonic_traffic sum = {0};
    if (phase >= SONIC_PHASES)
        return sum;
    for (size_t i = 0; i < channel->layers; i++) {
        if (layer != SIZE_MAX && layer != i)
            continue;
        const sonic_traffic *counter = &channel->traffic[i * SONIC_PHASES + phase];
        sum.sent += counter->sent;
        sum.received += counter->received;
        sum.rounds += counter->rounds;
        sum.waited += counter->waited;
    }
    return sum;
}
