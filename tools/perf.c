/* sonicnn perf: what a network takes on this machine, and on a link between two of them. */
#include <stdio.h>

#include "tools/commands.h"
#include "tools/perf.h"

static error_t parse(int key, char *text, struct argp_state *state)
{
    sonic_perf_settings *settings = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = settings;
        state->child_inputs[1] = &settings->run.methods.relu;
        return 0;
    case ARGP_KEY_ARG:
        if (settings->run.model)
            argp_error(state, "one MODEL.onnx at a time");
        settings->run.model = text;
        return 0;
    case ARGP_KEY_END:
        if (!settings->run.model)
            argp_error(state, "MODEL.onnx is needed");
        sonic_cli_fit(state, settings->run.methods);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int perf(const sonic_perf_settings *settings)
{
    sonic_perf_result result;
    sonic_error error = {0};
    bool good = true;
    if (sonic_perf_run(&result, &settings->run, &error) != SONIC_OK)
        return sonic_cli_report(&error);
    if (settings->json)
        good = sonic_perf_print_json(&result, &settings->run, &settings->link);
    else
        sonic_perf_print(&result, &settings->run, &settings->link);
    sonic_perf_free(&result);
    if (good || ferror(stdout)) /* main() says that the output cannot be written */
        return good ? SONIC_EXIT_OK : SONIC_EXIT_FAILURE;
    return sonic_cli_report(&(sonic_error){.text = "out of memory for the report"});
}

int sonic_command_perf(int argc, char **argv)
{
    static const struct argp_child children[] = {
        {&sonic_perf_argp, 0, NULL, 0}, {&sonic_cli_relu_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .parser = parse,
        .args_doc = "MODEL.onnx",
        .doc =
            "For planning capacity: runs a whole network's layers on this machine, both servers in "
            "one process, and prints per layer what a server computes, bytes, rounds and the time "
            "on a link, then where the time goes and how many images a second that makes."
            "\v  sonicnn perf net.onnx\n"
            "  sonicnn perf net.onnx --ring 32 --batch 16 --rtt 40 --mbps 200\n"
            "  sonicnn perf net.onnx --offline ot\n\n"
            "What is measured: seconds on the clock while a server computes, waiting for the other "
            "one left out.  The two take turns, so that each has all cores and --threads to "
            "itself, as on a machine of its own.  A machine that does other work meanwhile shows "
            "too much, and the output says that it does.  The dealer's time includes writing the "
            "material, the servers' reading and claiming it, durably; it lies in $TMPDIR, one "
            "batch's at a time, on a disk that should be like theirs, and so does what the servers "
            "prepare: for a value compared some 3 kB with --relu fss, 7 kB with --relu gc (mod "
            "2^32: half of that).  With --offline ot there is no dealer, and making the material "
            "is a part of what the servers prepare.\n"
            "What is predicted: the slower server's computing, plus half a round trip for each "
            "round (both servers send at the same time), plus the bytes of one direction at the "
            "link's rate (both directions carry at once); nothing overlaps.  The defaults are a "
            "local network's.  The network's own processor time is not counted, nor what an "
            "encrypting tunnel adds.\n\n" SONIC_CLI_EXIT_CODES,
        .children = children,
    };
    sonic_perf_settings settings = sonic_perf_defaults();
    sonic_cli_parse(&argp, argc, argv, &settings);
    settings.run.stop = sonic_cli_catch_signals();
    return perf(&settings);
}
