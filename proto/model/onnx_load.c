/* From the bytes of an ONNX file to a model: unpacking, the table of values, the passes. */
#include "proto/model/onnx.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"
#include "proto/share/file_bytes.h"

/* Messages nest (attributes hold graphs) and protobuf-c unpacks recursively: a hostile file could
 * exhaust the stack.  Real files nest less than 10 deep outside of control flow, which is
 * refused. */
enum { NESTING_MAX = 24 };

/* A varint; false where the bytes end or it is longer than 10 bytes. */
static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 70 && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;
        *value |= shift < 64 ? (uint64_t)(byte & 127) << shift : 0;
        if (byte < 128)
            return true;
    }
    return false;
}

/* Whether a message nests at most `levels` deep; malformed bytes are left to protobuf-c. */
static bool nesting_fits(const ProtobufCMessageDescriptor *type, const uint8_t *at,
                         const uint8_t *end, unsigned levels)
{
    uint64_t tag, n;
    if (levels == 0)
        return false;
    while (at < end && read_varint(&at, end, &tag)) {
        switch (tag & 7) {
        case 0:
            if (!read_varint(&at, end, &n))
                return true;
            break;
        case 1:
        case 5: {
            ptrdiff_t size = (tag & 7) == 1 ? 8 : 4;
            if (end - at < size)
                return true;
            at += size;
            break;
        }
        case 2: {
            if (!read_varint(&at, end, &n) || n > (uint64_t)(end - at))
                return true;
            const ProtobufCFieldDescriptor *field =
                protobuf_c_message_descriptor_get_field(type, (unsigned)(tag >> 3));
            if (field && field->type == PROTOBUF_C_TYPE_MESSAGE &&
                !nesting_fits(field->descriptor, at, at + n, levels - 1))
                return false;
            at += n;
            break;
        }
        default: return true;
        }
    }
    return true;
}

static const char *text(const char *s)
{
    return s ? s : "";
}

static sonic_status find_opset(sonic_onnx *onnx)
{
    const Onnx__ModelProto *model = onnx->model;
    for (size_t i = 0; i < model->n_opset_import; i++) {
        const char *domain = text(model->opset_import[i]->domain);
        if (*domain == 0 || strcmp(domain, "ai.onnx") == 0)
            onnx->opset = model->opset_import[i]->version;
    }
    if (onnx->opset < SONIC_OPSET_MIN || onnx->opset > SONIC_OPSET_MAX)
        return sonic_fail(onnx->error, SONIC_E_UNSUPPORTED,
                          "the model is of ONNX opset %lld; opsets %d to %d are supported",
                          (long long)onnx->opset, SONIC_OPSET_MIN, SONIC_OPSET_MAX);
    return SONIC_OK;
}

static int compare_values(const void *a, const void *b)
{
    const sonic_onnx_value *x = a, *y = b;
    return strcmp(x->name, y->name);
}

sonic_onnx_value *sonic_onnx_find(const sonic_onnx *onnx, const char *name)
{
    sonic_onnx_value key = {.name = name};
    return bsearch(&key, onnx->value, onnx->values, sizeof key, compare_values);
}

/* Every node output and every initializer. */
static sonic_status list_values(sonic_onnx *onnx)
{
    const Onnx__GraphProto *graph = onnx->model->graph;
    size_t room = 1 + graph->n_initializer;
    for (size_t i = 0; i < graph->n_node; i++)
        room += graph->node[i]->n_output;
    onnx->value = calloc(room, sizeof *onnx->value);
    if (!onnx->value)
        return sonic_fail(onnx->error, SONIC_E_MEMORY, "no memory for the names of the model");
    for (size_t i = 0; i < graph->n_initializer; i++)
        onnx->value[onnx->values++] = (sonic_onnx_value){.name = text(graph->initializer[i]->name),
                                                         .initializer = graph->initializer[i],
                                                         .producer = SIZE_MAX};
    for (size_t i = 0; i < graph->n_node; i++)
        for (size_t j = 0; j < graph->node[i]->n_output; j++)
            if (*graph->node[i]->output[j])
                onnx->value[onnx->values++] =
                    (sonic_onnx_value){.name = graph->node[i]->output[j], .producer = i};
    return SONIC_OK;
}

/* The one graph input that is not an initializer (old files list those too). */
static sonic_status find_input(sonic_onnx *onnx, const Onnx__ValueInfoProto **input)
{
    const Onnx__GraphProto *graph = onnx->model->graph;
    *input = NULL;
    for (size_t i = 0; i < graph->n_input; i++) {
        const Onnx__ValueInfoProto *candidate = graph->input[i];
        const sonic_onnx_value *value = sonic_onnx_find(onnx, text(candidate->name));
        if (value && value->initializer)
            continue;
        if (*input)
            return sonic_fail(onnx->error, SONIC_E_UNSUPPORTED,
                              "the model has two inputs, '%.60s' and '%.60s'; one is supported",
                              text((*input)->name), text(candidate->name));
        *input = candidate;
    }
    if (!*input)
        return sonic_fail(onnx->error, SONIC_E_UNSUPPORTED, "the model has no input");
    return SONIC_OK;
}

static sonic_status input_shape(sonic_onnx *onnx, const Onnx__ValueInfoProto *input,
                                sonic_shape *shape)
{
    const char *name = text(input->name);
    const Onnx__TypeProto *type = input->type;
    if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || !type->tensor_type ||
        !type->tensor_type->shape)
        return sonic_fail(onnx->error, SONIC_E_UNSUPPORTED,
                          "input '%.60s' is no tensor with a shape; export the model with one",
                          name);
    const Onnx__TensorShapeProto *dims = type->tensor_type->shape;
    if (dims->n_dim < 2 || dims->n_dim > 1 + SONIC_RANK_MAX)
        return sonic_fail(onnx->error, SONIC_E_UNSUPPORTED,
                          "input '%.60s' has %zu dimensions, not 2 to %d (the first is the batch)",
                          name, dims->n_dim, 1 + SONIC_RANK_MAX);
    *shape = (sonic_shape){.rank = (uint32_t)dims->n_dim - 1};
    for (size_t i = 0; i < dims->n_dim; i++) {
        const Onnx__TensorShapeProto__Dimension *dim = dims->dim[i];
        bool known = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE &&
                     dim->dim_value > 0 && dim->dim_value <= INT32_MAX;
        if (i == 0)
            onnx->batch = known ? dim->dim_value : 0;
        else if (!known)
            return sonic_fail(
                onnx->error, SONIC_E_UNSUPPORTED,
                "input '%.60s': dimension %zu is not a known size; only the first, the "
                "batch, may be left open",
                name, i);
        else
            shape->dim[i - 1] = (uint32_t)dim->dim_value;
    }
    return SONIC_OK;
}

/* Sorts the values, the input among them, and makes the input's node. */
static sonic_status start(sonic_onnx *onnx)
{
    const Onnx__ValueInfoProto *input;
    sonic_shape shape;
    uint32_t node;
    qsort(onnx->value, onnx->values, sizeof *onnx->value, compare_values);
    sonic_status status = find_input(onnx, &input);
    if (!status)
        status = input_shape(onnx, input, &shape);
    if (!status)
        status = sonic_net_append(&onnx->net, SONIC_OP_INPUT, text(input->name), 0, NULL, &node,
                                  onnx->error);
    if (status)
        return status;
    onnx->net.graph.node[node].shape = shape;
    status = sonic_net_shape(&onnx->net, node, onnx->error);
    if (status)
        return status;
    onnx->value[onnx->values++] = (sonic_onnx_value){.name = text(input->name),
                                                     .producer = SIZE_MAX,
                                                     .kind = SONIC_ONNX_ACTIVATION,
                                                     .node = node};
    qsort(onnx->value, onnx->values, sizeof *onnx->value, compare_values);
    for (size_t i = 1; i < onnx->values; i++)
        if (strcmp(onnx->value[i - 1].name, onnx->value[i].name) == 0)
            return sonic_fail(onnx->error, SONIC_E_FORMAT,
                              "two values of the model are called '%.60s'", onnx->value[i].name);
    return SONIC_OK;
}

static sonic_status finish(sonic_onnx *onnx, const char *output, sonic_model *model)
{
    const sonic_onnx_value *value = sonic_onnx_find(onnx, output);
    if (!value || value->kind != SONIC_ONNX_ACTIVATION)
        return sonic_fail(onnx->error, SONIC_E_UNSUPPORTED,
                          "the model's output '%.60s' does not depend on its input", output);
    sonic_net *net = &onnx->net;
    net->output = value->node;
    sonic_status status = sonic_net_drop(net, onnx->error);
    if (!status)
        status = sonic_net_fold_affine(net, onnx->error);
    /* While what they have is one node, max-pools can pass it. */
    if (!status)
        status = sonic_net_drop(net, onnx->error);
    if (!status)
        status = sonic_net_reorder(net, onnx->error);
    if (!status)
        status = sonic_net_lower(net, onnx->error);
    if (!status)
        status = sonic_net_fold_affine(net, onnx->error);
    if (!status)
        status = sonic_net_reorder(net, onnx->error);
    if (!status)
        status = sonic_net_drop(net, onnx->error);
    return status ? status : sonic_net_settle(net, model, onnx->error);
}

static sonic_status import(sonic_onnx *onnx, sonic_model *model)
{
    const Onnx__GraphProto *graph = onnx->model->graph;
    if (!graph)
        return sonic_fail(onnx->error, SONIC_E_FORMAT,
                          "the file has no graph: it is no ONNX model");
    if (graph->n_sparse_initializer)
        return sonic_fail(onnx->error, SONIC_E_UNSUPPORTED, "sparse tensors are not supported");
    if (graph->n_output != 1)
        return sonic_fail(onnx->error, SONIC_E_UNSUPPORTED,
                          "the model has %zu outputs; exactly one is supported", graph->n_output);
    const char *output = text(graph->output[0]->name);
    sonic_status status = find_opset(onnx);
    if (!status)
        status = list_values(onnx);
    if (!status)
        status = start(onnx);
    if (!status)
        status = sonic_onnx_walk(onnx, output);
    return status ? status : finish(onnx, output, model);
}

sonic_status sonic_model_import_bytes(sonic_model *model, const uint8_t *bytes, size_t n,
                                      const char *directory, sonic_error *error)
{
    sonic_error ignored;
    sonic_onnx onnx = {.directory = directory, .error = error ? error : &ignored};
    sonic_model made = {0};
    memset(model, 0, sizeof *model);
    if (n == 0 || !nesting_fits(&onnx__model_proto__descriptor, bytes, bytes + n, NESTING_MAX))
        return sonic_fail(error, SONIC_E_FORMAT,
                          "the file is empty or nested too deeply: it is no ONNX model");
    Onnx__ModelProto *unpacked = onnx__model_proto__unpack(NULL, n, bytes);
    if (!unpacked)
        return sonic_fail(error, SONIC_E_FORMAT, "the file is damaged, or no ONNX model");
    onnx.model = unpacked;
    sonic_status status = import(&onnx, &made);
    for (size_t i = 0; i < onnx.values; i++)
        sonic_tensor_free(onnx.value[i].tensor);
    free(onnx.value);
    sonic_net_free(&onnx.net);
    onnx__model_proto__free_unpacked(unpacked, NULL);
    if (!status)
        *model = made;
    return status;
}

sonic_status sonic_model_import(sonic_model *model, const char *path, sonic_error *error)
{
    uint8_t *bytes = NULL;
    size_t n = 0;
    sonic_status status = sonic_file_read_whole(path, INT32_MAX, &bytes, &n, error);
    if (status)
        return status;
    char directory[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    if (slash)
        (void)snprintf(directory, sizeof directory, "%.*s", slash == path ? 1 : (int)(slash - path),
                       path);
    status = sonic_model_import_bytes(model, bytes, n, directory, error);
    free(bytes);
    if (status) {
        char prefix[128];
        (void)snprintf(prefix, sizeof prefix, "%.120s", slash ? slash + 1 : path);
        return sonic_fail_in(error, status, prefix);
    }
    return SONIC_OK;
}
