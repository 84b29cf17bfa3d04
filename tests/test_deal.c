/* The dealer: what both views add up to, the files, that no key stream is used twice, failures. */
#include <criterion/criterion.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/compare/ppa.h"
#include "proto/offline/ppa_plan.h"
#include "proto/offline/streams.h"
#include "tests/dealt.h"
#include "tests/random_test.h"

static const uint8_t model[SONIC_ID_BYTES] = "some model";

/* Every kind of node that has material; more than one block where it matters. */
static void make_graph(sonic_graph *graph, sonic_ring ring, sonic_truncation truncation)
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

/* Both parties' views of a node in a slot, opened. */
typedef struct opened_views {
    sonic_material view[2];
    sonic_ring ring;
} opened_views;

static void dealt(const sonic_material *view, uint64_t stream, uint64_t offset, uint64_t correction,
                  void *out, size_t n)
{
    sonic_error error;
    cr_assert_eq(sonic_material_dealt(view, stream, offset, correction, out, n, &error), SONIC_OK,
                 "%s", error.text);
}

static uint64_t element(sonic_ring ring, const void *x, size_t i)
{
    return ring == SONIC_RING_64 ? ((const uint64_t *)x)[i] : ((const uint32_t *)x)[i];
}

static uint64_t reduce(sonic_ring ring, uint64_t x)
{
    return ring == SONIC_RING_64 ? x : (uint32_t)x;
}

/* n elements that both views add up to; correction SIZE_MAX: each party's own randomness. */
static uint64_t *open_elements(const opened_views *o, uint64_t stream, uint64_t offset,
                               uint64_t correction, size_t n)
{
    size_t bytes = n * (size_t)o->ring / 8;
    uint64_t *sum = calloc(n + 1, 8);
    void *share = malloc(bytes + 1);
    for (unsigned p = 0; p < 2; p++) {
        if (correction == SIZE_MAX)
            sonic_material_random(&o->view[p], stream, offset, share, bytes);
        else
            dealt(&o->view[p], stream, offset, correction, share, bytes);
        for (size_t i = 0; i < n; i++)
            sum[i] = reduce(o->ring, sum[i] + element(o->ring, share, i));
    }
    free(share);
    return sum;
}

/* The same of `bits` bits under XOR, one a byte; party 2: both. */
static uint8_t *open_bits(const opened_views *o, unsigned party, uint64_t stream, uint64_t offset,
                          uint64_t correction, size_t bits)
{
    size_t bytes = (bits + 7) / 8;
    uint8_t *sum = calloc(bits + 1, 1), *share = malloc(bytes + 1);
    for (unsigned p = 0; p < 2; p++) {
        if (party != 2 && p != party)
            continue;
        if (correction == SIZE_MAX)
            sonic_material_random(&o->view[p], stream, offset, share, bytes);
        else
            dealt(&o->view[p], stream, offset, correction, share, bytes);
        for (size_t i = 0; i < bits; i++)
            sum[i] = (uint8_t)(sum[i] ^ (share[i / 8] >> i % 8 & 1));
    }
    free(share);
    return sum;
}

static void check_product(const uint8_t *a, const uint8_t *b, const uint8_t *c, size_t bits,
                          const char *what)
{
    for (size_t i = 0; i < bits; i++)
        cr_assert_eq(a[i] & b[i], c[i], "%s: bit %zu of %zu", what, i, bits);
}

/* One block of a call, all its rounds; *correction per round is where the block's piece starts. */
static void check_block(const opened_views *o, uint32_t index, size_t block, size_t rows,
                        const uint64_t *correction, unsigned shift)
{
    unsigned l = (unsigned)o->ring, log = l == 64 ? 6 : 5;
    uint64_t whole = block * 4096 / 8; /* bytes of a plane before this block */
    size_t bits = (l - 1) * rows;
    uint64_t s = (uint64_t)index << 16;
    uint8_t *a = open_bits(o, 0, s, whole * (l - 1), SIZE_MAX, bits);
    uint8_t *b = open_bits(o, 1, s, whole * (l - 1), SIZE_MAX, bits);
    uint8_t *c = open_bits(o, 2, s | 1, whole * (l - 1), correction[0], bits), *d, *omega;
    check_product(a, b, c, bits, "r s");
    free(a);
    free(b);
    free(c);
    for (unsigned round = 1; round <= log; round++) {
        size_t pairs = round == 1 ? l / 2 - 1 : l >> round, full = round == 1 ? pairs : pairs - 1;
        s = (uint64_t)index << 16 | (uint64_t)round << 8;
        a = open_bits(o, 2, s, whole * pairs, SIZE_MAX, pairs * rows);
        b = open_bits(o, 2, s | 1, whole * pairs, SIZE_MAX, pairs * rows);
        omega = open_bits(o, 2, s | 2, whole * full, SIZE_MAX, full * rows);
        c = open_bits(o, 2, s | 3, whole * pairs, correction[round], pairs * rows);
        d = open_bits(o, 2, s | 4, whole * full, correction[round] + (pairs * rows + 7) / 8,
                      full * rows);
        check_product(a, b, c, pairs * rows, "mu nu");
        check_product(a, omega, d, full * rows, "mu omega");
        free(a);
        free(b);
        free(c);
        free(d);
        free(omega);
    }

    s = (uint64_t)index << 16 | (uint64_t)(log + 1) << 8;
    uint64_t start = block * 4096 * l / 8, field = ((uint64_t)1 << shift) - 1;
    size_t arrays = shift > 0 ? 4 : 2, size = l / 8;
    a = open_bits(o, 2, s, whole, SIZE_MAX, rows);
    uint64_t *u = open_elements(o, s | 1, start, SIZE_MAX, rows);
    uint64_t *got = open_elements(o, s | 2, start * arrays, correction[log + 1], arrays * rows);
    uint8_t *share[2];
    for (unsigned p = 0; p < 2; p++) {
        share[p] = malloc(arrays * rows * size + 1);
        dealt(&o->view[p], s | 2, start * arrays, correction[log + 1], share[p],
              arrays * rows * size);
    }
    for (size_t i = 0; i < rows; i++) {
        cr_assert_eq(got[i], a[i], "r, element %zu", i);
        if (shift == 0) {
            cr_assert_eq(got[rows + i], a[i] ? u[i] : 0, "r u, element %zu", i);
            continue;
        }
        uint64_t high = u[i] >> shift, msb = u[i] >> (l - 1);
        cr_assert_eq(reduce(o->ring, got[rows + i] + high), 0, "u >> shift, element %zu", i);
        cr_assert_eq(reduce(o->ring, got[2 * rows + i] + (a[i] ? high : 0)), 0);
        uint64_t w0 = element(o->ring, share[0], 3 * rows + i);
        uint64_t w1 = element(o->ring, share[1], 3 * rows + i);
        cr_assert_eq((w0 + w1) & field, msb, "msb(u), element %zu", i);
        cr_assert_eq(((w0 >> shift) + (w1 >> shift)) & field, msb & a[i], "r msb(u), element %zu",
                     i);
    }
    for (unsigned p = 0; p < 2; p++)
        free(share[p]);
    free(a);
    free(u);
    free(got);
}

/* A call of n elements whose corrections start at `at`; returns where they end. */
static uint64_t check_call(const opened_views *o, uint32_t index, size_t n, uint64_t at,
                           unsigned shift)
{
    unsigned l = (unsigned)o->ring, log = l == 64 ? 6 : 5;
    size_t blocks = (n + 4095) / 4096;
    uint64_t(*correction)[8] = calloc(blocks, sizeof *correction);
    for (unsigned round = 0; round <= log + 1; round++) {
        for (size_t block = 0; block < blocks; block++) {
            size_t rows = n - block * 4096 < 4096 ? n - block * 4096 : 4096;
            correction[block][round] = at;
            size_t pairs = round == 1 ? l / 2 - 1 : l >> round,
                   full = round == 1 ? pairs : pairs - 1;
            at += round == 0    ? ((l - 1) * rows + 7) / 8
                  : round > log ? rows * l / 8 * (shift > 0 ? 4 : 2)
                                : (pairs * rows + 7) / 8 + (full * rows + 7) / 8;
        }
    }
    for (size_t block = 0; block < blocks; block++) {
        size_t rows = n - block * 4096 < 4096 ? n - block * 4096 : 4096;
        check_block(o, index, block, rows, correction[block], shift);
    }
    free(correction);
    return at;
}

static void check_conv(const opened_views *o, const test_pools *pools, const sonic_graph *graph,
                       const sonic_context *context, uint32_t batch)
{
    opened_views setup = *o;
    for (unsigned p = 0; p < 2; p++)
        sonic_material_key(context, &setup.view[p].key, sonic_pool_seed(pools->pool[p]),
                           SONIC_SLOT_SETUP, 1);
    size_t weights = sonic_node_weights(graph, 1), in = 2 * 32 * 31, out = 5 * 32 * 31;
    uint64_t *b = open_elements(&setup, 0, 0, SIZE_MAX, weights);
    uint64_t *a = open_elements(o, 0, 0, SIZE_MAX, in * batch);
    uint64_t *c = open_elements(o, 1, 0, 0, out * batch);
    cr_assert_eq(weights, 5 * 2 * 3 * 2);
    for (size_t i = 0; i < out * batch; i++) {
        size_t image = i / out, channel = i % out / (32 * 31), y = i / 31 % 32, x = i % 31;
        uint64_t sum = 0;
        for (size_t k = 0; k < 2 * 3 * 2; k++) {
            size_t row = y + k / 2 % 3, column = x + k % 2; /* padded by 1 above, 0 at the left */
            if (row >= 1 && row <= 32 && column < 31)
                sum +=
                    a[image * in + k / 6 * 32 * 31 + (row - 1) * 31 + column] * b[channel * 12 + k];
        }
        cr_assert_eq(reduce(o->ring, sum), c[i], "C, element %zu", i);
    }
    free(a);
    free(b);
    free(c);
}

static void check_trunc(const opened_views *o, size_t n, unsigned shift)
{
    size_t size = (size_t)o->ring / 8;
    for (size_t start = 0; start < n; start += 4096) {
        size_t rows = n - start < 4096 ? n - start : 4096;
        uint64_t *u = open_elements(o, 0, start * size, SIZE_MAX, rows);
        uint64_t *got = open_elements(o, 1, 2 * start * size, 2 * start * size, 2 * rows);
        for (size_t i = 0; i < rows; i++) {
            cr_assert_eq(reduce(o->ring, got[i] + (u[i] >> shift)), 0, "u >> shift, element %zu",
                         i);
            cr_assert_eq(got[rows + i] & (((uint64_t)1 << shift) - 1),
                         u[i] >> ((unsigned)o->ring - 1));
        }
        free(u);
        free(got);
    }
}

static void check_material(sonic_ring ring, sonic_truncation truncation, uint64_t seed)
{
    enum { BATCH = 2, COUNT = 2 };
    sonic_context *context;
    sonic_graph graph;
    test_pools pools;
    bool stochastic = truncation == SONIC_TRUNC_STOCHASTIC;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    sonic_test_seed(seed);
    make_graph(&graph, ring, truncation);
    test_pools_deal(&pools, context, &graph, BATCH, COUNT);
    for (uint32_t slot = 0; slot < COUNT; slot++) {
        for (uint32_t node = 1; node < graph.nodes; node++) {
            opened_views o = {.ring = ring};
            for (unsigned p = 0; p < 2; p++)
                sonic_material_begin(&o.view[p], context, pools.pool[p], &pools.plan, slot, node);
            uint64_t end = pools.plan.step[node].offline_bytes;
            if (node == 1)
                check_conv(&o, &pools, &graph, context, BATCH);
            if (node == 2 && stochastic)
                check_trunc(&o, 4960 * BATCH, 7);
            if (node == 3) {
                /* 961 windows in a channel; the last column's have 2 candidates, the others 4. */
                uint64_t at = check_call(&o, 0, (930 * 2 + 31 * 1) * 5 * BATCH, 0, 0);
                cr_assert_eq(check_call(&o, 1, 930 * 5 * BATCH, at, 0), end);
            }
            if (node == 4)
                cr_assert_eq(check_call(&o, 0, 4805 * BATCH, 0, stochastic ? 9 : 0), end);
            for (unsigned p = 0; p < 2; p++)
                sonic_material_end(&o.view[p]);
        }
    }
    test_pools_free(&pools);
    sonic_graph_free(&graph);
    sonic_context_free(context);
}

Test(deal, both_views_satisfy_the_relations_in_32_bits)
{
    check_material(SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, 1);
    check_material(SONIC_RING_32, SONIC_TRUNC_LOCAL, 2);
}

Test(deal, both_views_satisfy_the_relations_in_64_bits)
{
    check_material(SONIC_RING_64, SONIC_TRUNC_STOCHASTIC, 3);
    check_material(SONIC_RING_64, SONIC_TRUNC_LOCAL, 4);
}

static uint8_t *read_file(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    struct stat info;
    cr_assert_not_null(file, "%s", path);
    cr_assert_eq(fstat(fileno(file), &info), 0);
    *n = (size_t)info.st_size;
    uint8_t *bytes = malloc(*n + 1);
    cr_assert_eq(fread(bytes, 1, *n, file), *n);
    fclose(file);
    return bytes;
}

Test(deal, files_are_what_the_plan_says_on_every_tier)
{
    sonic_context *context[SONIC_TIERS];
    size_t tiers = test_contexts(context), n[2] = {0, 0};
    uint8_t *first[2] = {NULL, NULL};
    for (size_t t = 0; t < tiers; t++) {
        sonic_graph graph;
        test_pools pools;
        make_graph(&graph, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC);
        sonic_test_seed(8);
        context[t]->threads = 1 + (int)t;
        test_pools_deal(&pools, context[t], &graph, 1, 3);
        for (unsigned p = 0; p < 2; p++) {
            const sonic_file_header *header = sonic_pool_header(pools.pool[p]);
            cr_assert_eq(header->kind, SONIC_FILE_POOL);
            cr_assert_eq(header->party, p);
            cr_assert_eq(header->ring, SONIC_RING_32);
            cr_assert_eq(header->batch, 1);
            cr_assert_eq(header->count, 3);
            cr_assert_eq(header->data_bytes, p == 0 ? 0 : 3 * pools.plan.slot_bytes);
            cr_assert_str_eq((const char *)header->model, "a model");
            cr_assert_eq(
                memcmp(header->pair, sonic_pool_header(pools.pool[0])->pair, SONIC_ID_BYTES), 0);
            cr_assert_eq(memcmp(sonic_pool_plan_digest(pools.pool[p]), pools.plan.digest,
                                SONIC_DIGEST_BYTES),
                         0);

            size_t size;
            struct stat info;
            cr_assert_eq(stat(pools.path[p], &info), 0);
            cr_assert_eq(info.st_mode & 0777, 0600);
            uint8_t *bytes = read_file(pools.path[p], &size);
            if (t == 0) {
                first[p] = bytes;
                n[p] = size;
                continue;
            }
            cr_assert_eq(size, n[p]);
            cr_assert_eq(memcmp(bytes, first[p], size), 0, "%s deals something else than %s",
                         sonic_context_tier(context[t]), sonic_context_tier(context[0]));
            free(bytes);
        }
        cr_assert_neq(memcmp(sonic_pool_seed(pools.pool[0]), sonic_pool_seed(pools.pool[1]), 16),
                      0);
        test_pools_free(&pools);
        sonic_graph_free(&graph);
    }
    for (unsigned p = 0; p < 2; p++)
        free(first[p]);
    for (size_t t = 0; t < tiers; t++)
        sonic_context_free(context[t]);
}

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

typedef struct recorded_run {
    const sonic_context *context;
    const test_pools *pools;
    const sonic_graph *graph;
    uint32_t slot;
} recorded_run;

/* All comparisons of one inference, on zeros. */
static sonic_status recorded_party(void *arg, unsigned party, sonic_channel *channel,
                                   sonic_error *error)
{
    recorded_run *run = arg;
    uint32_t *x = calloc(20000, 4);
    sonic_status status = SONIC_OK;
    for (uint32_t node = 3; node <= 4; node++) {
        sonic_material material;
        sonic_ppa_call call = {0};
        sonic_material_begin(&material, run->context, run->pools->pool[party], &run->pools->plan,
                             run->slot, node);
        for (; status == SONIC_OK; call.index++) {
            call.n = node == 3         ? sonic_max_pool_level(run->graph, 3, 2, call.index)
                     : call.index == 0 ? 4805 * 2
                                       : 0;
            call.shift = node == 3 ? 0 : 9;
            if (call.n == 0)
                break;
            status =
                sonic_ppa_relu(run->context, channel, &material, SONIC_RING_32, &call, x, error);
            call.correction +=
                sonic_ppa_cost_of(SONIC_RING_32, call.n, call.shift, SONIC_TRUNC_STOCHASTIC)
                    .offline_bytes;
        }
        sonic_material_end(&material);
    }
    free(x);
    return status;
}

Test(deal, no_key_stream_is_used_twice)
{
    sonic_context *context;
    sonic_graph graph;
    test_pools pools;
    test_outcome outcome = {0};
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    real_ctr = context->kernels.aes.ctr;
    context->kernels.aes.ctr = recording_ctr;
    sonic_test_seed(21);
    make_graph(&graph, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC);
    test_pools_deal(&pools, context, &graph, 2, 2);

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
    cr_assert_geq(total * 16, 2 * pools.plan.slot_bytes);

    /* The servers expand what the dealer did for them, range for range, and nothing else. */
    for (uint32_t slot = 0; slot < 2; slot++) {
        recorded_run run = {context, &pools, &graph, slot};
        test_run(&outcome, recorded_party, &run);
        for (unsigned p = 0; p < 2; p++)
            cr_assert_eq(outcome.status[p], SONIC_OK, "%s", outcome.error[p].text);
    }
    cr_assert_gt(uses_made, dealer);
    for (size_t i = dealer; i < uses_made; i++) {
        const use *found = bsearch(&uses[i], uses, dealer, sizeof *uses, compare_uses);
        cr_assert_not_null(found,
                           "a server expands stream 0x%llx from block %llu, the dealer did not",
                           (unsigned long long)uses[i].nonce, (unsigned long long)uses[i].first);
    }
    free(uses);
    test_pools_free(&pools);
    sonic_graph_free(&graph);
    sonic_context_free(context);
}

typedef struct progress_log {
    uint64_t calls, stop_at;
} progress_log;

static int log_progress(void *arg, uint64_t done, uint64_t total)
{
    progress_log *log = arg;
    log->calls++;
    cr_assert_eq(done, log->calls);
    cr_assert_eq(total, 5);
    return done == log->stop_at;
}

Test(deal, both_files_appear_or_none)
{
    sonic_context *context;
    sonic_graph graph;
    test_pools pools;
    sonic_error error;
    progress_log log = {0, 3};
    char missing[128];
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    test_graph_relu(&graph, SONIC_RING_32, SONIC_TRUNC_STOCHASTIC, 10, 4);
    test_pools_begin(&pools, &graph, 1);
    snprintf(missing, sizeof missing, "%s/missing/pool", pools.directory);
    const char *zero = pools.path[0], *one = pools.path[1];

    cr_assert_eq(sonic_deal(context, &graph, model, 1, 5, zero, one, log_progress, &log, &error),
                 SONIC_E_CLOSED);
    cr_assert_str_eq(error.text, "dealing was stopped after 3 of 5 inferences");
    cr_assert_eq(log.calls, 3);
    cr_assert_eq(rmdir(pools.directory), 0, "something was left behind");
    cr_assert_eq(mkdir(pools.directory, 0700), 0);

    cr_assert_eq(sonic_deal(context, &graph, model, 1, 5, missing, one, NULL, NULL, &error),
                 SONIC_E_FILE);
    cr_assert_eq(sonic_deal(context, &graph, model, 1, 5, zero, missing, NULL, NULL, &error),
                 SONIC_E_FILE);
    cr_assert_eq(sonic_deal(context, &graph, model, 1, 5, zero, zero, NULL, NULL, &error),
                 SONIC_E_ARGUMENT);
    cr_assert_eq(sonic_deal(context, &graph, model, 1, 0, zero, one, NULL, NULL, &error),
                 SONIC_E_ARGUMENT);
    cr_assert_str_eq(error.text, "a pool must hold at least one inference");
    cr_assert_eq(sonic_deal(context, &graph, model, 0, 5, zero, one, NULL, NULL, &error),
                 SONIC_E_ARGUMENT);
    cr_assert_eq(rmdir(pools.directory), 0, "something was left behind");
    cr_assert_eq(mkdir(pools.directory, 0700), 0);

    /* A target that cannot be replaced shows only when the first file is already in place. */
    cr_assert_eq(mkdir(zero, 0700), 0);
    cr_assert_eq(sonic_deal(context, &graph, model, 1, 5, zero, one, NULL, NULL, &error),
                 SONIC_E_FILE);
    cr_assert_neq(access(one, F_OK), 0, "server 1's pool was left alone");
    cr_assert_eq(rmdir(zero), 0);

    log = (progress_log){0, 99};
    cr_assert_eq(sonic_deal(context, &graph, model, 1, 5, zero, one, log_progress, &log, &error),
                 SONIC_OK);
    cr_assert_eq(log.calls, 5);
    cr_assert_eq(sonic_pool_open(&pools.pool[0], zero, &error), SONIC_OK);
    cr_assert_eq(sonic_pool_open(&pools.pool[1], one, &error), SONIC_OK);
    test_pools_free(&pools);
    sonic_graph_free(&graph);
    sonic_context_free(context);
}
