/* Max-pools before ReLUs, zeros into windows, and what does nothing out of the way. */
#include "proto/model/net.h"

#include <math.h>
#include <string.h>

/* Lets a window do the padding of the PAD it reads.  False where that is not the same, or where a
 * pool would get a window of padding alone. */
static bool absorb_pad(sonic_net *net, uint32_t node)
{
    sonic_node *self = &net->graph.node[node];
    const sonic_node *pad = &net->graph.node[self->input[0]];
    if (pad->op != SONIC_OP_PAD)
        return false;
    /* Padding never wins a maximum; zeros do not either where nothing is negative. */
    bool same =
        self->op == SONIC_OP_CONV || (self->op == SONIC_OP_AVG_POOL && !self->exclude_pad) ||
        (self->op == SONIC_OP_MAX_POOL && net->graph.node[pad->input[0]].op == SONIC_OP_RELU &&
         net->extra[pad->input[0]].slope == 0);
    if (!same)
        return false;
    const sonic_window before = self->window;
    const sonic_shape shape = self->shape;
    uint32_t from = self->input[0];
    self->window.pad_top += pad->window.pad_top;
    self->window.pad_left += pad->window.pad_left;
    self->window.pad_bottom += pad->window.pad_bottom;
    self->window.pad_right += pad->window.pad_right;
    self->input[0] = pad->input[0];
    if (sonic_net_shape(net, node, NULL)) {
        self->window = before;
        self->shape = shape;
        self->input[0] = from;
        return false;
    }
    sonic_net_count(net);
    return true;
}

/* max(relu(a), relu(b)) = relu(max(a, b)): fewer activations go through ReLU.  It never falls, with
 * a slope or a top neither. */
static bool is_relu_for(const sonic_net *net, uint32_t pool)
{
    uint32_t from = net->graph.node[pool].input[0];
    return net->graph.node[pool].op == SONIC_OP_MAX_POOL &&
           net->graph.node[from].op == SONIC_OP_RELU && sonic_net_only_consumer(net, from) == pool;
}

sonic_status sonic_net_reorder(sonic_net *net, sonic_error *error)
{
    sonic_net_count(net);
    for (bool again = true; again;) {
        again = false;
        for (uint32_t i = 1; i <= net->output; i++) {
            if (!net->extra[i].uses || net->graph.node[i].inputs != 1)
                continue;
            again |= absorb_pad(net, i);
            if (is_relu_for(net, i)) {
                sonic_status status = sonic_net_swap(net, net->graph.node[i].input[0], i, error);
                if (status)
                    return status;
                again = true;
            }
        }
    }
    return SONIC_OK;
}

static bool is_padded(const sonic_window *w)
{
    return w->pad_top || w->pad_left || w->pad_bottom || w->pad_right;
}

/* A permutation that leaves the dimensions larger than 1 in their order only renames dimensions. */
static bool keeps_order(const sonic_node *permute, const sonic_shape *in)
{
    uint32_t last = 0;
    for (uint32_t d = 0; d < in->rank; d++) {
        uint32_t from = permute->perm[d];
        if (in->dim[from] == 1)
            continue;
        if (from < last)
            return false;
        last = from;
    }
    return true;
}

static bool all_equal(const double *x, size_t n, double value)
{
    for (size_t i = 0; i < n; i++)
        if (x[i] != value)
            return false;
    return true;
}

/* Whether a node's output is its input. */
static bool does_nothing(const sonic_net *net, uint32_t node)
{
    const sonic_node *self = &net->graph.node[node];
    const sonic_net_extra *extra = &net->extra[node];
    const sonic_node *in = &net->graph.node[self->input[0]];
    const sonic_window *w = &self->window;
    switch (self->op) {
    case SONIC_OP_RESHAPE: return sonic_shape_equal(&self->shape, &in->shape);
    case SONIC_OP_RELU:
        return in->op == SONIC_OP_RELU && net->extra[self->input[0]].slope == 0 && extra->top == 0;
    case SONIC_OP_PAD: return !is_padded(w);
    case SONIC_OP_CONCAT: return self->inputs == 1;
    case SONIC_OP_SCALE: return all_equal(extra->w, sonic_shape_size(&extra->spread), 1);
    case SONIC_OP_BIAS: return all_equal(extra->b, sonic_shape_size(&extra->spread), 0);
    case SONIC_OP_MAX_POOL:
    case SONIC_OP_AVG_POOL:
        return w->kh == 1 && w->kw == 1 && w->stride_h == 1 && w->stride_w == 1 && !is_padded(w);
    default: return false;
    }
}

/* Joins a node with one of its kind before it, or makes it simpler; true where it did. */
static bool simplify(sonic_net *net, uint32_t node)
{
    sonic_node *self = &net->graph.node[node];
    const sonic_node *in = &net->graph.node[self->input[0]];
    if (self->op == SONIC_OP_PERMUTE && keeps_order(self, &in->shape)) {
        self->op = SONIC_OP_RESHAPE;
        memset(self->perm, 0, sizeof self->perm);
        return true;
    }
    bool clips = self->op == SONIC_OP_RELU && net->extra[node].slope == 0; /* to 0 .. top */
    if (in->op != self->op ||
        (self->op != SONIC_OP_RESHAPE && self->op != SONIC_OP_PERMUTE && !clips))
        return false;
    if (clips) {
        double top = net->extra[node].top, before = net->extra[self->input[0]].top;
        net->extra[node].top = top > 0 && before > 0 ? fmin(top, before) : top + before;
    }
    if (self->op == SONIC_OP_PERMUTE) {
        uint32_t whole[SONIC_RANK_MAX] = {0};
        for (uint32_t d = 0; d < self->shape.rank; d++)
            whole[d] = in->perm[self->perm[d]];
        memcpy(self->perm, whole, sizeof whole);
    }
    self->input[0] = in->input[0];
    sonic_net_count(net);
    return true;
}

sonic_status sonic_net_drop(sonic_net *net, sonic_error *error)
{
    sonic_net_count(net);
    for (bool again = true; again;) {
        again = false;
        for (uint32_t i = 1; i <= net->output; i++) {
            if (!net->extra[i].uses)
                continue;
            if (does_nothing(net, i)) {
                sonic_net_bypass(net, i);
                again = true;
            } else {
                again |= simplify(net, i);
            }
        }
    }
    return net->output ? sonic_net_shape(net, net->output, error) : SONIC_OK;
}
