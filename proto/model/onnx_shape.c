/* Flatten, Reshape, Transpose, Squeeze, Unsqueeze and Concat of activations.  The first dimension
 * is the batch and stays where it is. */
#include "proto/model/onnx.h"

#include <string.h>

static sonic_status give_reshaped(const sonic_onnx_call *call, uint32_t x, const sonic_shape *shape)
{
    uint32_t y;
    sonic_status status =
        sonic_net_reshape(&call->onnx->net, call->name, x, shape, &y, call->onnx->error);
    return status ? status : sonic_onnx_give_node(call, y);
}

static sonic_status refuse_batch(const sonic_onnx_call *call)
{
    return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                             "it moves or merges the batch, which must stay the first dimension");
}

sonic_status sonic_onnx_lower_flatten(const sonic_onnx_call *call)
{
    int64_t axis = 1;
    uint32_t x;
    sonic_status status = sonic_onnx_activation(call, 0, &x);
    if (!status)
        status = sonic_onnx_int(call, "axis", &axis);
    if (status)
        return status;
    const sonic_shape *in = sonic_onnx_shape(call, x);
    int64_t rank = in->rank + 1;
    if (axis < -rank || axis > rank)
        return sonic_onnx_refuse(call, SONIC_E_FORMAT, "axis %lld does not exist", (long long)axis);
    axis += axis < 0 ? rank : 0;
    uint32_t before = 1;
    for (int64_t d = 1; d < axis; d++)
        before *= in->dim[d - 1];
    if (axis == 0 || before != 1)
        return refuse_batch(call);
    const sonic_shape flat = {1, {(uint32_t)sonic_shape_size(in)}};
    return give_reshaped(call, x, &flat);
}

/* Whether the first number of a Reshape's target stands for the batch. */
static bool is_batch(const sonic_onnx *onnx, sonic_symbol target)
{
    if (target.power)
        return target.power == 1 && target.value == 1;
    /* A batch left open may be exported as 1; one of 4 would be merged by it. */
    return target.value == 0 || target.value == -1 ||
           target.value == (onnx->batch ? onnx->batch : 1);
}

sonic_status sonic_onnx_lower_reshape(const sonic_onnx_call *call)
{
    const sonic_tensor *target = NULL;
    int64_t allow_zero = 0;
    uint32_t x;
    sonic_status status = sonic_onnx_activation(call, 0, &x);
    if (!status)
        status = sonic_onnx_constant(call, 1, &target);
    if (!status)
        status = sonic_onnx_int(call, "allowzero", &allow_zero);
    if (status)
        return status;
    if (!target->integer || target->rank != 1)
        return sonic_onnx_refuse(call, SONIC_E_FORMAT, "its shape is no list of integers");
    const sonic_shape in = *sonic_onnx_shape(call, x);
    if (target->n < 2 || target->n > 1 + SONIC_RANK_MAX ||
        !is_batch(call->onnx, target->integer[0]))
        return refuse_batch(call);
    sonic_shape shape = {.rank = (uint32_t)target->n - 1};
    uint32_t open = UINT32_MAX;
    size_t known = 1, n = sonic_shape_size(&in);
    for (uint32_t d = 0; d < shape.rank; d++) {
        sonic_symbol size = target->integer[d + 1];
        if (allow_zero && size.value == 0)
            return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "allowzero makes an empty tensor");
        if (size.power || size.value < -1 || size.value > INT32_MAX ||
            (size.value == -1 && open != UINT32_MAX) || (size.value == 0 && d >= in.rank))
            return refuse_batch(call);
        shape.dim[d] = size.value == 0 ? in.dim[d] : (uint32_t)size.value;
        if (size.value == -1)
            open = d;
        else if (__builtin_mul_overflow(known, shape.dim[d], &known))
            return sonic_onnx_refuse(call, SONIC_E_SHAPE, "its shape is too large");
    }
    if (open != UINT32_MAX && known && n % known == 0) {
        shape.dim[open] = (uint32_t)(n / known);
        known = n;
    }
    if (known != n)
        return sonic_onnx_refuse(
            call, SONIC_E_UNSUPPORTED,
            "the %zu elements of an image cannot be arranged as it says without the "
            "batch",
            n);
    return give_reshaped(call, x, &shape);
}

sonic_status sonic_onnx_lower_transpose(const sonic_onnx_call *call)
{
    const int64_t *list = NULL;
    size_t n = 0;
    uint32_t x, y, perm[SONIC_RANK_MAX] = {0};
    unsigned seen = 0;
    sonic_status status = sonic_onnx_activation(call, 0, &x);
    if (!status)
        status = sonic_onnx_ints(call, "perm", &list, &n);
    if (status)
        return status;
    uint32_t rank = sonic_onnx_shape(call, x)->rank;
    if (n == 0 || list[0] != 0)
        return refuse_batch(call);
    for (uint32_t d = 0; d < rank; d++) {
        int64_t from = n == rank + 1 ? list[d + 1] : 0;
        if (from < 1 || from > (int64_t)rank || seen >> from & 1)
            return sonic_onnx_refuse(call, SONIC_E_FORMAT, "its axes are not a permutation");
        seen |= 1u << from;
        perm[d] = (uint32_t)from - 1;
    }
    status = sonic_net_permute(&call->onnx->net, call->name, x, perm, &y, call->onnx->error);
    return status ? status : sonic_onnx_give_node(call, y);
}

sonic_status sonic_onnx_lower_squeeze(const sonic_onnx_call *call)
{
    unsigned axes = 0;
    bool given;
    uint32_t x;
    sonic_status status = sonic_onnx_activation(call, 0, &x);
    if (status)
        return status;
    const sonic_shape in = *sonic_onnx_shape(call, x);
    status = sonic_onnx_axes(call, 1, "axes", in.rank + 1, &axes, &given);
    if (status)
        return status;
    if (axes & 1)
        return refuse_batch(call);
    sonic_shape shape = {0};
    for (uint32_t d = 0; d < in.rank; d++) {
        bool drop = given ? axes >> (d + 1) & 1 : in.dim[d] == 1;
        if (drop && in.dim[d] != 1)
            return sonic_onnx_refuse(call, SONIC_E_SHAPE, "dimension %u is %u, not 1", d + 1,
                                     in.dim[d]);
        if (!drop)
            shape.dim[shape.rank++] = in.dim[d];
    }
    if (shape.rank == 0)
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "no dimension but the batch is left");
    return give_reshaped(call, x, &shape);
}

sonic_status sonic_onnx_lower_unsqueeze(const sonic_onnx_call *call)
{
    int64_t list[SONIC_TENSOR_RANK_MAX];
    size_t added;
    unsigned axes = 0;
    bool given;
    uint32_t x, from = 0;
    sonic_status status = sonic_onnx_activation(call, 0, &x);
    if (!status)
        status = sonic_onnx_list(call, 1, "axes", list, SONIC_TENSOR_RANK_MAX, &added, &given);
    if (status)
        return status;
    const sonic_shape in = *sonic_onnx_shape(call, x);
    uint32_t rank = in.rank + 1 + (uint32_t)added;
    if (rank > 1 + SONIC_RANK_MAX)
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                                 "its result has %u dimensions, more than %d", rank,
                                 1 + SONIC_RANK_MAX);
    status = sonic_onnx_axes(call, 1, "axes", rank, &axes, &given);
    if (status)
        return status;
    if (axes & 1)
        return refuse_batch(call);
    sonic_shape shape = {.rank = rank - 1};
    for (uint32_t d = 0; d < shape.rank; d++)
        shape.dim[d] = axes >> (d + 1) & 1 ? 1 : in.dim[from++];
    return give_reshaped(call, x, &shape);
}

/* Whether all inputs are permuted alike: then the permutation moves behind the concatenation. */
static bool shared_permutation(const sonic_onnx_call *call, uint32_t *perm)
{
    const sonic_node *nodes = call->onnx->net.graph.node;
    for (size_t i = 0; i < call->inputs; i++) {
        const sonic_node *in = &nodes[call->in[i]->node];
        if (in->op != SONIC_OP_PERMUTE)
            return false;
        if (i == 0)
            memcpy(perm, in->perm, sizeof in->perm);
        else if (memcmp(perm, in->perm, sizeof in->perm) != 0)
            return false;
    }
    return true;
}

sonic_status sonic_onnx_lower_concat(const sonic_onnx_call *call)
{
    int64_t number = 0;
    uint32_t part[512], x, y, axis, perm[SONIC_RANK_MAX];
    sonic_net *net = &call->onnx->net;
    sonic_status status = sonic_onnx_int(call, "axis", &number);
    if (call->inputs > sizeof part / sizeof part[0])
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "it has %zu inputs, more than %zu",
                                 call->inputs, sizeof part / sizeof part[0]);
    for (size_t i = 0; i < call->inputs && !status; i++)
        status = sonic_onnx_activation(call, i, &part[i]);
    if (!status)
        status = sonic_onnx_activation(call, 0, &x);
    if (!status)
        status = sonic_onnx_axis(call, number, sonic_onnx_shape(call, x)->rank + 1, &axis);
    if (status)
        return status;
    if (axis == 0)
        return refuse_batch(call);
    uint32_t rank = sonic_onnx_shape(call, x)->rank;
    bool permuted = shared_permutation(call, perm);
    for (size_t i = 0; i < call->inputs; i++) {
        if (sonic_onnx_shape(call, part[i])->rank != rank)
            return sonic_onnx_refuse(call, SONIC_E_SHAPE, "its inputs have different ranks");
        part[i] = permuted ? net->graph.node[part[i]].input[0] : part[i];
    }
    status = sonic_net_append(net, SONIC_OP_CONCAT, call->name, (uint32_t)call->inputs, part, &y,
                              call->onnx->error);
    if (status)
        return status;
    net->graph.node[y].axis = permuted ? perm[axis - 1] : axis - 1;
    status = sonic_net_shape(net, y, call->onnx->error);
    if (!status && permuted)
        status = sonic_net_permute(net, call->name, y, perm, &y, call->onnx->error);
    return status ? status : sonic_onnx_give_node(call, y);
}
