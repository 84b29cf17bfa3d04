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

/* Each value is opened, and then a bit of it; all of that needs a dealer. */
static void add_keyed(sonic_traffic *t, sonic_phase phase, sonic_ring ring, size_t n)
{
    if (phase == SONIC_ONLINE && n > 0) {
        t->sent += n * (ring / 8) + ceil8(n);
        t->rounds += 2;
    }
}

static void add_cost(sonic_traffic *t, sonic_ot_cost cost)
{
    t->sent += cost.bytes;
    t->rounds += cost.rounds;
}

static void add_compared(sonic_traffic *t, const sonic_graph *graph, sonic_methods methods,
                         sonic_phase phase, size_t n, unsigned shift)
{
    if (methods.relu == SONIC_RELU_GC)
        add_garbled(t, phase, graph->ring, n, shift);
    else if (methods.relu == SONIC_RELU_FSS)
        add_keyed(t, phase, graph->ring, n);
    else if (phase == SONIC_ONLINE)
        add_relu(t, graph->ring, n);
    else if (methods.source != SONIC_SOURCE_DEALER)
        add_cost(t, sonic_ot_relu_cost(sonic_source_k(methods.source), graph->ring, n, shift,
                                       graph->truncation));
}

static void add_max_pool(sonic_traffic *t, const sonic_graph *graph, sonic_methods methods,
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
        add_compared(t, graph, methods, phase, compared, 0);
    }
}

/* What does not come from a stream or a pool is made by the servers. */
static bool makes(const sonic_graph *graph, sonic_methods methods, uint32_t node, bool compares)
{
    const sonic_node *n = &graph->node[node];
    return methods.source != SONIC_SOURCE_DEALER &&
           (n->op == SONIC_OP_CONV || (compares && methods.relu != SONIC_RELU_GC) ||
            (n->op == SONIC_OP_TRUNC && graph->truncation == SONIC_TRUNC_STOCHASTIC));
}

static void add_pair(sonic_traffic *t, unsigned k)
{
    t->sent += sonic_ot_pair_bytes(k);
    t->rounds += sonic_ot_pair_rounds(k);
}

static void add_setup(sonic_traffic *t, const sonic_graph *graph, sonic_methods methods,
                      uint32_t node, size_t batch)
{
    const unsigned k = sonic_source_k(methods.source);
    bool weights = false, garbles = false, pair = false;
    t->sent += sonic_node_weights(graph, node) * (graph->ring / 8);
    if (graph->node[node].op == SONIC_OP_CONV && methods.source != SONIC_SOURCE_DEALER)
        add_cost(t, sonic_ot_linear_setup_cost(k, graph, node, (uint32_t)batch));
    if (node > 0)
        return;
    for (uint32_t i = 0; i < graph->nodes; i++) {
        const sonic_op op = graph->node[i].op;
        const bool compares =
            (op == SONIC_OP_RELU || op == SONIC_OP_MAX_POOL) &&
            oracle_traffic(graph, methods, SONIC_ONLINE, i, batch).sent > 0;
        weights |= op == SONIC_OP_CONV;
        garbles |= compares && methods.relu == SONIC_RELU_GC;
        pair |= makes(graph, methods, i, compares);
    }
    t->sent += 112;
    t->rounds += 1 + weights;
    if (garbles) { /* seeds, too */
        t->sent += 32;
        t->rounds += 1;
        add_pair(t, SONIC_GC_OT_K);
    }
    if (pair)
        add_pair(t, k);
}

sonic_traffic oracle_traffic(const sonic_graph *graph, sonic_methods methods, sonic_phase phase,
                             uint32_t node, size_t batch)
{
    const sonic_node *n = &graph->node[node];
    size_t element = graph->ring / 8, all = sonic_node_elements(graph, node) * batch;
    const bool made = phase == SONIC_OFFLINE && methods.source != SONIC_SOURCE_DEALER;
    sonic_traffic t = {0};
    if (phase == SONIC_SETUP) {
        add_setup(&t, graph, methods, node, batch);
    } else if (n->op == SONIC_OP_RELU) {
        add_compared(&t, graph, methods, phase, all, n->shift);
    } else if (n->op == SONIC_OP_MAX_POOL) {
        add_max_pool(&t, graph, methods, phase, node, batch);
    } else if (phase == SONIC_ONLINE && n->op == SONIC_OP_CONV) {
        t.sent = sonic_node_elements(graph, n->input[0]) * batch * element;
        t.rounds = 1;
    } else if (made && n->op == SONIC_OP_CONV) {
        add_cost(&t, sonic_ot_linear_cost(sonic_source_k(methods.source), graph, node,
                                          (uint32_t)batch));
    } else if (n->op == SONIC_OP_TRUNC && (graph->truncation == SONIC_TRUNC_STOCHASTIC ||
                                           methods.relu == SONIC_RELU_FSS)) {
        if (made)
            add_cost(&t, sonic_ot_trunc_cost(sonic_source_k(methods.source), graph->ring, all,
                                             n->shift));
        t.sent += phase == SONIC_ONLINE ? all * element : 0;
        t.rounds += phase == SONIC_ONLINE;
    }
    t.received = t.sent;
    return t;
}
