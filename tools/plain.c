/* sonicnn plain: the network in the clear, as ring arithmetic or in double precision. */
#include <stdlib.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "tools/commands.h"
#include "tools/data.h"
#include "tools/progress.h"
#include "tools/scores.h"

/* Images computed at once: enough for the convolutions' threads, little memory. */
enum { BATCH = 16 };

typedef struct arguments {
    sonic_context_options context;
    sonic_quantise_options quantise;
    sonic_scores_output print;
    const char *model;
    char **paths;
    size_t files;
    uint64_t first, count;
    bool real;
} arguments;

typedef struct buffers {
    float *x;
    double *real;
    void *q, *y;
} buffers;

static sonic_status make_buffers(buffers *b, size_t inputs, size_t outputs, sonic_error *error)
{
    size_t in, out;
    *b = (buffers){ 0 };
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

static sonic_status run_images(const arguments *args, const sonic_model *model,
                               const sonic_context *context, sonic_images *images,
                               sonic_scores *scores, sonic_error *error)
{
    size_t inputs = sonic_node_elements(&model->graph, 0), classes = scores->classes;
    buffers b;
    sonic_bar bar;
    sonic_status status = make_buffers(&b, inputs, classes, error);
    sonic_bar_start(&bar, "plain", false);
    for (uint64_t done = 0; status == SONIC_OK && done < scores->count;) {
        size_t n = scores->count - done < BATCH ? (size_t)(scores->count - done) : BATCH;
        double *score = scores->score + done * classes;
        status = sonic_images_next(images, b.x, n, error);
        if (status != SONIC_OK)
            break;
        if (args->real) {
            for (size_t i = 0; i < n * inputs; i++)
                b.real[i] = b.x[i];
            status = sonic_model_run_real(model, n, score, b.real, error);
        } else {
            status = sonic_graph_encode(&model->graph, b.q, b.x, n * inputs, error);
            if (status == SONIC_OK)
                status = sonic_model_run_plain(model, context, n, b.y, b.q, NULL, error);
            if (status == SONIC_OK)
                sonic_graph_decode(&model->graph, score, b.y, n * classes);
        }
        done += n;
        sonic_bar_set(&bar, done, scores->count);
    }
    sonic_bar_end(&bar);
    free_buffers(&b);
    return status;
}

static sonic_status plain(const arguments *args, sonic_error *error)
{
    sonic_model model = { 0 };
    sonic_images *images = NULL;
    sonic_scores scores = { 0 };
    sonic_context *context;
    sonic_status status = sonic_context_create(&context, &args->context, error);
    if (status != SONIC_OK)
        return status;
    status = sonic_model_import(&model, args->model, error);
    if (status != SONIC_OK)
        goto free_context;
    if (!args->real)
        status = sonic_model_quantise(&model, &args->quantise, error);
    if (status != SONIC_OK)
        goto free_model;
    sonic_images_options select = { .paths = args->paths,
                                    .files = args->files,
                                    .first = args->first,
                                    .count = args->count,
                                    .shape = model.graph.node[0].shape,
                                    .low = args->quantise.input_low,
                                    .high = args->quantise.input_high };
    status = sonic_images_open(&images, &select, error);
    if (status == SONIC_OK)
        status = sonic_scores_make(&scores, &model.graph, sonic_images_count(images), error);
    if (status == SONIC_OK)
        status = run_images(args, &model, context, images, &scores, error);
    if (status == SONIC_OK) {
        sonic_scores_finish(&scores, &model.graph);
        status = sonic_scores_print(&scores, &args->print, error);
    }
    sonic_scores_free(&scores);
    sonic_images_free(images);
free_model:
    sonic_model_free(&model);
free_context:
    sonic_context_free(context);
    return status;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *args = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &args->quantise;
        state->child_inputs[1] = &args->context;
        state->child_inputs[2] = &args->print.json;
        return 0;
    case 'R': args->real = true; return 0;
    case 'F':
        args->first = args->print.first = sonic_cli_number(state, "--first", text, 0, UINT32_MAX);
        return 0;
    case 'n': args->count = sonic_cli_number(state, "--count", text, 1, UINT32_MAX); return 0;
    case 'l': args->print.labels = text; return 0;
    case 'y': args->print.npy = text; return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num == 0)
            args->model = text;
        else
            args->paths[args->files++] = text;
        return 0;
    case ARGP_KEY_END:
        if (args->files == 0)
            argp_error(state, "MODEL.onnx and DATA are needed");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

int sonic_command_plain(int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "real", 'R', NULL, 0, "Compute in double precision, without quantisation", 1 },
        { "first", 'F', "N", 0, "Begin with image (and label) number N, counted from 0", 1 },
        { "count", 'n', "N", 0, "Take N images (default: all)", 1 },
        { "labels", 'l', "FILE", 0, "True labels, IDX or NPY: print the accuracy", 1 },
        { "npy", 'y', "FILE", 0, "Write the network's output as an NPY array", 1 },
        { 0 },
    };
    static const struct argp_child children[] = { { &sonic_cli_quantise_argp, 0, NULL, 0 },
                                                  { &sonic_cli_context_argp, 0, NULL, 0 },
                                                  { &sonic_cli_json_argp, 0, NULL, 0 },
                                                  { 0 } };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "MODEL.onnx DATA...",
        .doc =
            "Classifies images in the clear, with no server: the same ring arithmetic as a secure "
            "run, or with --real in double precision.  A secure run gives these results within the "
            "rounding of its truncations.  Use the flags of share-model."
            "\v  sonicnn plain net.onnx t10k-images-idx3-ubyte.gz --count 100 \\\n"
            "      --labels t10k-labels-idx1-ubyte.gz\n\n" SONIC_CLI_EXIT_CODES,
        .children = children,
    };
    arguments args = { .paths = calloc((size_t)argc, sizeof(char *)) };
    sonic_error error = { 0 };
    if (!args.paths)
        return sonic_cli_report(&(sonic_error){ .text = "out of memory" });
    sonic_cli_parse(&argp, argc, argv, &args);
    int code = plain(&args, &error) == SONIC_OK ? SONIC_EXIT_OK : sonic_cli_report(&error);
    free(args.paths);
    return code;
}
