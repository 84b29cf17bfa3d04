/* Integer models written by hand. */
#include "tests/build_model.h"

#include <criterion/criterion.h>

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

uint64_t build_draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

sonic_node *build_add(sonic_model *model, sonic_op op, const char *name, uint32_t inputs, ...)
{
    sonic_graph *graph = &model->graph;
    uint32_t nodes = graph->nodes + 1;
    graph->node = realloc(graph->node, nodes * sizeof *graph->node);
    model->constants = realloc(model->constants, nodes * sizeof *model->constants);
    cr_assert(graph->node && model->constants);
    sonic_node *node = &graph->node[graph->nodes];
    memset(node, 0, sizeof *node);
    memset(&model->constants[graph->nodes], 0, sizeof *model->constants);
    graph->nodes = nodes;
    node->op = op;
    strncpy(node->name, name, SONIC_NAME_MAX);
    node->inputs = inputs;
    node->input = inputs ? calloc(inputs, sizeof *node->input) : NULL;
    va_list list;
    va_start(list, inputs);
    for (uint32_t i = 0; i < inputs; i++)
        node->input[i] = (uint32_t)va_arg(list, int);
    va_end(list);
    node->window = (sonic_window){1, 1, 1, 1, 1, 1, 0, 0, 0, 0};
    node->groups = 1;
    node->factor[0] = node->factor[1] = 1;
    node->unit = 1;
    node->bound = 1000;
    return node;
}

void build_begin(sonic_model *model, sonic_ring ring, sonic_truncation truncation,
                 sonic_shape input)
{
    memset(model, 0, sizeof *model);
    model->graph.ring = ring;
    model->graph.truncation = truncation;
    model->graph.input_high = 1;
    build_add(model, SONIC_OP_INPUT, "input", 0)->shape = input;
}

static int64_t *draw_constants(size_t n, int64_t limit, uint64_t *state)
{
    int64_t *out = calloc(n ? n : 1, sizeof *out);
    cr_assert(out);
    for (size_t i = 0; i < n; i++)
        out[i] = (int64_t)(build_draw(state) % (2 * (uint64_t)limit + 1)) - limit;
    return out;
}

void build_finish(sonic_model *model, uint64_t *state, int64_t limit)
{
    sonic_graph *graph = &model->graph;
    uint32_t node = graph->nodes - 1;
    sonic_shape shape;
    sonic_error error = {0};
    cr_assert_eq(sonic_node_infer_shape(graph, node, &shape, &error), SONIC_OK, "%s", error.text);
    graph->node[node].shape = shape;
    if (sonic_node_weights(graph, node))
        model->constants[node].wq = draw_constants(sonic_node_weights(graph, node), limit, state);
    if (sonic_node_biases(graph, node))
        model->constants[node].bq = draw_constants(sonic_node_biases(graph, node), limit, state);
}

void build_draw_elements(sonic_ring ring, void *x, size_t n, int64_t limit, uint64_t *state)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t v = build_draw(state);
        if (limit)
            v = v % (2 * (uint64_t)limit) - (uint64_t)limit;
        if (ring == SONIC_RING_64)
            ((uint64_t *)x)[i] = v;
        else
            ((uint32_t *)x)[i] = (uint32_t)v;
    }
}
