/* sonicnn infer: the user brings each server its share and collects the two shares of the result.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/error.h"
#include "proto/share/random.h"
#include "tools/commands.h"
#include "tools/errand.h"
#include "tools/progress.h"

/* The two inputs have to be halves of one input, whole and undamaged. */
static sonic_status check_inputs(const sonic_errand errand[2], sonic_error *error)
{
    const sonic_file_header *h[2] = { sonic_reader_header(errand[0].input),
                                      sonic_reader_header(errand[1].input) };
    for (unsigned i = 0; i < 2; i++)
        if (h[i]->party != i)
            return sonic_fail(error, SONIC_E_MISMATCH,
                              "%s is the share of server %u, not of server %u",
                              sonic_reader_name(errand[i].input), h[i]->party, i);
    if (memcmp(h[0]->pair, h[1]->pair, SONIC_ID_BYTES) != 0 || h[0]->count != h[1]->count ||
        h[0]->batch != h[1]->batch || h[0]->ring != h[1]->ring ||
        memcmp(h[0]->model, h[1]->model, SONIC_ID_BYTES) != 0)
        return sonic_fail(error, SONIC_E_MISMATCH, "%s and %s are not shares of one input",
                          sonic_reader_name(errand[0].input), sonic_reader_name(errand[1].input));
    return SONIC_OK;
}

/* Connects to both and finds out which is which; the order of the addresses does not matter. */
static sonic_status connect_both(sonic_errand errand[2], const sonic_infer_options *options,
                                 sonic_error *error)
{
    for (unsigned i = 0; i < 2; i++) {
        sonic_channel *channel;
        sonic_greeting greeting;
        char name[160];
        sonic_status status = sonic_tcp_connect(&channel, options->server[i], "the server",
                                                options->timeout_ms, options->timeout_ms, error);
        if (status != SONIC_OK)
            return status;
        (void)snprintf(name, sizeof name, "the server at %.120s", options->server[i]);
        sonic_channel_rename(channel, name);
        status =
            sonic_greeting_receive(channel, &greeting, SONIC_ROLE_SERVER, SONIC_ROLE_SERVER, error);
        if (status == SONIC_OK && greeting.party > 1)
            status = sonic_fail(error, SONIC_E_PEER, "%s is neither server 0 nor server 1", name);
        else if (status == SONIC_OK && errand[greeting.party].channel)
            status = sonic_fail(error, SONIC_E_MISMATCH, "%s and %s are both server %u",
                                options->server[0], options->server[1], greeting.party);
        if (status != SONIC_OK) {
            sonic_channel_free(channel);
            return status;
        }
        (void)snprintf(name, sizeof name, "server %u at %.120s", greeting.party,
                       options->server[i]);
        sonic_channel_rename(channel, name);
        errand[greeting.party].channel = channel;
        errand[greeting.party].greeting = greeting;
    }
    return SONIC_OK;
}

static sonic_status infer(sonic_errand errand[2], const sonic_infer_options *options,
                          sonic_error *error)
{
    uint8_t request[SONIC_ID_BYTES];
    sonic_bar bar;
    sonic_status status = SONIC_OK;
    for (unsigned i = 0; status == SONIC_OK && i < 2; i++)
        status = sonic_errand_open(&errand[i], options, i, error);
    if (status == SONIC_OK)
        status = check_inputs(errand, error);
    if (status == SONIC_OK)
        status = connect_both(errand, options, error);
    sonic_random_bytes(request, sizeof request);
    for (unsigned i = 0; status == SONIC_OK && i < 2; i++)
        status = sonic_errand_prepare(&errand[i], request, error);
    if (status != SONIC_OK)
        return status;
    sonic_bar_start(&bar, "infer", options->quiet);
    status = sonic_errands_run(errand, &bar, error);
    sonic_bar_end(&bar);
    for (unsigned i = 0; status == SONIC_OK && i < 2; i++) {
        status = sonic_incoming_commit(&errand[i].result, true, error);
        if (status != SONIC_OK && i == 1)
            (void)remove(errand[0].result.path);
    }
    return status;
}

sonic_status sonic_infer_run(const sonic_infer_options *options, sonic_error *error)
{
    sonic_errand errand[2] = { { .fd = -1, .result.fd = -1 }, { .fd = -1, .result.fd = -1 } };
    sonic_status status = infer(errand, options, error);
    sonic_errand_free(&errand[0]);
    sonic_errand_free(&errand[1]);
    return status;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    sonic_infer_options *o = state->input;
    switch (key) {
    case 'o': o->output = text; return 0;
    case 'S':
        if (o->server[0] && o->server[1])
            argp_error(state, "there are two servers");
        o->server[o->server[0] ? 1 : 0] = text;
        return 0;
    case 's': o->timeout_ms = sonic_cli_seconds(state, "--timeout", text); return 0;
    case 'q': o->quiet = true; return 0;
    case ARGP_KEY_ARG:
        if (o->input)
            argp_error(state, "one IN at a time");
        o->input = text;
        return 0;
    case ARGP_KEY_END:
        if (!o->input || !o->output || !o->server[1])
            argp_error(state, "IN, --server twice and -o OUT are needed");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

int sonic_command_infer(int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "server", 'S', "ADDR", 0, "HOST:PORT of a server; give it for both, in any order", 1 },
        { "output", 'o', "OUT", 0, "Write OUT.0 and OUT.1, the shares of the result", 1 },
        { "timeout", 's', "SECONDS", 0,
          "Give up on a server that says nothing for so long (default 30)", 2 },
        { "quiet", 'q', NULL, 0, "No progress bar", 2 },
        { 0 },
    };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "IN",
        .doc =
            "The user's second command: sends IN.0 to server 0 and IN.1 to server 1, waits while "
            "they compute, batch after batch, and collects the two shares of the result."
            "\v  sonicnn infer in --server HOST0:7000 --server HOST1:7001 -o "
            "out\n\n" SONIC_CLI_EXIT_CODES,
    };
    sonic_infer_options infer_options = { .timeout_ms = 30000 };
    sonic_error error = { 0 };
    sonic_cli_parse(&argp, argc, argv, &infer_options);
    infer_options.stop = sonic_cli_catch_signals();
    return sonic_infer_run(&infer_options, &error) == SONIC_OK ? SONIC_EXIT_OK
                                                               : sonic_cli_report(&error);
}
