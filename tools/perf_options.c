/* Options of what measures networks: how often, on which link, how they are quantised. */
#include "tools/perf.h"

#include <stdlib.h>
#include <string.h>

#include "tools/cli.h"

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

static error_t parse_link(int key, char *text, struct argp_state *state)
{
    sonic_perf_link *link = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        *link = (sonic_perf_link){.rtt_ms = 0.2, .mbps = 10000};
        return 0;
    case 'R':
        link->rtt_ms = real_number(state, "--rtt", text, 0, 60000);
        return 0;
    case 'M':
        link->mbps = real_number(state, "--mbps", text, 0.001, 1e7);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option link_options[] = {
    {"rtt", 'R', "MS", 0, "Link between the servers: MS there and back (default 0.2)", 2},
    {"mbps", 'M', "N", 0, "Link: N x 10^6 bits a second in each direction (default 10000)", 2},
    {0},
};

const struct argp sonic_perf_link_argp = {.options = link_options, .parser = parse_link};

static error_t parse(int key, char *text, struct argp_state *state)
{
    sonic_perf_settings *settings = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &settings->run.quantise;
        state->child_inputs[1] = &settings->run.context;
        state->child_inputs[2] = &settings->json;
        state->child_inputs[3] = &settings->link;
        state->child_inputs[4] = &settings->run.methods.source;
        return 0;
    case 'b':
        settings->run.batch = (uint32_t)sonic_cli_number(state, "--batch", text, 1, 100000);
        return 0;
    case 'n':
        settings->run.repeat =
            (uint32_t)sonic_cli_number(state, "--repeat", text, 1, SONIC_PERF_REPEAT_MAX);
        return 0;
    case 'q':
        settings->run.quiet = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"batch", 'b', "N", 0, "Images an inference (default 1)", 1},
    {"repeat", 'n', "N", 0, "Medians of N runs, after one that does not count (default 5)", 1},
    {"quiet", 'q', NULL, 0, "No progress bar", 3},
    {0},
};

static const struct argp_child children[] = {
    {&sonic_cli_quantise_argp, 0, NULL, 0}, {&sonic_cli_context_argp, 0, NULL, 0},
    {&sonic_cli_json_argp, 0, NULL, 0},     {&sonic_perf_link_argp, 0, NULL, 0},
    {&sonic_cli_offline_argp, 0, NULL, 0},  {0}};

const struct argp sonic_perf_argp = {.options = options, .parser = parse, .children = children};

sonic_perf_settings sonic_perf_defaults(void)
{
    return (sonic_perf_settings){.run = {.batch = 1, .repeat = 5, .label = "perf"}};
}
