/* A session's life: checks, handshake, setup, the work before an input, and the end. */
#include "proto/session/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/channel/clock.h"
#include "proto/session/state.h"

double sonic_session_begin(sonic_session *session, sonic_phase phase, uint32_t node)
{
    sonic_channel_mark(session->peer, phase, node);
    return sonic_clock_seconds();
}

void sonic_session_end(sonic_session *session, sonic_phase phase, uint32_t node, double since)
{
    session->seconds[(size_t)node * SONIC_PHASES + phase] += sonic_clock_seconds() - since;
}

sonic_layer sonic_session_layer(const sonic_session *session, uint32_t node)
{
    sonic_compare compare = session->compare;
    compare.spill = session->spill;
    compare.at = session->plan.step[node].spill_at;
    return (sonic_layer){.context = session->context,
                         .channel = session->peer,
                         .graph = &session->model->graph,
                         .node = node,
                         .batch = session->plan.batch,
                         .compare = compare};
}

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
    for (uint32_t node = 0; node < model->graph.nodes; node++)
        if ((sonic_node_weights(&model->graph, node) && !model->w[node]) ||
            (sonic_node_biases(&model->graph, node) && !model->b[node]))
            return sonic_fail(error, SONIC_E_ARGUMENT,
                              "the model share has no constants for layer '%s'",
                              model->graph.node[node].name);
    if (!dealt) /* nothing makes its material yet */
        return sonic_fail(error, SONIC_E_ARGUMENT, "--offline %s is not there yet", source);
    return check_pool(model, options->pool, options->methods, error);
}

/* Whether a pool holds what the plan says. */
static sonic_status check_size(const sonic_plan *plan, const sonic_pool *pool, sonic_error *error)
{
    const sonic_file_header *header = sonic_pool_header(pool);
    size_t bytes;
    if (!sonic_size_mul(&bytes, header->party ? plan->slot_bytes : 0, header->count) ||
        bytes != header->data_bytes)
        return sonic_fail(error, SONIC_E_FORMAT,
                          "pool %s has %llu bytes, %u inferences need %llu each",
                          sonic_pool_path(pool), (unsigned long long)header->data_bytes,
                          header->count, (unsigned long long)plan->slot_bytes);
    return SONIC_OK;
}

static void fill_last_use(sonic_session *session)
{
    const sonic_graph *graph = &session->model->graph;
    for (uint32_t node = 0; node < graph->nodes; node++) {
        session->last_use[node] = node;
        for (uint32_t i = 0; i < graph->node[node].inputs; i++)
            session->last_use[graph->node[node].input[i]] = node;
    }
    session->last_use[graph->nodes - 1] = graph->nodes;
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

/* The handshake, and the agreement on the first inference's material. */
static sonic_status greet(sonic_session *session, sonic_error *error)
{
    const sonic_file_header *header = sonic_pool_header(session->pool);
    sonic_hello mine = {.party = session->model->party,
                        .ring = (uint32_t)session->model->graph.ring,
                        .batch = session->plan.batch};
    sonic_hello theirs = {0};
    sonic_status status = sonic_pool_next(session->pool, &mine.next, error);
    if (status)
        return status;
    memcpy(mine.model, session->model->id, SONIC_ID_BYTES);
    memcpy(mine.digest, session->plan.digest, SONIC_DIGEST_BYTES);
    memcpy(mine.pair, header->pair, SONIC_ID_BYTES);
    const char *tier = sonic_context_tier(session->context);
    memcpy(mine.tier, tier, strnlen(tier, SONIC_HELLO_TIER - 1));

    status = sonic_handshake(session->peer, &mine, &theirs, error);
    if (status == SONIC_E_MISMATCH)
        return name_difference(session, theirs.digest, error);
    if (status)
        return status;
    memcpy(session->peer_tier, theirs.tier, SONIC_HELLO_TIER);
    session->slot = mine.next > theirs.next ? mine.next : theirs.next;
    if (session->slot < header->count)
        return SONIC_OK;
    if (mine.next < header->count)
        return sonic_fail(error, SONIC_E_USED_UP,
                          "%s has used up its half of pool %s (%u inferences)",
                          sonic_channel_peer(session->peer), sonic_pool_path(session->pool),
                          header->count);
    return sonic_fail(error, SONIC_E_USED_UP, "pool %s is used up (%u of %u inferences)",
                      sonic_pool_path(session->pool), header->count, header->count);
}

static sonic_status open_weights(sonic_session *session, sonic_error *error)
{
    uint32_t nodes = session->model->graph.nodes;
    double *seconds = calloc(nodes, sizeof *seconds);
    if (!seconds)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for %u layers", nodes);
    sonic_status status =
        sonic_linear_setup(session->context, session->peer, session->model, session->plan.batch,
                           sonic_pool_seed(session->pool), false, session->linear, seconds, error);
    for (uint32_t node = 0; node < nodes; node++)
        session->seconds[(size_t)node * SONIC_PHASES + SONIC_SETUP] += seconds[node];
    free(seconds);
    return status;
}

/* Nothing where nothing is compared. */
static sonic_status begin_comparing(sonic_session *session, sonic_error *error)
{
    if (session->plan.prepare_bytes == 0)
        return SONIC_OK;
    double since = sonic_session_begin(session, SONIC_SETUP, 0);
    sonic_status status = sonic_compare_begin(&session->compare, session->context, session->peer,
                                              session->model->party, error);
    sonic_session_end(session, SONIC_SETUP, 0, since);
    return status;
}

/* Everything of creation that can fail on a session that exists. */
static sonic_status start(sonic_session *session, sonic_methods methods, sonic_error *error)
{
    const sonic_graph *graph = &session->model->graph;
    uint32_t nodes = graph->nodes;
    sonic_status status =
        sonic_plan_make(&session->plan, graph, sonic_pool_header(session->pool)->batch, methods,
                        error);
    if (!status)
        status = check_size(&session->plan, session->pool, error);
    if (status)
        return status;
    session->linear = calloc(nodes, sizeof *session->linear);
    session->last_use = calloc(nodes, sizeof *session->last_use);
    session->seconds = calloc((size_t)nodes * SONIC_PHASES, sizeof *session->seconds);
    if (!session->linear || !session->last_use || !session->seconds)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for %u layers", nodes);
    fill_last_use(session);
    status = sonic_anonymous_file(&session->spill, NULL, error);
    if (!status)
        status = sonic_channel_layers(session->peer, nodes, error);
    if (status)
        return status;
    double since = sonic_session_begin(session, SONIC_SETUP, 0);
    status = greet(session, error);
    sonic_session_end(session, SONIC_SETUP, 0, since);
    if (!status)
        status = open_weights(session, error);
    return status ? status : begin_comparing(session, error);
}

sonic_status sonic_session_create(sonic_session **session, const sonic_context *context,
                                  const sonic_model_share *model,
                                  const sonic_session_options *options, sonic_channel *peer,
                                  sonic_error *error)
{
    sonic_status status = sonic_session_check(model, options, error);
    if (status)
        return status;
    sonic_session *made = calloc(1, sizeof *made);
    if (!made)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for a session");
    made->context = context;
    made->model = model;
    made->pool = options->pool;
    made->peer = peer;
    made->compare.relu = options->methods.relu;
    made->spill = -1;
    status = start(made, options->methods, error);
    if (status) {
        sonic_session_free(made);
        return status;
    }
    *session = made;
    return SONIC_OK;
}

/* Frees what is secret. */
static void clear(sonic_session *session)
{
    for (uint32_t node = 0; session->linear && node < session->model->graph.nodes; node++)
        sonic_linear_free(&session->linear[node]);
    sonic_compare_end(&session->compare);
    if (session->spill >= 0)
        (void)close(session->spill);
    session->spill = -1;
    session->prepared = false;
}

void sonic_session_free(sonic_session *session)
{
    if (!session)
        return;
    clear(session);
    sonic_plan_free(&session->plan);
    free(session->linear);
    free(session->last_use);
    free(session->seconds);
    free(session);
}

sonic_status sonic_session_poison(sonic_session *session, sonic_status status)
{
    session->poisoned = true;
    clear(session);
    return status;
}

sonic_status sonic_session_alive(const sonic_session *session, sonic_error *error)
{
    if (session->poisoned)
        return sonic_fail(error, SONIC_E_POISONED,
                          "the session with %s failed before and has ended",
                          sonic_channel_peer(session->peer));
    return SONIC_OK;
}

static sonic_status prepare_node(sonic_session *session, uint32_t node, sonic_error *error)
{
    double since = sonic_session_begin(session, SONIC_OFFLINE, node);
    sonic_layer layer = sonic_session_layer(session, node);
    sonic_status status;
    if (session->model->graph.node[node].op == SONIC_OP_CONV) {
        sonic_material_begin(&layer.material, session->context, session->pool, &session->plan,
                             session->slot, node);
        status = sonic_linear_prepare(&layer, &session->linear[node], session->model->b[node],
                                      session->spill, session->plan.step[node].spill_at, error);
        sonic_material_end(&layer.material);
    } else {
        status = sonic_relu_prepare(&layer, error);
    }
    sonic_session_end(session, SONIC_OFFLINE, node, since);
    return status ? sonic_layer_fail(&layer, status, error) : SONIC_OK;
}

sonic_status sonic_session_prepare(sonic_session *session, sonic_error *error)
{
    const sonic_plan *plan = &session->plan;
    sonic_status status = sonic_session_alive(session, error);
    if (status || session->prepared)
        return status;
    double since = sonic_session_begin(session, SONIC_OFFLINE, 0);
    status = sonic_pool_claim(session->pool, session->slot, error);
    sonic_session_end(session, SONIC_OFFLINE, 0, since);
    for (uint32_t node = 0; !status && node < plan->nodes; node++)
        if (plan->step[node].spill_bytes > 0) /* whatever is kept is made now */
            status = prepare_node(session, node, error);
    if (status)
        return sonic_session_poison(session, status);
    session->prepared = true;
    return SONIC_OK;
}

const sonic_plan *sonic_session_plan(const sonic_session *session)
{
    return &session->plan;
}

double sonic_session_seconds(const sonic_session *session, sonic_phase phase, size_t node)
{
    double sum = 0;
    for (size_t i = 0; phase < SONIC_PHASES && i < session->plan.nodes; i++)
        if (node == SIZE_MAX || node == i)
            sum += session->seconds[i * SONIC_PHASES + phase];
    return sum;
}

const char *sonic_session_peer_tier(const sonic_session *session)
{
    return session->peer_tier;
}

void sonic_session_set_tap(sonic_session *session, sonic_session_tap tap, void *arg)
{
    session->tap = tap;
    session->tap_arg = arg;
}
