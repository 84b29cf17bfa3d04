/* Products of linear layers without a dealer: trees for secret masks, secret inputs. */
#include "tests/constant_time.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "proto/offline/ot_linear.h"

enum { CHANNELS = 3, SIDE = 4, OUTPUTS = 3, BATCH = 2, TIMEOUT_MS = 120000 };
enum {
    INPUTS = CHANNELS * SIDE * SIDE,
    WEIGHTS = OUTPUTS * CHANNELS,
    RESULTS = OUTPUTS * SIDE * SIDE
};

/* A convolution of 1 x 1, so that its result is easily found; of one pixel it is a fully connected
 * layer of more outputs than images.  Memory is for the larger one. */
typedef struct party {
    const sonic_context *context;
    const sonic_graph *graph;
    sonic_channel *channel;
    unsigned number;
    uint32_t mask[WEIGHTS], a[BATCH * INPUTS], c[BATCH * RESULTS];
} party;

static void require_ok(sonic_status status, const sonic_error *error)
{
    constant_time_require(status == SONIC_OK, "%s", error->text);
}

static void *run(void *arg)
{
    party *p = arg;
    sonic_ot_pair pair;
    sonic_ot_linear *linear;
    sonic_error error;
    require_ok(sonic_ot_pair_create(&pair, p->context, p->channel, p->number, 4, NULL, &error),
               &error);
    secret_hide(pair.delta, sizeof pair.delta);
    require_ok(sonic_ot_linear_create(&linear, &pair, p->graph, 1, BATCH, p->mask, &error), &error);
    require_ok(sonic_ot_linear_make(linear, p->c, p->a, &error), &error);
    sonic_ot_linear_free(linear);
    sonic_ot_pair_free(&pair);
    return NULL;
}

/* Channel i of both parties' a at a place, times the other's mask for output o, summed. */
static uint32_t product(const party p[2], size_t pixels, size_t image, size_t o, size_t at)
{
    uint32_t sum = 0;
    for (unsigned i = 0; i < 2; i++)
        for (size_t c = 0; c < CHANNELS; c++)
            sum += p[i].a[(image * CHANNELS + c) * pixels + at] * p[!i].mask[o * CHANNELS + c];
    return sum;
}

static void check(const sonic_context *context, uint32_t side)
{
    static party p[2];
    const size_t pixels = (size_t)side * side, results = BATCH * OUTPUTS * pixels;
    uint32_t input = 0;
    sonic_node nodes[2] = {
        {.op = SONIC_OP_INPUT, .shape = {3, {CHANNELS, side, side}}},
        {.op = SONIC_OP_CONV,
         .inputs = 1,
         .input = &input,
         .shape = {3, {OUTPUTS, side, side}},
         .window = {1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
         .groups = 1},
    };
    const sonic_graph graph = {.ring = SONIC_RING_32, .nodes = 2, .node = nodes};
    pthread_t thread;
    sonic_error error;
    for (unsigned i = 0; i < 2; i++) {
        p[i] = (party){.context = context, .graph = &graph, .number = i};
        memset(p[i].mask, 0x39 + (int)i, sizeof p[i].mask);
        memset(p[i].a, 0x5b + (int)i, sizeof p[i].a);
        secret_hide(p[i].mask, sizeof p[i].mask);
        secret_hide(p[i].a, sizeof p[i].a);
    }
    require_ok(sonic_channel_memory_pair(&p[0].channel, &p[1].channel, 1 << 12, TIMEOUT_MS, &error),
               &error);
    constant_time_require(!pthread_create(&thread, NULL, run, &p[1]), "no thread");
    (void)run(&p[0]);
    (void)pthread_join(thread, NULL);
    for (unsigned i = 0; i < 2; i++) {
        sonic_channel_free(p[i].channel);
        constant_time_require(secret_count(p[i].c, results * 4) == results * 4,
                              "shares of products are not secret");
        secret_open(p[i].c, sizeof p[i].c);
        secret_open(p[i].mask, sizeof p[i].mask);
        secret_open(p[i].a, sizeof p[i].a);
    }
    for (size_t i = 0; i < results; i++)
        constant_time_require(p[0].c[i] + p[1].c[i] == product(p, pixels, i / pixels / OUTPUTS,
                                                               i / pixels % OUTPUTS, i % pixels),
                              "product %zu of %zu is wrong", i, results);
}

void constant_time_linear(const sonic_context *context)
{
    check(context, SIDE);
    check(context, 1);
}
