/* A linear layer's cross products: whose digits choose, and what they multiply. */
#include "proto/offline/ot_linear.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/offline/ot_linear_run.h"

struct sonic_ot_linear {
    sonic_ot_pair *pair;
    sonic_ot_shape shape;
    size_t batch;
    sonic_ot_products *products; /* by weights; */
    uint8_t *columns; /* by inputs: the weights' mask, all outputs of an input together */
};

static sonic_status keep_columns(sonic_ot_linear *linear, const uint8_t *mask, sonic_error *error)
{
    const sonic_ot_shape *shape = &linear->shape;
    const size_t size = sonic_ring_bytes(shape->ring), outputs = shape->conv.o;
    const size_t inputs = shape->multipliers / outputs;
    linear->columns = malloc(shape->multipliers * size);
    if (!linear->columns)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for a copy of %zu weights",
                          shape->multipliers);
    for (size_t o = 0; o < outputs; o++)
        for (size_t i = 0; i < inputs; i++)
            memcpy(linear->columns + (i * outputs + o) * size, mask + (o * inputs + i) * size,
                   size);
    return SONIC_OK;
}

sonic_status sonic_ot_linear_create(sonic_ot_linear **linear, sonic_ot_pair *pair,
                                    const sonic_graph *graph, uint32_t node, uint32_t batch,
                                    const void *mask, sonic_error *error)
{
    *linear = NULL;
    sonic_ot_linear *made = calloc(1, sizeof *made);
    if (!made)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for the products of node %u (%s)", node,
                          graph->node[node].name);
    *made =
        (sonic_ot_linear){.pair = pair, .shape = sonic_ot_shape_of(graph, node), .batch = batch};
    sonic_status status =
        sonic_ot_linear_by_inputs(graph, node, batch)
            ? keep_columns(made, mask, error)
            : sonic_ot_products_create(&made->products, pair, &made->shape, mask, error);
    if (status)
        sonic_ot_linear_free(made);
    else
        *linear = made;
    return status;
}

void sonic_ot_linear_free(sonic_ot_linear *linear)
{
    if (!linear)
        return;
    if (linear->columns)
        sodium_memzero(linear->columns,
                       linear->shape.multipliers * sonic_ring_bytes(linear->shape.ring));
    free(linear->columns);
    sonic_ot_products_free(linear->products);
    free(linear);
}

/* Inputs from .. from + inputs of some images: seeds are used once, and so are keys. */
static sonic_status add_group(sonic_ot_linear *linear, uint8_t *c, const uint8_t *a, size_t from,
                              const sonic_ot_group *group, sonic_error *error)
{
    const sonic_ot_shape shape = sonic_ot_exchange(&linear->shape, group->images, group->inputs);
    const size_t size = sonic_ring_bytes(shape.ring);
    sonic_ot_products *products;
    sonic_status status = sonic_ot_products_create(&products, linear->pair, &shape, a, error);
    if (status)
        return status;
    status = sonic_ot_products_add(products, c, linear->columns + from * shape.ow * size, 1, error);
    sonic_ot_products_free(products);
    return status;
}

static sonic_status add_by_inputs(sonic_ot_linear *linear, uint8_t *c, const uint8_t *a,
                                  sonic_error *error)
{
    const sonic_ot_shape *shape = &linear->shape;
    const size_t size = sonic_ring_bytes(shape->ring), outputs = shape->conv.o;
    const size_t inputs = shape->multipliers / outputs;
    const sonic_ot_group most = sonic_ot_group_of(shape, linear->batch);
    sonic_status status = SONIC_OK;
    for (size_t image = 0; image < linear->batch; image += most.images)
        for (size_t from = 0; !status && from < inputs; from += most.inputs) {
            const sonic_ot_group group = {sonic_size_min(most.images, linear->batch - image),
                                          sonic_size_min(most.inputs, inputs - from)};
            status = add_group(linear, c + image * outputs * size,
                               a + (image * inputs + from) * size, from, &group, error);
        }
    return status;
}

sonic_status sonic_ot_linear_make(sonic_ot_linear *linear, void *c, const void *a,
                                  sonic_error *error)
{
    const sonic_ot_shape *shape = &linear->shape;
    const size_t bytes =
        linear->batch * shape->conv.o * shape->oh * shape->ow * sonic_ring_bytes(shape->ring);
    memset(c, 0, bytes);
    sonic_status status = linear->columns
                              ? add_by_inputs(linear, c, a, error)
                              : sonic_ot_products_add(linear->products, c, a, linear->batch, error);
    if (status)
        memset(c, 0, bytes);
    return status;
}
