/* A memory channel whose ends compute in turn. */
#include "tools/perf_turns.h"

#include <stdlib.h>

#include "dispatch/error.h"

enum {
    /* What a socket buffers, and both directions stay in the second cache. */
    BUFFER_BYTES = 1 << 18,
    /* A server waits as long as the other computes, and both end together. */
    TIMEOUT_MS = 1000 * 60 * 60 * 24
};

struct end {
    void *inner;
    pthread_mutex_t *turn;
};

static ssize_t turns_try_send(void *self, const uint8_t *data, size_t n, sonic_error *error)
{
    struct end *end = self;
    return sonic_memory_transport.try_send(end->inner, data, n, error);
}

static ssize_t turns_try_receive(void *self, uint8_t *data, size_t n, sonic_error *error)
{
    struct end *end = self;
    return sonic_memory_transport.try_receive(end->inner, data, n, error);
}

static int turns_wait(void *self, int want_send, int want_receive, int milliseconds,
                      sonic_error *error)
{
    struct end *end = self;
    pthread_mutex_unlock(end->turn);
    int ready =
        sonic_memory_transport.wait(end->inner, want_send, want_receive, milliseconds, error);
    pthread_mutex_lock(end->turn);
    return ready;
}

static void turns_close(void *self)
{
    struct end *end = self;
    sonic_memory_transport.close(end->inner);
    free(end);
}

static const sonic_transport turns_transport = {turns_try_send, turns_try_receive, turns_wait,
                                                turns_close};

sonic_status sonic_turns_pair(pthread_mutex_t *turn, sonic_channel *channel[2], sonic_error *error)
{
    void *inner[2];
    sonic_status status = sonic_memory_transport_pair(&inner[0], &inner[1], BUFFER_BYTES, error);
    if (status)
        return status;
    channel[0] = channel[1] = NULL;
    for (unsigned i = 0; i < 2; i++) {
        struct end *end = status ? NULL : malloc(sizeof *end);
        if (!end) {
            if (!status)
                status = sonic_fail(error, SONIC_E_MEMORY, "out of memory for a channel");
            sonic_memory_transport.close(inner[i]);
            continue;
        }
        *end = (struct end){.inner = inner[i], .turn = turn};
        status = sonic_channel_create(&channel[i], &turns_transport, end,
                                      i ? "server 0" : "server 1", TIMEOUT_MS, error);
    }
    if (status)
        sonic_channel_free(channel[0]);
    return status;
}
