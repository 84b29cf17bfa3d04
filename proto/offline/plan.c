/* The plan of a graph: every node's closed forms for one batch, their sums, and the digest both
 * servers compare. */
#include "proto/offline/plan.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/offline/fss_plan.h"
#include "proto/offline/ot_linear.h"
#include "proto/share/file_bytes.h"

/* Changes whenever the wire, the streams or the corrections do: two servers that disagree stop at
 * the handshake. */
enum { PLAN_VERSION = 1 };

/* Elements of one node on one batch.  A stochastic ReLU mod 2^64 expands most, 747 bits an element
 * at party 0: 2^31 of them take 2^33.6 blocks of the node's key (material.h) and 16 GiB. */
#define ELEMENTS_MAX ((uint64_t)1 << 31)

uint64_t sonic_plan_open_bytes(sonic_ring ring, uint64_t n)
{
    return n * ((uint64_t)ring / 8);
}

static bool is_dealt(const sonic_plan *plan)
{
    return plan->methods.source == SONIC_SOURCE_DEALER;
}

static sonic_status check_elements(const sonic_graph *graph, uint32_t i, uint64_t n,
                                   sonic_error *error)
{
    if (n > ELEMENTS_MAX)
        return sonic_fail(error, SONIC_E_SHAPE,
                          "node %u (%s) has too many elements in a batch: more than 2^31", i,
                          graph->node[i].name);
    return SONIC_OK;
}

/* batch x the elements of node `of`, for node i. */
static sonic_status batch_elements(uint64_t *n, const sonic_graph *graph, uint32_t i, uint32_t of,
                                   uint32_t batch, sonic_error *error)
{
    size_t product;
    if (!sonic_size_mul(&product, sonic_node_elements(graph, of), batch))
        product = SIZE_MAX;
    *n = product;
    return check_elements(graph, i, product, error);
}

static sonic_status plan_conv(sonic_plan *plan, const sonic_graph *graph, uint32_t i,
                              sonic_error *error)
{
    sonic_step *step = &plan->step[i];
    uint64_t in, out, weights = sonic_node_weights(graph, i);
    sonic_status status =
        batch_elements(&in, graph, i, graph->node[i].input[0], plan->batch, error);
    if (status == SONIC_OK)
        status = batch_elements(&out, graph, i, i, plan->batch, error);
    if (status == SONIC_OK)
        status = check_elements(graph, i, weights, error);
    if (status != SONIC_OK)
        return status;
    step->setup_bytes = sonic_plan_open_bytes(graph->ring, weights);
    step->spill_bytes = sonic_plan_open_bytes(graph->ring, out);
    step->online_bytes = sonic_plan_open_bytes(graph->ring, in);
    step->online_rounds = 1;
    if (is_dealt(plan)) {
        step->offline_bytes = sonic_plan_open_bytes(graph->ring, out);
        return SONIC_OK;
    }
    const unsigned k = sonic_source_k(plan->methods.source);
    sonic_ot_cost setup = sonic_ot_linear_setup_cost(k, graph, i, plan->batch);
    sonic_ot_cost made = sonic_ot_linear_cost(k, graph, i, plan->batch);
    step->setup_bytes += setup.bytes;
    step->setup_rounds = setup.rounds;
    step->prepare_bytes = made.bytes;
    step->prepare_rounds = made.rounds;
    plan->makes = true;
    return SONIC_OK;
}

static sonic_status plan_relu(sonic_plan *plan, const sonic_graph *graph, uint32_t i,
                              sonic_error *error)
{
    const sonic_methods methods = plan->methods;
    sonic_step *step = &plan->step[i];
    sonic_relu_calls calls = {.methods = methods, .graph = graph, .node = i, .batch = plan->batch};
    const sonic_relu_call *call = &calls.call;
    uint64_t all = 0;
    while (sonic_relu_next(&calls)) {
        all = call->n <= ELEMENTS_MAX ? all + call->n : UINT64_MAX;
        sonic_status status = check_elements(graph, i, all, error);
        if (status != SONIC_OK)
            return status;
        sonic_relu_cost cost =
            sonic_relu_cost_of(methods, graph->ring, call->n, call->shift, call->truncation);
        step->offline_bytes += cost.offline_bytes;
        step->common_bytes += cost.common_bytes;
        step->prepare_bytes += cost.prepare_bytes;
        step->prepare_rounds += cost.prepare_rounds;
        step->spill_bytes += cost.spill_bytes;
        step->online_bytes += cost.online_bytes;
        step->online_rounds += cost.online_rounds;
        plan->compares = true;
        plan->makes |= !is_dealt(plan) && methods.relu == SONIC_RELU_PPA;
    }
    return SONIC_OK;
}

/* Of n elements, exactly. */
static void plan_exact_trunc(sonic_plan *plan, const sonic_graph *graph, uint32_t i, uint64_t n)
{
    sonic_step *step = &plan->step[i];
    sonic_fss_cost cost = sonic_fss_cost_of(SONIC_FSS_TRUNC, graph->ring, n, graph->node[i].shift);
    step->offline_bytes = cost.offline_bytes;
    step->common_bytes = cost.common_bytes;
    step->online_bytes = cost.online_bytes;
    step->online_rounds = cost.online_rounds;
}

/* Of n elements, stochastically. */
static void plan_trunc(sonic_plan *plan, const sonic_graph *graph, uint32_t i, uint64_t n)
{
    sonic_step *step = &plan->step[i];
    step->online_bytes = sonic_plan_open_bytes(graph->ring, n);
    step->online_rounds = 1;
    if (is_dealt(plan)) {
        step->offline_bytes = 2 * sonic_plan_open_bytes(graph->ring, n);
        return;
    }
    sonic_ot_cost made = sonic_ot_trunc_cost(sonic_source_k(plan->methods.source), graph->ring, n,
                                             graph->node[i].shift);
    step->prepare_bytes = made.bytes;
    step->prepare_rounds = made.rounds;
    step->spill_bytes = made.kept_bytes;
    plan->makes = true;
}

static sonic_status plan_node(sonic_plan *plan, const sonic_graph *graph, uint32_t i,
                              sonic_error *error)
{
    const sonic_node *node = &graph->node[i];
    uint64_t n;
    sonic_status status = batch_elements(&n, graph, i, i, plan->batch, error);
    if (status != SONIC_OK)
        return status;

    switch (node->op) {
    case SONIC_OP_CONV:
        return plan_conv(plan, graph, i, error);
    case SONIC_OP_RELU:
    case SONIC_OP_MAX_POOL:
        return plan_relu(plan, graph, i, error);
    case SONIC_OP_TRUNC:
        if (plan->methods.relu == SONIC_RELU_FSS)
            plan_exact_trunc(plan, graph, i, n);
        else if (graph->truncation == SONIC_TRUNC_STOCHASTIC)
            plan_trunc(plan, graph, i, n);
        return SONIC_OK;
    default:
        return SONIC_OK;
    }
}

/* What a session begins with besides the nodes' own setup. */
static void plan_begin(sonic_plan *plan)
{
    sonic_step *first = &plan->step[0];
    uint64_t bytes = 0, rounds = plan->setup_bytes > 0; /* all weights are opened at once */
    if (plan->compares) {
        sonic_relu_cost compare = sonic_relu_setup_cost(plan->methods.relu);
        bytes += compare.prepare_bytes;
        rounds += compare.prepare_rounds;
    }
    if (plan->makes) {
        bytes += sonic_ot_pair_bytes(sonic_source_k(plan->methods.source));
        rounds += sonic_ot_pair_rounds(sonic_source_k(plan->methods.source));
    }
    first->setup_bytes += bytes;
    first->setup_rounds += rounds;
    plan->setup_bytes += bytes;
    plan->setup_rounds += rounds;
}

/* Puts the step behind those before it. */
static sonic_status add_step(sonic_plan *plan, const sonic_graph *graph, uint32_t i,
                             sonic_error *error)
{
    sonic_step *step = &plan->step[i];
    size_t offline, common, setup, prepare, spill, online;
    step->offset = plan->slot_bytes;
    step->common_at = plan->common_bytes;
    step->spill_at = plan->spill_bytes;
    if (!sonic_size_add(&offline, plan->slot_bytes, step->offline_bytes) ||
        !sonic_size_add(&common, plan->common_bytes, step->common_bytes) ||
        !sonic_size_add(&setup, plan->setup_bytes, step->setup_bytes) ||
        !sonic_size_add(&prepare, plan->prepare_bytes, step->prepare_bytes) ||
        !sonic_size_add(&spill, plan->spill_bytes, step->spill_bytes) ||
        !sonic_size_add(&online, plan->online_bytes, step->online_bytes) || offline > INT64_MAX ||
        spill > INT64_MAX)
        return sonic_fail(error, SONIC_E_SHAPE, "the graph's plan overflows at node %u (%s)", i,
                          graph->node[i].name);
    plan->slot_bytes = offline;
    plan->common_bytes = common;
    plan->setup_bytes = setup;
    plan->prepare_bytes = prepare;
    plan->spill_bytes = spill;
    plan->online_bytes = online;
    plan->setup_rounds += step->setup_rounds;
    plan->prepare_rounds += step->prepare_rounds;
    plan->online_rounds += step->online_rounds;
    return SONIC_OK;
}

/* Hashes what does not depend on the methods. */
static sonic_status begin_digest(crypto_generichash_state *hash, const sonic_graph *graph,
                                 uint32_t batch, sonic_error *error)
{
    static const char domain[] = "sonicnn plan";
    uint8_t *bytes, numbers[8];
    size_t n;
    sonic_status status = sonic_graph_write(graph, &bytes, &n, error);
    if (status != SONIC_OK)
        return status;
    sonic_file_put32(numbers, PLAN_VERSION);
    sonic_file_put32(numbers + 4, batch);

    crypto_generichash_init(hash, NULL, 0, SONIC_DIGEST_BYTES);
    crypto_generichash_update(hash, (const uint8_t *)domain, sizeof domain);
    crypto_generichash_update(hash, numbers, sizeof numbers);
    crypto_generichash_update(hash, bytes, n);
    free(bytes);
    return SONIC_OK;
}

/* Before there was a choice no method was hashed: pools of then still fit. */
static void end_digest(uint8_t digest[SONIC_DIGEST_BYTES], crypto_generichash_state hash,
                       sonic_methods methods)
{
    static const char *const relus[SONIC_RELUS] = {
        [SONIC_RELU_PPA] = "", [SONIC_RELU_GC] = "gc 2", [SONIC_RELU_FSS] = "fss 1"};
    const char *relu = relus[methods.relu], *source = sonic_source_name(methods.source);
    if (methods.relu != SONIC_RELU_PPA)
        crypto_generichash_update(&hash, (const uint8_t *)relu, strlen(relu) + 1);
    if (methods.source != SONIC_SOURCE_DEALER)
        crypto_generichash_update(&hash, (const uint8_t *)source, strlen(source) + 1);
    crypto_generichash_final(&hash, digest, SONIC_DIGEST_BYTES);
}

sonic_status sonic_plan_methods_of(sonic_methods *methods, const uint8_t digest[SONIC_DIGEST_BYTES],
                                   const sonic_graph *graph, uint32_t batch, sonic_error *error)
{
    crypto_generichash_state hash;
    sonic_status status = begin_digest(&hash, graph, batch, error);
    if (status != SONIC_OK)
        return status;
    for (unsigned i = 0; i < SONIC_RELUS * SONIC_SOURCES; i++) {
        uint8_t other[SONIC_DIGEST_BYTES];
        *methods = (sonic_methods){.relu = (sonic_relu)(i / SONIC_SOURCES),
                                   .source = (sonic_source)(i % SONIC_SOURCES)};
        if (!sonic_methods_fit(*methods))
            continue;
        end_digest(other, hash, *methods);
        if (memcmp(digest, other, SONIC_DIGEST_BYTES) == 0)
            return SONIC_OK;
    }
    methods->relu = SONIC_RELUS;
    return SONIC_OK;
}

sonic_status sonic_plan_make(sonic_plan *plan, const sonic_graph *graph, uint32_t batch,
                             sonic_methods methods, sonic_error *error)
{
    crypto_generichash_state hash;
    memset(plan, 0, sizeof *plan);
    if (batch == 0)
        return sonic_fail(error, SONIC_E_ARGUMENT, "a batch must have at least one image");
    if (graph->nodes == 0)
        return sonic_fail(error, SONIC_E_ARGUMENT, "a graph without nodes has no plan");
    if (!sonic_methods_fit(methods))
        return sonic_fail(error, SONIC_E_ARGUMENT,
                          "relu '%s' takes keys from a dealer: it does not go with offline '%s'",
                          sonic_relu_name(methods.relu), sonic_source_name(methods.source));

    plan->methods = methods;
    plan->batch = batch;
    plan->nodes = graph->nodes;
    plan->step = calloc(graph->nodes, sizeof *plan->step);
    if (plan->step == NULL)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for the plan of %u nodes",
                          graph->nodes);

    /* First: writing validates the graph, on which all else relies. */
    sonic_status status = begin_digest(&hash, graph, batch, error);
    if (status == SONIC_OK)
        end_digest(plan->digest, hash, methods);
    for (uint32_t i = 0; i < graph->nodes && status == SONIC_OK; i++) {
        status = plan_node(plan, graph, i, error);
        if (status == SONIC_OK)
            status = add_step(plan, graph, i, error);
    }
    if (status != SONIC_OK) {
        sonic_plan_free(plan);
        return status;
    }
    plan_begin(plan);
    return SONIC_OK;
}

void sonic_plan_free(sonic_plan *plan)
{
    free(plan->step);
    memset(plan, 0, sizeof *plan);
}
