/* What the servers of a measurement hold: shares of the network and of an input. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sonicnn/share.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/share/random.h"
#include "tools/budget.h"
#include "tools/perf_bench.h"

void sonic_perf_path(char path[4096], const sonic_perf_bench *bench, const char *name)
{
    (void)snprintf(path, 4096, "%s/%s", bench->dir, name);
}

/* Through files, as an owner does, so that the network in the clear is gone before the servers
 * need memory. */
static sonic_status share_model(sonic_perf_bench *bench, sonic_graph *graph, sonic_error *error)
{
    static const char *const names[] = {"net.0", "net.1", "net.graph"};
    char path[4096];
    uint8_t id[SONIC_ID_BYTES];
    sonic_model model = {0};
    sonic_status status = sonic_model_import(&model, bench->options->model, error);
    if (!status)
        status = sonic_model_quantise(&model, &bench->options->quantise, error);
    if (!status)
        status = sonic_budget_fits(&model.graph, bench->options->batch,
                                   bench->options->methods.source, 2, bench->options->model, error);
    sonic_perf_path(path, bench, "net");
    if (!status)
        status = sonic_model_split(&model, bench->context, path, error);
    sonic_model_free(&model);
    for (unsigned i = 0; i < 2 && !status; i++) {
        sonic_perf_path(path, bench, names[i]);
        status = sonic_model_share_load(&bench->party[i].share, path, error);
    }
    sonic_perf_path(path, bench, names[2]);
    if (!status)
        status = sonic_graph_load(graph, id, path, error);
    for (unsigned i = 0; i < 3; i++) {
        sonic_perf_path(path, bench, names[i]);
        (void)unlink(path);
    }
    return status;
}

/* Numbers that are drawn at once. */
enum { BLOCK = 1024 };

/* One image of uniform values in the input's range, as ring elements. */
static sonic_status draw_image(const sonic_graph *graph, float *x, void *q, size_t n,
                               sonic_error *error)
{
    double low = graph->input_low, span = graph->input_high - graph->input_low;
    uint32_t random[BLOCK];
    for (size_t i = 0; i < n; i++) {
        if (i % BLOCK == 0) /* a system call a number would take longer than the layers do */
            sonic_random_bytes(random, sizeof random);
        x[i] = (float)(low + span * (0.01 + 0.98 * (double)random[i % BLOCK] / UINT32_MAX));
    }
    return sonic_graph_encode(graph, q, x, n, error);
}

static sonic_status draw_input(const sonic_perf_bench *bench, void *q, size_t inputs,
                               sonic_error *error)
{
    const sonic_graph *graph = &bench->party[0].share.graph;
    const sonic_perf_options *options = bench->options;
    size_t bytes = inputs * sonic_ring_bytes(graph->ring);
    float *x = malloc(inputs * sizeof *x);
    sonic_status status =
        x ? SONIC_OK : sonic_fail(error, SONIC_E_MEMORY, "out of memory for an image");
    for (uint32_t i = 0; i < options->batch && !status; i++)
        status = options->stop && *options->stop
                     ? sonic_fail(error, SONIC_E_CLOSED, "told to stop before all runs were done")
                     : draw_image(graph, x, (uint8_t *)q + i * bytes, inputs, error);
    free(x);
    return status;
}

static sonic_status share_input(sonic_perf_bench *bench, sonic_perf_result *result,
                                sonic_error *error)
{
    const sonic_graph *graph = &result->graph;
    size_t element = sonic_ring_bytes(graph->ring), inputs = sonic_node_elements(graph, 0), in, out;
    sonic_perf_party *a = &bench->party[0], *b = &bench->party[1];
    uint32_t batch = bench->options->batch;
    if (!sonic_size_mul(&in, inputs * element, batch) ||
        !sonic_size_mul(&out, sonic_node_elements(graph, graph->nodes - 1) * element, batch))
        return sonic_fail(error, SONIC_E_SHAPE, "a batch of %u does not fit in memory", batch);
    a->input = malloc(in);
    b->input = malloc(in);
    a->output = malloc(out);
    b->output = malloc(out);
    result->input = malloc(in);
    result->output = malloc(out);
    if (!a->input || !b->input || !a->output || !b->output || !result->input || !result->output)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for %u images", batch);
    sonic_status status = SONIC_OK;
    if (bench->options->input)
        memcpy(result->input, bench->options->input, in);
    else
        status = draw_input(bench, result->input, inputs, error);
    if (!status)
        sonic_share_split(bench->context, graph->ring, a->input, b->input, result->input,
                          inputs * batch);
    return status;
}

sonic_status sonic_perf_share(sonic_perf_bench *bench, sonic_perf_result *result,
                              sonic_error *error)
{
    sonic_status status = share_model(bench, &result->graph, error);
    return status ? status : share_input(bench, result, error);
}
