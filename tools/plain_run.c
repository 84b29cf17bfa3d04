/* The network in the clear, as ring arithmetic or in double precision, a few images at a time. */
#include <stdlib.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "tools/blocks.h"
#include "tools/data.h"
#include "tools/progress.h"

/* Images computed at once: enough for the convolutions' threads, little memory. */
enum { BATCH = 16 };

typedef struct buffers {
    float *x;
    double *real;
    void *q, *y;
} buffers;

static sonic_status make_buffers(buffers *b, size_t inputs, size_t outputs, sonic_error *error)
{
    size_t in, out;
    *b = (buffers){0};
    if (sonic_size_mul(&in, inputs, BATCH * 8) && sonic_size_mul(&out, outputs, BATCH * 8)) {
        b->x = malloc(in);
        b->real = malloc(in);
        b->q = malloc(in);
        b->y = malloc(out);
    }
    return b->x && b->real && b->q && b->y ? SONIC_OK
                                           : sonic_fail(error, SONIC_E_MEMORY, "out of memory");
}

static void free_buffers(buffers *b)
{
    free(b->x);
    free(b->real);
    free(b->q);
    free(b->y);
}

/* n images of b->x, to n results. */
static sonic_status run_batch(const sonic_plain_options *options, const sonic_model *model,
                              const sonic_context *context, const buffers *b, size_t n,
                              double *score, sonic_error *error)
{
    size_t inputs = sonic_node_elements(&model->graph, 0);
    size_t outputs = sonic_node_elements(&model->graph, model->graph.nodes - 1);
    if (options->real) {
        for (size_t i = 0; i < n * inputs; i++)
            b->real[i] = b->x[i];
        return sonic_model_run_real(model, n, score, b->real, error);
    }
    sonic_status status = sonic_graph_encode(&model->graph, b->q, b->x, n * inputs, error);
    if (status == SONIC_OK)
        status = sonic_model_run_plain(model, context, n, b->y, b->q, NULL, error);
    if (status == SONIC_OK)
        sonic_graph_decode(&model->graph, score, b->y, n * outputs);
    return status;
}

static sonic_status run_images(const sonic_plain_options *options, const sonic_model *model,
                               const sonic_context *context, sonic_images *images,
                               sonic_scores *scores, sonic_error *error)
{
    buffers b;
    sonic_bar bar;
    sonic_status status =
        make_buffers(&b, sonic_node_elements(&model->graph, 0), scores->classes, error);
    sonic_bar_start(&bar, "plain", options->quiet);
    for (uint64_t done = 0; status == SONIC_OK && done < scores->count;) {
        size_t n = scores->count - done < BATCH ? (size_t)(scores->count - done) : BATCH;
        status = sonic_images_next(images, b.x, n, error);
        if (status == SONIC_OK)
            status = run_batch(options, model, context, &b, n,
                               scores->score + done * scores->classes, error);
        done += n;
        sonic_bar_set(&bar, done, scores->count);
    }
    sonic_bar_end(&bar);
    free_buffers(&b);
    return status;
}

sonic_status sonic_plain_run(const sonic_plain_options *options, sonic_scores *scores,
                             sonic_error *error)
{
    sonic_model model = {0};
    sonic_images *images = NULL;
    sonic_context *context;
    sonic_status status = sonic_context_create(&context, &options->context, error);
    if (status != SONIC_OK)
        return status;
    status = sonic_model_import(&model, options->model, error);
    if (status == SONIC_OK && !options->real)
        status = sonic_model_quantise(&model, &options->quantise, error);
    if (status == SONIC_OK) {
        /* Without quantisation the graph has no range of its own; both 0 stands for 0 .. 1. */
        const sonic_quantise_options *q = &options->quantise;
        bool unset = q->input_low == 0 && q->input_high == 0;
        sonic_images_options select = {.paths = options->paths,
                                       .files = options->files,
                                       .first = options->first,
                                       .count = options->count,
                                       .shape = model.graph.node[0].shape,
                                       .low = q->input_low,
                                       .high = unset ? 1 : q->input_high};
        status = sonic_images_open(&images, &select, error);
    }
    if (status == SONIC_OK)
        status = sonic_scores_make(scores, &model.graph, sonic_images_count(images), error);
    if (status == SONIC_OK)
        status = run_images(options, &model, context, images, scores, error);
    if (status == SONIC_OK)
        sonic_scores_finish(scores, &model.graph);
    else
        sonic_scores_free(scores);
    sonic_images_free(images);
    sonic_model_free(&model);
    sonic_context_free(context);
    return status;
}
