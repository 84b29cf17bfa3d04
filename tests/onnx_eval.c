/* A naive evaluator of ONNX: every value is a tensor with its batch, every operator a loop over
 * output elements written from the operator's definition. */
#include "tests/onnx_eval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

static eval_value *make(eval_machine *m, const char *name, size_t rank, const long *dim)
{
    cr_assert_lt(m->values, EVAL_VALUES);
    eval_value *t = &m->value[m->values++];
    *t = (eval_value){.name = name, .rank = rank, .n = 1};
    for (size_t i = 0; i < rank; i++)
        t->n *= (size_t)(t->dim[i] = dim[i]);
    t->v = calloc(t->n ? t->n : 1, sizeof *t->v);
    cr_assert(t->v);
    return t;
}

static eval_value *find(eval_machine *m, const char *name)
{
    for (size_t i = 0; i < m->values; i++)
        if (strcmp(m->value[i].name, name) == 0)
            return &m->value[i];
    return NULL;
}

eval_value *eval_in(eval_machine *m, size_t i)
{
    eval_value *t = i < m->node->n_input && *m->node->input[i] ? find(m, m->node->input[i]) : NULL;
    cr_assert(t || i >= m->node->n_input || !*m->node->input[i], "no value %s", m->node->input[i]);
    return t;
}

eval_value *eval_out(eval_machine *m, size_t rank, const long *dim)
{
    return make(m, m->node->output[0], rank, dim);
}

const Onnx__AttributeProto *eval_attribute(const eval_machine *m, const char *name)
{
    for (size_t i = 0; i < m->node->n_attribute; i++)
        if (strcmp(m->node->attribute[i]->name, name) == 0)
            return m->node->attribute[i];
    return NULL;
}

long eval_integer(const eval_machine *m, const char *name, long otherwise)
{
    const Onnx__AttributeProto *a = eval_attribute(m, name);
    return a ? (long)a->i : otherwise;
}

long eval_element(const eval_machine *m, const char *name, size_t k, long otherwise)
{
    const Onnx__AttributeProto *a = eval_attribute(m, name);
    return a && k < a->n_ints ? (long)a->ints[k] : otherwise;
}

size_t eval_list(eval_machine *m, size_t i, const char *name, long *to)
{
    const eval_value *t = eval_in(m, i);
    const Onnx__AttributeProto *a = eval_attribute(m, name);
    size_t n = t ? t->n : a ? a->n_ints : 0;
    for (size_t k = 0; k < n; k++)
        to[k] = t ? (long)t->v[k] : (long)a->ints[k];
    return n;
}

unsigned eval_axis_set(eval_machine *m, size_t i, size_t rank)
{
    long axes[EVAL_RANK];
    unsigned set = 0;
    for (size_t n = eval_list(m, i, "axes", axes); n-- > 0;)
        set |= 1u << (axes[n] < 0 ? axes[n] + (long)rank : axes[n]);
    return set;
}

void eval_unravel(const eval_value *t, size_t i, long *at)
{
    for (size_t d = t->rank; d-- > 0; i /= (size_t)t->dim[d])
        at[d] = (long)(i % (size_t)t->dim[d]);
}

double eval_pick(const eval_value *t, size_t rank, const long *at)
{
    size_t i = 0;
    for (size_t d = 0; d < t->rank; d++)
        i = i * (size_t)t->dim[d] + (t->dim[d] == 1 ? 0 : (size_t)at[d + rank - t->rank]);
    return t->v[i];
}

static eval_value *read_tensor(eval_machine *m, const char *name, const Onnx__TensorProto *proto)
{
    long dim[EVAL_RANK];
    for (size_t i = 0; i < proto->n_dims; i++)
        dim[i] = (long)proto->dims[i];
    eval_value *t = make(m, name, proto->n_dims, dim);
    for (size_t i = 0; i < t->n; i++)
        t->v[i] = proto->n_float_data ? (double)proto->float_data[i] : (double)proto->int64_data[i];
    return t;
}

void eval_arrange(eval_machine *m, size_t rank, const long *dim)
{
    eval_value *y = eval_out(m, rank, dim);
    cr_assert_eq(y->n, eval_in(m, 0)->n, "node %s", m->node->name);
    memcpy(y->v, eval_in(m, 0)->v, y->n * sizeof *y->v);
}

/* --- arithmetic */
static void run_binary(eval_machine *m, char kind)
{
    const eval_value *a = eval_in(m, 0), *b = eval_in(m, 1);
    size_t rank = a->rank > b->rank ? a->rank : b->rank;
    long dim[EVAL_RANK], at[EVAL_RANK];
    for (size_t d = 0; d < rank; d++) {
        long p = d + a->rank < rank ? 1 : a->dim[d + a->rank - rank];
        long q = d + b->rank < rank ? 1 : b->dim[d + b->rank - rank];
        dim[d] = p > q ? p : q;
    }
    eval_value *y = eval_out(m, rank, dim);
    for (size_t i = 0; i < y->n; i++) {
        eval_unravel(y, i, at);
        double p = eval_pick(a, rank, at), q = eval_pick(b, rank, at);
        y->v[i] = kind == 'A' ? p + q : kind == 'S' ? p - q : kind == 'M' ? p * q : p / q;
    }
}

static void run_sum(eval_machine *m)
{
    const eval_value *first = eval_in(m, 0);
    eval_value *y = eval_out(m, first->rank, first->dim);
    for (size_t k = 0; k < m->node->n_input; k++)
        for (size_t i = 0; i < y->n; i++)
            y->v[i] += eval_in(m, k)->v[i];
}

static void run_product(eval_machine *m, bool gemm)
{
    const eval_value *a = eval_in(m, 0), *b = eval_in(m, 1), *c = gemm ? eval_in(m, 2) : NULL;
    bool turned = gemm && eval_integer(m, "transB", 0);
    double alpha = gemm && eval_attribute(m, "alpha") ? (double)eval_attribute(m, "alpha")->f : 1;
    double beta = gemm && eval_attribute(m, "beta") ? (double)eval_attribute(m, "beta")->f : 1;
    long dim[EVAL_RANK], at[EVAL_RANK], inner = a->dim[a->rank - 1];
    memcpy(dim, a->dim, sizeof dim);
    dim[a->rank - 1] = b->dim[turned ? 0 : 1];
    eval_value *y = eval_out(m, a->rank, dim);
    for (size_t i = 0; i < y->n; i++) {
        eval_unravel(y, i, at);
        long o = at[y->rank - 1];
        double sum = 0;
        for (long k = 0; k < inner; k++)
            sum += a->v[i / (size_t)dim[a->rank - 1] * (size_t)inner + (size_t)k] *
                   eval_pick(b, 2, turned ? (const long[]){o, k} : (const long[]){k, o});
        y->v[i] = alpha * sum + (c ? beta * eval_pick(c, y->rank, at) : 0);
    }
}

static void run_batch_norm(eval_machine *m)
{
    const eval_value *x = eval_in(m, 0);
    double epsilon = eval_attribute(m, "epsilon") ? (double)eval_attribute(m, "epsilon")->f : 1e-5;
    eval_value *y = eval_out(m, x->rank, x->dim);
    size_t image = y->n / (size_t)y->dim[0];
    for (size_t i = 0; i < y->n; i++) {
        size_t c =
            eval_integer(m, "spatial", 1) ? i % image / (image / (size_t)y->dim[1]) : i % image;
        y->v[i] = eval_in(m, 1)->v[c] * (eval_in(m, 0)->v[i] - eval_in(m, 3)->v[c]) /
                      sqrt(eval_in(m, 4)->v[c] + epsilon) +
                  eval_in(m, 2)->v[c];
    }
}

static void run_reduce_prod(eval_machine *m)
{
    eval_value *y = eval_out(m, eval_integer(m, "keepdims", 1) ? 1 : 0, (const long[]){1});
    y->v[0] = 1;
    for (size_t i = 0; i < eval_in(m, 0)->n; i++)
        y->v[0] *= eval_in(m, 0)->v[i];
}

static double real(const eval_machine *m, const char *name, double otherwise)
{
    const Onnx__AttributeProto *a = eval_attribute(m, name);
    return a ? (double)a->f : otherwise;
}

/* Relu, LeakyRelu, Clip. */
static void run_activation(eval_machine *m, char kind)
{
    eval_arrange(m, eval_in(m, 0)->rank, eval_in(m, 0)->dim);
    eval_value *y = find(m, m->node->output[0]);
    const eval_value *low = eval_in(m, 1), *high = eval_in(m, 2);
    const double alpha = kind == 'R' ? 0 : real(m, "alpha", 0.01);
    const double min = low ? low->v[0] : real(m, "min", -INFINITY);
    const double max = high ? high->v[0] : real(m, "max", INFINITY);
    for (size_t i = 0; i < y->n; i++) {
        if (kind == 'C')
            y->v[i] = y->v[i] < min ? min : y->v[i] > max ? max : y->v[i];
        else if (y->v[i] < 0)
            y->v[i] *= alpha;
    }
}

static void run(eval_machine *m)
{
    const char *type = m->node->op_type;
    bool same = false;
    static const char *const passing[] = {"Identity", "Cast", "Dropout", "Softmax", "ArgMax"};
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
        same |= strcmp(type, passing[i]) == 0;
    if (same)
        eval_arrange(m, eval_in(m, 0)->rank, eval_in(m, 0)->dim);
    else if (strcmp(type, "Conv") == 0)
        eval_conv(m);
    else if (strcmp(type, "MaxPool") == 0 || strcmp(type, "AveragePool") == 0)
        eval_pool(m, *type == 'A');
    else if (strcmp(type, "GlobalAveragePool") == 0 || strcmp(type, "GlobalMaxPool") == 0)
        eval_reduce(m, 12, true, type[6] == 'A');
    else if (strcmp(type, "ReduceMean") == 0)
        eval_reduce(m, eval_axis_set(m, 1, eval_in(m, 0)->rank), eval_integer(m, "keepdims", 1),
                    true);
    else if (strcmp(type, "Add") == 0 || strcmp(type, "Sub") == 0 || strcmp(type, "Mul") == 0 ||
             strcmp(type, "Div") == 0)
        run_binary(m, *type);
    else if (strcmp(type, "Sum") == 0)
        run_sum(m);
    else if (strcmp(type, "Gemm") == 0 || strcmp(type, "MatMul") == 0)
        run_product(m, *type == 'G');
    else if (strcmp(type, "BatchNormalization") == 0)
        run_batch_norm(m);
    else if (strcmp(type, "Relu") == 0 || strcmp(type, "LeakyRelu") == 0 ||
             strcmp(type, "Clip") == 0)
        run_activation(m, *type);
    else if (strcmp(type, "Flatten") == 0)
        eval_flatten(m);
    else if (strcmp(type, "Reshape") == 0)
        eval_reshape(m);
    else if (strcmp(type, "Squeeze") == 0 || strcmp(type, "Unsqueeze") == 0)
        eval_squeeze(m, *type == 'S');
    else if (strcmp(type, "Transpose") == 0)
        eval_transpose(m);
    else if (strcmp(type, "Concat") == 0)
        eval_concat(m);
    else if (strcmp(type, "Pad") == 0)
        eval_pad(m);
    else if (strcmp(type, "Shape") == 0)
        eval_shape(m);
    else if (strcmp(type, "Gather") == 0)
        eval_gather(m);
    else if (strcmp(type, "Slice") == 0)
        eval_slice(m);
    else if (strcmp(type, "ReduceProd") == 0)
        run_reduce_prod(m);
    else if (strcmp(type, "Constant") == 0)
        read_tensor(m, m->node->output[0], eval_attribute(m, "value")->t);
    else
        cr_assert_fail("the evaluator does not know %s", type);
}

double *evaluate(const build *b, const char *output, const int64_t *input_dims, const double *input,
                 size_t *elements)
{
    eval_machine *m = calloc(1, sizeof *m);
    long dim[EVAL_RANK];
    size_t rank = 0;
    for (; input_dims[rank] != END; rank++)
        dim[rank] = (long)input_dims[rank];
    for (size_t i = 0; i < b->graph.n_initializer; i++)
        read_tensor(m, b->tensor[i]->name, b->tensor[i]);
    eval_value *x = make(m, b->input[0]->name, rank, dim);
    memcpy(x->v, input, x->n * sizeof *input);
    for (size_t i = 0; i < b->graph.n_node; i++) {
        m->node = b->node[i];
        run(m);
    }
    const eval_value *y = find(m, output);
    cr_assert(y);
    double *result = calloc(y->n, sizeof *result);
    memcpy(result, y->v, y->n * sizeof *result);
    *elements = y->n;
    for (size_t i = 0; i < m->values; i++)
        free(m->value[i].v);
    free(m);
    return result;
}
