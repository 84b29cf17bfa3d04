/* Windows, pools, means over space and padding. */
#include "proto/model/onnx.h"

#include <string.h>

typedef enum auto_pad { NOTSET, SAME_UPPER, SAME_LOWER, VALID } auto_pad;

static sonic_status read_auto_pad(const sonic_onnx_call *call, auto_pad *mode)
{
    static const char *const names[] = {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"};
    char text[32] = "NOTSET";
    sonic_status status = sonic_onnx_text(call, "auto_pad", text, sizeof text);
    if (status)
        return status;
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(text, names[i]) == 0 || (*text == 0 && i == 0)) {
            *mode = (auto_pad)i;
            return SONIC_OK;
        }
    return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "auto_pad '%s' does not exist", text);
}

/* `n` integers of an attribute that has none or exactly that many, each from `least` to the largest
 * that a window may have. */
static sonic_status read_sizes(const sonic_onnx_call *call, const char *name, size_t n,
                               int64_t least, int64_t *value)
{
    const int64_t *list = NULL;
    size_t count = 0;
    sonic_status status = sonic_onnx_ints(call, name, &list, &count);
    if (status || count == 0)
        return status;
    if (count != n)
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                                 "%s has %zu numbers, not %zu: only windows in two dimensions are "
                                 "supported", name, count, n);
    for (size_t i = 0; i < n; i++) {
        if (list[i] < least || list[i] > SONIC_WINDOW_MAX)
            return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "%s has %lld, not %lld to %d", name,
                                     (long long)list[i], (long long)least, SONIC_WINDOW_MAX);
        value[i] = list[i];
    }
    return SONIC_OK;
}

/* The padding of one axis: explicit, or computed; with ceil_mode, enough after for the last window.
 * The last window must start inside the input or the padding before it. */
static bool pad_axis(int64_t in, int64_t extent, int64_t stride, auto_pad mode, bool ceil_mode,
                     int64_t *before, int64_t *after)
{
    if (mode == VALID)
        *before = *after = 0;
    if (mode == SAME_UPPER || mode == SAME_LOWER) {
        int64_t need = ((in + stride - 1) / stride - 1) * stride + extent - in;
        need = need > 0 ? need : 0;
        *before = mode == SAME_UPPER ? need / 2 : need - need / 2;
        *after = need - *before;
        return false;
    }
    int64_t room = in + *before + *after - extent;
    if (!ceil_mode || room < 0 || room % stride == 0)
        return false;
    int64_t last = room / stride + 1;
    if (last * stride >= in + *before)
        return false;
    *after = last * stride + extent - in - *before;
    return true;
}

sonic_status sonic_onnx_window(const sonic_onnx_call *call, const sonic_shape *in,
                               const size_t kernel[2], sonic_window *window, bool *overhang)
{
    int64_t shape[2] = {0, 0}, stride[2] = {1, 1}, dilation[2] = {1, 1}, pad[4] = {0, 0, 0, 0};
    int64_t ceil_mode = 0;
    auto_pad mode = NOTSET;
    sonic_status status = read_sizes(call, "kernel_shape", 2, 1, shape);
    if (!status)
        status = read_sizes(call, "strides", 2, 1, stride);
    if (!status)
        status = read_sizes(call, "dilations", 2, 1, dilation);
    if (!status)
        status = read_sizes(call, "pads", 4, 0, pad);
    if (!status)
        status = sonic_onnx_int(call, "ceil_mode", &ceil_mode);
    if (!status)
        status = read_auto_pad(call, &mode);
    if (status)
        return status;
    *overhang = false;
    for (unsigned i = 0; i < 2; i++) {
        int64_t weights = kernel[i] > SONIC_WINDOW_MAX ? SONIC_WINDOW_MAX + 1 : (int64_t)kernel[i];
        if (shape[i] == 0)
            shape[i] = weights;
        if (shape[i] < 1 || shape[i] > SONIC_WINDOW_MAX || (weights && weights != shape[i]))
            return sonic_onnx_refuse(call, SONIC_E_FORMAT,
                                     "its kernel_shape is missing, too large or not the weights'");
        int64_t extent = dilation[i] * (shape[i] - 1) + 1;
        *overhang |=
            pad_axis(in->dim[1 + i], extent, stride[i], mode, ceil_mode != 0, &pad[i], &pad[2 + i]);
        if (pad[i] > SONIC_WINDOW_MAX || pad[2 + i] > SONIC_WINDOW_MAX)
            return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "its padding is too large");
    }
    *window = (sonic_window){
        (uint32_t)shape[0],    (uint32_t)shape[1],    (uint32_t)stride[0], (uint32_t)stride[1],
        (uint32_t)dilation[0], (uint32_t)dilation[1], (uint32_t)pad[0],    (uint32_t)pad[1],
        (uint32_t)pad[2],      (uint32_t)pad[3],
    };
    return SONIC_OK;
}

static bool is_padded(const sonic_window *w)
{
    return w->pad_top || w->pad_left || w->pad_bottom || w->pad_right;
}

static sonic_status need_space(const sonic_onnx_call *call, const sonic_shape *in)
{
    if (in->rank == 3)
        return SONIC_OK;
    return sonic_onnx_refuse(
        call, SONIC_E_UNSUPPORTED,
        "it is supported on batch, channels, height, width only; its input has %u "
        "dimensions",
        in->rank + 1);
}

/* An average that counts explicit zeros but not what ceil_mode adds: the zeros become a node. */
static sonic_status pad_explicitly(const sonic_onnx_call *call, uint32_t *x, sonic_window *window)
{
    int64_t pad[4] = {0, 0, 0, 0};
    sonic_status status = read_sizes(call, "pads", 4, 0, pad);
    if (status)
        return status;
    sonic_window zeros = {1, 1, 1, 1, 1, 1, (uint32_t)pad[0], (uint32_t)pad[1], (uint32_t)pad[2],
                          (uint32_t)pad[3]};
    window->pad_top = window->pad_left = 0;
    window->pad_bottom -= zeros.pad_bottom;
    window->pad_right -= zeros.pad_right;
    return sonic_net_window(&call->onnx->net, SONIC_OP_PAD, call->name, *x, &zeros, false, x,
                            call->onnx->error);
}

sonic_status sonic_onnx_lower_pool(const sonic_onnx_call *call)
{
    static const size_t none[2] = {0, 0};
    bool average = strcmp(call->node->op_type, "AveragePool") == 0, overhang;
    sonic_window window;
    int64_t include = 0;
    uint32_t x, y;
    sonic_status status = sonic_onnx_activation(call, 0, &x);
    if (!status)
        status = need_space(call, sonic_onnx_shape(call, x));
    if (!status)
        status = sonic_onnx_int(call, "count_include_pad", &include);
    if (status)
        return status;
    if (call->node->n_output > 1 && *call->node->output[1])
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "its second output is not supported");
    const sonic_shape in = *sonic_onnx_shape(call, x);
    status = sonic_onnx_window(call, &in, none, &window, &overhang);
    if (!status && average && include && overhang)
        status = pad_explicitly(call, &x, &window);
    if (status)
        return status;
    bool exclude = average && is_padded(&window) && (!include || overhang);
    status = sonic_net_window(&call->onnx->net, average ? SONIC_OP_AVG_POOL : SONIC_OP_MAX_POOL,
                              call->name, x, &window, exclude, &y, call->onnx->error);
    return status ? status : sonic_onnx_give_node(call, y);
}

sonic_status sonic_onnx_lower_global_pool(const sonic_onnx_call *call)
{
    bool average = strcmp(call->node->op_type, "GlobalAveragePool") == 0;
    uint32_t x, y;
    sonic_status status = sonic_onnx_activation(call, 0, &x);
    if (!status)
        status = need_space(call, sonic_onnx_shape(call, x));
    if (status)
        return status;
    const sonic_shape *in = sonic_onnx_shape(call, x);
    const sonic_window window = {in->dim[1], in->dim[2], 1, 1, 1, 1, 0, 0, 0, 0};
    status = sonic_net_window(&call->onnx->net, average ? SONIC_OP_AVG_POOL : SONIC_OP_MAX_POOL,
                              call->name, x, &window, false, &y, call->onnx->error);
    return status ? status : sonic_onnx_give_node(call, y);
}

/* The mean over some dimensions: those kept come first, then one average pool over the rest. */
static sonic_status mean_over(const sonic_onnx_call *call, uint32_t x, unsigned axes, uint32_t *y)
{
    sonic_net *net = &call->onnx->net;
    const sonic_shape in = *sonic_onnx_shape(call, x);
    uint32_t perm[SONIC_RANK_MAX] = {0}, at = 0, kept = 1, gone = 1;
    for (uint32_t d = 0; d < in.rank; d++)
        if (!(axes >> d & 1)) {
            perm[at++] = d;
            kept *= in.dim[d];
        }
    for (uint32_t d = 0; d < in.rank; d++)
        if (axes >> d & 1) {
            perm[at++] = d;
            gone *= in.dim[d];
        }
    bool space = in.rank == 3 && perm[0] == 0 && axes == 6;
    sonic_shape flat = {3, {kept, 1, gone}};
    if (space)
        flat = in;
    const sonic_window window = {flat.dim[1], flat.dim[2], 1, 1, 1, 1, 0, 0, 0, 0};
    sonic_status status = sonic_net_permute(net, call->name, x, perm, &x, call->onnx->error);
    if (!status)
        status = sonic_net_reshape(net, call->name, x, &flat, &x, call->onnx->error);
    if (!status)
        status = sonic_net_window(net, SONIC_OP_AVG_POOL, call->name, x, &window, false, y,
                                  call->onnx->error);
    return status;
}

sonic_status sonic_onnx_lower_reduce_mean(const sonic_onnx_call *call)
{
    int64_t keep = 1, noop = 0;
    unsigned axes = 0;
    bool given;
    uint32_t x, y;
    sonic_status status = sonic_onnx_activation(call, 0, &x);
    if (status)
        return status;
    const sonic_shape in = *sonic_onnx_shape(call, x);
    status = sonic_onnx_axes(call, 1, "axes", in.rank + 1, &axes, &given);
    if (!status)
        status = sonic_onnx_int(call, "keepdims", &keep);
    if (!status)
        status = sonic_onnx_int(call, "noop_with_empty_axes", &noop);
    if (status)
        return status;
    if (axes == 0 && noop)
        return sonic_onnx_give_node(call, x);
    if (axes == 0 || axes & 1)
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                                 "means over the batch are not supported");
    axes >>= 1;
    sonic_shape result = {0};
    for (uint32_t d = 0; d < in.rank; d++)
        if (keep || !(axes >> d & 1))
            result.dim[result.rank++] = axes >> d & 1 ? 1 : in.dim[d];
    if (result.rank == 0)
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "no dimension but the batch is left");
    status = mean_over(call, x, axes, &y);
    if (!status)
        status = sonic_net_reshape(&call->onnx->net, call->name, y, &result, &y, call->onnx->error);
    return status ? status : sonic_onnx_give_node(call, y);
}

/* Zeros before and after each dimension of the shape: attributes (opset < 11) or inputs. */
static sonic_status read_pads(const sonic_onnx_call *call, uint32_t rank, uint32_t (*pad)[2])
{
    int64_t list[2 * SONIC_TENSOR_RANK_MAX], axis[SONIC_TENSOR_RANK_MAX];
    size_t n = 0, axes = 0;
    bool given, some;
    sonic_status status =
        sonic_onnx_list(call, 1, "pads", list, 2 * SONIC_TENSOR_RANK_MAX, &n, &given);
    if (!status)
        status = sonic_onnx_list(call, 3, NULL, axis, SONIC_TENSOR_RANK_MAX, &axes, &some);
    if (status)
        return status;
    size_t sides = some ? axes : rank + 1;
    if (n != 2 * sides)
        return sonic_onnx_refuse(call, SONIC_E_FORMAT, "it has %zu paddings for %zu dimensions", n,
                                 sides);
    for (size_t i = 0; i < sides; i++) {
        uint32_t d = 0;
        status = sonic_onnx_axis(call, some ? axis[i] : (int64_t)i, rank + 1, &d);
        if (status)
            return status;
        int64_t before = list[i], after = list[sides + i];
        if (before < 0 || after < 0 || before > SONIC_WINDOW_MAX || after > SONIC_WINDOW_MAX ||
            (d == 0 && (before || after)))
            return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                                     "it pads the batch, or by a negative or too large number");
        if (d > 0) {
            pad[d - 1][0] = (uint32_t)before;
            pad[d - 1][1] = (uint32_t)after;
        }
    }
    return SONIC_OK;
}

static sonic_status check_pad_mode(const sonic_onnx_call *call)
{
    char mode[16] = "constant";
    double value = 0;
    const sonic_tensor *tensor = NULL;
    sonic_status status = sonic_onnx_text(call, "mode", mode, sizeof mode);
    if (!status)
        status = sonic_onnx_float(call, "value", &value);
    if (!status && sonic_onnx_input(call, 2)) {
        status = sonic_onnx_constant(call, 2, &tensor);
        if (!status)
            value = tensor->n == 1 ? sonic_tensor_real(tensor, 0) : 1;
    }
    if (!status && (strcmp(mode, "constant") != 0 || value != 0))
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "only padding with zeros is supported");
    return status;
}

/* Pads two dimensions of three; `first` is the one that is not padded. */
static sonic_status pad_space(const sonic_onnx_call *call, uint32_t x, uint32_t first,
                              uint32_t (*pad)[2], uint32_t *y)
{
    const uint32_t perm[3] = {first, first == 0 ? 1 : 0, first == 2 ? 1 : 2};
    uint32_t back[3];
    sonic_net *net = &call->onnx->net;
    sonic_window zeros = {1, 1, 1, 1, 1, 1, pad[perm[1]][0], pad[perm[2]][0], pad[perm[1]][1],
                          pad[perm[2]][1]};
    for (uint32_t i = 0; i < 3; i++)
        back[perm[i]] = i;
    sonic_status status = sonic_net_permute(net, call->name, x, perm, &x, call->onnx->error);
    if (!status)
        status =
            sonic_net_window(net, SONIC_OP_PAD, call->name, x, &zeros, false, y, call->onnx->error);
    if (!status)
        status = sonic_net_permute(net, call->name, *y, back, y, call->onnx->error);
    return status;
}

sonic_status sonic_onnx_lower_pad(const sonic_onnx_call *call)
{
    uint32_t pad[SONIC_RANK_MAX][2] = {{0, 0}, {0, 0}, {0, 0}, {0, 0}}, x, y, first = 0;
    bool any = false;
    sonic_status status = sonic_onnx_activation(call, 0, &x);
    if (!status)
        status = check_pad_mode(call);
    const uint32_t rank = status ? 0 : sonic_onnx_shape(call, x)->rank;
    if (!status)
        status = read_pads(call, rank, pad);
    if (status)
        return status;
    for (uint32_t d = 0; d < rank; d++)
        any |= pad[d][0] || pad[d][1];
    if (!any)
        return sonic_onnx_give_node(call, x);
    while (first < rank && (pad[first][0] || pad[first][1]))
        first++;
    if (rank != 3 || first == rank)
        return sonic_onnx_refuse(
            call, SONIC_E_UNSUPPORTED,
            "only height and width of batch, channels, height, width can be padded");
    status = pad_space(call, x, first, pad, &y);
    return status ? status : sonic_onnx_give_node(call, y);
}
