/* Shapes of a graph's nodes: sizes, shape inference, the convolution a node stands for. */
#include "proto/model/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"

static const char *const op_names[SONIC_OPS] = {
    "input", "conv", "bias", "relu", "max-pool", "avg-pool", "add",
    "concat", "trunc", "scale", "permute", "reshape", "pad",
};

const char *sonic_op_name(sonic_op op)
{
    return (unsigned)op < SONIC_OPS ? op_names[op] : "unknown";
}

void sonic_graph_free(sonic_graph *graph)
{
    if (!graph)
        return;
    for (uint32_t i = 0; graph->node && i < graph->nodes; i++)
        free(graph->node[i].input);
    free(graph->node);
    memset(graph, 0, sizeof *graph);
}

sonic_status sonic_shape_elements(const sonic_shape *shape, size_t *elements, sonic_error *error)
{
    if (shape->rank < 1 || shape->rank > SONIC_RANK_MAX)
        return sonic_fail(error, SONIC_E_SHAPE, "a tensor has %u dimensions, not 1 to %d",
                          shape->rank, SONIC_RANK_MAX);
    size_t n = 1;
    for (uint32_t i = 0; i < shape->rank; i++) {
        if (shape->dim[i] == 0)
            return sonic_fail(error, SONIC_E_SHAPE, "a dimension of a tensor is 0");
        if (!sonic_size_mul(&n, n, shape->dim[i]) || n > SONIC_ELEMENTS_MAX)
            return sonic_fail(error, SONIC_E_SHAPE, "a tensor has more than 2^31 elements");
    }
    *elements = n;
    return SONIC_OK;
}

bool sonic_shape_equal(const sonic_shape *a, const sonic_shape *b)
{
    return a->rank == b->rank && memcmp(a->dim, b->dim, a->rank * sizeof a->dim[0]) == 0;
}

static size_t product(const sonic_shape *shape)
{
    size_t n = 1;
    for (uint32_t i = 0; i < shape->rank; i++)
        n *= shape->dim[i];
    return n;
}

size_t sonic_node_elements(const sonic_graph *graph, uint32_t node)
{
    return product(&graph->node[node].shape);
}

sonic_conv_shape sonic_node_conv(const sonic_graph *graph, uint32_t node, size_t batch)
{
    const sonic_node *self = &graph->node[node];
    const sonic_shape *in = &graph->node[self->input[0]].shape;
    const sonic_window *window = &self->window;
    bool space = in->rank == 3;
    return (sonic_conv_shape){
        .n = batch,
        .c = in->dim[0],
        .h = space ? in->dim[1] : 1,
        .w = space ? in->dim[2] : 1,
        .o = self->shape.dim[0],
        .kh = window->kh,
        .kw = window->kw,
        .stride_h = window->stride_h,
        .stride_w = window->stride_w,
        .dilation_h = window->dilation_h,
        .dilation_w = window->dilation_w,
        .pad_top = window->pad_top,
        .pad_left = window->pad_left,
        .pad_bottom = window->pad_bottom,
        .pad_right = window->pad_right,
        .groups = self->groups,
    };
}

size_t sonic_node_weights(const sonic_graph *graph, uint32_t node)
{
    if (graph->node[node].op != SONIC_OP_CONV)
        return 0;
    sonic_conv_shape conv = sonic_node_conv(graph, node, 1);
    return conv.o * (conv.c / conv.groups) * conv.kh * conv.kw;
}

size_t sonic_node_biases(const sonic_graph *graph, uint32_t node)
{
    const sonic_node *self = &graph->node[node];
    if (self->op == SONIC_OP_CONV)
        return self->shape.dim[0];
    return self->op == SONIC_OP_BIAS ? product(&self->shape) : 0;
}

/* One axis of a window.  The numbers are at most 2^32, so that 64 bits hold every sum below. */
typedef struct axis {
    uint64_t size, kernel, stride, dilation, pad_before, pad_after;
} axis;

static bool axis_output(const axis *a, uint32_t *out)
{
    if (a->kernel < 1 || a->kernel > SONIC_WINDOW_MAX || a->stride < 1 ||
        a->stride > SONIC_WINDOW_MAX || a->dilation < 1 || a->dilation > SONIC_WINDOW_MAX ||
        a->pad_before > SONIC_WINDOW_MAX || a->pad_after > SONIC_WINDOW_MAX)
        return false;
    uint64_t padded = a->size + a->pad_before + a->pad_after;
    uint64_t extent = a->dilation * (a->kernel - 1) + 1;
    if (extent > padded)
        return false;
    uint64_t n = (padded - extent) / a->stride + 1;
    if (n > UINT32_MAX)
        return false;
    *out = (uint32_t)n;
    return true;
}

/* Whether every window of a pool has a candidate that is not padding.  Windows start further right
 * from one to the next, so on the right only the last can fail. */
static bool axis_has_candidates(const axis *a, uint32_t out)
{
    uint64_t last = (uint64_t)(out - 1) * a->stride;
    if (last >= a->pad_before + a->size)
        return false;
    for (uint64_t start = 0; start < a->pad_before && start <= last; start += a->stride) {
        uint64_t before = a->pad_before - start;
        uint64_t steps = (before + a->dilation - 1) / a->dilation;
        if (steps >= a->kernel || steps * a->dilation - before >= a->size)
            return false;
    }
    return true;
}

static sonic_status window_shape(const sonic_node *self, const sonic_shape *in, sonic_shape *shape,
                                 sonic_error *error)
{
    const sonic_window *w = &self->window;
    axis rows = {in->dim[1], w->kh, w->stride_h, w->dilation_h, w->pad_top, w->pad_bottom};
    axis columns = {in->dim[2], w->kw, w->stride_w, w->dilation_w, w->pad_left, w->pad_right};
    if (!axis_output(&rows, &shape->dim[1]) || !axis_output(&columns, &shape->dim[2]))
        return sonic_fail(error, SONIC_E_SHAPE,
                          "node '%s' (%s): a window of %u x %u (strides %u, %u, dilations %u, %u, "
                          "pads %u, %u, %u, %u) does not fit an input of %u x %u",
                          self->name, sonic_op_name(self->op), w->kh, w->kw, w->stride_h,
                          w->stride_w, w->dilation_h, w->dilation_w, w->pad_top, w->pad_left,
                          w->pad_bottom, w->pad_right, in->dim[1], in->dim[2]);
    if (self->op != SONIC_OP_CONV && (!axis_has_candidates(&rows, shape->dim[1]) ||
                                      !axis_has_candidates(&columns, shape->dim[2])))
        return sonic_fail(error, SONIC_E_SHAPE,
                          "node '%s' (%s): a window lies in the padding alone", self->name,
                          sonic_op_name(self->op));
    return SONIC_OK;
}

static sonic_status conv_shape(const sonic_node *self, const sonic_shape *in, sonic_shape *shape,
                               sonic_error *error)
{
    if (in->rank != 3 && in->rank != 1)
        return sonic_fail(error, SONIC_E_SHAPE,
                          "node '%s' (conv): the input has %u dimensions besides the batch, not 3 "
                          "(channels, height, width) or 1 (features)", self->name, in->rank);
    uint32_t outputs = self->shape.dim[0];
    if (self->groups == 0 || outputs == 0 || in->dim[0] % self->groups || outputs % self->groups)
        return sonic_fail(
            error, SONIC_E_SHAPE,
            "node '%s' (conv): %u groups do not divide %u input and %u output channels", self->name,
            self->groups, in->dim[0], outputs);
    sonic_shape space = {3, {in->dim[0], 1, 1}};
    *shape = (sonic_shape){in->rank, {outputs}};
    if (in->rank == 3)
        return window_shape(self, in, shape, error);
    const sonic_window *w = &self->window;
    if (w->kh != 1 || w->kw != 1 || w->pad_top || w->pad_left || w->pad_bottom || w->pad_right)
        return sonic_fail(error, SONIC_E_SHAPE,
                          "node '%s' (conv): features have no space for a window", self->name);
    sonic_shape ignored = {3, {outputs}};
    return window_shape(self, &space, &ignored, error);
}

static sonic_status concat_shape(const sonic_graph *graph, const sonic_node *self,
                                 sonic_shape *shape, sonic_error *error)
{
    *shape = graph->node[self->input[0]].shape;
    if (self->axis >= shape->rank)
        return sonic_fail(error, SONIC_E_SHAPE, "node '%s' (concat): there is no axis %u",
                          self->name, self->axis);
    uint64_t sum = shape->dim[self->axis];
    for (uint32_t i = 1; i < self->inputs; i++) {
        sonic_shape part = graph->node[self->input[i]].shape;
        sum += part.rank == shape->rank ? part.dim[self->axis] : 0;
        if (part.rank == shape->rank)
            part.dim[self->axis] = shape->dim[self->axis];
        if (!sonic_shape_equal(&part, shape) || sum > UINT32_MAX)
            return sonic_fail(error, SONIC_E_SHAPE,
                              "node '%s' (concat): input %u does not fit the first along axis %u",
                              self->name, i, self->axis);
    }
    shape->dim[self->axis] = (uint32_t)sum;
    return SONIC_OK;
}

static sonic_status permute_shape(const sonic_node *self, const sonic_shape *in, sonic_shape *shape,
                                  sonic_error *error)
{
    unsigned seen = 0;
    *shape = (sonic_shape){.rank = in->rank};
    for (uint32_t i = 0; i < in->rank; i++) {
        if (self->perm[i] >= in->rank || seen >> self->perm[i] & 1)
            return sonic_fail(error, SONIC_E_SHAPE,
                              "node '%s' (permute): its axes are not a permutation", self->name);
        seen |= 1u << self->perm[i];
        shape->dim[i] = in->dim[self->perm[i]];
    }
    return SONIC_OK;
}

static sonic_status pad_shape(const sonic_node *self, const sonic_shape *in, sonic_shape *shape,
                              sonic_error *error)
{
    const sonic_window *w = &self->window;
    if (w->pad_top > SONIC_WINDOW_MAX || w->pad_bottom > SONIC_WINDOW_MAX ||
        w->pad_left > SONIC_WINDOW_MAX || w->pad_right > SONIC_WINDOW_MAX)
        return sonic_fail(error, SONIC_E_SHAPE, "node '%s' (pad): more than %d zeros on a side",
                          self->name, SONIC_WINDOW_MAX);
    /* A dimension is at most 2^31, so that the sums fit. */
    *shape = *in;
    shape->dim[1] += w->pad_top + w->pad_bottom;
    shape->dim[2] += w->pad_left + w->pad_right;
    return SONIC_OK;
}

static bool arity_fits(const sonic_node *self)
{
    switch (self->op) {
    case SONIC_OP_INPUT: return self->inputs == 0;
    case SONIC_OP_ADD: return self->inputs == 2;
    case SONIC_OP_CONCAT: return self->inputs >= 1 && self->inputs <= SONIC_NODES_MAX;
    default: return self->inputs == 1;
    }
}

static bool needs_space(sonic_op op)
{
    return op == SONIC_OP_MAX_POOL || op == SONIC_OP_AVG_POOL || op == SONIC_OP_PAD;
}

sonic_status sonic_node_infer_shape(const sonic_graph *graph, uint32_t node, sonic_shape *shape,
                                    sonic_error *error)
{
    const sonic_node *self = &graph->node[node];
    if ((unsigned)self->op >= SONIC_OPS)
        return sonic_fail(error, SONIC_E_SHAPE, "node '%s': operation %u does not exist",
                          self->name, (unsigned)self->op);
    const char *kind = sonic_op_name(self->op);
    if (!arity_fits(self) || (self->inputs && !self->input))
        return sonic_fail(error, SONIC_E_SHAPE, "node '%s' (%s): %u inputs are too few or too many",
                          self->name, kind, self->inputs);
    for (uint32_t i = 0; i < self->inputs; i++)
        if (self->input[i] >= node)
            return sonic_fail(error, SONIC_E_SHAPE,
                              "node '%s' (%s): input %u does not come before it", self->name, kind,
                              i);
    const sonic_shape *in = self->inputs ? &graph->node[self->input[0]].shape : NULL;
    if (needs_space(self->op) && in->rank != 3)
        return sonic_fail(error, SONIC_E_SHAPE,
                          "node '%s' (%s): the input has %u dimensions besides the batch, not 3 "
                          "(channels, height, width)", self->name, kind, in->rank);
    sonic_status status = SONIC_OK;
    sonic_shape result = self->shape; /* INPUT and RESHAPE */
    switch (self->op) {
    case SONIC_OP_CONV: status = conv_shape(self, in, &result, error); break;
    case SONIC_OP_MAX_POOL:
    case SONIC_OP_AVG_POOL:
        result = *in;
        status = window_shape(self, in, &result, error);
        break;
    case SONIC_OP_CONCAT: status = concat_shape(graph, self, &result, error); break;
    case SONIC_OP_PERMUTE: status = permute_shape(self, in, &result, error); break;
    case SONIC_OP_PAD: status = pad_shape(self, in, &result, error); break;
    case SONIC_OP_INPUT:
    case SONIC_OP_RESHAPE: break;
    case SONIC_OP_ADD:
        if (!sonic_shape_equal(in, &graph->node[self->input[1]].shape))
            status =
                sonic_fail(error, SONIC_E_SHAPE,
                           "node '%s' (add): its two inputs have different shapes", self->name);
        result = *in;
        break;
    default: result = *in; break;
    }
    size_t elements, before;
    char where[SONIC_NAME_MAX + 32];
    if (status)
        return status;
    status = sonic_shape_elements(&result, &elements, error);
    if (!status && self->op == SONIC_OP_RESHAPE)
        status = sonic_shape_elements(in, &before, error);
    if (status) {
        (void)snprintf(where, sizeof where, "node '%s' (%s)", self->name, kind);
        return sonic_fail_in(error, status, where);
    }
    if (self->op == SONIC_OP_RESHAPE && elements != before)
        return sonic_fail(error, SONIC_E_SHAPE,
                          "node '%s' (reshape): %zu elements cannot be arranged as %zu", self->name,
                          before, elements);
    *shape = result;
    return SONIC_OK;
}
