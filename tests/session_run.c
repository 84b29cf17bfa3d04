/* What tests of sessions share. */
#include "tests/session_run.h"

#include <criterion/criterion.h>

#include <stdlib.h>

#include "tests/build_model.h"
#include "tests/oracle.h"

void session_net(sonic_model *model, sonic_ring ring, sonic_truncation truncation)
{
    uint64_t state = 11;
    build_begin(model, ring, truncation, (sonic_shape){3, {2, 4, 4}});
    sonic_node *n = build_add(model, SONIC_OP_CONV, "conv", 1, 0);
    n->shape.dim[0] = 3;
    n->window = (sonic_window){3, 3, 1, 1, 1, 1, 1, 1, 1, 1};
    build_finish(model, &state, 50);
    build_add(model, SONIC_OP_MAX_POOL, "max", 1, 1)->window =
        (sonic_window){2, 2, 2, 2, 1, 1, 0, 0, 0, 0};
    build_finish(model, &state, 0);
    build_add(model, SONIC_OP_RELU, "relu", 1, 2)->shift = 4;
    build_finish(model, &state, 0);
    build_add(model, SONIC_OP_TRUNC, "trunc", 1, 3)->shift = 2;
    build_finish(model, &state, 0);
    build_add(model, SONIC_OP_RESHAPE, "flat", 1, 4)->shape = (sonic_shape){1, {12}};
    build_finish(model, &state, 0);
    build_add(model, SONIC_OP_CONV, "fc", 1, 5)->shape.dim[0] = 4;
    build_finish(model, &state, 50);
}

session_io session_io_make(const two_party *both, uint32_t inferences)
{
    const sonic_graph *graph = &both->model.graph;
    uint64_t state = 12;
    size_t in = two_party_elements(both, 0) * inferences;
    session_io io = {calloc(in, 8),
                     calloc(two_party_elements(both, graph->nodes - 1) * inferences, 8)};
    cr_assert(io.x && io.y);
    build_draw_elements(graph->ring, io.x, in, 100, &state);
    return io;
}

void session_io_free(session_io io)
{
    free(io.x);
    free(io.y);
}

void session_expect_result(const two_party *both)
{
    const sonic_graph *graph = &both->model.graph;
    uint32_t last = graph->nodes - 1;
    void *before = two_party_tensor(both, graph->node[last].input[0]);
    void *got = two_party_tensor(both, last);
    const void *in[] = {before};
    void *expected = oracle_node(&both->model, last, both->batch, in);
    cr_assert_arr_eq(got, expected, two_party_elements(both, last) * (graph->ring / 8));
    free(before);
    free(got);
    free(expected);
}
