/* The order of import: from the output back to the input, every node once, after what it reads. */
#include "proto/model/onnx.h"

#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"

/* A node whose inputs are being imported; `next` is the first not looked at. */
typedef struct frame {
    size_t node, next;
} frame;

enum { NEW, OPEN, DONE };

static const char *text(const char *s)
{
    return s ? s : "";
}

static const char *name_of(const Onnx__NodeProto *node)
{
    if (node->name && *node->name)
        return node->name;
    return node->n_output ? node->output[0] : "";
}

/* Whether `word` is one of the words of `list`. */
static bool is_listed(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = list; n && (at = strstr(at, word)); at += n)
        if ((at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == 0))
            return true;
    return false;
}

static sonic_status check_attributes(const sonic_onnx_call *call, const char *known)
{
    for (size_t i = 0; i < call->node->n_attribute; i++) {
        const Onnx__AttributeProto *a = call->node->attribute[i];
        if (!is_listed(known, text(a->name)) || (a->ref_attr_name && *a->ref_attr_name))
            return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                                     "attribute '%.40s' is not supported", text(a->name));
    }
    return SONIC_OK;
}

static bool all_constant(const sonic_onnx_call *call)
{
    for (size_t i = 0; i < call->inputs; i++)
        if (call->in[i] && call->in[i]->kind != SONIC_ONNX_CONSTANT)
            return false;
    return true;
}

/* What must hold of the inputs of any operator. */
static sonic_status check_inputs(const sonic_onnx_call *call, const sonic_onnx_operator *op)
{
    if (call->inputs < op->inputs_min || call->inputs > op->inputs_max)
        return sonic_onnx_refuse(call, SONIC_E_FORMAT, "%zu inputs are too few or too many",
                                 call->inputs);
    for (size_t i = 0; i < op->inputs_min; i++)
        if (!call->in[i])
            return sonic_onnx_refuse(call, SONIC_E_FORMAT, "its input %zu is left out", i);
    for (size_t i = 0; i < call->inputs; i++)
        if (call->in[i] && call->in[i]->ended && strcmp(op->type, "Identity") != 0 &&
            strcmp(op->type, "Cast") != 0 && strcmp(op->type, "ArgMax") != 0)
            return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                                     "it follows a Softmax or ArgMax, which must be the last node");
    return SONIC_OK;
}

static sonic_status dispatch(const sonic_onnx_call *call)
{
    const char *type = call->node->op_type;
    const sonic_onnx_operator *fold = sonic_onnx_fold_operator(type);
    const sonic_onnx_operator *lower = sonic_onnx_lower_operator(type);
    const sonic_onnx_operator *op =
        fold && (all_constant(call) || strcmp(type, "Shape") == 0) ? fold : lower;
    if (!op && fold)
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED,
                                 "this operator is supported on constants only");
    if (!op)
        return sonic_onnx_refuse(call, SONIC_E_UNSUPPORTED, "this operator is not supported");
    sonic_status status = check_inputs(call, op);
    if (!status)
        status = check_attributes(call, op->attributes);
    if (!status)
        status = op->handler(call);
    return status ? sonic_onnx_blame(call, status) : SONIC_OK;
}

static sonic_status import_node(sonic_onnx *onnx, const Onnx__NodeProto *node)
{
    sonic_onnx_call call = {
        .onnx = onnx, .node = node, .name = name_of(node), .inputs = node->n_input};
    call.out = sonic_onnx_find(onnx, node->output[0]);
    if (!call.out)
        return sonic_onnx_refuse(&call, SONIC_E_UNSUPPORTED, "its first output is left out");
    call.in = calloc(node->n_input ? node->n_input : 1, sizeof(sonic_onnx_value *));
    if (!call.in)
        return sonic_fail(onnx->error, SONIC_E_MEMORY, "no memory for the inputs of a node");
    sonic_status status = SONIC_OK;
    for (size_t i = 0; i < node->n_input && !status; i++) {
        if (!*node->input[i])
            continue;
        call.in[i] = sonic_onnx_find(onnx, node->input[i]);
        if (!call.in[i] || call.in[i]->kind == SONIC_ONNX_UNKNOWN)
            status = sonic_onnx_refuse(&call, SONIC_E_UNSUPPORTED,
                                       "its input '%.60s' is no output that is supported",
                                       node->input[i]);
    }
    if (!status)
        status = dispatch(&call);
    free(call.in);
    return status;
}

static sonic_status check_node(sonic_onnx *onnx, const Onnx__NodeProto *node)
{
    const char *domain = text(node->domain);
    if (!node->op_type || node->n_output == 0)
        return sonic_fail(onnx->error, SONIC_E_FORMAT, "node '%.60s' has no operator or no output",
                          name_of(node));
    if (*domain && strcmp(domain, "ai.onnx") != 0)
        return sonic_fail(
            onnx->error, SONIC_E_UNSUPPORTED,
            "node '%.60s' (%.24s): operators of domain '%.40s' are not supported; export "
            "the model with its functions inlined",
            name_of(node), node->op_type, domain);
    return SONIC_OK;
}

/* Reads an initializer, or says which node has to be imported first (*producer, else SIZE_MAX). */
static sonic_status resolve(sonic_onnx *onnx, const char *reader, const char *name,
                            size_t *producer)
{
    sonic_onnx_value *value = sonic_onnx_find(onnx, name);
    *producer = SIZE_MAX;
    if (!value)
        return sonic_fail(onnx->error, SONIC_E_FORMAT,
                          "node '%.60s' reads '%.60s', which nothing in the model makes", reader,
                          name);
    if (value->kind != SONIC_ONNX_UNKNOWN)
        return SONIC_OK;
    if (!value->initializer) {
        *producer = value->producer;
        return SONIC_OK;
    }
    value->kind = SONIC_ONNX_CONSTANT;
    return sonic_onnx_tensor(onnx, value->initializer, name, &value->tensor);
}

/* Depth first without recursion: a chain may be as long as the file allows. */
static sonic_status walk(sonic_onnx *onnx, size_t first, frame *stack, uint8_t *state)
{
    const Onnx__GraphProto *graph = onnx->model->graph;
    size_t depth = 0;
    stack[depth++] = (frame){first, 0};
    state[first] = OPEN;
    sonic_status status = check_node(onnx, graph->node[first]);
    while (!status && depth) {
        frame *top = &stack[depth - 1];
        const Onnx__NodeProto *node = graph->node[top->node];
        if (top->next == node->n_input) {
            status = import_node(onnx, node);
            state[top->node] = DONE;
            depth--;
            continue;
        }
        const char *name = node->input[top->next++];
        size_t producer = SIZE_MAX;
        if (*name)
            status = resolve(onnx, name_of(node), name, &producer);
        if (status || producer == SIZE_MAX || state[producer] == DONE)
            continue;
        if (state[producer] == OPEN)
            return sonic_fail(onnx->error, SONIC_E_FORMAT, "node '%.60s' depends on its own output",
                              name_of(graph->node[producer]));
        state[producer] = OPEN;
        stack[depth++] = (frame){producer, 0};
        status = check_node(onnx, graph->node[producer]);
    }
    return status;
}

sonic_status sonic_onnx_walk(sonic_onnx *onnx, const char *output)
{
    size_t nodes = onnx->model->graph->n_node, producer;
    sonic_status status = resolve(onnx, "(the output)", output, &producer);
    if (status || producer == SIZE_MAX)
        return status;
    frame *stack = calloc(nodes, sizeof *stack);
    uint8_t *state = calloc(nodes, sizeof *state);
    status = stack && state
                 ? walk(onnx, producer, stack, state)
                 : sonic_fail(onnx->error, SONIC_E_MEMORY, "no memory for %zu nodes", nodes);
    free(stack);
    free(state);
    return status;
}
