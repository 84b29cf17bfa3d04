/* Linear layers with the peer: masked weights opened and made ready once a session, inputs opened
 * once an inference. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "proto/channel/clock.h"
#include "proto/layer/layer.h"
#include "proto/compare/open.h"
#include "proto/offline/streams.h"
#include "proto/share/spill.h"

/* All weights of a model as one sequence of blocks, none of which belongs to two nodes. */
struct setup {
    const sonic_context *context;
    const sonic_model_share *model;
    const sonic_vec_kernels *vec;
    const uint8_t *seed;
    bool made;
    size_t element; /* bytes */
    void **f;       /* one a node: what is opened, until it is made ready */
    double *seconds;
    double since;
    size_t *first; /* one a node: its first block */
    size_t opened; /* blocks consumed */
};

/* The node a block belongs to: the last whose first block is not beyond it. */
static size_t setup_node(void *arg, size_t block)
{
    const struct setup *s = arg;
    size_t low = 0, high = s->model->graph.nodes;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (s->first[middle] <= block)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Where a block lies in its node's weights. */
static uint8_t *setup_block(const struct setup *s, size_t block, size_t node, size_t *at,
                            size_t *bytes)
{
    *at = (block - s->first[node]) * SONIC_OPEN_BLOCK;
    size_t left = sonic_node_weights(&s->model->graph, (uint32_t)node) * s->element - *at;
    *bytes = left < SONIC_OPEN_BLOCK ? left : SONIC_OPEN_BLOCK;
    return (uint8_t *)s->f[node] + *at;
}

static size_t setup_bytes(void *arg, size_t block)
{
    size_t at, bytes;
    (void)setup_block(arg, block, setup_node(arg, block), &at, &bytes);
    return bytes;
}

static sonic_status setup_produce(void *arg, size_t block, uint8_t *out, sonic_error *error)
{
    struct setup *s = arg;
    size_t node = setup_node(s, block), at, bytes;
    uint8_t *f = setup_block(s, block, node, &at, &bytes);
    sonic_material masks = {.context = s->context, .party = s->model->party};
    (void)error;
    sonic_material_key(s->context, &masks.key, s->seed, SONIC_SLOT_SETUP, (uint32_t)node);
    sonic_material_random(&masks, SONIC_STREAM_WEIGHT_MASK, at, f, bytes);
    sonic_material_end(&masks);
    s->vec->sub(f, (const uint8_t *)s->model->w[node] + at, f, bytes / s->element);
    memcpy(out, f, bytes);
    return SONIC_OK;
}

static sonic_status setup_consume(void *arg, size_t block, const uint8_t *in, sonic_error *error)
{
    struct setup *s = arg;
    size_t node = setup_node(s, block), at, bytes;
    uint8_t *f = setup_block(s, block, node, &at, &bytes);
    double time = sonic_clock_seconds();
    (void)error;
    /* W_i and the peer's W - B add up to F + B_i. */
    const uint8_t *own = s->made ? (const uint8_t *)s->model->w[node] + at : f;
    s->vec->add(f, own, in, bytes / s->element);
    s->seconds[node] += time - s->since;
    s->since = time;
    s->opened++;
    return SONIC_OK;
}

/* Makes f and fills `first`; returns the number of blocks through `blocks`. */
static sonic_status setup_begin(struct setup *s, size_t *blocks, sonic_error *error)
{
    const sonic_graph *graph = &s->model->graph;
    sonic_status status = SONIC_OK;
    *blocks = 0;
    s->f = calloc(graph->nodes, sizeof *s->f);
    s->first = calloc(graph->nodes, sizeof *s->first);
    if (!s->f || !s->first)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for %u layers", graph->nodes);
    for (uint32_t node = 0; node < graph->nodes && !status; node++) {
        size_t weights = sonic_node_weights(graph, node);
        s->first[node] = *blocks;
        if (weights == 0)
            continue;
        status = sonic_layer_alloc(&s->f[node], graph->ring, weights, error);
        *blocks += (weights * s->element + SONIC_OPEN_BLOCK - 1) / SONIC_OPEN_BLOCK;
    }
    return status;
}

/* One node's F and W. */
static sonic_status setup_weights(struct setup *s, uint32_t node, size_t batch,
                                  sonic_linear *linear, sonic_error *error)
{
    const sonic_graph *graph = &s->model->graph;
    double since = sonic_clock_seconds();
    void *f = s->f[node];
    s->f[node] = NULL;
    sonic_status status = sonic_weights_take(&linear->f, s->context, graph, node,
                                             sonic_linear_group(graph, node, batch), f, error);
    if (!status)
        status = sonic_weights_borrow(&linear->w, s->context, graph, node, batch, s->model->w[node],
                                      error);
    s->seconds[node] += sonic_clock_seconds() - since;
    if (!status)
        return SONIC_OK;
    sonic_layer layer = {.graph = graph, .node = node};
    return sonic_layer_fail(&layer, status, error);
}

static void setup_end(struct setup *s)
{
    const sonic_graph *graph = &s->model->graph;
    for (uint32_t node = 0; s->f && node < graph->nodes; node++)
        sonic_layer_free(s->f[node], graph->ring, sonic_node_weights(graph, node));
    free(s->f);
    free(s->first);
}

void sonic_linear_free(sonic_linear *linear)
{
    sonic_weights_free(&linear->f);
    sonic_weights_free(&linear->w);
}

sonic_status sonic_linear_setup(const sonic_context *context, sonic_channel *channel,
                                const sonic_model_share *model, size_t batch,
                                const uint8_t seed[16], bool made, sonic_linear *linear,
                                double *seconds, sonic_error *error)
{
    const sonic_graph *graph = &model->graph;
    struct setup s = {.context = context,
                      .model = model,
                      .vec = &context->kernels.vec[sonic_ring_index(graph->ring)],
                      .seed = seed,
                      .made = made,
                      .element = sonic_ring_bytes(graph->ring),
                      .seconds = seconds,
                      .since = sonic_clock_seconds()};
    sonic_round round = {.block_bytes = setup_bytes,
                         .produce = setup_produce,
                         .consume = setup_consume,
                         .layer = setup_node,
                         .arg = &s};
    sonic_status status = setup_begin(&s, &round.blocks, error);
    sonic_channel_mark(channel, SONIC_SETUP, 0);
    if (!status)
        status = sonic_channel_round(channel, &round, error);
    if (status && s.opened < round.blocks) {
        sonic_layer layer = {.graph = graph, .node = (uint32_t)setup_node(&s, s.opened)};
        status = sonic_layer_fail(&layer, status, error);
    }
    for (uint32_t node = 0; !status && node < graph->nodes; node++)
        if (s.f[node])
            status = setup_weights(&s, node, batch, &linear[node], error);
    for (uint32_t node = 0; status && node < graph->nodes; node++)
        sonic_linear_free(&linear[node]);
    setup_end(&s);
    return status;
}

/* From the opened E = X - A back to shares of X, in place: E + A_0 and A_1. */
static sonic_status restore(const sonic_layer *layer, void *x, size_t n, sonic_error *error)
{
    const sonic_ring ring = layer->graph->ring;
    const sonic_vec_kernels *vec = &layer->context->kernels.vec[sonic_ring_index(ring)];
    size_t element = sonic_ring_bytes(ring), bytes = n * element;
    void *mask;
    sonic_status status = sonic_layer_alloc(&mask, ring, SONIC_OPEN_BLOCK / element, error);
    for (size_t at = 0; !status && at < bytes; at += SONIC_OPEN_BLOCK) {
        size_t block = bytes - at < SONIC_OPEN_BLOCK ? bytes - at : SONIC_OPEN_BLOCK;
        uint8_t *part = (uint8_t *)x + at;
        sonic_material_random(&layer->material, SONIC_STREAM_INPUT_MASK, at, mask, block);
        if (layer->material.party == 0)
            vec->add(part, part, mask, block / element);
        else
            memcpy(part, mask, block);
    }
    sonic_layer_free(mask, ring, SONIC_OPEN_BLOCK / element);
    return status;
}

sonic_status sonic_linear_run(const sonic_layer *layer, const sonic_linear *linear, int spill,
                              uint64_t at, void *y, void *x, bool keep, sonic_error *error)
{
    const sonic_graph *graph = layer->graph;
    sonic_ring ring = graph->ring;
    size_t in, out;
    sonic_status status =
        sonic_layer_elements(layer, graph->node[layer->node].input[0], &in, error);
    if (!status)
        status = sonic_layer_elements(layer, layer->node, &out, error);
    if (!status)
        status = sonic_open_masked(layer->context, layer->channel, &layer->material,
                                   SONIC_STREAM_INPUT_MASK, NULL, ring, x, in, error);
    if (!status)
        status = sonic_spill_read(spill, at, y, out * sonic_ring_bytes(ring), error);
    if (status)
        return status;
    status = sonic_weights_conv(&linear->w, layer->context, graph, layer->node, layer->batch, y, x,
                                true, error);
    return status || !keep ? status : restore(layer, x, in, error);
}
