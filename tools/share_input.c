/* sonicnn share-input: the user encodes images and splits them into a share per server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>
#include <sonicnn/share.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/share/random.h"
#include "tools/commands.h"
#include "tools/data.h"
#include "tools/blocks.h"

typedef struct arguments {
    sonic_share_input_options options;
    char **paths;
} arguments;

/* Everything one batch needs. */
typedef struct buffers {
    size_t elements, bytes; /* of a batch */
    float *x;
    void *q, *share[2];
} buffers;

static void free_buffers(buffers *b)
{
    void *all[] = { b->x, b->q, b->share[0], b->share[1] };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i])
            sodium_memzero(all[i], i == 0 ? b->elements * sizeof(float) : b->bytes);
        free(all[i]);
    }
}

static sonic_status make_buffers(buffers *b, const sonic_graph *graph, uint32_t batch,
                                 sonic_error *error)
{
    *b = (buffers){ 0 };
    if (!sonic_size_mul(&b->elements, sonic_node_elements(graph, 0), batch) ||
        !sonic_size_mul(&b->bytes, b->elements, 8))
        return sonic_fail(error, SONIC_E_SHAPE, "a batch of %u images is too large", batch);
    b->bytes = b->elements * sonic_ring_bytes(graph->ring);
    b->x = malloc(b->elements * sizeof(float));
    b->q = malloc(b->bytes);
    b->share[0] = malloc(b->bytes);
    b->share[1] = malloc(b->bytes);
    if (b->x && b->q && b->share[0] && b->share[1])
        return SONIC_OK;
    free_buffers(b);
    return sonic_fail(error, SONIC_E_MEMORY, "out of memory for a batch of %u images", batch);
}

/* Reads, encodes, splits and writes batch after batch; the last one is filled up with zeros. */
static sonic_status write_batches(sonic_writer *writer[2], sonic_images *images, buffers *b,
                                  const sonic_graph *graph, const sonic_context *context,
                                  uint32_t batch, sonic_error *error)
{
    size_t image = sonic_node_elements(graph, 0);
    sonic_status status = SONIC_OK;
    float zero = graph->input_low > 0    ? (float)graph->input_low
                 : graph->input_high < 0 ? (float)graph->input_high
                                         : 0;
    for (uint64_t left = sonic_images_count(images); status == SONIC_OK && left > 0;) {
        size_t n = left < batch ? (size_t)left : batch;
        status = sonic_images_next(images, b->x, n, error);
        for (size_t i = n * image; i < b->elements; i++)
            b->x[i] = zero;
        if (status == SONIC_OK)
            status = sonic_graph_encode(graph, b->q, b->x, b->elements, error);
        if (status != SONIC_OK)
            break;
        sonic_share_split(context, graph->ring, b->share[0], b->share[1], b->q, b->elements);
        for (unsigned party = 0; status == SONIC_OK && party < 2; party++)
            status = sonic_writer_write(writer[party], b->share[party], b->bytes, error);
        left -= n;
    }
    return status;
}

static sonic_status write_shares(const sonic_share_input_options *options, const sonic_graph *graph,
                                 const uint8_t id[SONIC_ID_BYTES], sonic_images *images,
                                 const sonic_context *context, sonic_error *error)
{
    sonic_writer *writer[2] = { NULL, NULL };
    char *path[2] = { NULL, NULL };
    uint8_t *meta = NULL;
    size_t meta_bytes = 0, data_bytes;
    buffers b;
    uint64_t count = sonic_images_count(images);
    sonic_status status = make_buffers(&b, graph, options->batch, error);
    if (status != SONIC_OK)
        return status;
    if (count > UINT32_MAX ||
        !sonic_size_mul(&data_bytes, b.bytes, (count - 1) / options->batch + 1)) {
        status =
            sonic_fail(error, SONIC_E_SHAPE, "%llu images are too many", (unsigned long long)count);
        goto free_all;
    }
    status = sonic_graph_write(graph, &meta, &meta_bytes, error);
    if (status != SONIC_OK)
        goto free_all;
    sonic_file_header header = { .kind = SONIC_FILE_INPUT,
                                 .ring = graph->ring,
                                 .batch = options->batch,
                                 .count = (uint32_t)count,
                                 .meta_bytes = meta_bytes,
                                 .data_bytes = data_bytes };
    memcpy(header.model, id, SONIC_ID_BYTES);
    sonic_random_bytes(header.pair, sizeof header.pair);
    for (unsigned party = 0; status == SONIC_OK && party < 2; party++) {
        header.party = party;
        status = sonic_cli_path(&path[party], options->output, party ? ".1" : ".0", error);
        if (status == SONIC_OK)
            status = sonic_writer_create(&writer[party], path[party], &header, meta, error);
    }
    if (status == SONIC_OK)
        status = write_batches(writer, images, &b, graph, context, options->batch, error);
    for (unsigned party = 0; status == SONIC_OK && party < 2; party++) {
        status = sonic_writer_commit(writer[party], error);
        writer[party] = NULL;
        if (status != SONIC_OK && party == 1)
            (void)unlink(path[0]);
    }
free_all:
    for (unsigned party = 0; party < 2; party++) {
        sonic_writer_abort(writer[party]);
        free(path[party]);
    }
    free(meta);
    free_buffers(&b);
    return status;
}

sonic_status sonic_share_input(const sonic_share_input_options *options, uint64_t *count,
                               sonic_error *error)
{
    sonic_graph graph = { 0 };
    sonic_images *images = NULL;
    sonic_context *context;
    uint8_t id[SONIC_ID_BYTES];
    sonic_status status = sonic_context_create(&context, &options->context, error);
    if (status != SONIC_OK)
        return status;
    status = sonic_graph_load(&graph, id, options->graph, error);
    if (status != SONIC_OK)
        goto free_context;
    sonic_images_options select = { .paths = options->paths,
                                    .files = options->files,
                                    .first = options->first,
                                    .count = options->count,
                                    .shape = graph.node[0].shape,
                                    .low = graph.input_low,
                                    .high = graph.input_high };
    status = sonic_images_open(&images, &select, error);
    if (status != SONIC_OK)
        goto free_graph;
    status = write_shares(options, &graph, id, images, context, error);
    if (status == SONIC_OK && count)
        *count = sonic_images_count(images);
    sonic_images_free(images);
free_graph:
    sonic_graph_free(&graph);
free_context:
    sonic_context_free(context);
    return status;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *args = state->input;
    sonic_share_input_options *o = &args->options;
    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &o->context; return 0;
    case 'o': o->output = text; return 0;
    case 'b':
        o->batch = (uint32_t)sonic_cli_number(state, "--batch", text, 1, UINT32_MAX);
        return 0;
    case 'F': o->first = sonic_cli_number(state, "--first", text, 0, UINT32_MAX); return 0;
    case 'n': o->count = sonic_cli_number(state, "--count", text, 1, UINT32_MAX); return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num == 0)
            o->graph = text;
        else
            args->paths[o->files++] = text;
        return 0;
    case ARGP_KEY_END:
        if (o->files == 0 || !o->output)
            argp_error(state, "BASE.graph, DATA and -o OUT are needed");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

int sonic_command_share_input(int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "output", 'o', "OUT", 0, "Write OUT.0 and OUT.1", 1 },
        { "batch", 'b', "N", 0, "Images a batch, as the servers' pools have it (default 1)", 1 },
        { "first", 'F', "N", 0, "Begin with image number N, counted from 0 over all DATA", 1 },
        { "count", 'n', "N", 0, "Take N images (default: all)", 1 },
        { 0 },
    };
    static const struct argp_child children[] = { { &sonic_cli_context_argp, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "BASE.graph DATA...",
        .doc =
            "The user's first command: splits images into two random shares, OUT.0 for server 0 "
            "and "
            "OUT.1 for server 1.  DATA are IDX files (MNIST's format, also .gz), NPY arrays of "
            "shape "
            "N,C,H,W or PNG pictures.  Bytes map linearly to the model's input range, 0 to its low "
            "and 255 to its high end; floats are used as they are and must lie inside."
            "\v  sonicnn share-input net.graph t10k-images-idx3-ubyte.gz --count 100 -o in\n"
            "  sonicnn share-input net.graph cat.png dog.png --batch 2 -o "
            "in\n\n" SONIC_CLI_EXIT_CODES,
        .children = children,
    };
    arguments args = { .options.batch = 1, .paths = calloc((size_t)argc, sizeof(char *)) };
    sonic_error error = { 0 };
    uint64_t count;
    if (!args.paths)
        return sonic_cli_report(&(sonic_error){ .text = "out of memory" });
    args.options.paths = args.paths;
    sonic_cli_parse(&argp, argc, argv, &args);
    int code = SONIC_EXIT_OK;
    if (sonic_share_input(&args.options, &count, &error) != SONIC_OK)
        code = sonic_cli_report(&error);
    else
        printf("wrote %llu image%s, %u a batch: %s.0 for server 0, %s.1 for server 1\n",
               (unsigned long long)count, count == 1 ? "" : "s", args.options.batch,
               args.options.output, args.options.output);
    free(args.paths);
    return code;
}
