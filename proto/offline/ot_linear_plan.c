/* Geometry and costs of products without a dealer. */
#include "kernels/common/checked.h"
#include "kernels/vole/vole.h"
#include "proto/offline/ot_linear_run.h"

size_t sonic_ot_digits(sonic_ring ring)
{
    return (size_t)ring / SONIC_VOLE_DIGIT_BITS;
}

size_t sonic_ot_wire(sonic_ring ring)
{
    size_t bytes = 0;
    for (unsigned digit = 0; digit < sonic_ot_digits(ring); digit++)
        bytes += sonic_vole_wire((unsigned)ring, digit);
    return bytes;
}

sonic_ot_shape sonic_ot_shape_of(const sonic_graph *graph, uint32_t node)
{
    const sonic_shape *out = &graph->node[node].shape;
    const sonic_conv_shape conv = sonic_node_conv(graph, node, 1);
    return (sonic_ot_shape){
        .ring = graph->ring,
        .conv = conv,
        .oh = out->rank == 3 ? out->dim[1] : 1,
        .ow = out->rank == 3 ? out->dim[2] : 1,
        .channels = conv.c / conv.groups,
        .taps = conv.kh * conv.kw,
        .multipliers = sonic_node_weights(graph, node),
    };
}

/* Outputs of one axis from *first on that meet an input at the tap `offset` elements into the
 * window. */
static size_t meet(size_t *first, size_t inputs, size_t outputs, size_t stride, size_t offset,
                   size_t pad)
{
    *first = pad > offset ? sonic_size_pieces(pad - offset, stride) : 0;
    if (offset >= inputs + pad)
        return 0;
    const size_t end = sonic_size_min(outputs, (inputs + pad - 1 - offset) / stride + 1);
    return end > *first ? end - *first : 0;
}

static size_t meet_row(size_t *first, const sonic_ot_shape *s, size_t y)
{
    return meet(first, s->conv.h, s->oh, s->conv.stride_h, y * s->conv.dilation_h, s->conv.pad_top);
}

static size_t meet_column(size_t *first, const sonic_ot_shape *s, size_t x)
{
    return meet(first, s->conv.w, s->ow, s->conv.stride_w, x * s->conv.dilation_w,
                s->conv.pad_left);
}

size_t sonic_ot_taps(sonic_ot_tap *taps, const sonic_ot_shape *shape, size_t batch)
{
    const size_t most = SONIC_OT_STEP_BYTES / sonic_ring_bytes(shape->ring);
    size_t blocks = 0;
    for (size_t i = 0; i < shape->taps; i++) {
        sonic_ot_tap *t = &taps[i];
        *t = (sonic_ot_tap){.y = i / shape->conv.kw, .x = i % shape->conv.kw, .first = blocks};
        t->rows = meet_row(&t->row, shape, t->y);
        t->columns = meet_column(&t->column, shape, t->x);
        t->n = t->rows * t->columns * batch;
        if (t->n == 0)
            continue;
        t->step = sonic_size_min(t->n, most);
        t->take = sonic_size_min(shape->channels,
                                 SONIC_OT_WIRE_BYTES / (t->step * sonic_ot_wire(shape->ring)));
        blocks += sonic_size_pieces(t->n, t->step) * sonic_size_pieces(shape->channels, t->take);
    }
    return blocks;
}

bool sonic_ot_linear_by_inputs(const sonic_graph *graph, uint32_t node, uint32_t batch)
{
    const sonic_conv_shape c = sonic_node_conv(graph, node, 1);
    return c.kh == c.h && c.kw == c.w && c.pad_top + c.pad_left + c.pad_bottom + c.pad_right == 0 &&
           c.groups == 1 && c.o > batch;
}

sonic_ot_shape sonic_ot_exchange(const sonic_ot_shape *shape, size_t images, size_t inputs)
{
    const size_t outputs = shape->conv.o;
    return (sonic_ot_shape){
        .ring = shape->ring,
        .conv = {.n = 1,
                 .c = inputs,
                 .h = 1,
                 .w = outputs,
                 .o = images,
                 .kh = 1,
                 .kw = 1,
                 .stride_h = 1,
                 .stride_w = 1,
                 .dilation_h = 1,
                 .dilation_w = 1,
                 .groups = 1},
        .oh = 1,
        .ow = outputs,
        .channels = inputs,
        .taps = 1,
        .multipliers = images * inputs,
    };
}

sonic_ot_group sonic_ot_group_of(const sonic_ot_shape *shape, size_t batch)
{
    const size_t most = SONIC_OT_SETUP_GROUP * (SONIC_OT_SETUP_TRANSFERS / (size_t)shape->ring);
    const size_t inputs = sonic_size_min(shape->multipliers / shape->conv.o, most);
    return (sonic_ot_group){.images = sonic_size_min(batch, most / inputs), .inputs = inputs};
}

/* Bytes that trees for n multipliers take. */
static uint64_t trees_bytes(unsigned k, sonic_ring ring, uint64_t n)
{
    const size_t sums = sonic_ot_digits(ring) * SONIC_TREES_SUMS * SONIC_OT_NODE_BYTES;
    return n * (sums + sonic_cot_bytes(k, (size_t)ring)); /* whole bytes of choices */
}

sonic_ot_cost sonic_ot_linear_cost(unsigned k, const sonic_graph *graph, uint32_t node,
                                   uint32_t batch)
{
    const sonic_ot_shape s = sonic_ot_shape_of(graph, node);
    uint64_t rows = 0, columns = 0; /* products of one output channel with one input channel */
    size_t first;
    for (size_t y = 0; y < s.conv.kh; y++)
        rows += meet_row(&first, &s, y);
    for (size_t x = 0; x < s.conv.kw; x++)
        columns += meet_column(&first, &s, x);
    const uint64_t products = rows * columns * s.conv.o * s.channels * batch;
    sonic_ot_cost cost = {
        .kept_bytes = (uint64_t)sonic_node_elements(graph, node) * batch * (uint64_t)s.ring / 8,
        .bytes = products * sonic_ot_wire(s.ring),
        .rounds = products > 0,
    };
    if (sonic_ot_linear_by_inputs(graph, node, batch)) {
        const sonic_ot_group group = sonic_ot_group_of(&s, batch);
        const uint64_t inputs = s.multipliers / s.conv.o;
        cost.bytes += trees_bytes(k, s.ring, inputs * batch);
        cost.rounds =
            3 * sonic_size_pieces(batch, group.images) * sonic_size_pieces(inputs, group.inputs);
    }
    return cost;
}

sonic_ot_cost sonic_ot_linear_setup_cost(unsigned k, const sonic_graph *graph, uint32_t node,
                                         uint32_t batch)
{
    const sonic_ot_shape s = sonic_ot_shape_of(graph, node);
    const size_t block = SONIC_OT_SETUP_TRANSFERS / (size_t)s.ring;
    const uint64_t trees = (uint64_t)s.multipliers * sonic_ot_digits(s.ring);
    sonic_ot_cost cost = {.kept_bytes = (uint64_t)s.multipliers * (uint64_t)s.ring / 8};
    if (sonic_ot_linear_by_inputs(graph, node, batch))
        return cost;
    cost.kept_bytes += trees * (SONIC_OT_OWN_NODES + SONIC_OT_PEER_NODES) * SONIC_OT_NODE_BYTES;
    cost.bytes = trees_bytes(k, s.ring, s.multipliers);
    cost.rounds =
        2 * sonic_size_pieces(sonic_size_pieces(s.multipliers, block), SONIC_OT_SETUP_GROUP);
    return cost;
}
