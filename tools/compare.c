/* sonicnn compare: what the ways to compare take of a network, side by side. */
#include "tools/compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dispatch/error.h"
#include "tools/commands.h"

typedef struct arguments {
    sonic_perf_settings settings;
    char **models;
    size_t count;
} arguments;

/* Once in every way, on the images of the first. */
static sonic_status run_network(sonic_ways *ways, const sonic_perf_settings *settings,
                                sonic_error *error)
{
    sonic_perf_options options = settings->run;
    sonic_status status = SONIC_OK;
    options.model = ways->model;
    for (unsigned r = 0; r < SONIC_RELUS && !status; r++) {
        char label[64];
        if (!sonic_ways_has(ways, (sonic_relu)r))
            continue;
        (void)snprintf(label, sizeof label, "relu by %s", sonic_relu_name((sonic_relu)r));
        options.methods.relu = (sonic_relu)r;
        options.label = label;
        options.input = r > 0 ? ways->way[0].input : NULL;
        status = sonic_perf_run(&ways->way[r], &options, error);
    }
    return status;
}

/* What is not there is said before anything has run. */
static sonic_status find_models(const arguments *args, sonic_error *error)
{
    for (size_t i = 0; i < args->count; i++)
        if (access(args->models[i], R_OK) != 0)
            return sonic_fail(error, SONIC_E_FILE, "cannot read %s", args->models[i]);
    return SONIC_OK;
}

static sonic_status run_all(sonic_ways *ways, sonic_ways_results *results, const arguments *args,
                            sonic_error *error)
{
    sonic_status status = find_models(args, error);
    for (size_t i = 0; i < args->count && !status; i++) {
        ways[i].model = args->models[i];
        ways[i].batch = args->settings.run.batch;
        ways[i].source = args->settings.run.methods.source;
        status = run_network(&ways[i], &args->settings, error);
        if (!status)
            status = sonic_ways_check(&results[i], &ways[i], error);
    }
    return status;
}

static sonic_status compare(const arguments *args, sonic_error *error)
{
    sonic_ways *ways = calloc(args->count, sizeof *ways);
    sonic_ways_results *results = calloc(args->count, sizeof *results);
    sonic_status status = ways && results ? run_all(ways, results, args, error)
                                          : sonic_fail(error, SONIC_E_MEMORY, "out of memory");
    if (!status && !args->settings.json)
        sonic_ways_print(ways, results, args->count, &args->settings);
    else if (!status && !sonic_ways_print_json(ways, results, args->count, &args->settings))
        status = sonic_fail(error, SONIC_E_SYSTEM, "cannot write the output");
    for (size_t i = 0; ways && i < args->count; i++)
        for (unsigned r = 0; r < SONIC_RELUS; r++)
            sonic_perf_free(&ways[i].way[r]);
    free(ways);
    free(results);
    return status;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *args = state->input;
    (void)text;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &args->settings;
        return 0;
    case ARGP_KEY_ARGS:
        args->models = state->argv + state->next;
        args->count = (size_t)(state->argc - state->next);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "MODEL.onnx is needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int sonic_command_compare(int argc, char **argv)
{
    static const struct argp_child children[] = {{&sonic_perf_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .parser = parse,
        .args_doc = "MODEL.onnx...",
        .doc =
            "What the ways to compare cost: runs each network in every way that `--relu` of other "
            "commands knows, on the same images, checks that the results agree, and prints phase "
            "by phase what each way takes and how many times more than 'ppa'."
            "\v  sonicnn compare net.onnx\n"
            "  sonicnn compare a.onnx b.onnx --ring 32 --batch 16 --rtt 40 --mbps 200\n\n"
            "'ppa', a parallel prefix adder, takes little material; 'fss', function secret "
            "sharing, takes the least online and the most from a dealer, without whom (--offline "
            "ot) it is left out; 'gc', garbled circuits, is the prior art that both are measured "
            "against.\n"
            "Setup is once a session, all else once a batch: what a dealer makes and sends to the "
            "servers, what they prepare before there is an input, and what they do with it, "
            "online.  Everything but comparing and truncating is the same in all ways and counted, "
            "too.  Measured and predicted as by `sonicnn perf`, whose --help says how, and what "
            "it takes of $TMPDIR.\n\n" SONIC_CLI_EXIT_CODES,
        .children = children,
    };
    arguments args = {.settings = sonic_perf_defaults()};
    sonic_error error = {0};
    sonic_cli_parse(&argp, argc, argv, &args);
    args.settings.run.stop = sonic_cli_catch_signals();
    return compare(&args, &error) == SONIC_OK ? SONIC_EXIT_OK : sonic_cli_report(&error);
}
