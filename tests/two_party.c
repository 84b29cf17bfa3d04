/* Both servers of a model as two threads of this process. */
#include "tests/two_party.h"

#include <criterion/criterion.h>
#include <sonicnn/share.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

#include "proto/offline/deal.h"
#include "proto/session/handshake.h"
#include "proto/session/state.h"
#include "tests/random_test.h"

/* A memory transport that hashes what it sends, and fails as it is told. */
struct wire {
    void *inner;
    two_party_server *server;
    XXH3_state_t hash;
};

static ssize_t wire_try_send(void *self, const uint8_t *data, size_t n, sonic_error *error)
{
    struct wire *w = self;
    two_party_server *s = w->server;
    uint8_t flipped;
    if (s->fault == TWO_PARTY_CUT || s->fault == TWO_PARTY_STALL) {
        if (s->sent >= s->after)
            return s->fault == TWO_PARTY_CUT ? (ssize_t)SONIC_E_CLOSED : (ssize_t)n;
        if (n > s->after - s->sent)
            n = (size_t)(s->after - s->sent);
    } else if (s->fault == TWO_PARTY_FLIP && s->after >= s->sent && s->after - s->sent < n) {
        n = (size_t)(s->after - s->sent);
        if (n == 0) {
            flipped = data[0] ^ 1;
            data = &flipped;
            n = 1;
        }
    }
    ssize_t moved = sonic_memory_transport.try_send(w->inner, data, n, error);
    if (moved > 0) {
        size_t skip = s->sent < SONIC_HELLO_BYTES ? (size_t)(SONIC_HELLO_BYTES - s->sent) : 0;
        if (skip < (size_t)moved)
            (void)XXH3_64bits_update(&w->hash, data + skip, (size_t)moved - skip);
        s->sent += (uint64_t)moved;
    }
    return moved;
}

static ssize_t wire_try_receive(void *self, uint8_t *data, size_t n, sonic_error *error)
{
    struct wire *w = self;
    return sonic_memory_transport.try_receive(w->inner, data, n, error);
}

static int wire_wait(void *self, int want_send, int want_receive, int milliseconds,
                     sonic_error *error)
{
    struct wire *w = self;
    return sonic_memory_transport.wait(w->inner, want_send, want_receive, milliseconds, error);
}

static void wire_close(void *self)
{
    struct wire *w = self;
    sonic_memory_transport.close(w->inner);
    w->server->hash = XXH3_64bits_digest(&w->hash);
    free(w);
}

static const sonic_transport wire_transport = {wire_try_send, wire_try_receive, wire_wait,
                                               wire_close};

/* What the thread of one server needs. */
struct job {
    two_party *both;
    unsigned party;
    sonic_context *context;
    sonic_pool *pool;
    sonic_channel *channel;
    uint32_t inferences;
    const uint8_t *x;
    uint8_t *y;
    size_t in_bytes, out_bytes; /* of a batch */
};

static void record(void *arg, uint32_t node, const void *share, size_t elements)
{
    struct job *job = arg;
    size_t bytes = elements * sonic_ring_bytes(job->both->model.graph.ring);
    void **tap = &job->both->server[job->party].tap[node];
    if (!*tap)
        *tap = malloc(bytes);
    if (*tap)
        memcpy(*tap, share, bytes);
}

static bool all_zero(const uint8_t *bytes, size_t n)
{
    uint8_t any = 0;
    for (size_t i = 0; i < n; i++)
        any |= bytes[i];
    return any == 0;
}

static void infer_all(struct job *job, sonic_session *session)
{
    two_party_server *s = &job->both->server[job->party];
    for (uint32_t k = 0; k < job->inferences && !s->status; k++) {
        uint8_t *y = job->y + k * job->out_bytes;
        memset(y, 0xa5, job->out_bytes);
        if (k % 2) /* with and without a call of its own */
            s->status = sonic_session_prepare(session, &s->error);
        if (!s->status)
            s->status = sonic_session_infer(session, job->x + k * job->in_bytes, y, &s->error);
        s->done += !s->status;
        if (s->status) {
            s->again = sonic_session_infer(session, job->x, y, NULL);
            s->zeroed = all_zero(y, job->out_bytes);
        }
    }
}

static void *serve(void *arg)
{
    struct job *job = arg;
    two_party_server *s = &job->both->server[job->party];
    uint32_t nodes = job->both->model.graph.nodes;
    sonic_session *session = NULL;
    sonic_test_seed(5 + (uint64_t)job->party); /* what the servers draw must differ */
    const sonic_session_options options = {
        .methods = s->methods, .pool = job->pool, .batch = job->pool ? 0 : job->both->batch};
    s->status = sonic_session_create(&session, job->context, &job->both->share[job->party],
                                     &options, job->channel, &s->error);
    if (!s->status) {
        sonic_session_tap tap = job->both->tap;
        sonic_session_set_tap(session, tap ? tap : record, tap ? job->both->tap_arg : job);
        snprintf(s->peer_tier, sizeof s->peer_tier, "%s", sonic_session_peer_tier(session));
        infer_all(job, session);
        s->next = session->slot;
        memcpy(s->seed, session->seed, sizeof s->seed);
    }
    for (uint32_t node = 0; node < nodes; node++)
        for (unsigned phase = 0; phase < SONIC_PHASES; phase++)
            s->traffic[node * SONIC_PHASES + phase] =
                sonic_channel_traffic(job->channel, (sonic_phase)phase, node);
    sonic_session_free(session);
    sonic_channel_free(job->channel);
    return NULL;
}

void two_party_encode(sonic_ring ring, void *out, const int64_t *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (ring == SONIC_RING_64)
            ((uint64_t *)out)[i] = (uint64_t)in[i];
        else
            ((uint32_t *)out)[i] = (uint32_t)in[i];
}

/* Both shares of n constants. */
static void split_constants(const sonic_context *context, sonic_ring ring, void **share0,
                            void **share1, const int64_t *q, size_t n)
{
    if (!n)
        return;
    size_t bytes = n * sonic_ring_bytes(ring);
    void *plain = malloc(bytes);
    *share0 = malloc(bytes);
    *share1 = malloc(bytes);
    cr_assert(plain && *share0 && *share1);
    two_party_encode(ring, plain, q, n);
    sonic_share_split(context, ring, *share0, *share1, plain, n);
    free(plain);
}

void two_party_deal(two_party *both, uint32_t count, uint8_t id)
{
    sonic_error error = {0};
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, NULL, &error), SONIC_OK, "%s", error.text);
    for (unsigned i = 0; i < 2; i++) {
        memset(both->share[i].id, id, SONIC_ID_BYTES);
        (void)unlink(both->path[i]); /* may be a gigabyte, and new ones are written beside it */
    }
    cr_assert_eq(sonic_deal(context, &both->model.graph, both->share[0].id,
                            both->server[0].methods.relu, both->batch, count, both->path[0],
                            both->path[1], NULL, NULL, &error),
                 SONIC_OK, "%s", error.text);
    sonic_context_free(context);
}

void two_party_use(two_party *both, sonic_methods methods, uint32_t count)
{
    both->server[0].methods = both->server[1].methods = methods;
    if (methods.source == SONIC_SOURCE_DEALER)
        two_party_deal(both, count, both->share[0].id[0]);
}

void two_party_create(two_party *both, sonic_model *model, uint32_t batch, uint32_t count,
                      uint64_t seed)
{
    memset(both, 0, sizeof *both);
    both->model = *model;
    both->batch = batch;
    both->buffer = 1 << 16;
    both->server[0].timeout_ms = both->server[1].timeout_ms = 30000;
    const sonic_graph *graph = &both->model.graph;
    sonic_error error = {0};
    cr_assert_eq(sonic_graph_validate(graph, &error), SONIC_OK, "%s", error.text);
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, NULL, &error), SONIC_OK, "%s", error.text);
    sonic_test_seed(seed);
    for (unsigned i = 0; i < 2; i++) {
        both->share[i].graph = *graph;
        both->share[i].party = i;
        both->share[i].w = calloc(graph->nodes, sizeof(void *));
        both->share[i].b = calloc(graph->nodes, sizeof(void *));
        cr_assert(both->share[i].w && both->share[i].b);
    }
    for (uint32_t node = 0; node < graph->nodes; node++) {
        split_constants(context, graph->ring, &both->share[0].w[node], &both->share[1].w[node],
                        model->constants[node].wq, sonic_node_weights(graph, node));
        split_constants(context, graph->ring, &both->share[0].b[node], &both->share[1].b[node],
                        model->constants[node].bq, sonic_node_biases(graph, node));
    }
    const char *base = getenv("TMPDIR");
    snprintf(both->dir, sizeof both->dir, "%.40s/sonicnn-XXXXXX", base ? base : "/tmp");
    cr_assert(mkdtemp(both->dir), "%s", both->dir);
    for (unsigned i = 0; i < 2; i++)
        snprintf(both->path[i], sizeof both->path[i], "%s/pool.%u", both->dir, i);
    sonic_context_free(context);
    two_party_deal(both, count, 0x5a);
}

static void forget(two_party *both, two_party_server *s)
{
    for (uint32_t node = 0; s->tap && node < both->model.graph.nodes; node++)
        free(s->tap[node]);
    free(s->tap);
    free(s->traffic);
    *s = (two_party_server){.tier = s->tier,
                            .methods = s->methods,
                            .threads = s->threads,
                            .timeout_ms = s->timeout_ms,
                            .fault = s->fault,
                            .after = s->after};
}

void two_party_free(two_party *both)
{
    for (unsigned i = 0; i < 2; i++) {
        forget(both, &both->server[i]);
        for (uint32_t node = 0; node < both->model.graph.nodes; node++) {
            free(both->share[i].w[node]);
            free(both->share[i].b[node]);
        }
        free(both->share[i].w);
        free(both->share[i].b);
        unlink(both->path[i]);
    }
    rmdir(both->dir);
    sonic_model_free(&both->model);
}

size_t two_party_elements(const two_party *both, uint32_t node)
{
    return sonic_node_elements(&both->model.graph, node) * both->batch;
}

/* Channels between the two servers, named as servers name each other. */
static void connect_both(two_party *both, struct job job[2])
{
    void *end[2];
    sonic_error error = {0};
    cr_assert_eq(sonic_memory_transport_pair(&end[0], &end[1], both->buffer, &error), SONIC_OK,
                 "%s", error.text);
    for (unsigned i = 0; i < 2; i++) {
        struct wire *wire = calloc(1, sizeof *wire);
        cr_assert(wire);
        wire->inner = end[i];
        wire->server = &both->server[i];
        (void)XXH3_64bits_reset(&wire->hash);
        cr_assert_eq(sonic_channel_create(&job[i].channel, &wire_transport, wire,
                                          i ? "server 0" : "server 1", both->server[i].timeout_ms,
                                          &error),
                     SONIC_OK, "%s", error.text);
    }
}

sonic_status two_party_run(two_party *both, uint32_t inferences, const void *x, void *y)
{
    const sonic_graph *graph = &both->model.graph;
    size_t in = two_party_elements(both, 0), out = two_party_elements(both, graph->nodes - 1);
    size_t element = sonic_ring_bytes(graph->ring);
    uint8_t *shares[2][2];
    struct job job[2];
    sonic_error error = {0};
    for (unsigned i = 0; i < 2; i++) {
        two_party_server *s = &both->server[i];
        forget(both, s);
        s->traffic = calloc((size_t)graph->nodes * SONIC_PHASES, sizeof *s->traffic);
        s->tap = calloc(graph->nodes, sizeof *s->tap);
        shares[i][0] = malloc(in * element * inferences);
        shares[i][1] = malloc(out * element * inferences);
        cr_assert(s->traffic && s->tap && shares[i][0] && shares[i][1]);
        job[i] = (struct job){.both = both,
                              .party = i,
                              .inferences = inferences,
                              .x = shares[i][0],
                              .y = shares[i][1],
                              .in_bytes = in * element,
                              .out_bytes = out * element};
        sonic_context_options options = {.tier = s->tier, .threads = s->threads ? s->threads : 1};
        cr_assert_eq(sonic_context_create(&job[i].context, &options, &error), SONIC_OK, "%s",
                     error.text);
        if (s->methods.source == SONIC_SOURCE_DEALER)
            cr_assert_eq(sonic_pool_open(&job[i].pool, both->path[i], &error), SONIC_OK, "%s",
                         error.text);
    }
    sonic_test_seed(4);
    sonic_share_split(job[0].context, graph->ring, shares[0][0], shares[1][0], x, in * inferences);
    connect_both(both, job);

    pthread_t thread[2];
    for (unsigned i = 0; i < 2; i++)
        cr_assert_eq(pthread_create(&thread[i], NULL, serve, &job[i]), 0);
    for (unsigned i = 0; i < 2; i++)
        cr_assert_eq(pthread_join(thread[i], NULL), 0);

    sonic_status status = both->server[0].status ? both->server[0].status : both->server[1].status;
    if (!status)
        sonic_share_join(job[0].context, graph->ring, y, shares[0][1], shares[1][1],
                         out * inferences);
    for (unsigned i = 0; i < 2; i++) {
        if (job[i].pool)
            cr_assert_eq(sonic_pool_next(job[i].pool, &both->server[i].next, &error), SONIC_OK,
                         "%s", error.text);
        sonic_pool_free(job[i].pool);
        sonic_context_free(job[i].context);
        free(shares[i][0]);
        free(shares[i][1]);
    }
    return status;
}

void *two_party_tensor(const two_party *both, uint32_t node)
{
    sonic_ring ring = both->model.graph.ring;
    size_t n = two_party_elements(both, node);
    void *out = malloc(n * sonic_ring_bytes(ring));
    const void *a = both->server[0].tap[node], *b = both->server[1].tap[node];
    cr_assert(out && a && b, "node %u", node);
    for (size_t i = 0; i < n; i++)
        if (ring == SONIC_RING_64)
            ((uint64_t *)out)[i] = ((const uint64_t *)a)[i] + ((const uint64_t *)b)[i];
        else
            ((uint32_t *)out)[i] = ((const uint32_t *)a)[i] + ((const uint32_t *)b)[i];
    return out;
}
