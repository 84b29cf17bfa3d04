/* Weights packed once for all products of a linear layer. */
#include "proto/model/weights.h"

#include "dispatch/conv_shape.h"
#include "proto/share/secret.h"

sonic_status sonic_weights_borrow(sonic_weights *weights, const sonic_context *context,
                                  const sonic_graph *graph, uint32_t node, size_t images,
                                  const void *raw, sonic_error *error)
{
    const sonic_conv_shape shape = sonic_node_conv(graph, node, images);
    *weights = (sonic_weights){0};
    if (!sonic_conv_packs(&shape)) {
        weights->raw = raw;
        return SONIC_OK;
    }
    return sonic_conv_pack(&weights->packed, context, graph->ring, &shape, raw, error);
}

sonic_status sonic_weights_take(sonic_weights *weights, const sonic_context *context,
                                const sonic_graph *graph, uint32_t node, size_t images, void *raw,
                                sonic_error *error)
{
    const size_t bytes = sonic_node_weights(graph, node) * sonic_ring_bytes(graph->ring);
    sonic_status status = sonic_weights_borrow(weights, context, graph, node, images, raw, error);
    if (!weights->raw) {
        sonic_secret_free(raw, bytes);
        return status;
    }
    weights->own = raw;
    weights->bytes = bytes;
    return status;
}

sonic_status sonic_weights_conv(const sonic_weights *weights, const sonic_context *context,
                                const sonic_graph *graph, uint32_t node, size_t images, void *y,
                                const void *x, bool accumulate, sonic_error *error)
{
    if (weights->packed)
        return sonic_conv_packed(context, weights->packed, images, y, x, accumulate, error);
    const sonic_conv_shape shape = sonic_node_conv(graph, node, images);
    return sonic_conv(context, graph->ring, &shape, y, x, weights->raw, accumulate, error);
}

void sonic_weights_free(sonic_weights *weights)
{
    sonic_conv_weights_free(weights->packed);
    sonic_secret_free(weights->own, weights->bytes);
    *weights = (sonic_weights){0};
}
