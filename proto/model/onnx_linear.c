/* Conv, Gemm, MatMul and BatchNormalization. */
#include "proto/model/onnx.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Takes n more constants out of the budget of the network. */
static sonic_status spend(const sonic_onnx_call *call, size_t n)
{
    sonic_onnx *onnx = call->onnx;
    if (n > SONIC_ELEMENTS_MAX - onnx->constants)
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                                 "the network has more than 2^31 weights");
    onnx->constants += n;
    return SONIC_OK;
}

/* A bias of n elements, `factor` times input i, which broadcasts to it; zeros where left out. */
static sonic_status read_bias(const sonic_onnx_call *call, size_t i, size_t n, double factor,
                              double **b)
{
    const sonic_tensor *tensor = NULL;
    if (sonic_onnx_input(call, i)) {
        sonic_status status = sonic_onnx_constant(call, i, &tensor);
        if (status)
            return status;
        size_t last = tensor->rank ? tensor->dim[tensor->rank - 1] : 1;
        if (tensor->n != last || (last != n && last != 1) || sonic_tensor_symbolic(tensor))
            return sonic_onnx_refuse(call, SONIC_E_SHAPE,
                                     "its bias of %zu elements does not fit %zu outputs", tensor->n,
                                     n);
    }
    double *made = calloc(n, sizeof *made);
    if (!made)
        return sonic_onnx_refuse(call, SONIC_E_MEMORY, "no memory for its bias");
    for (size_t k = 0; tensor && k < n; k++)
        made[k] = factor * sonic_tensor_real(tensor, tensor->n == 1 ? 0 : k);
    *b = made;
    return SONIC_OK;
}

sonic_status sonic_onnx_lower_conv(const sonic_onnx_call *call)
{
    const sonic_tensor *weights = NULL;
    sonic_window window;
    uint32_t x, y;
    int64_t groups = 1;
    bool overhang;
    double *w = NULL, *b = NULL;
    sonic_status status = sonic_onnx_activation(call, 0, &x);
    if (!status)
        status = sonic_onnx_constant(call, 1, &weights);
    if (!status)
        status = sonic_onnx_int(call, "group", &groups);
    if (status)
        return status;
    const sonic_shape in = *sonic_onnx_shape(call, x);
    if (in.rank != 3 || weights->rank != 4)
        return sonic_onnx_refuse(
            call, SONIC_E_UNSUPPORTED,
            "only convolutions in two dimensions are supported, on batch, channels, "
            "height, width; this one has an input of %u and weights of %u dimensions",
            in.rank + 1, weights->rank);
    size_t outputs = weights->dim[0];
    if (groups < 1 || groups > INT32_MAX || weights->n == 0 || outputs % (size_t)groups ||
        weights->dim[1] * (size_t)groups != in.dim[0])
        return sonic_onnx_refuse(
            call, SONIC_E_SHAPE,
            "weights of %zu x %zu channels in %lld groups do not fit %u channels", outputs,
            weights->dim[1], (long long)groups, in.dim[0]);
    status = sonic_onnx_window(call, &in, &weights->dim[2], &window, &overhang);
    if (!status)
        status = spend(call, weights->n + outputs);
    if (!status)
        status = sonic_onnx_reals(call, weights, 1, &w);
    if (!status)
        status = read_bias(call, 2, outputs, 1, &b);
    if (status) {
        free(w);
        return status;
    }
    status = sonic_net_conv(&call->onnx->net, call->name, x, (uint32_t)outputs, (uint32_t)groups,
                            &window, w, b, &y, call->onnx->error);
    return status ? status : sonic_onnx_give_node(call, y);
}

/* y = factor * x W + b for features x; `transposed`: the constant holds W^T.  Owns b. */
static sonic_status fully_connect(const sonic_onnx_call *call, uint32_t x,
                                  const sonic_tensor *constant, bool transposed, double factor,
                                  double *b, uint32_t *y)
{
    size_t outputs = constant->dim[transposed ? 0 : 1],
           features = constant->dim[transposed ? 1 : 0];
    sonic_status status = spend(call, constant->n + outputs);
    double *w = NULL;
    if (!status)
        status = sonic_onnx_reals(call, constant, factor, &w);
    double *rows = status || transposed ? w : malloc(constant->n * sizeof *rows);
    if (!status && !rows)
        status = sonic_onnx_refuse(call, SONIC_E_MEMORY, "no memory for its weights");
    if (status) {
        free(w);
        free(b);
        return status;
    }
    if (!transposed) {
        for (size_t o = 0; o < outputs; o++)
            for (size_t f = 0; f < features; f++)
                rows[o * features + f] = w[f * outputs + o];
        free(w);
    }
    return sonic_net_conv(&call->onnx->net, call->name, x, (uint32_t)outputs, 1, NULL, rows, b, y,
                          call->onnx->error);
}

static sonic_status check_product(const sonic_onnx_call *call, const sonic_tensor *constant,
                                  bool transposed, size_t features)
{
    if (constant->rank != 2 || constant->n == 0 || constant->n > SONIC_ELEMENTS_MAX)
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "its constant is no matrix");
    size_t rows = constant->dim[transposed ? 1 : 0];
    if (rows != features)
        return sonic_onnx_refuse(call, SONIC_E_SHAPE,
                                 "a matrix of %zu rows does not fit %zu features", rows, features);
    return SONIC_OK;
}

sonic_status sonic_onnx_lower_gemm(const sonic_onnx_call *call)
{
    const sonic_tensor *constant = NULL;
    int64_t transposed_a = 0, transposed_b = 0;
    double alpha = 1, beta = 1, *b = NULL;
    uint32_t x, y;
    sonic_status status = sonic_onnx_activation(call, 0, &x);
    if (!status)
        status = sonic_onnx_constant(call, 1, &constant);
    if (!status)
        status = sonic_onnx_int(call, "transA", &transposed_a);
    if (!status)
        status = sonic_onnx_int(call, "transB", &transposed_b);
    if (!status)
        status = sonic_onnx_float(call, "alpha", &alpha);
    if (!status)
        status = sonic_onnx_float(call, "beta", &beta);
    if (status)
        return status;
    const sonic_shape *in = sonic_onnx_shape(call, x);
    if (transposed_a || in->rank != 1)
        return sonic_onnx_refuse(
            call, SONIC_E_UNSUPPORTED,
            "its first input must be batch x features, not transposed (transA)");
    status = check_product(call, constant, transposed_b != 0, in->dim[0]);
    if (!status)
        status = read_bias(call, 2, constant->dim[transposed_b ? 0 : 1], beta, &b);
    if (!status)
        status = fully_connect(call, x, constant, transposed_b != 0, alpha, b, &y);
    return status ? status : sonic_onnx_give_node(call, y);
}

sonic_status sonic_onnx_lower_matmul(const sonic_onnx_call *call)
{
    const sonic_tensor *constant = NULL;
    uint32_t x, y;
    double *b = NULL;
    sonic_status status = sonic_onnx_activation(call, 0, &x);
    if (!status)
        status = sonic_onnx_constant(call, 1, &constant);
    if (status)
        return status;
    sonic_shape shape = *sonic_onnx_shape(call, x);
    uint32_t features = shape.dim[shape.rank - 1];
    if (sonic_shape_size(&shape) != features)
        return sonic_onnx_refuse(
            call, SONIC_E_UNSUPPORTED,
            "products of features only are supported; its input has %u dimensions", shape.rank + 1);
    status = check_product(call, constant, false, features);
    const sonic_shape flat = {1, {features}};
    if (!status)
        status = sonic_net_reshape(&call->onnx->net, call->name, x, &flat, &x, call->onnx->error);
    if (!status)
        status = read_bias(call, SIZE_MAX, constant->dim[1], 0, &b);
    if (!status)
        status = fully_connect(call, x, constant, false, 1, b, &y);
    if (status)
        return status;
    shape.dim[shape.rank - 1] = (uint32_t)constant->dim[1];
    status = sonic_net_reshape(&call->onnx->net, call->name, y, &shape, &y, call->onnx->error);
    return status ? status : sonic_onnx_give_node(call, y);
}

/* gamma / sqrt(variance + epsilon) times x, plus beta - mean times that. */
sonic_status sonic_onnx_lower_batch_norm(const sonic_onnx_call *call)
{
    const sonic_tensor *part[4]; /* gamma, beta, mean, variance */
    double epsilon = 1e-5, *scale = NULL, *bias = NULL;
    int64_t training = 0, spatial = 1;
    uint32_t x, y;
    sonic_status status = sonic_onnx_activation(call, 0, &x);
    for (size_t i = 0; i < 4 && !status; i++)
        status = sonic_onnx_constant(call, i + 1, &part[i]);
    if (!status)
        status = sonic_onnx_float(call, "epsilon", &epsilon);
    if (!status)
        status = sonic_onnx_int(call, "training_mode", &training);
    if (!status)
        status = sonic_onnx_int(call, "spatial", &spatial);
    if (status)
        return status;
    const sonic_shape *in = sonic_onnx_shape(call, x);
    size_t n = spatial ? in->dim[0] : sonic_shape_size(in);
    if (training || part[0]->n != n || part[1]->n != n || part[2]->n != n || part[3]->n != n)
        return sonic_onnx_refuse(
            call, SONIC_E_UNSUPPORTED,
            "it is in training mode, or its constants do not have %zu elements each", n);
    sonic_shape spread = *in;
    for (uint32_t d = 1; spatial && d < spread.rank; d++)
        spread.dim[d] = 1;
    status = sonic_onnx_reals(call, part[0], 1, &scale);
    if (!status)
        status = sonic_onnx_reals(call, part[1], 1, &bias);
    if (status) {
        free(scale);
        return status;
    }
    for (size_t i = 0; i < n; i++) {
        scale[i] /= sqrt(sonic_tensor_real(part[3], i) + epsilon);
        bias[i] -= sonic_tensor_real(part[2], i) * scale[i];
    }
    status = sonic_net_affine(&call->onnx->net, SONIC_OP_SCALE, call->name, x, &spread, scale, &y,
                              call->onnx->error);
    if (status) {
        free(bias);
        return status;
    }
    status = sonic_net_affine(&call->onnx->net, SONIC_OP_BIAS, call->name, y, &spread, bias, &y,
                              call->onnx->error);
    return status ? status : sonic_onnx_give_node(call, y);
}
