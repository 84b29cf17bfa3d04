/* Two servers of one layer. */
#include "bench/pair.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sonicnn/share.h>

#include "bench/pair_state.h"
#include "dispatch/error.h"
#include "proto/channel/tcp.h"
#include "proto/offline/deal.h"
#include "proto/offline/gc_plan.h"
#include "proto/share/file.h"
#include "proto/share/random.h"

enum { TIMEOUT_MS = 60000, BUFFER = 1 << 20 };

static const char *const link_names[BENCH_LINKS] = {"memory", "tcp"};

const char *bench_link_name(bench_link link)
{
    return link_names[link];
}

/* Processor time of all threads: nothing but the two servers runs meanwhile. */
static double process_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static sonic_status server_linear(bench_server *s, sonic_layer *layer, sonic_phase phase)
{
    double seconds[BENCH_NODES] = {0};
    if (phase == SONIC_SETUP) {
        sonic_linear_free(&s->linear[BENCH_NODE]);
        return sonic_linear_setup(s->context, s->channel, &s->model, layer->batch,
                                  sonic_pool_seed(s->pool), false, s->linear, seconds, &s->error);
    }
    if (phase == SONIC_OFFLINE)
        return sonic_linear_prepare(layer, &s->linear[BENCH_NODE], NULL, s->spill, 0, &s->error);
    return sonic_linear_run(layer, &s->linear[BENCH_NODE], s->spill, 0, s->y, s->x[0], false,
                            &s->error);
}

static sonic_status server_compare(bench_server *s, sonic_layer *layer, sonic_phase phase)
{
    if (phase == SONIC_SETUP) {
        sonic_compare_end(&s->compare);
        return sonic_compare_begin(&s->compare, s->context, s->channel, s->model.party, &s->error);
    }
    if (phase == SONIC_OFFLINE)
        return sonic_relu_prepare(layer, &s->error);
    return s->y ? sonic_max_pool_run(layer, s->y, s->x[0], &s->error)
                : sonic_relu_run(layer, s->x[0], &s->error);
}

static sonic_status server_run(bench_server *s, sonic_phase phase)
{
    const bench_pair *pair = s->pair;
    const sonic_op op = pair->graph.node[BENCH_NODE].op;
    sonic_layer layer = {.context = s->context,
                         .channel = s->channel,
                         .graph = &pair->graph,
                         .node = BENCH_NODE,
                         .batch = pair->options.batch,
                         .compare = s->compare};
    sonic_status status = SONIC_OK;
    sonic_channel_mark(s->channel, phase, BENCH_NODE);
    sonic_material_begin(&layer.material, s->context, s->pool, &pair->plan, 0, BENCH_NODE);
    if (op == SONIC_OP_CONV)
        status = server_linear(s, &layer, phase);
    else if (op == SONIC_OP_RELU || op == SONIC_OP_MAX_POOL)
        status = server_compare(s, &layer, phase);
    else if (phase == SONIC_ONLINE)
        status = op == SONIC_OP_TRUNC ? sonic_trunc_run(&layer, s->x[0], &s->error)
                                      : sonic_local_run(&pair->graph, BENCH_NODE, layer.batch, s->y,
                                                        (const void *const *)s->x, &s->error);
    sonic_material_end(&layer.material);
    return status;
}

/* Server 1's thread: a phase at a time. */
static void *serve(void *arg)
{
    bench_pair *pair = arg;
    for (;;) {
        pthread_barrier_wait(&pair->start);
        if (pair->stop)
            return NULL;
        pair->server[1].status = server_run(&pair->server[1], pair->phase);
        pthread_barrier_wait(&pair->end);
    }
}

sonic_status bench_pair_run(bench_pair *pair, sonic_phase phase, sonic_error *error)
{
    const double start = process_seconds();
    pair->phase = phase;
    pthread_barrier_wait(&pair->start);
    pair->server[0].status = server_run(&pair->server[0], phase);
    pthread_barrier_wait(&pair->end);
    pair->seconds[phase] += process_seconds() - start;
    for (unsigned i = 0; i < 2; i++)
        if (pair->server[i].status)
            return sonic_fail(error, pair->server[i].status, "server %u: %s", i,
                              pair->server[i].error.text);
    return SONIC_OK;
}

static sonic_status connect_tcp(bench_pair *pair, sonic_error *error)
{
    sonic_listener *listener;
    char address[32];
    sonic_status status = sonic_listener_create(&listener, "127.0.0.1:0", error);
    if (status)
        return status;
    snprintf(address, sizeof address, "127.0.0.1:%u", sonic_listener_port(listener));
    status = sonic_tcp_connect(&pair->server[1].channel, address, "server 0", TIMEOUT_MS,
                               TIMEOUT_MS, error);
    if (!status)
        status = sonic_listener_accept(&pair->server[0].channel, listener, TIMEOUT_MS, TIMEOUT_MS,
                                       error);
    sonic_listener_free(listener);
    return status;
}

sonic_status bench_pair_connect(bench_pair *pair, bench_link link, sonic_error *error)
{
    sonic_status status;
    for (unsigned i = 0; i < 2; i++) {
        sonic_channel_free(pair->server[i].channel);
        pair->server[i].channel = NULL;
    }
    status = link == BENCH_TCP
                 ? connect_tcp(pair, error)
                 : sonic_channel_memory_pair(&pair->server[0].channel, &pair->server[1].channel,
                                             BUFFER, TIMEOUT_MS, error);
    for (unsigned i = 0; i < 2 && !status; i++)
        status = sonic_channel_layers(pair->server[i].channel, BENCH_NODES, error);
    memset(pair->seconds, 0, sizeof pair->seconds);
    return status;
}

bench_cost bench_pair_cost(const bench_pair *pair, sonic_phase phase)
{
    const sonic_traffic t = sonic_channel_traffic(pair->server[0].channel, phase, SIZE_MAX);
    return (bench_cost){t.sent + t.received, t.rounds, pair->seconds[phase]};
}

uint64_t bench_pair_planned(const bench_pair *pair, sonic_phase phase)
{
    const sonic_step *step = &pair->plan.step[BENCH_NODE];
    return 2 * (phase == SONIC_SETUP     ? pair->plan.setup_bytes
                : phase == SONIC_OFFLINE ? step->prepare_bytes
                                         : step->online_bytes);
}

uint64_t bench_pair_dealt_bytes(const bench_pair *pair)
{
    const sonic_step *step = &pair->plan.step[BENCH_NODE];
    return step->offline_bytes + step->common_bytes;
}

uint64_t bench_pair_ands(const bench_pair *pair)
{
    sonic_relu_calls calls = {.methods = {.relu = pair->options.relu},
                              .graph = &pair->graph,
                              .node = BENCH_NODE,
                              .batch = pair->options.batch};
    uint64_t ands = 0;
    while (calls.methods.relu == SONIC_RELU_GC && sonic_relu_next(&calls))
        ands += calls.call.n * sonic_gc_ands(pair->options.ring, calls.call.shift);
    return ands;
}

double bench_pair_deal_seconds(const bench_pair *pair)
{
    return pair->deal_seconds;
}

bench_sizes bench_layer_sizes(const bench_layer *layer, uint32_t batch)
{
    const double rows = (layer->h + 2 * layer->pad - layer->k) / layer->stride + 1;
    const double columns = (layer->w + 2 * layer->pad - layer->k) / layer->stride + 1;
    const bool linear = layer->op == SONIC_OP_CONV;
    bench_sizes s = {.inputs = (double)layer->c * layer->h * layer->w * batch};
    s.outputs = (linear ? layer->o : layer->c) * rows * columns * batch;
    if (linear) {
        const double window = (double)(layer->c / layer->groups) * layer->k * layer->k;
        s.weights = layer->o * window;
        s.madds = s.outputs * window;
    }
    return s;
}

/* The input, and the layer. */
static sonic_status make_graph(bench_pair *pair, const bench_layer *layer, sonic_error *error)
{
    sonic_graph *graph = &pair->graph;
    const bool flat = layer->h == 1 && layer->w == 1;
    *graph = (sonic_graph){.ring = pair->options.ring, .input_high = 1};
    graph->node = calloc(BENCH_NODES, sizeof *graph->node);
    if (!graph->node)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for a graph");
    graph->nodes = BENCH_NODES;
    for (uint32_t i = 0; i < BENCH_NODES; i++)
        graph->node[i] = (sonic_node){.op = SONIC_OP_INPUT,
                                      .name = "layer",
                                      .shape = {flat ? 1 : 3, {layer->c, layer->h, layer->w}},
                                      .window = {1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
                                      .groups = 1,
                                      .factor = {1, 1},
                                      .unit = 1,
                                      .bound = 1};
    sonic_node *node = &graph->node[BENCH_NODE];
    node->op = layer->op;
    node->inputs = layer->op == SONIC_OP_ADD ? 2 : 1;
    node->input = calloc(node->inputs, sizeof *node->input); /* all of them are node 0 */
    if (!node->input)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for a graph");
    node->groups = layer->groups;
    node->window = (sonic_window){layer->k, layer->k,   layer->stride, layer->stride, 1,
                                  1,        layer->pad, layer->pad,    layer->pad,    layer->pad};
    node->factor[1] = layer->op == SONIC_OP_ADD ? BENCH_FACTOR : 1;
    if (layer->op == SONIC_OP_RELU || layer->op == SONIC_OP_TRUNC)
        node->shift = BENCH_SHIFT(graph->ring);
    if (layer->op == SONIC_OP_CONV)
        node->shape.dim[0] = layer->o;
    sonic_status status = sonic_node_infer_shape(graph, BENCH_NODE, &node->shape, error);
    return status ? status : sonic_graph_validate(graph, error);
}

/* Material for one inference, in files that are gone once they are open. */
static sonic_status deal(bench_pair *pair, sonic_error *error)
{
    static const uint8_t model[SONIC_ID_BYTES] = "a bench";
    const char *base = getenv("TMPDIR");
    char directory[4000], path[2][4096];
    if (!base || !*base)
        base = "/tmp";
    const int n = snprintf(directory, sizeof directory, "%s/sonic-XXXXXX", base);
    if (n < 0 || (size_t)n >= sizeof directory || !mkdtemp(directory))
        return sonic_fail(error, SONIC_E_FILE, "cannot make a folder in %s", base);
    for (unsigned i = 0; i < 2; i++)
        snprintf(path[i], sizeof path[i], "%s/pool.%u", directory, i);
    const double start = process_seconds();
    sonic_status status =
        sonic_deal(pair->server[0].context, &pair->graph, model, pair->options.relu,
                   pair->options.batch, 1, path[0], path[1], NULL, NULL, error);
    pair->deal_seconds = process_seconds() - start;
    for (unsigned i = 0; i < 2; i++) {
        bench_server *s = &pair->server[i];
        if (!status)
            status = sonic_pool_open(&s->pool, path[i], error);
        if (!status)
            status = sonic_pool_claim(s->pool, 0, error);
        (void)unlink(path[i]);
    }
    (void)rmdir(directory);
    return status;
}

/* Buffers, and random shares of the weights: a share is random, whatever it is a share of. */
static sonic_status make_server(bench_pair *pair, unsigned party, sonic_error *error)
{
    bench_server *s = &pair->server[party];
    const sonic_ring ring = pair->options.ring;
    const sonic_op op = pair->graph.node[BENCH_NODE].op;
    s->model = (sonic_model_share){.graph = pair->graph, .party = party, .w = s->w, .b = s->b};
    s->weights = sonic_node_weights(&pair->graph, BENCH_NODE);
    sonic_status status = sonic_anonymous_file(&s->spill, NULL, error);
    s->compare = (sonic_compare){.methods = {.relu = pair->options.relu}, .spill = s->spill};
    if (!status && s->weights) {
        status = sonic_layer_alloc(&s->w[BENCH_NODE], ring, s->weights, error);
        if (!status)
            sonic_random_bytes(s->w[BENCH_NODE], s->weights * sonic_ring_bytes(ring));
    }
    for (unsigned i = 0; i < (op == SONIC_OP_ADD ? 2 : 1) && !status; i++)
        status = sonic_layer_alloc(&s->x[i], ring, pair->inputs, error);
    if (!status && op != SONIC_OP_RELU && op != SONIC_OP_TRUNC)
        status = sonic_layer_alloc(&s->y, ring, pair->outputs, error);
    return status;
}

static sonic_status start(bench_pair *pair, sonic_error *error)
{
    if (pthread_barrier_init(&pair->start, NULL, 2))
        return sonic_fail(error, SONIC_E_MEMORY, "cannot make a barrier");
    if (pthread_barrier_init(&pair->end, NULL, 2)) {
        pthread_barrier_destroy(&pair->start);
        return sonic_fail(error, SONIC_E_MEMORY, "cannot make a barrier");
    }
    if (pthread_create(&pair->thread, NULL, serve, pair)) {
        pthread_barrier_destroy(&pair->start);
        pthread_barrier_destroy(&pair->end);
        return sonic_fail(error, SONIC_E_MEMORY, "cannot start server 1's thread");
    }
    pair->started = true;
    return SONIC_OK;
}

sonic_status bench_pair_create(bench_pair **out, const bench_layer *layer,
                               const bench_pair_options *options, sonic_error *error)
{
    const sonic_context_options context = {NULL, options->threads};
    bench_pair *pair = calloc(1, sizeof *pair);
    *out = NULL;
    if (!pair)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for two servers");
    pair->options = *options;
    for (unsigned i = 0; i < 2; i++)
        pair->server[i] = (bench_server){.pair = pair, .spill = -1};
    sonic_status status = make_graph(pair, layer, error);
    if (!status)
        status = sonic_plan_make(&pair->plan, &pair->graph, options->batch,
                                 (sonic_methods){options->relu, SONIC_SOURCE_DEALER}, error);
    for (unsigned i = 0; i < 2 && !status; i++)
        status = sonic_context_create(&pair->server[i].context, &context, error);
    if (!status)
        status = deal(pair, error);
    if (!status) {
        pair->inputs = sonic_node_elements(&pair->graph, 0) * options->batch;
        pair->outputs = sonic_node_elements(&pair->graph, BENCH_NODE) * options->batch;
    }
    for (unsigned i = 0; i < 2 && !status; i++)
        status = make_server(pair, i, error);
    if (!status)
        status = start(pair, error);
    if (status)
        bench_pair_free(pair);
    else
        *out = pair;
    return status;
}

void bench_pair_free(bench_pair *pair)
{
    if (!pair)
        return;
    if (pair->started) {
        pair->stop = true;
        pthread_barrier_wait(&pair->start);
        pthread_join(pair->thread, NULL);
        pthread_barrier_destroy(&pair->start);
        pthread_barrier_destroy(&pair->end);
    }
    for (unsigned i = 0; i < 2; i++) {
        bench_server *s = &pair->server[i];
        const sonic_ring ring = pair->options.ring;
        sonic_channel_free(s->channel);
        sonic_pool_free(s->pool);
        sonic_linear_free(&s->linear[BENCH_NODE]);
        sonic_compare_end(&s->compare);
        sonic_layer_free(s->w[BENCH_NODE], ring, s->weights);
        sonic_layer_free(s->x[0], ring, pair->inputs);
        sonic_layer_free(s->x[1], ring, pair->inputs);
        sonic_layer_free(s->y, ring, pair->outputs);
        sonic_context_free(s->context);
        if (s->spill >= 0)
            close(s->spill);
    }
    sonic_plan_free(&pair->plan);
    sonic_graph_free(&pair->graph);
    free(pair);
}
