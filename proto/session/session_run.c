/* One inference: the nodes in order, every tensor freed after its last use. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "proto/model/local_ops.h"
#include "proto/session/state.h"

struct run {
    sonic_session *session;
    const sonic_graph *graph;
    void **tensor;    /* one a node: its share, while it is needed */
    size_t *elements; /* one a node */
};

static void drop(struct run *r, uint32_t node)
{
    sonic_layer_free(r->tensor[node], r->graph->ring, r->elements[node]);
    r->tensor[node] = NULL;
}

static sonic_status make(struct run *r, uint32_t node, sonic_error *error)
{
    return sonic_layer_alloc(&r->tensor[node], r->graph->ring, r->elements[node], error);
}

/* Gives a node its input's tensor to work on in place: the tensor itself where nobody else needs
 * it. */
static sonic_status take(struct run *r, uint32_t node, sonic_error *error)
{
    uint32_t input = r->graph->node[node].input[0];
    if (r->session->last_use[input] == node) {
        r->tensor[node] = r->tensor[input];
        r->tensor[input] = NULL;
        return SONIC_OK;
    }
    sonic_status status = make(r, node, error);
    if (!status)
        memcpy(r->tensor[node], r->tensor[input],
               r->elements[node] * sonic_ring_bytes(r->graph->ring));
    return status;
}

static sonic_status run_local(struct run *r, uint32_t node, sonic_error *error)
{
    const sonic_node *n = &r->graph->node[node];
    const void **in = calloc(n->inputs ? n->inputs : 1, sizeof *in);
    if (!in)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for %u inputs", n->inputs);
    for (uint32_t i = 0; i < n->inputs; i++)
        in[i] = r->tensor[n->input[i]];
    sonic_status status = make(r, node, error);
    if (!status)
        status =
            sonic_local_run(r->graph, node, r->session->plan.batch, r->tensor[node], in, error);
    free(in);
    return status;
}

static sonic_status run_linear(struct run *r, const sonic_layer *layer, sonic_error *error)
{
    sonic_session *session = r->session;
    uint32_t node = layer->node, input = r->graph->node[node].input[0];
    sonic_status status = make(r, node, error);
    if (status)
        return status;
    return sonic_linear_run(layer, &session->linear[node], session->spill,
                            session->plan.step[node].spill_at, r->tensor[node], r->tensor[input],
                            session->last_use[input] != node, error);
}

static sonic_status run_op(struct run *r, const sonic_layer *layer, sonic_error *error)
{
    const sonic_node *n = &r->graph->node[layer->node];
    uint32_t node = layer->node;
    sonic_status status;
    switch (n->op) {
    case SONIC_OP_CONV:
        return run_linear(r, layer, error);
    case SONIC_OP_MAX_POOL:
        status = make(r, node, error);
        return status ? status
                      : sonic_max_pool_run(layer, r->tensor[node], r->tensor[n->input[0]], error);
    case SONIC_OP_BIAS:
        status = take(r, node, error);
        if (!status)
            sonic_local_bias(r->graph->ring, r->tensor[node], r->session->model->b[node],
                             layer->batch, sonic_node_elements(r->graph, node), 1);
        return status;
    case SONIC_OP_RELU:
        status = take(r, node, error);
        return status ? status : sonic_relu_run(layer, r->tensor[node], error);
    case SONIC_OP_TRUNC:
        status = take(r, node, error);
        return status ? status : sonic_trunc_run(layer, r->tensor[node], error);
    case SONIC_OP_RESHAPE:
        return take(r, node, error);
    default:
        return run_local(r, node, error);
    }
}

static sonic_status run_node(struct run *r, uint32_t node, sonic_error *error)
{
    sonic_session *session = r->session;
    const sonic_node *n = &r->graph->node[node];
    double since = sonic_session_begin(session, SONIC_ONLINE, node);
    sonic_layer layer = sonic_session_layer(session, node);
    sonic_status status = SONIC_OK;
    if (node > 0) {
        sonic_session_material(session, node, &layer.material);
        status = run_op(r, &layer, error);
        sonic_material_end(&layer.material);
    }
    if (status)
        return sonic_layer_fail(&layer, status, error);
    if (session->tap)
        session->tap(session->tap_arg, node, r->tensor[node], r->elements[node]);
    for (uint32_t i = 0; i < n->inputs; i++)
        if (session->last_use[n->input[i]] == node)
            drop(r, n->input[i]);
    if (session->last_use[node] == node)
        drop(r, node);
    sonic_session_end(session, SONIC_ONLINE, node, since);
    return SONIC_OK;
}

/* Sizes of all tensors, and the input's. */
static sonic_status begin(struct run *r, const void *input, sonic_error *error)
{
    uint32_t nodes = r->graph->nodes;
    r->tensor = calloc(nodes, sizeof *r->tensor);
    r->elements = calloc(nodes, sizeof *r->elements);
    if (!r->tensor || !r->elements)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for %u layers", nodes);
    sonic_status status = SONIC_OK;
    for (uint32_t node = 0; !status && node < nodes; node++) {
        sonic_layer layer = sonic_session_layer(r->session, node);
        status = sonic_layer_elements(&layer, node, &r->elements[node], error);
    }
    if (!status)
        status = make(r, 0, error);
    if (!status)
        memcpy(r->tensor[0], input, r->elements[0] * sonic_ring_bytes(r->graph->ring));
    return status;
}

static void end(struct run *r)
{
    for (uint32_t node = 0; r->tensor && r->elements && node < r->graph->nodes; node++)
        drop(r, node);
    free(r->tensor);
    free(r->elements);
}

sonic_status sonic_session_infer(sonic_session *session, const void *input, void *output,
                                 sonic_error *error)
{
    struct run r = {.session = session, .graph = &session->model->graph};
    uint32_t last = r.graph->nodes - 1;
    size_t bytes =
        sonic_node_elements(r.graph, last) * session->plan.batch * sonic_ring_bytes(r.graph->ring);
    sonic_status status = sonic_session_prepare(session, error);
    bool poisoned_before = status != SONIC_OK;
    if (!status)
        status = begin(&r, input, error);
    for (uint32_t node = 0; !status && node < r.graph->nodes; node++)
        status = run_node(&r, node, error);
    if (!status)
        memcpy(output, r.tensor[last], bytes);
    end(&r);
    session->prepared = false;
    session->slot++;
    if (!status)
        return SONIC_OK;
    sodium_memzero(output, bytes);
    return poisoned_before ? status : sonic_session_poison(session, status);
}
