/* Add, Sub, Mul, Div and Sum. */
#include "proto/model/onnx.h"

#include <stdlib.h>
#include <string.h>

/* The shape, without the batch, in which a constant meets an activation: each dimension 1 or the
 * activation's.  ONNX aligns the last dimensions. */
static sonic_status spread_of(const sonic_onnx_call *call, const sonic_tensor *constant,
                              const sonic_shape *shape, sonic_shape *spread)
{
    *spread = (sonic_shape){.rank = shape->rank};
    bool fits = constant->rank <= shape->rank + 1;
    for (uint32_t d = 0; fits && d <= shape->rank; d++) {
        uint32_t missing = shape->rank + 1 - constant->rank;
        size_t size = d < missing ? 1 : constant->dim[d - missing];
        if (d == 0)
            fits = size == 1;
        else
            fits = size == 1 || size == shape->dim[d - 1];
        if (d > 0)
            spread->dim[d - 1] = (uint32_t)size;
    }
    if (!fits)
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                                 "its constant does not broadcast to the shape of its other input");
    return SONIC_OK;
}

/* *y = x * factor * constant (SCALE) or x + factor * constant (BIAS); `invert`: 1 / constant. */
static sonic_status apply(const sonic_onnx_call *call, sonic_op op, uint32_t x,
                          const sonic_tensor *constant, double factor, bool invert, uint32_t *y)
{
    sonic_shape spread;
    double *reals = NULL;
    sonic_status status = spread_of(call, constant, sonic_onnx_shape(call, x), &spread);
    if (!status)
        status = sonic_onnx_reals(call, constant, factor, &reals);
    for (size_t i = 0; !status && invert && i < constant->n; i++) {
        if (reals[i] == 0)
            status = sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "it divides by zero");
        reals[i] = 1 / (reals[i] == 0 ? 1 : reals[i]);
    }
    if (status) {
        free(reals);
        return status;
    }
    return sonic_net_affine(&call->onnx->net, op, call->name, x, &spread, reals, y,
                            call->onnx->error);
}

/* Which of the two inputs is constant: 0, 1, or 2 for none. */
static size_t constant_side(const sonic_onnx_call *call)
{
    for (size_t i = 0; i < 2; i++)
        if (call->in[i]->kind == SONIC_ONNX_CONSTANT)
            return i;
    return 2;
}

static sonic_status add_nodes(const sonic_onnx_call *call, uint32_t a, uint32_t b, uint32_t *y)
{
    if (!sonic_shape_equal(sonic_onnx_shape(call, a), sonic_onnx_shape(call, b)))
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                                 "its two inputs have different shapes, and neither is a constant");
    return sonic_net_add(&call->onnx->net, call->name, a, b, y, call->onnx->error);
}

sonic_status sonic_onnx_lower_add(const sonic_onnx_call *call)
{
    size_t side = constant_side(call);
    uint32_t y;
    sonic_status status = side == 2 ? add_nodes(call, call->in[0]->node, call->in[1]->node, &y)
                                    : apply(call, SONIC_OP_BIAS, call->in[1 - side]->node,
                                            call->in[side]->tensor, 1, false, &y);
    return status ? status : sonic_onnx_give_node(call, y);
}

sonic_status sonic_onnx_lower_sub(const sonic_onnx_call *call)
{
    size_t side = constant_side(call);
    uint32_t y;
    sonic_status status;
    if (side == 1) {
        status = apply(call, SONIC_OP_BIAS, call->in[0]->node, call->in[1]->tensor, -1, false, &y);
    } else {
        status = sonic_net_affine_all(&call->onnx->net, SONIC_OP_SCALE, call->name,
                                      call->in[1]->node, -1, &y, call->onnx->error);
        if (!status && side == 0)
            status = apply(call, SONIC_OP_BIAS, y, call->in[0]->tensor, 1, false, &y);
        else if (!status)
            status = add_nodes(call, call->in[0]->node, y, &y);
    }
    return status ? status : sonic_onnx_give_node(call, y);
}

sonic_status sonic_onnx_lower_mul(const sonic_onnx_call *call)
{
    size_t side = constant_side(call);
    uint32_t y;
    if (side == 2)
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                                 "products of two activations are not supported");
    sonic_status status =
        apply(call, SONIC_OP_SCALE, call->in[1 - side]->node, call->in[side]->tensor, 1, false, &y);
    return status ? status : sonic_onnx_give_node(call, y);
}

sonic_status sonic_onnx_lower_div(const sonic_onnx_call *call)
{
    uint32_t y;
    if (constant_side(call) != 1)
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "it divides by an activation");
    sonic_status status =
        apply(call, SONIC_OP_SCALE, call->in[0]->node, call->in[1]->tensor, 1, true, &y);
    return status ? status : sonic_onnx_give_node(call, y);
}

/* Sum of any number of activations of one shape. */
sonic_status sonic_onnx_lower_sum(const sonic_onnx_call *call)
{
    uint32_t y, next;
    sonic_status status = sonic_onnx_activation(call, 0, &y);
    for (size_t i = 1; i < call->inputs && !status; i++) {
        status = sonic_onnx_activation(call, i, &next);
        if (!status)
            status = add_nodes(call, y, next, &y);
    }
    return status ? status : sonic_onnx_give_node(call, y);
}
