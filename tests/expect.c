/* Runs of two servers against the plain reference and the oracle's count of bytes. */
#include "tests/expect.h"

#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>

#include "tests/oracle.h"

bool expect_exact(const two_party *both, uint32_t node)
{
    const sonic_node *n = &both->model.graph.node[node];
    const sonic_relu relu = both->server[0].methods.relu;
    return !n->shift || relu == SONIC_RELU_FSS || (n->op == SONIC_OP_RELU && relu == SONIC_RELU_GC);
}

static void expect_node(const two_party *both, const sonic_context *context, uint32_t node)
{
    const sonic_ring ring = both->model.graph.ring;
    const sonic_node *n = &both->model.graph.node[node];
    const bool exact = expect_exact(both, node);
    size_t elements = two_party_elements(both, node);
    void *got = two_party_tensor(both, node), *plain = malloc(elements * sonic_ring_bytes(ring));
    void **in = calloc(n->inputs, sizeof *in);
    sonic_error error = {0};
    cr_assert(plain && in);
    for (uint32_t i = 0; i < n->inputs; i++)
        in[i] = two_party_tensor(both, n->input[i]);
    cr_assert_eq(sonic_node_run_plain(&both->model, context, node, both->batch, plain,
                                      (const void *const *)in, &error),
                 SONIC_OK, "%s", error.text);
    for (size_t i = 0; i < elements; i++) {
        int64_t g = oracle_get(ring, got, i), e = oracle_get(ring, plain, i);
        cr_assert(g == e || (!exact && g == e + 1), "node '%s' (%s), element %zu: %lld, not %lld",
                  n->name, sonic_op_name(n->op), i, (long long)g, (long long)e);
        cr_assert(fabs((double)g) <= n->bound, "node '%s' leaves its bound", n->name);
    }
    for (uint32_t i = 0; i < n->inputs; i++)
        free(in[i]);
    free(in);
    free(got);
    free(plain);
}

void expect_nodes(const two_party *both)
{
    sonic_context *context;
    sonic_error error = {0};
    cr_assert_eq(sonic_context_create(&context, NULL, &error), SONIC_OK, "%s", error.text);
    for (uint32_t node = 1; node < both->model.graph.nodes; node++)
        expect_node(both, context, node);
    sonic_context_free(context);
}

void expect_traffic(const two_party *both, uint32_t inferences)
{
    const sonic_graph *graph = &both->model.graph;
    const sonic_methods methods = both->server[0].methods;
    for (unsigned party = 0; party < 2; party++)
        for (uint32_t node = 0; node < graph->nodes; node++)
            for (unsigned phase = 0; phase < SONIC_PHASES; phase++) {
                const sonic_traffic e =
                    oracle_traffic(graph, methods, (sonic_phase)phase, node, both->batch);
                const sonic_traffic g = both->server[party].traffic[node * SONIC_PHASES + phase];
                const uint64_t times = phase == SONIC_SETUP ? 1 : inferences;
                cr_assert(g.sent == e.sent * times && g.received == e.received * times &&
                              g.rounds == e.rounds * times,
                          "node '%s', phase %u, relu %s, offline %s, ring %d, batch %u: %llu, %llu "
                          "bytes in %llu rounds, not %llu, %llu in %llu",
                          graph->node[node].name, phase, sonic_relu_name(methods.relu),
                          sonic_source_name(methods.source), graph->ring, both->batch,
                          (unsigned long long)g.sent, (unsigned long long)g.received,
                          (unsigned long long)g.rounds, (unsigned long long)(e.sent * times),
                          (unsigned long long)(e.received * times),
                          (unsigned long long)(e.rounds * times));
            }
}
