/** @file
 * A pool: one party's correlated randomness for `count` inferences of one model at one batch size.
 *
 * Either party's file is a seed and data: keys of functions for party 0, if any; the same keys and
 * corrections for party 1.  File metadata: seed (16 bytes, secret) and plan digest.  The header's
 * pair number is random and public, and what both parties derive hash keys from.  Material is
 * claimed durably before it is read, so it is never used twice, also after a crash; copying a pool
 * file defeats this and is the operator's responsibility.
 */
#ifndef SONIC_PROTO_OFFLINE_POOL_H
#define SONIC_PROTO_OFFLINE_POOL_H

#include "proto/offline/plan.h"
#include "proto/share/file.h"

enum { SONIC_SEED_BYTES = 16, SONIC_POOL_META_BYTES = SONIC_SEED_BYTES + SONIC_DIGEST_BYTES };

/** A pool file's metadata, for whoever writes one: the seed, then the plan's digest. */
void sonic_pool_encode_meta(uint8_t meta[SONIC_POOL_META_BYTES],
                            const uint8_t seed[SONIC_SEED_BYTES],
                            const uint8_t plan_digest[SONIC_DIGEST_BYTES]);

typedef struct sonic_pool sonic_pool;

/** Opens and locks a pool. */
SONIC_MUST_CHECK sonic_status sonic_pool_open(sonic_pool **pool, const char *path,
                                              sonic_error *error);
void sonic_pool_free(sonic_pool *pool);

const sonic_file_header *sonic_pool_header(const sonic_pool *pool);
const uint8_t *sonic_pool_seed(const sonic_pool *pool);        /**< SONIC_SEED_BYTES, secret */
const uint8_t *sonic_pool_plan_digest(const sonic_pool *pool); /**< SONIC_DIGEST_BYTES */
const char *sonic_pool_path(const sonic_pool *pool);

/** The first inference not yet used, = count when the pool is used up. */
SONIC_MUST_CHECK sonic_status sonic_pool_next(sonic_pool *pool, uint32_t *slot, sonic_error *error);

/** Marks all inferences up to and including `slot` as used, durably, before any of it is read.
 * @return SONIC_E_USED_UP "pool FILE is used up (100 of 100 inferences)" */
SONIC_MUST_CHECK sonic_status sonic_pool_claim(sonic_pool *pool, uint32_t slot, sonic_error *error);

/** Bytes [offset, offset + n) of a slot claimed through this `pool`.
 * @param slot_bytes  sonic_plan_pool_bytes() of the pool's party
 * @return SONIC_E_ARGUMENT for a slot not claimed, SONIC_E_FORMAT where the file is damaged or its
 * size is not the plan's */
SONIC_MUST_CHECK sonic_status sonic_pool_read(sonic_pool *pool, uint32_t slot, uint64_t slot_bytes,
                                              uint64_t offset, void *out, size_t n,
                                              sonic_error *error);

#endif
