/* Linear public operations on ring elements: adds, sums over windows, and moves. */
#include "proto/model/local_ops.h"

#include <string.h>

#include "dispatch/context.h"
#include "dispatch/error.h"

static inline uint64_t get(const void *a, size_t i, bool wide)
{
    return wide ? ((const uint64_t *)a)[i] : ((const uint32_t *)a)[i];
}

static inline void put(void *a, size_t i, uint64_t value, bool wide)
{
    if (wide)
        ((uint64_t *)a)[i] = value;
    else
        ((uint32_t *)a)[i] = (uint32_t)value;
}

/* The valid taps of a window along one axis: those i < k with 0 <= at * stride + i * dilation - pad
 * < size. */
static void clip(size_t size, size_t k, size_t stride, size_t dilation, size_t pad, size_t at,
                 size_t *first, size_t *count)
{
    const size_t start = at * stride;
    const size_t skipped = start >= pad ? 0 : (pad - start + dilation - 1) / dilation;
    const size_t end = size + pad;
    const size_t fitting = start >= end ? 0 : (end - start + dilation - 1) / dilation;
    const size_t last = fitting < k ? fitting : k;
    *count = last > skipped ? last - skipped : 0;
    *first = *count ? start + skipped * dilation - pad : 0;
}

sonic_grid sonic_window_grid(const sonic_shape *input, const sonic_window *window, size_t y,
                             size_t x)
{
    sonic_grid grid = {.row_step = window->dilation_h, .col_step = window->dilation_w};
    clip(input->dim[1], window->kh, window->stride_h, window->dilation_h, window->pad_top, y,
         &grid.row, &grid.rows);
    clip(input->dim[2], window->kw, window->stride_w, window->dilation_w, window->pad_left, x,
         &grid.col, &grid.cols);
    return grid;
}

bool sonic_op_is_local(sonic_op op)
{
    switch (op) {
    case SONIC_OP_ADD:
    case SONIC_OP_AVG_POOL:
    case SONIC_OP_CONCAT:
    case SONIC_OP_SCALE:
    case SONIC_OP_PERMUTE:
    case SONIC_OP_RESHAPE:
    case SONIC_OP_PAD: return true;
    default: return false;
    }
}

/* Least common multiple, 0 where it or an operand is 0 or it exceeds 2^62. */
static uint64_t lcm(uint64_t a, uint64_t b)
{
    if (!a || !b)
        return 0;
    uint64_t g = a, r = b, product;
    while (r) {
        const uint64_t t = g % r;
        g = r;
        r = t;
    }
    if (__builtin_mul_overflow(a / g, b, &product) || product > (uint64_t)1 << 62)
        return 0;
    return product;
}

uint64_t sonic_avg_pool_divisor(const sonic_graph *graph, uint32_t node)
{
    const sonic_node *n = &graph->node[node];
    if (!n->exclude_pad)
        return (uint64_t)n->window.kh * n->window.kw;
    const sonic_shape *input = &graph->node[n->input[0]].shape;
    uint64_t all = 1;
    size_t row_count = 0;
    for (size_t y = 0; y < n->shape.dim[1] && all; y++) {
        const sonic_grid head = sonic_window_grid(input, &n->window, y, 0);
        if (head.rows == row_count)
            continue;
        row_count = head.rows;
        size_t col_count = 0;
        for (size_t x = 0; x < n->shape.dim[2] && all; x++) {
            const sonic_grid grid = sonic_window_grid(input, &n->window, y, x);
            if (!grid.rows || grid.cols != col_count)
                all = lcm(all, (uint64_t)grid.rows * grid.cols);
            col_count = grid.cols;
        }
    }
    return row_count ? all : 0;
}

/* Sums of windows, each times divisor / count where padding is excluded. */
static void avg_pool(const sonic_graph *graph, uint32_t node, size_t batch, uint64_t divisor,
                     void *y, const void *in)
{
    const sonic_node *n = &graph->node[node];
    const sonic_shape *shape = &graph->node[n->input[0]].shape;
    const bool wide = graph->ring == SONIC_RING_64;
    const size_t plane = (size_t)shape->dim[1] * shape->dim[2], width = shape->dim[2];
    const size_t rows = n->shape.dim[1], cols = n->shape.dim[2];
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < cols; c++) {
            const sonic_grid grid = sonic_window_grid(shape, &n->window, r, c);
            const size_t taps = grid.rows * grid.cols;
            const uint64_t factor = n->exclude_pad ? divisor / taps : 1;
            for (size_t p = 0; p < batch * shape->dim[0]; p++) {
                uint64_t sum = 0;
                for (size_t i = 0; i < grid.rows; i++)
                    for (size_t j = 0; j < grid.cols; j++)
                        sum += get(in, p * plane + (grid.row + i * grid.row_step) * width + grid.col
                                           + j * grid.col_step, wide);
                put(y, (p * rows + r) * cols + c, sum * factor, wide);
            }
        }
    }
}

static void add(const sonic_node *n, bool wide, size_t count, void *y, const void *const *in)
{
    const uint64_t fa = (uint64_t)n->factor[0], fb = (uint64_t)n->factor[1];
    for (size_t i = 0; i < count; i++)
        put(y, i, fa * get(in[0], i, wide) + fb * get(in[1], i, wide), wide);
}

static void scale(const sonic_node *n, bool wide, size_t count, void *y, const void *in)
{
    const uint64_t factor = (uint64_t)n->factor[0];
    for (size_t i = 0; i < count; i++)
        put(y, i, factor * get(in, i, wide), wide);
}

/* Bytes of the dimensions from `from` on. */
static size_t tail_bytes(const sonic_shape *shape, uint32_t from, size_t element)
{
    size_t bytes = element;
    for (uint32_t i = from; i < shape->rank; i++)
        bytes *= shape->dim[i];
    return bytes;
}

static void concat(const sonic_graph *graph, const sonic_node *n, size_t batch, size_t element,
                   uint8_t *y, const void *const *in)
{
    const size_t out_run = tail_bytes(&n->shape, n->axis, element);
    const size_t runs = batch * (tail_bytes(&n->shape, 0, element) / out_run);
    size_t done = 0;
    for (uint32_t i = 0; i < n->inputs; i++) {
        const size_t run = tail_bytes(&graph->node[n->input[i]].shape, n->axis, element);
        for (size_t r = 0; r < runs; r++)
            memcpy(y + r * out_run + done, (const uint8_t *)in[i] + r * run, run);
        done += run;
    }
}

static void permute(const sonic_graph *graph, const sonic_node *n, size_t batch, size_t element,
                    uint8_t *y, const uint8_t *in)
{
    const sonic_shape *from = &graph->node[n->input[0]].shape;
    size_t dim[SONIC_RANK_MAX] = {1, 1, 1, 1}, step[SONIC_RANK_MAX] = {0};
    for (uint32_t i = 0; i < n->shape.rank; i++) {
        dim[i] = n->shape.dim[i];
        step[i] = tail_bytes(from, n->perm[i] + 1, element);
    }
    const size_t image = tail_bytes(from, 0, element);
    for (size_t b = 0; b < batch; b++, in += image)
        for (size_t i = 0; i < dim[0]; i++)
            for (size_t j = 0; j < dim[1]; j++)
                for (size_t k = 0; k < dim[2]; k++)
                    for (size_t m = 0; m < dim[3]; m++, y += element)
                        memcpy(y, in + i * step[0] + j * step[1] + k * step[2] + m * step[3],
                               element);
}

static void pad(const sonic_graph *graph, const sonic_node *n, size_t batch, size_t element,
                uint8_t *y, const uint8_t *in)
{
    const sonic_shape *from = &graph->node[n->input[0]].shape;
    const size_t row = from->dim[2] * element, out_row = n->shape.dim[2] * element;
    const size_t plane = from->dim[1] * row, out_plane = n->shape.dim[1] * out_row;
    for (size_t p = 0; p < batch * from->dim[0]; p++) {
        memset(y + p * out_plane, 0, out_plane);
        for (size_t r = 0; r < from->dim[1]; r++)
            memcpy(y + p * out_plane + (r + n->window.pad_top) * out_row
                       + n->window.pad_left * element,
                   in + p * plane + r * row, row);
    }
}

sonic_status sonic_local_run(const sonic_graph *graph, uint32_t node, size_t batch, void *y,
                             const void *const *in, sonic_error *error)
{
    const sonic_node *n = &graph->node[node];
    const bool wide = graph->ring == SONIC_RING_64;
    const size_t element = sonic_ring_bytes(graph->ring);
    const size_t count = batch * sonic_node_elements(graph, node);
    switch (n->op) {
    case SONIC_OP_ADD: add(n, wide, count, y, in); return SONIC_OK;
    case SONIC_OP_SCALE: scale(n, wide, count, y, in[0]); return SONIC_OK;
    case SONIC_OP_CONCAT: concat(graph, n, batch, element, y, in); return SONIC_OK;
    case SONIC_OP_PERMUTE: permute(graph, n, batch, element, y, in[0]); return SONIC_OK;
    case SONIC_OP_RESHAPE: memcpy(y, in[0], count * element); return SONIC_OK;
    case SONIC_OP_PAD: pad(graph, n, batch, element, y, in[0]); return SONIC_OK;
    case SONIC_OP_AVG_POOL: break;
    default:
        return sonic_fail(error, SONIC_E_ARGUMENT, "layer '%s' is not a local operation", n->name);
    }
    const uint64_t divisor = sonic_avg_pool_divisor(graph, node);
    if (!divisor)
        return sonic_fail(error, SONIC_E_SHAPE,
                          "layer '%s': the windows of this average pool have no "
                          "common count",
                          n->name);
    avg_pool(graph, node, batch, divisor, y, in[0]);
    return SONIC_OK;
}

void sonic_local_bias(sonic_ring ring, void *y, const void *b, size_t batch, size_t channels,
                      size_t plane)
{
    const bool wide = ring == SONIC_RING_64;
    for (size_t i = 0, at = 0; i < batch; i++)
        for (size_t c = 0; c < channels; c++)
            for (size_t p = 0; p < plane; p++, at++)
                put(y, at, get(y, at, wide) + get(b, c, wide), wide);
}
