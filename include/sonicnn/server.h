/** @file
 * One of the two servers, for a program of your own: shares in, shares out.
 *
 * What `sonicnn serve` does, without its users' protocol: your program brings input shares by its
 * own ways and takes result shares away.  Semi-honest security against either server, where there is
 * a dealer given that it colludes with neither; channels are not encrypted (doc/security.md).  A
 * server is used by one thread at a time.  After a failure of the peer or of the pool it is
 * poisoned: every later call but sonic_server_free() returns SONIC_E_POISONED.
 */
#ifndef SONICNN_SERVER_H
#define SONICNN_SERVER_H

#include <stdint.h>

#include <sonicnn/context.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sonic_server sonic_server;

/** Files as `sonicnn share-model` and `sonicnn deal` write them, and where the other server is. */
typedef struct sonic_server_options {
    const char *model; /**< this server's share, BASE.0 or BASE.1: it says which server this is */
    const char *pool;  /**< this server's pool; locked, and counted down durably; NULL with "ot" */
    const char *peer;  /**< "HOST:PORT": server 0 listens there, server 1 connects to it */
    int timeout_ms;    /**< of the peer, by progress; 0: 30 s */
    const char *relu;  /**< how ReLU and max-pool compare, as the pool was dealt for: "ppa", a
                            prefix adder, "gc", garbled circuits, or "fss", function secret
                            sharing, with which all truncation is exact and "offline" is "dealer";
                            NULL: "ppa" */
    const char *offline; /**< where correlated randomness comes from: "dealer", the pool, or "ot",
                              the two servers alone, by oblivious transfers ("ot1", "ot2", "ot4",
                              "ot8": from least computation to fewest bytes; "ot" is "ot4"); NULL:
                              "dealer" */
    uint32_t batch; /**< with "ot": images of an inference; with "dealer" 0, for the pool says it */
} sonic_server_options;

/** What an inference moves, in ring elements of 4 or 8 bytes, little-endian as the machine's. */
typedef struct sonic_server_shape {
    sonic_ring ring;
    size_t batch;                   /**< images of one inference */
    size_t input;                   /**< elements of one image */
    size_t output;                  /**< elements of one result */
    double input_unit, output_unit; /**< a ring element q stands for the real number unit * q */
} sonic_server_shape;

/** Loads, connects, checks that both servers have the same network, ring, batch, pool pair, "relu"
 * and "offline", and opens the masked weights: 2 l |W| bits in all, one round; with "gc" and "ot"
 * base transfers come on top of it.
 * @param context must outlive the server
 * @return any status; the sentence names the file, the peer or what differs */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_server_create(sonic_server **server,
                                                            const sonic_context *context,
                                                            const sonic_server_options *options,
                                                            sonic_error *error);

/** Disconnects, wipes and frees; NULL is allowed. */
SONIC_API void sonic_server_free(sonic_server *server);

/** Shapes and scales; constant over the server's life. */
SONIC_API sonic_server_shape sonic_server_shape_of(const sonic_server *server);

/** Does what needs no input for the next inference: claims its material or with "ot" makes it, one
 * ring product a linear layer, and with "gc" makes and exchanges the garbled tables.  Both servers
 * must call it at the same point, or neither; sonic_server_infer() does it otherwise. */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_server_prepare(sonic_server *server,
                                                             sonic_error *error);

/** One batch.  Both servers must call it for the same batch.
 * @param[in]  input  batch * input elements, this server's share, secret
 * @param[out] output batch * output elements, this server's share, secret; zeroised on failure
 * @return SONIC_E_USED_UP when the pool is empty; a channel status that names the layer */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_server_infer(sonic_server *server, const void *input,
                                                           void *output, sonic_error *error);

#ifdef __cplusplus
}
#endif
#endif
