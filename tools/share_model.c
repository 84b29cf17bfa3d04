/* sonicnn share-model: the owner quantises a network and splits it into a share per server. */
#include <stdio.h>

#include <math.h>

#include "proto/offline/plan.h"
#include "tools/commands.h"
#include "tools/json.h"
#include "tools/table.h"

typedef struct arguments {
    sonic_context_options context;
    sonic_quantise_options quantise;
    bool json;
    const char *model, *base;
} arguments;

/* A unit as fraction bits where it is a power of two, else as a number. */
static void unit_text(char text[24], double unit)
{
    int exponent;
    if (frexp(unit, &exponent) == 0.5)
        (void)snprintf(text, 24, "2^%d", exponent - 1);
    else
        (void)snprintf(text, 24, "%.3g", unit);
}

static double bound_bits(const sonic_node *node)
{
    return node->bound >= 1 ? log2(node->bound) : 0;
}

static void print_layers(const sonic_graph *graph, const sonic_plan *plan)
{
    sonic_table *table = sonic_table_create("llrrrrr");
    static const char *const heads[] = {
        "layer", "op", "shape", "unit", "shift", "bound", "online"
    };
    for (size_t i = 0; i < 7; i++)
        sonic_table_cell(table, "%s", heads[i]);
    for (uint32_t i = 0; i < graph->nodes; i++) {
        const sonic_node *node = &graph->node[i];
        char shape[48], unit[24], bytes[16];
        sonic_cli_shape(shape, &node->shape);
        unit_text(unit, node->unit);
        sonic_cli_bytes(bytes, 2 * (double)plan->step[i].online_bytes);
        sonic_table_cell(table, "%s", node->name);
        sonic_table_cell(table, "%s", sonic_op_name(node->op));
        sonic_table_cell(table, "%s", shape);
        sonic_table_cell(table, "%s", unit);
        sonic_table_cell(table, "%.0u", node->shift); /* prints no 0 */
        sonic_table_cell(table, "%.1f bits", bound_bits(node));
        sonic_table_cell(table, "%s", plan->step[i].online_bytes ? bytes : "-");
    }
    sonic_table_print(table, stdout);
}

static bool print_json(const arguments *args, const sonic_graph *graph, const sonic_plan *plan)
{
    sonic_json *json = sonic_json_object();
    sonic_json_put_string(json, "base", args->base);
    sonic_json_put_integer(json, "ring", graph->ring);
    sonic_json_put_real(json, "failure", graph->failure);
    sonic_json_put_integer(json, "online_bytes", 2 * plan->online_bytes);
    sonic_json_put_integer(json, "online_rounds", plan->online_rounds);
    sonic_json_put_integer(json, "offline_bytes", plan->slot_bytes);
    sonic_json_put_integer(json, "setup_bytes", 2 * plan->setup_bytes);
    sonic_json *layers = sonic_json_put_array(json, "layers");
    for (uint32_t i = 0; i < graph->nodes; i++) {
        const sonic_node *node = &graph->node[i];
        char shape[48];
        sonic_cli_shape(shape, &node->shape);
        sonic_json *layer = sonic_json_put_object(layers, NULL);
        sonic_json_put_string(layer, "name", node->name);
        sonic_json_put_string(layer, "op", sonic_op_name(node->op));
        sonic_json_put_string(layer, "shape", shape);
        sonic_json_put_real(layer, "unit", node->unit);
        sonic_json_put_integer(layer, "shift", node->shift);
        sonic_json_put_real(layer, "bound_bits", bound_bits(node));
        sonic_json_put_integer(layer, "online_bytes", 2 * plan->step[i].online_bytes);
        sonic_json_put_integer(layer, "online_rounds", plan->step[i].online_rounds);
    }
    return sonic_json_print(json);
}

static void print_text(const arguments *args, const sonic_graph *graph, const sonic_plan *plan)
{
    char setup[16], offline[16], online[16];
    print_layers(graph, plan);
    sonic_cli_bytes(setup, 2 * (double)plan->setup_bytes);
    sonic_cli_bytes(offline, (double)plan->slot_bytes);
    sonic_cli_bytes(online, 2 * (double)plan->online_bytes);
    printf("\nring 2^%u, inputs in %g:%g, %s truncation\n", (unsigned)graph->ring, graph->input_low,
           graph->input_high, graph->truncation == SONIC_TRUNC_LOCAL ? "local" : "stochastic");
    if (graph->failure > 0)
        printf("a result is wrong by a gross error with a chance of at most %.3g an image\n",
               graph->failure);
    printf("both directions together: setup %s, an image %s online in %llu rounds, %s of offline "
           "material\n",
           setup, online, (unsigned long long)plan->online_rounds, offline);
    printf("that is with --relu ppa and a dealer; of all other ways: sonicnn plan %s.graph\n",
           args->base);
    printf("wrote %s.graph for everyone, %s.0 for server 0, %s.1 for server 1\n", args->base,
           args->base, args->base);
}

static sonic_status share_model(const arguments *args, sonic_error *error)
{
    sonic_model model = { 0 };
    sonic_plan plan = { 0 };
    sonic_context *context;
    sonic_status status = sonic_context_create(&context, &args->context, error);
    if (status != SONIC_OK)
        return status;
    status = sonic_model_import(&model, args->model, error);
    if (status != SONIC_OK)
        goto free_context;
    status = sonic_model_quantise(&model, &args->quantise, error);
    if (status != SONIC_OK)
        goto free_model;
    status = sonic_plan_make(&plan, &model.graph, 1,
                             (sonic_methods){SONIC_RELU_PPA, SONIC_SOURCE_DEALER}, error);
    if (status != SONIC_OK)
        goto free_model;
    status = sonic_model_split(&model, context, args->base, error);
    if (status != SONIC_OK)
        goto free_plan;
    if (args->json && !print_json(args, &model.graph, &plan))
        status = SONIC_E_MEMORY;
    else if (!args->json)
        print_text(args, &model.graph, &plan);
free_plan:
    sonic_plan_free(&plan);
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
        state->child_inputs[2] = &args->json;
        return 0;
    case 'o': args->base = text; return 0;
    case ARGP_KEY_ARG:
        if (args->model)
            argp_error(state, "one MODEL.onnx at a time");
        args->model = text;
        return 0;
    case ARGP_KEY_END:
        if (!args->model || !args->base)
            argp_error(state, "MODEL.onnx and -o BASE are needed");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

int sonic_command_share_model(int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "output", 'o', "BASE", 0, "Write BASE.graph, BASE.0 and BASE.1", 1 },
        { 0 },
    };
    static const struct argp_child children[] = { { &sonic_cli_quantise_argp, 0, NULL, 0 },
                                                  { &sonic_cli_context_argp, 0, NULL, 0 },
                                                  { &sonic_cli_json_argp, 0, NULL, 0 },
                                                  { 0 } };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "MODEL.onnx",
        .doc =
            "The model owner's command: quantises a network, proves that no layer can leave the "
            "ring, splits its weights into two random shares and prints the layers with what they "
            "cost.  BASE.graph (the architecture, public) goes to everyone, BASE.0 to server 0 and "
            "BASE.1 to server 1; whoever holds both has the network."
            "\v  sonicnn share-model net.onnx -o net\n"
            "  sonicnn share-model net.onnx -o net --ring 32 --input-range "
            "-1:1\n\n" SONIC_CLI_EXIT_CODES,
        .children = children,
    };
    arguments args = { 0 };
    sonic_error error = { 0 };
    sonic_cli_parse(&argp, argc, argv, &args);
    return share_model(&args, &error) == SONIC_OK ? SONIC_EXIT_OK : sonic_cli_report(&error);
}
