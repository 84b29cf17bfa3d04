/* No key stream is used twice, by the dealer or by the servers that expand what it dealt. */
#include <criterion/criterion.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "proto/compare/compare.h"
#include "proto/compare/fss.h"
#include "tests/dealt.h"
#include "tests/random_test.h"

/* Every use of a key stream: which key, which nonce, which blocks. */
typedef struct use {
    uint8_t key[16];
    uint64_t nonce, first, blocks;
} use;

static pthread_mutex_t uses_lock = PTHREAD_MUTEX_INITIALIZER;
static use *uses;
static size_t uses_made, uses_room;
static void (*real_ctr)(uint8_t *, size_t, const sonic_aes_key *, uint64_t, uint64_t);

static void recording_ctr(uint8_t *out, size_t n, const sonic_aes_key *key, uint64_t nonce,
                          uint64_t counter)
{
    real_ctr(out, n, key, nonce, counter);
    if (n == 0 || nonce == 0x746f6c73 || nonce == 0x65646f6e) /* key derivation: "slot", "node" */
        return;
    pthread_mutex_lock(&uses_lock);
    if (uses_made == uses_room) {
        uses_room = 2 * uses_room + 1024;
        uses = realloc(uses, uses_room * sizeof *uses);
    }
    uses[uses_made] = (use){.nonce = nonce, .first = counter, .blocks = (n + 15) / 16};
    memcpy(uses[uses_made++].key, key->round[0], 16);
    pthread_mutex_unlock(&uses_lock);
}

static int compare_uses(const void *a, const void *b)
{
    const use *x = a, *y = b;
    int order = memcmp(x->key, y->key, 16);
    if (order == 0)
        order = x->nonce < y->nonce ? -1 : x->nonce > y->nonce;
    if (order == 0)
        order = x->first < y->first ? -1 : x->first > y->first;
    return order != 0 ? order : x->blocks < y->blocks ? -1 : x->blocks > y->blocks;
}

/* Whether sorted uses, one behind the other, cover a use. */
static bool is_among(const use *of, const use *sorted, size_t n)
{
    uint64_t next = of->first;
    for (size_t i = 0; i < n && next < of->first + of->blocks; i++)
        if (memcmp(sorted[i].key, of->key, 16) == 0 && sorted[i].nonce == of->nonce &&
            sorted[i].first <= next && sorted[i].first + sorted[i].blocks > next)
            next = sorted[i].first + sorted[i].blocks;
    return next >= of->first + of->blocks;
}

typedef struct recorded_run {
    const sonic_context *context;
    const test_pools *pools;
    const sonic_graph *graph;
    uint32_t slot;
} recorded_run;

/* All comparisons of one inference, on zeros; with fss the truncation, too. */
static sonic_status recorded_party(void *arg, unsigned party, sonic_channel *channel,
                                   sonic_error *error)
{
    recorded_run *run = arg;
    const sonic_compare compare = {.methods = run->pools->plan.methods};
    uint32_t *x = calloc(20000, 4);
    sonic_status status = SONIC_OK;
    for (uint32_t node = 2; node <= 4; node++) {
        sonic_material material;
        sonic_relu_calls calls = {
            .methods = compare.methods, .graph = run->graph, .node = node, .batch = 2};
        sonic_material_begin(&material, run->context, run->pools->pool[party], &run->pools->plan,
                             run->slot, node);
        while (status == SONIC_OK && sonic_relu_next(&calls))
            status = sonic_compare_relu(&compare, run->context, channel, &material, SONIC_RING_32,
                                        &calls.call, x, error);
        if (status == SONIC_OK && node == 2 && compare.methods.relu == SONIC_RELU_FSS)
            status = sonic_fss_trunc(run->context, channel, &material, SONIC_RING_32, 7, x,
                                     2 * 4960, error);
        sonic_material_end(&material);
    }
    free(x);
    return status;
}

static void check_streams(sonic_relu relu)
{
    sonic_context *context;
    sonic_graph graph;
    test_pools pools;
    test_outcome outcome = {0};
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    real_ctr = context->kernels.aes.ctr;
    context->kernels.aes.ctr = recording_ctr;
    sonic_test_seed(21);
    test_graph_material(&graph, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC);
    test_pools_deal(&pools, context, &graph, relu, 2, 2);

    /* The dealer expands everything exactly once, so any overlap is a reuse. */
    size_t dealer = uses_made;
    uint64_t total = 0;
    qsort(uses, dealer, sizeof *uses, compare_uses);
    cr_assert_gt(dealer, 100);
    for (size_t i = 0; i < dealer; i++) {
        total += uses[i].blocks;
        if (i == 0 || memcmp(uses[i - 1].key, uses[i].key, 16) != 0 ||
            uses[i - 1].nonce != uses[i].nonce)
            continue;
        cr_assert_leq(uses[i - 1].first + uses[i - 1].blocks, uses[i].first,
                      "stream 0x%llx: blocks from %llu and %llu overlap",
                      (unsigned long long)uses[i].nonce, (unsigned long long)uses[i - 1].first,
                      (unsigned long long)uses[i].first);
    }
    /* At least the corrections of two inferences were masked, each by a key stream of its own. */
    cr_assert_geq(total * 16, 2 * (pools.plan.slot_bytes - pools.plan.common_bytes));

    /* The servers expand what the dealer did for them, and nothing else. */
    for (uint32_t slot = 0; slot < 2; slot++) {
        recorded_run run = {context, &pools, &graph, slot};
        test_run(&outcome, recorded_party, &run);
        for (unsigned p = 0; p < 2; p++)
            cr_assert_eq(outcome.status[p], SONIC_OK, "%s", outcome.error[p].text);
    }
    cr_assert_gt(uses_made, dealer);
    for (size_t i = dealer; i < uses_made; i++) {
        cr_assert(is_among(&uses[i], uses, dealer),
                  "a server expands stream 0x%llx from block %llu, the dealer did not",
                  (unsigned long long)uses[i].nonce, (unsigned long long)uses[i].first);
    }
    free(uses);
    uses = NULL;
    uses_made = uses_room = 0;
    test_pools_free(&pools);
    sonic_graph_free(&graph);
    sonic_context_free(context);
}

Test(deal, no_key_stream_is_used_twice)
{
    check_streams(SONIC_RELU_PPA);
}

Test(deal, no_key_stream_of_fss_is_used_twice)
{
    check_streams(SONIC_RELU_FSS);
}
