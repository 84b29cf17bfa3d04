/* The public face of a session: one of the two servers, from its files and its peer's address. */
#include <sonicnn/server.h>

#include <stdlib.h>

#include "dispatch/error.h"
#include "proto/channel/tcp.h"
#include "proto/session/session.h"

enum { DEFAULT_TIMEOUT_MS = 30000 };

struct sonic_server {
    sonic_model_share model;
    sonic_pool *pool;
    sonic_channel *peer;
    sonic_session *session;
};

static sonic_status meet_peer(sonic_server *server, const char *address, int timeout_ms,
                              sonic_error *error)
{
    if (server->model.party == 1)
        return sonic_tcp_connect(&server->peer, address, "server 0", timeout_ms, timeout_ms, error);

    sonic_listener *listener;
    sonic_status status = sonic_listener_create(&listener, address, error);
    if (status != SONIC_OK)
        return status;
    status = sonic_listener_accept(&server->peer, listener, timeout_ms, timeout_ms, error);
    sonic_listener_free(listener);
    if (status == SONIC_OK)
        sonic_channel_rename(server->peer, "server 1");
    return status;
}

sonic_status sonic_server_create(sonic_server **server, const sonic_context *context,
                                 const sonic_server_options *options, sonic_error *error)
{
    if (!server || !context || !options || !options->model || !options->peer)
        return sonic_fail(error, SONIC_E_ARGUMENT,
                          "a server needs a context, a model share and its peer's address");
    if (options->timeout_ms < 0)
        return sonic_fail(error, SONIC_E_ARGUMENT, "a timeout of %d ms is negative",
                          options->timeout_ms);
    int timeout_ms = options->timeout_ms ? options->timeout_ms : DEFAULT_TIMEOUT_MS;
    sonic_session_options how = {.methods = {SONIC_RELU_PPA, SONIC_SOURCE_DEALER},
                                 .batch = options->batch};
    sonic_status status = SONIC_OK;
    if (options->relu)
        status = sonic_relu_parse(&how.methods.relu, options->relu, error);
    if (status == SONIC_OK && options->offline)
        status = sonic_source_parse(&how.methods.source, options->offline, error);
    if (status != SONIC_OK)
        return status;

    sonic_server *s = calloc(1, sizeof *s);
    if (!s)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for a server");
    status = sonic_model_share_load(&s->model, options->model, error);
    if (status == SONIC_OK && options->pool)
        status = sonic_pool_open(&s->pool, options->pool, error);
    how.pool = s->pool;
    if (status == SONIC_OK)
        status = sonic_session_check(&s->model, &how, error);
    if (status == SONIC_OK)
        status = meet_peer(s, options->peer, timeout_ms, error);
    if (status == SONIC_OK)
        status = sonic_session_create(&s->session, context, &s->model, &how, s->peer, error);
    if (status != SONIC_OK) {
        sonic_server_free(s);
        return status;
    }
    *server = s;
    return SONIC_OK;
}

void sonic_server_free(sonic_server *server)
{
    if (!server)
        return;
    sonic_session_free(server->session);
    sonic_channel_free(server->peer);
    sonic_pool_free(server->pool);
    sonic_model_share_free(&server->model);
    free(server);
}

sonic_server_shape sonic_server_shape_of(const sonic_server *server)
{
    const sonic_graph *graph = &server->model.graph;
    uint32_t last = graph->nodes - 1;
    return (sonic_server_shape){
        .ring = graph->ring,
        .batch = sonic_session_plan(server->session)->batch,
        .input = sonic_node_elements(graph, 0),
        .output = sonic_node_elements(graph, last),
        .input_unit = graph->node[0].unit,
        .output_unit = graph->node[last].unit,
    };
}

sonic_status sonic_server_prepare(sonic_server *server, sonic_error *error)
{
    return sonic_session_prepare(server->session, error);
}

sonic_status sonic_server_infer(sonic_server *server, const void *input, void *output,
                                sonic_error *error)
{
    return sonic_session_infer(server->session, input, output, error);
}
