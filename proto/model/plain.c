/* The plain integer reference: what the two servers compute, in the clear. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/model/local_ops.h"
#include "proto/model/model.h"

static inline int64_t get_signed(const void *a, size_t i, bool wide)
{
    return wide ? (int64_t)((const uint64_t *)a)[i] : (int32_t)((const uint32_t *)a)[i];
}

static inline void put(void *a, size_t i, int64_t value, bool wide)
{
    if (wide)
        ((uint64_t *)a)[i] = (uint64_t)value;
    else
        ((uint32_t *)a)[i] = (uint32_t)value;
}

/* The ring elements of n integers. */
static sonic_status to_ring(const sonic_graph *graph, uint32_t node, const int64_t *q, size_t n,
                            void **elements, sonic_error *error)
{
    *elements = calloc(n + 1, sonic_ring_bytes(graph->ring));
    if (!*elements)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for the constants of layer '%s'",
                          graph->node[node].name);
    for (size_t i = 0; i < n; i++)
        put(*elements, i, q[i], graph->ring == SONIC_RING_64);
    return SONIC_OK;
}

static sonic_status conv(const sonic_model *model, const sonic_context *context, uint32_t node,
                         size_t batch, void *y, const void *x, sonic_error *error)
{
    const sonic_graph *graph = &model->graph;
    const sonic_conv_shape shape = sonic_node_conv(graph, node, batch);
    const sonic_constants *c = &model->constants[node];
    void *w, *b = NULL;
    sonic_status status = to_ring(graph, node, c->wq, sonic_node_weights(graph, node), &w, error);
    if (!status)
        status = to_ring(graph, node, c->bq, shape.o, &b, error);
    if (!status)
        status = sonic_conv(context, graph->ring, &shape, y, x, w, false, error);
    if (!status)
        sonic_local_bias(graph->ring, y, b, batch, shape.o,
                         sonic_node_elements(graph, node) / shape.o);
    free(w);
    free(b);
    return status;
}

static sonic_status bias(const sonic_model *model, uint32_t node, size_t batch, void *y,
                         const void *x, sonic_error *error)
{
    const sonic_graph *graph = &model->graph;
    const size_t n = sonic_node_elements(graph, node);
    void *b;
    const sonic_status status = to_ring(graph, node, model->constants[node].bq, n, &b, error);
    if (status)
        return status;
    memcpy(y, x, batch * n * sonic_ring_bytes(graph->ring));
    sonic_local_bias(graph->ring, y, b, batch, n, 1);
    free(b);
    return SONIC_OK;
}

static void max_pool(const sonic_graph *graph, uint32_t node, size_t batch, void *y, const void *x)
{
    const sonic_node *n = &graph->node[node];
    const sonic_shape *shape = &graph->node[n->input[0]].shape;
    const bool wide = graph->ring == SONIC_RING_64;
    const size_t plane = (size_t)shape->dim[1] * shape->dim[2];
    const size_t out = (size_t)n->shape.dim[1] * n->shape.dim[2];
    for (size_t i = 0; i < batch * shape->dim[0] * out; i++) {
        const sonic_grid grid = sonic_window_grid(shape, &n->window, i % out / n->shape.dim[2],
                                                  i % out % n->shape.dim[2]);
        int64_t best = INT64_MIN;
        for (size_t t = 0; t < grid.rows * grid.cols; t++) {
            const size_t at = i / out * plane + sonic_grid_offset(&grid, shape->dim[2], t);
            const int64_t value = get_signed(x, at, wide);
            best = value > best ? value : best;
        }
        put(y, i, best, wide);
    }
}

sonic_status sonic_node_run_plain(const sonic_model *model, const sonic_context *context,
                                  uint32_t node, size_t batch, void *y, const void *const *in,
                                  sonic_error *error)
{
    const sonic_graph *graph = &model->graph;
    const sonic_node *n = &graph->node[node];
    const bool wide = graph->ring == SONIC_RING_64;
    const size_t elements = batch * sonic_node_elements(graph, node);
    if (!graph->ring)
        return sonic_fail(error, SONIC_E_ARGUMENT, "the model is not quantised");
    switch (n->op) {
    case SONIC_OP_CONV: return conv(model, context, node, batch, y, in[0], error);
    case SONIC_OP_BIAS: return bias(model, node, batch, y, in[0], error);
    case SONIC_OP_MAX_POOL: max_pool(graph, node, batch, y, in[0]); return SONIC_OK;
    case SONIC_OP_RELU:
        for (size_t i = 0; i < elements; i++) {
            const int64_t x = get_signed(in[0], i, wide);
            put(y, i, x < 0 ? 0 : x >> n->shift, wide);
        }
        return SONIC_OK;
    case SONIC_OP_TRUNC:
        for (size_t i = 0; i < elements; i++)
            put(y, i, get_signed(in[0], i, wide) >> n->shift, wide);
        return SONIC_OK;
    default: return sonic_local_run(graph, node, batch, y, in, error);
    }
}

/* Runs a node into a new tensor. */
static sonic_status step(const sonic_model *model, const sonic_context *context, uint32_t node,
                         size_t batch, void **tensor, const void *x, sonic_error *error)
{
    const sonic_graph *graph = &model->graph;
    const sonic_node *n = &graph->node[node];
    size_t bytes;
    if (!sonic_size_mul(&bytes, batch,
                        sonic_node_elements(graph, node) * sonic_ring_bytes(graph->ring)))
        return sonic_fail(error, SONIC_E_SHAPE, "layer '%s': a batch of %zu overflows", n->name,
                          batch);
    tensor[node] = malloc(bytes ? bytes : 1);
    const void **in = calloc(n->inputs + 1, sizeof *in);
    sonic_status status = SONIC_OK;
    if (!tensor[node] || !in)
        status = sonic_fail(error, SONIC_E_MEMORY, "no memory for a batch of %zu in layer '%s'",
                            batch, n->name);
    for (uint32_t i = 0; !status && i < n->inputs; i++)
        in[i] = tensor[n->input[i]];
    if (!status && n->op == SONIC_OP_INPUT)
        memcpy(tensor[node], x, bytes);
    else if (!status)
        status = sonic_node_run_plain(model, context, node, batch, tensor[node], in, error);
    free(in);
    return status;
}

sonic_status sonic_model_run_plain(const sonic_model *model, const sonic_context *context,
                                   size_t batch, void *y, const void *x, void **taps,
                                   sonic_error *error)
{
    const sonic_graph *graph = &model->graph;
    if (!graph->ring || !graph->nodes)
        return sonic_fail(error, SONIC_E_ARGUMENT, "the model is not quantised");
    const uint32_t nodes = graph->nodes;
    void **tensor = calloc(nodes, sizeof *tensor);
    uint32_t *last = calloc(nodes, sizeof *last);
    sonic_status status = SONIC_OK;
    if (!tensor || !last)
        status = sonic_fail(error, SONIC_E_MEMORY, "no memory to run the network");
    for (uint32_t i = 0; !status && i < nodes; i++)
        for (uint32_t j = 0; j < graph->node[i].inputs; j++)
            last[graph->node[i].input[j]] = i;
    for (uint32_t i = 0; !status && i < nodes; i++) {
        status = step(model, context, i, batch, tensor, x, error);
        for (uint32_t j = 0; j < graph->node[i].inputs && !taps && !status; j++) {
            const uint32_t in = graph->node[i].input[j];
            if (last[in] == i) {
                free(tensor[in]);
                tensor[in] = NULL;
            }
        }
    }
    if (!status) {
        memcpy(y, tensor[nodes - 1],
               batch * sonic_node_elements(graph, nodes - 1) * sonic_ring_bytes(graph->ring));
        if (taps) {
            memcpy(taps, tensor, nodes * sizeof *taps);
            memset(tensor, 0, nodes * sizeof *tensor);
        }
    }
    for (uint32_t i = 0; tensor && i < nodes; i++)
        free(tensor[i]);
    free(tensor);
    free(last);
    return status;
}

sonic_status sonic_graph_encode(const sonic_graph *graph, void *q, const float *x, size_t n,
                                sonic_error *error)
{
    for (size_t i = 0; i < n; i++)
        if (!(x[i] >= graph->input_low && x[i] <= graph->input_high))
            return sonic_fail(error, SONIC_E_RANGE,
                              "element %zu of the input is outside the model's "
                              "range, %g to %g",
                              i, graph->input_low, graph->input_high);
    const double unit = graph->node[0].unit;
    for (size_t i = 0; i < n; i++)
        put(q, i, (int64_t)round((double)x[i] / unit), graph->ring == SONIC_RING_64);
    return SONIC_OK;
}

void sonic_graph_decode(const sonic_graph *graph, double *x, const void *q, size_t n)
{
    const double unit = graph->node[graph->nodes - 1].unit;
    for (size_t i = 0; i < n; i++)
        x[i] = unit * (double)get_signed(q, i, graph->ring == SONIC_RING_64);
}
