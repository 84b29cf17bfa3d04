/* Graphs: shapes, what validation refuses, and the way to bytes and back. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/graph.h"

static uint64_t state;

static uint32_t draw(uint32_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % below;
}

static sonic_node *append(sonic_graph *graph, sonic_op op, const char *name, uint32_t inputs, ...)
{
    graph->node = realloc(graph->node, (graph->nodes + 1) * sizeof *graph->node);
    cr_assert(graph->node);
    sonic_node *node = &graph->node[graph->nodes++];
    memset(node, 0, sizeof *node);
    node->op = op;
    strcpy(node->name, name);
    node->inputs = inputs;
    node->input = inputs ? calloc(inputs, sizeof *node->input) : NULL;
    va_list list;
    va_start(list, inputs);
    for (uint32_t i = 0; i < inputs; i++)
        node->input[i] = va_arg(list, unsigned);
    va_end(list);
    node->window = (sonic_window){1, 1, 1, 1, 1, 1, 0, 0, 0, 0};
    node->groups = 1;
    node->factor[0] = node->factor[1] = 1;
    node->unit = 0.25;
    node->bound = 1000;
    node->error = 2;
    return node;
}

static void set_shape(sonic_graph *graph)
{
    sonic_error error;
    sonic_shape shape;
    cr_assert_eq(sonic_node_infer_shape(graph, graph->nodes - 1, &shape, &error), SONIC_OK, "%s",
                 error.text);
    graph->node[graph->nodes - 1].shape = shape;
}

/* A graph with every operation once. */
static sonic_graph sample(void)
{
    sonic_graph graph = {.ring = SONIC_RING_32, .input_low = 0, .input_high = 1,
                         .last = SONIC_LAST_SOFTMAX};
    sonic_node *n = append(&graph, SONIC_OP_INPUT, "input", 0);
    n->shape = (sonic_shape){3, {4, 9, 8}};
    n = append(&graph, SONIC_OP_CONV, "conv", 1, 0u);
    n->shape.dim[0] = 6;
    n->groups = 2;
    n->window = (sonic_window){3, 2, 2, 1, 1, 2, 1, 0, 1, 1};
    set_shape(&graph); /* 6 x 5 x 7 */
    n = append(&graph, SONIC_OP_MAX_POOL, "max", 1, 1u);
    n->window = (sonic_window){2, 2, 1, 1, 1, 1, 0, 0, 0, 0};
    set_shape(&graph); /* 6 x 4 x 6 */
    n = append(&graph, SONIC_OP_RELU, "relu", 1, 2u);
    n->shift = 8;
    set_shape(&graph);
    n = append(&graph, SONIC_OP_SCALE, "scale", 1, 3u);
    n->factor[0] = 3;
    set_shape(&graph);
    n = append(&graph, SONIC_OP_ADD, "add", 2, 3u, 4u);
    n->factor[1] = -7;
    set_shape(&graph);
    n = append(&graph, SONIC_OP_CONCAT, "concat", 2, 5u, 4u);
    set_shape(&graph); /* 12 x 4 x 6 */
    append(&graph, SONIC_OP_BIAS, "bias", 1, 6u);
    set_shape(&graph);
    n = append(&graph, SONIC_OP_TRUNC, "trunc", 1, 7u);
    n->shift = 5;
    set_shape(&graph);
    n = append(&graph, SONIC_OP_PAD, "pad", 1, 8u);
    n->window.pad_top = 1, n->window.pad_right = 2;
    set_shape(&graph); /* 12 x 5 x 8 */
    n = append(&graph, SONIC_OP_AVG_POOL, "avg", 1, 9u);
    n->window = (sonic_window){3, 3, 2, 2, 1, 1, 1, 1, 1, 1};
    n->exclude_pad = true;
    set_shape(&graph); /* 12 x 3 x 4 */
    n = append(&graph, SONIC_OP_PERMUTE, "permute", 1, 10u);
    n->perm[0] = 1, n->perm[1] = 2, n->perm[2] = 0;
    set_shape(&graph); /* 3 x 4 x 12 */
    n = append(&graph, SONIC_OP_RESHAPE, "reshape", 1, 11u);
    n->shape = (sonic_shape){1, {144}};
    set_shape(&graph);
    n = append(&graph, SONIC_OP_CONV, "fc", 1, 12u);
    n->shape.dim[0] = 10;
    set_shape(&graph);
    return graph;
}

Test(graph, shapes_sizes_and_convolutions)
{
    sonic_graph g = sample();
    sonic_error error;
    cr_assert_eq(sonic_graph_validate(&g, &error), SONIC_OK, "%s", error.text);
    const sonic_shape expected[] = {
        {3, {4, 9, 8}},  {3, {6, 5, 7}},  {3, {6, 4, 6}},  {3, {6, 4, 6}}, {3, {6, 4, 6}},
        {3, {6, 4, 6}},  {3, {12, 4, 6}}, {3, {12, 4, 6}}, {3, {12, 4, 6}}, {3, {12, 5, 8}},
        {3, {12, 3, 4}}, {3, {3, 4, 12}}, {1, {144}},      {1, {10}},
    };
    cr_assert_eq(g.nodes, sizeof expected / sizeof expected[0]);
    for (uint32_t i = 0; i < g.nodes; i++)
        cr_expect(sonic_shape_equal(&g.node[i].shape, &expected[i]), "node %s", g.node[i].name);
    cr_expect_eq(sonic_node_elements(&g, 1), 210);
    cr_expect_eq(sonic_node_weights(&g, 1), 6 * 2 * 3 * 2);
    cr_expect_eq(sonic_node_biases(&g, 1), 6);
    cr_expect_eq(sonic_node_weights(&g, 7), 0);
    cr_expect_eq(sonic_node_biases(&g, 7), 12 * 4 * 6);
    cr_expect_eq(sonic_node_biases(&g, 3), 0);
    cr_expect_eq(sonic_node_weights(&g, 13), 1440);
    sonic_conv_shape c = sonic_node_conv(&g, 1, 3);
    cr_expect(c.n == 3 && c.c == 4 && c.h == 9 && c.w == 8 && c.o == 6 && c.kh == 3 && c.kw == 2);
    cr_expect(c.stride_h == 2 && c.stride_w == 1 && c.dilation_h == 1 && c.dilation_w == 2);
    cr_expect(c.pad_top == 1 && c.pad_left == 0 && c.pad_bottom == 1 && c.pad_right == 1);
    cr_expect_eq(c.groups, 2);
    c = sonic_node_conv(&g, 13, 5);
    cr_expect(c.n == 5 && c.c == 144 && c.h == 1 && c.w == 1 && c.o == 10 && c.kh == 1 &&
              c.kw == 1);
    sonic_graph_free(&g);
    cr_expect_null(g.node);
    sonic_graph_free(&g);
}

/* Every output row of a pool, and whether it has a candidate, by counting. */
static bool count_rows(uint32_t size, const sonic_window *w, uint32_t *rows, bool *all)
{
    *rows = 0;
    *all = true;
    long padded = (long)size + w->pad_top + w->pad_bottom;
    for (long start = 0; start + (long)w->dilation_h * (w->kh - 1) < padded; start += w->stride_h) {
        bool some = false;
        for (uint32_t j = 0; j < w->kh; j++) {
            long at = start + (long)j * w->dilation_h - w->pad_top;
            some |= at >= 0 && at < (long)size;
        }
        *all &= some;
        ++*rows;
    }
    return *rows > 0;
}

Test(graph, pool_shapes_equal_counting)
{
    for (int round = 0; round < 20000; round++) {
        state = (uint64_t)round;
        sonic_graph g = {0};
        uint32_t size = 1 + draw(9), channels = 1 + draw(3);
        append(&g, SONIC_OP_INPUT, "input", 0)->shape = (sonic_shape){3, {channels, size, 5}};
        bool conv = draw(3) == 0;
        sonic_node *n = append(&g, conv ? SONIC_OP_CONV : SONIC_OP_MAX_POOL, "window", 1, 0u);
        n->shape.dim[0] = 2;
        n->window.kh = 1 + draw(5), n->window.stride_h = 1 + draw(4),
        n->window.dilation_h = 1 + draw(4);
        n->window.pad_top = draw(6), n->window.pad_bottom = draw(6);
        uint32_t rows;
        bool all;
        bool fits = count_rows(size, &n->window, &rows, &all) && (conv || all);
        sonic_shape shape;
        sonic_status status = sonic_node_infer_shape(&g, 1, &shape, NULL);
        cr_assert_eq(status, fits ? SONIC_OK : SONIC_E_SHAPE, "seed %d", round);
        if (fits) {
            cr_assert_eq(shape.dim[1], rows, "seed %d", round);
            cr_assert_eq(shape.dim[0], conv ? 2 : channels, "seed %d", round);
            cr_assert_eq(shape.dim[2], 5);
        }
        sonic_graph_free(&g);
    }
}

static void expect_refused(sonic_graph *g, const char *sentence)
{
    sonic_error error = {0};
    cr_expect_eq(sonic_graph_validate(g, &error), SONIC_E_FORMAT, "not refused: %s", sentence);
    cr_expect(strstr(error.text, sentence), "'%s' does not say '%s'", error.text, sentence);
    uint8_t *bytes = NULL;
    size_t n;
    cr_expect_neq(sonic_graph_write(g, &bytes, &n, NULL), SONIC_OK);
    sonic_graph_free(g);
}

#define REFUSE(change, sentence)             \
    do {                                     \
        sonic_graph g = sample();            \
        sonic_node *n = g.node;              \
        (void)n;                             \
        change;                              \
        expect_refused(&g, sentence);        \
    } while (0)

Test(graph, validation_names_what_is_wrong)
{
    REFUSE(g.ring = (sonic_ring)33, "33 bits");
    REFUSE(g.ring = (sonic_ring)0, "0 bits");
    REFUSE(g.truncation = (sonic_truncation)2, "truncation");
    REFUSE(g.last = (sonic_last)3, "user");
    REFUSE(g.failure = NAN, "failure");
    REFUSE(g.failure = 1.5, "failure");
    REFUSE(g.input_low = 1, "range of inputs");
    REFUSE(g.input_high = INFINITY, "range of inputs");
    REFUSE(n[0].op = SONIC_OP_RELU, "the first node");
    REFUSE(n[0].shape.rank = 0, "0 dimensions");
    REFUSE(n[0].shape.rank = 5, "5 dimensions");
    REFUSE(n[0].shape.dim[1] = 0, "dimension of a tensor is 0");
    REFUSE((n[0].shape.dim[0] = 1u << 30, n[0].shape.dim[1] = 1u << 30), "2^31");
    REFUSE(n[3].op = (sonic_op)99, "operation 99");
    REFUSE(n[3].op = SONIC_OP_INPUT, "'relu'");
    REFUSE(memset(n[3].name, 'x', sizeof n[3].name), "name of node 3");
    REFUSE(n[3].name[1] = '\n', "name of node 3");
    REFUSE(n[3].input[0] = 3, "'relu' (relu): input 0 does not come before");
    REFUSE(n[3].input[0] = UINT32_MAX, "'relu' (relu): input 0");
    REFUSE(n[5].inputs = 1, "'add' (add): 1 inputs");
    REFUSE(n[5].input[0] = 0, "different shapes");
    REFUSE(n[1].groups = 0, "0 groups");
    REFUSE(n[1].groups = 3, "3 groups");
    REFUSE(n[1].window.stride_h = 0, "'conv' (conv): a window");
    REFUSE(n[1].window.dilation_w = 0, "a window");
    REFUSE(n[1].window.kh = 0, "a window");
    REFUSE(n[1].window.kh = UINT32_MAX, "a window");
    REFUSE(n[1].window.pad_left = UINT32_MAX, "a window");
    REFUSE((n[2].window.pad_top = 2, n[2].shape.dim[1] = 6), "padding alone");
    REFUSE((n[2].window.pad_bottom = 2, n[2].shape.dim[1] = 6), "padding alone");
    REFUSE(n[13].window.kh = 2, "features have no space");
    REFUSE(n[1].shape.dim[2] = 8, "'conv' (conv): its shape is not what");
    REFUSE(n[13].shape.dim[0] = 1u << 24, "2^31 weights");
    REFUSE(n[6].axis = 3, "axis 3");
    REFUSE(n[6].axis = 1, "its shape");
    REFUSE(n[6].input[1] = 1, "input 1 does not fit");
    REFUSE(n[11].perm[1] = 1, "not a permutation");
    REFUSE(n[11].perm[1] = UINT32_MAX, "not a permutation");
    REFUSE(n[9].window.pad_top = 1u << 20, "zeros on a side");
    REFUSE(n[12].shape.dim[0] = 143, "144 elements cannot be arranged as 143");
    REFUSE(n[8].shift = 0, "'trunc' (trunc): it cannot drop 0 bits");
    REFUSE(n[8].shift = 17, "17 bits");
    REFUSE(n[3].shift = 17, "17 bits");
    REFUSE(n[1].shift = 1, "cannot drop");
    REFUSE(n[4].factor[0] = 0, "factor");
    REFUSE(n[5].factor[1] = 1ll << 40, "second factor");
    REFUSE(n[5].factor[1] = INT64_MIN, "second factor");
    REFUSE(n[4].unit = 0, "unit");
    REFUSE(n[4].unit = NAN, "unit");
    REFUSE(n[4].bound = 0x1p30, "bound");
    REFUSE(n[4].bound = NAN, "bound");
    REFUSE(n[4].error = -1, "error");
    sonic_graph empty = {.ring = SONIC_RING_32, .input_high = 1};
    expect_refused(&empty, "0 nodes");
}

static void expect_same(const sonic_graph *a, const sonic_graph *b)
{
    cr_assert(a->ring == b->ring && a->truncation == b->truncation && a->last == b->last);
    cr_assert(a->failure == b->failure && a->input_low == b->input_low);
    cr_assert(a->input_high == b->input_high && a->nodes == b->nodes);
    for (uint32_t i = 0; i < a->nodes; i++) {
        sonic_node x = a->node[i], y = b->node[i];
        cr_assert_eq(x.inputs, y.inputs);
        cr_assert(x.inputs == 0 || memcmp(x.input, y.input, x.inputs * sizeof *x.input) == 0);
        cr_assert(x.op == y.op && strcmp(x.name, y.name) == 0 &&
                  sonic_shape_equal(&x.shape, &y.shape));
        cr_assert_eq(memcmp(&x.window, &y.window, sizeof x.window), 0);
        cr_assert(x.groups == y.groups && x.exclude_pad == y.exclude_pad && x.shift == y.shift);
        cr_assert(x.factor[0] == y.factor[0] && x.factor[1] == y.factor[1] && x.axis == y.axis);
        cr_assert_eq(memcmp(x.perm, y.perm, sizeof x.perm), 0);
        cr_assert(x.unit == y.unit && x.bound == y.bound && x.error == y.error);
    }
}

Test(graph, bytes_round_trip_and_every_prefix_is_refused)
{
    sonic_graph g = sample(), back;
    g.ring = SONIC_RING_64;
    g.truncation = SONIC_TRUNC_LOCAL;
    g.failure = 0x1p-40;
    sonic_error error = {0};
    uint8_t *bytes;
    size_t n;
    cr_assert_eq(sonic_graph_write(&g, &bytes, &n, &error), SONIC_OK, "%s", error.text);
    cr_assert_eq(sonic_graph_read(&back, bytes, n, &error), SONIC_OK, "%s", error.text);
    expect_same(&g, &back);
    uint8_t *again;
    size_t m;
    cr_assert_eq(sonic_graph_write(&back, &again, &m, &error), SONIC_OK);
    cr_assert(m == n && memcmp(bytes, again, n) == 0);
    free(again);
    sonic_graph_free(&back);
    for (size_t cut = 0; cut < n; cut++) {
        uint8_t *exact = malloc(cut ? cut : 1); /* so that a sanitizer sees a read beyond the cut */
        memcpy(exact, bytes, cut);
        cr_assert_eq(sonic_graph_read(&back, exact, cut, &error), SONIC_E_FORMAT, "cut at %zu",
                     cut);
        cr_assert_null(back.node);
        free(exact);
    }
    uint8_t *longer = calloc(1, n + 1);
    memcpy(longer, bytes, n);
    cr_assert_eq(sonic_graph_read(&back, longer, n + 1, &error), SONIC_E_FORMAT);
    cr_assert(strstr(error.text, "1 bytes too many"));
    free(longer);
    free(bytes);
    sonic_graph_free(&g);
}

Test(graph, damaged_bytes_give_a_valid_graph_or_a_sentence)
{
    sonic_graph g = sample(), back;
    uint8_t *bytes;
    size_t n, refused = 0;
    cr_assert_eq(sonic_graph_write(&g, &bytes, &n, NULL), SONIC_OK);
    for (int round = 0; round < 30000; round++) {
        state = (uint64_t)round + 77;
        uint8_t *copy = malloc(n);
        memcpy(copy, bytes, n);
        for (uint32_t flips = 1 + draw(3); flips; flips--) {
            uint32_t at = draw((uint32_t)n);
            copy[at] = (uint8_t)(draw(2) ? draw(256) : (unsigned)copy[at] ^ 1u << draw(8));
        }
        sonic_error error = {0};
        if (sonic_graph_read(&back, copy, n, &error)) {
            cr_assert(error.text[0] && !back.node, "seed %d", round);
            refused++;
        } else {
            cr_assert_eq(sonic_graph_validate(&back, &error), SONIC_OK, "seed %d", round);
            sonic_graph_free(&back);
        }
        free(copy);
    }
    cr_assert_gt(refused, 10000);
    free(bytes);
    sonic_graph_free(&g);
}
