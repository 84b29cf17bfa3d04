/* <sonicnn/server.h>, as a program of the user's own would call it: two servers in two threads. */
#include <criterion/criterion.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sonicnn/server.h>
#include <sonicnn/share.h>

#include "proto/model/model.h"
#include "proto/offline/deal.h"
#include "tests/build_model.h"

enum { BATCH = 2 };

static char dir[] = "/tmp/sonic-server-XXXXXX";
static char path[5][64]; /* net, net.0, net.1, pool.0, pool.1 */
static char peer[32];

/* conv, relu that drops three bits: the result may be one unit off. */
static void make_model(sonic_model *model)
{
    uint64_t state = 7;
    build_begin(model, SONIC_RING_64, SONIC_TRUNC_STOCHASTIC, (sonic_shape){3, {1, 6, 5}});
    model->graph.node[0].unit = 1.0 / 256;
    sonic_node *node = build_add(model, SONIC_OP_CONV, "conv", 1, 0);
    node->window.kh = node->window.kw = 3;
    node->shape.dim[0] = 4;
    build_finish(model, &state, 50);
    node = build_add(model, SONIC_OP_RELU, "relu", 1, 1);
    node->shift = 3;
    node->error = 1;
    build_finish(model, &state, 0);
}

/* Its files. */
static void make_files(sonic_model *model, const sonic_context *context)
{
    static const char *const names[5] = {"net", "net.0", "net.1", "pool.0", "pool.1"};
    sonic_error error = {0};
    sonic_graph graph;
    uint8_t id[SONIC_ID_BYTES];
    char public[80];
    cr_assert(mkdtemp(dir));
    for (size_t i = 0; i < 5; i++)
        snprintf(path[i], sizeof path[i], "%s/%s", dir, names[i]);
    snprintf(public, sizeof public, "%s.graph", path[0]);
    snprintf(peer, sizeof peer, "127.0.0.1:%d", 20000 + getpid() % 20000);
    cr_assert_eq(sonic_model_split(model, context, path[0], &error), SONIC_OK, "%s", error.text);
    cr_assert_eq(sonic_graph_load(&graph, id, public, &error), SONIC_OK, "%s", error.text);
    cr_assert_eq(sonic_deal(context, &graph, id, SONIC_RELU_PPA, BATCH, 1, path[3], path[4], NULL,
                            NULL, &error),
                 SONIC_OK, "%s", error.text);
    sonic_graph_free(&graph);
    unlink(public);
}

static void remove_files(void)
{
    for (size_t i = 1; i < 5; i++)
        unlink(path[i]);
    rmdir(dir);
}

struct side {
    const sonic_context *context;
    const char *offline;
    unsigned party;
    const void *input;
    void *output;
    sonic_status created, infer, again;
    sonic_error error;
    sonic_server_shape shape;
};

static void *run_side(void *arg)
{
    struct side *side = arg;
    sonic_server *server = NULL;
    sonic_server_options options = {.model = path[1 + side->party],
                                    .pool = side->offline ? NULL : path[3 + side->party],
                                    .peer = peer,
                                    .timeout_ms = 10000,
                                    .offline = side->offline,
                                    .batch = side->offline ? BATCH : 0};
    side->created = sonic_server_create(&server, side->context, &options, &side->error);
    if (side->created != SONIC_OK)
        return NULL;
    side->shape = sonic_server_shape_of(server);
    side->infer = sonic_server_prepare(server, &side->error);
    if (side->infer == SONIC_OK)
        side->infer = sonic_server_infer(server, side->input, side->output, &side->error);
    void *more = malloc(side->shape.batch * side->shape.output * 8);
    side->again = more ? sonic_server_infer(server, side->input, more, NULL) : SONIC_E_MEMORY;
    free(more);
    sonic_server_free(server);
    return NULL;
}

static void check_servers(const char *offline)
{
    sonic_error error = {0};
    sonic_context *context;
    sonic_model model;
    cr_assert_eq(sonic_context_create(&context, NULL, &error), SONIC_OK);
    make_model(&model);
    make_files(&model, context);
    const sonic_graph *graph = &model.graph;
    uint32_t last = graph->nodes - 1;
    size_t in = BATCH * sonic_node_elements(graph, 0);
    size_t out = BATCH * sonic_node_elements(graph, last);
    float *x = malloc(in * sizeof *x);
    void *q = malloc(in * 8), *share[2] = {malloc(in * 8), malloc(in * 8)};
    void *result[2] = {malloc(out * 8), malloc(out * 8)}, *plain = malloc(out * 8);
    double *secure = malloc(out * sizeof *secure), *expected = malloc(out * sizeof *expected);
    cr_assert(x && q && share[0] && share[1] && result[0] && result[1]);
    cr_assert(plain && secure && expected);
    for (size_t i = 0; i < in; i++)
        x[i] = (float)(i * 7919 % 256) / 255;
    cr_assert_eq(sonic_graph_encode(graph, q, x, in, &error), SONIC_OK, "%s", error.text);
    sonic_share_split(context, graph->ring, share[0], share[1], q, in);

    struct side side[2];
    pthread_t thread[2];
    for (unsigned p = 0; p < 2; p++) {
        side[p] = (struct side){
            .context = context,
            .offline = offline,
            .party = p,
            .input = share[p],
            .output = result[p]};
        cr_assert_eq(pthread_create(&thread[p], NULL, run_side, &side[p]), 0);
    }
    for (unsigned p = 0; p < 2; p++)
        pthread_join(thread[p], NULL);
    for (unsigned p = 0; p < 2; p++) {
        cr_assert_eq(side[p].created, SONIC_OK, "%s", side[p].error.text);
        cr_assert_eq(side[p].infer, SONIC_OK, "%s", side[p].error.text);
        cr_assert_eq(side[p].again, offline ? SONIC_OK : SONIC_E_USED_UP,
                     "a pool of one inference gave two, or no pool none");
        cr_assert_eq(side[p].shape.batch, BATCH);
        cr_assert_eq(side[p].shape.input * BATCH, in);
        cr_assert_eq(side[p].shape.output * BATCH, out);
        cr_assert_eq(side[p].shape.output_unit, graph->node[last].unit);
    }

    sonic_share_join(context, graph->ring, result[0], result[0], result[1], out);
    cr_assert_eq(sonic_model_run_plain(&model, context, BATCH, plain, q, NULL, &error), SONIC_OK);
    sonic_graph_decode(graph, secure, result[0], out);
    sonic_graph_decode(graph, expected, plain, out);
    for (size_t i = 0; i < out; i++) {
        double off = (secure[i] - expected[i]) / graph->node[last].unit;
        cr_assert(off <= graph->node[last].error && off >= -graph->node[last].error,
                  "result %zu is %g units off", i, off);
    }
    remove_files();
}

Test(server, two_servers_in_a_program_of_ones_own)
{
    check_servers(NULL);
}

Test(server, two_servers_without_a_dealer)
{
    check_servers("ot2");
}

Test(server, says_what_is_missing)
{
    sonic_error error = {0};
    sonic_context *context;
    sonic_model model;
    sonic_server *server = NULL;
    cr_assert_eq(sonic_context_create(&context, NULL, &error), SONIC_OK);
    make_model(&model);
    make_files(&model, context);

    sonic_server_options options = {.model = path[1], .pool = path[3]};
    cr_assert_eq(sonic_server_create(&server, context, &options, &error), SONIC_E_ARGUMENT);
    options.peer = peer;
    options.relu = "yao";
    cr_assert_eq(sonic_server_create(&server, context, &options, &error), SONIC_E_ARGUMENT);
    cr_assert_str_eq(error.text, "relu takes 'ppa', 'gc' or 'fss', not 'yao'");
    options.relu = "ppa";
    options.offline = "ot3";
    cr_assert_eq(sonic_server_create(&server, context, &options, &error), SONIC_E_ARGUMENT);
    cr_assert(strstr(error.text, "not 'ot3'"), "%s", error.text);
    options.offline = "ot";
    cr_assert_eq(sonic_server_create(&server, context, &options, &error), SONIC_E_ARGUMENT);
    cr_assert(strstr(error.text, "with --offline ot4 a server takes no pool"), "%s", error.text);
    options.offline = NULL;
    options.pool = NULL;
    cr_assert_eq(sonic_server_create(&server, context, &options, &error), SONIC_E_ARGUMENT);
    cr_assert_str_eq(error.text, "with --offline dealer a server needs a pool");
    options.pool = path[3];
    options.timeout_ms = 200;
    cr_assert_eq(sonic_server_create(&server, context, &options, &error), SONIC_E_TIMEOUT,
                 "%s", error.text);
    /* Its own files are compared before a peer is waited for. */
    options.pool = path[4];
    cr_assert_eq(sonic_server_create(&server, context, &options, &error), SONIC_E_MISMATCH,
                 "%s", error.text);
    options.model = "/nonexistent/net.0";
    cr_assert_eq(sonic_server_create(&server, context, &options, &error), SONIC_E_FILE);
    cr_assert(strstr(error.text, "/nonexistent/net.0"), "%s", error.text);
    cr_assert_null(server);
    remove_files();
}
