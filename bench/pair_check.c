/* Whether a secure layer's result is the plain one. */
#include <stdlib.h>

#include <sonicnn/share.h>

#include "bench/pair_state.h"
#include "bench/verify.h"
#include "dispatch/error.h"

/* What the first run takes and returns, in the clear. */
typedef struct plain {
    void *x[2], *y;
} plain;

static void plain_free(plain *p)
{
    free(p->x[0]);
    free(p->x[1]);
    free(p->y);
}

static void set(sonic_ring ring, void *array, size_t i, uint64_t value)
{
    if (ring == SONIC_RING_64)
        ((uint64_t *)array)[i] = value;
    else
        ((uint32_t *)array)[i] = (uint32_t)value;
}

/* Signed numbers of up to l - 3 bits, which every layer takes: differences of two stay in range. */
static void draw(sonic_ring ring, void *x, size_t n)
{
    uint64_t z = 1;
    for (size_t i = 0; i < n; i++) {
        z = z * 6364136223846793005 + 1442695040888963407;
        set(ring, x, i, (uint64_t)((int64_t)z >> (64 - (int)ring + 3)));
    }
}

static bool one_of(uint64_t got, uint64_t low, uint64_t high, sonic_ring ring)
{
    const uint64_t mask = ring == SONIC_RING_64 ? UINT64_MAX : UINT32_MAX;
    return (got & mask) == (low & mask) || (got & mask) == (high & mask);
}

/* relu(x) >> shift or x >> shift, rounded down or up; garbled circuits always round down. */
static bool check_shift(const bench_pair *pair, const plain *p)
{
    const sonic_node *node = &pair->graph.node[BENCH_NODE];
    const sonic_ring ring = pair->options.ring;
    for (size_t i = 0; i < pair->inputs; i++) {
        const int64_t x = bench_signed(ring, p->x[0], i);
        const uint64_t down = (uint64_t)(x >> node->shift);
        const uint64_t up = down + (pair->options.relu == SONIC_RELU_PPA);
        const bool zero = node->op == SONIC_OP_RELU && x < 0;
        if (!one_of(bench_element(ring, p->y, i), zero ? 0 : down, zero ? 0 : up, ring))
            return false;
    }
    return true;
}

/* The maximum or the sum of every window. */
static bool check_pool(const bench_pair *pair, const plain *p)
{
    const sonic_node *node = &pair->graph.node[BENCH_NODE];
    const sonic_ring ring = pair->options.ring;
    const sonic_shape *in = &pair->graph.node[0].shape, *out = &node->shape;
    const size_t plane = (size_t)out->dim[1] * out->dim[2];
    for (size_t i = 0; i < pair->outputs; i++) {
        const size_t y = i % plane / out->dim[2], x = i % out->dim[2];
        const size_t first = i / plane * in->dim[1] * in->dim[2];
        int64_t most = INT64_MIN;
        uint64_t sum = 0;
        for (size_t tap = 0; tap < (size_t)node->window.kh * node->window.kw; tap++) {
            const size_t v =
                y * node->window.stride_h + tap / node->window.kw - node->window.pad_top;
            const size_t u =
                x * node->window.stride_w + tap % node->window.kw - node->window.pad_left;
            if (v >= in->dim[1] || u >= in->dim[2])
                continue;
            const int64_t value = bench_signed(ring, p->x[0], first + v * in->dim[2] + u);
            most = value > most ? value : most;
            sum += (uint64_t)value;
        }
        const uint64_t right = node->op == SONIC_OP_MAX_POOL ? (uint64_t)most : sum;
        if (!one_of(bench_element(ring, p->y, i), right, right, ring))
            return false;
    }
    return true;
}

static bool check_add(const bench_pair *pair, const plain *p)
{
    const sonic_ring ring = pair->options.ring;
    for (size_t i = 0; i < pair->outputs; i++) {
        const uint64_t right =
            bench_element(ring, p->x[0], i) + BENCH_FACTOR * bench_element(ring, p->x[1], i);
        if (!one_of(bench_element(ring, p->y, i), right, right, ring))
            return false;
    }
    return true;
}

static bool check_linear(const bench_pair *pair, const plain *p)
{
    const sonic_conv_shape shape = sonic_node_conv(&pair->graph, BENCH_NODE, pair->options.batch);
    const bench_server *s = pair->server;
    const sonic_ring ring = pair->options.ring;
    void *w = malloc(s->weights * sonic_ring_bytes(ring));
    if (!w)
        return false;
    sonic_share_join(s->context, ring, w, s[0].w[BENCH_NODE], s[1].w[BENCH_NODE], s->weights);
    const bool right = bench_check_conv(ring, &shape, p->y, p->x[0], w);
    free(w);
    return right;
}

static bool check(const bench_pair *pair, const plain *p)
{
    switch (pair->graph.node[BENCH_NODE].op) {
    case SONIC_OP_CONV: return check_linear(pair, p);
    case SONIC_OP_ADD: return check_add(pair, p);
    case SONIC_OP_RELU:
    case SONIC_OP_TRUNC: return check_shift(pair, p);
    default: return check_pool(pair, p);
    }
}

sonic_status bench_pair_check(bench_pair *pair, sonic_error *error)
{
    const sonic_ring ring = pair->options.ring;
    const size_t bytes = sonic_ring_bytes(ring);
    bench_server *s = pair->server;
    plain p = {.y = malloc(pair->outputs * bytes)};
    sonic_status status = p.y ? SONIC_OK : sonic_fail(error, SONIC_E_MEMORY, "no memory to check");
    for (unsigned i = 0; i < 2 && !status && s[0].x[i]; i++) {
        p.x[i] = malloc(pair->inputs * bytes);
        if (!p.x[i]) {
            status = sonic_fail(error, SONIC_E_MEMORY, "no memory to check");
            break;
        }
        draw(ring, p.x[i], pair->inputs);
        sonic_share_split(s->context, ring, s[0].x[i], s[1].x[i], p.x[i], pair->inputs);
    }
    if (!status)
        status = bench_pair_run(pair, SONIC_ONLINE, error);
    if (!status) {
        const bool in_place = !s->y;
        sonic_share_join(s->context, ring, p.y, in_place ? s[0].x[0] : s[0].y,
                         in_place ? s[1].x[0] : s[1].y, pair->outputs);
        if (!check(pair, &p))
            status = sonic_fail(error, SONIC_E_MISMATCH, "the secure result is not the plain one");
    }
    plain_free(&p);
    return status;
}
