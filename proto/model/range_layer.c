/* The range of convolutions and pools. */
#include "proto/model/range_tensor.h"

#include <math.h>
#include <stdlib.h>

#include "dispatch/error.h"
#include "proto/model/local_ops.h"

/* What one tap of a kernel meets over all output positions. */
typedef struct tap {
    double low, high, error;
} tap;

static tap tap_of(const sonic_range_tensor *x, const sonic_conv_shape *s, size_t oh, size_t ow,
                  size_t c, size_t i, size_t j)
{
    tap t = {INFINITY, -INFINITY, 0};
    bool padding = false;
    for (size_t y = 0; y < oh; y++) {
        const size_t row = y * s->stride_h + i * s->dilation_h;
        for (size_t z = 0; z < ow; z++) {
            const size_t col = z * s->stride_w + j * s->dilation_w;
            if (row < s->pad_top || row - s->pad_top >= s->h || col < s->pad_left
                || col - s->pad_left >= s->w) {
                padding = true;
                continue;
            }
            const size_t at = (c * s->h + row - s->pad_top) * s->w + col - s->pad_left;
            t.low = fmin(t.low, x->low[at]);
            t.high = fmax(t.high, x->high[at]);
            t.error = fmax(t.error, x->error[at]);
        }
    }
    if (padding) {
        t.low = fmin(t.low, 0);
        t.high = fmax(t.high, 0);
    }
    return t;
}

/* One output channel from the `n` taps of its group. */
static tap channel(const sonic_range_tensor *x, const double *w, const tap *taps, size_t n,
                   double bias)
{
    const double slack = sonic_range_slack(n);
    double low = 0, high = 0, error = 0, magnitude = 0, square = 0;
    for (size_t i = 0; i < n; i++) {
        const double a = w[i] * taps[i].low, b = w[i] * taps[i].high;
        low += fmin(a, b);
        high += fmax(a, b);
        magnitude += fmax(fabs(a), fabs(b));
        error += fabs(w[i]) * taps[i].error;
        square += w[i] * w[i];
    }
    const double row = sqrt(square * slack) * slack;
    const double spare = (slack - 1) * (magnitude + fabs(bias));
    tap t = {fmax(low, -row * x->norm) + bias - spare, fmin(high, row * x->norm) + bias + spare,
             fmin(error * slack, row * x->error_norm)};
    return t;
}

sonic_status sonic_range_conv(const sonic_graph *graph, uint32_t node,
                              const sonic_range_constants *constants, double norm,
                              sonic_range_tensor *y, const sonic_range_tensor *x,
                              sonic_error *error)
{
    const sonic_conv_shape s = sonic_node_conv(graph, node, 1);
    const sonic_shape *shape = &graph->node[node].shape;
    const size_t oh = shape->rank == 3 ? shape->dim[1] : 1,
                 ow = shape->rank == 3 ? shape->dim[2] : 1;
    const size_t window = s.kh * s.kw, inputs = s.c / s.groups * window, outputs = s.o / s.groups;
    tap *taps = calloc(s.c * window, sizeof *taps);
    if (!taps)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for the range of layer '%s'",
                          graph->node[node].name);
    for (size_t c = 0; c < s.c; c++)
        for (size_t k = 0; k < window; k++)
            taps[c * window + k] = tap_of(x, &s, oh, ow, c, k / s.kw, k % s.kw);
    double bias_square = 0;
    for (size_t o = 0; o < s.o; o++) {
        const double bias = constants->b[o];
        const tap t =
            channel(x, constants->w + o * inputs, taps + o / outputs * inputs, inputs, bias);
        for (size_t p = 0; p < oh * ow; p++) {
            y->low[o * oh * ow + p] = t.low;
            y->high[o * oh * ow + p] = t.high;
            y->error[o * oh * ow + p] = t.error;
        }
        bias_square += bias * bias;
    }
    free(taps);
    const double slack = sonic_range_slack(s.o);
    y->norm = (norm * x->norm + sqrt(bias_square * slack * (double)(oh * ow))) * slack;
    y->error_norm = norm * x->error_norm * slack;
    return SONIC_OK;
}

static size_t gcd(size_t a, size_t b)
{
    while (b) {
        const size_t t = a % b;
        a = b;
        b = t;
    }
    return a;
}

/* How many of `out` windows one input position can be in, along one axis. */
static double overlap(size_t out, size_t k, size_t stride, size_t dilation)
{
    const size_t step = stride / gcd(stride, dilation), most = (k + step - 1) / step;
    return (double)(most < out ? most : out);
}

static double overlaps(const sonic_node *n)
{
    const sonic_window *w = &n->window;
    return overlap(n->shape.dim[1], w->kh, w->stride_h, w->dilation_h)
           * overlap(n->shape.dim[2], w->kw, w->stride_w, w->dilation_w);
}

void sonic_range_avg_pool(const sonic_graph *graph, uint32_t node, sonic_range_mode mode,
                          sonic_range_tensor *y, const sonic_range_tensor *x)
{
    const sonic_node *n = &graph->node[node];
    const sonic_shape *shape = &graph->node[n->input[0]].shape;
    const double divisor = (double)sonic_avg_pool_divisor(graph, node);
    const size_t plane = (size_t)shape->dim[1] * shape->dim[2], out = y->n / shape->dim[0];
    double gain = 0;
    for (size_t i = 0; i < y->n; i++) {
        const size_t at = i % out, channel_at = i / out * plane;
        const sonic_grid grid = sonic_window_grid(shape, &n->window, at / n->shape.dim[2],
                                                  at % n->shape.dim[2]);
        const size_t taps = grid.rows * grid.cols;
        const double whole = n->exclude_pad ? divisor / (double)taps : 1;
        const double factor = mode == SONIC_RANGE_INTEGER ? whole : whole / divisor;
        const double slack = sonic_range_slack(taps);
        double low = 0, high = 0, magnitude = 0, error = 0;
        for (size_t t = 0; t < taps; t++) {
            const size_t j = channel_at + sonic_grid_offset(&grid, shape->dim[2], t);
            low += x->low[j];
            high += x->high[j];
            magnitude += fmax(fabs(x->low[j]), fabs(x->high[j]));
            error += x->error[j];
        }
        const double row = factor * sqrt((double)taps) * slack,
                     spare = (slack - 1) * magnitude * factor;
        y->low[i] = fmax(low * factor - spare, -row * x->norm);
        y->high[i] = fmin(high * factor + spare, row * x->norm);
        y->error[i] = fmin(error * factor * slack, row * x->error_norm);
        gain = fmax(gain, row);
    }
    /* |sum of k|^2 <= k sum of squares, and an input is in so many windows. */
    gain *= sqrt(overlaps(n)) * sonic_range_slack(0);
    y->norm = gain * x->norm;
    y->error_norm = gain * x->error_norm;
}

void sonic_range_max_pool(const sonic_graph *graph, uint32_t node, sonic_range_tensor *y,
                          const sonic_range_tensor *x)
{
    const sonic_node *n = &graph->node[node];
    const sonic_shape *shape = &graph->node[n->input[0]].shape;
    const size_t plane = (size_t)shape->dim[1] * shape->dim[2], out = y->n / shape->dim[0];
    for (size_t i = 0; i < y->n; i++) {
        const size_t at = i % out, channel_at = i / out * plane;
        const sonic_grid grid = sonic_window_grid(shape, &n->window, at / n->shape.dim[2],
                                                  at % n->shape.dim[2]);
        y->low[i] = y->high[i] = -INFINITY;
        y->error[i] = 0;
        for (size_t t = 0; t < grid.rows * grid.cols; t++) {
            const size_t j = channel_at + sonic_grid_offset(&grid, shape->dim[2], t);
            y->low[i] = fmax(y->low[i], x->low[j]);
            y->high[i] = fmax(y->high[i], x->high[j]);
            y->error[i] = fmax(y->error[i], x->error[j]);
        }
    }
    const double gain = sqrt(overlaps(n)) * sonic_range_slack(0);
    y->norm = gain * x->norm;
    y->error_norm = gain * x->error_norm;
}
