/** @file
 * The boolean material of proto/compare/ppa and of stochastic truncation, made by the two servers
 * themselves from oblivious transfers.
 *
 * What is kept has the layout of the dealer's corrections (streams.h, ppa_plan.h), at both
 * servers; where truncation is stochastic, this party's share of every u follows at the call's
 * end, n elements, because its decomposition makes it, not a stream.  All other masks are streams
 * of a server's own seed, as with a dealer.
 *
 * With choice bits of one party and bits or elements of the other (Gilboa, CRYPTO 1999):
 *   first AND   r s: one transfer a bit, half of them in each direction
 *   combines    mu (nu, omega): one transfer a pair in each direction, of 2 bits (the lowest: 1)
 *   last round  r as an element: one transfer, half in each direction; r u: one in each direction
 *   u           l random bits, each shared by XOR, made elements: one transfer a bit, half in each
 *               direction; u, u >> shift and msb(u) are sums of them without a carry
 * Rounds: 2 a group of SONIC_OT_GROUP values: choices, corrections; and before a stochastic
 * truncation a third, the corrections of r u, because the share of u is known after the second.
 */
#ifndef SONIC_PROTO_OFFLINE_OT_RELU_H
#define SONIC_PROTO_OFFLINE_OT_RELU_H

#include "proto/offline/material.h"
#include "proto/ot/pair.h"

/** Values between two rounds; whole blocks of SONIC_PPA_BLOCK.  Some 8 MiB of memory at l = 32, 21
 * at l = 64; a quarter of it would be 2% faster, in four times the rounds. */
enum { SONIC_OT_GROUP = 16 * 4096 };

typedef struct sonic_ot_cost {
    uint64_t kept_bytes; /**< by each server, in a file */
    uint64_t bytes;      /**< that each server sends */
    uint64_t rounds;
} sonic_ot_cost;

/** Of relu on n < 2^48 values. */
sonic_ot_cost sonic_ot_relu_cost(unsigned k, sonic_ring ring, uint64_t n, unsigned shift,
                                 sonic_truncation truncation);
/** Of stochastic truncation of n values by itself. */
sonic_ot_cost sonic_ot_trunc_cost(unsigned k, sonic_ring ring, uint64_t n, unsigned shift);

/** Makes a call's material and writes it to bytes [at, at + kept_bytes) of the file.
 * @param streams  this party's own streams of the node and inference
 * @return what channel and file report, SONIC_E_MEMORY */
SONIC_MUST_CHECK sonic_status sonic_ot_relu_make(sonic_ot_pair *pair, const sonic_material *streams,
                                                 sonic_ring ring, const sonic_relu_call *call,
                                                 int file, uint64_t at, sonic_error *error);
SONIC_MUST_CHECK sonic_status sonic_ot_trunc_make(sonic_ot_pair *pair,
                                                  const sonic_material *streams, sonic_ring ring,
                                                  unsigned shift, uint64_t n, int file, uint64_t at,
                                                  sonic_error *error);

#endif
