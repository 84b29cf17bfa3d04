/* sonicnn plan: what each way of comparing and each source of material take, before anything runs.
 */
#include "tools/plan.h"

#include <stdio.h>
#include <string.h>

#include "dispatch/error.h"
#include "tools/commands.h"

typedef struct arguments {
    sonic_context_options context;
    sonic_quantise_options quantise;
    sonic_forecast forecast;
    bool json, layers;
} arguments;

sonic_forecast_times sonic_forecast_time(const sonic_forecast *forecast, const sonic_budget *budget)
{
    const sonic_budget_layer *all = &budget->total;
    const sonic_perf_link *link = &forecast->link;
    const double count = forecast->count, rate = forecast->aes_rate;
    const sonic_perf_time setup = sonic_budget_time(&all->setup, 1, link, rate),
                          deal = sonic_budget_time(&all->deal, count, link, rate),
                          make = sonic_budget_time(&all->make, count, link, rate),
                          online = sonic_budget_time(&all->online, count, link, rate);
    return (sonic_forecast_times){.setup = sonic_perf_seconds(&setup),
                                  .material = sonic_perf_seconds(&deal) + sonic_perf_seconds(&make),
                                  .online = sonic_perf_seconds(&online)};
}

double sonic_forecast_disk(const sonic_forecast *forecast, const sonic_budget *budget)
{
    const sonic_budget_layer *all = &budget->total;
    return (double)all->disk + (double)all->pool * (forecast->count - 1.0);
}

static bool is_graph(const char *path)
{
    static const char suffix[] = ".graph";
    const size_t n = strlen(path), m = sizeof suffix - 1;
    return n >= m && strcmp(path + n - m, suffix) == 0;
}

/* Whether options say other than their defaults. */
static bool is_quantised(const sonic_quantise_options *o)
{
    return o->ring != SONIC_RING_64 || o->truncation != SONIC_TRUNC_STOCHASTIC ||
           o->input_low != 0 || o->input_high != 1 || o->fraction != 0;
}

/* From a graph, or from a network that is quantised here. */
static sonic_status load(sonic_model *model, const arguments *args, sonic_error *error)
{
    const char *path = args->forecast.model;
    uint8_t id[SONIC_ID_BYTES];
    if (is_graph(path))
        return sonic_graph_load(&model->graph, id, path, error);
    sonic_status status = sonic_model_import(model, path, error);
    return status != SONIC_OK ? status : sonic_model_quantise(model, &args->quantise, error);
}

static sonic_status make_budgets(sonic_forecast *forecast, sonic_error *error)
{
    sonic_status status = SONIC_OK;
    for (unsigned i = 0; i < SONIC_BUDGETS && status == SONIC_OK; i++) {
        const sonic_methods methods = {.relu = (sonic_relu)(i / SONIC_SOURCES),
                                       .source = (sonic_source)(i % SONIC_SOURCES)};
        forecast->budget[i].methods = methods;
        if (sonic_methods_fit(methods))
            status = sonic_budget_make(&forecast->budget[i], &forecast->graph, forecast->batch,
                                       methods, error);
    }
    return status;
}

static sonic_status plan(arguments *args, sonic_error *error)
{
    sonic_forecast *forecast = &args->forecast;
    sonic_context *context;
    sonic_status status = sonic_context_create(&context, &args->context, error);
    if (status != SONIC_OK)
        return status;
    forecast->aes_rate = sonic_budget_aes_rate(context);
    forecast->memory = sonic_budget_memory();
    sonic_context_free(context);
    sonic_model model = {0};
    status = load(&model, args, error);
    forecast->graph = model.graph;
    if (status == SONIC_OK)
        status = make_budgets(forecast, error);
    if (status == SONIC_OK && !args->json)
        sonic_forecast_print(forecast, args->layers);
    else if (status == SONIC_OK && !sonic_forecast_print_json(forecast))
        status = sonic_fail(error, SONIC_E_SYSTEM, "cannot write the output");
    for (unsigned i = 0; i < SONIC_BUDGETS; i++)
        sonic_budget_free(&forecast->budget[i]);
    sonic_model_free(&model);
    return status;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *args = state->input;
    sonic_forecast *forecast = &args->forecast;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &args->quantise;
        state->child_inputs[1] = &args->context;
        state->child_inputs[2] = &args->json;
        state->child_inputs[3] = &forecast->link;
        return 0;
    case 'b':
        forecast->batch = (uint32_t)sonic_cli_number(state, "--batch", text, 1, 100000);
        return 0;
    case 'n':
        forecast->count = (uint32_t)sonic_cli_number(state, "--count", text, 1, UINT32_MAX - 1);
        return 0;
    case 'L':
        args->layers = true;
        return 0;
    case ARGP_KEY_ARG:
        if (forecast->model)
            argp_error(state, "one MODEL at a time");
        forecast->model = text;
        return 0;
    case ARGP_KEY_END:
        if (!forecast->model)
            argp_error(state, "MODEL.onnx or BASE.graph is needed");
        if (is_graph(forecast->model) && is_quantised(&args->quantise))
            argp_error(state, "--ring, --truncation, --input-range and --fraction go with "
                              "MODEL.onnx: a graph has its own");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int sonic_command_plan(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"batch", 'b', "N", 0, "Images an inference (default 1)", 1},
        {"count", 'n', "N", 0, "Inferences (default 1)", 1},
        {"layers", 'L', NULL, 0, "Layer by layer, too", 1},
        {0},
    };
    static const struct argp_child children[] = {{&sonic_cli_quantise_argp, 0, NULL, 0},
                                                 {&sonic_cli_context_argp, 0, NULL, 0},
                                                 {&sonic_cli_json_argp, 0, NULL, 0},
                                                 {&sonic_perf_link_argp, 0, NULL, 0},
                                                 {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "MODEL.onnx|BASE.graph",
        .doc =
            "Before anything runs: what inferences will take with each --relu and each --offline "
            "of `serve`, to the byte, and whether this machine has the memory for it."
            "\v  sonicnn plan net.onnx --count 100\n"
            "  sonicnn plan net.graph --batch 16 --rtt 40 --mbps 200 --layers\n\n"
            "Setup is once a session, all else is of --count inferences.  Material comes from a "
            "dealer, or the servers make it with each other, by oblivious transfers: without a "
            "third party, with more traffic and computing, with seeds for each digit of each "
            "weight in memory, and not with --relu fss.  Disk is a server's: its pool, and what is "
            "prepared in $TMPDIR.\n"
            "Seconds are what a link takes, half a round trip for each round and the bytes of one "
            "direction at its rate, and the AES calls of oblivious transfers (ot) and of keys "
            "(fss) at the rate that one thread has here.  That is the least: no other computing is "
            "counted, and `sonicnn perf` measures all of it.  --json: bytes and rounds of one "
            "inference, seconds and disk of all.  A graph has its numbers: --ring and the like go "
            "with MODEL.onnx.\n\n" SONIC_CLI_EXIT_CODES,
        .children = children,
    };
    arguments args = {.forecast = {.batch = 1, .count = 1}};
    sonic_error error = {0};
    sonic_cli_parse(&argp, argc, argv, &args);
    return plan(&args, &error) == SONIC_OK ? SONIC_EXIT_OK : sonic_cli_report(&error);
}
