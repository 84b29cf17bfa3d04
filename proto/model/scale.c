/* Chooses the unit of every tensor so that no layer's bound leaves the ring. */
#include "proto/model/scale.h"

#include <math.h>
#include <stdlib.h>

#include "dispatch/error.h"
#include "proto/model/local_ops.h"

/* A truncation is worth its traffic from so many bits of the next layer's weights on. */
enum { WORTH_A_TRUNCATION = 5 };

/* Chance of a gross error of local truncation in an image: at most 2^-20. */
enum { FAILURE_BITS = 20 };

typedef struct chooser {
    const sonic_model *model;
    const sonic_graph *graph;
    const sonic_quantise_options *options;
    const sonic_range *range;
    const unsigned *reserve;
    sonic_choice *choice;
    double limit;       /* log2 of what no tensor may reach */
    double limit_local; /* the same for tensors that local truncation shifts */
} chooser;

static double bits_of(sonic_scale scale)
{
    return scale.bits + log2((double)scale.odd);
}

sonic_status sonic_scale_refuse(const sonic_graph *graph, const sonic_quantise_options *options,
                                uint32_t node, double bits, double limit, sonic_error *error)
{
    const char *help = options->truncation == SONIC_TRUNC_LOCAL && options->ring == SONIC_RING_64
                           ? "use --truncation stochastic"
                       : options->ring == SONIC_RING_32 ? "use --ring 64"
                           : "only smaller weights or a smaller --input-range would help";
    const char *where = options->truncation == SONIC_TRUNC_LOCAL ? " with local truncation" : "";
    return sonic_fail(error, SONIC_E_RANGE, "layer '%s' needs %.0f bits, ring %d has %.0f%s: %s",
                      graph->node[node].name, ceil(bits), (int)options->ring, floor(limit), where,
                      help);
}

static double log2_bound(const chooser *c, uint32_t node)
{
    /* A little above, for what rounding weights will add. */
    return log2(fmax(c->range[node].magnitude, 1e-6)) + 1.0 / 64 + c->reserve[node];
}

/* Fraction bits are worth what they say of values near 1.  Values proven to be smaller get as many more
 * bits, and inputs that are larger as many fewer; elsewhere a large bound says little of the values. */
static int size_of(const chooser *c, uint32_t node)
{
    const sonic_node *n = &c->graph->node[node];
    const double magnitude = c->range[node].magnitude;
    const int own = magnitude > 0 ? (int)ceil(log2(fmax(magnitude, 1e-6))) : 0;
    int size = own < 0 ? own : 0;
    if (n->op == SONIC_OP_INPUT)
        return own;
    if (n->op == SONIC_OP_CONV || n->op == SONIC_OP_BIAS || n->op == SONIC_OP_RELU)
        return size;
    for (uint32_t i = 0; i < n->inputs; i++)
        size = c->choice[n->input[i]].size > size ? c->choice[n->input[i]].size : size;
    return size;
}

/* Whether a node multiplies by numbers that need fraction bits of their own. */
static bool multiplies(const chooser *c, uint32_t node)
{
    const sonic_op op = c->graph->node[node].op;
    const double factor = op == SONIC_OP_SCALE ? sonic_model_factor(c->model, node) : 1;
    return op == SONIC_OP_CONV || factor != round(factor);
}

/* The same of a convolution's weights, or a SCALE's factor. */
static int weights_size(const chooser *c, uint32_t node)
{
    const double *w = c->model->constants[node].w;
    const size_t n =
        c->graph->node[node].op == SONIC_OP_SCALE ? 1 : sonic_node_weights(c->graph, node);
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(w[i]));
    return most > 0 && most < 1 ? (int)ceil(log2(fmax(most, 1e-6))) : 0;
}

static void lower_head(chooser *c, uint32_t node, double head, uint32_t binding)
{
    if (head < c->choice[node].head) {
        c->choice[node].head = head;
        c->choice[node].binding = binding;
    }
}

static double pool_bits(const chooser *c, uint32_t node)
{
    const uint64_t divisor = sonic_avg_pool_divisor(c->graph, node);
    return divisor ? log2((double)divisor) : c->limit;
}

/* What a node asks of its inputs.  An average pool's unit is finer than its input's by `growth`. */
static void look_back(chooser *c, uint32_t node)
{
    const sonic_node *n = &c->graph->node[node];
    const sonic_choice *self = &c->choice[node];
    const double growth = n->op == SONIC_OP_AVG_POOL ? pool_bits(c, node) : 0;
    for (uint32_t i = 0; i < n->inputs; i++) {
        const uint32_t in = n->input[i];
        sonic_choice *before = &c->choice[in];
        if (multiplies(c, node)) {
            /* Input and weights share the bits so that both are as exact for their size. */
            const int size = before->size, weights = weights_size(c, node);
            const double share = floor((self->head + size + weights) / 2) - size;
            before->wish = fmin(before->wish, fmin(share, (double)c->options->fraction - size));
        } else if (n->op == SONIC_OP_RELU) {
            lower_head(c, in, c->limit_local - log2_bound(c, in), in);
        } else {
            lower_head(c, in, self->head - growth, self->binding);
            /* A sum of k needs fewer bits of each: half of log2 k, as rounding averages out. */
            before->wish = fmin(before->wish, self->wish - growth / 2);
        }
    }
}

/* Heads and wishes, from the last node to the first. */
static sonic_status backward(chooser *c, sonic_error *error)
{
    for (uint32_t i = c->graph->nodes; i-- > 0;) {
        sonic_choice *self = &c->choice[i];
        lower_head(c, i, c->limit - log2_bound(c, i), i);
        const sonic_node *n = &c->graph->node[i];
        const double least =
            multiplies(c, i)
                ? 2 * SONIC_FRACTION_MIN - c->choice[n->input[0]].size - weights_size(c, i)
                : SONIC_FRACTION_MIN - self->size;
        if (self->head < least)
            return sonic_scale_refuse(c->graph, c->options, self->binding,
                                      c->limit - self->head + least, c->limit, error);
        look_back(c, i);
    }
    return SONIC_OK;
}

/* ratio * 2^up, if it stays below 2^(ring - 2). */
static bool multiple(int64_t *out, int up, uint64_t ratio, sonic_ring ring)
{
    const int top = (int)ring - 2;
    if (up < 0 || up >= top || ratio >> (top - up))
        return false;
    *out = (int64_t)(ratio << up);
    return true;
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b) {
        const uint64_t t = a % b;
        a = b;
        b = t;
    }
    return a;
}

/* The coarsest unit of which those of all inputs are multiples, and the multiples. */
static bool align(const chooser *c, uint32_t node, int64_t *factor)
{
    const sonic_node *n = &c->graph->node[node];
    sonic_scale common = c->choice[n->input[0]].scale;
    for (uint32_t i = 1; i < n->inputs; i++) {
        const sonic_scale s = c->choice[n->input[i]].scale;
        common.bits = s.bits > common.bits ? s.bits : common.bits;
        if (__builtin_mul_overflow(common.odd, s.odd / gcd(common.odd, s.odd), &common.odd))
            return false;
    }
    for (uint32_t i = 0; i < n->inputs; i++) {
        const sonic_scale s = c->choice[n->input[i]].scale;
        if (!multiple(&factor[i], common.bits - s.bits, common.odd / s.odd, c->options->ring))
            return false;
    }
    c->choice[node].scale = common;
    return true;
}

static sonic_status choose_aligned(const chooser *c, uint32_t node, sonic_error *error)
{
    const sonic_node *n = &c->graph->node[node];
    sonic_choice *self = &c->choice[node];
    int64_t *factor = self->factor;
    if (n->op == SONIC_OP_CONCAT) {
        factor = self->align = calloc(n->inputs, sizeof *self->align);
        if (!factor)
            return sonic_fail(error, SONIC_E_MEMORY, "no memory to quantise layer '%s'", n->name);
    }
    if (!align(c, node, factor))
        return sonic_fail(error, SONIC_E_RANGE,
                          "layer '%s': the units of its inputs are too far apart "
                          "for ring %d",
                          n->name, (int)c->options->ring);
    return SONIC_OK;
}

static sonic_status choose_avg_pool(const chooser *c, uint32_t node, sonic_error *error)
{
    const sonic_node *n = &c->graph->node[node];
    sonic_scale scale = c->choice[n->input[0]].scale;
    uint64_t divisor = sonic_avg_pool_divisor(c->graph, node);
    if (!divisor)
        return sonic_fail(error, SONIC_E_RANGE,
                          "layer '%s': the windows of this average pool have no "
                          "common count",
                          n->name);
    scale.bits += __builtin_ctzll(divisor);
    divisor >>= __builtin_ctzll(divisor);
    if (__builtin_mul_overflow(scale.odd, divisor, &scale.odd))
        return sonic_fail(error, SONIC_E_RANGE,
                          "layer '%s': the counts of the average pools up to it "
                          "multiply beyond 64 bits",
                          n->name);
    c->choice[node].scale = scale;
    return SONIC_OK;
}

/* Bits to drop from `scale` to come down to `target`. */
static unsigned bits_to_drop(const chooser *c, sonic_scale scale, double target)
{
    const double excess = ceil(bits_of(scale) - target - 1e-6);
    return excess <= 0 ? 0 : (unsigned)fmin(excess, (double)c->options->ring / 2);
}

static sonic_status choose_product(const chooser *c, uint32_t node, sonic_error *error)
{
    const sonic_node *n = &c->graph->node[node];
    sonic_choice *self = &c->choice[node], *before = &c->choice[n->input[0]];
    const int size = weights_size(c, node);
    const double least = SONIC_FRACTION_MIN - size;
    /* A factor is one number: there are no others beside which it would be coarse. */
    const double fraction = n->op == SONIC_OP_SCALE ? fmax(c->options->fraction, least)
                                                    : (double)c->options->fraction - size;
    const unsigned drop = bits_to_drop(c, before->scale, before->wish);
    const double bits = bits_of(before->scale), room = fmin(fraction, self->head - bits);
    const double room_dropped = fmin(fraction, self->head - bits + drop);
    double in = bits, weights = room;
    if (drop && (ceil(bits + least - 1e-6) > self->head ||
                 room <= room_dropped - WORTH_A_TRUNCATION)) {
        before->drop = drop;
        before->dropped = before->scale;
        before->dropped.bits -= (int)drop;
        self->reads_dropped = true;
        in -= drop;
        weights = room_dropped;
    }
    /* A power of two again, rounded down unless the weights lack what that takes. */
    const double fewest = ceil(in + least - 1e-6);
    self->scale = (sonic_scale){(int)fmax(floor(in + weights + 1e-6), fewest), 1};
    if (fewest > self->head)
        return sonic_scale_refuse(c->graph, c->options, self->binding,
                                  c->limit - self->head + fewest, c->limit, error);
    return SONIC_OK;
}

static sonic_status choose_scale(const chooser *c, uint32_t node, sonic_error *error)
{
    sonic_choice *self = &c->choice[node];
    const sonic_choice *before = &c->choice[c->graph->node[node].input[0]];
    sonic_status status = multiplies(c, node) ? choose_product(c, node, error) : SONIC_OK;
    const sonic_scale in = self->reads_dropped ? before->dropped : before->scale;
    const double factor = sonic_model_factor(c->model, node);
    self->factor[0] =
        (int64_t)round(factor * sonic_scale_unit(in) / sonic_scale_unit(self->scale));
    return status;
}

static sonic_status choose_node(const chooser *c, uint32_t node, sonic_error *error)
{
    const sonic_node *n = &c->graph->node[node];
    sonic_choice *self = &c->choice[node];
    const double target = fmin(self->wish, (double)c->options->fraction - self->size);
    if (n->op != SONIC_OP_INPUT)
        self->scale = c->choice[n->input[0]].scale;
    switch (n->op) {
    case SONIC_OP_INPUT:
        self->scale = (sonic_scale){(int)floor(fmin(target, self->head)), 1};
        return SONIC_OK;
    case SONIC_OP_CONV: return choose_product(c, node, error);
    case SONIC_OP_RELU:
        self->shift = bits_to_drop(c, self->scale, fmin(target, self->head));
        self->scale.bits -= (int)self->shift;
        return SONIC_OK;
    case SONIC_OP_AVG_POOL: return choose_avg_pool(c, node, error);
    case SONIC_OP_SCALE: return choose_scale(c, node, error);
    case SONIC_OP_ADD:
    case SONIC_OP_CONCAT: return choose_aligned(c, node, error);
    default: return SONIC_OK;
    }
}

/* Elements of an image that may be truncated: those of ReLUs, and those that a product reads
 * without one before it. */
static double truncated_elements(const chooser *c)
{
    const sonic_graph *graph = c->graph;
    double n = 0;
    for (uint32_t i = 0; i < graph->nodes; i++) {
        const sonic_node *node = &graph->node[i];
        const sonic_op before = node->inputs ? graph->node[node->input[0]].op : SONIC_OP_INPUT;
        if (node->op == SONIC_OP_RELU)
            n += (double)sonic_node_elements(graph, i);
        else if (multiplies(c, i) && before != SONIC_OP_RELU && before != SONIC_OP_INPUT)
            n += (double)sonic_node_elements(graph, node->input[0]);
    }
    return fmax(n, 1);
}

sonic_status sonic_scale_choose(const sonic_model *model, const sonic_quantise_options *options,
                                const sonic_range *range, const unsigned *reserve,
                                sonic_choice *choice, sonic_error *error)
{
    const sonic_graph *graph = &model->graph;
    chooser c = {.model = model, .graph = graph, .options = options, .range = range,
                 .reserve = reserve, .choice = choice};
    c.limit = c.limit_local = (int)options->ring - 2;
    if (options->truncation == SONIC_TRUNC_LOCAL)
        c.limit_local = (int)options->ring - 1 - FAILURE_BITS - log2(truncated_elements(&c));
    for (uint32_t i = 0; i < graph->nodes; i++)
        choice[i] = (sonic_choice){.head = INFINITY, .wish = INFINITY};
    for (uint32_t i = 0; i < graph->nodes; i++)
        choice[i].size = size_of(&c, i);
    sonic_status status = backward(&c, error);
    for (uint32_t i = 0; !status && i < graph->nodes; i++)
        status = choose_node(&c, i, error);
    return status;
}
