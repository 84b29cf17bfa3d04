/* One pass of the demonstration: a dealer, two servers and a user, each a process, on loopback. */
#include "tools/demo.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dispatch/error.h"

enum { PATH_BYTES = 4096, ADDRESS_BYTES = 32 };

/* What the processes of a pass are told. */
typedef struct stage {
    const sonic_pass *pass;
    unsigned party;
    char model[PATH_BYTES], pool[PATH_BYTES], input[PATH_BYTES], output[PATH_BYTES],
        graph[PATH_BYTES];
    char dealer[ADDRESS_BYTES], peer[ADDRESS_BYTES], users[2][ADDRESS_BYTES];
    int out;
} stage;

static void put_path(char path[PATH_BYTES], const sonic_pass *pass, const char *name)
{
    (void)snprintf(path, PATH_BYTES, "%s/%s", pass->dir, name);
}

static void put_address(char address[ADDRESS_BYTES], unsigned port)
{
    (void)snprintf(address, ADDRESS_BYTES, "127.0.0.1:%u", port);
}

/* Tells the narrator the ports; a narrator who is gone ends this process anyway. */
static void say_port(void *arg, unsigned port)
{
    const stage *s = arg;
    if (write(s->out, &port, sizeof port) != (ssize_t)sizeof port)
        return;
}

static void say_ports(void *arg, unsigned user_port, unsigned peer_port)
{
    say_port(arg, user_port);
    say_port(arg, peer_port);
}

static sonic_status play_dealer(void *arg, int out, sonic_error *error)
{
    stage *s = arg;
    s->out = out;
    sonic_deal_options options = {.context = s->pass->context,
                                  .graph = s->graph,
                                  .relu = s->pass->methods.relu,
                                  .batch = s->pass->batch,
                                  .count = (s->pass->count + s->pass->batch - 1) / s->pass->batch,
                                  .listen = "127.0.0.1:0",
                                  .timeout_ms = s->pass->timeout_ms,
                                  .quiet = s->pass->quiet,
                                  .listening = say_port,
                                  .arg = s};
    return sonic_deal_run(&options, error);
}

static sonic_status play_server(void *arg, int out, sonic_error *error)
{
    stage *s = arg;
    s->out = out;
    sonic_serve_summary summary;
    const bool dealt = s->pass->methods.source == SONIC_SOURCE_DEALER;
    sonic_serve_options options = {.context = s->pass->context,
                                   .model = s->model,
                                   .methods = s->pass->methods,
                                   .pool = dealt ? s->pool : NULL,
                                   .batch = dealt ? 0 : s->pass->batch,
                                   .listen = "127.0.0.1:0",
                                   .peer = s->party == 0 ? "127.0.0.1:0" : s->peer,
                                   .dealer = dealt ? s->dealer : NULL,
                                   .timeout_ms = s->pass->timeout_ms,
                                   .requests = 1,
                                   .quiet = true,
                                   .report = s->pass->report && s->party == 1,
                                   .summary = &summary,
                                   .listening = say_ports,
                                   .arg = s};
    sonic_status status = sonic_serve_run(&options, error);
    if (status == SONIC_OK && write(out, &summary, sizeof summary) != (ssize_t)sizeof summary)
        return sonic_fail(error, SONIC_E_SYSTEM, "cannot report to the narrator");
    return status;
}

static sonic_status play_user(void *arg, int out, sonic_error *error)
{
    stage *s = arg;
    (void)out;
    sonic_share_input_options share = {.context = s->pass->context,
                                       .graph = s->graph,
                                       .paths = s->pass->paths,
                                       .files = s->pass->files,
                                       .batch = s->pass->batch,
                                       .first = s->pass->first,
                                       .count = s->pass->count,
                                       .output = s->input};
    sonic_infer_options infer = {.input = s->input,
                                 .output = s->output,
                                 .server = {s->users[0], s->users[1]},
                                 .timeout_ms = s->pass->timeout_ms,
                                 .quiet = s->pass->quiet};
    sonic_status status = sonic_share_input(&share, NULL, error);
    return status != SONIC_OK ? status : sonic_infer_run(&infer, error);
}

/* Starts a server with its own files and reads its ports. */
static sonic_status start_server(sonic_role *role, stage *s, unsigned party, sonic_error *error)
{
    static const char *const names[2] = {"server 0", "server 1"};
    unsigned ports[2];
    s->party = party;
    put_path(s->model, s->pass, party == 0 ? "net.0" : "net.1");
    put_path(s->pool, s->pass, party == 0 ? "pool.0" : "pool.1");
    sonic_status status = sonic_role_start(role, names[party], play_server, s, error);
    if (status == SONIC_OK)
        status = sonic_role_read(role, ports, sizeof ports, error);
    if (status != SONIC_OK)
        return status;
    put_address(s->users[party], ports[0]);
    if (party == 0)
        put_address(s->peer, ports[1]);
    return SONIC_OK;
}

/* Starts the dealer, if there is one, and reads its port. */
static sonic_status start_dealer(sonic_role *role, stage *s, sonic_error *error)
{
    unsigned port;
    if (s->pass->methods.source != SONIC_SOURCE_DEALER)
        return SONIC_OK;
    sonic_status status = sonic_role_start(role, "dealer", play_dealer, s, error);
    if (status == SONIC_OK)
        status = sonic_role_read(role, &port, sizeof port, error);
    if (status == SONIC_OK)
        put_address(s->dealer, port);
    return status;
}

/* What one pass leaves behind that the next must not meet. */
static void clean(const sonic_pass *pass)
{
    static const char *const names[] = {"pool.0", "pool.1", "in.0", "in.1", "out.0", "out.1"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[PATH_BYTES];
        put_path(path, pass, names[i]);
        (void)unlink(path);
    }
}

sonic_status sonic_pass_run(const sonic_pass *pass, sonic_scores *scores,
                            sonic_serve_summary *summary, sonic_error *error)
{
    sonic_role dealer = {.out = -1}, server[2] = {{.out = -1}, {.out = -1}}, user = {.out = -1};
    sonic_serve_summary other = {0};
    stage *s = calloc(1, sizeof *s);
    if (!s)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for the demonstration");
    s->pass = pass;
    put_path(s->graph, pass, "net.graph");
    put_path(s->input, pass, "in");
    put_path(s->output, pass, "out");
    sonic_status status = start_dealer(&dealer, s, error);
    if (status == SONIC_OK)
        status = start_server(&server[0], s, 0, error);
    if (status == SONIC_OK)
        status = start_server(&server[1], s, 1, error);
    if (status == SONIC_OK)
        status = sonic_role_start(&user, "user", play_user, s, error);
    if (status == SONIC_OK)
        status = sonic_role_wait(&user, error);
    if (status == SONIC_OK)
        status = sonic_role_read(&server[0], summary, sizeof *summary, error);
    if (status == SONIC_OK)
        status = sonic_role_wait(&server[0], error);
    if (status == SONIC_OK)
        status = sonic_role_read(&server[1], &other, sizeof other, error);
    if (status == SONIC_OK)
        status = sonic_role_wait(&server[1], error);
    if (status == SONIC_OK)
        status = sonic_role_wait(&dealer, error);
    if (status == SONIC_OK)
        status = sonic_reveal(scores, s->output, s->graph, error);
    /* Both servers see the same bytes between them, but each its own pool. */
    summary->phase[SONIC_OFFLINE].received += other.dealt;
    summary->dealt += other.dealt;
    sonic_error *cause = status ? error : NULL;
    sonic_role_kill(&user, cause);
    sonic_role_kill(&server[1], cause);
    sonic_role_kill(&server[0], cause);
    sonic_role_kill(&dealer, cause);
    clean(pass);
    free(s);
    return status;
}
