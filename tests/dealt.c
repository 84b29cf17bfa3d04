/* What protocol tests share; see the header. */
#include "tests/dealt.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "dispatch/cpu.h"

void test_graph_begin(sonic_graph *graph, sonic_ring ring, sonic_truncation truncation, uint32_t d0,
                      uint32_t d1, uint32_t d2)
{
    *graph = (sonic_graph){.ring = ring, .truncation = truncation, .input_high = 1};
    graph->node = calloc(16, sizeof *graph->node);
    cr_assert_not_null(graph->node);
    graph->nodes = 1;
    graph->node[0] = (sonic_node){
        .op = SONIC_OP_INPUT,
        .name = "input",
        .shape = {.rank = d1 == 0   ? 1
                          : d2 == 0 ? 2
                                    : 3,
                  .dim = {d0, d1, d2}},
        .window = {1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
        .groups = 1,
        .unit = 1,
        .bound = 100,
    };
}

sonic_node *test_graph_append(sonic_graph *graph, sonic_op op, uint32_t input)
{
    cr_assert_lt(graph->nodes, 16);
    sonic_node *node = &graph->node[graph->nodes];
    node->op = op;
    snprintf(node->name, sizeof node->name, "node%u", graph->nodes);
    node->inputs = 1;
    node->input = calloc(2, sizeof *node->input);
    cr_assert_not_null(node->input);
    node->input[0] = input;
    node->shape = graph->node[input].shape;
    node->window = (sonic_window){1, 1, 1, 1, 1, 1, 0, 0, 0, 0};
    node->groups = 1;
    node->factor[0] = node->factor[1] = 1;
    node->unit = 1;
    node->bound = 100;
    graph->nodes++;
    return node;
}

void test_graph_shape(sonic_graph *graph)
{
    sonic_error error;
    sonic_shape shape;
    cr_assert_eq(sonic_node_infer_shape(graph, graph->nodes - 1, &shape, &error), SONIC_OK, "%s",
                 error.text);
    graph->node[graph->nodes - 1].shape = shape;
}

void test_graph_relu(sonic_graph *graph, sonic_ring ring, sonic_truncation truncation, uint32_t n,
                     uint32_t shift)
{
    test_graph_begin(graph, ring, truncation, n, 0, 0);
    test_graph_append(graph, SONIC_OP_RELU, 0)->shift = shift;
}

void test_graph_material(sonic_graph *graph, sonic_ring ring, sonic_truncation truncation)
{
    test_graph_begin(graph, ring, truncation, 2, 32, 31);
    sonic_node *node = test_graph_append(graph, SONIC_OP_CONV, 0);
    node->shape.dim[0] = 5;
    node->window = (sonic_window){3, 2, 1, 1, 1, 1, 1, 0, 1, 1};
    test_graph_shape(graph); /* 5 x 32 x 31 = 4960 */
    test_graph_append(graph, SONIC_OP_TRUNC, 1)->shift = 7;
    node = test_graph_append(graph, SONIC_OP_MAX_POOL, 2);
    node->window = (sonic_window){2, 2, 1, 1, 1, 1, 0, 0, 0, 1};
    test_graph_shape(graph); /* 5 x 31 x 31 = 4805 */
    test_graph_append(graph, SONIC_OP_RELU, 3)->shift = 9;
}

size_t test_contexts(sonic_context *contexts[SONIC_TIERS])
{
    size_t made = 0;
    for (unsigned t = 0; t < SONIC_TIERS; t++) {
        if (!(sonic_cpu_tiers() >> t & 1))
            continue;
        sonic_context_options options = {.tier = sonic_tier_name((sonic_tier)t), .threads = 1};
        sonic_error error;
        cr_assert_eq(sonic_context_create(&contexts[made], &options, &error), SONIC_OK, "%s",
                     error.text);
        made++;
    }
    return made;
}

size_t test_next_pair(size_t tiers)
{
    return getenv("SANITIZED") ? tiers + 1 : 1;
}

void test_pools_begin(test_pools *pools, const sonic_graph *graph, sonic_relu relu, uint32_t batch)
{
    const sonic_methods dealt = {relu, SONIC_SOURCE_DEALER};
    sonic_error error;
    const char *base = getenv("TMPDIR");
    memset(pools, 0, sizeof *pools);
    snprintf(pools->directory, sizeof pools->directory, "%.40s/sonic-XXXXXX", base ? base : "/tmp");
    cr_assert_not_null(mkdtemp(pools->directory));
    for (unsigned p = 0; p < 2; p++)
        snprintf(pools->path[p], sizeof pools->path[p], "%s/pool.%u", pools->directory, p);
    cr_assert_eq(sonic_plan_make(&pools->plan, graph, batch, dealt, &error), SONIC_OK, "%s",
                 error.text);
}

void test_pools_deal(test_pools *pools, const sonic_context *context, const sonic_graph *graph,
                     sonic_relu relu, uint32_t batch, uint32_t count)
{
    static const uint8_t model[SONIC_ID_BYTES] = "a model";
    sonic_error error;
    test_pools_begin(pools, graph, relu, batch);
    cr_assert_eq(sonic_deal(context, graph, model, relu, batch, count, pools->path[0],
                            pools->path[1], NULL, NULL, &error),
                 SONIC_OK, "%s", error.text);
    for (unsigned p = 0; p < 2; p++) {
        cr_assert_eq(sonic_pool_open(&pools->pool[p], pools->path[p], &error), SONIC_OK, "%s",
                     error.text);
        for (uint32_t slot = 0; slot < count; slot++)
            cr_assert_eq(sonic_pool_claim(pools->pool[p], slot, &error), SONIC_OK, "%s",
                         error.text);
    }
}

void test_pools_free(test_pools *pools)
{
    sonic_plan_free(&pools->plan);
    for (unsigned p = 0; p < 2; p++) {
        sonic_pool_free(pools->pool[p]);
        unlink(pools->path[p]);
    }
    rmdir(pools->directory);
}

uint64_t test_draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* The memory transport, watched. */
typedef struct tap {
    void *inner;
    test_wire *wire;
} tap;

static ssize_t tap_send(void *self, const uint8_t *data, size_t n, sonic_error *error)
{
    tap *t = self;
    ssize_t moved = sonic_memory_transport.try_send(t->inner, data, n, error);
    for (ssize_t i = 0; i < moved; i++) {
        t->wire->hash = (t->wire->hash ^ data[i]) * 0x100000001b3; /* FNV-1a */
        if (t->wire->kept != NULL && t->wire->sent < t->wire->room)
            t->wire->kept[t->wire->sent] = data[i];
        t->wire->sent++;
    }
    return moved;
}

static ssize_t tap_receive(void *self, uint8_t *data, size_t n, sonic_error *error)
{
    return sonic_memory_transport.try_receive(((tap *)self)->inner, data, n, error);
}

static int tap_wait(void *self, int send, int receive, int milliseconds, sonic_error *error)
{
    return sonic_memory_transport.wait(((tap *)self)->inner, send, receive, milliseconds, error);
}

static void tap_close(void *self)
{
    sonic_memory_transport.close(((tap *)self)->inner);
}

typedef struct thread_arg {
    test_party party;
    void *arg;
    unsigned index;
    sonic_channel *channel;
    test_outcome *outcome;
} thread_arg;

static void *thread_body(void *arg)
{
    thread_arg *t = arg;
    t->outcome->status[t->index] =
        t->party(t->arg, t->index, t->channel, &t->outcome->error[t->index]);
    t->outcome->traffic[t->index] = sonic_channel_traffic(t->channel, SONIC_ONLINE, 0);
    sonic_channel_free(t->channel); /* a party that is gone hangs up */
    return NULL;
}

void test_run(test_outcome *outcome, test_party party, void *arg)
{
    static const sonic_transport tapped = {tap_send, tap_receive, tap_wait, tap_close};
    sonic_error error;
    tap taps[2];
    sonic_channel *channel[2];
    pthread_t thread[2];
    thread_arg args[2];

    cr_assert_eq(sonic_memory_transport_pair(&taps[0].inner, &taps[1].inner, 1 << 16, &error),
                 SONIC_OK);
    for (unsigned p = 0; p < 2; p++) {
        taps[p].wire = &outcome->wire[p];
        outcome->wire[p].hash = 0xcbf29ce484222325;
        outcome->wire[p].sent = 0;
        cr_assert_eq(sonic_channel_create(&channel[p], &tapped, &taps[p],
                                          p == 0 ? "server 1" : "server 0", 10000, &error),
                     SONIC_OK, "%s", error.text);
        sonic_channel_mark(channel[p], SONIC_ONLINE, 0);
        args[p] = (thread_arg){
            .party = party, .arg = arg, .index = p, .channel = channel[p], .outcome = outcome};
    }
    for (unsigned p = 0; p < 2; p++)
        cr_assert_eq(pthread_create(&thread[p], NULL, thread_body, &args[p]), 0);
    for (unsigned p = 0; p < 2; p++)
        pthread_join(thread[p], NULL);
}
