/* What held keys, masks or seeds is zeroes when it is given back: at the dealer, in a server's
 * comparisons and truncations, in a pool.  The linker (--wrap) puts the check below before the C
 * library's free(). */
#include <criterion/criterion.h>

#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "proto/compare/fss.h"
#include "tests/random_test.h"
#include "tests/relu_run.h"

enum {
    VALUES = 5000,
    LEAST = 4096, /* bytes: what is smaller is names, headers and plans */
    SPARSE = 64   /* a wiped object's other members are fewer bytes than one in so many */
};

/* Of all threads: blocks that were given back, and of these those that were not wiped. */
static atomic_size_t blocks, left;
static _Thread_local bool watched;

void __real_free(void *p);
void __wrap_free(void *p);

void __wrap_free(void *p)
{
    const uint8_t *bytes = p;
    const size_t size = p && watched ? malloc_usable_size(p) : 0;
    if (size >= LEAST) {
        size_t filled = 0;
        for (size_t i = 0; i < size; i++)
            filled += bytes[i] != 0;
        blocks++;
        left += filled > size / SPARSE;
    }
    __real_free(p);
}

static void expect_wiped(size_t least, const char *what)
{
    const size_t seen = atomic_exchange(&blocks, 0), found = atomic_exchange(&left, 0);
    cr_assert_geq(seen, least, "%s: %zu blocks: the heap is not watched", what, seen);
    cr_assert_eq(found, 0, "%s: %zu of %zu blocks were given back with what they held", what, found,
                 seen);
}

static sonic_context *make_context(int threads)
{
    const sonic_context_options options = {.threads = threads};
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, &options, NULL), SONIC_OK);
    return context;
}

Test(wipe, the_dealer_forgets)
{
    static const uint8_t model[SONIC_ID_BYTES] = "a model";
    static const sonic_relu ways[] = {SONIC_RELU_PPA, SONIC_RELU_FSS};
    for (unsigned i = 0; i < 4; i++) {
        sonic_context *context = make_context(1 + (int)i / 2);
        const sonic_relu relu = ways[i % 2];
        sonic_graph graph;
        test_pools pools;
        sonic_error error;
        test_graph_material(&graph, i / 2 ? SONIC_RING_64 : SONIC_RING_32, SONIC_TRUNC_STOCHASTIC);
        test_pools_begin(&pools, &graph, relu, 1);
        watched = true;
        cr_assert_eq(sonic_deal(context, &graph, model, relu, 1, 2, pools.path[0], pools.path[1],
                                NULL, NULL, &error),
                     SONIC_OK, "%s", error.text);
        watched = false;
        expect_wiped(5, sonic_relu_name(relu)); /* buffers, masks of linear layers, two writers */
        test_pools_free(&pools);
        sonic_graph_free(&graph);
        sonic_context_free(context);
    }
}

/* A party of test_run(): relu, and then a truncation. */
static sonic_status party(void *arg, unsigned index, sonic_channel *channel, sonic_error *error)
{
    test_relu *run = arg;
    sonic_material material;
    watched = true;
    sonic_status status = test_relu_party(arg, index, channel, error);
    sonic_material_begin(&material, run->context[index], run->pools->pool[index], &run->pools->plan,
                         run->slot, 2);
    if (!status && !run->quits)
        status = sonic_fss_trunc(run->context[index], channel, &material, run->ring,
                                 run->call.shift, run->x[index], run->call.n, error);
    sonic_material_end(&material);
    watched = false; /* what a channel has sent is no secret */
    return status;
}

Test(wipe, servers_forget)
{
    sonic_context *context = make_context(1);
    sonic_graph graph;
    test_pools pools;
    test_outcome outcome = {0};
    uint64_t state = 9;
    int64_t *secret = malloc(VALUES * sizeof *secret);
    void *x[2] = {malloc(VALUES * 8), malloc(VALUES * 8)};
    test_graph_relu(&graph, SONIC_RING_64, SONIC_TRUNC_LOCAL, VALUES, 10);
    test_graph_append(&graph, SONIC_OP_TRUNC, 1)->shift = 10;
    test_pools_deal(&pools, context, &graph, SONIC_RELU_FSS, 1, 3);
    for (unsigned quits = 0; quits <= 2; quits++) {
        test_relu run = {.context = {context, context},
                         .relu = SONIC_RELU_FSS,
                         .pools = &pools,
                         .ring = SONIC_RING_64,
                         .slot = quits,
                         .call = {.n = VALUES, .shift = 10},
                         .x = {x[0], x[1]},
                         .quits = quits};
        test_relu_inputs(SONIC_RING_64, 40, secret, x, VALUES, &state);
        test_run(&outcome, party, &run);
        expect_wiped(quits ? 2 : 8, "two calls"); /* a mask and the rest, of each call and party */
        for (unsigned p = 0; p < 2; p++)
            cr_assert_eq(outcome.status[p] == SONIC_OK, p + 1 == quits || !quits, "%s",
                         outcome.error[p].text);
    }
    watched = true;
    for (unsigned p = 0; p < 2; p++) {
        sonic_pool_free(pools.pool[p]);
        pools.pool[p] = NULL;
    }
    watched = false;
    expect_wiped(2, "pools that were read");
    test_pools_free(&pools);
    sonic_graph_free(&graph);
    free(secret);
    free(x[0]);
    free(x[1]);
    sonic_context_free(context);
}
