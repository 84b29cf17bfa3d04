/* A network's output in the clear: softmax, classes, accuracy, printing. */
#include "tools/scores.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "tools/data.h"
#include "tools/json.h"
#include "tools/table.h"

sonic_status sonic_scores_make(sonic_scores *scores, const sonic_graph *graph, uint64_t count,
                               sonic_error *error)
{
    size_t values;
    *scores = (sonic_scores){ .count = count, .shape = graph->node[graph->nodes - 1].shape };
    scores->classes = sonic_node_elements(graph, graph->nodes - 1);
    if (sonic_size_mul(&values, count, scores->classes)) {
        scores->score = calloc(values, sizeof *scores->score);
        scores->top = calloc(count, sizeof *scores->top);
    }
    if (scores->score && scores->top)
        return SONIC_OK;
    /* Nothing to wipe: that would touch all of one where there was no memory for the other. */
    free(scores->score);
    free(scores->top);
    *scores = (sonic_scores){ 0 };
    return sonic_fail(error, SONIC_E_MEMORY, "out of memory for the results of %llu images",
                      (unsigned long long)count);
}

void sonic_scores_free(sonic_scores *scores)
{
    if (scores->score)
        sodium_memzero(scores->score, scores->count * scores->classes * sizeof *scores->score);
    if (scores->top)
        sodium_memzero(scores->top, scores->count * sizeof *scores->top);
    free(scores->score);
    free(scores->top);
    *scores = (sonic_scores){ 0 };
}

void sonic_scores_finish(sonic_scores *scores, const sonic_graph *graph)
{
    for (uint64_t i = 0; i < scores->count; i++) {
        double *x = scores->score + i * scores->classes, sum = 0;
        size_t top = 0;
        for (size_t j = 1; j < scores->classes; j++)
            if (x[j] > x[top])
                top = j;
        scores->top[i] = (uint32_t)top;
        if (graph->last != SONIC_LAST_SOFTMAX)
            continue;
        /* The largest value is taken off first, so that no exponential overflows. */
        double largest = x[top];
        for (size_t j = 0; j < scores->classes; j++)
            sum += x[j] = exp(x[j] - largest);
        for (size_t j = 0; j < scores->classes; j++)
            x[j] /= sum;
    }
}

static double top_score(const sonic_scores *scores, uint64_t i)
{
    return scores->score[i * scores->classes + scores->top[i]];
}

static bool print_json(const sonic_scores *scores, const int64_t *labels, uint64_t right)
{
    sonic_json *json = sonic_json_object();
    sonic_json_put_integer(json, "images", scores->count);
    if (labels) {
        sonic_json_put_integer(json, "right", right);
        sonic_json_put_real(json, "accuracy", (double)right / (double)scores->count);
    }
    sonic_json *results = sonic_json_put_array(json, "results");
    for (uint64_t i = 0; i < scores->count; i++) {
        sonic_json *result = sonic_json_put_object(results, NULL);
        sonic_json_put_integer(result, "class", scores->top[i]);
        sonic_json_put_real(result, "score", top_score(scores, i));
        if (labels)
            sonic_json_put_integer(result, "label", (uint64_t)labels[i]);
    }
    return sonic_json_print(json);
}

static void print_text(const sonic_scores *scores, const int64_t *labels, uint64_t right)
{
    sonic_table *table = sonic_table_create(labels ? "rrrrl" : "rrr");
    sonic_table_cell(table, "image");
    sonic_table_cell(table, "class");
    sonic_table_cell(table, "score");
    if (labels) {
        sonic_table_cell(table, "label");
        sonic_table_cell(table, "%s", "");
    }
    for (uint64_t i = 0; i < scores->count; i++) {
        sonic_table_cell(table, "%llu", (unsigned long long)i);
        sonic_table_cell(table, "%u", scores->top[i]);
        sonic_table_cell(table, "%.4f", top_score(scores, i));
        if (labels) {
            sonic_table_cell(table, "%lld", (long long)labels[i]);
            sonic_table_cell(table, "%s", labels[i] == scores->top[i] ? "" : "wrong");
        }
    }
    sonic_table_print(table, stdout);
    if (labels)
        printf("\naccuracy %.1f%% (%llu of %llu)\n", 100 * (double)right / (double)scores->count,
               (unsigned long long)right, (unsigned long long)scores->count);
}

sonic_status sonic_scores_print(const sonic_scores *scores, const sonic_scores_output *output,
                                sonic_error *error)
{
    int64_t *labels = NULL;
    uint64_t right = 0;
    sonic_status status = SONIC_OK;
    if (output->labels)
        status = sonic_labels_read(&labels, output->labels, output->first, scores->count, error);
    if (status == SONIC_OK && output->npy)
        status = sonic_npy_write(output->npy, scores->score, scores->count, &scores->shape, error);
    if (status != SONIC_OK)
        goto free_labels;
    for (uint64_t i = 0; labels && i < scores->count; i++)
        right += labels[i] == scores->top[i];
    if (!output->json)
        print_text(scores, labels, right);
    else if (!print_json(scores, labels, right))
        status = sonic_fail(error, SONIC_E_SYSTEM, "cannot write the output");
free_labels:
    free(labels);
    return status;
}
