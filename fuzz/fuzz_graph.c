/* Fuzzes the reader of graphs: any bytes give a valid graph, which is written as the same bytes, or
 * a sentence. */
#include "config.h"

#include <string.h>

#include "fuzz/fuzz.h"
#include "proto/model/graph.h"

void fuzz_seed(void)
{
    uint32_t zero = 0, one = 1, pair[2] = {1, 2};
    const sonic_window window = {3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
                       none = {1, 1, 1, 1, 1, 1, 0, 0, 0, 0};
    sonic_node node[5] = {
        {.op = SONIC_OP_INPUT, .name = "input", .shape = {3, {2, 4, 4}}},
        {.op = SONIC_OP_CONV,
         .name = "conv",
         .inputs = 1,
         .input = &zero,
         .shape = {3, {3, 4, 4}},
         .window = window,
         .groups = 1},
        {.op = SONIC_OP_RELU,
         .name = "relu",
         .inputs = 1,
         .input = &one,
         .shape = {3, {3, 4, 4}},
         .shift = 5},
        {.op = SONIC_OP_ADD,
         .name = "add",
         .inputs = 2,
         .input = pair,
         .shape = {3, {3, 4, 4}},
         .factor = {1, 3}},
        {.op = SONIC_OP_CONCAT,
         .name = "concat",
         .inputs = 2,
         .input = pair,
         .shape = {3, {6, 4, 4}}},
    };
    for (unsigned i = 0; i < 5; i++) {
        node[i].window = i == 1 ? window : none;
        node[i].unit = 0.5;
        node[i].bound = 100;
    }
    sonic_graph graph = {.ring = SONIC_RING_32, .input_high = 1, .nodes = 5, .node = node};
    uint8_t *bytes;
    size_t n;
    fuzz_require(sonic_graph_write(&graph, &bytes, &n, NULL) == SONIC_OK);
    fuzz_write_seed("graph", bytes, n);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    sonic_graph graph;
    sonic_error error = {0};
    sonic_status status = sonic_graph_read(&graph, data, n, &error);
    if (status) {
        fuzz_require_sentence(status, &error);
        fuzz_require(!graph.node);
        return 0;
    }
    uint8_t *bytes;
    size_t length;
    fuzz_require(sonic_graph_write(&graph, &bytes, &length, &error) == SONIC_OK);
    fuzz_require(length == n && memcmp(bytes, data, n) == 0);
    free(bytes);
    sonic_graph_free(&graph);
    return 0;
}
