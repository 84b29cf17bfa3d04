/* What must hold of a graph that somebody else wrote. */
#include "proto/model/graph.h"

#include <math.h>
#include <string.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"

static bool name_fits(const char *name)
{
    const char *end = memchr(name, 0, SONIC_NAME_MAX + 1);
    if (!end)
        return false;
    for (const char *c = name; c < end; c++)
        if (*c < ' ' || *c > '~')
            return false;
    return true;
}

/* Adds a node's constants to *sum, at most SONIC_ELEMENTS_MAX in the whole graph. */
static bool count_constants(const sonic_graph *graph, uint32_t node, size_t *sum)
{
    const sonic_node *self = &graph->node[node];
    size_t n = sonic_node_biases(graph, node);
    if (self->op == SONIC_OP_CONV) {
        sonic_conv_shape conv = sonic_node_conv(graph, node, 1);
        size_t weights = conv.o;
        if (!sonic_size_mul(&weights, weights, conv.c / conv.groups) ||
            !sonic_size_mul(&weights, weights, conv.kh) ||
            !sonic_size_mul(&weights, weights, conv.kw) || !sonic_size_add(&n, n, weights))
            return false;
    }
    return sonic_size_add(sum, *sum, n) && *sum <= SONIC_ELEMENTS_MAX;
}

/* A pool looks at every candidate of every window. */
static bool pool_fits(const sonic_graph *graph, uint32_t node)
{
    const sonic_node *self = &graph->node[node];
    if (self->op != SONIC_OP_MAX_POOL && self->op != SONIC_OP_AVG_POOL)
        return true;
    uint64_t candidates = (uint64_t)self->window.kh * self->window.kw;
    return candidates <= SONIC_CANDIDATES_MAX / sonic_node_elements(graph, node);
}

sonic_status sonic_graph_validate_shapes(const sonic_graph *graph, sonic_error *error)
{
    if (!graph->node || graph->nodes < 2 || graph->nodes > SONIC_NODES_MAX)
        return sonic_fail(error, SONIC_E_FORMAT, "the graph has %u nodes, not 2 to %d",
                          graph->nodes, SONIC_NODES_MAX);
    size_t constants = 0, elements = 0;
    for (uint32_t i = 0; i < graph->nodes; i++) {
        const sonic_node *self = &graph->node[i];
        if (!name_fits(self->name))
            return sonic_fail(error, SONIC_E_FORMAT, "the name of node %u is not printable text",
                              i);
        if ((self->op == SONIC_OP_INPUT) != (i == 0))
            return sonic_fail(error, SONIC_E_FORMAT,
                              "node %u '%s': the first node, and no other, must be the input", i,
                              self->name);
        sonic_shape shape;
        if (sonic_node_infer_shape(graph, i, &shape, error))
            return sonic_fail_in(error, SONIC_E_FORMAT, "the graph is malformed");
        if (!sonic_shape_equal(&shape, &self->shape))
            return sonic_fail(error, SONIC_E_FORMAT,
                              "node '%s' (%s): its shape is not what its inputs and attributes say",
                              self->name, sonic_op_name(self->op));
        if (!count_constants(graph, i, &constants))
            return sonic_fail(error, SONIC_E_FORMAT,
                              "node '%s' (%s): the network has more than 2^31 weights", self->name,
                              sonic_op_name(self->op));
        if (!pool_fits(graph, i))
            return sonic_fail(error, SONIC_E_FORMAT, "node '%s' (%s): its windows are too large",
                              self->name, sonic_op_name(self->op));
        if (!sonic_size_add(&elements, elements, sonic_node_elements(graph, i)))
            return sonic_fail(error, SONIC_E_FORMAT, "the graph's tensors overflow a size");
    }
    return SONIC_OK;
}

static bool factor_fits(int64_t factor, unsigned ring)
{
    int64_t limit = (int64_t)1 << (ring - 2);
    return factor != 0 && factor > -limit && factor < limit;
}

static bool shift_fits(const sonic_node *self, unsigned ring)
{
    switch (self->op) {
    case SONIC_OP_TRUNC: return self->shift >= 1 && self->shift <= ring / 2;
    case SONIC_OP_RELU: return self->shift <= ring / 2;
    default: return self->shift == 0;
    }
}

static sonic_status check_numbers(const sonic_graph *graph, const sonic_node *self,
                                  sonic_error *error)
{
    unsigned ring = (unsigned)graph->ring;
    const char *kind = sonic_op_name(self->op);
    if (!shift_fits(self, ring))
        return sonic_fail(error, SONIC_E_FORMAT, "node '%s' (%s): it cannot drop %u bits",
                          self->name, kind, self->shift);
    if ((self->op == SONIC_OP_ADD || self->op == SONIC_OP_SCALE) &&
        !factor_fits(self->factor[0], ring))
        return sonic_fail(error, SONIC_E_FORMAT, "node '%s' (%s): its factor is out of range",
                          self->name, kind);
    if (self->op == SONIC_OP_ADD && !factor_fits(self->factor[1], ring))
        return sonic_fail(error, SONIC_E_FORMAT,
                          "node '%s' (%s): its second factor is out of range", self->name, kind);
    if (!isfinite(self->unit) || !(self->unit > 0))
        return sonic_fail(error, SONIC_E_FORMAT,
                          "node '%s' (%s): its unit is not a positive number", self->name, kind);
    if (!(self->bound >= 0 && self->bound < ldexp(1, (int)ring - 2)))
        return sonic_fail(error, SONIC_E_FORMAT, "node '%s' (%s): its bound leaves the ring",
                          self->name, kind);
    if (!(self->error >= 0) || !isfinite(self->error))
        return sonic_fail(error, SONIC_E_FORMAT, "node '%s' (%s): its error is not a number",
                          self->name, kind);
    return SONIC_OK;
}

sonic_status sonic_graph_validate(const sonic_graph *graph, sonic_error *error)
{
    if (graph->ring != SONIC_RING_32 && graph->ring != SONIC_RING_64)
        return sonic_fail(error, SONIC_E_FORMAT, "the graph's ring has %d bits, not 32 or 64",
                          (int)graph->ring);
    if (graph->truncation != SONIC_TRUNC_STOCHASTIC && graph->truncation != SONIC_TRUNC_LOCAL)
        return sonic_fail(error, SONIC_E_FORMAT, "the graph's kind of truncation does not exist");
    if (graph->last != SONIC_LAST_NONE && graph->last != SONIC_LAST_SOFTMAX &&
        graph->last != SONIC_LAST_ARGMAX)
        return sonic_fail(error, SONIC_E_FORMAT, "what the graph asks of its user does not exist");
    if (!(graph->failure >= 0 && graph->failure <= 1))
        return sonic_fail(error, SONIC_E_FORMAT, "the graph's chance of failure is not one");
    if (!isfinite(graph->input_low) || !isfinite(graph->input_high) ||
        !(graph->input_low < graph->input_high))
        return sonic_fail(error, SONIC_E_FORMAT, "the graph's range of inputs is empty");
    sonic_status status = sonic_graph_validate_shapes(graph, error);
    for (uint32_t i = 0; !status && i < graph->nodes; i++)
        status = check_numbers(graph, &graph->node[i], error);
    return status;
}
