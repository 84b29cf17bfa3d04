/* What a node of a graph computes and costs, written as plainly as can be. */
#include "tests/oracle.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "proto/model/local_ops.h"

int64_t oracle_get(sonic_ring ring, const void *x, size_t i)
{
    return ring == SONIC_RING_64 ? (int64_t)((const uint64_t *)x)[i] : ((const int32_t *)x)[i];
}

static void put(sonic_ring ring, void *x, size_t i, uint64_t value)
{
    if (ring == SONIC_RING_64)
        ((uint64_t *)x)[i] = value;
    else
        ((uint32_t *)x)[i] = (uint32_t)value;
}

/* Whether tap (ky, kx) of output (oy, ox) lies inside an h x w input, and where. */
static bool tap(const sonic_window *w, size_t height, size_t width, size_t oy, size_t ox, size_t ky,
                size_t kx, size_t *at)
{
    int64_t y = (int64_t)(oy * w->stride_h + ky * w->dilation_h) - w->pad_top;
    int64_t x = (int64_t)(ox * w->stride_w + kx * w->dilation_w) - w->pad_left;
    if (y < 0 || x < 0 || y >= (int64_t)height || x >= (int64_t)width)
        return false;
    *at = (size_t)y * width + (size_t)x;
    return true;
}

static uint64_t conv_output(const sonic_model *model, uint32_t node, const sonic_conv_shape *c,
                            const void *x, size_t image, size_t o, size_t oy, size_t ox)
{
    const sonic_constants *constants = &model->constants[node];
    size_t channels = c->c / c->groups, first = o / (c->o / c->groups) * channels, at;
    uint64_t sum = (uint64_t)constants->bq[o];
    for (size_t i = 0; i < channels; i++)
        for (size_t ky = 0; ky < c->kh; ky++)
            for (size_t kx = 0; kx < c->kw; kx++)
                if (tap(&model->graph.node[node].window, c->h, c->w, oy, ox, ky, kx, &at))
                    sum += (uint64_t)constants->wq[((o * channels + i) * c->kh + ky) * c->kw + kx] *
                           (uint64_t)oracle_get(model->graph.ring, x,
                                                (image * c->c + first + i) * c->h * c->w + at);
    return sum;
}

static void conv(const sonic_model *model, uint32_t node, size_t batch, void *y, const void *x)
{
    sonic_conv_shape c = sonic_node_conv(&model->graph, node, batch);
    size_t area = sonic_node_elements(&model->graph, node) / c.o;
    size_t ow = model->graph.node[node].shape.rank == 1 ? 1 : model->graph.node[node].shape.dim[2];
    for (size_t i = 0; i < batch; i++)
        for (size_t o = 0; o < c.o; o++)
            for (size_t p = 0; p < area; p++)
                put(model->graph.ring, y, (i * c.o + o) * area + p,
                    conv_output(model, node, &c, x, i, o, p / ow, p % ow));
}

static void max_pool(const sonic_graph *graph, uint32_t node, size_t batch, void *y, const void *x)
{
    const sonic_node *n = &graph->node[node];
    const uint32_t *out = n->shape.dim, *in = graph->node[n->input[0]].shape.dim;
    size_t area = (size_t)out[1] * out[2];
    for (size_t i = 0; i < batch * out[0] * area; i++) {
        int64_t best = INT64_MIN;
        for (size_t k = 0; k < (size_t)n->window.kh * n->window.kw; k++) {
            size_t at;
            if (!tap(&n->window, in[1], in[2], i % area / out[2], i % out[2], k / n->window.kw,
                     k % n->window.kw, &at))
                continue;
            int64_t value = oracle_get(graph->ring, x, i / area * in[1] * in[2] + at);
            best = value > best ? value : best;
        }
        put(graph->ring, y, i, (uint64_t)best);
    }
}

void *oracle_node(const sonic_model *model, uint32_t node, size_t batch, const void *const *in)
{
    const sonic_graph *graph = &model->graph;
    const sonic_node *n = &graph->node[node];
    size_t one = sonic_node_elements(graph, node), all = one * batch;
    void *y = malloc(all * 8);
    cr_assert(y);
    switch (n->op) {
    case SONIC_OP_CONV:
        conv(model, node, batch, y, in[0]);
        break;
    case SONIC_OP_MAX_POOL:
        max_pool(graph, node, batch, y, in[0]);
        break;
    case SONIC_OP_BIAS:
        for (size_t i = 0; i < all; i++)
            put(graph->ring, y, i,
                (uint64_t)(oracle_get(graph->ring, in[0], i) + model->constants[node].bq[i % one]));
        break;
    case SONIC_OP_RELU:
    case SONIC_OP_TRUNC:
        for (size_t i = 0; i < all; i++) {
            int64_t v = oracle_get(graph->ring, in[0], i);
            put(graph->ring, y, i, n->op == SONIC_OP_RELU && v < 0 ? 0 : (uint64_t)(v >> n->shift));
        }
        break;
    default:
        cr_assert_eq(sonic_local_run(graph, node, batch, y, in, NULL), SONIC_OK);
    }
    return y;
}

static size_t ceil8(size_t bits)
{
    return (bits + 7) / 8;
}

/* Bits an activation of the rounds of a comparison, but for the last one. */
static const unsigned bits32[] = {31, 3 * 15, 2 * 8 + 7, 2 * 4 + 3, 2 * 2 + 1, 2, 0};
static const unsigned bits64[] = {63, 3 * 31, 2 * 16 + 15, 2 * 8 + 7, 2 * 4 + 3, 2 * 2 + 1, 2, 0};

static void add_relu(sonic_traffic *t, sonic_ring ring, size_t n)
{
    const unsigned *bits = ring == SONIC_RING_64 ? bits64 : bits32;
    if (n == 0)
        return;
    for (size_t done = 0; done < n; done += 4096) {
        size_t rows = n - done < 4096 ? n - done : 4096;
        for (size_t r = 0; bits[r]; r++)
            t->sent += ceil8(bits[r] * rows);
        t->sent += rows * (ring / 8) + ceil8(rows);
    }
    t->rounds += ring == SONIC_RING_64 ? 8 : 7;
}

/* Either server garbles half of the values: labels of 16 bytes and tables of 32.  Groups of 8192
 * values take turns before the input comes. */
static void add_garbled(sonic_traffic *t, sonic_phase phase, sonic_ring ring, size_t n,
                        unsigned shift)
{
    size_t half = (n + 1) / 2, labels = half * ring * 16, words = half * (ring / 8);
    if (phase == SONIC_OFFLINE) {
        t->sent += labels + half * 32 * (3 * ((size_t)ring - 1) - shift) + words;
        t->rounds += 2 * ((half + 8191) / 8192);
    } else if (phase == SONIC_ONLINE && n > 0) {
        t->sent += labels + words;
        t->rounds += 2;
    }
}

static void add_compared(sonic_traffic *t, sonic_relu relu, sonic_phase phase, sonic_ring ring,
                         size_t n, unsigned shift)
{
    if (relu == SONIC_RELU_GC)
        add_garbled(t, phase, ring, n, shift);
    else if (phase == SONIC_ONLINE)
        add_relu(t, ring, n);
}

static void add_max_pool(sonic_traffic *t, const sonic_graph *graph, sonic_relu relu,
                         sonic_phase phase, uint32_t node, size_t batch)
{
    const sonic_node *n = &graph->node[node];
    const uint32_t *out = n->shape.dim, *in = graph->node[n->input[0]].shape.dim;
    size_t compared = 1, at;
    for (unsigned level = 0; compared; level++) {
        compared = 0;
        for (size_t w = 0; w < (size_t)out[1] * out[2]; w++) {
            size_t left = 0;
            for (size_t k = 0; k < (size_t)n->window.kh * n->window.kw; k++)
                left += tap(&n->window, in[1], in[2], w / out[2], w % out[2], k / n->window.kw,
                            k % n->window.kw, &at);
            for (unsigned i = 0; i < level; i++)
                left = (left + 1) / 2;
            compared += left / 2;
        }
        compared *= out[0] * batch;
        add_compared(t, relu, phase, graph->ring, compared, 0);
    }
}

static void add_setup(sonic_traffic *t, const sonic_graph *graph, sonic_relu relu, uint32_t node,
                      size_t batch)
{
    bool weights = false, prepares = false;
    t->sent += sonic_node_weights(graph, node) * (graph->ring / 8);
    if (node > 0)
        return;
    for (uint32_t i = 0; i < graph->nodes; i++) {
        weights |= graph->node[i].op == SONIC_OP_CONV;
        prepares |= oracle_traffic(graph, relu, SONIC_OFFLINE, i, batch).sent > 0;
    }
    t->sent += 112;
    t->rounds += 1 + weights;
    if (prepares) { /* seeds, greetings, and 128 transfers as sender and as receiver */
        t->sent += 32 + 2 * 32 + 32 + 128 * 2 * 32;
        t->rounds += 4;
    }
}

sonic_traffic oracle_traffic(const sonic_graph *graph, sonic_relu relu, sonic_phase phase,
                             uint32_t node, size_t batch)
{
    const sonic_node *n = &graph->node[node];
    size_t element = graph->ring / 8, all = sonic_node_elements(graph, node) * batch;
    sonic_traffic t = {0};
    if (phase == SONIC_SETUP) {
        add_setup(&t, graph, relu, node, batch);
    } else if (n->op == SONIC_OP_RELU) {
        add_compared(&t, relu, phase, graph->ring, all, n->shift);
    } else if (n->op == SONIC_OP_MAX_POOL) {
        add_max_pool(&t, graph, relu, phase, node, batch);
    } else if (phase == SONIC_ONLINE && n->op == SONIC_OP_CONV) {
        t.sent = sonic_node_elements(graph, n->input[0]) * batch * element;
        t.rounds = 1;
    } else if (phase == SONIC_ONLINE && n->op == SONIC_OP_TRUNC &&
               graph->truncation == SONIC_TRUNC_STOCHASTIC) {
        t.sent = all * element;
        t.rounds = 1;
    }
    t.received = t.sent;
    return t;
}
