/* What must agree before a session works: within a server, and between the two. */
#include <string.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/session/state.h"

/* Whether a pool was dealt for the model's graph and for servers of these methods. */
static sonic_status check_digest(const sonic_model_share *model, const sonic_pool *pool,
                                 sonic_methods methods, sonic_error *error)
{
    sonic_methods dealt;
    sonic_status status =
        sonic_plan_methods_of(&dealt, sonic_pool_plan_digest(pool), &model->graph,
                              sonic_pool_header(pool)->batch, error);
    if (status)
        return status;
    if (dealt.relu == SONIC_RELUS || dealt.source != methods.source)
        return sonic_fail(error, SONIC_E_MISMATCH,
                          "pool %s was dealt for another graph or by another version",
                          sonic_pool_path(pool));
    if (dealt.relu != methods.relu)
        return sonic_fail(error, SONIC_E_MISMATCH,
                          "pool %s was dealt for --relu %s, this server runs --relu %s",
                          sonic_pool_path(pool), sonic_relu_name(dealt.relu),
                          sonic_relu_name(methods.relu));
    return SONIC_OK;
}

static sonic_status check_pool(const sonic_model_share *model, const sonic_pool *pool,
                               sonic_methods methods, sonic_error *error)
{
    const sonic_file_header *header = sonic_pool_header(pool);
    const char *path = sonic_pool_path(pool);
    if (header->party != model->party)
        return sonic_fail(error, SONIC_E_MISMATCH,
                          "pool %s is party %u's, the model share is party %u's", path,
                          header->party, model->party);
    if (header->ring != model->graph.ring)
        return sonic_fail(error, SONIC_E_MISMATCH, "pool %s has ring %d, the model %d", path,
                          (int)header->ring, (int)model->graph.ring);
    if (memcmp(header->model, model->id, SONIC_ID_BYTES))
        return sonic_fail(error, SONIC_E_MISMATCH, "pool %s was dealt for another model", path);
    return check_digest(model, pool, methods, error);
}

sonic_status sonic_session_check(const sonic_model_share *model,
                                 const sonic_session_options *options, sonic_error *error)
{
    const char *source = sonic_source_name(options->methods.source);
    const bool dealt = options->methods.source == SONIC_SOURCE_DEALER;
    if (dealt && !options->pool)
        return sonic_fail(error, SONIC_E_ARGUMENT, "with --offline dealer a server needs a pool");
    if (!dealt && options->pool)
        return sonic_fail(error, SONIC_E_ARGUMENT,
                          "with --offline %s a server takes no pool, and was given %s", source,
                          sonic_pool_path(options->pool));
    if (dealt && options->batch)
        return sonic_fail(error, SONIC_E_ARGUMENT,
                          "with --offline dealer the pool's batch counts, and %u was given",
                          options->batch);
    if (!dealt && !options->batch)
        return sonic_fail(error, SONIC_E_ARGUMENT,
                          "with --offline %s a server needs a batch of at least one image", source);
    for (uint32_t node = 0; node < model->graph.nodes; node++)
        if ((sonic_node_weights(&model->graph, node) && !model->w[node]) ||
            (sonic_node_biases(&model->graph, node) && !model->b[node]))
            return sonic_fail(error, SONIC_E_ARGUMENT,
                              "the model share has no constants for layer '%s'",
                              model->graph.node[node].name);
    return dealt ? check_pool(model, options->pool, options->methods, error) : SONIC_OK;
}

sonic_status sonic_session_check_size(const sonic_plan *plan, const sonic_pool *pool,
                                      sonic_error *error)
{
    const sonic_file_header *header = sonic_pool_header(pool);
    const uint64_t needed = sonic_plan_pool_bytes(plan, header->party);
    size_t bytes;
    if (!sonic_size_mul(&bytes, needed, header->count) || bytes != header->data_bytes)
        return sonic_fail(error, SONIC_E_FORMAT,
                          "pool %s has %llu bytes, %u inferences need %llu each",
                          sonic_pool_path(pool), (unsigned long long)header->data_bytes,
                          header->count, (unsigned long long)needed);
    return SONIC_OK;
}

/* Where servers differ in nothing but a method, says in which. */
static sonic_status name_difference(const sonic_session *session,
                                    const uint8_t digest[SONIC_DIGEST_BYTES], sonic_error *error)
{
    const sonic_plan *plan = &session->plan;
    const sonic_methods mine = plan->methods;
    const char *peer = sonic_channel_peer(session->peer);
    sonic_methods theirs;
    if (sonic_plan_methods_of(&theirs, digest, &session->model->graph, plan->batch, NULL) ||
        theirs.relu == SONIC_RELUS)
        return SONIC_E_MISMATCH;
    if (theirs.relu != mine.relu)
        return sonic_fail(error, SONIC_E_MISMATCH, "%s runs --relu %s, here %s", peer,
                          sonic_relu_name(theirs.relu), sonic_relu_name(mine.relu));
    if (theirs.source != mine.source)
        return sonic_fail(error, SONIC_E_MISMATCH, "%s runs --offline %s, here %s", peer,
                          sonic_source_name(theirs.source), sonic_source_name(mine.source));
    return SONIC_E_MISMATCH;
}

/* Agrees with the peer, whose next unused inference is `theirs`, on the pools' next one. */
static sonic_status choose_slot(sonic_session *session, uint32_t mine, uint32_t theirs,
                                sonic_error *error)
{
    const uint32_t count = sonic_pool_header(session->pool)->count;
    const char *path = sonic_pool_path(session->pool);
    session->slot = mine > theirs ? mine : theirs;
    if (session->slot < count)
        return SONIC_OK;
    if (mine < count)
        return sonic_fail(error, SONIC_E_USED_UP,
                          "%s has used up its half of pool %s (%u inferences)",
                          sonic_channel_peer(session->peer), path, count);
    return sonic_fail(error, SONIC_E_USED_UP, "pool %s is used up (%u of %u inferences)", path,
                      count, count);
}

sonic_status sonic_session_greet(sonic_session *session, sonic_error *error)
{
    sonic_hello mine = {.party = session->model->party,
                        .ring = (uint32_t)session->model->graph.ring,
                        .batch = session->plan.batch};
    sonic_hello theirs = {0};
    sonic_status status = SONIC_OK;
    if (session->pool) {
        status = sonic_pool_next(session->pool, &mine.next, error);
        memcpy(mine.pair, sonic_pool_header(session->pool)->pair, SONIC_ID_BYTES);
    }
    if (status)
        return status;
    memcpy(mine.model, session->model->id, SONIC_ID_BYTES);
    memcpy(mine.digest, session->plan.digest, SONIC_DIGEST_BYTES);
    const char *tier = sonic_context_tier(session->context);
    memcpy(mine.tier, tier, strnlen(tier, SONIC_HELLO_TIER - 1));

    status = sonic_handshake(session->peer, &mine, &theirs, error);
    if (status == SONIC_E_MISMATCH)
        return name_difference(session, theirs.digest, error);
    if (status)
        return status;
    memcpy(session->peer_tier, theirs.tier, SONIC_HELLO_TIER);
    return session->pool ? choose_slot(session, mine.next, theirs.next, error) : SONIC_OK;
}
