/* Quantisation: the integer network from the real one and the chosen units, and its proof. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"
#include "proto/model/local_ops.h"
#include "proto/model/scale.h"
#include "proto/model/spectral.h"

/* The chance of a gross error in an image that local truncation may have, 2^-20. */
static const double failure_max = 0x1p-20;

/* The integer network under construction. */
typedef struct builder {
    const sonic_model *real;
    const sonic_choice *choice;
    sonic_model *out;
    uint32_t *map;    /* of an imported node: its node in `out` */
    uint32_t *drop;   /* of an imported node: the TRUNC after it in `out`, 0 for none yet */
    uint32_t *origin; /* of a node in `out`: the imported node it is for */
    uint32_t capacity;
} builder;

static double round_input(double x, double unit)
{
    return round(x / unit);
}

static sonic_status no_memory(const char *name, sonic_error *error)
{
    return sonic_fail(error, SONIC_E_MEMORY, "no memory to quantise layer '%s'", name);
}

/* A new last node with `inputs` inputs; its index is out->graph.nodes - 1. */
static sonic_status append(builder *b, const sonic_node *like, uint32_t origin, sonic_scale scale,
                           sonic_node **node, sonic_error *error)
{
    sonic_graph *graph = &b->out->graph;
    if (graph->nodes == b->capacity)
        return sonic_fail(error, SONIC_E_UNSUPPORTED,
                          "with the truncations it needs the network has "
                          "more than %d nodes",
                          SONIC_NODES_MAX);
    sonic_node *n = &graph->node[graph->nodes];
    *n = *like;
    n->unit = sonic_scale_unit(scale);
    n->input = calloc(like->inputs ? like->inputs : 1, sizeof *n->input);
    if (!n->input)
        return no_memory(like->name, error);
    b->origin[graph->nodes++] = origin;
    *node = n;
    return SONIC_OK;
}

/* A node that the imported network does not have, after node `input` of the new one. */
static sonic_status insert(builder *b, sonic_op op, uint32_t input, uint32_t origin,
                           sonic_scale scale, sonic_node **node, sonic_error *error)
{
    const sonic_node *before = &b->out->graph.node[input];
    sonic_node like = {.op = op, .inputs = 1, .shape = before->shape, .groups = 1};
    (void)snprintf(like.name, sizeof like.name, "%s:%.40s",
                   op == SONIC_OP_TRUNC ? "trunc" : "scale", before->name);
    const sonic_status status = append(b, &like, origin, scale, node, error);
    if (!status)
        (*node)->input[0] = input;
    return status;
}

/* The new network's node that input `i` of an imported node reads, made where it does not exist
 * yet. */
static sonic_status resolve(builder *b, uint32_t node, uint32_t i, uint32_t *index,
                            sonic_error *error)
{
    const sonic_node *n = &b->real->graph.node[node];
    const sonic_choice *self = &b->choice[node];
    const uint32_t in = n->input[i];
    sonic_node *made;
    sonic_status status = SONIC_OK;
    *index = b->map[in];
    if (self->reads_dropped && !b->drop[in]) {
        status = insert(b, SONIC_OP_TRUNC, *index, in, b->choice[in].dropped, &made, error);
        if (!status) {
            made->shift = b->choice[in].drop;
            b->drop[in] = b->out->graph.nodes - 1;
        }
    } else if (self->align && self->align[i] != 1) {
        status = insert(b, SONIC_OP_SCALE, *index, in, self->scale, &made, error);
        if (!status) {
            made->factor[0] = self->align[i];
            *index = b->out->graph.nodes - 1;
        }
    }
    if (self->reads_dropped)
        *index = b->drop[in];
    return status;
}

static sonic_status build_node(builder *b, uint32_t node, sonic_error *error)
{
    const sonic_node *n = &b->real->graph.node[node];
    const sonic_choice *self = &b->choice[node];
    sonic_status status = SONIC_OK;
    uint32_t *inputs = calloc(n->inputs ? n->inputs : 1, sizeof *inputs);
    if (!inputs)
        return no_memory(n->name, error);
    for (uint32_t i = 0; i < n->inputs && !status; i++)
        status = resolve(b, node, i, &inputs[i], error);
    sonic_node *made;
    if (!status)
        status = append(b, n, node, self->scale, &made, error);
    if (!status) {
        memcpy(made->input, inputs, n->inputs * sizeof *inputs);
        made->shift = self->shift;
        if (n->op == SONIC_OP_ADD || n->op == SONIC_OP_SCALE)
            memcpy(made->factor, self->factor, sizeof made->factor);
        b->map[node] = b->out->graph.nodes - 1;
    }
    free(inputs);
    return status;
}

/* out[i] = round(in[i] / unit); a copy of the reals goes to *kept. */
static sonic_status round_all(const sonic_node *n, const char *what, int64_t **out, double **kept,
                              const double *in, size_t count, double unit, sonic_ring ring,
                              sonic_error *error)
{
    const double limit = ldexp(1, (int)ring - 2);
    *out = calloc(count + 1, sizeof **out);
    *kept = calloc(count + 1, sizeof **kept);
    if (!*out || !*kept)
        return no_memory(n->name, error);
    for (size_t i = 0; i < count; i++) {
        const double q = round(in[i] / unit);
        if (!(fabs(q) < limit))
            return sonic_fail(error, SONIC_E_RANGE,
                              "layer '%s': a %s of %g does not fit ring %d in "
                              "units of %g",
                              n->name, what, in[i], (int)ring, unit);
        (*out)[i] = (int64_t)q;
        (*kept)[i] = in[i];
    }
    return SONIC_OK;
}

static sonic_status build_constants(builder *b, uint32_t node, sonic_error *error)
{
    const sonic_graph *graph = &b->out->graph;
    const uint32_t made = b->map[node];
    const sonic_node *n = &graph->node[made];
    const sonic_constants *from = &b->real->constants[node];
    sonic_constants *to = &b->out->constants[made];
    const size_t weights = sonic_node_weights(graph, made), biases = sonic_node_biases(graph, made);
    sonic_status status = SONIC_OK;
    if (n->op == SONIC_OP_SCALE && from->w) {
        to->w = malloc(sizeof *to->w);
        if (!to->w)
            return no_memory(n->name, error);
        to->w[0] = from->w[0];
    }
    if (weights)
        status = round_all(n, "weight", &to->wq, &to->w, from->w, weights,
                           n->unit / graph->node[n->input[0]].unit, graph->ring, error);
    if (!status && biases)
        status =
            round_all(n, "bias", &to->bq, &to->b, from->b, biases, n->unit, graph->ring, error);
    return status;
}

/* The integer network for a choice of units, unproven. */
static sonic_status build(const sonic_model *real, const sonic_quantise_options *options,
                          const sonic_choice *choice, sonic_model *out, uint32_t *origin,
                          sonic_error *error)
{
    const uint32_t nodes = real->graph.nodes;
    builder b = {.real = real, .choice = choice, .out = out, .origin = origin,
                 .capacity = SONIC_NODES_MAX};
    *out = (sonic_model){.graph = real->graph};
    out->graph.ring = options->ring;
    out->graph.truncation = options->truncation;
    out->graph.input_low = options->input_low;
    out->graph.input_high = options->input_high;
    out->graph.nodes = 0;
    out->graph.node = calloc(b.capacity, sizeof *out->graph.node);
    out->constants = calloc(b.capacity, sizeof *out->constants);
    b.map = calloc(nodes, sizeof *b.map);
    b.drop = calloc(nodes, sizeof *b.drop);
    sonic_status status = SONIC_OK;
    if (!out->graph.node || !out->constants || !b.map || !b.drop)
        status = sonic_fail(error, SONIC_E_MEMORY, "no memory to quantise the network");
    for (uint32_t i = 0; i < nodes && !status; i++) {
        status = build_node(&b, i, error);
        if (!status)
            status = build_constants(&b, i, error);
    }
    free(b.map);
    free(b.drop);
    return status;
}

/* Operator norms of the integer convolutions: those of the real ones, and what rounding added. */
static sonic_status integer_norms(const sonic_model *real, const double *real_norms,
                                  const sonic_model *model, const uint32_t *origin, double *norms,
                                  sonic_error *error)
{
    for (uint32_t i = 0; i < model->graph.nodes; i++) {
        const sonic_node *n = &model->graph.node[i];
        norms[i] = 0;
        if (n->op != SONIC_OP_CONV)
            continue;
        const size_t weights = sonic_node_weights(&model->graph, i);
        const sonic_conv_shape shape = sonic_node_conv(&model->graph, i, 1);
        const double unit = n->unit / model->graph.node[n->input[0]].unit;
        const double *w = real->constants[origin[i]].w;
        double *q = calloc(2 * weights + 1, sizeof *q);
        if (!q)
            return no_memory(n->name, error);
        double *rounding = q + weights;
        for (size_t j = 0; j < weights; j++) {
            q[j] = (double)model->constants[i].wq[j];
            rounding[j] = fabs(w[j] / unit - q[j]) + fabs(q[j]) * 2 * DBL_EPSILON;
        }
        const double before = real_norms[origin[i]] / unit * (1 + 4 * DBL_EPSILON);
        norms[i] = before + sonic_conv_schur(&shape, rounding);
        if (norms[i] > before * 1.02)
            norms[i] = fmin(norms[i], sonic_conv_norm(&shape, q));
        free(q);
    }
    return SONIC_OK;
}

/* Sets bounds, errors and the chance of failure.  *worst is the node that leaves the ring, or that
 * fails too often, with by how many bits in *excess; 0 bits: the proof holds. */
static sonic_status prove(const sonic_model *real, const double *real_norms, sonic_model *model,
                          const uint32_t *origin, uint32_t *worst, double *excess,
                          sonic_error *error)
{
    sonic_graph *graph = &model->graph;
    sonic_range *range = calloc(graph->nodes, sizeof *range);
    double *norms = calloc(graph->nodes, sizeof *norms);
    sonic_status status = SONIC_OK;
    if (!range || !norms)
        status = sonic_fail(error, SONIC_E_MEMORY, "no memory for the range analysis");
    if (!status)
        status = integer_norms(real, real_norms, model, origin, norms, error);
    const double unit = graph->node[0].unit;
    if (!status)
        status =
            sonic_range_find(model, SONIC_RANGE_INTEGER, norms, round_input(graph->input_low, unit),
                             round_input(graph->input_high, unit), range, error);
    const double limit = ldexp(1, (int)graph->ring - 2);
    double heaviest = 0;
    uint32_t heavy = 0;
    *excess = 0;
    graph->failure = 0;
    for (uint32_t i = 0; i < graph->nodes && !status; i++) {
        sonic_node *n = &graph->node[i];
        n->bound = range[i].magnitude;
        n->error = range[i].error;
        if (*excess == 0 && !(n->bound < limit)) {
            *excess = log2(n->bound / limit) + 1e-3;
            *worst = i;
        }
        if (!n->shift || graph->truncation != SONIC_TRUNC_LOCAL)
            continue;
        /* |x| <= m wraps with a chance of (m + 1) / 2^l; SecureML's bound is twice that. */
        const double elements = (double)sonic_node_elements(graph, i);
        const double failure = (range[n->input[0]].mass + elements) * ldexp(2, -(int)graph->ring);
        graph->failure += failure;
        if (failure > heaviest) {
            heaviest = failure;
            heavy = n->input[0];
        }
    }
    if (!status && *excess == 0 && graph->failure > failure_max) {
        *excess = log2(graph->failure / failure_max);
        *worst = heavy;
    }
    free(range);
    free(norms);
    return status;
}

static sonic_status check(const sonic_model *model, const sonic_quantise_options *o,
                          sonic_error *error)
{
    if (o->ring != SONIC_RING_32 && o->ring != SONIC_RING_64)
        return sonic_fail(error, SONIC_E_ARGUMENT, "ring %d is neither 32 nor 64", (int)o->ring);
    if (o->truncation != SONIC_TRUNC_STOCHASTIC && o->truncation != SONIC_TRUNC_LOCAL)
        return sonic_fail(error, SONIC_E_ARGUMENT, "truncation %d does not exist",
                          (int)o->truncation);
    if (!isfinite(o->input_low) || !isfinite(o->input_high) || o->input_low >= o->input_high)
        return sonic_fail(error, SONIC_E_ARGUMENT, "the range of inputs, %g to %g, is empty",
                          o->input_low, o->input_high);
    if (o->fraction < SONIC_FRACTION_MIN || o->fraction > 30)
        return sonic_fail(error, SONIC_E_ARGUMENT, "%u fraction bits: between %d and 30 make sense",
                          o->fraction, SONIC_FRACTION_MIN);
    for (uint32_t i = 0; i < model->graph.nodes; i++) {
        const sonic_constants *c = &model->constants[i];
        const size_t weights = sonic_node_weights(&model->graph, i);
        for (size_t j = 0; j < weights + sonic_node_biases(&model->graph, i); j++)
            if (!isfinite(j < weights ? c->w[j] : c->b[j - weights]))
                return sonic_fail(error, SONIC_E_RANGE,
                                  "layer '%s' has a %s that is not a finite number",
                                  model->graph.node[i].name, j < weights ? "weight" : "bias");
    }
    return SONIC_OK;
}

/* Chooses, builds and proves, each time with more room for the layer that failed. */
static sonic_status attempt(sonic_model *model, const sonic_quantise_options *options,
                            const sonic_range *range, const double *norms, unsigned *reserve,
                            sonic_choice *choice, uint32_t *origin, sonic_error *error)
{
    const sonic_graph *graph = &model->graph;
    for (int round = 0; round < 4 * (int)options->ring; round++) {
        sonic_model out = {0};
        uint32_t worst = 0;
        double excess = 0;
        sonic_status status = sonic_scale_choose(model, options, range, reserve, choice, error);
        if (!status)
            status = build(model, options, choice, &out, origin, error);
        if (!status)
            status = prove(model, norms, &out, origin, &worst, &excess, error);
        for (uint32_t i = 0; i < graph->nodes; i++) {
            free(choice[i].align);
            choice[i].align = NULL;
        }
        if (!status && excess == 0) {
            sonic_model_free(model);
            *model = out;
            return SONIC_OK;
        }
        if (!status)
            reserve[origin[worst]] += (unsigned)ceil(excess);
        sonic_model_free(&out);
        if (status)
            return status;
    }
    return sonic_fail(error, SONIC_E_RANGE, "no choice of units keeps the network inside ring %d",
                      (int)options->ring);
}

sonic_status sonic_model_quantise(sonic_model *model, const sonic_quantise_options *options,
                                  sonic_error *error)
{
    sonic_quantise_options o = *options;
    if (o.input_low == 0 && o.input_high == 0)
        o.input_high = 1;
    if (!o.fraction)
        o.fraction = o.ring == SONIC_RING_64 ? 16 : 12;
    if (model->graph.ring)
        return sonic_fail(error, SONIC_E_ARGUMENT, "the model is quantised already");
    sonic_status status = check(model, &o, error);
    if (status)
        return status;
    const uint32_t nodes = model->graph.nodes;
    sonic_range *range = calloc(nodes, sizeof *range);
    double *norms = calloc(nodes, sizeof *norms);
    unsigned *reserve = calloc(nodes, sizeof *reserve);
    sonic_choice *choice = calloc(nodes, sizeof *choice);
    uint32_t *origin = calloc(SONIC_NODES_MAX, sizeof *origin);
    if (!range || !norms || !reserve || !choice || !origin)
        status = sonic_fail(error, SONIC_E_MEMORY, "no memory to quantise the network");
    for (uint32_t i = 0; i < nodes && !status; i++) {
        if (model->graph.node[i].op != SONIC_OP_CONV)
            continue;
        const sonic_conv_shape shape = sonic_node_conv(&model->graph, i, 1);
        norms[i] = sonic_conv_norm(&shape, model->constants[i].w);
    }
    if (!status)
        status = sonic_range_find(model, SONIC_RANGE_REAL, norms, o.input_low, o.input_high, range,
                                  error);
    if (!status)
        status = attempt(model, &o, range, norms, reserve, choice, origin, error);
    free(range);
    free(norms);
    free(reserve);
    free(choice);
    free(origin);
    return status;
}
