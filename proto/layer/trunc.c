/* Truncation by itself: local, or masked, opened and corrected; exact where ReLUs are. */
#include <sodium.h>

#include "dispatch/error.h"
#include "proto/compare/fss.h"
#include "proto/compare/open.h"
#include "proto/layer/layer.h"
#include "proto/offline/streams.h"

/* x, the opened x + 2^(l-2) + u, becomes a share of the truncated value, block by block. */
static sonic_status unmask(const sonic_layer *layer, uint8_t *x, size_t n, sonic_error *error)
{
    sonic_ring ring = layer->graph->ring;
    size_t element = sonic_ring_bytes(ring);
    void *dealt;
    sonic_status status = sonic_layer_alloc(&dealt, ring, 2 * SONIC_TRUNC_BLOCK, error);
    for (size_t i = 0; !status && i < n; i += SONIC_TRUNC_BLOCK) {
        size_t rows = n - i < SONIC_TRUNC_BLOCK ? n - i : SONIC_TRUNC_BLOCK;
        uint64_t at = (uint64_t)2 * i * element;
        status = sonic_material_dealt(&layer->material, SONIC_STREAM_TRUNC_DEALT, at, at, dealt,
                                      2 * rows * element, error);
        if (status)
            break;
        sonic_select_operands in = {.e = x + i * element,
                                    .u = dealt,
                                    .wrap = (const uint8_t *)dealt + rows * element,
                                    .shift = layer->graph->node[layer->node].shift,
                                    .party = layer->material.party};
        layer->context->kernels.vec[sonic_ring_index(ring)].trunc(x + i * element, &in, rows);
    }
    sonic_layer_free(dealt, ring, 2 * SONIC_TRUNC_BLOCK);
    return status;
}

sonic_status sonic_trunc_run(const sonic_layer *layer, void *x, sonic_error *error)
{
    const sonic_graph *graph = layer->graph;
    const sonic_vec_kernels *vec = &layer->context->kernels.vec[sonic_ring_index(graph->ring)];
    size_t n;
    sonic_status status = sonic_layer_elements(layer, layer->node, &n, error);
    if (status)
        return status;
    const unsigned shift = graph->node[layer->node].shift;
    if (layer->compare.methods.relu == SONIC_RELU_FSS)
        return sonic_fss_trunc(layer->context, layer->channel, &layer->material, graph->ring, shift,
                               x, n, error);
    if (graph->truncation == SONIC_TRUNC_LOCAL) {
        vec->trunc_local(x, x, shift, layer->material.party, n);
        return SONIC_OK;
    }
    if (layer->material.party == 0)
        vec->add_constant(x, x, (uint64_t)1 << ((unsigned)graph->ring - 2), n);
    const uint64_t u = (uint64_t)2 * n * sonic_ring_bytes(graph->ring); /* behind what is dealt */
    status = sonic_open_masked(layer->context, layer->channel, &layer->material,
                               SONIC_STREAM_TRUNC_MASK, &u, graph->ring, x, n, error);
    return status ? status : unmask(layer, x, n, error);
}
