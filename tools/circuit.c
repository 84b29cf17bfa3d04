/* sonicnn circuit: a Boolean circuit between two parties, one garbles and one evaluates. */
#include "tools/circuit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/channel/tcp.h"
#include "tools/commands.h"

typedef enum role { ROLE_NONE, ROLE_GARBLE, ROLE_EVALUATE, ROLE_PLAIN } role;

static const char *const role_names[] = { "", "garbler", "evaluator", "plain" };

/* "0=..." and what is behind the equals sign. */
typedef struct pair {
    uint32_t left;
    const char *right;
} pair;

typedef struct arguments {
    const char *name, *listen, *connect;
    role role;
    pair *inputs, *feedbacks;
    size_t input_count, feedback_count;
    size_t instances;
    uint64_t repeat;
    int timeout_ms;
    bool alone, check, json;
    sonic_context_options context;
} arguments;

static sonic_status give_inputs(sonic_circuit_job *job, const arguments *args, sonic_error *error)
{
    const sonic_circuit_shape shape = sonic_circuit_shape_of(job->execution.circuit);
    const bool mine = args->role == ROLE_EVALUATE;
    sonic_status status = SONIC_OK;
    for (uint32_t i = 0; i < shape.inputs; i++)
        job->evaluators[i] = !mine;
    for (size_t i = 0; !status && i < args->input_count; i++) {
        const pair *input = &args->inputs[i];
        if (input->left >= shape.inputs)
            return sonic_fail(error, SONIC_E_ARGUMENT, "%s has no input word %u, it has %u",
                              args->name, input->left, shape.inputs);
        if (job->evaluators[input->left] == mine)
            return sonic_fail(error, SONIC_E_ARGUMENT, "input word %u is given twice", input->left);
        job->evaluators[input->left] = mine;
        status = sonic_circuit_set_word(job, input->left, input->right, error);
    }
    if (!status && args->role == ROLE_PLAIN && args->input_count < shape.inputs)
        status = sonic_fail(error, SONIC_E_ARGUMENT, "%s has %u input words, %zu are given",
                            args->name, shape.inputs, args->input_count);
    return status;
}

static sonic_status give_feedback(sonic_circuit_job *job, const arguments *args, sonic_error *error)
{
    const sonic_circuit_shape shape = sonic_circuit_shape_of(job->execution.circuit);
    for (size_t i = 0; i < args->feedback_count; i++) {
        const uint32_t from = args->feedbacks[i].left;
        const uint32_t to = (uint32_t)strtoul(args->feedbacks[i].right, NULL, 10);
        if (from >= shape.outputs || to >= shape.inputs)
            return sonic_fail(error, SONIC_E_ARGUMENT,
                              "%s has no output word %u or no input word %u", args->name, from, to);
        job->feedback[to] = 1 + from;
    }
    return SONIC_OK;
}

static sonic_status prepare(sonic_circuit_job *job, const arguments *args, sonic_error *error)
{
    const sonic_circuit_shape shape = sonic_circuit_shape_of(job->execution.circuit);
    size_t in = 0, out = 0;
    job->words = sonic_size_pieces(args->instances, 64);
    job->execution.n = args->instances;
    job->execution.repeat = args->repeat;
    job->execution.tell = !args->alone;
    job->execution.open = args->check;
    if (sonic_size_mul(&in, job->words, shape.input_wires) &&
        sonic_size_mul(&out, job->words, shape.output_wires)) {
        job->in = calloc(in + 1, sizeof *job->in);
        job->out = calloc(out + 1, sizeof *job->out);
    }
    job->evaluators = calloc(shape.inputs + (size_t)1, sizeof *job->evaluators);
    job->feedback = calloc(shape.inputs + (size_t)1, sizeof *job->feedback);
    if (!job->in || !job->out || !job->evaluators || !job->feedback)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for %zu instances of %s",
                          args->instances, args->name);
    job->execution.evaluators = job->evaluators;
    job->execution.feedback = job->feedback;
    sonic_status status = give_inputs(job, args, error);
    if (!status)
        status = give_feedback(job, args, error);
    return status ? status : sonic_execution_check(&job->execution, error);
}

static void release(sonic_circuit_job *job, sonic_circuit *circuit)
{
    const sonic_circuit_shape shape =
        circuit ? sonic_circuit_shape_of(circuit) : (sonic_circuit_shape){ 0 };
    if (job->in)
        sodium_memzero(job->in, job->words * shape.input_wires * sizeof *job->in);
    if (job->out)
        sodium_memzero(job->out, job->words * shape.output_wires * sizeof *job->out);
    free(job->in);
    free(job->out);
    free(job->evaluators);
    free(job->feedback);
    sonic_circuit_free(circuit);
}

static sonic_status meet(sonic_channel **channel, const arguments *args, sonic_error *error)
{
    const char *peer = args->role == ROLE_GARBLE ? "the evaluator" : "the garbler";
    if (args->connect)
        return sonic_tcp_connect(channel, args->connect, peer, args->timeout_ms, args->timeout_ms,
                                 error);
    sonic_listener *listener;
    sonic_status status = sonic_listener_create(&listener, args->listen, error);
    if (status)
        return status;
    char text[128];
    sonic_cli_address(text, args->listen, sonic_listener_port(listener));
    fprintf(stderr, "sonicnn: the %s listens for %s on %s\n", role_names[args->role], peer, text);
    sonic_listener_stop_on(listener, sonic_cli_catch_signals());
    status = sonic_listener_accept(channel, listener, -1, args->timeout_ms, error);
    sonic_listener_free(listener);
    if (!status)
        sonic_channel_rename(*channel, peer);
    return status;
}

/* Sends this side's input words, or receives the other one's. */
static sonic_status show_inputs(const sonic_circuit_job *job, sonic_channel *channel, bool sends,
                                sonic_error *error)
{
    const sonic_circuit_shape shape = sonic_circuit_shape_of(job->execution.circuit);
    const bool garbles = strcmp(job->role, role_names[ROLE_GARBLE]) == 0;
    sonic_status status = SONIC_OK;
    for (uint32_t i = 0; !status && i < shape.inputs; i++) {
        const bool mine = job->evaluators[i] != garbles;
        uint64_t *planes = job->in + sonic_circuit_wire(shape.input_width, i) * job->words;
        const size_t bytes = shape.input_width[i] * job->words * sizeof *planes;
        if (mine == sends)
            status = sends ? sonic_channel_send(channel, planes, bytes, error)
                           : sonic_channel_receive(channel, planes, bytes, error);
    }
    return status;
}

/* Both sides see all inputs and compute in the clear what has been computed in secret. */
static sonic_status check(sonic_circuit_job *job, sonic_channel *channel, bool garbles,
                          sonic_error *error)
{
    const sonic_circuit_shape shape = sonic_circuit_shape_of(job->execution.circuit);
    const size_t bytes = job->words * shape.output_wires * sizeof *job->out;
    sonic_status status = show_inputs(job, channel, garbles, error);
    if (!status)
        status = show_inputs(job, channel, !garbles, error);
    if (status || !job->has_outputs)
        return status;
    uint64_t *out = calloc(bytes + 1, 1);
    if (!out)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory");
    status = sonic_circuit_compute(job, out, error);
    if (!status && memcmp(out, job->out, bytes) != 0)
        status = sonic_fail(error, SONIC_E_PEER, "the outputs are not those of the circuit");
    job->checked = !status;
    free(out);
    return status;
}

static sonic_status compute(sonic_circuit_job *job, const arguments *args, sonic_context *context,
                            sonic_channel *channel, sonic_error *error)
{
    const bool garbles = args->role == ROLE_GARBLE;
    sonic_status status = sonic_channel_layers(channel, SONIC_EXECUTION_PARTS, error);
    if (!status)
        status = sonic_execute(context, channel, &job->execution, garbles, job->out, job->in,
                               job->seconds, error);
    job->has_outputs = !garbles || job->execution.tell;
    return status;
}

static sonic_status between_two(sonic_circuit_job *job, const arguments *args, sonic_error *error)
{
    sonic_context *context;
    sonic_channel *channel = NULL;
    sonic_status status = sonic_context_create(&context, &args->context, error);
    if (status)
        return status;
    status = meet(&channel, args, error);
    if (!status)
        status = compute(job, args, context, channel, error);
    if (!status && args->check) {
        sonic_channel_mark(channel, SONIC_OFFLINE, 0); /* no part of what the run took */
        status = check(job, channel, args->role == ROLE_GARBLE, error);
    }
    if (!status)
        status = sonic_circuit_report(job, channel, args->json, error);
    sonic_channel_free(channel);
    sonic_context_free(context);
    return status;
}

static sonic_status run(const arguments *args, sonic_error *error)
{
    sonic_circuit *circuit = NULL;
    sonic_circuit_job job = { .name = args->name, .role = role_names[args->role] };
    sonic_status status = sonic_circuit_load(&circuit, args->name, error);
    if (status)
        return status;
    job.execution.circuit = circuit;
    status = prepare(&job, args, error);
    if (!status && args->role == ROLE_PLAIN) {
        status = sonic_circuit_compute(&job, job.out, error);
        job.has_outputs = true;
        if (!status)
            status = sonic_circuit_report(&job, NULL, args->json, error);
    } else if (!status) {
        status = between_two(&job, args, error);
    }
    release(&job, circuit);
    return status;
}

static pair parse_pair(const struct argp_state *state, const char *option, char *text)
{
    char *equals = strchr(text, '=');
    if (!equals)
        argp_error(state, "%s takes NUMBER=VALUE, not '%s'", option, text);
    *equals = 0;
    return (pair){ (uint32_t)sonic_cli_number(state, option, text, 0, UINT32_MAX - 1), equals + 1 };
}

static void set_role(const struct argp_state *state, arguments *args, role chosen)
{
    if (args->role != ROLE_NONE)
        argp_error(state, "--garble, --evaluate and --plain exclude each other");
    args->role = chosen;
}

static void check_usage(const struct argp_state *state, const arguments *args)
{
    if (!args->name || args->role == ROLE_NONE)
        argp_error(state, "CIRCUIT and one of --garble, --evaluate, --plain are needed");
    if (args->role != ROLE_PLAIN && !args->listen == !args->connect)
        argp_error(state, "one of --listen and --connect is needed");
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *args = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &args->context;
        state->child_inputs[1] = &args->json;
        return 0;
    case 'g': set_role(state, args, ROLE_GARBLE); return 0;
    case 'e': set_role(state, args, ROLE_EVALUATE); return 0;
    case 'p': set_role(state, args, ROLE_PLAIN); return 0;
    case 'l': args->listen = text; return 0;
    case 'c': args->connect = text; return 0;
    case 'i': args->inputs[args->input_count++] = parse_pair(state, "--input", text); return 0;
    case 'f':
        args->feedbacks[args->feedback_count] = parse_pair(state, "--feedback", text);
        (void)sonic_cli_number(state, "--feedback", args->feedbacks[args->feedback_count++].right,
                               0, UINT32_MAX - 1);
        return 0;
    case 'r':
        args->repeat = sonic_cli_number(state, "--repeat", text, 1, UINT64_C(1) << 40);
        return 0;
    case 'n':
        args->instances = sonic_cli_number(state, "--instances", text, 1, UINT32_MAX);
        return 0;
    case 'a': args->alone = true; return 0;
    case 'k': args->check = true; return 0;
    case 's': args->timeout_ms = sonic_cli_seconds(state, "--timeout", text); return 0;
    case ARGP_KEY_ARG:
        if (args->name)
            argp_error(state, "one CIRCUIT at a time");
        args->name = text;
        return 0;
    case ARGP_KEY_END: check_usage(state, args); return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    { "garble", 'g', NULL, 0, "Be the garbler", 1 },
    { "evaluate", 'e', NULL, 0, "Be the evaluator", 1 },
    { "plain", 'p', NULL, 0, "Compute in the clear, alone", 1 },
    { "listen", 'l', "ADDR", 0, "Wait for the other side at ADDR, port 0 for a free one", 1 },
    { "connect", 'c', "HOST:PORT", 0, "Go to the other side", 1 },
    { "input", 'i', "W=HEX", 0,
      "Input word W, counted from 0, is the hexadecimal number HEX, or 'random'.  A word belongs to "
      "the side that gives it; each word is to be given by one side",
      2 },
    { "repeat", 'r', "N", 0, "Compute the circuit N times in a row", 2 },
    { "feedback", 'f', "OUT=IN", 0,
      "From the second time on input word IN is output word OUT of the time before; others stay "
      "as they are",
      2 },
    { "instances", 'n', "N", 0,
      "Compute N instances side by side, to measure: 'random' inputs differ in each, others are the "
      "same in all; outputs are not printed",
      2 },
    { "to-evaluator", 'a', NULL, 0, "Only the evaluator learns the outputs; for both sides", 3 },
    { "check", 'k', NULL, 0,
      "Afterwards tell each other the inputs and compare with the circuit in the clear: no secret "
      "remains; for both sides",
      3 },
    { "timeout", 's', "SECONDS", 0, "Give up on a side that is silent for so long (default 30)",
      4 },
    { 0 },
};

static const struct argp_child children[] = { { &sonic_cli_context_argp, 0, NULL, 0 },
                                              { &sonic_cli_json_argp, 0, NULL, 0 },
                                              { 0 } };

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "CIRCUIT",
    .doc =
        "Two sides compute a Boolean circuit on inputs of both, and neither sees the other's: one "
        "garbles the circuit, the other one evaluates it.  CIRCUIT is a file in Bristol Fashion, "
        "or relu32 or relu64: max(w0 + w1, 0) + w2 of words of so many bits."
        "\vWords are numbers with their first wire lowest, written as usual: highest digit first.  "
        "So aes_128.txt and sha256.txt, whose wires are in the reverse order of the standards, "
        "take and give bytes as the standards write them.  Channels are not encrypted: put them "
        "inside a tunnel.\n\n"
        "  sonicnn circuit aes_128.txt --garble --listen :7040 \\\n"
        "      --input 0=000102030405060708090a0b0c0d0e0f\n"
        "  sonicnn circuit aes_128.txt --evaluate --connect HOST:7040 \\\n"
        "      --input 1=00112233445566778899aabbccddeeff\n"
        "\n"
        "How fast is it?\n"
        "  sonicnn circuit relu64 --garble --listen :7040 --instances 262144 \\\n"
        "      --input 0=random --input 2=random --check\n"
        "  sonicnn circuit relu64 --evaluate --connect HOST:7040 --instances 262144 \\\n"
        "      --input 1=random --check\n\n" SONIC_CLI_EXIT_CODES,
    .children = children,
};

int sonic_command_circuit(int argc, char **argv)
{
    arguments args = { .instances = 1, .repeat = 1, .timeout_ms = 30000 };
    sonic_error error = { 0 };
    int code = SONIC_EXIT_OK;
    args.inputs = calloc((size_t)argc, sizeof *args.inputs);
    args.feedbacks = calloc((size_t)argc, sizeof *args.feedbacks);
    if (!args.inputs || !args.feedbacks) {
        code = sonic_cli_report(&(sonic_error){ .text = "out of memory" });
    } else {
        sonic_cli_parse(&argp, argc, argv, &args);
        if (run(&args, &error) != SONIC_OK)
            code = sonic_cli_report(&error);
    }
    free(args.inputs);
    free(args.feedbacks);
    return code;
}
