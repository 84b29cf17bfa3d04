/* ReLU: one comparison an element, and the shift in the same last step. */
#include "proto/compare/compare.h"
#include "proto/layer/layer.h"

sonic_status sonic_relu_prepare(const sonic_layer *layer, sonic_error *error)
{
    sonic_relu_calls calls = sonic_layer_calls(layer);
    sonic_status status = SONIC_OK;
    while (!status && sonic_relu_next(&calls))
        status = sonic_compare_prepare(&layer->compare, layer->graph->ring, &calls.call, error);
    return status;
}

sonic_status sonic_relu_run(const sonic_layer *layer, void *x, sonic_error *error)
{
    sonic_relu_calls calls = sonic_layer_calls(layer);
    if (!sonic_relu_next(&calls))
        return SONIC_OK;
    return sonic_compare_relu(&layer->compare, layer->context, layer->channel, &layer->material,
                              layer->graph->ring, &calls.call, x, error);
}
