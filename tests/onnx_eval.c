/* A naive evaluator of ONNX: every value is a tensor with its batch, every operator a loop over
 * output elements written from the operator's definition. */
#include "tests/onnx_build.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

enum { RANK = 8, VALUES = 256 };

typedef struct value {
    const char *name;
    size_t rank, n;
    long dim[RANK];
    double *v;
} value;

typedef struct machine {
    value value[VALUES];
    size_t values;
    const Onnx__NodeProto *node;
    int64_t opset;
} machine;

static value *make(machine *m, const char *name, size_t rank, const long *dim)
{
    cr_assert_lt(m->values, VALUES);
    value *t = &m->value[m->values++];
    *t = (value){.name = name, .rank = rank, .n = 1};
    for (size_t i = 0; i < rank; i++)
        t->n *= (size_t)(t->dim[i] = dim[i]);
    t->v = calloc(t->n ? t->n : 1, sizeof *t->v);
    cr_assert(t->v);
    return t;
}

static value *find(machine *m, const char *name)
{
    for (size_t i = 0; i < m->values; i++)
        if (strcmp(m->value[i].name, name) == 0)
            return &m->value[i];
    return NULL;
}

static value *in(machine *m, size_t i)
{
    value *t = i < m->node->n_input && *m->node->input[i] ? find(m, m->node->input[i]) : NULL;
    cr_assert(t || i >= m->node->n_input || !*m->node->input[i], "no value %s", m->node->input[i]);
    return t;
}

static value *out(machine *m, size_t rank, const long *dim)
{
    return make(m, m->node->output[0], rank, dim);
}

static const Onnx__AttributeProto *attribute(const machine *m, const char *name)
{
    for (size_t i = 0; i < m->node->n_attribute; i++)
        if (strcmp(m->node->attribute[i]->name, name) == 0)
            return m->node->attribute[i];
    return NULL;
}

static long integer(const machine *m, const char *name, long otherwise)
{
    const Onnx__AttributeProto *a = attribute(m, name);
    return a ? (long)a->i : otherwise;
}

/* Element k of a list attribute. */
static long element(const machine *m, const char *name, size_t k, long otherwise)
{
    const Onnx__AttributeProto *a = attribute(m, name);
    return a && k < a->n_ints ? (long)a->ints[k] : otherwise;
}

/* The list in input i, or else in the attribute. */
static size_t list(machine *m, size_t i, const char *name, long *to)
{
    const value *t = in(m, i);
    const Onnx__AttributeProto *a = attribute(m, name);
    size_t n = t ? t->n : a ? a->n_ints : 0;
    for (size_t k = 0; k < n; k++)
        to[k] = t ? (long)t->v[k] : (long)a->ints[k];
    return n;
}

static void unravel(const value *t, size_t i, long *at)
{
    for (size_t d = t->rank; d-- > 0; i /= (size_t)t->dim[d])
        at[d] = (long)(i % (size_t)t->dim[d]);
}

/* The element at an index, as wide as `rank`, of a tensor that broadcasts to it. */
static double pick(const value *t, size_t rank, const long *at)
{
    size_t i = 0;
    for (size_t d = 0; d < t->rank; d++)
        i = i * (size_t)t->dim[d] + (t->dim[d] == 1 ? 0 : (size_t)at[d + rank - t->rank]);
    return t->v[i];
}

static value *read_tensor(machine *m, const char *name, const Onnx__TensorProto *proto)
{
    long dim[RANK];
    for (size_t i = 0; i < proto->n_dims; i++)
        dim[i] = (long)proto->dims[i];
    value *t = make(m, name, proto->n_dims, dim);
    for (size_t i = 0; i < t->n; i++)
        t->v[i] = proto->n_float_data ? (double)proto->float_data[i] : (double)proto->int64_data[i];
    return t;
}

/* --- windows */
typedef struct window {
    long kernel[2], stride[2], dilation[2], before[2], out[2], padded[2];
} window;

static window read_window(const machine *m, const value *x, const long *kernel)
{
    window w;
    const Onnx__AttributeProto *a = attribute(m, "auto_pad");
    char mode[16] = "NOTSET";
    if (a)
        memcpy(mode, a->s.data, a->s.len), mode[a->s.len] = 0;
    for (size_t i = 0; i < 2; i++) {
        long size = x->dim[2 + i];
        w.kernel[i] = element(m, "kernel_shape", i, kernel ? kernel[i] : 0);
        w.stride[i] = element(m, "strides", i, 1);
        w.dilation[i] = element(m, "dilations", i, 1);
        long extent = w.dilation[i] * (w.kernel[i] - 1) + 1;
        long after = element(m, "pads", 2 + i, 0);
        w.before[i] = element(m, "pads", i, 0);
        if (strncmp(mode, "SAME", 4) == 0) {
            w.out[i] = (long)ceil((double)size / (double)w.stride[i]);
            long total = (w.out[i] - 1) * w.stride[i] + extent - size;
            total = total < 0 ? 0 : total;
            w.before[i] = strcmp(mode, "SAME_UPPER") == 0 ? total / 2 : (total + 1) / 2;
            after = total - w.before[i];
        } else {
            double steps = (double)(size + w.before[i] + after - extent) / (double)w.stride[i];
            w.out[i] = (long)(integer(m, "ceil_mode", 0) ? ceil(steps) : floor(steps)) + 1;
            if (integer(m, "ceil_mode", 0) && (w.out[i] - 1) * w.stride[i] >= size + w.before[i])
                w.out[i]--;
        }
        w.padded[i] = size + after;
    }
    return w;
}

static void run_conv(machine *m)
{
    const value *x = in(m, 0), *k = in(m, 1), *b = in(m, 2);
    window w = read_window(m, x, &k->dim[2]);
    value *y = out(m, 4, (const long[]){x->dim[0], k->dim[0], w.out[0], w.out[1]});
    long groups = integer(m, "group", 1), per = x->dim[1] / groups, at[4];
    for (size_t i = 0; i < y->n; i++) {
        unravel(y, i, at);
        y->v[i] = b ? b->v[at[1]] : 0;
        for (long c = 0; c < per; c++)
            for (long p = 0; p < w.kernel[0]; p++)
                for (long q = 0; q < w.kernel[1]; q++) {
                    long r = at[2] * w.stride[0] + p * w.dilation[0] - w.before[0];
                    long s = at[3] * w.stride[1] + q * w.dilation[1] - w.before[1];
                    long channel = at[1] / (k->dim[0] / groups) * per + c;
                    if (r >= 0 && r < x->dim[2] && s >= 0 && s < x->dim[3])
                        y->v[i] += pick(x, 4, (const long[]){at[0], channel, r, s}) *
                                   pick(k, 4, (const long[]){at[1], c, p, q});
                }
    }
}

static void run_pool(machine *m, bool average)
{
    const value *x = in(m, 0);
    window w = read_window(m, x, NULL);
    bool include = integer(m, "count_include_pad", 0);
    value *y = out(m, 4, (const long[]){x->dim[0], x->dim[1], w.out[0], w.out[1]});
    long at[4];
    for (size_t i = 0; i < y->n; i++) {
        unravel(y, i, at);
        double best = -INFINITY, sum = 0, count = 0;
        for (long p = 0; p < w.kernel[0]; p++)
            for (long q = 0; q < w.kernel[1]; q++) {
                long r = at[2] * w.stride[0] + p * w.dilation[0] - w.before[0];
                long s = at[3] * w.stride[1] + q * w.dilation[1] - w.before[1];
                bool inside = r >= 0 && r < x->dim[2] && s >= 0 && s < x->dim[3];
                bool padded = r < w.padded[0] && s < w.padded[1];
                count += inside || (include && padded);
                if (!inside)
                    continue;
                double v = pick(x, 4, (const long[]){at[0], at[1], r, s});
                best = fmax(best, v);
                sum += v;
            }
        y->v[i] = average ? sum / count : best;
    }
}

/* The mean, or the maximum, over a set of axes. */
static void reduce(machine *m, unsigned axes, bool keep, bool average)
{
    const value *x = in(m, 0);
    long kept[RANK], dim[RANK], at[RANK];
    size_t rank = 0;
    double count = 1;
    for (size_t d = 0; d < x->rank; d++) {
        kept[d] = axes >> d & 1 ? 1 : x->dim[d];
        count *= axes >> d & 1 ? (double)x->dim[d] : 1;
        if (keep || !(axes >> d & 1))
            dim[rank++] = kept[d];
    }
    value *y = out(m, rank, dim);
    x = in(m, 0);
    for (size_t i = 0; i < y->n && !average; i++)
        y->v[i] = -INFINITY;
    for (size_t i = 0; i < x->n; i++) {
        size_t to = 0;
        unravel(x, i, at);
        for (size_t d = 0; d < x->rank; d++)
            to = to * (size_t)kept[d] + (axes >> d & 1 ? 0 : (size_t)at[d]);
        y->v[to] = average ? y->v[to] + x->v[i] / count : fmax(y->v[to], x->v[i]);
    }
}

static unsigned axis_set(machine *m, size_t i, size_t rank)
{
    long axes[RANK];
    unsigned set = 0;
    for (size_t n = list(m, i, "axes", axes); n-- > 0;)
        set |= 1u << (axes[n] < 0 ? axes[n] + (long)rank : axes[n]);
    return set;
}

/* --- arithmetic */
static void run_binary(machine *m, char kind)
{
    const value *a = in(m, 0), *b = in(m, 1);
    size_t rank = a->rank > b->rank ? a->rank : b->rank;
    long dim[RANK], at[RANK];
    for (size_t d = 0; d < rank; d++) {
        long p = d + a->rank < rank ? 1 : a->dim[d + a->rank - rank];
        long q = d + b->rank < rank ? 1 : b->dim[d + b->rank - rank];
        dim[d] = p > q ? p : q;
    }
    value *y = out(m, rank, dim);
    for (size_t i = 0; i < y->n; i++) {
        unravel(y, i, at);
        double p = pick(a, rank, at), q = pick(b, rank, at);
        y->v[i] = kind == 'A' ? p + q : kind == 'S' ? p - q : kind == 'M' ? p * q : p / q;
    }
}

static void run_sum(machine *m)
{
    const value *first = in(m, 0);
    value *y = out(m, first->rank, first->dim);
    for (size_t k = 0; k < m->node->n_input; k++)
        for (size_t i = 0; i < y->n; i++)
            y->v[i] += in(m, k)->v[i];
}

static void run_product(machine *m, bool gemm)
{
    const value *a = in(m, 0), *b = in(m, 1), *c = gemm ? in(m, 2) : NULL;
    bool turned = gemm && integer(m, "transB", 0);
    double alpha = gemm && attribute(m, "alpha") ? (double)attribute(m, "alpha")->f : 1;
    double beta = gemm && attribute(m, "beta") ? (double)attribute(m, "beta")->f : 1;
    long dim[RANK], at[RANK], inner = a->dim[a->rank - 1];
    memcpy(dim, a->dim, sizeof dim);
    dim[a->rank - 1] = b->dim[turned ? 0 : 1];
    value *y = out(m, a->rank, dim);
    for (size_t i = 0; i < y->n; i++) {
        unravel(y, i, at);
        long o = at[y->rank - 1];
        double sum = 0;
        for (long k = 0; k < inner; k++)
            sum += a->v[i / (size_t)dim[a->rank - 1] * (size_t)inner + (size_t)k] *
                   pick(b, 2, turned ? (const long[]){o, k} : (const long[]){k, o});
        y->v[i] = alpha * sum + (c ? beta * pick(c, y->rank, at) : 0);
    }
}

static void run_batch_norm(machine *m)
{
    const value *x = in(m, 0);
    double epsilon = attribute(m, "epsilon") ? (double)attribute(m, "epsilon")->f : 1e-5;
    value *y = out(m, x->rank, x->dim);
    size_t image = y->n / (size_t)y->dim[0];
    for (size_t i = 0; i < y->n; i++) {
        size_t c = integer(m, "spatial", 1) ? i % image / (image / (size_t)y->dim[1]) : i % image;
        y->v[i] =
            in(m, 1)->v[c] * (in(m, 0)->v[i] - in(m, 3)->v[c]) / sqrt(in(m, 4)->v[c] + epsilon) +
            in(m, 2)->v[c];
    }
}

/* --- shapes */
static void arrange(machine *m, size_t rank, const long *dim)
{
    value *y = out(m, rank, dim);
    cr_assert_eq(y->n, in(m, 0)->n, "node %s", m->node->name);
    memcpy(y->v, in(m, 0)->v, y->n * sizeof *y->v);
}

static void run_reshape(machine *m)
{
    const value *x = in(m, 0);
    long dim[RANK], known = 1;
    size_t rank = list(m, 1, "shape", dim);
    for (size_t d = 0; d < rank; d++) {
        dim[d] = dim[d] == 0 ? x->dim[d] : dim[d];
        known *= dim[d] < 0 ? 1 : dim[d];
    }
    for (size_t d = 0; d < rank; d++)
        dim[d] = dim[d] < 0 ? (long)x->n / known : dim[d];
    arrange(m, rank, dim);
}

static void run_squeeze(machine *m, bool squeeze)
{
    const value *x = in(m, 0);
    long dim[RANK], unused[RANK];
    size_t added = squeeze ? 0 : list(m, 1, "axes", unused), rank = x->rank + added, from = 0,
           n = 0;
    unsigned axes = axis_set(m, 1, rank);
    for (size_t d = 0; d < rank; d++) {
        bool named = axes >> d & 1;
        if (!named)
            dim[n++] = x->dim[squeeze ? d : from++];
        else if (!squeeze)
            dim[n++] = 1;
    }
    arrange(m, n, dim);
}

static void run_transpose(machine *m)
{
    const value *x = in(m, 0);
    long dim[RANK], at[RANK], from[RANK];
    for (size_t d = 0; d < x->rank; d++)
        dim[d] = x->dim[element(m, "perm", d, (long)(x->rank - 1 - d))];
    value *y = out(m, x->rank, dim);
    x = in(m, 0);
    for (size_t i = 0; i < y->n; i++) {
        unravel(y, i, at);
        for (size_t d = 0; d < x->rank; d++)
            from[element(m, "perm", d, (long)(x->rank - 1 - d))] = at[d];
        y->v[i] = pick(x, x->rank, from);
    }
}

static void run_concat(machine *m)
{
    const value *first = in(m, 0);
    long axis = integer(m, "axis", 0), dim[RANK], at[RANK], base = 0;
    axis += axis < 0 ? (long)first->rank : 0;
    memcpy(dim, first->dim, sizeof dim);
    dim[axis] = 0;
    for (size_t k = 0; k < m->node->n_input; k++)
        dim[axis] += in(m, k)->dim[axis];
    value *y = out(m, first->rank, dim);
    for (size_t k = 0; k < m->node->n_input; k++) {
        const value *x = in(m, k);
        for (size_t i = 0; i < y->n; i++) {
            unravel(y, i, at);
            at[axis] -= base;
            if (at[axis] >= 0 && at[axis] < x->dim[axis])
                y->v[i] = pick(x, x->rank, at);
        }
        base += x->dim[axis];
    }
}

static void run_pad(machine *m)
{
    const value *x = in(m, 0);
    long pads[2 * RANK] = {0}, given[2 * RANK], axes[RANK], dim[RANK], at[RANK];
    size_t n = list(m, 1, "pads", given) / 2, some = list(m, 3, "axes", axes);
    for (size_t k = 0; k < n; k++) {
        size_t d = some ? (size_t)(axes[k] < 0 ? axes[k] + (long)x->rank : axes[k]) : k;
        pads[d] = given[k];
        pads[RANK + d] = given[n + k];
    }
    for (size_t d = 0; d < x->rank; d++)
        dim[d] = x->dim[d] + pads[d] + pads[RANK + d];
    value *y = out(m, x->rank, dim);
    for (size_t i = 0; i < y->n; i++) {
        bool inside = true;
        unravel(y, i, at);
        for (size_t d = 0; d < x->rank; d++) {
            at[d] -= pads[d];
            inside = inside && at[d] >= 0 && at[d] < x->dim[d];
        }
        y->v[i] = inside ? pick(x, x->rank, at) : 0;
    }
}

static void run_shape(machine *m)
{
    const value *x = in(m, 0);
    long start = integer(m, "start", 0), end = integer(m, "end", (long)x->rank);
    value *y = out(m, 1, (const long[]){end - start});
    for (long d = start; d < end; d++)
        y->v[d - start] = (double)in(m, 0)->dim[d];
}

static void run_gather(machine *m)
{
    const value *x = in(m, 0), *at = in(m, 1);
    cr_assert_eq(x->rank, 1);
    value *y = out(m, at->rank, at->dim);
    for (size_t i = 0; i < y->n; i++)
        y->v[i] = in(m, 0)->v[(size_t)in(m, 1)->v[i]];
}

static void run_slice(machine *m)
{
    long start, end;
    cr_assert_eq(in(m, 0)->rank, 1);
    list(m, 1, "starts", &start);
    list(m, 2, "ends", &end);
    long size = in(m, 0)->dim[0];
    end = end < 0 ? end + size : end > size ? size : end;
    value *y = out(m, 1, (const long[]){end - start});
    memcpy(y->v, in(m, 0)->v + start, y->n * sizeof *y->v);
}

static void run_reduce_prod(machine *m)
{
    value *y = out(m, integer(m, "keepdims", 1) ? 1 : 0, (const long[]){1});
    y->v[0] = 1;
    for (size_t i = 0; i < in(m, 0)->n; i++)
        y->v[0] *= in(m, 0)->v[i];
}

static void run_relu(machine *m)
{
    arrange(m, in(m, 0)->rank, in(m, 0)->dim);
    value *y = find(m, m->node->output[0]);
    for (size_t i = 0; i < y->n; i++)
        y->v[i] = fmax(y->v[i], 0);
}

static void run_flatten(machine *m)
{
    long axis = integer(m, "axis", 1), dim[2] = {1, 1};
    for (size_t d = 0; d < in(m, 0)->rank; d++)
        dim[(long)d >= axis] *= in(m, 0)->dim[d];
    arrange(m, 2, dim);
}

static void run(machine *m)
{
    const char *type = m->node->op_type;
    bool same = false;
    static const char *const passing[] = {"Identity", "Cast", "Dropout", "Softmax", "ArgMax"};
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
        same |= strcmp(type, passing[i]) == 0;
    if (same)
        arrange(m, in(m, 0)->rank, in(m, 0)->dim);
    else if (strcmp(type, "Conv") == 0)
        run_conv(m);
    else if (strcmp(type, "MaxPool") == 0 || strcmp(type, "AveragePool") == 0)
        run_pool(m, *type == 'A');
    else if (strcmp(type, "GlobalAveragePool") == 0 || strcmp(type, "GlobalMaxPool") == 0)
        reduce(m, 12, true, type[6] == 'A');
    else if (strcmp(type, "ReduceMean") == 0)
        reduce(m, axis_set(m, 1, in(m, 0)->rank), integer(m, "keepdims", 1), true);
    else if (strcmp(type, "Add") == 0 || strcmp(type, "Sub") == 0 || strcmp(type, "Mul") == 0 ||
             strcmp(type, "Div") == 0)
        run_binary(m, *type);
    else if (strcmp(type, "Sum") == 0)
        run_sum(m);
    else if (strcmp(type, "Gemm") == 0 || strcmp(type, "MatMul") == 0)
        run_product(m, *type == 'G');
    else if (strcmp(type, "BatchNormalization") == 0)
        run_batch_norm(m);
    else if (strcmp(type, "Relu") == 0)
        run_relu(m);
    else if (strcmp(type, "Flatten") == 0)
        run_flatten(m);
    else if (strcmp(type, "Reshape") == 0)
        run_reshape(m);
    else if (strcmp(type, "Squeeze") == 0 || strcmp(type, "Unsqueeze") == 0)
        run_squeeze(m, *type == 'S');
    else if (strcmp(type, "Transpose") == 0)
        run_transpose(m);
    else if (strcmp(type, "Concat") == 0)
        run_concat(m);
    else if (strcmp(type, "Pad") == 0)
        run_pad(m);
    else if (strcmp(type, "Shape") == 0)
        run_shape(m);
    else if (strcmp(type, "Gather") == 0)
        run_gather(m);
    else if (strcmp(type, "Slice") == 0)
        run_slice(m);
    else if (strcmp(type, "ReduceProd") == 0)
        run_reduce_prod(m);
    else if (strcmp(type, "Constant") == 0)
        read_tensor(m, m->node->output[0], attribute(m, "value")->t);
    else
        cr_assert_fail("the evaluator does not know %s", type);
}

double *evaluate(const build *b, const char *output, const int64_t *input_dims, const double *input,
                 size_t *elements)
{
    machine *m = calloc(1, sizeof *m);
    long dim[RANK];
    size_t rank = 0;
    for (; input_dims[rank] != END; rank++)
        dim[rank] = (long)input_dims[rank];
    for (size_t i = 0; i < b->graph.n_initializer; i++)
        read_tensor(m, b->tensor[i]->name, b->tensor[i]);
    value *x = make(m, b->input[0]->name, rank, dim);
    memcpy(x->v, input, x->n * sizeof *input);
    for (size_t i = 0; i < b->graph.n_node; i++) {
        m->node = b->node[i];
        run(m);
    }
    const value *y = find(m, output);
    cr_assert(y);
    double *result = calloc(y->n, sizeof *result);
    memcpy(result, y->v, y->n * sizeof *result);
    *elements = y->n;
    for (size_t i = 0; i < m->values; i++)
        free(m->value[i].v);
    free(m);
    return result;
}
