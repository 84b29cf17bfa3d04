/* Folding of multiplications and additions of constants into each other and into convolutions. */
#include "proto/model/net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"

static sonic_status no_memory(sonic_error *error)
{
    return sonic_fail(error, SONIC_E_MEMORY, "no memory to fold constants");
}

static bool is_scalar(const sonic_shape *spread)
{
    return sonic_shape_size(spread) == 1;
}

/* One number a channel (the first dimension), or one for all. */
static bool is_per_channel(const sonic_shape *spread)
{
    return sonic_shape_size(spread) == spread->dim[0];
}

static bool all_positive(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(x[i] > 0))
            return false;
    return true;
}

static double *constant_of(const sonic_net *net, uint32_t node)
{
    const sonic_net_extra *extra = &net->extra[node];
    return net->graph.node[node].op == SONIC_OP_SCALE ? extra->w : extra->b;
}

static void set_constant(sonic_net *net, uint32_t node, double *constant, const sonic_shape *spread)
{
    sonic_net_extra *extra = &net->extra[node];
    free(constant_of(net, node));
    *(net->graph.node[node].op == SONIC_OP_SCALE ? &extra->w : &extra->b) = constant;
    extra->spread = *spread;
}

typedef enum combination { PRODUCT, SUM, QUOTIENT } combination;

/* a and b of two broadcasting shapes, element by element. */
static sonic_status combine(sonic_net *net, combination how, uint32_t first, uint32_t second,
                            double **c, sonic_shape *shape, sonic_error *error)
{
    const sonic_shape *shape_a = &net->extra[first].spread, *shape_b = &net->extra[second].spread;
    const double *a = constant_of(net, first), *b = constant_of(net, second);
    *shape = *shape_a;
    for (uint32_t d = 0; d < shape->rank; d++)
        shape->dim[d] = shape_a->dim[d] > shape_b->dim[d] ? shape_a->dim[d] : shape_b->dim[d];
    size_t n = sonic_shape_size(shape);
    sonic_status status = sonic_net_spend(net, n, error);
    if (status)
        return status;
    *c = malloc(n * sizeof **c);
    if (!*c)
        return no_memory(error);
    for (size_t i = 0; i < n; i++) {
        size_t rest = i, at_a = 0, at_b = 0, step_a = 1, step_b = 1;
        for (uint32_t d = shape->rank; d-- > 0; rest /= shape->dim[d]) {
            size_t index = rest % shape->dim[d];
            at_a += shape_a->dim[d] == 1 ? 0 : index * step_a;
            at_b += shape_b->dim[d] == 1 ? 0 : index * step_b;
            step_a *= shape_a->dim[d];
            step_b *= shape_b->dim[d];
        }
        (*c)[i] = how == SUM       ? a[at_a] + b[at_b]
                  : how == PRODUCT ? a[at_a] * b[at_b]
                                   : a[at_a] / b[at_b];
    }
    return SONIC_OK;
}

/* Makes node `into` hold combination(into, other). */
static sonic_status merge(sonic_net *net, combination how, uint32_t into, uint32_t other,
                          sonic_error *error)
{
    sonic_shape shape;
    double *c = NULL;
    sonic_status status = combine(net, how, into, other, &c, &shape, error);
    if (!status)
        set_constant(net, into, c, &shape);
    return status;
}

/* Multiplies output channels (and the bias) of a convolution by a per-channel constant. */
static void scale_outputs(sonic_net *net, uint32_t conv, const double *by, bool scalar)
{
    size_t outputs = net->graph.node[conv].shape.dim[0];
    size_t each = sonic_node_weights(&net->graph, conv) / outputs;
    for (size_t o = 0; o < outputs; o++) {
        double factor = by[scalar ? 0 : o];
        for (size_t i = 0; i < each; i++)
            net->extra[conv].w[o * each + i] *= factor;
        net->extra[conv].b[o] *= factor;
    }
}

/* Multiplies what a convolution does with each input channel, and, for `add`, moves a constant
 * added to the inputs into the bias instead. */
static void absorb_inputs(sonic_net *net, uint32_t conv, const double *by, bool scalar, bool add)
{
    sonic_conv_shape s = sonic_node_conv(&net->graph, conv, 1);
    size_t window = s.kh * s.kw, group_in = s.c / s.groups, group_out = s.o / s.groups;
    double *w = net->extra[conv].w;
    for (size_t o = 0; o < s.o; o++)
        for (size_t c = 0; c < group_in; c++) {
            double value = by[scalar ? 0 : o / group_out * group_in + c];
            for (size_t k = 0; k < window; k++, w++) {
                if (add)
                    net->extra[conv].b[o] += *w * value;
                else
                    *w *= value;
            }
        }
}

static bool is_padded(const sonic_node *node)
{
    const sonic_window *w = &node->window;
    return w->pad_top || w->pad_left || w->pad_bottom || w->pad_right;
}

/* Whether multiplying before or after a node is the same, given what is multiplied by. */
static bool commutes(const sonic_net *net, uint32_t at, const sonic_shape *spread, bool positive)
{
    switch (net->graph.node[at].op) {
    case SONIC_OP_PERMUTE:
    case SONIC_OP_BIAS: return true;
    case SONIC_OP_RESHAPE: return is_scalar(spread);
    case SONIC_OP_PAD:
    case SONIC_OP_AVG_POOL: return is_per_channel(spread);
    case SONIC_OP_MAX_POOL: return positive && is_per_channel(spread);
    case SONIC_OP_RELU: return positive && net->extra[at].top == 0;
    default: return false;
    }
}

static sonic_shape ones(uint32_t rank)
{
    sonic_shape shape = {.rank = rank};
    for (uint32_t d = 0; d < rank; d++)
        shape.dim[d] = 1;
    return shape;
}

/* Swaps a SCALE with its neighbour `other`, with which it commutes; `forward`: other reads it. */
static sonic_status pass_by(sonic_net *net, uint32_t scale, uint32_t other, bool forward,
                            sonic_error *error)
{
    const sonic_node *node = &net->graph.node[other];
    if (node->op == SONIC_OP_BIAS) {
        sonic_status status = merge(net, forward ? QUOTIENT : PRODUCT, other, scale, error);
        if (status)
            return status;
    } else if (node->op == SONIC_OP_PERMUTE) {
        sonic_shape moved;
        double *c = sonic_spread_permute(net->extra[scale].w, &net->extra[scale].spread, node->perm,
                                         !forward, &moved);
        if (!c)
            return no_memory(error);
        set_constant(net, scale, c, &moved);
    } else if (node->op == SONIC_OP_RESHAPE) {
        uint32_t from = node->input[0];
        net->extra[scale].spread =
            ones(forward ? node->shape.rank : net->graph.node[from].shape.rank);
    }
    return forward ? sonic_net_swap(net, scale, other, error)
                   : sonic_net_swap(net, other, scale, error);
}

/* Whether an addition may be divided by these.  The quotients by small ones would dwarf the values
 * that they are added to, and take bits from all of them: 16 costs 4 bits at most. */
static bool divides_well(const double *x, size_t n)
{
    double least = INFINITY, most = 0;
    for (size_t i = 0; i < n; i++) {
        least = fmin(least, fabs(x[i]));
        most = fmax(most, fabs(x[i]));
    }
    return least > 0 && most <= 16 * least;
}

/* The convolution that can take a SCALE by walking from it in one direction over nodes that only
 * the walk's path uses and that commute with it; UINT32_MAX for none.  A permutation carries the
 * constant's shape along; whether it is per channel at the end is what counts. */
static uint32_t find_conv(const sonic_net *net, uint32_t scale, bool forward)
{
    const sonic_net_extra *extra = &net->extra[scale];
    size_t n = sonic_shape_size(&extra->spread);
    bool positive = all_positive(extra->w, n);
    sonic_shape spread = extra->spread;
    for (uint32_t at = scale;;) {
        uint32_t next = forward ? sonic_net_only_consumer(net, at) : net->graph.node[at].input[0];
        if (next == at || (!forward && sonic_net_only_consumer(net, next) != at))
            return UINT32_MAX;
        const sonic_node *node = &net->graph.node[next];
        if (node->op == SONIC_OP_CONV)
            return is_per_channel(&spread) ? next : UINT32_MAX;
        if (!node->inputs || !commutes(net, next, &spread, positive) ||
            (forward && node->op == SONIC_OP_BIAS && !divides_well(extra->w, n)))
            return UINT32_MAX;
        if (node->op == SONIC_OP_PERMUTE) {
            sonic_shape moved = spread;
            for (uint32_t d = 0; d < spread.rank; d++)
                moved.dim[forward ? d : node->perm[d]] = spread.dim[forward ? node->perm[d] : d];
            spread = moved;
        } else if (node->op == SONIC_OP_RESHAPE) {
            spread = ones(forward ? node->shape.rank : net->graph.node[node->input[0]].shape.rank);
        }
        at = next;
    }
}

/* Moves a SCALE next to the convolution that find_conv() found and into it. */
static sonic_status move_into(sonic_net *net, uint32_t scale, uint32_t conv, bool forward,
                              sonic_error *error)
{
    for (;;) {
        uint32_t next =
            forward ? sonic_net_only_consumer(net, scale) : net->graph.node[scale].input[0];
        if (next == conv)
            break;
        sonic_status status = pass_by(net, scale, next, forward, error);
        if (status)
            return status;
        scale = next; /* they changed places */
    }
    bool scalar = is_scalar(&net->extra[scale].spread);
    if (forward)
        absorb_inputs(net, conv, net->extra[scale].w, scalar, false);
    else
        scale_outputs(net, conv, net->extra[scale].w, scalar);
    sonic_net_bypass(net, scale);
    return SONIC_OK;
}

static sonic_status fold_scale(sonic_net *net, uint32_t scale, bool *changed, sonic_error *error)
{
    uint32_t from = net->graph.node[scale].input[0], conv;
    *changed = true;
    if (net->graph.node[from].op == SONIC_OP_SCALE && sonic_net_only_consumer(net, from) == scale) {
        sonic_status status = merge(net, PRODUCT, scale, from, error);
        if (!status)
            sonic_net_bypass(net, from);
        return status;
    }
    for (unsigned forward = 0; forward < 2; forward++)
        if ((conv = find_conv(net, scale, forward)) != UINT32_MAX)
            return move_into(net, scale, conv, forward, error);
    *changed = false;
    return SONIC_OK;
}

/* Adds a BIAS to the convolution (or BIAS) before it, or the unpadded convolution after it. */
static sonic_status fold_bias(sonic_net *net, uint32_t bias, bool *changed, sonic_error *error)
{
    const sonic_net_extra *extra = &net->extra[bias];
    uint32_t from = net->graph.node[bias].input[0], to = sonic_net_only_consumer(net, bias);
    bool scalar = is_scalar(&extra->spread), per_channel = is_per_channel(&extra->spread);
    bool alone = sonic_net_only_consumer(net, from) == bias;
    *changed = true;
    if (alone && net->graph.node[from].op == SONIC_OP_BIAS) {
        sonic_status status = merge(net, SUM, bias, from, error);
        if (!status)
            sonic_net_bypass(net, from);
        return status;
    }
    if (alone && per_channel && net->graph.node[from].op == SONIC_OP_CONV) {
        for (size_t o = 0; o < net->graph.node[from].shape.dim[0]; o++)
            net->extra[from].b[o] += extra->b[scalar ? 0 : o];
        sonic_net_bypass(net, bias);
        return SONIC_OK;
    }
    if (to != bias && per_channel && net->graph.node[to].op == SONIC_OP_CONV &&
        !is_padded(&net->graph.node[to])) {
        absorb_inputs(net, to, extra->b, scalar, true);
        sonic_net_bypass(net, bias);
        return SONIC_OK;
    }
    *changed = false;
    return SONIC_OK;
}

sonic_status sonic_net_fold_affine(sonic_net *net, sonic_error *error)
{
    sonic_net_count(net);
    for (bool again = true; again;) {
        again = false;
        /* Multiplications first: one may pass an addition that would otherwise block it. */
        for (unsigned turn = 0; turn < 2; turn++)
            for (uint32_t i = 1; i <= net->output; i++) {
                bool changed = false;
                sonic_status status = SONIC_OK;
                if (!net->extra[i].uses)
                    continue;
                if (turn == 0 && net->graph.node[i].op == SONIC_OP_SCALE)
                    status = fold_scale(net, i, &changed, error);
                else if (turn == 1 && net->graph.node[i].op == SONIC_OP_BIAS)
                    status = fold_bias(net, i, &changed, error);
                if (status)
                    return status;
                again |= changed;
            }
    }
    return SONIC_OK;
}
