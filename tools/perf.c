/* sonicnn perf: what a network takes on this machine, and on a link between two of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/perf.h"

typedef struct arguments {
    sonic_perf_options perf;
    sonic_perf_link link;
    bool json;
} arguments;

/* A decimal number in [low, high]; anything else is wrong usage of `option`. */
static double real_number(const struct argp_state *state, const char *option, const char *text,
                          double low, double high)
{
    char *end;
    double value = strtod(text, &end);
    bool begins = (text[0] >= '0' && text[0] <= '9') || text[0] == '.';
    bool decimal = begins && !strpbrk(text, "xX");
    if (!decimal || end == text || *end || !(value >= low && value <= high))
        argp_error(state, "%s takes a number from %g to %g, not '%s'", option, low, high, text);
    return value;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *args = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &args->perf.quantise;
        state->child_inputs[1] = &args->perf.context;
        state->child_inputs[2] = &args->json;
        state->child_inputs[3] = &args->perf.relu;
        return 0;
    case 'b':
        args->perf.batch = (uint32_t)sonic_cli_number(state, "--batch", text, 1, 100000);
        return 0;
    case 'n':
        args->perf.repeat =
            (uint32_t)sonic_cli_number(state, "--repeat", text, 1, SONIC_PERF_REPEAT_MAX);
        return 0;
    case 'R':
        args->link.rtt_ms = real_number(state, "--rtt", text, 0, 60000);
        return 0;
    case 'M':
        args->link.mbps = real_number(state, "--mbps", text, 0.001, 1e7);
        return 0;
    case 'q':
        args->perf.quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        if (args->perf.model)
            argp_error(state, "one MODEL.onnx at a time");
        args->perf.model = text;
        return 0;
    case ARGP_KEY_END:
        if (!args->perf.model)
            argp_error(state, "MODEL.onnx is needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int perf(const arguments *args)
{
    sonic_perf_result result;
    sonic_error error = {0};
    bool good = true;
    if (sonic_perf_run(&result, &args->perf, &error) != SONIC_OK)
        return sonic_cli_report(&error);
    if (args->json)
        good = sonic_perf_print_json(&result, &args->perf, &args->link);
    else
        sonic_perf_print(&result, &args->perf, &args->link);
    sonic_perf_free(&result);
    if (good || ferror(stdout)) /* main() says that the output cannot be written */
        return good ? SONIC_EXIT_OK : SONIC_EXIT_FAILURE;
    return sonic_cli_report(&(sonic_error){.text = "out of memory for the report"});
}

int sonic_command_perf(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"batch", 'b', "N", 0, "Images an inference (default 1)", 1},
        {"repeat", 'n', "N", 0, "Medians of N runs, after one that does not count (default 5)", 1},
        {"rtt", 'R', "MS", 0, "Link between the servers: MS there and back (default 0.2)", 2},
        {"mbps", 'M', "N", 0, "Link: N x 10^6 bits a second in each direction (default 10000)", 2},
        {"quiet", 'q', NULL, 0, "No progress bar", 3},
        {0},
    };
    static const struct argp_child children[] = {{&sonic_cli_quantise_argp, 0, NULL, 0},
                                                 {&sonic_cli_context_argp, 0, NULL, 0},
                                                 {&sonic_cli_json_argp, 0, NULL, 0},
                                                 {&sonic_cli_relu_argp, 0, NULL, 0},
                                                 {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "MODEL.onnx",
        .doc =
            "For planning capacity: runs a whole network's layers on this machine, both servers in "
            "one process, and prints per layer what a server computes, bytes, rounds and the time "
            "on a link, then where the time goes and how many images a second that makes."
            "\v  sonicnn perf net.onnx\n"
            "  sonicnn perf net.onnx --ring 32 --batch 16 --rtt 40 --mbps 200\n\n"
            "What is measured: seconds on the clock while a server computes, waiting for the other "
            "one left out.  The two take turns, so that each has all cores and --threads to "
            "itself, as on a machine of its own.  A machine that does other work meanwhile shows "
            "too much, and the output says that it does.  The dealer's time includes writing the "
            "material, the servers' reading and claiming it, durably; it lies in $TMPDIR, one "
            "batch's at a time, on a disk that should be like theirs, and so does what the servers "
            "prepare: with --relu gc some kilobytes a value compared.\n"
            "What is predicted: the slower server's computing, plus half a round trip for each "
            "round (both servers send at the same time), plus the bytes of one direction at the "
            "link's rate (both directions carry at once); nothing overlaps.  The defaults are a "
            "local network's.  The network's own processor time is not counted, nor what an "
            "encrypting tunnel adds.\n\n" SONIC_CLI_EXIT_CODES,
        .children = children,
    };
    arguments args = {.perf = {.batch = 1, .repeat = 5}, .link = {.rtt_ms = 0.2, .mbps = 10000}};
    sonic_cli_parse(&argp, argc, argv, &args);
    args.perf.stop = sonic_cli_catch_signals();
    return perf(&args);
}
