/* Operators on activations: the table, and the ones that do nothing or come last. */
#include "proto/model/onnx.h"

#include <string.h>

/* Identity, Dropout, Cast between real types. */
sonic_status sonic_onnx_lower_same(const sonic_onnx_call *call)
{
    uint32_t x;
    int64_t type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    sonic_status status = sonic_onnx_activation(call, 0, &x);
    if (!status)
        status = sonic_onnx_int(call, "to", &type);
    if (status)
        return status;
    bool ended = call->in[0]->ended;
    bool real = type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT ||
                type == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE ||
                type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16 || type == 16;
    if (!real && !ended)
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                                 "activations are real; they cannot be cast to type %lld",
                                 (long long)type);
    const sonic_tensor *training = NULL;
    if (strcmp(call->node->op_type, "Dropout") == 0 && sonic_onnx_input(call, 2)) {
        status = sonic_onnx_constant(call, 2, &training);
        if (status)
            return status;
        if (training->n != 1 || sonic_tensor_real(training, 0) != 0)
            return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "it is in training mode");
    }
    call->out->ended = ended;
    return sonic_onnx_give_node(call, x);
}

/* Softmax and ArgMax over all features of an image: the user does it on the result. */
sonic_status sonic_onnx_lower_last(const sonic_onnx_call *call)
{
    bool argmax = strcmp(call->node->op_type, "ArgMax") == 0;
    int64_t axis = argmax ? 0 : call->onnx->opset < 13 ? 1 : -1, select_last = 0;
    uint32_t x, at;
    sonic_status status = sonic_onnx_activation(call, 0, &x);
    if (!status)
        status = sonic_onnx_int(call, "axis", &axis);
    if (!status)
        status = sonic_onnx_int(call, "select_last_index", &select_last);
    if (status)
        return status;
    const sonic_shape *shape = sonic_onnx_shape(call, x);
    status = sonic_onnx_axis(call, axis, shape->rank + 1, &at);
    if (status)
        return status;
    bool flat = !argmax && call->onnx->opset < 13 && at == 1; /* all from the axis on, as one */
    size_t n = sonic_shape_size(shape);
    if (at == 0 || (!flat && shape->dim[at - 1] != n))
        return sonic_onnx_refuse(
            call, SONIC_E_UNSUPPORTED,
            "it is supported over all outputs of an image only, not along axis %u", at);
    sonic_last *last = &call->onnx->net.graph.last;
    if (select_last || *last == SONIC_LAST_ARGMAX)
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                                 "it selects the last index, or follows another ArgMax");
    *last = argmax ? SONIC_LAST_ARGMAX : SONIC_LAST_SOFTMAX;
    call->out->ended = true;
    return sonic_onnx_give_node(call, x);
}

#define WINDOW_ATTRIBUTES "auto_pad kernel_shape pads strides dilations"

static const sonic_onnx_operator operators[] = {
    {"Add", "", 2, 2, sonic_onnx_lower_add},
    {"ArgMax", "axis keepdims select_last_index", 1, 1, sonic_onnx_lower_last},
    {"AveragePool", WINDOW_ATTRIBUTES " ceil_mode count_include_pad", 1, 1, sonic_onnx_lower_pool},
    {"BatchNormalization", "epsilon momentum spatial training_mode", 5, 5,
     sonic_onnx_lower_batch_norm},
    {"Cast", "to saturate", 1, 1, sonic_onnx_lower_same},
    {"Clip", "max min", 1, 3, sonic_onnx_lower_clip},
    {"Concat", "axis", 1, SONIC_NODES_MAX, sonic_onnx_lower_concat},
    {"Conv", WINDOW_ATTRIBUTES " group", 2, 3, sonic_onnx_lower_conv},
    {"Div", "", 2, 2, sonic_onnx_lower_div},
    {"Dropout", "ratio seed", 1, 3, sonic_onnx_lower_same},
    {"Flatten", "axis", 1, 1, sonic_onnx_lower_flatten},
    {"Gemm", "alpha beta transA transB", 2, 3, sonic_onnx_lower_gemm},
    {"GlobalAveragePool", "", 1, 1, sonic_onnx_lower_global_pool},
    {"GlobalMaxPool", "", 1, 1, sonic_onnx_lower_global_pool},
    {"Identity", "", 1, 1, sonic_onnx_lower_same},
    {"LeakyRelu", "alpha", 1, 1, sonic_onnx_lower_leaky_relu},
    {"MatMul", "", 2, 2, sonic_onnx_lower_matmul},
    {"MaxPool", WINDOW_ATTRIBUTES " ceil_mode storage_order", 1, 1, sonic_onnx_lower_pool},
    {"Mul", "", 2, 2, sonic_onnx_lower_mul},
    {"Pad", "mode pads value", 1, 4, sonic_onnx_lower_pad},
    {"ReduceMean", "axes keepdims noop_with_empty_axes", 1, 2, sonic_onnx_lower_reduce_mean},
    {"Relu", "", 1, 1, sonic_onnx_lower_relu},
    {"Reshape", "allowzero", 2, 2, sonic_onnx_lower_reshape},
    {"Softmax", "axis", 1, 1, sonic_onnx_lower_last},
    {"Squeeze", "axes", 1, 2, sonic_onnx_lower_squeeze},
    {"Sub", "", 2, 2, sonic_onnx_lower_sub},
    {"Sum", "", 1, SONIC_NODES_MAX, sonic_onnx_lower_sum},
    {"Transpose", "perm", 1, 1, sonic_onnx_lower_transpose},
    {"Unsqueeze", "axes", 1, 2, sonic_onnx_lower_unsqueeze},
};

const sonic_onnx_operator *sonic_onnx_lower_operator(const char *type)
{
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (strcmp(operators[i].type, type) == 0)
            return &operators[i];
    return NULL;
}
