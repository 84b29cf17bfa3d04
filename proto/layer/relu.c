/* ReLU: one comparison an element, and the shift in the same last step. */
#include "proto/compare/ppa.h"
#include "proto/layer/layer.h"

sonic_status sonic_relu_run(const sonic_layer *layer, void *x, sonic_error *error)
{
    const sonic_graph *graph = layer->graph;
    sonic_ppa_call call = {.shift = graph->node[layer->node].shift,
                           .truncation = graph->truncation};
    sonic_status status = sonic_layer_elements(layer, layer->node, &call.n, error);
    if (status)
        return status;
    return sonic_ppa_relu(layer->context, layer->channel, &layer->material, graph->ring, &call, x,
                          error);
}
