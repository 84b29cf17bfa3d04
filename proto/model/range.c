/* Pushes intervals and norms through a network: the elementwise layers, and the walk over the
 * graph. */
#include "proto/model/range.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"
#include "proto/model/local_ops.h"
#include "proto/model/range_tensor.h"

static sonic_status tensor_create(sonic_range_tensor *t, const sonic_graph *graph, uint32_t node,
                                  sonic_error *error)
{
    t->n = sonic_node_elements(graph, node);
    t->low = calloc(t->n, 3 * sizeof *t->low);
    if (!t->low)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for the range of layer '%s'",
                          graph->node[node].name);
    t->high = t->low + t->n;
    t->error = t->high + t->n;
    return SONIC_OK;
}

static void tensor_free(sonic_range_tensor *t)
{
    free(t->low);
    *t = (sonic_range_tensor){0};
}

static void input(sonic_range_tensor *y, double low, double high)
{
    for (size_t i = 0; i < y->n; i++) {
        y->low[i] = low;
        y->high[i] = high;
    }
    y->norm = sqrt((double)y->n) * fmax(fabs(low), fabs(high)) * sonic_range_slack(0);
}

static void bias(sonic_range_tensor *y, const sonic_range_tensor *x, const double *b)
{
    double square = 0;
    for (size_t i = 0; i < y->n; i++) {
        const double spare =
            (fmax(fabs(x->low[i]), fabs(x->high[i])) + fabs(b[i])) * 2 * DBL_EPSILON;
        y->low[i] = x->low[i] + b[i] - spare;
        y->high[i] = x->high[i] + b[i] + spare;
        y->error[i] = x->error[i];
        square += b[i] * b[i];
    }
    y->norm = (x->norm + sqrt(square)) * sonic_range_slack(y->n);
    y->error_norm = x->error_norm;
}

/* floor(x / 2^shift) + 0 or 1, of which the plain reference takes 0.  Two integers d apart stay
 * within ceil(d / 2^shift), and the 1 comes on top. */
static void truncate(sonic_range_tensor *y, unsigned shift)
{
    const double step = ldexp(1, -(int)shift), root = sqrt((double)y->n);
    bool exact = true;
    for (size_t i = 0; i < y->n; i++) {
        exact = exact && y->error[i] == 0;
        y->low[i] = floor(y->low[i] * step);
        y->high[i] = floor(y->high[i] * step) + 1;
        y->error[i] = ceil(y->error[i] * step) + 1;
    }
    y->norm = (y->norm * step + root) * sonic_range_slack(0);
    y->error_norm = (y->error_norm * step + (exact ? root : 2 * root)) * sonic_range_slack(0);
}

static void copy(sonic_range_tensor *y, const sonic_range_tensor *x)
{
    memcpy(y->low, x->low, 3 * y->n * sizeof *y->low);
    y->norm = x->norm;
    y->error_norm = x->error_norm;
}

static void relu(sonic_range_tensor *y, const sonic_range_tensor *x)
{
    copy(y, x);
    for (size_t i = 0; i < y->n; i++) {
        y->low[i] = fmax(y->low[i], 0);
        y->high[i] = fmax(y->high[i], 0);
    }
}

static void scale_add(sonic_range_tensor *y, const sonic_range_tensor *x, double factor)
{
    for (size_t i = 0; i < y->n; i++) {
        const double a = factor * x->low[i], b = factor * x->high[i];
        y->low[i] += fmin(a, b);
        y->high[i] += fmax(a, b);
        const double spare = (fmax(fabs(a), fabs(b)) + fmax(fabs(y->low[i]), fabs(y->high[i])))
                             * 4 * DBL_EPSILON;
        y->low[i] -= spare;
        y->high[i] += spare;
        y->error[i] = (y->error[i] + fabs(factor) * x->error[i]) * sonic_range_slack(0);
    }
    y->norm = (y->norm + fabs(factor) * x->norm) * sonic_range_slack(0);
    y->error_norm = (y->error_norm + fabs(factor) * x->error_norm) * sonic_range_slack(0);
}

/* Moves of elements are the same for bounds as for ring elements of the same size. */
static sonic_status move(const sonic_graph *graph, uint32_t node, sonic_range_tensor *y,
                         const sonic_range_tensor *tensor, sonic_error *error)
{
    const sonic_node *n = &graph->node[node];
    sonic_graph wide = *graph;
    wide.ring = SONIC_RING_64;
    const void **in = calloc(n->inputs, sizeof *in);
    if (!in)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for the range of layer '%s'", n->name);
    sonic_status status = SONIC_OK;
    double *const out[3] = {y->low, y->high, y->error};
    double square = 0, error_square = 0;
    for (int part = 0; part < 3 && !status; part++) {
        for (uint32_t i = 0; i < n->inputs; i++) {
            const sonic_range_tensor *x = &tensor[n->input[i]];
            in[i] = part == 0 ? x->low : part == 1 ? x->high : x->error;
        }
        status = sonic_local_run(&wide, node, 1, out[part], in, error);
    }
    for (uint32_t i = 0; i < n->inputs; i++) {
        square += tensor[n->input[i]].norm * tensor[n->input[i]].norm;
        error_square += tensor[n->input[i]].error_norm * tensor[n->input[i]].error_norm;
    }
    y->norm = sqrt(square) * sonic_range_slack(n->inputs);
    y->error_norm = sqrt(error_square) * sonic_range_slack(n->inputs);
    free(in);
    return status;
}

/* Lets elements and norm bound each other, and sums up. */
static sonic_range settle(sonic_range_tensor *t)
{
    const double slack = sonic_range_slack(t->n);
    double square = 0, error_square = 0;
    sonic_range r = {0};
    for (size_t i = 0; i < t->n; i++) {
        t->low[i] = fmax(t->low[i], -t->norm);
        t->high[i] = fmin(t->high[i], t->norm);
        /* Both runs stay inside the interval. */
        t->error[i] = fmin(fmin(t->error[i], t->error_norm), (t->high[i] - t->low[i]) * slack);
        const double magnitude = fmax(fabs(t->low[i]), fabs(t->high[i]));
        square += magnitude * magnitude;
        error_square += t->error[i] * t->error[i];
        r.magnitude = fmax(r.magnitude, magnitude);
        r.error = fmax(r.error, t->error[i]);
        r.mass += magnitude;
    }
    r.mass *= slack;
    t->norm = fmin(t->norm, sqrt(square) * slack);
    t->error_norm = fmin(t->error_norm, sqrt(error_square) * slack);
    return r;
}

/* The constants of a node in the mode; owned is what the caller frees. */
static sonic_status constants_of(const sonic_model *model, uint32_t node, sonic_range_mode mode,
                                 sonic_range_constants *c, double **owned, sonic_error *error)
{
    const sonic_constants *k = &model->constants[node];
    *c = (sonic_range_constants){k->w, k->b};
    *owned = NULL;
    if (mode == SONIC_RANGE_REAL)
        return SONIC_OK;
    const size_t weights = sonic_node_weights(&model->graph, node);
    const size_t biases = sonic_node_biases(&model->graph, node);
    double *all = calloc(weights + biases + 1, sizeof *all);
    if (!all)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for the range of layer '%s'",
                          model->graph.node[node].name);
    for (size_t i = 0; i < weights; i++)
        all[i] = (double)k->wq[i];
    for (size_t i = 0; i < biases; i++)
        all[weights + i] = (double)k->bq[i];
    *c = (sonic_range_constants){all, all + weights};
    *owned = all;
    return SONIC_OK;
}

static sonic_status run_node(const sonic_model *model, uint32_t node, sonic_range_mode mode,
                             double norm, sonic_range_tensor *tensor, sonic_error *error)
{
    const sonic_graph *graph = &model->graph;
    const sonic_node *n = &graph->node[node];
    sonic_range_tensor *y = &tensor[node];
    const sonic_range_tensor *x = &tensor[n->input[0]];
    const bool integers = mode == SONIC_RANGE_INTEGER;
    sonic_status status = SONIC_OK;
    sonic_range_constants constants;
    double *owned;
    switch (n->op) {
    case SONIC_OP_CONV:
    case SONIC_OP_BIAS:
        status = constants_of(model, node, mode, &constants, &owned, error);
        if (!status && n->op == SONIC_OP_CONV)
            status = sonic_range_conv(graph, node, &constants, norm, y, x, error);
        else if (!status)
            bias(y, x, constants.b);
        free(owned);
        return status;
    case SONIC_OP_RELU: relu(y, x); break;
    case SONIC_OP_TRUNC: copy(y, x); break;
    case SONIC_OP_MAX_POOL: sonic_range_max_pool(graph, node, y, x); break;
    case SONIC_OP_AVG_POOL: sonic_range_avg_pool(graph, node, mode, y, x); break;
    case SONIC_OP_SCALE:
        scale_add(y, x, integers ? (double)n->factor[0] : sonic_model_factor(model, node));
        break;
    case SONIC_OP_ADD:
        scale_add(y, x, integers ? (double)n->factor[0] : 1);
        scale_add(y, &tensor[n->input[1]], integers ? (double)n->factor[1] : 1);
        break;
    default: return move(graph, node, y, tensor, error);
    }
    if (integers && n->shift) {
        truncate(y, n->shift);
        for (size_t i = 0; n->op == SONIC_OP_RELU && i < y->n; i++)
            y->high[i] = x->high[i] < 0 ? 0 : y->high[i];
    }
    return SONIC_OK;
}

sonic_status sonic_range_find(const sonic_model *model, sonic_range_mode mode, const double *norms,
                              double low, double high, sonic_range *range, sonic_error *error)
{
    const sonic_graph *graph = &model->graph;
    sonic_range_tensor *tensor = calloc(graph->nodes, sizeof *tensor);
    uint32_t *last = calloc(graph->nodes, sizeof *last);
    sonic_status status = SONIC_OK;
    if (!tensor || !last)
        status = sonic_fail(error, SONIC_E_MEMORY, "no memory for the range analysis");
    for (uint32_t i = 0; !status && i < graph->nodes; i++)
        for (uint32_t j = 0; j < graph->node[i].inputs; j++)
            last[graph->node[i].input[j]] = i;
    for (uint32_t i = 0; !status && i < graph->nodes; i++) {
        const sonic_node *n = &graph->node[i];
        status = tensor_create(&tensor[i], graph, i, error);
        if (!status && n->op == SONIC_OP_INPUT)
            input(&tensor[i], low, high);
        else if (!status)
            status = run_node(model, i, mode, norms[i], tensor, error);
        if (status)
            break;
        range[i] = settle(&tensor[i]);
        if (!isfinite(range[i].magnitude) || !isfinite(range[i].error))
            status = sonic_fail(error, SONIC_E_RANGE, "layer '%s': its values have no finite bound",
                                n->name);
        for (uint32_t j = 0; j < n->inputs; j++)
            if (last[n->input[j]] == i)
                tensor_free(&tensor[n->input[j]]);
    }
    for (uint32_t i = 0; tensor && i < graph->nodes; i++)
        tensor_free(&tensor[i]);
    free(tensor);
    free(last);
    return status;
}
