/* A server's view of a node's material: masks from its seed, and values dealt or made. */
#include "proto/offline/material.h"

#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "proto/offline/streams.h"
#include "proto/share/spill.h"

/* "slot" and "node" as little-endian numbers: the derivation's nonces. */
#define NONCE_SLOT ((uint64_t)0x746f6c73)
#define NONCE_NODE ((uint64_t)0x65646f6e)

void sonic_material_key(const sonic_context *context, sonic_aes_key *key,
                        const uint8_t seed[SONIC_SEED_BYTES], uint32_t slot, uint32_t node)
{
    const sonic_aes_kernels *aes = &context->kernels.aes;
    uint8_t derived[16];
    aes->expand(key, seed);
    aes->ctr(derived, sizeof derived, key, NONCE_SLOT, slot);
    aes->expand(key, derived);
    aes->ctr(derived, sizeof derived, key, NONCE_NODE, node);
    aes->expand(key, derived);
    sodium_memzero(derived, sizeof derived);
}

void sonic_material_begin(sonic_material *material, const sonic_context *context, sonic_pool *pool,
                          const sonic_plan *plan, uint32_t slot, uint32_t node)
{
    const sonic_file_header *header = sonic_pool_header(pool);
    const sonic_step *step = &plan->step[node];
    memset(material, 0, sizeof *material);
    material->context = context;
    material->party = header->party;
    material->pool = pool;
    material->slot = slot;
    material->slot_bytes = sonic_plan_pool_bytes(plan, header->party);
    material->offset = header->party == 0 ? step->common_at : step->offset;
    sonic_material_key(context, &material->key, sonic_pool_seed(pool), slot, node);
    sonic_material_key(context, &material->common_key, header->pair, slot, node);
}

void sonic_material_begin_made(sonic_material *material, const sonic_context *context,
                               unsigned party, const uint8_t seed[SONIC_SEED_BYTES], uint32_t slot,
                               uint32_t node, int file, uint64_t at)
{
    *material = (sonic_material){.context = context,
                                 .party = party,
                                 .slot = slot,
                                 .is_made = true,
                                 .file = file,
                                 .offset = at};
    sonic_material_key(context, &material->key, seed, slot, node);
}

void sonic_material_end(sonic_material *material)
{
    sodium_memzero(material, sizeof *material);
}

void sonic_material_random(const sonic_material *material, uint64_t stream, uint64_t offset,
                           void *out, size_t n)
{
    material->context->kernels.aes.ctr(out, n, &material->key, stream, offset / 16);
}

sonic_status sonic_material_dealt(const sonic_material *material, uint64_t stream, uint64_t offset,
                                  uint64_t correction, void *out, size_t n, sonic_error *error)
{
    if (material->is_made)
        return sonic_spill_read(material->file, material->offset + correction, out, n, error);
    if (material->party == 0) {
        sonic_material_random(material, stream, offset, out, n);
        return SONIC_OK;
    }
    return sonic_material_common(material, correction, out, n, error);
}

void sonic_material_pi(const sonic_material *material, uint32_t index, uint64_t block,
                       sonic_aes_key *pi)
{
    const sonic_aes_kernels *aes = &material->context->kernels.aes;
    uint8_t key[16];
    aes->ctr(key, sizeof key, &material->common_key, SONIC_STREAM_FSS(index, SONIC_FSS_PI), block);
    aes->expand(pi, key);
}

sonic_status sonic_material_common(const sonic_material *material, uint64_t at, void *out, size_t n,
                                   sonic_error *error)
{
    if (material->pool == NULL)
        return sonic_fail(error, SONIC_E_ARGUMENT, "party %u's material has no pool",
                          material->party);
    return sonic_pool_read(material->pool, material->slot, material->slot_bytes,
                           material->offset + at, out, n, error);
}

sonic_status sonic_material_u(const sonic_material *material, uint64_t stream, uint64_t offset,
                              uint64_t kept, void *out, size_t n, sonic_error *error)
{
    if (material->is_made)
        return sonic_spill_read(material->file, material->offset + kept, out, n, error);
    sonic_material_random(material, stream, offset, out, n);
    return SONIC_OK;
}
