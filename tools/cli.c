/* What the subcommands share: exit codes, error lines, parsing of options. */
#include "config.h"

#include "tools/cli.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"
#include "tools/json.h"

const char *argp_program_version = PACKAGE_STRING;

void sonic_cli_parse(const struct argp *argp, int argc, char **argv, void *input)
{
    argp_err_exit_status = SONIC_EXIT_USAGE;
    if (argp_parse(argp, argc, argv, 0, NULL, input) != 0)
        exit(SONIC_EXIT_USAGE);
}

int sonic_cli_report(const sonic_error *error)
{
    if (error)
        fprintf(stderr, "sonicnn: %s\n",
                error->text[0] ? error->text : sonic_status_text(error->status));
    return SONIC_EXIT_FAILURE;
}

uint64_t sonic_cli_number(const struct argp_state *state, const char *option, const char *text,
                          uint64_t low, uint64_t high)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || value < low || value > high)
        argp_error(state, "%s takes a number from %llu to %llu, not '%s'", option,
                   (unsigned long long)low, (unsigned long long)high, text);
    return value;
}

int sonic_cli_seconds(const struct argp_state *state, const char *option, const char *text)
{
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end || !(seconds >= 1 && seconds <= 86400))
        argp_error(state, "%s takes seconds from 1 to 86400, not '%s'", option, text);
    return (int)(seconds * 1000);
}

/* The one variable of the process: a signal handler can be given no other. */
static volatile int signalled;

static void catch_signal(int number)
{
    (void)number;
    signalled = 1;
}

const volatile int *sonic_cli_catch_signals(void)
{
    struct sigaction action = { .sa_handler = catch_signal, .sa_flags = SA_RESETHAND | SA_RESTART };
    sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    return &signalled;
}

sonic_status sonic_cli_path(char **path, const char *base, const char *suffix, sonic_error *error)
{
    size_t n = strlen(base) + strlen(suffix) + 1;
    char *joined = malloc(n);
    if (!joined)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory");
    (void)snprintf(joined, n, "%s%s", base, suffix);
    *path = joined;
    return SONIC_OK;
}

sonic_status sonic_cli_check_data(sonic_reader *reader, sonic_error *error)
{
    enum { CHUNK = 1 << 16 };
    uint64_t bytes = sonic_reader_header(reader)->data_bytes;
    uint8_t *buffer = malloc(CHUNK);
    sonic_status status = buffer ? SONIC_OK : sonic_fail(error, SONIC_E_MEMORY, "out of memory");
    for (uint64_t at = 0; status == SONIC_OK && at < bytes; at += CHUNK)
        status = sonic_reader_read_at(reader, at, buffer, bytes - at < CHUNK ? bytes - at : CHUNK,
                                      error);
    free(buffer);
    return status;
}

/* Three digits, a space, a prefix and the unit. */
static void put_amount(char text[16], double amount, const char *unit)
{
    static const char *const prefix[] = {"", "k", "M", "G", "T", "P", "E"};
    size_t p = 0;
    while (amount >= 999.5 && p + 1 < sizeof prefix / sizeof *prefix) {
        amount /= 1000;
        p++;
    }
    int digits = amount < 9.995 ? 2 : amount < 99.95 ? 1 : 0;
    (void)snprintf(text, 16, "%.*f%s%s%s", p == 0 ? 0 : digits, amount, p || *unit ? " " : "",
                   prefix[p], unit);
}

void sonic_cli_bytes(char text[16], double bytes)
{
    put_amount(text, bytes, "B");
}

void sonic_cli_count(char text[16], double count)
{
    put_amount(text, count, "");
}

void sonic_cli_shape(char text[48], const sonic_shape *shape)
{
    size_t used = 0;
    (void)snprintf(text, 48, "-");
    for (uint32_t i = 0; i < shape->rank && i < SONIC_RANK_MAX; i++)
        used += (size_t)snprintf(text + used, 48 - used, i ? "x%u" : "%u", shape->dim[i]);
}

void sonic_cli_address(char text[128], const char *address, unsigned port)
{
    const char *colon = strrchr(address, ':');
    int host = colon ? (int)(colon - address) : 0;
    (void)snprintf(text, 128, "%.*s:%u", host > 100 ? 100 : host, address, port);
}

/* Options without a letter. */
enum { RELU_KEY = 256, OFFLINE_KEY };

static error_t parse_context(int key, char *text, struct argp_state *state)
{
    sonic_context_options *options = state->input;
    switch (key) {
    case 't': options->tier = text; return 0;
    case 'j': options->threads = (int)sonic_cli_number(state, "--threads", text, 1, 4096); return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option context_options[] = {
    { "tier", 't', "TIER", 0, "Use kernels up to TIER only (see `sonicnn info`)", 10 },
    { "threads", 'j', "N", 0, "Compute with N threads (default: all cores)", 10 },
    { 0 },
};

const struct argp sonic_cli_context_argp = { .options = context_options, .parser = parse_context };

static error_t parse_json(int key, char *text, struct argp_state *state)
{
    (void)text;
    if (key != 'J')
        return ARGP_ERR_UNKNOWN;
    if (!sonic_json_available())
        argp_failure(state, SONIC_EXIT_FAILURE, 0,
                     "--json is not in this build: it was configured without jansson");
    *(bool *)state->input = true;
    return 0;
}

static const struct argp_option json_options[] = {
    { "json", 'J', NULL, 0, "Print JSON on stdout instead of text", 11 },
    { 0 },
};

const struct argp sonic_cli_json_argp = { .options = json_options, .parser = parse_json };

static error_t parse_relu(int key, char *text, struct argp_state *state)
{
    sonic_error error;
    if (key != RELU_KEY)
        return ARGP_ERR_UNKNOWN;
    if (sonic_relu_parse(state->input, text, &error) != SONIC_OK)
        argp_error(state, "--%s", error.text);
    return 0;
}

static const struct argp_option relu_options[] = {
    {"relu", RELU_KEY, "ppa|fss|gc", 0,
     "Compare by a parallel prefix adder (ppa, default); by function secret sharing (fss): fewest "
     "bytes and rounds online, exact truncation, the largest material, from a dealer only; or by "
     "garbled circuits (gc): the prior art, for comparison",
     9},
    {0},
};

const struct argp sonic_cli_relu_argp = { .options = relu_options, .parser = parse_relu };

static error_t parse_offline(int key, char *text, struct argp_state *state)
{
    sonic_error error;
    if (key != OFFLINE_KEY)
        return ARGP_ERR_UNKNOWN;
    if (sonic_source_parse(state->input, text, &error) != SONIC_OK)
        argp_error(state, "--%s", error.text);
    return 0;
}

static const struct argp_option offline_options[] = {
    {"offline", OFFLINE_KEY, "dealer|ot", 0,
     "Offline material from a dealer (default), or made by the two servers alone, by oblivious "
     "transfers: ot1, ot2, ot4 (ot is that) or ot8, from most bytes to most computing",
     9},
    {0},
};

const struct argp sonic_cli_offline_argp = {.options = offline_options, .parser = parse_offline};

void sonic_cli_fit(const struct argp_state *state, sonic_methods methods)
{
    if (!sonic_methods_fit(methods))
        argp_error(state, "--relu %s takes keys from a dealer: it does not go with --offline %s",
                   sonic_relu_name(methods.relu), sonic_source_name(methods.source));
}

static error_t parse_quantise(int key, char *text, struct argp_state *state)
{
    sonic_quantise_options *options = state->input;
    char *end;
    switch (key) {
    case ARGP_KEY_INIT:
        *options = (sonic_quantise_options){ .ring = SONIC_RING_64, .input_high = 1 };
        return 0;
    case 'r':
        if (strcmp(text, "32") != 0 && strcmp(text, "64") != 0)
            argp_error(state, "--ring takes 32 or 64, not '%s'", text);
        options->ring = text[0] == '3' ? SONIC_RING_32 : SONIC_RING_64;
        return 0;
    case 'T':
        if (strcmp(text, "stochastic") != 0 && strcmp(text, "local") != 0)
            argp_error(state, "--truncation takes 'stochastic' or 'local', not '%s'", text);
        options->truncation = text[0] == 'l' ? SONIC_TRUNC_LOCAL : SONIC_TRUNC_STOCHASTIC;
        return 0;
    case 'i':
        options->input_low = strtod(text, &end);
        if (end != text && *end == ':') {
            text = end + 1;
            options->input_high = strtod(text, &end);
        }
        if (end == text || *end || !isfinite(options->input_low) ||
            !isfinite(options->input_high) || options->input_low >= options->input_high)
            argp_error(state, "--input-range takes LOW:HIGH with LOW below HIGH");
        return 0;
    case 'f':
        options->fraction = (unsigned)sonic_cli_number(state, "--fraction", text, 6, 30);
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option quantise_options[] = {
    { "ring", 'r', "32|64", 0, "Compute mod 2^32 or 2^64 (default 64)", 5 },
    { "truncation", 'T', "HOW", 0,
      "'stochastic': one unit of error at most, costs traffic (default); 'local': free, wrong with "
      "a small chance that the range proof states",
      5 },
    { "input-range", 'i', "LOW:HIGH", 0, "Every input value is in this range (default 0:1)", 5 },
    { "fraction", 'f', "BITS", 0, "At most BITS fraction bits (default: by ring)", 5 },
    { 0 },
};

const struct argp sonic_cli_quantise_argp = { .options = quantise_options,
                                              .parser = parse_quantise };
