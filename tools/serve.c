/* sonicnn serve: one of the two servers, from its files to the report at the end. */
#include "tools/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/channel/clock.h"
#include "tools/budget.h"
#include "tools/commands.h"

/* How soon a signal is noticed while the peer is awaited. */
enum { ACCEPT_MS = 200 };

/* Listens first, so that a port that is taken is found before anything takes time. */
static sonic_status listen_everywhere(sonic_serving *serving, sonic_error *error)
{
    const sonic_serve_options *options = serving->options;
    unsigned peer_port = 0;
    sonic_status status = sonic_listener_create(&serving->users, options->listen, error);
    if (status == SONIC_OK && serving->model.party == 0) {
        status = sonic_listener_create(&serving->peers, options->peer, error);
        if (status == SONIC_OK)
            peer_port = sonic_listener_port(serving->peers);
    }
    if (status != SONIC_OK)
        return status;
    if (options->listening)
        options->listening(options->arg, sonic_listener_port(serving->users), peer_port);
    if (options->quiet)
        return SONIC_OK;
    char text[128];
    sonic_cli_address(text, options->listen, sonic_listener_port(serving->users));
    fprintf(stderr, "sonicnn: server %u listens for users on %s\n", serving->model.party, text);
    if (serving->peers) {
        sonic_cli_address(text, options->peer, peer_port);
        fprintf(stderr, "sonicnn: server 0 listens for server 1 on %s\n", text);
    }
    return SONIC_OK;
}

static sonic_status meet_peer(sonic_serving *serving, sonic_error *error)
{
    const sonic_serve_options *options = serving->options;
    int timeout = options->timeout_ms;
    if (serving->model.party == 1)
        return sonic_tcp_connect(&serving->peer, options->peer, "server 0", timeout, timeout,
                                 error);
    /* In slices, so that a signal is noticed.  sonic_listener_stop_on() would end the channel, too,
     * in the middle of an inference; this server says goodbye first. */
    double end = sonic_clock_seconds() + timeout / 1000.0;
    sonic_status status;
    do {
        status = sonic_listener_accept(&serving->peer, serving->peers, ACCEPT_MS, timeout, error);
    } while (status == SONIC_E_TIMEOUT && sonic_clock_seconds() < end &&
             !sonic_serve_stopping(serving));
    if (status == SONIC_E_TIMEOUT)
        return sonic_fail(error, status, "server 1 did not connect to %s within %g s",
                          options->peer, timeout / 1000.0);
    if (status == SONIC_OK)
        sonic_channel_rename(serving->peer, "server 1");
    return status;
}

static sonic_status make_buffers(sonic_serving *serving, sonic_error *error)
{
    const sonic_graph *graph = &serving->model.graph;
    size_t scale = sonic_ring_bytes(graph->ring);
    if (!sonic_size_mul(&scale, scale, serving->batch) ||
        !sonic_size_mul(&serving->input_bytes, scale, sonic_node_elements(graph, 0)) ||
        !sonic_size_mul(&serving->output_bytes, scale,
                        sonic_node_elements(graph, graph->nodes - 1)))
        return sonic_fail(error, SONIC_E_SHAPE, "a batch of %u images is too large",
                          serving->batch);
    serving->input = malloc(serving->input_bytes);
    serving->output = malloc(serving->output_bytes);
    if (!serving->input || !serving->output)
        return sonic_fail(error, SONIC_E_MEMORY, "out of memory for a batch of %u images",
                          serving->batch);
    return sonic_graph_write(graph, &serving->meta, &serving->meta_bytes, error);
}

static sonic_status open_door(sonic_serving *serving, sonic_error *error)
{
    const sonic_pool *pool = serving->pool;
    sonic_greeting greeting = {.role = SONIC_ROLE_SERVER,
                               .party = serving->model.party,
                               .ring = serving->model.graph.ring,
                               .batch = serving->batch,
                               .count = pool ? sonic_pool_header(pool)->count : UINT32_MAX};
    memcpy(greeting.model, serving->model.id, SONIC_ID_BYTES);
    return sonic_door_open(&serving->door, serving->users, &greeting,
                           sonic_node_elements(&serving->model.graph, 0),
                           serving->options->timeout_ms, error);
}

/* The dealer's material; without a dealer, only the batch is given. */
static sonic_status open_pool(sonic_serving *serving, sonic_error *error)
{
    const sonic_serve_options *options = serving->options;
    serving->batch = options->batch;
    if (options->methods.source != SONIC_SOURCE_DEALER)
        return SONIC_OK;
    sonic_status status = options->dealer ? sonic_serve_fetch(serving, error) : SONIC_OK;
    if (status == SONIC_OK)
        status = sonic_pool_open(&serving->pool, options->pool, error);
    if (status == SONIC_OK)
        serving->batch = sonic_pool_header(serving->pool)->batch;
    return status;
}

static sonic_status meet_session(sonic_serving *serving, const sonic_session_options *options,
                                 sonic_error *error)
{
    sonic_status status = meet_peer(serving, error);
    if (status != SONIC_OK)
        return status;
    sonic_channel_stop_on(serving->peer, serving->options->stop);
    status = sonic_session_create(&serving->session, serving->context, &serving->model, options,
                                  serving->peer, error);
    sonic_channel_stop_on(serving->peer, NULL);
    return status;
}

static sonic_status start(sonic_serving *serving, sonic_error *error)
{
    const sonic_serve_options *options = serving->options;
    sonic_status status = sonic_context_create(&serving->context, &options->context, error);
    if (status == SONIC_OK)
        status = sonic_model_share_load(&serving->model, options->model, error);
    if (status == SONIC_OK)
        status = sonic_budget_fits(&serving->model.graph, options->batch, options->methods.source,
                                   1, options->model, error);
    if (status == SONIC_OK)
        status = listen_everywhere(serving, error);
    if (status == SONIC_OK)
        status = open_pool(serving, error);
    const sonic_session_options session = {
        .methods = options->methods, .pool = serving->pool, .batch = options->batch};
    /* Files that do not belong together are found before the peer is bothered. */
    if (status == SONIC_OK)
        status = sonic_session_check(&serving->model, &session, error);
    if (status == SONIC_OK)
        status = make_buffers(serving, error);
    if (status == SONIC_OK)
        status = meet_session(serving, &session, error);
    return status == SONIC_OK ? open_door(serving, error) : status;
}

static void free_buffer(void *buffer, size_t n)
{
    if (buffer)
        sodium_memzero(buffer, n);
    free(buffer);
}

static void clean_up(sonic_serving *serving)
{
    sonic_door_close(serving->door);
    sonic_session_free(serving->session);
    sonic_channel_free(serving->peer);
    sonic_pool_free(serving->pool);
    sonic_listener_free(serving->peers);
    sonic_listener_free(serving->users);
    sonic_model_share_free(&serving->model);
    sonic_context_free(serving->context);
    free_buffer(serving->input, serving->input_bytes);
    free_buffer(serving->output, serving->output_bytes);
    free(serving->meta);
}

sonic_status sonic_serve_run(const sonic_serve_options *options, sonic_error *error)
{
    sonic_serving serving = { .options = options };
    sonic_status status = start(&serving, error);
    if (status == SONIC_OK) {
        if (!options->quiet)
            fprintf(stderr, "sonicnn: server %u is ready (batch %u, kernels %s, server %u's %s)\n",
                    serving.model.party, serving.batch, sonic_context_tier(serving.context),
                    1 - serving.model.party, sonic_session_peer_tier(serving.session));
        status = serving.model.party == 0 ? sonic_serve_lead(&serving, error)
                                          : sonic_serve_follow(&serving, error);
        if (serving.interrupted) /* as told: no failure */
            status = SONIC_OK;
        /* Users get their results before the report, and before the process may end. */
        sonic_door_close(serving.door);
        serving.door = NULL;
        if (options->report)
            sonic_serve_report(&serving);
        if (options->summary)
            sonic_serve_summarise(&serving, options->summary);
    } else if (sonic_serve_stopping(&serving)) {
        status = sonic_fail(error, SONIC_E_CLOSED, "stopped before the servers were connected");
    }
    clean_up(&serving);
    return status;
}

/* Whether there is what the source of material needs, and no more. */
static void check_source(sonic_serve_options *o, const struct argp_state *state)
{
    const bool dealt = o->methods.source == SONIC_SOURCE_DEALER;
    sonic_cli_fit(state, o->methods);
    if (!o->model || !o->listen || !o->peer || (dealt && !o->pool))
        argp_error(state, dealt ? "BASE.i, --listen, --peer, and --pool or --offline ot are needed"
                                : "BASE.i, --listen and --peer are needed");
    if (!dealt && (o->pool || o->dealer))
        argp_error(state,
                   "--offline %s takes no --pool and no --dealer: the servers make their "
                   "material themselves",
                   sonic_source_name(o->methods.source));
    if (dealt && o->batch > 0)
        argp_error(state, "--batch goes with --offline ot: a pool has its batch from `sonicnn "
                          "deal`");
    if (!dealt && o->batch == 0)
        o->batch = 1;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    sonic_serve_options *o = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &o->context;
        state->child_inputs[1] = &o->json;
        state->child_inputs[2] = &o->methods.relu;
        state->child_inputs[3] = &o->methods.source;
        return 0;
    case 'b':
        o->batch = (uint32_t)sonic_cli_number(state, "--batch", text, 1, 100000);
        return 0;
    case 'p': o->pool = text; return 0;
    case 'l': o->listen = text; return 0;
    case 'P': o->peer = text; return 0;
    case 'd': o->dealer = text; return 0;
    case 's': o->timeout_ms = sonic_cli_seconds(state, "--timeout", text); return 0;
    case 'r':
        o->requests = (uint32_t)sonic_cli_number(state, "--requests", text, 1, UINT32_MAX);
        return 0;
    case 'q': o->quiet = true; return 0;
    case ARGP_KEY_ARG:
        if (o->model)
            argp_error(state, "one BASE.i at a time");
        o->model = text;
        return 0;
    case ARGP_KEY_END:
        check_source(o, state);
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

int sonic_command_serve(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"pool", 'p', "FILE", 0, "This server's offline material; with --dealer: where to put it",
         1},
        {"listen", 'l', "ADDR", 0, "Take users here: HOST:PORT, :PORT, port 0 for a free one", 1},
        {"peer", 'P', "ADDR", 0, "Server 0: listen here for server 1; server 1: server 0 is here",
         1},
        {"dealer", 'd', "ADDR", 0, "First fetch the pool from `sonicnn deal --listen` there", 1},
        {"batch", 'b', "N", 0, "With --offline ot: images an inference (default 1)", 1},
        {"timeout", 's', "SECONDS", 0, "Give up on who says nothing for so long (default 30)", 2},
        {"requests", 'r', "N", 0, "End after N requests (default: serve until a signal)", 2},
        {"quiet", 'q', NULL, 0, "No notices on stderr", 2},
        {0},
    };
    static const struct argp_child children[] = {{&sonic_cli_context_argp, 0, NULL, 0},
                                                 {&sonic_cli_json_argp, 0, NULL, 0},
                                                 {&sonic_cli_relu_argp, 0, NULL, 0},
                                                 {&sonic_cli_offline_argp, 0, NULL, 0},
                                                 {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "BASE.i",
        .doc =
            "One of the two servers: BASE.0 makes it server 0, BASE.1 server 1.  Start both within "
            "the timeout of each other.  They serve one user after the other, prepare the next "
            "inference in the meantime, and end in good order on SIGTERM or SIGINT with a table of "
            "seconds, bytes and rounds per phase and layer.  Nothing is encrypted on the way: "
            "where others can reach the network, run this inside a tunnel (TLS, WireGuard, ssh).  "
            "What is prepared lies in $TMPDIR; with --relu gc that is 3.5 kB for each value "
            "compared in an inference (mod 2^32: 1.7).  With --relu fss both servers' pools have "
            "some 1.5 kB for each (mod 2^32: half of that).  With --offline ot there is no dealer "
            "and no pool: the servers make each inference's material with each other, the first "
            "before a user comes, and never run short of it.  `sonicnn plan` says what all that "
            "takes."
            "\v  sonicnn serve net.0 --pool pool.0 --listen :7000 --peer :7010\n"
            "  sonicnn serve net.1 --pool pool.1 --listen :7001 --peer HOST0:7010\n"
            "  sonicnn serve net.0 --offline ot --listen :7000 --peer :7010\n"
            "  sonicnn serve net.1 --offline ot --listen :7001 --peer "
            "HOST0:7010\n\n" SONIC_CLI_EXIT_CODES,
        .children = children,
    };
    sonic_serve_options serve = { .timeout_ms = 30000, .report = true };
    sonic_error error = { 0 };
    sonic_cli_parse(&argp, argc, argv, &serve);
    serve.stop = sonic_cli_catch_signals();
    return sonic_serve_run(&serve, &error) == SONIC_OK ? SONIC_EXIT_OK : sonic_cli_report(&error);
}
