/* What the layers share: tensor sizes and wiped memory. */
#include "proto/layer/layer.h"

#include <stdio.h>
#include <stdlib.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/share/secret.h"

enum { LAYER_ALIGNMENT = 64 };

sonic_status sonic_layer_elements(const sonic_layer *layer, uint32_t node, size_t *elements,
                                  sonic_error *error)
{
    size_t one = sonic_node_elements(layer->graph, node), all, bytes;
    if (!sonic_size_mul(&all, one, layer->batch) || !sonic_size_mul(&bytes, all, sizeof(uint64_t)))
        return sonic_fail(error, SONIC_E_SHAPE, "a batch of %zu does not fit in memory",
                          layer->batch);
    *elements = all;
    return SONIC_OK;
}

sonic_relu_calls sonic_layer_calls(const sonic_layer *layer)
{
    return (sonic_relu_calls){.methods = layer->compare.methods,
                              .graph = layer->graph,
                              .node = layer->node,
                              .batch = (uint32_t)layer->batch};
}

sonic_status sonic_layer_fail(const sonic_layer *layer, sonic_status status, sonic_error *error)
{
    char prefix[SONIC_NAME_MAX + 32];
    (void)snprintf(prefix, sizeof prefix, "layer '%s' (node %u)",
                   layer->graph->node[layer->node].name, layer->node);
    return sonic_fail_in(error, status, prefix);
}

sonic_status sonic_layer_alloc(void **buffer, sonic_ring ring, size_t n, sonic_error *error)
{
    size_t bytes, rounded;
    *buffer = NULL;
    if (sonic_size_mul(&bytes, n, sonic_ring_bytes(ring)) &&
        sonic_size_add(&rounded, bytes, LAYER_ALIGNMENT))
        *buffer = aligned_alloc(LAYER_ALIGNMENT, rounded / LAYER_ALIGNMENT * LAYER_ALIGNMENT);
    if (!*buffer)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for a tensor of %zu elements", n);
    return SONIC_OK;
}

void sonic_layer_free(void *buffer, sonic_ring ring, size_t n)
{
    sonic_secret_free(buffer, n * sonic_ring_bytes(ring));
}
