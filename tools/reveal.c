/* sonicnn reveal: the user joins the two result shares. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <sonicnn/share.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "tools/blocks.h"
#include "tools/commands.h"

typedef struct arguments {
    const char *output, *graph;
    sonic_scores_output print;
} arguments;

/* The two shares have to be halves of one result. */
static sonic_status check_pair(sonic_reader *const reader[2], sonic_error *error)
{
    const sonic_file_header *h[2];
    for (unsigned i = 0; i < 2; i++) {
        h[i] = sonic_reader_header(reader[i]);
        if (h[i]->party != i)
            return sonic_fail(error, SONIC_E_MISMATCH,
                              "%s is the share of server %u, not of server %u",
                              sonic_reader_name(reader[i]), h[i]->party, i);
    }
    if (memcmp(h[0]->pair, h[1]->pair, SONIC_ID_BYTES) != 0 ||
        memcmp(h[0]->model, h[1]->model, SONIC_ID_BYTES) != 0 || h[0]->ring != h[1]->ring ||
        h[0]->batch != h[1]->batch || h[0]->count != h[1]->count ||
        h[0]->data_bytes != h[1]->data_bytes || h[0]->meta_bytes != h[1]->meta_bytes ||
        memcmp(sonic_reader_meta(reader[0]), sonic_reader_meta(reader[1]), h[0]->meta_bytes) != 0)
        return sonic_fail(error, SONIC_E_MISMATCH, "%s and %s are not shares of one result",
                          sonic_reader_name(reader[0]), sonic_reader_name(reader[1]));
    return SONIC_OK;
}

static sonic_status check_graph(const sonic_reader *reader, const char *path, sonic_error *error)
{
    sonic_graph graph;
    uint8_t id[SONIC_ID_BYTES];
    sonic_status status = sonic_graph_load(&graph, id, path, error);
    if (status != SONIC_OK)
        return status;
    sonic_graph_free(&graph);
    if (memcmp(id, sonic_reader_header(reader)->model, SONIC_ID_BYTES) != 0)
        return sonic_fail(error, SONIC_E_MISMATCH, "%s is a result of another model than %s",
                          sonic_reader_name(reader), path);
    return SONIC_OK;
}

/* Joins and decodes, batch after batch; the images that fill up the last batch are dropped. */
static sonic_status join(sonic_scores *scores, sonic_reader *const reader[2],
                         const sonic_graph *graph, const sonic_context *context, sonic_error *error)
{
    const sonic_file_header *h = sonic_reader_header(reader[0]);
    size_t elements, bytes;
    void *share[2] = { NULL, NULL };
    sonic_status status = SONIC_OK;
    uint64_t batches = (h->count - 1) / h->batch + 1;
    if (h->ring != graph->ring || !sonic_size_mul(&elements, scores->classes, h->batch) ||
        !sonic_size_mul(&bytes, elements, sonic_ring_bytes(graph->ring)) ||
        h->data_bytes / bytes != batches || h->data_bytes % bytes != 0)
        return sonic_fail(error, SONIC_E_FORMAT,
                          "%s does not have the size of a result of its model",
                          sonic_reader_name(reader[0]));
    for (unsigned i = 0; i < 2; i++)
        if (!(share[i] = malloc(bytes)))
            status = sonic_fail(error, SONIC_E_MEMORY, "out of memory");
    for (uint64_t b = 0; status == SONIC_OK && b < batches; b++) {
        for (unsigned i = 0; status == SONIC_OK && i < 2; i++)
            status = sonic_reader_read_at(reader[i], b * bytes, share[i], bytes, error);
        if (status != SONIC_OK)
            break;
        sonic_share_join(context, graph->ring, share[0], share[0], share[1], elements);
        uint64_t done = b * h->batch;
        uint64_t n = h->count - done < h->batch ? h->count - done : h->batch;
        sonic_graph_decode(graph, scores->score + done * scores->classes, share[0],
                           (size_t)n * scores->classes);
    }
    for (unsigned i = 0; i < 2; i++) {
        if (share[i])
            sodium_memzero(share[i], bytes);
        free(share[i]);
    }
    return status;
}

sonic_status sonic_reveal(sonic_scores *scores, const char *output, const char *graph_path,
                          sonic_error *error)
{
    sonic_reader *reader[2] = { NULL, NULL };
    sonic_graph graph = { 0 };
    sonic_context *context = NULL;
    sonic_status status = SONIC_OK;
    for (unsigned i = 0; status == SONIC_OK && i < 2; i++) {
        char *path = NULL;
        status = sonic_cli_path(&path, output, i ? ".1" : ".0", error);
        if (status == SONIC_OK)
            status = sonic_reader_open(&reader[i], path, SONIC_FILE_RESULT, error);
        free(path);
    }
    if (status == SONIC_OK)
        status = check_pair(reader, error);
    if (status == SONIC_OK && graph_path)
        status = check_graph(reader[0], graph_path, error);
    if (status != SONIC_OK)
        goto free_readers;
    const sonic_file_header *h = sonic_reader_header(reader[0]);
    status = sonic_graph_read(&graph, sonic_reader_meta(reader[0]), h->meta_bytes, error);
    if (status != SONIC_OK) {
        status = sonic_fail_in(error, status, sonic_reader_name(reader[0]));
        goto free_readers;
    }
    status = sonic_context_create(&context, NULL, error);
    if (status == SONIC_OK)
        status = sonic_scores_make(scores, &graph, h->count, error);
    if (status == SONIC_OK) {
        status = join(scores, reader, &graph, context, error);
        if (status == SONIC_OK)
            sonic_scores_finish(scores, &graph);
        else
            sonic_scores_free(scores);
    }
    sonic_context_free(context);
    sonic_graph_free(&graph);
free_readers:
    sonic_reader_free(reader[0]);
    sonic_reader_free(reader[1]);
    return status;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *args = state->input;
    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &args->print.json; return 0;
    case 'g': args->graph = text; return 0;
    case 'l': args->print.labels = text; return 0;
    case 'F': args->print.first = sonic_cli_number(state, "--first", text, 0, UINT32_MAX); return 0;
    case 'y': args->print.npy = text; return 0;
    case ARGP_KEY_ARG:
        if (args->output)
            argp_error(state, "one OUT at a time");
        args->output = text;
        return 0;
    case ARGP_KEY_END:
        if (!args->output)
            argp_error(state, "OUT is needed");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

int sonic_command_reveal(int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "labels", 'l', "FILE", 0, "True labels, IDX or NPY: print the accuracy", 1 },
        { "first", 'F', "N", 0, "The first image's label is number N of the file (default 0)", 1 },
        { "graph", 'g', "BASE.graph", 0, "Make sure that this model gave the result", 1 },
        { "npy", 'y', "FILE", 0, "Write the network's output as an NPY array", 1 },
        { 0 },
    };
    static const struct argp_child children[] = { { &sonic_cli_json_argp, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "OUT",
        .doc = "The user's last command: adds the result shares OUT.0 and OUT.1 and prints each "
               "image's "
               "class and score.  Whoever holds both shares can do this; keep them apart or delete "
               "them."
               "\v  sonicnn reveal out\n"
               "  sonicnn reveal out --labels t10k-labels-idx1-ubyte.gz "
               "--json\n\n" SONIC_CLI_EXIT_CODES,
        .children = children,
    };
    arguments args = { 0 };
    sonic_error error = { 0 };
    sonic_scores scores;
    sonic_cli_parse(&argp, argc, argv, &args);
    if (sonic_reveal(&scores, args.output, args.graph, &error) != SONIC_OK)
        return sonic_cli_report(&error);
    sonic_status status = sonic_scores_print(&scores, &args.print, &error);
    sonic_scores_free(&scores);
    return status == SONIC_OK ? SONIC_EXIT_OK : sonic_cli_report(&error);
}
