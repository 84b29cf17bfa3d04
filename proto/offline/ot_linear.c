/* A linear layer's cross products: which digits choose, and what they multiply. */
#include "proto/offline/ot_linear.h"

#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"
#include "proto/offline/ot_linear_run.h"

struct sonic_ot_linear {
    sonic_ot_shape shape;
    sonic_ot_products *products;
};

sonic_status sonic_ot_linear_create(sonic_ot_linear **linear, sonic_ot_pair *pair,
                                    const sonic_graph *graph, uint32_t node, const void *mask,
                                    sonic_error *error)
{
    *linear = NULL;
    sonic_ot_linear *made = calloc(1, sizeof *made);
    if (!made)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for the products of node %u (%s)", node,
                          graph->node[node].name);
    made->shape = sonic_ot_shape_of(graph, node);
    sonic_status status =
        sonic_ot_products_create(&made->products, pair, &made->shape, mask, error);
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
    sonic_ot_products_free(linear->products);
    free(linear);
}

sonic_status sonic_ot_linear_make(sonic_ot_linear *linear, void *c, const void *a, size_t batch,
                                  sonic_error *error)
{
    const sonic_ot_shape *shape = &linear->shape;
    const size_t bytes =
        batch * shape->conv.o * shape->oh * shape->ow * sonic_ring_bytes(shape->ring);
    memset(c, 0, bytes);
    sonic_status status = sonic_ot_products_add(linear->products, c, a, batch, error);
    if (status)
        memset(c, 0, bytes);
    return status;
}
