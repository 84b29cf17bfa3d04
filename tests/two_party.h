/** @file
 * Both servers of a model as two threads of this process, over a memory channel: shares made, pools
 * dealt, sessions run, results joined, everything observed.  Asserts what is not under test.
 */
#ifndef SONIC_TESTS_TWO_PARTY_H
#define SONIC_TESTS_TWO_PARTY_H

#include "proto/session/session.h"

/** What happens to the bytes that a server sends. */
typedef enum two_party_fault {
    TWO_PARTY_SOUND,
    TWO_PARTY_CUT,   /**< after `after` bytes the channel closes */
    TWO_PARTY_STALL, /**< all bytes after `after` get lost */
    TWO_PARTY_FLIP   /**< the lowest bit of byte `after` is flipped */
} two_party_fault;

/** One server: options before a run, observations after it. */
typedef struct two_party_server {
    const char *tier; /**< NULL: the highest */
    sonic_methods methods;
    int threads;
    int timeout_ms;
    two_party_fault fault;
    uint64_t after;

    sonic_status status;    /**< of the first call that failed */
    sonic_error error;
    uint32_t done;          /**< inferences that succeeded */
    sonic_status again;     /**< after a failure: of another call */
    bool zeroed;            /**< after a failed inference: whether its output was all zeros */
    sonic_traffic *traffic; /**< [node][phase] */
    void **tap;             /**< every node's share in the last inference */
    uint64_t sent;          /**< bytes */
    uint8_t seed[SONIC_SEED_BYTES]; /**< what its masks come from; zeros where it failed */
    uint64_t hash;          /**< XXH3 of them, without the handshake, which names the tier */
    uint32_t next;          /**< first unused inference after the run: the pool's, or where there
                                 is none the session's, if it did not fail */
    char peer_tier[32];
} two_party_server;

typedef struct two_party {
    sonic_model model; /**< owned */
    uint32_t batch;
    size_t buffer;              /**< of the memory channel */
    char dir[64];
    char path[2][96];           /**< the pools */
    sonic_model_share share[2]; /**< the graph is the model's */
    two_party_server server[2];
    sonic_session_tap tap;      /**< if not NULL, called instead of keeping the shares */
    void *tap_arg;
} two_party;

/** Takes the model, makes its shares, and deals pools for `count` batches into a new directory.
 * seed: of everything random. */
void two_party_create(two_party *both, sonic_model *model, uint32_t batch, uint32_t count,
                      uint64_t seed);
void two_party_free(two_party *both);

/** Deals new pools, for a model whose id is all `id` and for server 0's methods. */
void two_party_deal(two_party *both, uint32_t count, uint8_t id);

/** Lets both servers work by these methods, and deals new pools for them if they take any. */
void two_party_use(two_party *both, sonic_methods methods, uint32_t count);

/** One session of `inferences` batches: x, of that many batches in the clear, is split, and what
 * both servers return is joined into y.  Returns SONIC_OK if both succeeded, else a failed server's
 * status. */
sonic_status two_party_run(two_party *both, uint32_t inferences, const void *x, void *y);

/** The tensor of a node in the last run, joined from both taps; to be freed. */
void *two_party_tensor(const two_party *both, uint32_t node);

/** Elements of the tensor of a node for the batch. */
size_t two_party_elements(const two_party *both, uint32_t node);

/** n ring elements from signed integers. */
void two_party_encode(sonic_ring ring, void *out, const int64_t *in, size_t n);

#endif
