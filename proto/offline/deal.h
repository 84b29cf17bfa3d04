/** @file
 * The dealer: makes both parties' pools for a plan.
 *
 * The dealer learns nothing secret: it sees the public graph only.  Whoever holds both seeds can
 * open every value a server masks, so the dealer must not collude with a server, and must forget.
 */
#ifndef SONIC_PROTO_OFFLINE_DEAL_H
#define SONIC_PROTO_OFFLINE_DEAL_H

#include "dispatch/context.h"
#include "proto/offline/plan.h"
#include "proto/share/file.h"

/** Called after each inference's material is written; return non-zero to stop (SONIC_E_CLOSED). */
typedef int (*sonic_progress)(void *arg, uint64_t done, uint64_t total);

/** Writes two pool files for `count` inferences of `batch` images each, for servers that compare by
 * `relu`.  Both appear, or none.
 * Memory: the model's weight masks, packed once for all inferences (proto/model/weights.h), and the
 * largest linear layer's input and output for a batch; with fss some 2 MB a thread. */
SONIC_MUST_CHECK sonic_status sonic_deal(const sonic_context *context, const sonic_graph *graph,
                                         const uint8_t model[SONIC_ID_BYTES], sonic_relu relu,
                                         uint32_t batch, uint32_t count, const char *path0,
                                         const char *path1, sonic_progress progress, void *arg,
                                         sonic_error *error);

/** The same into the caller's descriptors, which are those of sonic_anonymous_file(): for pools
 * that are handed on at once, and of which a dealer that is killed leaves nothing. */
SONIC_MUST_CHECK sonic_status sonic_deal_anonymous(const sonic_context *context,
                                                   const sonic_graph *graph,
                                                   const uint8_t model[SONIC_ID_BYTES],
                                                   sonic_relu relu, uint32_t batch, uint32_t count,
                                                   const int fd[2], sonic_progress progress,
                                                   void *arg, sonic_error *error);

#endif
