/** @file
 * One server's side of secure inferences of one model with one peer.
 *
 * A session is used by one thread.  After any failure it is poisoned: every later call returns
 * SONIC_E_POISONED.  Semi-honest security against either server, where there is a dealer given
 * that it colludes with neither; see doc/security.md.
 */
#ifndef SONIC_PROTO_SESSION_SESSION_H
#define SONIC_PROTO_SESSION_SESSION_H

#include "dispatch/context.h"
#include "proto/channel/channel.h"
#include "proto/model/model.h"
#include "proto/offline/pool.h"

typedef struct sonic_session sonic_session;

/** How a server works; the methods and the batch are the same in both. */
typedef struct sonic_session_options {
    sonic_methods methods;
    sonic_pool *pool; /**< SONIC_SOURCE_DEALER: this server's; else NULL */
    uint32_t batch;   /**< images of an inference; SONIC_SOURCE_DEALER: 0, because the pool's is */
} sonic_session_options;

/** sonic_session_check(), before anything is sent; then handshake and setup.  Everything passed in
 * but the options themselves stays the caller's and must outlive the session.
 *
 * Handshake (handshake.h): 112 bytes and 1 round, attributed to node 0 in phase SETUP.  It compares
 * version, party, ring, model id, batch, plan digest (the graph's and the methods') and pool pair
 * and says which differs: SONIC_E_MISMATCH "server 1 has another pool (pair ...)", "server 1 runs
 * --relu gc, here ppa", "server 1 runs --offline ot4, here dealer"; garbage is SONIC_E_PEER.  The
 * tier is for information only.  The servers agree on the first inference's material: the larger of
 * their next unused ones; from then on both count on by one, which needs no message.
 *
 * Setup: F = W - B is opened for all weights in one round, 2 l |W| bits in all; each node's bytes
 * are attributed to it, the round to node 0.  Then F and the server's share of W are packed for the
 * products of all inferences to come.  SONIC_RELU_GC runs its base transfers, as node 0, unless
 * nothing is compared; so do servers that make their material, unless they need none, and then set
 * up every linear layer, as its node.  Bytes and rounds of all: the plan's.
 *
 * Memory, until the session is freed or fails: F and W, each one to two times |W| elements as the
 * tier packs them (AVX2 mod 2^64: 2, avx512ifma mod 2^64: 1.5, else 1).  Those of depthwise
 * convolutions, and of a fully connected layer for 4 images or fewer, are not packed: F takes |W|
 * then, W nothing.  The share that the caller passed comes on top of it, and at most one node's F
 * while it is packed. */
SONIC_MUST_CHECK sonic_status sonic_session_create(sonic_session **session,
                                                   const sonic_context *context,
                                                   const sonic_model_share *model,
                                                   const sonic_session_options *options,
                                                   sonic_channel *peer, sonic_error *error);
void sonic_session_free(sonic_session *session);

/** What must agree within one server, before there is a peer: a pool's party, ring, model id,
 * graph, and that it was dealt for these methods.
 * @return SONIC_E_MISMATCH naming the pool and what differs, SONIC_E_ARGUMENT */
SONIC_MUST_CHECK sonic_status sonic_session_check(const sonic_model_share *model,
                                                  const sonic_session_options *options,
                                                  sonic_error *error);

/** Claims the next inference's material, durably, or makes it with the peer, and does the work that
 * needs no input: D_i = A_i * F + C_i + b_i for every linear layer, and what ReLU and max-pool can
 * prepare, kept in an anonymous file of the plan's spill_bytes, as secret as the pool.  Traffic:
 * the plan's prepare_bytes and prepare_rounds, none for SONIC_RELU_PPA with a dealer; where there
 * is some both servers must call this at the same point.  Does nothing where the next inference is
 * prepared already; called by sonic_session_infer() where it was not called before.  Material once
 * claimed is never used again, whatever happens. */
SONIC_MUST_CHECK sonic_status sonic_session_prepare(sonic_session *session, sonic_error *error);

/** Runs one batch.  input: batch x input elements, output: batch x output elements, ring shares, no
 * aliases; the output is zeroed on failure.  Rounds and bytes: the plan's, attributed to the nodes.
 * Memory beyond the session's: the tensors that are still needed, and the running layer's scratch
 * (proto/layer/layer.h).
 * @return a status of the channel, the peer or the pool, whose text names the layer */
SONIC_MUST_CHECK sonic_status sonic_session_infer(sonic_session *session, const void *input,
                                                  void *output, sonic_error *error);

const sonic_plan *sonic_session_plan(const sonic_session *session);
/** Wall seconds spent in a phase of a layer (node index; SIZE_MAX: all) since creation; bytes,
 * rounds and how many of the seconds were waited for the peer are the channel's, whose layer index
 * is the node index.  Setup is waited for in node 0 alone. */
double sonic_session_seconds(const sonic_session *session, sonic_phase phase, size_t node);
const char *sonic_session_peer_tier(const sonic_session *session);

/** For tests and progress bars: called after every node with its output share, within the time that
 * is counted for the node. */
typedef void (*sonic_session_tap)(void *arg, uint32_t node, const void *share, size_t elements);
void sonic_session_set_tap(sonic_session *session, sonic_session_tap tap, void *arg);

#endif
