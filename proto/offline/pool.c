/* Pools: a container file whose inferences are claimed one after the other. */
#include "proto/offline/pool.h"

#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"

struct sonic_pool {
    sonic_reader *file;
    uint32_t first;   /* inferences below were used before this pool was opened */
    uint32_t claimed; /* inferences below are claimed */
};

static const char *shown_path(const sonic_pool *pool)
{
    return sonic_reader_shown(pool->file);
}

void sonic_pool_encode_meta(uint8_t meta[SONIC_POOL_META_BYTES],
                            const uint8_t seed[SONIC_SEED_BYTES],
                            const uint8_t plan_digest[SONIC_DIGEST_BYTES])
{
    memcpy(meta, seed, SONIC_SEED_BYTES);
    memcpy(meta + SONIC_SEED_BYTES, plan_digest, SONIC_DIGEST_BYTES);
}

/* What a file must fulfil to be a pool, beyond being a sound container. */
static sonic_status check_file(const sonic_reader *file, sonic_error *error)
{
    const sonic_file_header *header = sonic_reader_header(file);
    const char *path = sonic_reader_shown(file);
    if (header->meta_bytes != SONIC_POOL_META_BYTES)
        return sonic_fail(error, SONIC_E_FORMAT,
                          "pool %s is malformed: %llu bytes of metadata, not %d", path,
                          (unsigned long long)header->meta_bytes, SONIC_POOL_META_BYTES);
    if (header->data_bytes % header->count != 0)
        return sonic_fail(error, SONIC_E_FORMAT,
                          "pool %s is malformed: %llu bytes are not %lu equal inferences", path,
                          (unsigned long long)header->data_bytes, (unsigned long)header->count);
    return SONIC_OK;
}

sonic_status sonic_pool_open(sonic_pool **pool, const char *path, sonic_error *error)
{
    sonic_pool *made = calloc(1, sizeof *made);
    if (!made)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for pool %s", path);
    sonic_status status = sonic_reader_open(&made->file, path, SONIC_FILE_POOL, error);
    if (!status)
        status = check_file(made->file, error);
    if (!status)
        status = sonic_reader_lock(made->file, error);
    if (!status)
        status = sonic_reader_used(made->file, &made->first, error);
    if (status) {
        sonic_pool_free(made);
        return status;
    }
    made->claimed = made->first;
    *pool = made;
    return SONIC_OK;
}

void sonic_pool_free(sonic_pool *pool)
{
    if (!pool)
        return;
    sonic_reader_free(pool->file);
    free(pool);
}

const sonic_file_header *sonic_pool_header(const sonic_pool *pool)
{
    return sonic_reader_header(pool->file);
}

const uint8_t *sonic_pool_seed(const sonic_pool *pool)
{
    return sonic_reader_meta(pool->file);
}

const uint8_t *sonic_pool_plan_digest(const sonic_pool *pool)
{
    return sonic_reader_meta(pool->file) + SONIC_SEED_BYTES;
}

const char *sonic_pool_path(const sonic_pool *pool)
{
    return sonic_reader_name(pool->file);
}

sonic_status sonic_pool_next(sonic_pool *pool, uint32_t *slot, sonic_error *error)
{
    return sonic_reader_used(pool->file, slot, error);
}

sonic_status sonic_pool_claim(sonic_pool *pool, uint32_t slot, sonic_error *error)
{
    uint32_t count = sonic_pool_header(pool)->count;
    if (slot >= count)
        return sonic_fail(error, SONIC_E_USED_UP, "pool %s is used up (%lu of %lu inferences)",
                          shown_path(pool), (unsigned long)count, (unsigned long)count);
    if (slot < pool->claimed)
        return sonic_fail(error, SONIC_E_ARGUMENT, "inference %lu of pool %s was used before",
                          (unsigned long)slot, shown_path(pool));
    sonic_status status = sonic_reader_set_used(pool->file, slot + 1, error);
    if (!status)
        pool->claimed = slot + 1;
    return status;
}

sonic_status sonic_pool_read(sonic_pool *pool, uint32_t slot, uint64_t slot_bytes, uint64_t offset,
                             void *out, size_t n, sonic_error *error)
{
    const sonic_file_header *header = sonic_pool_header(pool);
    if (slot < pool->first || slot >= pool->claimed)
        return sonic_fail(error, SONIC_E_ARGUMENT, "inference %lu of pool %s is not claimed",
                          (unsigned long)slot, shown_path(pool));
    if (header->data_bytes / header->count != slot_bytes)
        return sonic_fail(error, SONIC_E_FORMAT,
                          "pool %s holds %llu bytes an inference, the plan %llu", shown_path(pool),
                          (unsigned long long)(header->data_bytes / header->count),
                          (unsigned long long)slot_bytes);
    if (offset > slot_bytes || n > slot_bytes - offset)
        return sonic_fail(error, SONIC_E_ARGUMENT,
                          "bytes beyond an inference of pool %s were asked for", shown_path(pool));
    return sonic_reader_read_at(pool->file, slot * slot_bytes + offset, out, n, error);
}
