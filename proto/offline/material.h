/** @file
 * A server's view of one node's material in one inference: streams of masks from its seed; and of
 * dealt values, a stream (party 0) or corrections from the pool (party 1), or where the servers
 * made them themselves, what either keeps of them in a file.
 *
 * Derivation: slot key = AES_seed(slot, "slot"), node key = AES_slotkey(node); stream s of a node
 * is CTR under the node key with nonce s.  AES-128 as a PRG: below 2^34 blocks a node key, which
 * sonic_plan_make() sees to, distinguishing advantage below 2^-60 (PRP/PRF switching: 2^68 / 2^129)
 * plus AES's own.
 */
#ifndef SONIC_PROTO_OFFLINE_MATERIAL_H
#define SONIC_PROTO_OFFLINE_MATERIAL_H

#include "dispatch/context.h"
#include "proto/offline/pool.h"

/** Derives the key of a node in a slot.  slot SONIC_SLOT_SETUP: the weight masks. */
void sonic_material_key(const sonic_context *context, sonic_aes_key *key,
                        const uint8_t seed[SONIC_SEED_BYTES], uint32_t slot, uint32_t node);
#define SONIC_SLOT_SETUP UINT32_MAX

/** One node's material of one inference, for one party.  Stream numbers are in streams.h. */
typedef struct sonic_material {
    const sonic_context *context;
    unsigned party;
    sonic_aes_key key;        /**< secret */
    sonic_aes_key common_key; /**< public: both parties' and the dealer's, of the pools' pair */
    sonic_pool *pool;
    uint32_t slot;
    uint64_t slot_bytes;
    bool is_made;    /**< by the servers: no pool, but ... */
    int file;        /**< ... this file, in which dealt values and u have been written */
    uint64_t offset; /**< of this node's corrections in the slot or file */
} sonic_material;

/** The material of a node of a claimed slot. */
void sonic_material_begin(sonic_material *material, const sonic_context *context, sonic_pool *pool,
                          const sonic_plan *plan, uint32_t slot, uint32_t node);
/** The material that the servers make for a node of inference `slot` and keep from byte `at` of a
 * file on.  @param seed  this party's own */
void sonic_material_begin_made(sonic_material *material, const sonic_context *context,
                               unsigned party, const uint8_t seed[SONIC_SEED_BYTES], uint32_t slot,
                               uint32_t node, int file, uint64_t at);
void sonic_material_end(sonic_material *material); /**< wipes */

/** Bytes [offset, offset + n) of a stream of this party's own randomness, secret; offset a
 * multiple of 16. */
void sonic_material_random(const sonic_material *material, uint64_t stream, uint64_t offset,
                           void *out, size_t n);

/** This party's share of dealt values: party 0 expands bytes [offset, ...) of `stream` (offset a
 * multiple of 16), party 1 reads its corrections from `correction` on; of values that the servers
 * made, both read. */
SONIC_MUST_CHECK sonic_status sonic_material_dealt(const sonic_material *material, uint64_t stream,
                                                   uint64_t offset, uint64_t correction, void *out,
                                                   size_t n, sonic_error *error);

/** The hash key of block `block` of call `index`, public: SONIC_FSS_PI of the common key. */
void sonic_material_pi(const sonic_material *material, uint32_t index, uint64_t block,
                       sonic_aes_key *pi);

/** What the dealer gave both parties: n bytes from `at` on of this party's material of the node.
 * The two parties' positions differ, because party 1 has corrections between. */
SONIC_MUST_CHECK sonic_status sonic_material_common(const sonic_material *material, uint64_t at,
                                                    void *out, size_t n, sonic_error *error);

/** This party's share of u, which masks what is truncated stochastically: sonic_material_random(),
 * or where the servers made it, what is kept of it from `kept` on. */
SONIC_MUST_CHECK sonic_status sonic_material_u(const sonic_material *material, uint64_t stream,
                                               uint64_t offset, uint64_t kept, void *out, size_t n,
                                               sonic_error *error);

#endif
