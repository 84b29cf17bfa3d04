/* The material of a session's nodes, made with the peer. */
#include "proto/offline/ot_source.h"

#include <stdlib.h>

#include "dispatch/error.h"
#include "proto/offline/streams.h"
#include "proto/share/secret.h"
#include "proto/share/spill.h"

struct sonic_ot_source {
    const sonic_graph *graph;
    const sonic_plan *plan;
    sonic_ot_pair pair;
    sonic_ot_linear **linear; /* one a node, NULL but for CONV */
};

sonic_status sonic_ot_source_create(sonic_ot_source **source, const sonic_context *context,
                                    sonic_channel *channel, const sonic_graph *graph,
                                    const sonic_plan *plan, unsigned party, sonic_error *error)
{
    const unsigned k = sonic_source_k(plan->methods.source);
    sonic_ot_source *made = calloc(1, sizeof *made);
    if (!made)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory to make material");
    made->graph = graph;
    made->plan = plan;
    made->linear = calloc(graph->nodes, sizeof(sonic_ot_linear *));
    sonic_status status = made->linear
                              ? SONIC_OK
                              : sonic_fail(error, SONIC_E_MEMORY,
                                           "no memory to make material for %u nodes", graph->nodes);
    if (!status)
        status = sonic_ot_pair_create(&made->pair, context, channel, party, k, NULL, error);
    if (status) {
        sonic_ot_source_free(made);
        return status;
    }
    *source = made;
    return SONIC_OK;
}

void sonic_ot_source_free(sonic_ot_source *source)
{
    if (!source)
        return;
    for (uint32_t node = 0; source->linear && node < source->graph->nodes; node++)
        sonic_ot_linear_free(source->linear[node]);
    free(source->linear);
    sonic_ot_pair_free(&source->pair);
    free(source);
}

/* `bytes` secret ones of a stream from its start; NULL where there is no memory. */
static void *expand(const sonic_material *streams, uint64_t stream, size_t bytes)
{
    void *out = malloc(bytes);
    if (out)
        sonic_material_random(streams, stream, 0, out, bytes);
    return out;
}

sonic_status sonic_ot_source_add(sonic_ot_source *source, uint32_t node,
                                 const uint8_t seed[SONIC_SEED_BYTES], sonic_error *error)
{
    const sonic_graph *graph = source->graph;
    const size_t bytes = sonic_node_weights(graph, node) * sonic_ring_bytes(graph->ring);
    sonic_material streams = {.context = source->pair.context};
    sonic_material_key(streams.context, &streams.key, seed, SONIC_SLOT_SETUP, node);
    void *mask = expand(&streams, SONIC_STREAM_WEIGHT_MASK, bytes);
    sonic_material_end(&streams);
    if (!mask)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for a weight mask of %zu bytes", bytes);
    sonic_status status = sonic_ot_linear_create(&source->linear[node], &source->pair, graph, node,
                                                 source->plan->batch, mask, error);
    sonic_secret_free(mask, bytes);
    return status;
}

/* C of a linear layer. */
static sonic_status make_product(sonic_ot_source *source, uint32_t node,
                                 const sonic_material *streams, sonic_error *error)
{
    /* The plan has checked that both sizes fit, and D, of C's size, takes its place. */
    const sonic_step *step = &source->plan->step[node];
    const size_t in = (size_t)step->online_bytes, out = (size_t)step->spill_bytes;
    void *a = expand(streams, SONIC_STREAM_INPUT_MASK, in), *c = malloc(out);
    sonic_status status = SONIC_OK;
    if (!a || !c)
        status = sonic_fail(error, SONIC_E_MEMORY, "no memory for masks and products of a batch");
    if (!status)
        status = sonic_ot_linear_make(source->linear[node], c, a, error);
    if (!status)
        status = sonic_spill_write(streams->file, streams->offset, c, out, error);
    sonic_secret_free(a, in);
    sonic_secret_free(c, out);
    return status;
}

static sonic_status make_comparisons(sonic_ot_source *source, uint32_t node,
                                     const sonic_material *streams, sonic_error *error)
{
    sonic_relu_calls calls = {.methods = source->plan->methods,
                              .graph = source->graph,
                              .node = node,
                              .batch = source->plan->batch};
    sonic_status status = SONIC_OK;
    while (!status && sonic_relu_next(&calls))
        status =
            sonic_ot_relu_make(&source->pair, streams, source->graph->ring, &calls.call,
                               streams->file, streams->offset + calls.call.correction, error);
    return status;
}

sonic_status sonic_ot_source_make(sonic_ot_source *source, uint32_t node,
                                  const sonic_material *streams, sonic_error *error)
{
    const sonic_graph *graph = source->graph;
    const sonic_ring ring = graph->ring;
    switch (graph->node[node].op) {
    case SONIC_OP_CONV:
        return make_product(source, node, streams, error);
    case SONIC_OP_RELU:
    case SONIC_OP_MAX_POOL:
        if (source->plan->methods.relu == SONIC_RELU_GC)
            return SONIC_OK;
        return make_comparisons(source, node, streams, error);
    case SONIC_OP_TRUNC:
        if (source->plan->step[node].spill_bytes == 0) /* local */
            return SONIC_OK;
        return sonic_ot_trunc_make(&source->pair, streams, ring, graph->node[node].shift,
                                   (uint64_t)sonic_node_elements(graph, node) * source->plan->batch,
                                   streams->file, streams->offset, error);
    default:
        return SONIC_OK;
    }
}
