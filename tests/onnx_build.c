/* ONNX models made in memory. */
#include "tests/onnx_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

void *build_own(build *b, size_t n)
{
    cr_assert_lt(b->owns, BUILD_OWNED);
    void *p = calloc(1, n ? n : 1);
    cr_assert(p);
    b->owned[b->owns++] = p;
    return p;
}

static char *own_text(build *b, const char *text)
{
    return memcpy(build_own(b, strlen(text) + 1), text, strlen(text) + 1);
}

double build_real(build *b)
{
    return (double)build_below(b, 1u << 24) / (1 << 23) - 1;
}

uint32_t build_below(build *b, uint32_t n)
{
    b->state = b->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(b->state >> 33) % n;
}

void build_start(build *b, int64_t opset, const char *producer, uint64_t seed)
{
    memset(b, 0, sizeof *b);
    b->state = seed;
    onnx__model_proto__init(&b->model);
    onnx__graph_proto__init(&b->graph);
    onnx__operator_set_id_proto__init(&b->opset);
    b->opset.has_version = 1;
    b->opset.version = opset;
    b->opsets[0] = &b->opset;
    b->model.has_ir_version = 1;
    b->model.ir_version = 6;
    b->model.producer_name = own_text(b, producer);
    b->model.n_opset_import = 1;
    b->model.opset_import = b->opsets;
    b->model.graph = &b->graph;
    b->graph.input = b->input;
    b->graph.output = b->output;
    b->graph.node = b->node;
    b->graph.initializer = b->tensor;
    b->graph.name = own_text(b, "graph");
}

void build_end(build *b)
{
    while (b->owns)
        free(b->owned[--b->owns]);
}

static size_t length(const int64_t *list)
{
    size_t n = 0;
    while (list[n] != END)
        n++;
    return n;
}

static Onnx__ValueInfoProto *make_value(build *b, const char *name, const int64_t *dims)
{
    Onnx__ValueInfoProto *value = build_own(b, sizeof *value);
    Onnx__TypeProto *type = build_own(b, sizeof *type);
    Onnx__TypeProto__Tensor *tensor = build_own(b, sizeof *tensor);
    Onnx__TensorShapeProto *shape = build_own(b, sizeof *shape);
    onnx__value_info_proto__init(value);
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(tensor);
    onnx__tensor_shape_proto__init(shape);
    value->name = own_text(b, name);
    value->type = type;
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    tensor->has_elem_type = 1;
    tensor->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    tensor->shape = shape;
    shape->n_dim = length(dims);
    shape->dim = build_own(b, shape->n_dim * sizeof *shape->dim);
    for (size_t i = 0; i < shape->n_dim; i++) {
        Onnx__TensorShapeProto__Dimension *dim = shape->dim[i] = build_own(b, sizeof *dim);
        onnx__tensor_shape_proto__dimension__init(dim);
        dim->value_case = dims[i] ? ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE
                                  : ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
        if (dims[i])
            dim->dim_value = dims[i];
        else
            dim->dim_param = own_text(b, "batch");
    }
    return value;
}

void build_input(build *b, const char *name, const int64_t *dims)
{
    cr_assert_lt(b->graph.n_input, BUILD_TENSORS);
    b->input[b->graph.n_input++] = make_value(b, name, dims);
}

void build_output(build *b, const char *name)
{
    cr_assert_lt(b->graph.n_output, 2);
    b->output[b->graph.n_output++] = make_value(b, name, LIST(0));
}

static char **split(build *b, const char *words, size_t *n)
{
    char *copy = own_text(b, words), **list = build_own(b, (strlen(words) / 2 + 1) * sizeof *list),
         *save;
    *n = 0;
    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
        list[(*n)++] = strcmp(word, "-") == 0 ? own_text(b, "") : word;
    return list;
}

Onnx__NodeProto *build_node(build *b, const char *type, const char *name, const char *inputs,
                            const char *outputs)
{
    cr_assert_lt(b->graph.n_node, BUILD_NODES);
    Onnx__NodeProto *node = b->node[b->graph.n_node++] = build_own(b, sizeof *node);
    onnx__node_proto__init(node);
    node->op_type = own_text(b, type);
    node->name = own_text(b, name);
    node->input = split(b, inputs, &node->n_input);
    node->output = split(b, outputs, &node->n_output);
    return node;
}

Onnx__AttributeProto *build_attribute(build *b, Onnx__NodeProto *node, const char *name)
{
    if (!node->attribute)
        node->attribute = build_own(b, 16 * sizeof *node->attribute);
    cr_assert_lt(node->n_attribute, 16);
    Onnx__AttributeProto *a = node->attribute[node->n_attribute++] = build_own(b, sizeof *a);
    onnx__attribute_proto__init(a);
    a->name = own_text(b, name);
    a->has_type = 1;
    return a;
}

void build_int(build *b, Onnx__NodeProto *node, const char *name, int64_t value)
{
    Onnx__AttributeProto *a = build_attribute(b, node, name);
    a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    a->has_i = 1;
    a->i = value;
}

void build_ints(build *b, Onnx__NodeProto *node, const char *name, const int64_t *value)
{
    Onnx__AttributeProto *a = build_attribute(b, node, name);
    a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
    a->n_ints = length(value);
    a->ints = build_own(b, a->n_ints * sizeof *value);
    memcpy(a->ints, value, a->n_ints * sizeof *value);
}

void build_float(build *b, Onnx__NodeProto *node, const char *name, float value)
{
    Onnx__AttributeProto *a = build_attribute(b, node, name);
    a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
    a->has_f = 1;
    a->f = value;
}

void build_text(build *b, Onnx__NodeProto *node, const char *name, const char *value)
{
    Onnx__AttributeProto *a = build_attribute(b, node, name);
    a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
    a->has_s = 1;
    a->s.len = strlen(value);
    a->s.data = (uint8_t *)own_text(b, value);
}

void build_constant(build *b, const char *name, Onnx__TensorProto *tensor)
{
    Onnx__AttributeProto *a = build_attribute(b, build_node(b, "Constant", "", "", name), "value");
    a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR;
    a->t = tensor;
}

static Onnx__TensorProto *make_tensor(build *b, const char *name, const int64_t *dims, int32_t type,
                                      size_t *n)
{
    Onnx__TensorProto *tensor = build_own(b, sizeof *tensor);
    onnx__tensor_proto__init(tensor);
    tensor->name = own_text(b, name);
    tensor->has_data_type = 1;
    tensor->data_type = type;
    tensor->n_dims = length(dims);
    tensor->dims = build_own(b, tensor->n_dims * sizeof *dims);
    *n = 1;
    for (size_t i = 0; i < tensor->n_dims; i++)
        *n *= (size_t)(tensor->dims[i] = dims[i]);
    return tensor;
}

Onnx__TensorProto *build_floats(build *b, const char *name, const int64_t *dims, double center)
{
    size_t n;
    Onnx__TensorProto *tensor =
        make_tensor(b, name, dims, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, &n);
    tensor->n_float_data = n;
    tensor->float_data = build_own(b, n * sizeof *tensor->float_data);
    for (size_t i = 0; i < n; i++)
        tensor->float_data[i] = (float)(center + build_real(b) / 2);
    return tensor;
}

Onnx__TensorProto *build_integers(build *b, const char *name, const int64_t *dims,
                                  const int64_t *value)
{
    size_t n;
    const int64_t all[] = {dims ? 0 : (int64_t)length(value), END};
    Onnx__TensorProto *tensor =
        make_tensor(b, name, dims ? dims : all, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, &n);
    tensor->n_int64_data = n;
    tensor->int64_data = build_own(b, n * sizeof *value);
    memcpy(tensor->int64_data, value, n * sizeof *value);
    return tensor;
}

Onnx__TensorProto *build_scalar(build *b, const char *name, float value)
{
    const int64_t none[] = {END};
    Onnx__TensorProto *tensor = build_floats(b, name, none, 0);
    tensor->float_data[0] = value;
    return tensor;
}

void build_initializer(build *b, Onnx__TensorProto *tensor)
{
    cr_assert_lt(b->graph.n_initializer, BUILD_TENSORS);
    b->tensor[b->graph.n_initializer++] = tensor;
}

void build_weights(build *b, const char *name, const int64_t *dims)
{
    build_initializer(b, build_floats(b, name, dims, 0));
}

Onnx__NodeProto *build_conv(build *b, const char *name, const char *in, const char *out,
                            const int64_t *weights, bool bias)
{
    char w[64], c[64], inputs[192];
    (void)snprintf(w, sizeof w, "%s.weight", name);
    (void)snprintf(c, sizeof c, "%s.bias", name);
    (void)snprintf(inputs, sizeof inputs, bias ? "%s %s %s" : "%s %s", in, w, c);
    build_weights(b, w, weights);
    if (bias)
        build_weights(b, c, LIST(weights[0]));
    return build_node(b, "Conv", name, inputs, out);
}

Onnx__NodeProto *build_batch_norm(build *b, const char *name, const char *in, const char *out,
                                  int64_t n)
{
    char inputs[256];
    const char *const parts[] = {"scale", "shift", "mean", "variance"};
    for (size_t i = 0; i < 4; i++) {
        char part[64];
        (void)snprintf(part, sizeof part, "%s.%s", name, parts[i]);
        build_initializer(b, build_floats(b, part, LIST(n), i == 3 ? 1 : 0));
    }
    (void)snprintf(inputs, sizeof inputs, "%s %s.scale %s.shift %s.mean %s.variance", in, name,
                   name, name, name);
    return build_node(b, "BatchNormalization", name, inputs, out);
}

uint8_t *build_pack(build *b, size_t *n)
{
    *n = onnx__model_proto__get_packed_size(&b->model);
    uint8_t *bytes = malloc(*n);
    cr_assert(bytes);
    onnx__model_proto__pack(&b->model, bytes);
    return bytes;
}
