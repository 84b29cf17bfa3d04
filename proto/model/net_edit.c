/* Rewriting a network: uses, bypasses, swaps, and the end: a model of what is live. */
#include "proto/model/net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"

void sonic_net_count(sonic_net *net)
{
    for (uint32_t i = 0; i < net->graph.nodes; i++)
        net->extra[i].uses = 0;
    net->extra[net->output].uses = 1;
    net->extra[net->output].consumer = net->output;
    for (uint32_t i = net->output + 1; i-- > 0;)
        for (uint32_t j = 0; net->extra[i].uses && j < net->graph.node[i].inputs; j++) {
            sonic_net_extra *in = &net->extra[net->graph.node[i].input[j]];
            in->uses++;
            in->consumer = i;
        }
}

void sonic_net_bypass(sonic_net *net, uint32_t node)
{
    uint32_t from = net->graph.node[node].input[0];
    for (uint32_t i = node + 1; i < net->graph.nodes; i++)
        for (uint32_t j = 0; j < net->graph.node[i].inputs; j++)
            if (net->graph.node[i].input[j] == node)
                net->graph.node[i].input[j] = from;
    if (net->output == node)
        net->output = from;
    sonic_net_count(net);
}

uint32_t sonic_net_only_consumer(const sonic_net *net, uint32_t node)
{
    return net->extra[node].uses == 1 ? net->extra[node].consumer : node;
}

sonic_status sonic_net_swap(sonic_net *net, uint32_t node, uint32_t consumer, sonic_error *error)
{
    sonic_node *a = &net->graph.node[node], *b = &net->graph.node[consumer];
    sonic_node first = *a;
    sonic_net_extra extra = net->extra[node];
    uint32_t *input_a = a->input, *input_b = b->input;
    const sonic_net_extra uses_a = net->extra[node], uses_b = net->extra[consumer];
    *a = *b;
    *b = first;
    net->extra[node] = net->extra[consumer];
    net->extra[consumer] = extra;
    a->input = input_a;
    b->input = input_b;
    net->extra[node].uses = uses_a.uses;
    net->extra[node].consumer = uses_a.consumer;
    net->extra[consumer].uses = uses_b.uses;
    net->extra[consumer].consumer = uses_b.consumer;
    sonic_status status = sonic_net_shape(net, node, error);
    return status ? status : sonic_net_shape(net, consumer, error);
}

static sonic_status not_finite(const sonic_node *node, sonic_error *error)
{
    return sonic_fail(error, SONIC_E_UNSUPPORTED,
                      "node '%s' (%s): a constant is infinite, not a number or too large",
                      node->name, sonic_op_name(node->op));
}

static bool all_finite(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs(x[i]) <= 0x1p200))
            return false;
    return true;
}

/* The full tensor that a compact constant stands for. */
static double *expand(const double *constant, const sonic_shape *spread, const sonic_shape *shape)
{
    size_t n = sonic_shape_size(shape), step[SONIC_RANK_MAX], sum = 1;
    double *full = malloc(n * sizeof *full);
    for (uint32_t d = spread->rank; d-- > 0; sum *= spread->dim[d])
        step[d] = spread->dim[d] == 1 ? 0 : sum;
    for (size_t i = 0; full && i < n; i++) {
        size_t rest = i, at = 0;
        for (uint32_t d = shape->rank; d-- > 0; rest /= shape->dim[d])
            at += rest % shape->dim[d] * step[d];
        full[i] = constant[at];
    }
    return full;
}

/* Gives a live node's constants to the model. */
static sonic_status take_constants(sonic_net *net, uint32_t from, sonic_model *model, uint32_t to,
                                   sonic_error *error)
{
    sonic_net_extra *extra = &net->extra[from];
    sonic_constants *constants = &model->constants[to];
    const sonic_node *node = &model->graph.node[to];
    if (node->op == SONIC_OP_CONV || node->op == SONIC_OP_SCALE) {
        constants->w = extra->w;
        constants->b = extra->b;
        extra->w = extra->b = NULL;
    } else if (node->op == SONIC_OP_BIAS) {
        size_t n = sonic_node_elements(&model->graph, to);
        sonic_status status = sonic_net_spend(net, n, error);
        if (status)
            return status;
        constants->b = expand(extra->b, &extra->spread, &node->shape);
        if (!constants->b)
            return sonic_fail(error, SONIC_E_MEMORY, "no memory for the network");
    }
    if (!all_finite(constants->w, sonic_node_weights(&model->graph, to)) ||
        !all_finite(constants->b, sonic_node_biases(&model->graph, to)))
        return not_finite(node, error);
    return SONIC_OK;
}

static sonic_status settle(sonic_net *net, sonic_model *model, uint32_t *place, sonic_error *error)
{
    sonic_graph *graph = &model->graph;
    uint32_t live = 0;
    sonic_net_count(net);
    net->extra[0].uses++; /* the input stays, used or not */
    for (uint32_t i = 0; i <= net->output; i++)
        live += net->extra[i].uses > 0;
    if (live > SONIC_NODES_MAX)
        return sonic_fail(error, SONIC_E_UNSUPPORTED, "the network has %u operations, more than %d",
                          live, SONIC_NODES_MAX);
    if (live < 2)
        return sonic_fail(error, SONIC_E_UNSUPPORTED, "the network computes nothing");
    graph->node = calloc(live, sizeof *graph->node);
    model->constants = calloc(live, sizeof *model->constants);
    if (!graph->node || !model->constants)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for the network");
    graph->last = net->graph.last;
    for (uint32_t i = 0; i <= net->output; i++) {
        if (!net->extra[i].uses)
            continue;
        uint32_t to = graph->nodes++;
        place[i] = to;
        graph->node[to] = net->graph.node[i];
        net->graph.node[i].input = NULL;
        for (uint32_t j = 0; j < graph->node[to].inputs; j++)
            graph->node[to].input[j] = place[graph->node[to].input[j]];
        sonic_status status = take_constants(net, i, model, to, error);
        if (status)
            return status;
    }
    if (sonic_graph_validate_shapes(graph, error))
        return sonic_fail_in(error, SONIC_E_UNSUPPORTED, "the network cannot be used");
    return SONIC_OK;
}

sonic_status sonic_net_settle(sonic_net *net, sonic_model *model, sonic_error *error)
{
    sonic_model made = {0};
    uint32_t *place = calloc(net->graph.nodes ? net->graph.nodes : 1, sizeof *place);
    sonic_status status = place ? settle(net, &made, place, error)
                                : sonic_fail(error, SONIC_E_MEMORY, "no memory for the network");
    free(place);
    sonic_net_free(net);
    if (status)
        sonic_model_free(&made);
    else
        *model = made;
    return status;
}
