/* Building a network node by node. */
#include "proto/model/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"

void sonic_net_free(sonic_net *net)
{
    for (uint32_t i = 0; net->extra && i < net->graph.nodes; i++) {
        free(net->extra[i].w);
        free(net->extra[i].b);
    }
    free(net->extra);
    sonic_graph_free(&net->graph);
    memset(net, 0, sizeof *net);
}

size_t sonic_shape_size(const sonic_shape *shape)
{
    size_t n = 1;
    for (uint32_t i = 0; i < shape->rank; i++)
        n *= shape->dim[i];
    return n;
}

sonic_status sonic_net_spend(sonic_net *net, size_t n, sonic_error *error)
{
    if (n > SONIC_NET_SPREAD_MAX - net->spread)
        return sonic_fail(error, SONIC_E_UNSUPPORTED,
                          "the constants that the network adds or multiplies by are too large");
    net->spread += n;
    return SONIC_OK;
}

static sonic_status no_memory(sonic_error *error)
{
    return sonic_fail(error, SONIC_E_MEMORY, "no memory for the network");
}

static sonic_status grow(sonic_net *net, sonic_error *error)
{
    if (net->graph.nodes < net->room)
        return SONIC_OK;
    if (net->room == SONIC_NET_NODES_MAX)
        return sonic_fail(error, SONIC_E_UNSUPPORTED, "the network has more than %d operations",
                          SONIC_NODES_MAX);
    uint32_t room = net->room ? 2 * net->room : 64;
    sonic_node *node = realloc(net->graph.node, room * sizeof *node);
    if (node)
        net->graph.node = node;
    sonic_net_extra *extra = realloc(net->extra, room * sizeof *extra);
    if (extra)
        net->extra = extra;
    if (!node || !extra)
        return no_memory(error);
    net->room = room;
    return SONIC_OK;
}

/* Printable, cut to what a node's name holds. */
static void set_name(sonic_node *node, const char *name)
{
    (void)snprintf(node->name, sizeof node->name, "%s", name);
    for (char *c = node->name; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
}

sonic_status sonic_net_append(sonic_net *net, sonic_op op, const char *name, uint32_t inputs,
                              const uint32_t *input, uint32_t *index, sonic_error *error)
{
    sonic_status status = grow(net, error);
    if (status)
        return status;
    if (inputs > SONIC_NET_EDGES_MAX - net->edges)
        return sonic_fail(error, SONIC_E_UNSUPPORTED, "the network has more than %d connections",
                          SONIC_NET_EDGES_MAX);
    uint32_t *copy = inputs ? malloc(inputs * sizeof *copy) : NULL;
    if (inputs && !copy)
        return no_memory(error);
    if (inputs)
        memcpy(copy, input, inputs * sizeof *copy);
    char kept[SONIC_NAME_MAX + 1]; /* `name` may be a node's, and the nodes may just have moved */
    (void)snprintf(kept, sizeof kept, "%s", name);
    sonic_node *node = &net->graph.node[net->graph.nodes];
    *node = (sonic_node){
        .op = op,
        .inputs = inputs,
        .input = copy,
        .window = {1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
        .groups = 1,
        .factor = {1, 1},
    };
    set_name(node, kept);
    net->extra[net->graph.nodes] = (sonic_net_extra){0};
    net->edges += inputs;
    *index = net->graph.nodes++;
    return SONIC_OK;
}

sonic_status sonic_net_shape(sonic_net *net, uint32_t node, sonic_error *error)
{
    sonic_shape shape;
    sonic_status status = sonic_node_infer_shape(&net->graph, node, &shape, error);
    if (!status)
        net->graph.node[node].shape = shape;
    return status;
}

/* One input, own attributes neutral. */
static sonic_status append_one(sonic_net *net, sonic_op op, const char *name, uint32_t x,
                               uint32_t *y, sonic_error *error)
{
    return sonic_net_append(net, op, name, 1, &x, y, error);
}

sonic_status sonic_net_permute(sonic_net *net, const char *name, uint32_t x, const uint32_t *perm,
                               uint32_t *y, sonic_error *error)
{
    const sonic_node *in = &net->graph.node[x];
    uint32_t rank = in->shape.rank, whole[SONIC_RANK_MAX] = {0};
    bool nested = in->op == SONIC_OP_PERMUTE, identity = true;
    for (uint32_t i = 0; i < rank; i++) {
        whole[i] = nested ? in->perm[perm[i]] : perm[i];
        identity = identity && whole[i] == i;
    }
    uint32_t from = nested ? in->input[0] : x, made;
    if (identity) {
        *y = from;
        return SONIC_OK;
    }
    sonic_status status = append_one(net, SONIC_OP_PERMUTE, name, from, &made, error);
    if (status)
        return status;
    memcpy(net->graph.node[made].perm, whole, sizeof whole);
    *y = made;
    return sonic_net_shape(net, made, error);
}

sonic_status sonic_net_reshape(sonic_net *net, const char *name, uint32_t x,
                               const sonic_shape *shape, uint32_t *y, sonic_error *error)
{
    if (sonic_shape_equal(&net->graph.node[x].shape, shape)) {
        *y = x;
        return SONIC_OK;
    }
    sonic_status status = append_one(net, SONIC_OP_RESHAPE, name, x, y, error);
    if (status)
        return status;
    net->graph.node[*y].shape = *shape;
    return sonic_net_shape(net, *y, error);
}

/* Runs the element-wise `inner` on what a permutation permutes, then permutes its result. */
static sonic_status permute_again(sonic_net *net, uint32_t permutation, uint32_t inner, uint32_t *y,
                                  sonic_error *error)
{
    const sonic_node *old = &net->graph.node[permutation];
    uint32_t perm[SONIC_RANK_MAX];
    char name[SONIC_NAME_MAX + 1];
    memcpy(perm, old->perm, sizeof perm);
    memcpy(name, old->name, sizeof name);
    return sonic_net_permute(net, name, inner, perm, y, error);
}

sonic_status sonic_net_relu(sonic_net *net, const char *name, uint32_t x, double slope, double top,
                            uint32_t *y, sonic_error *error)
{
    bool permuted = net->graph.node[x].op == SONIC_OP_PERMUTE;
    uint32_t from = permuted ? net->graph.node[x].input[0] : x;
    sonic_status status = append_one(net, SONIC_OP_RELU, name, from, y, error);
    if (status)
        return status;
    net->extra[*y].slope = slope;
    net->extra[*y].top = top;
    status = sonic_net_shape(net, *y, error);
    return status || !permuted ? status : permute_again(net, x, *y, y, error);
}

sonic_status sonic_net_add(sonic_net *net, const char *name, uint32_t a, uint32_t b, uint32_t *y,
                           sonic_error *error)
{
    const sonic_node *p = &net->graph.node[a], *q = &net->graph.node[b];
    bool permuted = p->op == SONIC_OP_PERMUTE && q->op == SONIC_OP_PERMUTE &&
                    p->shape.rank == q->shape.rank &&
                    memcmp(p->perm, q->perm, p->shape.rank * sizeof p->perm[0]) == 0;
    uint32_t input[2] = {permuted ? p->input[0] : a, permuted ? q->input[0] : b};
    sonic_status status = sonic_net_append(net, SONIC_OP_ADD, name, 2, input, y, error);
    if (!status)
        status = sonic_net_shape(net, *y, error);
    return status || !permuted ? status : permute_again(net, a, *y, y, error);
}

double *sonic_spread_permute(const double *constant, const sonic_shape *from, const uint32_t *perm,
                             bool inverse, sonic_shape *to)
{
    uint32_t source[SONIC_RANK_MAX] = {0};
    for (uint32_t i = 0; i < from->rank; i++)
        source[inverse ? perm[i] : i] = inverse ? i : perm[i];
    *to = (sonic_shape){.rank = from->rank};
    size_t step[SONIC_RANK_MAX], n = 1;
    for (uint32_t i = from->rank; i-- > 0; n *= from->dim[i])
        step[i] = n;
    for (uint32_t i = 0; i < from->rank; i++)
        to->dim[i] = from->dim[source[i]];
    double *moved = malloc(n * sizeof *moved);
    for (size_t i = 0; moved && i < n; i++) {
        size_t rest = i, at = 0;
        for (uint32_t d = to->rank; d-- > 0; rest /= to->dim[d])
            at += rest % to->dim[d] * step[source[d]];
        moved[i] = constant[at];
    }
    return moved;
}

sonic_status sonic_net_affine(sonic_net *net, sonic_op op, const char *name, uint32_t x,
                              const sonic_shape *spread, double *constant, uint32_t *y,
                              sonic_error *error)
{
    const sonic_node *in = &net->graph.node[x];
    bool permuted = in->op == SONIC_OP_PERMUTE;
    sonic_shape shape = *spread;
    uint32_t from = permuted ? in->input[0] : x;
    if (permuted) {
        double *moved = sonic_spread_permute(constant, spread, in->perm, true, &shape);
        free(constant);
        if (!moved)
            return no_memory(error);
        constant = moved;
    }
    sonic_status status = append_one(net, op, name, from, y, error);
    if (status) {
        free(constant);
        return status;
    }
    sonic_net_extra *extra = &net->extra[*y];
    extra->spread = shape;
    *(op == SONIC_OP_SCALE ? &extra->w : &extra->b) = constant;
    status = sonic_net_shape(net, *y, error);
    return status || !permuted ? status : permute_again(net, x, *y, y, error);
}

sonic_status sonic_net_affine_all(sonic_net *net, sonic_op op, const char *name, uint32_t x,
                                  double constant, uint32_t *y, sonic_error *error)
{
    sonic_shape spread = {.rank = net->graph.node[x].shape.rank};
    double *one = malloc(sizeof *one);
    if (!one)
        return no_memory(error);
    *one = constant;
    for (uint32_t d = 0; d < spread.rank; d++)
        spread.dim[d] = 1;
    return sonic_net_affine(net, op, name, x, &spread, one, y, error);
}

sonic_status sonic_net_window(sonic_net *net, sonic_op op, const char *name, uint32_t x,
                              const sonic_window *window, bool exclude_pad, uint32_t *y,
                              sonic_error *error)
{
    sonic_status status = append_one(net, op, name, x, y, error);
    if (status)
        return status;
    net->graph.node[*y].window = *window;
    net->graph.node[*y].exclude_pad = exclude_pad;
    return sonic_net_shape(net, *y, error);
}

sonic_status sonic_net_conv(sonic_net *net, const char *name, uint32_t x, uint32_t outputs,
                            uint32_t groups, const sonic_window *window, double *w, double *b,
                            uint32_t *y, sonic_error *error)
{
    sonic_status status = append_one(net, SONIC_OP_CONV, name, x, y, error);
    if (status) {
        free(w);
        free(b);
        return status;
    }
    net->extra[*y].w = w;
    net->extra[*y].b = b;
    sonic_node *node = &net->graph.node[*y];
    if (window)
        node->window = *window;
    node->groups = groups;
    node->shape = (sonic_shape){1, {outputs}};
    return sonic_net_shape(net, *y, error);
}
