/* Ways of comparing by name and by cost, and the calls of a node: one of a ReLU, one a level of a
 * max-pool. */
#include "proto/offline/relu_plan.h"

#include <string.h>

#include "dispatch/error.h"
#include "proto/offline/fss_plan.h"
#include "proto/offline/gc_plan.h"
#include "proto/offline/ot_relu.h"
#include "proto/offline/ppa_plan.h"

static const char *const names[SONIC_RELUS] = {
    [SONIC_RELU_PPA] = "ppa", [SONIC_RELU_GC] = "gc", [SONIC_RELU_FSS] = "fss"};

bool sonic_methods_fit(sonic_methods methods)
{
    return methods.relu != SONIC_RELU_FSS || methods.source == SONIC_SOURCE_DEALER;
}

const char *sonic_relu_name(sonic_relu relu)
{
    return names[relu];
}

sonic_status sonic_relu_parse(sonic_relu *relu, const char *name, sonic_error *error)
{
    for (unsigned r = 0; r < SONIC_RELUS; r++)
        if (strcmp(name, names[r]) == 0) {
            *relu = (sonic_relu)r;
            return SONIC_OK;
        }
    return sonic_fail(error, SONIC_E_ARGUMENT, "relu takes 'ppa', 'gc' or 'fss', not '%s'", name);
}

sonic_relu_cost sonic_relu_cost_of(sonic_methods methods, sonic_ring ring, uint64_t n,
                                   unsigned shift, sonic_truncation truncation)
{
    if (methods.relu == SONIC_RELU_GC) {
        sonic_gc_cost cost = sonic_gc_cost_of(ring, n, shift);
        return (sonic_relu_cost){.online_bytes = cost.online_bytes,
                                 .online_rounds = cost.online_rounds,
                                 .prepare_bytes = cost.prepare_bytes,
                                 .prepare_rounds = cost.prepare_rounds,
                                 .spill_bytes = cost.spill_bytes};
    }
    if (methods.relu == SONIC_RELU_FSS) {
        sonic_fss_cost cost = sonic_fss_cost_of(SONIC_FSS_RELU, ring, n, shift);
        return (sonic_relu_cost){.online_bytes = cost.online_bytes,
                                 .online_rounds = cost.online_rounds,
                                 .offline_bytes = cost.offline_bytes,
                                 .common_bytes = cost.common_bytes};
    }
    sonic_ppa_cost cost = sonic_ppa_cost_of(ring, n, shift, truncation);
    sonic_relu_cost all = {.online_bytes = cost.online_bytes, .online_rounds = cost.online_rounds};
    if (methods.source == SONIC_SOURCE_DEALER) {
        all.offline_bytes = cost.offline_bytes;
    } else {
        sonic_ot_cost made =
            sonic_ot_relu_cost(sonic_source_k(methods.source), ring, n, shift, truncation);
        all.prepare_bytes = made.bytes;
        all.prepare_rounds = made.rounds;
        all.spill_bytes = made.kept_bytes;
    }
    return all;
}

sonic_relu_cost sonic_relu_setup_cost(sonic_relu relu)
{
    if (relu != SONIC_RELU_GC)
        return (sonic_relu_cost){0};
    sonic_gc_cost cost = sonic_gc_setup_cost();
    return (sonic_relu_cost){.prepare_bytes = cost.prepare_bytes,
                             .prepare_rounds = cost.prepare_rounds};
}

/* How many of `taps` window positions, `dilation` apart from `start - pad` on, lie in 0 .. size
 * - 1. */
static uint64_t valid_taps(uint64_t start, uint64_t pad, uint64_t taps, uint64_t dilation,
                           uint64_t size)
{
    uint64_t first = start >= pad ? 0 : (pad - start + dilation - 1) / dilation;
    if (size + pad <= start)
        return 0;
    uint64_t end =
        (size + pad - start + dilation - 1) / dilation; /* the first tap beyond the edge */
    if (end > taps)
        end = taps;
    return end > first ? end - first : 0;
}

/* Comparisons of one window of k candidates at a level. */
static uint64_t window_pairs(uint64_t k, uint32_t level)
{
    for (; level > 0 && k > 1; level--)
        k = k / 2 + k % 2;
    return k / 2;
}

static uint64_t saturating_mul(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t saturating_add(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

uint64_t sonic_max_pool_level(const sonic_graph *graph, uint32_t node, uint32_t batch,
                              uint32_t level)
{
    const sonic_node *pool = &graph->node[node];
    const sonic_window *w = &pool->window;
    const sonic_shape *in = &graph->node[pool->input[0]].shape;
    uint32_t channels = pool->shape.dim[0], oh = pool->shape.dim[1], ow = pool->shape.dim[2];
    uint64_t image = 0, row = 0, last = UINT64_MAX;

    for (uint32_t y = 0; y < oh; y++) {
        uint64_t rows =
            valid_taps((uint64_t)y * w->stride_h, w->pad_top, w->kh, w->dilation_h, in->dim[1]);
        /* Rows whose windows have equally many valid rows cost the same: only edges are counted
         * anew. */
        if (rows != last) {
            row = 0;
            for (uint32_t x = 0; x < ow; x++) {
                uint64_t columns = valid_taps((uint64_t)x * w->stride_w, w->pad_left, w->kw,
                                              w->dilation_w, in->dim[2]);
                row = saturating_add(row, window_pairs(saturating_mul(rows, columns), level));
            }
            last = rows;
        }
        image = saturating_add(image, row);
    }
    return saturating_mul(image, saturating_mul(channels, batch));
}

bool sonic_relu_next(sonic_relu_calls *calls)
{
    const sonic_graph *graph = calls->graph;
    const sonic_node *node = &graph->node[calls->node];
    sonic_relu_call *call = &calls->call;
    if (node->op != SONIC_OP_RELU && node->op != SONIC_OP_MAX_POOL)
        return false;
    if (call->n > 0) {
        sonic_relu_cost cost =
            sonic_relu_cost_of(calls->methods, graph->ring, call->n, call->shift, call->truncation);
        call->index++;
        call->spill_at += cost.spill_bytes;
        call->common += cost.common_bytes;
        call->correction +=
            calls->methods.source == SONIC_SOURCE_DEALER ? cost.offline_bytes : cost.spill_bytes;
    }
    call->truncation = graph->truncation;
    if (node->op == SONIC_OP_MAX_POOL) {
        call->n = sonic_max_pool_level(graph, calls->node, calls->batch, call->index);
    } else {
        call->shift = node->shift;
        call->n = call->index > 0
                      ? 0
                      : saturating_mul(sonic_node_elements(graph, calls->node), calls->batch);
    }
    return call->n > 0;
}
