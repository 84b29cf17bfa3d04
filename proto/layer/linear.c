/* Linear layers before there is an input: the weight masks opened once, and D = A * F + C + b of an
 * inference, written to a file a few images at a time. */
#include "proto/layer/layer.h"
#include "proto/model/local_ops.h"
#include "proto/offline/streams.h"
#include "proto/share/spill.h"

/* Images [first, first + images) of a batch, and the buffers of one group. */
struct group {
    const sonic_layer *layer;
    const sonic_linear *linear;
    const void *b;
    size_t in, out;  /* elements an image */
    size_t channels; /* of the output */
    uint8_t *x, *y;  /* each with room for AES_BLOCK bytes before the first element */
    size_t first, images;
};

enum { AES_BLOCK = 16 };

/* D of one group.  Streams start at whole AES blocks, so up to 15 bytes before it come too. */
static sonic_status group_prepare(struct group *g, uint8_t **d, sonic_error *error)
{
    const sonic_layer *layer = g->layer;
    sonic_ring ring = layer->graph->ring;
    size_t element = sonic_ring_bytes(ring);
    uint64_t x_at = (uint64_t)g->first * g->in * element;
    uint64_t y_at = (uint64_t)g->first * g->out * element;
    size_t x_skew = x_at % AES_BLOCK, y_skew = y_at % AES_BLOCK;

    sonic_material_random(&layer->material, SONIC_STREAM_INPUT_MASK, x_at - x_skew, g->x,
                          g->images * g->in * element + x_skew);
    sonic_status status =
        sonic_material_dealt(&layer->material, SONIC_STREAM_PRODUCT, y_at - y_skew, y_at - y_skew,
                             g->y, g->images * g->out * element + y_skew, error);
    if (status)
        return status;
    *d = g->y + y_skew;
    status = sonic_weights_conv(&g->linear->f, layer->context, layer->graph, layer->node, g->images,
                                *d, g->x + x_skew, true, error);
    if (!status && g->b)
        sonic_local_bias(ring, *d, g->b, g->images, g->channels, g->out / g->channels);
    return status;
}

size_t sonic_linear_group(const sonic_graph *graph, uint32_t node, size_t batch)
{
    size_t in = sonic_node_elements(graph, graph->node[node].input[0]);
    size_t image = (in + sonic_node_elements(graph, node)) * sonic_ring_bytes(graph->ring);
    size_t fit = SONIC_LINEAR_GROUP_BYTES / image;
    if (fit == 0)
        fit = 1;
    return fit < batch ? fit : batch;
}

sonic_status sonic_linear_prepare(const sonic_layer *layer, const sonic_linear *linear,
                                  const void *b, int spill, uint64_t at, sonic_error *error)
{
    const sonic_graph *graph = layer->graph;
    const sonic_node *node = &graph->node[layer->node];
    struct group g = {.layer = layer, .linear = linear, .b = b};
    g.in = sonic_node_elements(graph, node->input[0]);
    g.out = sonic_node_elements(graph, layer->node);
    g.channels = node->shape.dim[0];
    size_t most = sonic_linear_group(graph, layer->node, layer->batch);
    size_t element = sonic_ring_bytes(graph->ring);
    size_t x_elements = most * g.in + AES_BLOCK / element;
    size_t y_elements = most * g.out + AES_BLOCK / element;

    void *x, *y = NULL;
    sonic_status status = sonic_layer_alloc(&x, graph->ring, x_elements, error);
    if (!status)
        status = sonic_layer_alloc(&y, graph->ring, y_elements, error);
    g.x = x;
    g.y = y;
    for (g.first = 0; !status && g.first < layer->batch; g.first += g.images) {
        size_t left = layer->batch - g.first;
        uint8_t *d;
        g.images = left < most ? left : most;
        status = group_prepare(&g, &d, error);
        if (!status)
            status = sonic_spill_write(spill, at + (uint64_t)g.first * g.out * element, d,
                                       g.images * g.out * element, error);
    }
    sonic_layer_free(x, graph->ring, x_elements);
    sonic_layer_free(y, graph->ring, y_elements);
    return status;
}
