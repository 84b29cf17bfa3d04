/* sonicnn plain: the network in the clear, as ring arithmetic or in double precision. */
#include <stdlib.h>

#include "tools/blocks.h"
#include "tools/commands.h"

typedef struct arguments {
    sonic_plain_options plain;
    sonic_scores_output print;
} arguments;

static sonic_status plain(const arguments *args, sonic_error *error)
{
    sonic_scores scores = { 0 };
    sonic_status status = sonic_plain_run(&args->plain, &scores, error);
    if (status == SONIC_OK)
        status = sonic_scores_print(&scores, &args->print, error);
    sonic_scores_free(&scores);
    return status;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *args = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &args->plain.quantise;
        state->child_inputs[1] = &args->plain.context;
        state->child_inputs[2] = &args->print.json;
        return 0;
    case 'R': args->plain.real = true; return 0;
    case 'F':
        args->plain.first = sonic_cli_number(state, "--first", text, 0, UINT32_MAX);
        args->print.first = args->plain.first;
        return 0;
    case 'n': args->plain.count = sonic_cli_number(state, "--count", text, 1, UINT32_MAX); return 0;
    case 'l': args->print.labels = text; return 0;
    case 'y': args->print.npy = text; return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num == 0)
            args->plain.model = text;
        else
            args->plain.paths[args->plain.files++] = text;
        return 0;
    case ARGP_KEY_END:
        if (args->plain.files == 0)
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
            "rounding of its truncations, with --relu fss bit for bit.  Use the flags of share-model."
            "\v  sonicnn plain net.onnx t10k-images-idx3-ubyte.gz --count 100 \\\n"
            "      --labels t10k-labels-idx1-ubyte.gz\n\n" SONIC_CLI_EXIT_CODES,
        .children = children,
    };
    arguments args = { .plain.paths = calloc((size_t)argc, sizeof(char *)) };
    sonic_error error = { 0 };
    if (!args.plain.paths)
        return sonic_cli_report(&(sonic_error){ .text = "out of memory" });
    sonic_cli_parse(&argp, argc, argv, &args);
    int code = plain(&args, &error) == SONIC_OK ? SONIC_EXIT_OK : sonic_cli_report(&error);
    free(args.plain.paths);
    return code;
}
