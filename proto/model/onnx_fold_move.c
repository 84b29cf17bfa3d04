/* Folding of operators that move elements of constants about. */
#include "proto/model/onnx.h"

#include <string.h>

/* A tensor of the same kind as `like`. */
static sonic_status make_like(const sonic_onnx_call *call, const sonic_tensor *like, uint32_t rank,
                              const size_t *dim, sonic_tensor **tensor)
{
    return sonic_onnx_make(call, like->integer != NULL, rank, dim, tensor);
}

/* The same elements in another shape. */
static sonic_status give_arranged(const sonic_onnx_call *call, uint32_t rank, const size_t *dim)
{
    const sonic_tensor *in = call->in[0]->tensor;
    sonic_tensor *tensor = NULL;
    sonic_status status = make_like(call, in, rank, dim, &tensor);
    if (status)
        return status;
    if (tensor->n != in->n) {
        size_t n = tensor->n;
        sonic_tensor_free(tensor);
        return sonic_onnx_refuse(call, SONIC_E_SHAPE, "%zu elements cannot be arranged as %zu",
                                 in->n, n);
    }
    for (size_t i = 0; i < in->n; i++)
        sonic_tensor_set(tensor, i, in, i);
    return sonic_onnx_give_tensor(call, tensor);
}

sonic_status sonic_onnx_fold_gather(const sonic_onnx_call *call)
{
    const sonic_tensor *in = call->in[0]->tensor, *at = call->in[1]->tensor;
    int64_t number = 0;
    uint32_t axis = 0;
    sonic_status status = sonic_onnx_int(call, "axis", &number);
    if (!status)
        status = sonic_onnx_axis(call, number, in->rank, &axis);
    if (status)
        return status;
    if (!at->integer || sonic_tensor_symbolic(at) ||
        in->rank - 1 + at->rank > SONIC_TENSOR_RANK_MAX)
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "its indices are not known integers");
    size_t dim[SONIC_TENSOR_RANK_MAX], before = 1, after = 1;
    uint32_t rank = 0;
    for (uint32_t d = 0; d < axis; d++)
        before *= dim[rank++] = in->dim[d];
    for (uint32_t d = 0; d < at->rank; d++)
        dim[rank++] = at->dim[d];
    for (uint32_t d = axis + 1; d < in->rank; d++)
        after *= dim[rank++] = in->dim[d];
    sonic_tensor *tensor = NULL;
    int64_t size = (int64_t)in->dim[axis];
    for (size_t k = 0; k < at->n; k++)
        if (at->integer[k].value < -size || at->integer[k].value >= size)
            return sonic_onnx_refuse(call, SONIC_E_FORMAT,
                                     "index %lld is not in a dimension of %lld",
                                     (long long)at->integer[k].value, (long long)size);
    status = make_like(call, in, rank, dim, &tensor);
    if (status)
        return status;
    size_t to = 0;
    for (size_t i = 0; i < before; i++)
        for (size_t k = 0; k < at->n; k++) {
            int64_t index = at->integer[k].value;
            size_t from = (i * (size_t)size + (size_t)(index < 0 ? index + size : index)) * after;
            for (size_t j = 0; j < after; j++)
                sonic_tensor_set(tensor, to++, in, from + j);
        }
    return sonic_onnx_give_tensor(call, tensor);
}

static int64_t clamp(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

/* Slice before opset 10 has attributes, later inputs. */
sonic_status sonic_onnx_fold_slice(const sonic_onnx_call *call)
{
    enum { ROOM = SONIC_TENSOR_RANK_MAX };
    const sonic_tensor *in = call->in[0]->tensor;
    int64_t start[ROOM], end[ROOM], axis[ROOM], step[ROOM];
    size_t starts = 0, ends = 0, axes = 0, steps = 0;
    bool given, some_axes, some_steps;
    sonic_status status = sonic_onnx_list(call, 1, "starts", start, ROOM, &starts, &given);
    if (!status)
        status = sonic_onnx_list(call, 2, "ends", end, ROOM, &ends, &given);
    if (!status)
        status = sonic_onnx_list(call, 3, "axes", axis, ROOM, &axes, &some_axes);
    if (!status)
        status = sonic_onnx_list(call, 4, NULL, step, ROOM, &steps, &some_steps);
    if (status)
        return status;
    if (ends != starts || (some_axes && axes != starts) || (some_steps && steps != starts))
        return sonic_onnx_refuse(call, SONIC_E_FORMAT, "its lists have different lengths");
    int64_t first[ROOM] = {0}, stride[ROOM];
    size_t dim[ROOM], index[ROOM] = {0};
    for (uint32_t d = 0; d < in->rank; d++) {
        stride[d] = 1;
        dim[d] = in->dim[d];
    }
    for (size_t k = 0; k < starts; k++) {
        uint32_t d = 0;
        status = sonic_onnx_axis(call, some_axes ? axis[k] : (int64_t)k, in->rank, &d);
        if (status)
            return status;
        int64_t size = (int64_t)in->dim[d], by = some_steps ? step[k] : 1;
        if (by == 0 || by < -INT32_MAX || by > INT32_MAX)
            return sonic_onnx_refuse(call, SONIC_E_FORMAT, "a step is 0 or too large");
        int64_t from = start[k] < 0 ? start[k] + size : start[k];
        int64_t to = end[k] < 0 && end[k] >= -size ? end[k] + size : end[k];
        from = by > 0 ? clamp(from, 0, size) : clamp(from, 0, size - 1);
        to = by > 0 ? clamp(to, 0, size) : clamp(to, -1, size - 1);
        int64_t n = by > 0 ? (to - from + by - 1) / by : (from - to - by - 1) / -by;
        dim[d] = n > 0 && size > 0 ? (size_t)n : 0;
        first[d] = from;
        stride[d] = by;
    }
    sonic_tensor *tensor = NULL;
    status = make_like(call, in, in->rank, dim, &tensor);
    if (status)
        return status;
    for (size_t i = 0; i < tensor->n; i++) {
        sonic_tensor_unravel(tensor, i, index);
        for (uint32_t d = 0; d < in->rank; d++)
            index[d] = (size_t)(first[d] + (int64_t)index[d] * stride[d]);
        sonic_tensor_set(tensor, i, in, sonic_tensor_ravel(in, index));
    }
    return sonic_onnx_give_tensor(call, tensor);
}

sonic_status sonic_onnx_fold_concat(const sonic_onnx_call *call)
{
    const sonic_tensor *first = call->in[0] ? call->in[0]->tensor : NULL;
    int64_t number = 0;
    uint32_t axis = 0;
    size_t dim[SONIC_TENSOR_RANK_MAX], sum = 0, at = 0;
    sonic_status status = sonic_onnx_int(call, "axis", &number);
    if (!status)
        status = sonic_onnx_axis(call, number, first->rank, &axis);
    if (status)
        return status;
    for (size_t i = 0; i < call->inputs; i++) {
        const sonic_tensor *in = call->in[i] ? call->in[i]->tensor : NULL;
        bool fits = in && in->rank == first->rank && !in->integer == !first->integer;
        for (uint32_t d = 0; fits && d < in->rank; d++)
            fits = d == axis || in->dim[d] == first->dim[d];
        if (!fits)
            return sonic_onnx_refuse(call, SONIC_E_SHAPE, "its input %zu does not fit the first",
                                     i);
        sum += in->dim[axis];
    }
    memcpy(dim, first->dim, sizeof dim);
    dim[axis] = sum;
    sonic_tensor *tensor = NULL;
    status = make_like(call, first, first->rank, dim, &tensor);
    for (size_t i = 0; !status && i < call->inputs; i++) {
        const sonic_tensor *in = call->in[i]->tensor;
        for (size_t k = 0; k < in->n; k++) {
            size_t index[SONIC_TENSOR_RANK_MAX], to = 0;
            sonic_tensor_unravel(in, k, index);
            index[axis] += at;
            for (uint32_t d = 0; d < tensor->rank; d++)
                to = to * tensor->dim[d] + index[d];
            sonic_tensor_set(tensor, to, in, k);
        }
        at += in->dim[axis];
    }
    return status ? status : sonic_onnx_give_tensor(call, tensor);
}

sonic_status sonic_onnx_fold_reshape(const sonic_onnx_call *call)
{
    const sonic_tensor *in = call->in[0]->tensor;
    int64_t list[SONIC_TENSOR_RANK_MAX], allow_zero = 0;
    size_t n, dim[SONIC_TENSOR_RANK_MAX], known = 1, open = SIZE_MAX;
    bool given;
    sonic_status status = sonic_onnx_list(call, 1, NULL, list, SONIC_TENSOR_RANK_MAX, &n, &given);
    if (!status)
        status = sonic_onnx_int(call, "allowzero", &allow_zero);
    for (size_t i = 0; !status && i < n; i++) {
        if (list[i] < -1 || (list[i] == -1 && open != SIZE_MAX) || list[i] > INT32_MAX ||
            (list[i] == 0 && !allow_zero && i >= in->rank))
            return sonic_onnx_refuse(call, SONIC_E_FORMAT, "its shape makes no sense");
        dim[i] = list[i] == 0 && !allow_zero ? in->dim[i] : (size_t)list[i];
        if (list[i] == -1)
            open = i;
        else if (__builtin_mul_overflow(known, dim[i], &known))
            return sonic_onnx_refuse(call, SONIC_E_FORMAT, "its shape is too large");
    }
    if (status)
        return status;
    if (open != SIZE_MAX)
        dim[open] = known ? in->n / known : 0;
    return give_arranged(call, (uint32_t)n, dim);
}

sonic_status sonic_onnx_fold_flatten(const sonic_onnx_call *call)
{
    const sonic_tensor *in = call->in[0]->tensor;
    int64_t axis = 1;
    sonic_status status = sonic_onnx_int(call, "axis", &axis);
    if (status)
        return status;
    if (axis < -(int64_t)in->rank || axis > (int64_t)in->rank)
        return sonic_onnx_refuse(call, SONIC_E_FORMAT, "axis %lld does not exist", (long long)axis);
    size_t dim[2] = {1, 1}, split = (size_t)(axis < 0 ? axis + (int64_t)in->rank : axis);
    for (uint32_t d = 0; d < in->rank; d++)
        dim[d >= split] *= in->dim[d];
    return give_arranged(call, 2, dim);
}

sonic_status sonic_onnx_fold_transpose(const sonic_onnx_call *call)
{
    const sonic_tensor *in = call->in[0]->tensor;
    const int64_t *perm = NULL;
    size_t n = 0, dim[SONIC_TENSOR_RANK_MAX], axis[SONIC_TENSOR_RANK_MAX];
    unsigned seen = 0;
    sonic_status status = sonic_onnx_ints(call, "perm", &perm, &n);
    if (status)
        return status;
    for (uint32_t d = 0; d < in->rank; d++) {
        int64_t from = n == 0 ? (int64_t)(in->rank - 1 - d) : n == in->rank ? perm[d] : -1;
        if (from < 0 || from >= (int64_t)in->rank || seen >> from & 1)
            return sonic_onnx_refuse(call, SONIC_E_FORMAT, "its axes are not a permutation");
        seen |= 1u << from;
        axis[d] = (size_t)from;
        dim[d] = in->dim[from];
    }
    sonic_tensor *tensor = NULL;
    status = make_like(call, in, in->rank, dim, &tensor);
    for (size_t i = 0; !status && i < tensor->n; i++) {
        size_t index[SONIC_TENSOR_RANK_MAX], from[SONIC_TENSOR_RANK_MAX];
        sonic_tensor_unravel(tensor, i, index);
        for (uint32_t d = 0; d < in->rank; d++)
            from[axis[d]] = index[d];
        sonic_tensor_set(tensor, i, in, sonic_tensor_ravel(in, from));
    }
    return status ? status : sonic_onnx_give_tensor(call, tensor);
}

sonic_status sonic_onnx_fold_squeeze(const sonic_onnx_call *call)
{
    const sonic_tensor *in = call->in[0]->tensor;
    unsigned axes;
    bool given;
    size_t dim[SONIC_TENSOR_RANK_MAX];
    uint32_t rank = 0;
    sonic_status status = sonic_onnx_axes(call, 1, "axes", in->rank, &axes, &given);
    for (uint32_t d = 0; !status && d < in->rank; d++) {
        bool drop = given ? axes >> d & 1 : in->dim[d] == 1;
        if (drop && in->dim[d] != 1)
            return sonic_onnx_refuse(call, SONIC_E_SHAPE, "dimension %u is %zu, not 1", d,
                                     in->dim[d]);
        if (!drop)
            dim[rank++] = in->dim[d];
    }
    return status ? status : give_arranged(call, rank, dim);
}

sonic_status sonic_onnx_fold_unsqueeze(const sonic_onnx_call *call)
{
    const sonic_tensor *in = call->in[0]->tensor;
    int64_t list[SONIC_TENSOR_RANK_MAX];
    unsigned axes;
    bool given;
    size_t dim[SONIC_TENSOR_RANK_MAX], added;
    uint32_t from = 0;
    sonic_status status =
        sonic_onnx_list(call, 1, "axes", list, SONIC_TENSOR_RANK_MAX, &added, &given);
    if (status)
        return status;
    uint32_t rank = in->rank + (uint32_t)added;
    if (rank > SONIC_TENSOR_RANK_MAX)
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "a constant has %u dimensions", rank);
    status = sonic_onnx_axes(call, 1, "axes", rank, &axes, &given);
    for (uint32_t d = 0; !status && d < rank; d++)
        dim[d] = axes >> d & 1 ? 1 : in->dim[from++];
    return status ? status : give_arranged(call, rank, dim);
}

sonic_status sonic_onnx_fold_expand(const sonic_onnx_call *call)
{
    const sonic_tensor *in = call->in[0]->tensor;
    int64_t list[SONIC_TENSOR_RANK_MAX];
    size_t n, dim[SONIC_TENSOR_RANK_MAX], index[SONIC_TENSOR_RANK_MAX];
    bool given;
    sonic_status status = sonic_onnx_list(call, 1, NULL, list, SONIC_TENSOR_RANK_MAX, &n, &given);
    if (status)
        return status;
    uint32_t rank = n > in->rank ? (uint32_t)n : in->rank;
    for (uint32_t d = 0; d < rank; d++) {
        int64_t want = d + n < rank ? 1 : list[d + n - rank];
        size_t have = d + in->rank < rank ? 1 : in->dim[d + in->rank - rank];
        if (want < 0 || (want != 1 && have != 1 && (size_t)want != have))
            return sonic_onnx_refuse(call, SONIC_E_SHAPE, "dimension %u cannot be expanded", d);
        dim[d] = have == 1 ? (size_t)want : have;
    }
    sonic_tensor *tensor = NULL;
    status = make_like(call, in, rank, dim, &tensor);
    for (size_t i = 0; !status && i < tensor->n; i++) {
        sonic_tensor_unravel(tensor, i, index);
        sonic_tensor_set(tensor, i, in, sonic_tensor_ravel(in, index + (rank - in->rank)));
    }
    return status ? status : sonic_onnx_give_tensor(call, tensor);
}
