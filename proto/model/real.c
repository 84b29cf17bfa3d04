/* The imported network in double precision, for checking: plain loops, one image at a time. */
#include "proto/model/model.h"

#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"

/* The part of 0 .. n of an axis whose input index at = i * stride + offset lies in 0 .. size. */
static void clip(long *from, long *to, long n, long stride, long offset, long size)
{
    long low = offset < 0 ? (-offset + stride - 1) / stride : 0;
    long high = size > offset ? (size - offset - 1) / stride + 1 : 0;
    *from = low < n ? low : n;
    *to = high < n ? high : n;
    if (*to < *from)
        *to = *from;
}

/* y += w * x for one output and one input channel and one element of the kernel. */
static void conv_tap(double *y, const double *x, double w, const sonic_conv_shape *s,
                     const long out[2], const long offset[2])
{
    long stride = (long)s->stride_w, row_from, row_to, from, to;
    clip(&row_from, &row_to, out[0], (long)s->stride_h, offset[0], (long)s->h);
    clip(&from, &to, out[1], stride, offset[1], (long)s->w);
    for (long i = row_from; i < row_to; i++) {
        double *line = y + i * out[1];
        const double *in = x + (i * (long)s->stride_h + offset[0]) * (long)s->w + offset[1];
        if (stride == 1) {
#pragma omp simd
            for (long j = from; j < to; j++)
                line[j] += w * in[j];
        } else {
            for (long j = from; j < to; j++)
                line[j] += w * in[j * stride];
        }
    }
}

static void run_conv(const sonic_model *model, uint32_t node, double *y, const double *x)
{
    const sonic_graph *graph = &model->graph;
    const sonic_shape *shape = &graph->node[node].shape;
    const double *w = model->constants[node].w, *b = model->constants[node].b;
    sonic_conv_shape s = sonic_node_conv(graph, node, 1);
    const long out[2] = {shape->rank == 3 ? (long)shape->dim[1] : 1,
                         shape->rank == 3 ? (long)shape->dim[2] : 1};
    size_t area = (size_t)out[0] * (size_t)out[1], group_in = s.c / s.groups,
           group_out = s.o / s.groups;
    for (size_t o = 0; o < s.o; o++) {
        for (size_t i = 0; i < area; i++)
            y[o * area + i] = b[o];
        for (size_t c = 0; c < group_in; c++) {
            const double *channel = x + (o / group_out * group_in + c) * s.h * s.w;
            for (size_t k = 0; k < s.kh * s.kw; k++) {
                const long offset[2] = {(long)(k / s.kw * s.dilation_h) - (long)s.pad_top,
                                        (long)(k % s.kw * s.dilation_w) - (long)s.pad_left};
                conv_tap(y + o * area, channel, *w++, &s, out, offset);
            }
        }
    }
}

static double pool_window(const sonic_node *node, const sonic_shape *in, const double *x, long top,
                          long left)
{
    const sonic_window *w = &node->window;
    bool maximum = node->op == SONIC_OP_MAX_POOL;
    double best = 0, sum = 0;
    size_t count = 0;
    for (uint32_t i = 0; i < w->kh; i++)
        for (uint32_t j = 0; j < w->kw; j++) {
            long row = top + (long)i * w->dilation_h, column = left + (long)j * w->dilation_w;
            if (row < 0 || column < 0 || row >= (long)in->dim[1] || column >= (long)in->dim[2])
                continue;
            double value = x[row * (long)in->dim[2] + column];
            best = count == 0 || value > best ? value : best;
            sum += value;
            count++;
        }
    return maximum ? best : sum / (double)(node->exclude_pad ? count : (size_t)w->kh * w->kw);
}

static void run_pool(const sonic_node *node, const sonic_shape *in, double *y, const double *x)
{
    const sonic_window *w = &node->window;
    for (size_t c = 0; c < node->shape.dim[0]; c++, x += (size_t)in->dim[1] * in->dim[2])
        for (uint32_t i = 0; i < node->shape.dim[1]; i++)
            for (uint32_t j = 0; j < node->shape.dim[2]; j++)
                *y++ = pool_window(node, in, x, (long)i * w->stride_h - (long)w->pad_top,
                                   (long)j * w->stride_w - (long)w->pad_left);
}

/* Elements in the dimensions from `from` on. */
static size_t inner(const sonic_shape *shape, uint32_t from)
{
    size_t n = 1;
    for (uint32_t i = from; i < shape->rank; i++)
        n *= shape->dim[i];
    return n;
}

static void run_concat(const sonic_graph *graph, const sonic_node *node, double *y,
                       double *const *value)
{
    size_t row = inner(&node->shape, node->axis), rows = inner(&node->shape, 0) / row, at = 0;
    for (uint32_t i = 0; i < node->inputs; i++) {
        size_t part = inner(&graph->node[node->input[i]].shape, node->axis);
        for (size_t r = 0; r < rows; r++)
            memcpy(y + r * row + at, value[node->input[i]] + r * part, part * sizeof *y);
        at += part;
    }
}

static void run_permute(const sonic_node *node, const sonic_shape *in, double *y, const double *x)
{
    size_t n = inner(in, 0);
    for (size_t i = 0; i < n; i++) {
        size_t rest = i, from = 0;
        for (uint32_t d = node->shape.rank; d-- > 0; rest /= node->shape.dim[d])
            from += rest % node->shape.dim[d] * inner(in, node->perm[d] + 1);
        y[i] = x[from];
    }
}

static void run_pad(const sonic_node *node, const sonic_shape *in, double *y, const double *x)
{
    size_t rows = node->shape.dim[1], columns = node->shape.dim[2];
    memset(y, 0, inner(&node->shape, 0) * sizeof *y);
    for (size_t c = 0; c < in->dim[0]; c++)
        for (size_t i = 0; i < in->dim[1]; i++, x += in->dim[2])
            memcpy(y + (c * rows + i + node->window.pad_top) * columns + node->window.pad_left, x,
                   in->dim[2] * sizeof *y);
}

/* TRUNC changes units, not the reals they stand for. */
static void run_node(const sonic_model *model, uint32_t index, double *const *value)
{
    const sonic_graph *graph = &model->graph;
    const sonic_node *node = &graph->node[index];
    const sonic_shape *in = &graph->node[node->input[0]].shape;
    const double *x = value[node->input[0]];
    double *y = value[index];
    size_t n = sonic_node_elements(graph, index);
    switch (node->op) {
    case SONIC_OP_CONV: run_conv(model, index, y, x); break;
    case SONIC_OP_BIAS:
        for (size_t i = 0; i < n; i++)
            y[i] = x[i] + model->constants[index].b[i];
        break;
    case SONIC_OP_RELU:
        for (size_t i = 0; i < n; i++)
            y[i] = x[i] > 0 ? x[i] : 0;
        break;
    case SONIC_OP_MAX_POOL:
    case SONIC_OP_AVG_POOL: run_pool(node, in, y, x); break;
    case SONIC_OP_ADD:
        for (size_t i = 0; i < n; i++)
            y[i] = x[i] + value[node->input[1]][i];
        break;
    case SONIC_OP_SCALE:
        for (size_t i = 0; i < n; i++)
            y[i] = sonic_model_factor(model, index) * x[i];
        break;
    case SONIC_OP_CONCAT: run_concat(graph, node, y, value); break;
    case SONIC_OP_PERMUTE: run_permute(node, in, y, x); break;
    case SONIC_OP_PAD: run_pad(node, in, y, x); break;
    default: memcpy(y, x, n * sizeof *y); break;
    }
}

/* Runs one image; false without memory.  last_use[i] is the last node that reads tensor i. */
static bool run_image(const sonic_model *model, const uint32_t *last_use, double *y,
                      const double *x)
{
    const sonic_graph *graph = &model->graph;
    uint32_t output = graph->nodes - 1, made = 0;
    double **value = calloc(graph->nodes, sizeof *value);
    bool good = value;
    for (; good && made < graph->nodes; made++) {
        size_t n = sonic_node_elements(graph, made);
        value[made] = calloc(n, sizeof **value);
        good = value[made];
        if (!good)
            break;
        if (made == 0)
            memcpy(value[0], x, n * sizeof *x);
        else
            run_node(model, made, value);
        for (uint32_t i = 0; i < graph->node[made].inputs; i++) {
            uint32_t in = graph->node[made].input[i];
            if (last_use[in] == made) {
                free(value[in]);
                value[in] = NULL;
            }
        }
    }
    if (good)
        memcpy(y, value[output], sonic_node_elements(graph, output) * sizeof *y);
    for (uint32_t i = 0; value && i < graph->nodes; i++)
        free(value[i]);
    free(value);
    return good;
}

sonic_status sonic_model_run_real(const sonic_model *model, size_t batch, double *y,
                                  const double *x, sonic_error *error)
{
    const sonic_graph *graph = &model->graph;
    if (graph->nodes < 2)
        return sonic_fail(error, SONIC_E_ARGUMENT, "the model is empty");
    uint32_t *last_use = calloc(graph->nodes, sizeof *last_use);
    if (!last_use)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory to run a model of %u nodes",
                          graph->nodes);
    for (uint32_t i = 0; i < graph->nodes; i++)
        for (uint32_t j = 0; j < graph->node[i].inputs; j++)
            last_use[graph->node[i].input[j]] = i;
    size_t in = sonic_node_elements(graph, 0), out = sonic_node_elements(graph, graph->nodes - 1);
    bool good = true;
    /* A few images are not worth waking threads for. */
#pragma omp parallel for schedule(dynamic) reduction(&& : good) if (batch >= 8)
    for (size_t i = 0; i < batch; i++)
        good = run_image(model, last_use, y + i * out, x + i * in) && good;
    free(last_use);
    if (!good)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for the tensors of the model");
    return SONIC_OK;
}
