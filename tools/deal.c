/* sonicnn deal: the dealer makes the servers' offline material, into files or for servers that ask.
 */
#include <stdio.h>
#include <stdlib.h>

#include "proto/model/model.h"
#include "proto/offline/deal.h"
#include "tools/blocks.h"
#include "tools/commands.h"
#include "tools/deal_serve.h"
#include "tools/progress.h"

typedef struct watch {
    sonic_bar bar;
    const volatile int *stop;
} watch;

static int show_progress(void *arg, uint64_t done, uint64_t total)
{
    watch *w = arg;
    sonic_bar_set(&w->bar, done, total);
    return w->stop && *w->stop;
}

/* Into two files of these names, or into two without names. */
static sonic_status deal_into(const sonic_dealing *dealing, const char *path0, const char *path1,
                              const int fd[2], sonic_error *error)
{
    const sonic_deal_options *options = dealing->options;
    watch w = { .stop = options->stop };
    sonic_bar_start(&w.bar, "deal", options->quiet);
    sonic_status status =
        fd ? sonic_deal_anonymous(dealing->context, &dealing->graph, dealing->model, options->relu,
                                  options->batch, options->count, fd, show_progress, &w, error)
           : sonic_deal(dealing->context, &dealing->graph, dealing->model, options->relu,
                        options->batch, options->count, path0, path1, show_progress, &w, error);
    sonic_bar_end(&w.bar);
    return status;
}

static sonic_status deal_anonymous(const sonic_dealing *dealing, const int fd[2],
                                   sonic_error *error)
{
    return deal_into(dealing, NULL, NULL, fd, error);
}

static sonic_status deal_to_output(const sonic_dealing *dealing, sonic_error *error)
{
    char *path[2] = { NULL, NULL };
    sonic_status status = sonic_cli_path(&path[0], dealing->options->output, ".0", error);
    if (status == SONIC_OK)
        status = sonic_cli_path(&path[1], dealing->options->output, ".1", error);
    if (status == SONIC_OK)
        status = deal_into(dealing, path[0], path[1], NULL, error);
    free(path[0]);
    free(path[1]);
    return status;
}

sonic_status sonic_deal_run(const sonic_deal_options *options, sonic_error *error)
{
    sonic_dealing dealing = { .options = options, .deal = deal_anonymous };
    sonic_status status = sonic_context_create(&dealing.context, &options->context, error);
    if (status != SONIC_OK)
        return status;
    status = sonic_graph_load(&dealing.graph, dealing.model, options->graph, error);
    if (status == SONIC_OK) {
        status = options->output ? deal_to_output(&dealing, error)
                                 : sonic_deal_serve(&dealing, error);
        sonic_graph_free(&dealing.graph);
    }
    sonic_context_free(dealing.context);
    return status;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    sonic_deal_options *o = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &o->context;
        state->child_inputs[1] = &o->relu;
        return 0;
    case 'n':
        o->count = (uint32_t)sonic_cli_number(state, "--count", text, 1, UINT32_MAX - 1);
        return 0;
    case 'b':
        o->batch = (uint32_t)sonic_cli_number(state, "--batch", text, 1, UINT32_MAX);
        return 0;
    case 'o': o->output = text; return 0;
    case 'l': o->listen = text; return 0;
    case 's': o->timeout_ms = sonic_cli_seconds(state, "--timeout", text); return 0;
    case 'q': o->quiet = true; return 0;
    case ARGP_KEY_ARG:
        if (o->graph)
            argp_error(state, "one BASE.graph at a time");
        o->graph = text;
        return 0;
    case ARGP_KEY_END:
        if (!o->graph || o->count == 0 || !o->output == !o->listen)
            argp_error(state, "BASE.graph, --count and either -o POOL or --listen are needed");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

int sonic_command_deal(int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "count", 'n', "N", 0, "Material for N inferences (each of a batch)", 1 },
        { "batch", 'b', "N", 0, "Images an inference (default 1)", 1 },
        { "output", 'o', "POOL", 0, "Write POOL.0 and POOL.1", 1 },
        { "listen", 'l', "ADDR", 0, "Or deal to the servers that connect here, and end", 1 },
        { "timeout", 's', "SECONDS", 0,
          "Wait for so long for a server to come or to go on (default 30)", 2 },
        { "quiet", 'q', NULL, 0, "No notices and no bar", 2 },
        { 0 },
    };
    static const struct argp_child children[] = { { &sonic_cli_context_argp, 0, NULL, 0 },
                                                  { &sonic_cli_relu_argp, 0, NULL, 0 },
                                                  { 0 } };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "BASE.graph",
        .doc = "The dealer's command: makes the correlated randomness that inferences use up.  The "
               "dealer sees the architecture only, but whoever holds both pools can open what the "
               "servers hide: give POOL.0 to server 0, POOL.1 to server 1, keep neither, and be "
               "independent of both servers.  Never copy a pool: material must not be used twice.  "
               "With --relu fss both pools hold keys, some 1.5 kB for each value compared in an "
               "inference (mod 2^32: half of that); else POOL.0 is little more than a seed.  "
               "Nobody is needed for this with `serve --offline ot`: the servers make their "
               "material themselves."
               "\v  sonicnn deal net.graph --count 100 -o pool\n"
               "  sonicnn deal net.graph --count 10 --batch 100 --listen "
               ":7020\n\n" SONIC_CLI_EXIT_CODES,
        .children = children,
    };
    sonic_deal_options deal = { .batch = 1, .timeout_ms = 30000 };
    sonic_error error = { 0 };
    sonic_cli_parse(&argp, argc, argv, &deal);
    deal.stop = sonic_cli_catch_signals();
    if (sonic_deal_run(&deal, &error) != SONIC_OK)
        return sonic_cli_report(&error);
    if (deal.output)
        printf("wrote material for %u inferences of %u image%s: %s.0 for server 0, %s.1 for server "
               "1\n",
               deal.count, deal.batch, deal.batch == 1 ? "" : "s", deal.output, deal.output);
    return SONIC_EXIT_OK;
}
