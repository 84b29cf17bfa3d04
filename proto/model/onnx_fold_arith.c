/* Folding of arithmetic on constants, the batch size as an unknown factor. */
#include "proto/model/onnx.h"

#include <math.h>
#include <string.h>

typedef enum arithmetic { ADD, SUB, MUL, DIV, MIN, MAX, POW, EQUAL, UNKNOWN } arithmetic;

static arithmetic which(const char *type)
{
    static const char *const names[] = {"Add", "Sub", "Mul", "Div", "Min", "Max", "Pow", "Equal"};
    for (unsigned i = 0; i < UNKNOWN; i++)
        if (strcmp(type, names[i]) == 0)
            return (arithmetic)i;
    return UNKNOWN;
}

static double real_result(arithmetic op, double a, double b)
{
    switch (op) {
    case ADD: return a + b;
    case SUB: return a - b;
    case MUL: return a * b;
    case DIV: return a / b;
    case MIN: return a < b ? a : b;
    case MAX: return a > b ? a : b;
    default: return pow(a, b);
    }
}

/* Sizes are positive, so that a multiple of the batch never equals 0 or a negative number. */
static bool integer_equal(sonic_symbol a, sonic_symbol b, int64_t *equal)
{
    *equal = a.power == b.power && a.value == b.value;
    if (a.power == b.power)
        return true;
    return (a.power ? b.value : a.value) <= 0 && (a.power ? a.value : b.value) > 0 &&
           (a.power == 0 || b.power == 0);
}

static bool integer_divide(sonic_symbol a, sonic_symbol b, sonic_symbol *r)
{
    if (b.value == 0 || (a.value == INT64_MIN && b.value == -1))
        return false;
    bool exact = a.value % b.value == 0;
    if ((a.power || b.power) && (!exact || a.power < b.power))
        return false;
    *r = (sonic_symbol){a.value / b.value, a.power - b.power};
    return true;
}

/* False where the result is not known, or leaves 64 bits. */
static bool integer_result(arithmetic op, sonic_symbol a, sonic_symbol b, sonic_symbol *r)
{
    bool known = a.power == 0 && b.power == 0;
    *r = (sonic_symbol){0, a.power};
    switch (op) {
    case ADD:
    case SUB:
        if (a.value == 0 && op == ADD)
            return *r = b, true;
        if (b.value == 0)
            return *r = a, true;
        return a.power == b.power &&
               !(op == ADD ? __builtin_add_overflow(a.value, b.value, &r->value)
                           : __builtin_sub_overflow(a.value, b.value, &r->value));
    case MUL:
        r->power = a.power + b.power;
        return r->power <= 15 && !__builtin_mul_overflow(a.value, b.value, &r->value);
    case DIV: return integer_divide(a, b, r);
    case MIN:
    case MAX: *r = (a.value < b.value) == (op == MIN) ? a : b; return known;
    case EQUAL: r->power = 0; return integer_equal(a, b, &r->value);
    default: return false;
    }
}

/* The shape that n tensors broadcast to. */
static bool broadcast(const sonic_tensor *const *in, size_t n, size_t *dim, uint32_t *rank)
{
    *rank = 0;
    for (size_t k = 0; k < n; k++)
        *rank = in[k]->rank > *rank ? in[k]->rank : *rank;
    for (uint32_t d = 0; d < *rank; d++) {
        dim[d] = 1;
        for (size_t k = 0; k < n; k++) {
            if (d + in[k]->rank < *rank)
                continue;
            size_t size = in[k]->dim[d + in[k]->rank - *rank];
            if (size != 1 && dim[d] != 1 && size != dim[d])
                return false;
            dim[d] = size == 1 ? dim[d] : size;
        }
    }
    return true;
}

static sonic_status give_or_free(const sonic_onnx_call *call, sonic_status status,
                                 sonic_tensor *tensor)
{
    if (!status)
        return sonic_onnx_give_tensor(call, tensor);
    sonic_tensor_free(tensor);
    return status;
}

sonic_status sonic_onnx_fold_binary(const sonic_onnx_call *call)
{
    const sonic_tensor *in[2] = {call->in[0]->tensor, call->in[1]->tensor};
    arithmetic op = which(call->node->op_type);
    size_t dim[SONIC_TENSOR_RANK_MAX], index[SONIC_TENSOR_RANK_MAX];
    uint32_t rank;
    bool whole = in[0]->integer && in[1]->integer;
    if (!in[0]->integer != !in[1]->integer || (op == EQUAL && !whole) ||
        !broadcast(in, 2, dim, &rank))
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                                 "its two constants have different types or shapes");
    sonic_tensor *tensor = NULL;
    sonic_status status = sonic_onnx_make(call, whole, rank, dim, &tensor);
    for (size_t i = 0; !status && i < tensor->n; i++) {
        sonic_tensor_unravel(tensor, i, index);
        size_t a = sonic_tensor_ravel(in[0], index + (rank - in[0]->rank));
        size_t b = sonic_tensor_ravel(in[1], index + (rank - in[1]->rank));
        if (!whole)
            tensor->real[i] = real_result(op, in[0]->real[a], in[1]->real[b]);
        else if (!integer_result(op, in[0]->integer[a], in[1]->integer[b], &tensor->integer[i]))
            status = sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                                       "an integer depends on the batch size in a way that is not "
                                       "supported, or overflows");
    }
    return give_or_free(call, status, tensor);
}

static double unary_result(const char *type, double x)
{
    switch (type[0]) {
    case 'A': return fabs(x);
    case 'C': return ceil(x);
    case 'F': return floor(x);
    case 'N': return -x;
    case 'R': return 1 / x;
    default: return sqrt(x);
    }
}

/* Abs, Ceil, Floor, Neg, Reciprocal, Sqrt. */
sonic_status sonic_onnx_fold_unary(const sonic_onnx_call *call)
{
    const sonic_tensor *in = call->in[0]->tensor;
    const char *type = call->node->op_type;
    if (in->integer && strcmp(type, "Neg") != 0 && strcmp(type, "Abs") != 0)
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "its constant is of integers");
    sonic_tensor *tensor = NULL;
    sonic_status status = sonic_onnx_make(call, in->integer != NULL, in->rank, in->dim, &tensor);
    for (size_t i = 0; !status && i < in->n; i++) {
        if (in->real) {
            tensor->real[i] = unary_result(type, in->real[i]);
            continue;
        }
        sonic_symbol x = in->integer[i];
        if (x.value == INT64_MIN)
            status = sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "an integer overflows");
        else
            tensor->integer[i] =
                (sonic_symbol){type[0] == 'N' || x.value < 0 ? -x.value : x.value, x.power};
    }
    return give_or_free(call, status, tensor);
}

/* ReduceProd and ReduceSum. */
sonic_status sonic_onnx_fold_reduce(const sonic_onnx_call *call)
{
    const sonic_tensor *in = call->in[0]->tensor;
    arithmetic op = strcmp(call->node->op_type, "ReduceProd") == 0 ? MUL : ADD;
    int64_t keep = 1, noop = 0;
    unsigned axes;
    bool given;
    sonic_status status = sonic_onnx_int(call, "keepdims", &keep);
    if (!status)
        status = sonic_onnx_int(call, "noop_with_empty_axes", &noop);
    if (!status)
        status = sonic_onnx_axes(call, 1, "axes", in->rank, &axes, &given);
    if (status)
        return status;
    if (!axes && !noop)
        axes = (1u << in->rank) - 1;
    size_t dim[SONIC_TENSOR_RANK_MAX], kept[SONIC_TENSOR_RANK_MAX], index[SONIC_TENSOR_RANK_MAX];
    uint32_t rank = 0;
    for (uint32_t d = 0; d < in->rank; d++) {
        kept[d] = axes >> d & 1 ? 1 : in->dim[d];
        if (keep || !(axes >> d & 1))
            dim[rank++] = kept[d];
    }
    sonic_tensor *tensor = NULL;
    status = sonic_onnx_make(call, in->integer != NULL, rank, dim, &tensor);
    if (status)
        return status;
    for (size_t i = 0; i < tensor->n && op == MUL; i++) {
        if (tensor->real)
            tensor->real[i] = 1;
        else
            tensor->integer[i].value = 1;
    }
    for (size_t i = 0; i < in->n && !status; i++) {
        size_t to = 0;
        sonic_tensor_unravel(in, i, index);
        for (uint32_t d = 0; d < in->rank; d++)
            to = to * kept[d] + (axes >> d & 1 ? 0 : index[d]);
        if (in->real)
            tensor->real[to] = real_result(op, tensor->real[to], in->real[i]);
        else if (!integer_result(op, tensor->integer[to], in->integer[i], &tensor->integer[to]))
            status = sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                                       "a product or sum with the batch size is not supported");
    }
    return give_or_free(call, status, tensor);
}

sonic_status sonic_onnx_fold_where(const sonic_onnx_call *call)
{
    const sonic_tensor *in[3] = {call->in[0]->tensor, call->in[1]->tensor, call->in[2]->tensor};
    size_t dim[SONIC_TENSOR_RANK_MAX], index[SONIC_TENSOR_RANK_MAX];
    uint32_t rank;
    if (!in[0]->integer || sonic_tensor_symbolic(in[0]) || !in[1]->integer != !in[2]->integer ||
        !broadcast(in, 3, dim, &rank))
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "its constants do not fit each other");
    sonic_tensor *tensor = NULL;
    sonic_status status = sonic_onnx_make(call, in[1]->integer != NULL, rank, dim, &tensor);
    for (size_t i = 0; !status && i < tensor->n; i++) {
        sonic_tensor_unravel(tensor, i, index);
        size_t at = sonic_tensor_ravel(in[0], index + (rank - in[0]->rank));
        const sonic_tensor *from = in[0]->integer[at].value ? in[1] : in[2];
        sonic_tensor_set(tensor, i, from, sonic_tensor_ravel(from, index + (rank - from->rank)));
    }
    return give_or_free(call, status, tensor);
}
