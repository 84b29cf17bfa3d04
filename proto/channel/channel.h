/** @file
 * A two-way byte channel to one peer that counts bytes and rounds, by phase and by layer.
 *
 * Two transports, memory and TCP, behind one interface.  A channel is used by one thread at a time;
 * the two ends of a memory channel may be used by two threads.  Every call returns within the
 * channel's timeout of the last byte that moved.  After a failure the channel is dead: every later
 * call returns the same status.  XXH3 and counters guard against damage, not against people: run it
 * inside a tunnel where others can reach the network.
 */
#ifndef SONIC_PROTO_CHANNEL_CHANNEL_H
#define SONIC_PROTO_CHANNEL_CHANNEL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <sonicnn/status.h>

typedef enum sonic_phase { SONIC_SETUP, SONIC_OFFLINE, SONIC_ONLINE, SONIC_PHASES } sonic_phase;

/** What one party saw of one phase of one layer. */
typedef struct sonic_traffic {
    uint64_t sent;     /**< bytes */
    uint64_t received; /**< bytes */
    uint64_t rounds;   /**< times this party had to wait for bytes that depend on what it sent */
    double waited;     /**< seconds in which nothing could be sent or received: always of the marked
                          layer, also in a round of several layers */
} sonic_traffic;

typedef struct sonic_channel sonic_channel;

/** What a transport supplies.  `try` calls move what they can without waiting: bytes moved, 0 when
 * none could be, or a negative sonic_status (and, where known, the cause in error). */
typedef struct sonic_transport {
    ssize_t (*try_send)(void *self, const uint8_t *data, size_t n, sonic_error *error);
    ssize_t (*try_receive)(void *self, uint8_t *data, size_t n, sonic_error *error);
    /** Waits until sending (if want_send) or receiving (if want_receive) may make progress, or
     * milliseconds have passed: 1, 0 on timeout, or a negative sonic_status. */
    int (*wait)(void *self, int want_send, int want_receive, int milliseconds, sonic_error *error);
    void (*close)(void *self);
} sonic_transport;

/** Makes a channel over a transport; `self` is closed with it, and also on failure.
 * @param peer  who is at the other end, for messages: "server 1", "the user at 10.0.0.7:4411" */
sonic_status sonic_channel_create(sonic_channel **channel, const sonic_transport *transport,
                                  void *self, const char *peer, int timeout_ms, sonic_error *error);

/** Closes and frees; NULL is allowed. */
void sonic_channel_free(sonic_channel *channel);

/** Two ends of a channel inside this process.  buffer: bytes each direction holds, at least 1. */
sonic_status sonic_channel_memory_pair(sonic_channel **a, sonic_channel **b, size_t buffer,
                                       int timeout_ms, sonic_error *error);

/** As above, the transports alone, for wrapping. */
sonic_status sonic_memory_transport_pair(void **a, void **b, size_t buffer, sonic_error *error);
extern const sonic_transport sonic_memory_transport;

const char *sonic_channel_peer(const sonic_channel *channel);

/** Once *stop is non-zero, whatever moves bytes or waits for the peer returns SONIC_E_CLOSED, from a
 * wait within 200 ms; for a signal handler.  NULL: none. */
void sonic_channel_stop_on(sonic_channel *channel, const volatile int *stop);

/** Attributes what follows to a phase and a layer (0 .. layers - 1; layer 0 for any other).
 * Counters exist after sonic_channel_layers(); layer 0 and every phase exist from the start. */
void sonic_channel_mark(sonic_channel *channel, sonic_phase phase, size_t layer);

/** Makes room for counters of this many layers, and zeroes all counters. */
sonic_status sonic_channel_layers(sonic_channel *channel, size_t layers, sonic_error *error);

/** What went through in a phase of a layer; layer SIZE_MAX: of all layers together. */
sonic_traffic sonic_channel_traffic(const sonic_channel *channel, sonic_phase phase, size_t layer);

/** Sends, or receives, exactly n bytes.  A receive that follows a send counts one round. */
SONIC_MUST_CHECK sonic_status sonic_channel_send(sonic_channel *channel, const void *data, size_t n,
                                                 sonic_error *error);
SONIC_MUST_CHECK sonic_status sonic_channel_receive(sonic_channel *channel, void *data, size_t n,
                                                    sonic_error *error);

/** Sends n bytes without waiting: what cannot be sent at once is kept, and sent while this party
 * receives, or before it sends anything else, were it 0 bytes.  For a message that the peer takes
 * only when it has sent what this party is about to receive. */
SONIC_MUST_CHECK sonic_status sonic_channel_post(sonic_channel *channel, const void *data, size_t n,
                                                 sonic_error *error);

/** One round in which both parties send each other equally many bytes at the same time, block by
 * block, so that neither memory nor the network's buffers have to hold a layer.
 *
 * `produce(arg, b, out)` writes the bytes of block b to send; `consume(arg, b, in)` is given the
 * peer's block b, after this party's own block b has been produced (so it may overwrite the state
 * that block came from) and in order.  block_bytes(arg, b) is the size of block b, the same at both
 * ends, at most SONIC_BLOCK_BYTES_MAX.  Counts one round; a round of no bytes counts none.
 *
 * layer(arg, b) is the layer to which block b's bytes are attributed, in the marked phase; where it
 * is NULL, and for the round itself, that is the marked layer. */
typedef struct sonic_round {
    size_t blocks;
    size_t (*block_bytes)(void *arg, size_t block);
    size_t (*layer)(void *arg, size_t block); /**< may be NULL */
    sonic_status (*produce)(void *arg, size_t block, uint8_t *out, sonic_error *error);
    sonic_status (*consume)(void *arg, size_t block, const uint8_t *in, sonic_error *error);
    void *arg;
} sonic_round;

#define SONIC_BLOCK_BYTES_MAX ((size_t)1 << 20)

SONIC_MUST_CHECK sonic_status sonic_channel_round(sonic_channel *channel, const sonic_round *round,
                                                  sonic_error *error);

/** A round of one block: sends n <= SONIC_BLOCK_BYTES_MAX bytes and receives as many. */
SONIC_MUST_CHECK sonic_status sonic_channel_exchange(sonic_channel *channel, const void *mine,
                                                     void *theirs, size_t n, sonic_error *error);

#endif
