/* Random small networks and a naive evaluator of their integers. */
#include "tests/nets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY = 64 };

__extension__ typedef __int128 wide;

uint64_t sonic_test_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

double sonic_test_uniform(uint64_t *state, double low, double high)
{
    return low + (high - low) * ((double)(sonic_test_next(state) >> 11) * 0x1p-53);
}

uint32_t sonic_test_below(uint64_t *state, uint32_t n)
{
    return (uint32_t)(sonic_test_next(state) % n);
}

static void *fresh(size_t n, size_t size)
{
    void *p = calloc(n + 1, size);
    if (!p)
        abort();
    return p;
}

void sonic_test_net_begin(sonic_model *model, uint32_t rank, uint32_t c, uint32_t h, uint32_t w)
{
    *model = (sonic_model){0};
    model->graph.node = fresh(CAPACITY, sizeof *model->graph.node);
    model->constants = fresh(CAPACITY, sizeof *model->constants);
    model->graph.node[0] = (sonic_node){.name = "input", .shape = {rank, {c, h, w}}};
    model->graph.node[0].input = fresh(1, sizeof(uint32_t));
    model->graph.nodes = 1;
}

uint32_t sonic_test_net_add(sonic_model *model, sonic_node node, uint32_t a, uint32_t b)
{
    sonic_graph *graph = &model->graph;
    const uint32_t at = graph->nodes;
    sonic_node *n = &graph->node[at];
    sonic_shape shape;
    sonic_error error;
    if (at == CAPACITY)
        abort();
    *n = node;
    if (!n->inputs)
        n->inputs = n->op == SONIC_OP_ADD || n->op == SONIC_OP_CONCAT ? 2 : 1;
    n->input = fresh(n->inputs, sizeof *n->input);
    n->input[0] = a;
    if (n->inputs > 1)
        n->input[1] = b;
    n->groups = n->groups ? n->groups : 1;
    n->factor[0] = n->factor[1] = 1;
    (void)snprintf(n->name, sizeof n->name, "%s-%u", sonic_op_name(n->op), at);
    graph->nodes++;
    if (sonic_node_infer_shape(graph, at, &shape, &error)) {
        (void)fprintf(stderr, "%s\n", error.text);
        abort();
    }
    n->shape = shape;
    sonic_constants *c = &model->constants[at];
    if (sonic_node_weights(graph, at))
        c->w = fresh(sonic_node_weights(graph, at), sizeof *c->w);
    if (sonic_node_biases(graph, at))
        c->b = fresh(sonic_node_biases(graph, at), sizeof *c->b);
    return at;
}

static void fill(sonic_model *model, uint32_t node, double size, uint64_t *state)
{
    for (size_t i = 0; i < sonic_node_weights(&model->graph, node); i++)
        model->constants[node].w[i] = sonic_test_uniform(state, -size, size);
    for (size_t i = 0; i < sonic_node_biases(&model->graph, node); i++)
        model->constants[node].b[i] = sonic_test_uniform(state, -size, size);
}

uint32_t sonic_test_net_conv(sonic_model *model, uint32_t in, uint32_t outputs, sonic_window window,
                             uint32_t groups, double size, uint64_t *state)
{
    sonic_node node = {
        .op = SONIC_OP_CONV, .shape = {1, {outputs}}, .window = window, .groups = groups};
    const uint32_t at = sonic_test_net_add(model, node, in, 0);
    if (size > 0)
        fill(model, at, size, state);
    return at;
}

/* A window of k x l that fits an input of h x w, with random stride, dilation and padding. */
static sonic_window random_window(const sonic_shape *in, uint64_t *state, bool dilate)
{
    const uint32_t h = in->dim[1], w = in->dim[2];
    sonic_window v = {.kh = 1 + sonic_test_below(state, h < 3 ? h : 3),
                      .kw = 1 + sonic_test_below(state, w < 3 ? w : 3),
                      .stride_h = 1 + sonic_test_below(state, 2),
                      .stride_w = 1 + sonic_test_below(state, 2),
                      .dilation_h = 1,
                      .dilation_w = 1};
    if (dilate && (v.kh - 1) * 2 < h && sonic_test_below(state, 3) == 0)
        v.dilation_h = 2;
    v.pad_top = sonic_test_below(state, v.kh);
    v.pad_bottom = sonic_test_below(state, v.kh);
    v.pad_left = sonic_test_below(state, v.kw);
    v.pad_right = sonic_test_below(state, v.kw);
    return v;
}

static uint32_t scale(sonic_model *model, uint32_t in, double factor)
{
    const uint32_t at = sonic_test_net_add(model, (sonic_node){.op = SONIC_OP_SCALE}, in, 0);
    model->constants[at].w = fresh(1, sizeof(double));
    model->constants[at].w[0] = factor;
    return at;
}

/* slope x + (1 - slope) relu(x), as an import writes it. */
static uint32_t leak(sonic_model *model, uint32_t in, double slope)
{
    const uint32_t relu = sonic_test_net_add(model, (sonic_node){.op = SONIC_OP_RELU}, in, 0);
    const uint32_t above = scale(model, relu, 1 - slope), below = scale(model, in, slope);
    return sonic_test_net_add(model, (sonic_node){.op = SONIC_OP_ADD}, above, below);
}

/* relu(top - relu(top - x)). */
static uint32_t clip(sonic_model *model, uint32_t in, double top)
{
    for (unsigned i = 0; i < 2; i++) {
        in = sonic_test_net_add(model, (sonic_node){.op = SONIC_OP_BIAS}, scale(model, in, -1), 0);
        for (size_t k = 0; k < sonic_node_biases(&model->graph, in); k++)
            model->constants[in].b[k] = top;
        in = sonic_test_net_add(model, (sonic_node){.op = SONIC_OP_RELU}, in, 0);
    }
    return in;
}

static uint32_t random_space_op(sonic_model *model, uint32_t at, uint64_t *state)
{
    const sonic_shape *s = &model->graph.node[at].shape;
    const uint32_t channels = s->dim[0];
    sonic_node n = {.window = random_window(s, state, false)};
    switch (sonic_test_below(state, 13)) {
    case 0:
    case 1:
    case 2: {
        const bool grouped = channels % 2 == 0 && sonic_test_below(state, 3) == 0;
        const uint32_t outputs = grouped ? 2 * (1 + sonic_test_below(state, 2))
                                         : 1 + sonic_test_below(state, 4);
        return sonic_test_net_conv(model, at, outputs, random_window(s, state, true),
                                   grouped ? 2 : 1, 1, state);
    }
    case 3: n.op = SONIC_OP_MAX_POOL; break;
    case 4: n.op = SONIC_OP_AVG_POOL; n.exclude_pad = sonic_test_below(state, 2); break;
    case 5: n.op = SONIC_OP_RELU; break;
    case 6: n.op = SONIC_OP_PAD; break;
    case 7: {
        /* A residual block. */
        uint32_t inner = sonic_test_net_conv(
            model, at, channels, (sonic_window){3, 3, 1, 1, 1, 1, 1, 1, 1, 1}, 1, 0.5, state);
        if (sonic_test_below(state, 2))
            inner = sonic_test_net_add(model, (sonic_node){.op = SONIC_OP_RELU}, inner, 0);
        return sonic_test_net_add(model, (sonic_node){.op = SONIC_OP_ADD}, inner, at);
    }
    case 8: {
        const uint32_t branch = sonic_test_net_conv(
            model, at, 2, (sonic_window){1, 1, 1, 1, 1, 1, 0, 0, 0, 0}, 1, 1, state);
        return sonic_test_net_add(model, (sonic_node){.op = SONIC_OP_CONCAT, .axis = 0}, at,
                                  branch);
    }
    case 9: {
        n = (sonic_node){.op = SONIC_OP_PERMUTE, .perm = {0, 2, 1}};
        return sonic_test_net_add(model, n, at, 0);
    }
    case 10: return leak(model, at, sonic_test_uniform(state, 0.001, 0.5));
    case 11: return clip(model, at, sonic_test_uniform(state, 0.2, 3));
    default: {
        const uint32_t b = sonic_test_net_add(model, (sonic_node){.op = SONIC_OP_BIAS}, at, 0);
        fill(model, b, 1, state);
        return b;
    }
    }
    return sonic_test_net_add(model, n, at, 0);
}

void sonic_test_net_random(sonic_model *model, uint64_t seed)
{
    uint64_t state = seed;
    const sonic_window one = {1, 1, 1, 1, 1, 1, 0, 0, 0, 0};
    sonic_test_net_begin(model, 3, 1 + sonic_test_below(&state, 3), 3 + sonic_test_below(&state, 4),
                         3 + sonic_test_below(&state, 4));
    uint32_t at = 0;
    for (uint32_t i = sonic_test_below(&state, 7); i-- > 0;)
        at = random_space_op(model, at, &state);
    sonic_node flat = {.op = SONIC_OP_RESHAPE,
                       .shape = {1, {(uint32_t)sonic_node_elements(&model->graph, at)}}};
    at = sonic_test_net_add(model, flat, at, 0);
    at = sonic_test_net_conv(model, at, 5, one, 1, 0.5, &state);
    at = sonic_test_net_add(model, (sonic_node){.op = SONIC_OP_RELU}, at, 0);
    (void)sonic_test_net_conv(model, at, 3, one, 1, 1, &state);
}

static int64_t narrow(const sonic_graph *graph, wide value)
{
    const wide limit = (wide)1 << (graph->ring - 1);
    if (value >= limit || value < -limit)
        abort();
    return (int64_t)value;
}

static int64_t drop(int64_t x, unsigned shift, sonic_test_rounding rounding, uint64_t *state)
{
    const int64_t down = x >> shift;
    if (rounding == SONIC_TEST_DOWN || down * ((int64_t)1 << shift) == x)
        return down;
    return down + (rounding == SONIC_TEST_UP || sonic_test_next(state) & 1);
}

/* The element of an input at (c, row, col), 0 outside. */
static int64_t at_or_zero(const sonic_shape *s, const int64_t *x, uint32_t c, int64_t row,
                          int64_t col, bool *inside)
{
    const uint32_t h = s->rank == 3 ? s->dim[1] : 1, w = s->rank == 3 ? s->dim[2] : 1;
    *inside = row >= 0 && col >= 0 && row < h && col < w;
    return *inside ? x[((int64_t)c * h + row) * w + col] : 0;
}

/* Every window op at one output (o, i, j). */
static wide window_at(const sonic_model *model, uint32_t node, const int64_t *x, uint32_t o,
                      uint32_t i, uint32_t j, wide *best, uint32_t *count)
{
    const sonic_graph *graph = &model->graph;
    const sonic_node *n = &graph->node[node];
    const sonic_shape *s = &graph->node[n->input[0]].shape;
    const sonic_window *v = &n->window;
    const bool conv = n->op == SONIC_OP_CONV;
    const uint32_t per = conv ? s->dim[0] / n->groups : 1;
    const uint32_t base = conv ? o / (n->shape.dim[0] / n->groups) * per : o;
    wide sum = 0;
    *best = -((wide)1 << 100);
    *count = 0;
    for (uint32_t c = 0; c < per; c++)
        for (uint32_t a = 0; a < v->kh; a++)
            for (uint32_t b = 0; b < v->kw; b++) {
                bool inside;
                const int64_t value = at_or_zero(
                    s, x, base + c,
                    (int64_t)i * v->stride_h + (int64_t)a * v->dilation_h - v->pad_top,
                    (int64_t)j * v->stride_w + (int64_t)b * v->dilation_w - v->pad_left, &inside);
                const int64_t w =
                    conv ? model->constants[node].wq[((o * per + c) * v->kh + a) * v->kw + b] : 1;
                sum += (wide)value * w;
                *count += inside;
                *best = inside && value > *best ? value : *best;
            }
    return sum;
}

/* The least number all windows' counts divide, by trying. */
static uint64_t common_count(const sonic_model *model, uint32_t node, const int64_t *x)
{
    const sonic_shape *s = &model->graph.node[node].shape;
    for (uint64_t all = 1;; all++) {
        bool fits = true;
        for (uint32_t i = 0; i < s->dim[1] * s->dim[2] && fits; i++) {
            wide best;
            uint32_t count;
            (void)window_at(model, node, x, 0, i / s->dim[2], i % s->dim[2], &best, &count);
            fits = all % count == 0;
        }
        if (fits)
            return all;
    }
}

static void run_window(const sonic_model *model, uint32_t node, int64_t *y, const int64_t *x)
{
    const sonic_graph *graph = &model->graph;
    const sonic_node *n = &graph->node[node];
    const uint32_t h = n->shape.rank == 3 ? n->shape.dim[1] : 1,
                   w = n->shape.rank == 3 ? n->shape.dim[2] : 1;
    const uint64_t all =
        n->op == SONIC_OP_AVG_POOL && n->exclude_pad ? common_count(model, node, x) : 0;
    for (uint32_t o = 0; o < n->shape.dim[0]; o++)
        for (uint32_t i = 0; i < h; i++)
            for (uint32_t j = 0; j < w; j++) {
                wide best;
                uint32_t count;
                wide value = window_at(model, node, x, o, i, j, &best, &count);
                if (n->op == SONIC_OP_CONV)
                    value += model->constants[node].bq[o];
                else if (n->op == SONIC_OP_MAX_POOL)
                    value = best;
                else if (all)
                    value *= (wide)(all / count);
                y[(o * h + i) * w + j] = narrow(graph, value);
            }
}

/* Moves: where output element i comes from. */
static void run_move(const sonic_graph *graph, const sonic_node *n, int64_t *y, int64_t **value)
{
    const sonic_shape *s = &graph->node[n->input[0]].shape;
    const size_t elements = (size_t)(n - graph->node);
    const size_t count = sonic_node_elements(graph, (uint32_t)elements);
    for (size_t i = 0; i < count; i++) {
        uint32_t at[SONIC_RANK_MAX] = {0}, rest = (uint32_t)i;
        for (uint32_t d = n->shape.rank; d-- > 0; rest /= n->shape.dim[d])
            at[d] = rest % n->shape.dim[d];
        if (n->op == SONIC_OP_RESHAPE) {
            y[i] = value[n->input[0]][i];
        } else if (n->op == SONIC_OP_PAD) {
            bool inside;
            y[i] = at_or_zero(s, value[n->input[0]], at[0], (int64_t)at[1] - n->window.pad_top,
                              (int64_t)at[2] - n->window.pad_left, &inside);
        } else {
            uint32_t from[SONIC_RANK_MAX] = {0}, source = n->input[0];
            for (uint32_t d = 0; d < n->shape.rank; d++)
                from[n->op == SONIC_OP_PERMUTE ? n->perm[d] : d] = at[d];
            for (uint32_t k = 1; n->op == SONIC_OP_CONCAT && k < n->inputs
                                 && from[n->axis] >= graph->node[source].shape.dim[n->axis]; k++) {
                from[n->axis] -= graph->node[source].shape.dim[n->axis];
                source = n->input[k];
            }
            size_t offset = 0;
            for (uint32_t d = 0; d < n->shape.rank; d++)
                offset = offset * graph->node[source].shape.dim[d] + from[d];
            y[i] = value[source][offset];
        }
    }
}

void sonic_test_net_run(const sonic_model *model, int64_t **value, const int64_t *x,
                        sonic_test_rounding rounding, uint64_t *state)
{
    const sonic_graph *graph = &model->graph;
    for (uint32_t node = 0; node < graph->nodes; node++) {
        const sonic_node *n = &graph->node[node];
        const size_t count = sonic_node_elements(graph, node);
        int64_t *y = value[node] = fresh(count, sizeof *y);
        const int64_t *a = n->inputs ? value[n->input[0]] : x;
        const int64_t *b = n->inputs > 1 ? value[n->input[1]] : a;
        switch (n->op) {
        case SONIC_OP_CONV:
        case SONIC_OP_MAX_POOL:
        case SONIC_OP_AVG_POOL: run_window(model, node, y, a); continue;
        case SONIC_OP_CONCAT:
        case SONIC_OP_PERMUTE:
        case SONIC_OP_RESHAPE:
        case SONIC_OP_PAD: run_move(graph, n, y, value); continue;
        default: break;
        }
        for (size_t i = 0; i < count; i++) {
            switch (n->op) {
            case SONIC_OP_BIAS:
                y[i] = narrow(graph, (wide)a[i] + model->constants[node].bq[i]);
                break;
            case SONIC_OP_RELU: y[i] = a[i] < 0 ? 0 : drop(a[i], n->shift, rounding, state); break;
            case SONIC_OP_TRUNC: y[i] = drop(a[i], n->shift, rounding, state); break;
            case SONIC_OP_SCALE: y[i] = narrow(graph, (wide)n->factor[0] * a[i]); break;
            case SONIC_OP_ADD:
                y[i] = narrow(graph, (wide)n->factor[0] * a[i] + (wide)n->factor[1] * b[i]);
                break;
            default: y[i] = a[i]; break;
            }
        }
    }
}
