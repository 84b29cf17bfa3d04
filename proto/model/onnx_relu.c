/* Relu, LeakyRelu and Clip. */
#include "proto/model/onnx.h"

#include <float.h>
#include <math.h>

/* A slope below this would be nothing but rounding: products have tens of fraction bits. */
static const double slope_min = 0x1p-16;

static sonic_status relu(const sonic_onnx_call *call, double slope, double top)
{
    uint32_t x, y;
    sonic_status status = sonic_onnx_activation(call, 0, &x);
    if (!status)
        status = sonic_net_relu(&call->onnx->net, call->name, x, slope, top, &y, call->onnx->error);
    return status ? status : sonic_onnx_give_node(call, y);
}

sonic_status sonic_onnx_lower_relu(const sonic_onnx_call *call)
{
    return relu(call, 0, 0);
}

sonic_status sonic_onnx_lower_leaky_relu(const sonic_onnx_call *call)
{
    double alpha = 0.01;
    uint32_t x;
    sonic_status status = sonic_onnx_float(call, "alpha", &alpha);
    if (status)
        return status;
    if (!(alpha == 0 || (alpha >= slope_min && alpha <= 1)))
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                                 "its alpha of %g is neither 0 nor between 2^-16 and 1", alpha);
    if (alpha < 1)
        return relu(call, alpha, 0);
    status = sonic_onnx_activation(call, 0, &x);
    return status ? status : sonic_onnx_give_node(call, x);
}

/* A limit: input i, or before opset 11 an attribute. */
static sonic_status read_limit(const sonic_onnx_call *call, size_t i, const char *name,
                               double *limit)
{
    const sonic_tensor *tensor = NULL;
    if (!sonic_onnx_input(call, i))
        return sonic_onnx_float(call, name, limit);
    sonic_status status = sonic_onnx_constant(call, i, &tensor);
    if (status)
        return status;
    if (tensor->n != 1 || sonic_tensor_symbolic(tensor))
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "its %s is not one known number", name);
    *limit = sonic_tensor_real(tensor, 0);
    return SONIC_OK;
}

/* min(max(x, low), high) = clip of x - low to 0 .. high - low, and low again. */
sonic_status sonic_onnx_lower_clip(const sonic_onnx_call *call)
{
    sonic_net *net = &call->onnx->net;
    double low = -INFINITY, high = INFINITY;
    uint32_t y;
    sonic_status status = sonic_onnx_activation(call, 0, &y);
    if (!status)
        status = read_limit(call, 1, "min", &low);
    if (!status)
        status = read_limit(call, 2, "max", &high);
    if (status)
        return status;
    const bool below = low > -(double)FLT_MAX, above = high < (double)FLT_MAX;
    if (!(low < high) || low >= (double)FLT_MAX || (above && !below))
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                                 "limits of %g and %g are not supported: min must be finite and "
                                 "less than max",
                                 low, high);
    if (below && low != 0)
        status = sonic_net_affine_all(net, SONIC_OP_BIAS, call->name, y, -low, &y,
                                      call->onnx->error);
    if (!status && below)
        status = sonic_net_relu(net, call->name, y, 0, above ? high - low : 0, &y,
                                call->onnx->error);
    if (!status && below && low != 0)
        status =
            sonic_net_affine_all(net, SONIC_OP_BIAS, call->name, y, low, &y, call->onnx->error);
    return status ? status : sonic_onnx_give_node(call, y);
}
