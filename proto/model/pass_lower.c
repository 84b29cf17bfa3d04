/* What no server computes as it is becomes what they do: multiplications that no convolution took
 * in, and ReLUs with a slope or a top. */
#include "proto/model/net.h"

#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"

/* Appends a copy of a node that reads `input`; its constants move. */
static sonic_status move_node(sonic_net *to, sonic_net *from, uint32_t node, const uint32_t *input,
                              uint32_t *index, sonic_error *error)
{
    sonic_node *old = &from->graph.node[node];
    sonic_status status =
        sonic_net_append(to, old->op, old->name, old->inputs, input, index, error);
    if (status)
        return status;
    sonic_node *copy = &to->graph.node[*index];
    uint32_t *kept = copy->input;
    *copy = *old;
    copy->input = kept;
    to->extra[*index] = from->extra[node];
    from->extra[node].w = from->extra[node].b = NULL;
    return SONIC_OK;
}

/* One number a channel: 1 x 1 windows.  Else one an element: features, between two reshapes. */
static sonic_status scale_to_conv(sonic_net *to, const sonic_net *from, uint32_t scale, uint32_t x,
                                  uint32_t *y, sonic_error *error)
{
    const sonic_net_extra *extra = &from->extra[scale];
    const sonic_node *node = &from->graph.node[scale];
    const sonic_shape *shape = &node->shape;
    size_t constants = sonic_shape_size(&extra->spread);
    bool channels = (shape->rank == 3 || shape->rank == 1) && constants == extra->spread.dim[0];
    sonic_shape flat = channels ? *shape : (sonic_shape){1, {(uint32_t)sonic_shape_size(shape)}};
    uint32_t n = flat.dim[0];
    sonic_status status = sonic_net_spend(to, n, error);
    if (status)
        return status;
    double *w = malloc(n * sizeof *w), *b = calloc(n, sizeof *b);
    if (!w || !b) {
        free(b);
        free(w);
        return sonic_fail(error, SONIC_E_MEMORY, "node '%s' (scale): no memory for its constants",
                          node->name);
    }
    size_t step[SONIC_RANK_MAX], sum = 1;
    for (uint32_t d = shape->rank; d-- > 0; sum *= extra->spread.dim[d])
        step[d] = extra->spread.dim[d] == 1 ? 0 : sum;
    for (uint32_t i = 0; i < n; i++) {
        size_t rest = i, at = 0;
        for (uint32_t d = shape->rank; !channels && d-- > 0; rest /= shape->dim[d])
            at += rest % shape->dim[d] * step[d];
        w[i] = extra->w[channels ? (constants == 1 ? 0 : i) : at];
    }
    status = sonic_net_reshape(to, node->name, x, &flat, &x, error);
    if (status) {
        free(w);
        free(b);
        return status;
    }
    status = sonic_net_conv(to, node->name, x, n, n, NULL, w, b, y, error);
    return status ? status : sonic_net_reshape(to, node->name, *y, shape, y, error);
}

/* min(max(x, 0), top) = max(top - max(top - x, 0), 0): bounds stay what they are, however they are
 * computed, and a convolution before it takes the first difference in. */
static sonic_status clip(sonic_net *to, const char *name, double top, uint32_t x, uint32_t *y,
                         sonic_error *error)
{
    sonic_status status = SONIC_OK;
    for (unsigned i = 0; i < 2 && !status; i++) {
        status = sonic_net_affine_all(to, SONIC_OP_SCALE, name, x, -1, &x, error);
        if (!status)
            status = sonic_net_affine_all(to, SONIC_OP_BIAS, name, x, top, &x, error);
        if (!status)
            status = sonic_net_relu(to, name, x, 0, 0, &x, error);
    }
    *y = x;
    return status;
}

/* slope x + (1 - slope) max(x, 0), whose bounds are those of the result. */
static sonic_status leak(sonic_net *to, const char *name, double slope, uint32_t x, uint32_t *y,
                         sonic_error *error)
{
    uint32_t above, below;
    sonic_status status = sonic_net_relu(to, name, x, 0, 0, &above, error);
    if (!status)
        status = sonic_net_affine_all(to, SONIC_OP_SCALE, name, above, 1 - slope, &above, error);
    if (!status)
        status = sonic_net_affine_all(to, SONIC_OP_SCALE, name, x, slope, &below, error);
    return status ? status : sonic_net_add(to, name, above, below, y, error);
}

static sonic_status rebuild(sonic_net *to, sonic_net *from, uint32_t *place, sonic_error *error)
{
    sonic_status status = SONIC_OK;
    for (uint32_t i = 0; i <= from->output && !status; i++) {
        const sonic_node *node = &from->graph.node[i];
        const double slope = from->extra[i].slope, top = from->extra[i].top;
        if (!from->extra[i].uses && i > 0)
            continue;
        uint32_t *input = malloc((node->inputs ? node->inputs : 1) * sizeof *input);
        if (!input)
            return sonic_fail(error, SONIC_E_MEMORY, "no memory for the network");
        for (uint32_t j = 0; j < node->inputs; j++)
            input[j] = place[node->input[j]];
        if (node->op == SONIC_OP_SCALE)
            status = scale_to_conv(to, from, i, input[0], &place[i], error);
        else if (top > 0)
            status = clip(to, node->name, top, input[0], &place[i], error);
        else if (slope > 0)
            status = leak(to, node->name, slope, input[0], &place[i], error);
        else
            status = move_node(to, from, i, input, &place[i], error);
        free(input);
    }
    return status;
}

sonic_status sonic_net_lower(sonic_net *net, sonic_error *error)
{
    sonic_net made = {.graph.last = net->graph.last, .spread = net->spread};
    uint32_t *place = calloc(net->graph.nodes, sizeof *place);
    sonic_net_count(net);
    sonic_status status = place ? rebuild(&made, net, place, error)
                                : sonic_fail(error, SONIC_E_MEMORY, "no memory for the network");
    if (status) {
        sonic_net_free(&made);
    } else {
        made.output = place[net->output];
        sonic_net_free(net);
        *net = made;
    }
    free(place);
    return status;
}
