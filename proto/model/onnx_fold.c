/* Operators on constants: the table, and those that make constants out of nothing. */
#include "proto/model/onnx.h"

#include <math.h>
#include <string.h>

static sonic_status fold_constant(const sonic_onnx_call *call)
{
    const Onnx__AttributeProto *a;
    sonic_tensor *tensor = NULL;
    const int64_t *ints = NULL;
    int64_t whole = 0;
    double real = 0;
    size_t n = 0;
    sonic_status status = SONIC_OK;
    if ((a = sonic_onnx_attribute(call, "value")) && a->t) {
        status = sonic_onnx_tensor(call->onnx, a->t, call->name, &tensor);
    } else if (sonic_onnx_attribute(call, "value_int")) {
        status = sonic_onnx_int(call, "value_int", &whole);
        if (!status && !(status = sonic_onnx_make(call, true, 0, NULL, &tensor)))
            tensor->integer[0].value = whole;
    } else if (sonic_onnx_attribute(call, "value_float")) {
        status = sonic_onnx_float(call, "value_float", &real);
        if (!status && !(status = sonic_onnx_make(call, false, 0, NULL, &tensor)))
            tensor->real[0] = real;
    } else if (sonic_onnx_attribute(call, "value_ints")) {
        status = sonic_onnx_ints(call, "value_ints", &ints, &n);
        if (!status && !(status = sonic_onnx_make(call, true, 1, &n, &tensor)))
            for (size_t i = 0; i < n; i++)
                tensor->integer[i].value = ints[i];
    } else if ((a = sonic_onnx_attribute(call, "value_floats"))) {
        status = sonic_onnx_make(call, false, 1, &a->n_floats, &tensor);
        for (size_t i = 0; !status && i < a->n_floats; i++)
            tensor->real[i] = (double)a->floats[i];
    } else {
        status = sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "it holds no numbers");
    }
    return status ? status : sonic_onnx_give_tensor(call, tensor);
}

/* A list of sizes in input i, none of which mentions the batch. */
static sonic_status read_sizes(const sonic_onnx_call *call, size_t i, size_t *dim, uint32_t *rank)
{
    int64_t list[SONIC_TENSOR_RANK_MAX];
    size_t n;
    bool given;
    sonic_status status = sonic_onnx_list(call, i, NULL, list, SONIC_TENSOR_RANK_MAX, &n, &given);
    for (size_t k = 0; !status && k < n; k++) {
        if (list[k] < 0)
            status = sonic_onnx_refuse(call, SONIC_E_FORMAT, "a size is negative");
        dim[k] = (size_t)list[k];
    }
    *rank = (uint32_t)n;
    return status;
}

static sonic_status fold_constant_of_shape(const sonic_onnx_call *call)
{
    size_t dim[SONIC_TENSOR_RANK_MAX];
    uint32_t rank = 0;
    sonic_tensor *value = NULL, *tensor = NULL;
    const Onnx__AttributeProto *a = sonic_onnx_attribute(call, "value");
    sonic_status status = read_sizes(call, 0, dim, &rank);
    if (!status && a && a->t)
        status = sonic_onnx_tensor(call->onnx, a->t, call->name, &value);
    if (!status && value && value->n != 1)
        status =
            sonic_onnx_refuse(call, SONIC_E_FORMAT, "its value has %zu elements, not 1", value->n);
    if (!status)
        status = sonic_onnx_make(call, value && value->integer, rank, dim, &tensor);
    for (size_t i = 0; !status && value && i < tensor->n; i++)
        sonic_tensor_set(tensor, i, value, 0);
    sonic_tensor_free(value);
    return status ? status : sonic_onnx_give_tensor(call, tensor);
}

static sonic_status fold_shape(const sonic_onnx_call *call)
{
    const sonic_onnx_value *in = call->in[0];
    bool constant = in->kind == SONIC_ONNX_CONSTANT;
    const sonic_shape *shape = constant ? NULL : sonic_onnx_shape(call, in->node);
    int64_t rank = constant ? in->tensor->rank : shape->rank + 1, start = 0, end = rank;
    sonic_status status = sonic_onnx_int(call, "start", &start);
    if (!status)
        status = sonic_onnx_int(call, "end", &end);
    if (status)
        return status;
    start = start < -rank ? 0 : start < 0 ? start + rank : start > rank ? rank : start;
    end = end < -rank ? 0 : end < 0 ? end + rank : end > rank ? rank : end;
    size_t n = end > start ? (size_t)(end - start) : 0;
    sonic_tensor *tensor = NULL;
    status = sonic_onnx_make(call, true, 1, &n, &tensor);
    if (status)
        return status;
    for (size_t i = 0; i < n; i++) {
        size_t d = (size_t)start + i;
        tensor->integer[i] = constant ? (sonic_symbol){(int64_t)in->tensor->dim[d], 0}
                             : d == 0 ? (sonic_symbol){1, 1}
                                      : (sonic_symbol){(int64_t)shape->dim[d - 1], 0};
    }
    return sonic_onnx_give_tensor(call, tensor);
}

/* The range of an integer type; false for other types. */
static bool integer_range(int64_t type, double *low, double *high)
{
    switch (type) {
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT8: *low = 0, *high = 0xff; return true;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT8: *low = -0x80, *high = 0x7f; return true;
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT16: *low = 0, *high = 0xffff; return true;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT16: *low = -0x8000, *high = 0x7fff; return true;
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT32: *low = 0, *high = 0xffffffffu; return true;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT32:
        *low = -0x80000000ll, *high = 0x7fffffff;
        return true;
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT64:
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT64: *low = -0x1p63, *high = 0x1p63 - 1024; return true;
    default: return false;
    }
}

static bool real_type(int64_t type)
{
    return type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT ||
           type == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE ||
           type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16 || type == 16;
}

/* One element to an integer type.  64-bit integers pass unchanged. */
static bool cast_integer(sonic_symbol *to, const sonic_tensor *from, size_t i, int64_t type)
{
    double low, high, value = sonic_tensor_real(from, i);
    if (type == ONNX__TENSOR_PROTO__DATA_TYPE__BOOL) {
        *to = (sonic_symbol){value != 0, 0};
        return true;
    }
    if (from->integer)
        *to = from->integer[i];
    if (!integer_range(type, &low, &high))
        return false;
    if (from->integer && high > 0x1p40)
        return true;
    value = trunc(value);
    if (!(value >= low && value <= high))
        return false;
    if (from->real)
        *to = (sonic_symbol){(int64_t)value, 0};
    return true;
}

static sonic_status fold_cast(const sonic_onnx_call *call)
{
    const sonic_tensor *in = call->in[0]->tensor;
    int64_t type = 0;
    bool real;
    sonic_tensor *tensor = NULL;
    sonic_status status = sonic_onnx_int(call, "to", &type);
    if (status)
        return status;
    real = real_type(type);
    if (real && sonic_tensor_symbolic(in))
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "the batch size becomes a real number");
    status = sonic_onnx_make(call, !real, in->rank, in->dim, &tensor);
    if (status)
        return status;
    for (size_t i = 0; i < in->n && !status; i++) {
        if (real)
            tensor->real[i] = sonic_tensor_real(in, i);
        else if (!cast_integer(&tensor->integer[i], in, i, type))
            status = sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                                       "a constant does not fit type %lld, or it is no type",
                                       (long long)type);
    }
    if (status) {
        sonic_tensor_free(tensor);
        return status;
    }
    return sonic_onnx_give_tensor(call, tensor);
}

static sonic_status fold_range(const sonic_onnx_call *call)
{
    const sonic_tensor *part[3];
    for (size_t i = 0; i < 3; i++) {
        part[i] = call->in[i]->tensor;
        if (part[i]->n != 1 || sonic_tensor_symbolic(part[i]) ||
            !part[i]->integer != !part[0]->integer)
            return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                                     "its inputs are not three known numbers");
    }
    double start = sonic_tensor_real(part[0], 0), step = sonic_tensor_real(part[2], 0);
    double count = ceil((sonic_tensor_real(part[1], 0) - start) / step);
    if (!(count >= -0x1p62 && count <= (double)SONIC_FOLDED_MAX))
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "the range is too long");
    size_t n = count > 0 ? (size_t)count : 0;
    sonic_tensor *tensor = NULL;
    sonic_status status = sonic_onnx_make(call, part[0]->integer != NULL, 1, &n, &tensor);
    if (status)
        return status;
    for (size_t i = 0; i < n; i++) {
        double value = start + (double)i * step;
        if (tensor->real)
            tensor->real[i] = value;
        else
            tensor->integer[i].value = value >= -0x1p62 && value <= 0x1p62 ? (int64_t)value : 0;
    }
    return sonic_onnx_give_tensor(call, tensor);
}

static sonic_status fold_same(const sonic_onnx_call *call)
{
    const sonic_tensor *in = call->in[0]->tensor;
    sonic_tensor *tensor = NULL;
    sonic_status status = sonic_onnx_make(call, in->integer != NULL, in->rank, in->dim, &tensor);
    if (status)
        return status;
    for (size_t i = 0; i < in->n; i++)
        sonic_tensor_set(tensor, i, in, i);
    return sonic_onnx_give_tensor(call, tensor);
}

static const sonic_onnx_operator operators[] = {
    {"Abs", "", 1, 1, sonic_onnx_fold_unary},
    {"Add", "", 2, 2, sonic_onnx_fold_binary},
    {"Cast", "to saturate", 1, 1, fold_cast},
    {"Ceil", "", 1, 1, sonic_onnx_fold_unary},
    {"Concat", "axis", 1, SIZE_MAX, sonic_onnx_fold_concat},
    {"Constant", "value value_int value_ints value_float value_floats", 0, 0, fold_constant},
    {"ConstantOfShape", "value", 1, 1, fold_constant_of_shape},
    {"Div", "", 2, 2, sonic_onnx_fold_binary},
    {"Dropout", "ratio seed", 1, 3, fold_same},
    {"Equal", "", 2, 2, sonic_onnx_fold_binary},
    {"Expand", "", 2, 2, sonic_onnx_fold_expand},
    {"Flatten", "axis", 1, 1, sonic_onnx_fold_flatten},
    {"Floor", "", 1, 1, sonic_onnx_fold_unary},
    {"Gather", "axis", 2, 2, sonic_onnx_fold_gather},
    {"Identity", "", 1, 1, fold_same},
    {"Max", "", 2, 2, sonic_onnx_fold_binary},
    {"Min", "", 2, 2, sonic_onnx_fold_binary},
    {"Mul", "", 2, 2, sonic_onnx_fold_binary},
    {"Neg", "", 1, 1, sonic_onnx_fold_unary},
    {"Pow", "", 2, 2, sonic_onnx_fold_binary},
    {"Range", "", 3, 3, fold_range},
    {"Reciprocal", "", 1, 1, sonic_onnx_fold_unary},
    {"ReduceProd", "axes keepdims noop_with_empty_axes", 1, 2, sonic_onnx_fold_reduce},
    {"ReduceSum", "axes keepdims noop_with_empty_axes", 1, 2, sonic_onnx_fold_reduce},
    {"Reshape", "allowzero", 2, 2, sonic_onnx_fold_reshape},
    {"Shape", "start end", 1, 1, fold_shape},
    {"Slice", "starts ends axes", 1, 5, sonic_onnx_fold_slice},
    {"Sqrt", "", 1, 1, sonic_onnx_fold_unary},
    {"Squeeze", "axes", 1, 2, sonic_onnx_fold_squeeze},
    {"Sub", "", 2, 2, sonic_onnx_fold_binary},
    {"Transpose", "perm", 1, 1, sonic_onnx_fold_transpose},
    {"Unsqueeze", "axes", 1, 2, sonic_onnx_fold_unsqueeze},
    {"Where", "", 3, 3, sonic_onnx_fold_where},
};

const sonic_onnx_operator *sonic_onnx_fold_operator(const char *type)
{
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (strcmp(operators[i].type, type) == 0)
            return &operators[i];
    return NULL;
}
