/* What the handlers of operators ask of a node: inputs, attributes, results. */
#include "proto/model/onnx.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"

sonic_status sonic_onnx_refuse(const sonic_onnx_call *call, sonic_status status, const char *format,
                               ...)
{
    char text[224];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return sonic_fail(call->onnx->error, status, "node '%.60s' (%.24s): %s", call->name,
                      call->node->op_type, text);
}

sonic_status sonic_onnx_blame(const sonic_onnx_call *call, sonic_status status)
{
    char where[128];
    (void)snprintf(where, sizeof where, "node '%.60s' (%.24s)", call->name, call->node->op_type);
    if (call->onnx->error && strncmp(call->onnx->error->text, "node '", 6) == 0)
        return status; /* the sentence names the node already */
    return sonic_fail_in(call->onnx->error, status, where);
}

sonic_onnx_value *sonic_onnx_input(const sonic_onnx_call *call, size_t i)
{
    return i < call->inputs ? call->in[i] : NULL;
}

sonic_status sonic_onnx_activation(const sonic_onnx_call *call, size_t i, uint32_t *node)
{
    const sonic_onnx_value *value = sonic_onnx_input(call, i);
    if (!value || value->kind != SONIC_ONNX_ACTIVATION)
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                                 "its input %zu must depend on the network's input", i);
    *node = value->node;
    return SONIC_OK;
}

sonic_status sonic_onnx_constant(const sonic_onnx_call *call, size_t i, const sonic_tensor **tensor)
{
    const sonic_onnx_value *value = sonic_onnx_input(call, i);
    if (!value || value->kind != SONIC_ONNX_CONSTANT)
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "its input %zu must be a constant", i);
    *tensor = value->tensor;
    return SONIC_OK;
}

const sonic_shape *sonic_onnx_shape(const sonic_onnx_call *call, uint32_t node)
{
    return &call->onnx->net.graph.node[node].shape;
}

sonic_status sonic_onnx_reals(const sonic_onnx_call *call, const sonic_tensor *tensor,
                              double factor, double **reals)
{
    if (sonic_tensor_symbolic(tensor))
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "a constant depends on the batch size");
    double *made = malloc((tensor->n ? tensor->n : 1) * sizeof *made);
    if (!made)
        return sonic_onnx_refuse(call, SONIC_E_MEMORY, "no memory for its constants");
    for (size_t i = 0; i < tensor->n; i++)
        made[i] = factor * sonic_tensor_real(tensor, i);
    *reals = made;
    return SONIC_OK;
}

sonic_status sonic_onnx_give_node(const sonic_onnx_call *call, uint32_t node)
{
    call->out->kind = SONIC_ONNX_ACTIVATION;
    call->out->node = node;
    return SONIC_OK;
}

sonic_status sonic_onnx_give_tensor(const sonic_onnx_call *call, sonic_tensor *tensor)
{
    call->out->kind = SONIC_ONNX_CONSTANT;
    call->out->tensor = tensor;
    return SONIC_OK;
}

sonic_status sonic_onnx_make(const sonic_onnx_call *call, bool integer, uint32_t rank,
                             const size_t *dim, sonic_tensor **tensor)
{
    sonic_onnx *onnx = call->onnx;
    sonic_tensor *made;
    sonic_status status = SONIC_OK;
    size_t n = 1, room = SONIC_FOLDED_MAX + 8 * onnx->constants - onnx->made;
    bool fits = true;
    for (uint32_t i = 0; i < rank && fits; i++)
        fits = sonic_size_mul(&n, n, dim[i]);
    if (!fits || n > room)
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "the computed constants are too large");
    status = sonic_tensor_create(&made, integer, rank, dim, onnx->error);
    if (status)
        return sonic_onnx_blame(call, status);
    onnx->made += n;
    *tensor = made;
    return SONIC_OK;
}

const Onnx__AttributeProto *sonic_onnx_attribute(const sonic_onnx_call *call, const char *name)
{
    for (size_t i = 0; i < call->node->n_attribute; i++) {
        const Onnx__AttributeProto *a = call->node->attribute[i];
        if (a->name && strcmp(a->name, name) == 0)
            return a;
    }
    return NULL;
}

static sonic_status wrong_type(const sonic_onnx_call *call, const char *name)
{
    return sonic_onnx_refuse(call, SONIC_E_FORMAT, "attribute '%s' has the wrong type", name);
}

/* Some writers leave out a value that is 0. */
static bool left_out(const Onnx__AttributeProto *a)
{
    return !a->has_i && !a->has_f && !a->has_s && !a->n_ints && !a->n_floats && !a->t;
}

sonic_status sonic_onnx_int(const sonic_onnx_call *call, const char *name, int64_t *value)
{
    const Onnx__AttributeProto *a = sonic_onnx_attribute(call, name);
    if (a && !a->has_i && !left_out(a))
        return wrong_type(call, name);
    if (a)
        *value = a->has_i ? a->i : 0;
    return SONIC_OK;
}

sonic_status sonic_onnx_float(const sonic_onnx_call *call, const char *name, double *value)
{
    const Onnx__AttributeProto *a = sonic_onnx_attribute(call, name);
    if (a && !a->has_f && !left_out(a))
        return wrong_type(call, name);
    if (a)
        *value = a->has_f ? (double)a->f : 0;
    return SONIC_OK;
}

sonic_status sonic_onnx_ints(const sonic_onnx_call *call, const char *name, const int64_t **value,
                             size_t *n)
{
    const Onnx__AttributeProto *a = sonic_onnx_attribute(call, name);
    if (a && (a->has_i || a->has_f || a->has_s || a->n_floats || a->t))
        return wrong_type(call, name);
    if (a) {
        *value = a->ints;
        *n = a->n_ints;
    }
    return SONIC_OK;
}

sonic_status sonic_onnx_text(const sonic_onnx_call *call, const char *name, char *text, size_t size)
{
    const Onnx__AttributeProto *a = sonic_onnx_attribute(call, name);
    if (a && !a->has_s)
        return wrong_type(call, name);
    if (a) {
        size_t n = a->s.len < size - 1 ? a->s.len : size - 1;
        if (n)
            memcpy(text, a->s.data, n);
        text[n] = 0;
    }
    return SONIC_OK;
}

sonic_status sonic_onnx_list(const sonic_onnx_call *call, size_t i, const char *name,
                             int64_t *value, size_t room, size_t *n, bool *given)
{
    const sonic_onnx_value *input = sonic_onnx_input(call, i);
    const int64_t *ints = NULL;
    size_t count = 0;
    *given = input || (name && sonic_onnx_attribute(call, name));
    if (input) {
        const sonic_tensor *tensor = NULL;
        sonic_status status = sonic_onnx_constant(call, i, &tensor);
        if (status)
            return status;
        if (!tensor->integer || tensor->rank > 1 || sonic_tensor_symbolic(tensor))
            return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                                     "its input %zu is not a list of known integers", i);
        count = tensor->n;
        for (size_t k = 0; k < count && k < room; k++)
            value[k] = tensor->integer[k].value;
    } else if (name) {
        sonic_status status = sonic_onnx_ints(call, name, &ints, &count);
        if (status)
            return status;
        for (size_t k = 0; k < count && k < room; k++)
            value[k] = ints[k];
    }
    if (count > room)
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "it lists %zu integers, more than %zu",
                                 count, room);
    *n = count;
    return SONIC_OK;
}

sonic_status sonic_onnx_axis(const sonic_onnx_call *call, int64_t axis, uint32_t rank,
                             uint32_t *result)
{
    if (axis < -(int64_t)rank || axis >= (int64_t)rank)
        return sonic_onnx_refuse(call, SONIC_E_FORMAT,
                                 "axis %lld does not exist among %u dimensions", (long long)axis,
                                 rank);
    *result = (uint32_t)(axis < 0 ? axis + (int64_t)rank : axis);
    return SONIC_OK;
}

sonic_status sonic_onnx_axes(const sonic_onnx_call *call, size_t i, const char *name, uint32_t rank,
                             unsigned *axes, bool *given)
{
    int64_t list[SONIC_TENSOR_RANK_MAX];
    size_t n;
    sonic_status status = sonic_onnx_list(call, i, name, list, SONIC_TENSOR_RANK_MAX, &n, given);
    *axes = 0;
    for (size_t k = 0; !status && k < n; k++) {
        uint32_t axis = 0;
        status = sonic_onnx_axis(call, list[k], rank, &axis);
        if (!status && *axes >> axis & 1)
            status = sonic_onnx_refuse(call, SONIC_E_FORMAT, "axis %u is listed twice", axis);
        if (!status)
            *axes |= 1u << axis;
    }
    return status;
}
