/* A session's life: setup, the work before an input, and the end. */
#include "proto/session/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "proto/channel/clock.h"
#include "proto/session/state.h"
#include "proto/share/random.h"

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

void sonic_session_material(const sonic_session *session, uint32_t node, sonic_material *material)
{
    if (session->pool)
        sonic_material_begin(material, session->context, session->pool, &session->plan,
                             session->slot, node);
    else
        sonic_material_begin_made(material, session->context, session->model->party, session->seed,
                                  session->slot, node, session->spill,
                                  session->plan.step[node].spill_at);
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

static sonic_status open_weights(sonic_session *session, sonic_error *error)
{
    uint32_t nodes = session->model->graph.nodes;
    double *seconds = calloc(nodes, sizeof *seconds);
    if (!seconds)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for %u layers", nodes);
    sonic_status status =
        sonic_linear_setup(session->context, session->peer, session->model, session->plan.batch,
                           session->seed, !session->pool, session->linear, seconds, error);
    for (uint32_t node = 0; node < nodes; node++)
        session->seconds[(size_t)node * SONIC_PHASES + SONIC_SETUP] += seconds[node];
    free(seconds);
    return status;
}

/* Nothing where nothing is compared. */
static sonic_status begin_comparing(sonic_session *session, sonic_error *error)
{
    if (!session->plan.compares)
        return SONIC_OK;
    double since = sonic_session_begin(session, SONIC_SETUP, 0);
    sonic_status status = sonic_compare_begin(&session->compare, session->context, session->peer,
                                              session->model->party, error);
    sonic_session_end(session, SONIC_SETUP, 0, since);
    return status;
}

/* Nothing where a pool holds the material, or none is needed. */
static sonic_status begin_making(sonic_session *session, sonic_error *error)
{
    const sonic_graph *graph = &session->model->graph;
    if (!session->plan.makes)
        return SONIC_OK;
    double since = sonic_session_begin(session, SONIC_SETUP, 0);
    sonic_status status =
        sonic_ot_source_create(&session->source, session->context, session->peer, graph,
                               &session->plan, session->model->party, error);
    sonic_session_end(session, SONIC_SETUP, 0, since);
    for (uint32_t node = 0; !status && node < graph->nodes; node++) {
        if (graph->node[node].op != SONIC_OP_CONV)
            continue;
        sonic_layer layer = sonic_session_layer(session, node);
        since = sonic_session_begin(session, SONIC_SETUP, node);
        status = sonic_ot_source_add(session->source, node, session->seed, error);
        sonic_session_end(session, SONIC_SETUP, node, since);
        if (status)
            return sonic_layer_fail(&layer, status, error);
    }
    return status;
}

/* Everything of creation that can fail on a session that exists. */
static sonic_status start(sonic_session *session, const sonic_session_options *options,
                          sonic_error *error)
{
    const sonic_graph *graph = &session->model->graph;
    const sonic_pool *pool = session->pool;
    uint32_t nodes = graph->nodes;
    sonic_status status =
        sonic_plan_make(&session->plan, graph,
                        pool ? sonic_pool_header(pool)->batch : options->batch, options->methods,
                        error);
    if (!status && pool)
        status = sonic_session_check_size(&session->plan, pool, error);
    if (status)
        return status;
    session->linear = calloc(nodes, sizeof *session->linear);
    session->last_use = calloc(nodes, sizeof *session->last_use);
    session->seconds = calloc((size_t)nodes * SONIC_PHASES, sizeof *session->seconds);
    if (!session->linear || !session->last_use || !session->seconds)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for %u layers", nodes);
    fill_last_use(session);
    if (pool)
        memcpy(session->seed, sonic_pool_seed(pool), sizeof session->seed);
    else
        sonic_random_bytes(session->seed, sizeof session->seed);
    status = sonic_anonymous_file(&session->spill, NULL, error);
    if (!status)
        status = sonic_channel_layers(session->peer, nodes, error);
    if (status)
        return status;
    double since = sonic_session_begin(session, SONIC_SETUP, 0);
    status = sonic_session_greet(session, error);
    sonic_session_end(session, SONIC_SETUP, 0, since);
    if (!status)
        status = open_weights(session, error);
    if (!status)
        status = begin_comparing(session, error);
    return status ? status : begin_making(session, error);
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
    made->compare.methods = options->methods;
    made->spill = -1;
    status = start(made, options, error);
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
    sonic_ot_source_free(session->source);
    session->source = NULL;
    sodium_memzero(session->seed, sizeof session->seed);
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
    sonic_status status = SONIC_OK;
    sonic_session_material(session, node, &layer.material);
    if (session->source)
        status = sonic_ot_source_make(session->source, node, &layer.material, error);
    if (!status && session->model->graph.node[node].op == SONIC_OP_CONV)
        status = sonic_linear_prepare(&layer, &session->linear[node], session->model->b[node],
                                      session->spill, session->plan.step[node].spill_at, error);
    else if (!status)
        status = sonic_relu_prepare(&layer, error);
    sonic_material_end(&layer.material);
    sonic_session_end(session, SONIC_OFFLINE, node, since);
    return status ? sonic_layer_fail(&layer, status, error) : SONIC_OK;
}

/* Nothing is made for two inferences under the same keys. */
static sonic_status claim(sonic_session *session, sonic_error *error)
{
    if (session->pool)
        return sonic_pool_claim(session->pool, session->slot, error);
    if (session->slot == SONIC_SLOT_SETUP)
        return sonic_fail(error, SONIC_E_USED_UP, "a session ends after 2^32 - 1 inferences");
    return SONIC_OK;
}

sonic_status sonic_session_prepare(sonic_session *session, sonic_error *error)
{
    const sonic_plan *plan = &session->plan;
    sonic_status status = sonic_session_alive(session, error);
    if (status || session->prepared)
        return status;
    double since = sonic_session_begin(session, SONIC_OFFLINE, 0);
    status = claim(session, error);
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
