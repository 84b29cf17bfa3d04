/* A dealer and two servers whose shares, seeds and material are secret, over a memory channel, and
 * the opened result against the plain reference. */
#include "tests/constant_time.h"

#include <sonicnn/share.h>

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/compare/open.h"
#include "proto/offline/deal.h"
#include "proto/session/session.h"
#include "proto/share/random.h"
#include "proto/share/spill.h"
#include "tests/nets.h"

enum { BATCH = 2, TIMEOUT_MS = 120000 };

static const sonic_methods ppa = {SONIC_RELU_PPA, SONIC_SOURCE_DEALER};
static const sonic_methods gc = {SONIC_RELU_GC, SONIC_SOURCE_DEALER};
static const sonic_methods fss = {SONIC_RELU_FSS, SONIC_SOURCE_DEALER};

/* Everything random is secret, and as much the same in every run as two threads allow. */
void sonic_random_bytes(void *out, size_t n)
{
    static _Atomic uint64_t calls;
    uint64_t state = ++calls << 32;
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] = (uint8_t)sonic_test_next(&state);
    secret_hide(out, n);
}

/* What comes back from a file would be public: the linker (--wrap) puts these between. */
sonic_status __real_sonic_pool_read(sonic_pool *pool, uint32_t slot, uint64_t slot_bytes,
                                    uint64_t offset, void *out, size_t n, sonic_error *error);
sonic_status __wrap_sonic_pool_read(sonic_pool *pool, uint32_t slot, uint64_t slot_bytes,
                                    uint64_t offset, void *out, size_t n, sonic_error *error);
sonic_status __real_sonic_spill_read(int fd, uint64_t at, void *data, size_t n,
                                     sonic_error *error);
sonic_status __wrap_sonic_spill_read(int fd, uint64_t at, void *data, size_t n,
                                     sonic_error *error);

sonic_status __wrap_sonic_pool_read(sonic_pool *pool, uint32_t slot, uint64_t slot_bytes,
                                    uint64_t offset, void *out, size_t n, sonic_error *error)
{
    sonic_status status =
        __real_sonic_pool_read(pool, slot, slot_bytes, offset, out, n, error);
    secret_hide(out, n);
    return status;
}

sonic_status __wrap_sonic_spill_read(int fd, uint64_t at, void *data, size_t n, sonic_error *error)
{
    sonic_status status = __real_sonic_spill_read(fd, at, data, n, error);
    secret_hide(data, n);
    return status;
}

/* What both servers know is public: keys are evaluated on it. */
sonic_status __real_sonic_open_masked(const sonic_context *context, sonic_channel *channel,
                                      const sonic_material *material, uint64_t stream,
                                      const uint64_t *kept, sonic_ring ring, void *x, size_t n,
                                      sonic_error *error);
sonic_status __wrap_sonic_open_masked(const sonic_context *context, sonic_channel *channel,
                                      const sonic_material *material, uint64_t stream,
                                      const uint64_t *kept, sonic_ring ring, void *x, size_t n,
                                      sonic_error *error);

sonic_status __wrap_sonic_open_masked(const sonic_context *context, sonic_channel *channel,
                                      const sonic_material *material, uint64_t stream,
                                      const uint64_t *kept, sonic_ring ring, void *x, size_t n,
                                      sonic_error *error)
{
    sonic_status status = __real_sonic_open_masked(context, channel, material, stream, kept, ring,
                                                   x, n, error);
    secret_open(x, n * sonic_ring_bytes(ring));
    return status;
}

typedef struct server {
    const sonic_context *context;
    sonic_methods methods;
    sonic_model_share share; /* the graph is the model's */
    sonic_pool *pool;
    sonic_channel *channel;
    sonic_session_tap tap; /* NULL: none */
    void *x, *y;
    sonic_status status;
    sonic_error error;
} server;

static void require_ok(sonic_status status, const sonic_error *error)
{
    constant_time_require(status == SONIC_OK, "%s", error->text);
}

static void *take(size_t n)
{
    void *buffer = calloc(n + 1, 1);
    constant_time_require(buffer != NULL, "out of memory");
    return buffer;
}

/* Secret shares of n elements; x becomes secret. */
static void split(const sonic_context *context, sonic_ring ring, void **share0, void **share1,
                  void *x, size_t n)
{
    *share0 = take(n * sonic_ring_bytes(ring));
    *share1 = take(n * sonic_ring_bytes(ring));
    secret_hide(x, n * sonic_ring_bytes(ring));
    sonic_share_split(context, ring, *share0, *share1, x, n);
}

static void split_constants(const sonic_context *context, sonic_ring ring, void **share0,
                            void **share1, const int64_t *q, size_t n)
{
    void *x = take(n * sizeof(uint64_t));
    for (size_t i = 0; i < n; i++)
        if (ring == SONIC_RING_64)
            ((uint64_t *)x)[i] = (uint64_t)q[i];
        else
            ((uint32_t *)x)[i] = (uint32_t)q[i];
    if (n > 0)
        split(context, ring, share0, share1, x, n);
    free(x);
}

static void share_model(const sonic_model *model, server both[2])
{
    const sonic_graph *graph = &model->graph;
    for (unsigned i = 0; i < 2; i++) {
        both[i].share = (sonic_model_share){.graph = *graph, .party = i};
        both[i].share.w = take(graph->nodes * sizeof(void *));
        both[i].share.b = take(graph->nodes * sizeof(void *));
    }
    for (uint32_t node = 0; node < graph->nodes; node++) {
        split_constants(both->context, graph->ring, &both[0].share.w[node],
                        &both[1].share.w[node], model->constants[node].wq,
                        sonic_node_weights(graph, node));
        split_constants(both->context, graph->ring, &both[0].share.b[node],
                        &both[1].share.b[node], model->constants[node].bq,
                        sonic_node_biases(graph, node));
    }
}

static void free_shares(server both[2])
{
    for (unsigned i = 0; i < 2; i++) {
        for (uint32_t node = 0; node < both[i].share.graph.nodes; node++) {
            free(both[i].share.w[node]);
            free(both[i].share.b[node]);
        }
        free(both[i].share.w);
        free(both[i].share.b);
        free(both[i].x);
        free(both[i].y);
    }
}

/* Deals one inference through files, and makes the seeds that come back secret again. */
static void deal_pools(server both[2])
{
    char dir[64], path[2][80];
    const char *base = getenv("TMPDIR");
    sonic_error error;
    (void)snprintf(dir, sizeof dir, "%.40s/sonicnn-XXXXXX", base ? base : "/tmp");
    constant_time_require(mkdtemp(dir) != NULL, "no directory %s", dir);
    for (unsigned i = 0; i < 2; i++)
        (void)snprintf(path[i], sizeof path[i], "%s/pool.%u", dir, i);
    require_ok(sonic_deal(both->context, &both->share.graph, both->share.id, both->methods.relu,
                          BATCH, 1, path[0], path[1], NULL, NULL, &error),
               &error);
    for (unsigned i = 0; i < 2; i++) {
        require_ok(sonic_pool_open(&both[i].pool, path[i], &error), &error);
        secret_hide(sonic_pool_seed(both[i].pool), SONIC_SEED_BYTES);
        (void)unlink(path[i]);
    }
    (void)rmdir(dir);
}

static void *serve(void *arg)
{
    server *s = arg;
    sonic_session *session = NULL;
    const sonic_session_options options = {
        .methods = s->methods, .pool = s->pool, .batch = s->pool ? 0 : BATCH};
    s->status =
        sonic_session_create(&session, s->context, &s->share, &options, s->channel, &s->error);
    if (!s->status) {
        sonic_session_set_tap(session, s->tap, &s->share);
        s->status = sonic_session_infer(session, s->x, s->y, &s->error);
    }
    sonic_session_free(session);
    sonic_channel_free(s->channel);
    return NULL;
}

static void run_both(server both[2])
{
    pthread_t thread[2];
    sonic_error error;
    require_ok(sonic_channel_memory_pair(&both[0].channel, &both[1].channel, 1 << 16, TIMEOUT_MS,
                                         &error),
               &error);
    for (unsigned i = 0; i < 2; i++)
        constant_time_require(!pthread_create(&thread[i], NULL, serve, &both[i]), "no thread");
    for (unsigned i = 0; i < 2; i++)
        (void)pthread_join(thread[i], NULL);
    for (unsigned i = 0; i < 2; i++)
        require_ok(both[i].status, &both[i].error);
}

static int64_t element(sonic_ring ring, const void *x, size_t i)
{
    return ring == SONIC_RING_64 ? ((const int64_t *)x)[i] : ((const int32_t *)x)[i];
}

/* The result must be secret in both shares, and in the end what the plain network says. */
static void open_result(const sonic_graph *graph, const server both[2], const void *expected,
                        size_t n)
{
    const size_t bytes = n * sonic_ring_bytes(graph->ring);
    const double most = graph->node[graph->nodes - 1].error;
    void *y = take(bytes);
    for (unsigned i = 0; i < 2; i++)
        constant_time_require(secret_count(both[i].y, bytes) == bytes,
                              "server %u's share of the result is not secret", i);
    sonic_share_join(both->context, graph->ring, y, both[0].y, both[1].y, n);
    secret_open(y, bytes);
    for (size_t i = 0; i < n; i++) {
        const int64_t got = element(graph->ring, y, i), want = element(graph->ring, expected, i);
        constant_time_require(fabs((double)got - (double)want) <= most,
                              "element %zu is %lld, not %lld", i, (long long)got, (long long)want);
    }
    free(y);
}

/* One secret inference of a batch; takes the model. */
static void infer(const sonic_context *context, sonic_model *model, sonic_methods methods,
                  sonic_session_tap tap)
{
    const sonic_graph *graph = &model->graph;
    const size_t element_bytes = sonic_ring_bytes(graph->ring);
    const size_t in = BATCH * sonic_node_elements(graph, 0);
    const size_t out = BATCH * sonic_node_elements(graph, graph->nodes - 1);
    server both[2] = {{.context = context, .methods = methods, .tap = tap},
                      {.context = context, .methods = methods, .tap = tap}};
    float *image = take(in * sizeof *image);
    void *x = take(in * element_bytes), *expected = take(out * element_bytes);
    uint64_t state = 3;
    sonic_error error;
    require_ok(sonic_graph_validate(graph, &error), &error);
    for (size_t i = 0; i < in; i++)
        image[i] = (float)sonic_test_uniform(&state, graph->input_low, graph->input_high);
    require_ok(sonic_graph_encode(graph, x, image, in, &error), &error);
    require_ok(sonic_model_run_plain(model, context, BATCH, expected, x, NULL, &error), &error);

    share_model(model, both);
    if (methods.source == SONIC_SOURCE_DEALER)
        deal_pools(both);
    split(context, graph->ring, &both[0].x, &both[1].x, x, in);
    both[0].y = take(out * element_bytes);
    both[1].y = take(out * element_bytes);
    run_both(both);
    open_result(graph, both, expected, out);

    free_shares(both);
    sonic_pool_free(both[0].pool);
    sonic_pool_free(both[1].pool);
    sonic_model_free(model);
    free(image);
    free(x);
    free(expected);
}

static void infer_relu(const sonic_context *context, sonic_methods methods, sonic_ring ring,
                       sonic_truncation truncation, uint32_t shift, sonic_session_tap tap)
{
    enum { ELEMENTS = 35, LARGEST = 1000 }; /* two words of bits in a batch */
    sonic_model model;
    sonic_test_net_begin(&model, 1, ELEMENTS, 0, 0);
    (void)sonic_test_net_add(&model, (sonic_node){.op = SONIC_OP_RELU, .shift = shift}, 0, 0);
    sonic_graph *graph = &model.graph;
    graph->ring = ring;
    graph->truncation = truncation;
    graph->input_low = -LARGEST;
    graph->input_high = LARGEST;
    for (uint32_t node = 0; node < graph->nodes; node++) {
        graph->node[node].unit = 1;
        graph->node[node].bound = LARGEST;
        graph->node[node].error = node && shift ? 1 : 0;
    }
    infer(context, &model, methods, tap);
}

void constant_time_relu(const sonic_context *context)
{
    for (int i = 0; i < 2; i++) {
        const sonic_ring ring = i ? SONIC_RING_64 : SONIC_RING_32;
        infer_relu(context, ppa, ring, SONIC_TRUNC_STOCHASTIC, 0, NULL);
        infer_relu(context, ppa, ring, SONIC_TRUNC_STOCHASTIC, 5, NULL);
        infer_relu(context, ppa, ring, SONIC_TRUNC_LOCAL, 5, NULL);
        infer_relu(context, gc, ring, SONIC_TRUNC_STOCHASTIC, 5, NULL);
        infer_relu(context, fss, ring, SONIC_TRUNC_STOCHASTIC, 0, NULL);
        infer_relu(context, fss, ring, SONIC_TRUNC_STOCHASTIC, 5, NULL);
    }
}

/* Every kind of layer; the quantiser adds the truncations. */
static void build_network(sonic_model *model)
{
    const sonic_window three = {3, 3, 1, 1, 1, 1, 1, 1, 1, 1}, one = {1, 1, 1, 1, 1, 1, 0, 0, 0, 0};
    uint64_t state = 2;
    sonic_test_net_begin(model, 3, 2, 5, 5);
    uint32_t at = sonic_test_net_conv(model, 0, 4, three, 1, 0.5, &state);
    at = sonic_test_net_add(
        model, (sonic_node){.op = SONIC_OP_MAX_POOL, .window = {2, 2, 2, 2, 1, 1, 0, 0, 1, 1}}, at,
        0);
    const uint32_t skip = sonic_test_net_add(model, (sonic_node){.op = SONIC_OP_RELU}, at, 0);
    at = sonic_test_net_conv(model, skip, 4, three, 4, 0.5, &state);
    at = sonic_test_net_conv(model, at, 4, one, 1, 0.5, &state);
    at = sonic_test_net_add(model, (sonic_node){.op = SONIC_OP_ADD}, at, skip);
    at = sonic_test_net_add(model, (sonic_node){.op = SONIC_OP_BIAS}, at, 0);
    for (size_t i = 0; i < sonic_node_biases(&model->graph, at); i++)
        model->constants[at].b[i] = sonic_test_uniform(&state, -1, 1);
    at = sonic_test_net_add(
        model, (sonic_node){.op = SONIC_OP_AVG_POOL, .window = {2, 2, 1, 1, 1, 1, 0, 0, 0, 0}}, at,
        0);
    at = sonic_test_net_add(model, (sonic_node){.op = SONIC_OP_PAD, .window = three}, at, 0);
    at = sonic_test_net_add(model, (sonic_node){.op = SONIC_OP_PERMUTE, .perm = {1, 0, 2}}, at, 0);
    at = sonic_test_net_add(model, (sonic_node){.op = SONIC_OP_CONCAT, .axis = 1}, at, at);
    const uint32_t flat = (uint32_t)sonic_node_elements(&model->graph, at);
    at = sonic_test_net_add(model, (sonic_node){.op = SONIC_OP_RESHAPE, .shape = {1, {flat}}}, at,
                            0);
    at = sonic_test_net_conv(model, at, 6, one, 1, 0.5, &state);
    at = sonic_test_net_add(model, (sonic_node){.op = SONIC_OP_RELU}, at, 0);
    (void)sonic_test_net_conv(model, at, 3, one, 1, 0.5, &state);
}

static void require_ops(const sonic_graph *graph)
{
    const unsigned wanted = 1u << SONIC_OP_CONV | 1u << SONIC_OP_BIAS | 1u << SONIC_OP_RELU |
                            1u << SONIC_OP_MAX_POOL | 1u << SONIC_OP_AVG_POOL | 1u << SONIC_OP_ADD |
                            1u << SONIC_OP_TRUNC;
    unsigned there = 0;
    bool truncates = false;
    for (uint32_t node = 0; node < graph->nodes; node++) {
        const sonic_node *n = &graph->node[node];
        there |= 1u << n->op;
        truncates = truncates || (n->op == SONIC_OP_RELU && n->shift);
    }
    constant_time_require((there & wanted) == wanted, "an operation is missing: 0x%x of 0x%x",
                          there, wanted);
    constant_time_require(truncates, "no ReLU truncates");
}

void constant_time_session(const sonic_context *context)
{
    const sonic_methods methods[] = {ppa, ppa, ppa, gc, {SONIC_RELU_PPA, SONIC_SOURCE_OT4}, fss};
    static const sonic_quantise_options options[] = {
        {.ring = SONIC_RING_32, .truncation = SONIC_TRUNC_STOCHASTIC},
        {.ring = SONIC_RING_64, .truncation = SONIC_TRUNC_STOCHASTIC},
        {.ring = SONIC_RING_64, .truncation = SONIC_TRUNC_LOCAL},
        {.ring = SONIC_RING_32, .truncation = SONIC_TRUNC_STOCHASTIC},
        {.ring = SONIC_RING_32, .truncation = SONIC_TRUNC_STOCHASTIC},
        {.ring = SONIC_RING_64, .truncation = SONIC_TRUNC_LOCAL},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        sonic_model model;
        sonic_error error;
        build_network(&model);
        require_ok(sonic_model_quantise(&model, &options[i], &error), &error);
        require_ops(&model.graph);
        infer(context, &model, methods[i], NULL);
    }
}

static volatile unsigned sink;

static void look(void *arg, uint32_t node, const void *share, size_t elements)
{
    const sonic_model_share *model = arg;
    if (node > 0 && element(model->graph.ring, share, elements - 1) & 1)
        sink = 1;
}

void constant_time_leak_share(const sonic_context *context)
{
    infer_relu(context, ppa, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, 0, look);
}
