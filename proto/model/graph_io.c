/* A graph as bytes: little-endian, one record a node, nothing trusted on the way back. */
#include "proto/model/graph.h"

#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"

/* "SNG" and the version of this layout: any change of it is a new version. */
enum { GRAPH_MAGIC = 0x01474e53 };

/* The window's members in their order of serialisation. */
enum { WINDOW_WORDS = sizeof(sonic_window) / sizeof(uint32_t) };
_Static_assert(WINDOW_WORDS == 10, "a window is ten words");

/* Where bytes go; with a null pointer they are only counted. */
typedef struct sink {
    uint8_t *at;
    size_t n;
} sink;

static void put(sink *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++, out->n++)
        if (out->at)
            out->at[out->n] = (uint8_t)(value >> 8 * i);
}

static void put_words(sink *out, const uint32_t *words, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        put(out, words[i], 4);
}

static void put_real(sink *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put(out, bits, 8);
}

static void window_to_words(uint32_t *words, const sonic_window *w)
{
    const uint32_t all[WINDOW_WORDS] = {
        w->kh,      w->kw,       w->stride_h,   w->stride_w,  w->dilation_h, w->dilation_w,
        w->pad_top, w->pad_left, w->pad_bottom, w->pad_right,
    };
    memcpy(words, all, sizeof all);
}

static sonic_window window_from_words(const uint32_t *words)
{
    return (sonic_window){
        words[0], words[1], words[2], words[3], words[4],
        words[5], words[6], words[7], words[8], words[9],
    };
}

static void put_node(sink *out, const sonic_node *node)
{
    put(out, (uint64_t)node->op, 1);
    size_t length = strlen(node->name);
    put(out, length, 1);
    for (size_t i = 0; i < length; i++)
        put(out, (uint8_t)node->name[i], 1);
    put(out, node->inputs, 4);
    put_words(out, node->input, node->inputs);
    put(out, node->shape.rank, 1);
    put_words(out, node->shape.dim, node->shape.rank);
    uint32_t window[WINDOW_WORDS];
    window_to_words(window, &node->window);
    put_words(out, window, WINDOW_WORDS);
    put(out, node->groups, 4);
    put(out, node->exclude_pad, 1);
    put(out, node->shift, 4);
    put(out, (uint64_t)node->factor[0], 8);
    put(out, (uint64_t)node->factor[1], 8);
    put_words(out, node->perm, SONIC_RANK_MAX);
    put(out, node->axis, 4);
    put_real(out, node->unit);
    put_real(out, node->bound);
    put_real(out, node->error);
}

static void put_graph(sink *out, const sonic_graph *graph)
{
    put(out, GRAPH_MAGIC, 4);
    put(out, (uint64_t)graph->ring, 4);
    put(out, (uint64_t)graph->truncation, 1);
    put(out, (uint64_t)graph->last, 1);
    put_real(out, graph->failure);
    put_real(out, graph->input_low);
    put_real(out, graph->input_high);
    put(out, graph->nodes, 4);
    for (uint32_t i = 0; i < graph->nodes; i++)
        put_node(out, &graph->node[i]);
}

sonic_status sonic_graph_write(const sonic_graph *graph, uint8_t **bytes, size_t *n,
                               sonic_error *error)
{
    sonic_status status = sonic_graph_validate(graph, error);
    if (status)
        return status;
    sink out = {NULL, 0};
    put_graph(&out, graph);
    out.at = malloc(out.n);
    if (!out.at)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for a graph of %zu bytes", out.n);
    out.n = 0;
    put_graph(&out, graph);
    *bytes = out.at;
    *n = out.n;
    return SONIC_OK;
}

/* Where bytes come from; `exhausted` once more were asked for than there are. */
typedef struct source {
    const uint8_t *at;
    size_t left;
    bool exhausted;
} source;

static uint64_t get(source *in, unsigned bytes)
{
    if (in->left < bytes) {
        in->exhausted = true;
        in->left = 0;
        return 0;
    }
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)in->at[i] << 8 * i;
    in->at += bytes;
    in->left -= bytes;
    return value;
}

static void get_words(source *in, uint32_t *words, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        words[i] = (uint32_t)get(in, 4);
}

static double get_real(source *in)
{
    uint64_t bits = get(in, 8);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static sonic_status get_inputs(source *in, sonic_node *node, uint32_t index, sonic_error *error)
{
    uint32_t inputs = (uint32_t)get(in, 4);
    if (inputs > SONIC_NODES_MAX || (size_t)inputs * 4 > in->left)
        return sonic_fail(error, SONIC_E_FORMAT,
                          "node %u of the graph has more inputs than fit in it", index);
    if (inputs == 0)
        return SONIC_OK;
    node->input = calloc(inputs, sizeof *node->input);
    if (!node->input)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for the inputs of a node");
    node->inputs = inputs;
    get_words(in, node->input, inputs);
    return SONIC_OK;
}

static sonic_status get_node(source *in, sonic_node *node, uint32_t index, sonic_error *error)
{
    uint64_t op = get(in, 1);
    uint64_t length = get(in, 1);
    if (op >= SONIC_OPS)
        return sonic_fail(error, SONIC_E_FORMAT, "node %u of the graph is of an unknown kind",
                          index);
    if (length > SONIC_NAME_MAX || length > in->left)
        return sonic_fail(error, SONIC_E_FORMAT, "the name of node %u of the graph is too long",
                          index);
    node->op = (sonic_op)op;
    for (uint64_t i = 0; i < length; i++)
        node->name[i] = (char)get(in, 1);
    if (strlen(node->name) != length)
        return sonic_fail(error, SONIC_E_FORMAT, "the name of node %u of the graph is not text",
                          index);
    sonic_status status = get_inputs(in, node, index, error);
    if (status)
        return status;
    node->shape.rank = (uint32_t)get(in, 1);
    if (node->shape.rank > SONIC_RANK_MAX)
        return sonic_fail(error, SONIC_E_FORMAT, "node %u of the graph has %u dimensions", index,
                          node->shape.rank);
    get_words(in, node->shape.dim, node->shape.rank);
    uint32_t window[WINDOW_WORDS];
    get_words(in, window, WINDOW_WORDS);
    node->window = window_from_words(window);
    node->groups = (uint32_t)get(in, 4);
    uint64_t flag = get(in, 1);
    node->exclude_pad = flag & 1;
    if (flag > 1)
        return sonic_fail(error, SONIC_E_FORMAT,
                          "a flag of node %u of the graph is neither 0 nor 1", index);
    node->shift = (uint32_t)get(in, 4);
    node->factor[0] = (int64_t)get(in, 8);
    node->factor[1] = (int64_t)get(in, 8);
    get_words(in, node->perm, SONIC_RANK_MAX);
    node->axis = (uint32_t)get(in, 4);
    node->unit = get_real(in);
    node->bound = get_real(in);
    node->error = get_real(in);
    return SONIC_OK;
}

static sonic_status get_graph(source *in, sonic_graph *graph, sonic_error *error)
{
    if (get(in, 4) != GRAPH_MAGIC)
        return sonic_fail(error, SONIC_E_FORMAT,
                          "this is not a graph, or it was written by another version of sonicnn");
    uint64_t ring = get(in, 4), truncation = get(in, 1), last = get(in, 1);
    if ((ring != SONIC_RING_32 && ring != SONIC_RING_64) || truncation > SONIC_TRUNC_LOCAL ||
        last > SONIC_LAST_ARGMAX)
        return sonic_fail(error, SONIC_E_FORMAT,
                          "the graph's ring, truncation or last step is unknown");
    graph->ring = (sonic_ring)ring;
    graph->truncation = (sonic_truncation)truncation;
    graph->last = (sonic_last)last;
    graph->failure = get_real(in);
    graph->input_low = get_real(in);
    graph->input_high = get_real(in);
    uint32_t nodes = (uint32_t)get(in, 4);
    if (nodes > SONIC_NODES_MAX)
        return sonic_fail(error, SONIC_E_FORMAT, "the graph has %u nodes, more than %d", nodes,
                          SONIC_NODES_MAX);
    graph->node = calloc(nodes ? nodes : 1, sizeof *graph->node);
    if (!graph->node)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for a graph of %u nodes", nodes);
    graph->nodes = nodes;
    for (uint32_t i = 0; i < nodes && !in->exhausted; i++) {
        sonic_status status = get_node(in, &graph->node[i], i, error);
        if (status)
            return status;
    }
    if (in->exhausted)
        return sonic_fail(error, SONIC_E_FORMAT, "the graph is cut short");
    if (in->left)
        return sonic_fail(error, SONIC_E_FORMAT, "the graph is followed by %zu bytes too many",
                          in->left);
    return sonic_graph_validate(graph, error);
}

sonic_status sonic_graph_read(sonic_graph *graph, const uint8_t *bytes, size_t n,
                              sonic_error *error)
{
    sonic_graph read = {0};
    source in = {bytes, n, false};
    memset(graph, 0, sizeof *graph);
    sonic_status status = get_graph(&in, &read, error);
    if (status)
        sonic_graph_free(&read);
    else
        *graph = read;
    return status;
}
