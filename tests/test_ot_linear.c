/* Products without a dealer: results, traffic to the byte, keys that never come twice, failures;
 * and the trees beneath. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proto/offline/ot_linear_run.h"
#include "tests/dealt.h"
#include "tests/oracle.h"
#include "tests/random_test.h"

enum { INFERENCES = 2, CONV = 1 };

/* Both parties: a node is set up once and multiplied for every inference. */
typedef struct session {
    const sonic_context *context[2];
    sonic_graph graph;
    unsigned k;
    uint32_t batch;
    bool zeros;     /* inputs and weights are 0 */
    unsigned quits; /* party 1 leaves before this step, if not 0: 1 create, 2 make */
    void *mask[2], *a[2][INFERENCES], *c[2][INFERENCES];
    sonic_traffic traffic[2][SONIC_PHASES];
} session;

static sonic_status run_linear(session *s, unsigned party, sonic_ot_pair *pair, sonic_error *error)
{
    sonic_ot_linear *linear = NULL;
    sonic_channel_mark(pair->channel, SONIC_OFFLINE, 0);
    sonic_status status =
        sonic_ot_linear_create(&linear, pair, &s->graph, CONV, s->batch, s->mask[party], error);
    cr_assert_eq(linear == NULL, status != SONIC_OK);
    sonic_channel_mark(pair->channel, SONIC_ONLINE, 0);
    for (unsigned i = 0; !status && i < INFERENCES; i++) {
        if (party == 1 && s->quits == 2 && i == 1)
            status = SONIC_E_CLOSED;
        else
            status = sonic_ot_linear_make(linear, s->c[party][i], s->a[party][i], error);
    }
    sonic_ot_linear_free(linear);
    return status;
}

static sonic_status run_party(void *arg, unsigned party, sonic_channel *channel, sonic_error *error)
{
    session *s = arg;
    sonic_ot_pair pair;
    sonic_test_seed(100 + party);
    sonic_channel_mark(channel, SONIC_SETUP, 0);
    sonic_status status =
        sonic_ot_pair_create(&pair, s->context[party], channel, party, s->k, NULL, error);
    if (status)
        return status;
    status = party == 1 && s->quits == 1 ? SONIC_E_CLOSED : run_linear(s, party, &pair, error);
    for (unsigned phase = 0; phase < SONIC_PHASES; phase++)
        s->traffic[party][phase] = sonic_channel_traffic(channel, (sonic_phase)phase, 0);
    sonic_ot_pair_free(&pair);
    return status;
}

static void *take(size_t n)
{
    void *buffer = malloc(n + 1);
    cr_assert_not_null(buffer);
    return buffer;
}

static void *draw(size_t n, uint64_t *state)
{
    uint64_t *x = take(n * 8);
    for (size_t i = 0; i < n; i++)
        x[i] = test_draw(state);
    return x;
}

static void begin(session *s, uint64_t seed)
{
    uint64_t state = seed;
    const size_t weights = sonic_node_weights(&s->graph, CONV);
    for (unsigned p = 0; p < 2; p++) {
        s->mask[p] = draw(weights, &state);
        if (s->zeros)
            memset(s->mask[p], 0, weights * 8);
        for (unsigned i = 0; i < INFERENCES; i++) {
            const size_t in = s->batch * sonic_node_elements(&s->graph, 0);
            const size_t out = s->batch * sonic_node_elements(&s->graph, CONV);
            s->a[p][i] = draw(in, &state);
            s->c[p][i] = draw(out, &state);
            if (s->zeros)
                memset(s->a[p][i], 0, in * 8);
        }
    }
}

static void end(session *s)
{
    for (unsigned p = 0; p < 2; p++) {
        free(s->mask[p]);
        for (unsigned i = 0; i < INFERENCES; i++) {
            free(s->a[p][i]);
            free(s->c[p][i]);
        }
    }
    sonic_graph_free(&s->graph);
}

/* conv(A, B) of one party's A and the other's B. */
static void *product(const session *s, unsigned inference, unsigned party)
{
    const size_t weights = sonic_node_weights(&s->graph, CONV);
    const size_t biases = sonic_node_biases(&s->graph, CONV);
    sonic_constants constants[2] = {
        {.wq = NULL}, {.wq = take(weights * 8), .bq = calloc(biases, sizeof(int64_t))}};
    const sonic_model model = {.graph = s->graph, .constants = constants};
    for (size_t i = 0; i < weights; i++)
        constants[1].wq[i] = oracle_get(s->graph.ring, s->mask[!party], i);
    const void *in[1] = {s->a[party][inference]};
    void *y = oracle_node(&model, CONV, s->batch, in);
    free(constants[1].wq);
    free(constants[1].bq);
    return y;
}

static void check_results(const session *s)
{
    const sonic_ring ring = s->graph.ring;
    for (unsigned i = 0; i < INFERENCES; i++) {
        void *y[2] = {product(s, i, 0), product(s, i, 1)};
        const size_t n = s->batch * sonic_node_elements(&s->graph, CONV);
        for (size_t j = 0; j < n; j++) {
            uint64_t got = 0, right = 0;
            for (unsigned p = 0; p < 2; p++) {
                got += (uint64_t)oracle_get(ring, s->c[p][i], j);
                right += (uint64_t)oracle_get(ring, y[p], j);
            }
            if (ring == SONIC_RING_32)
                got = (uint32_t)got, right = (uint32_t)right;
            cr_assert_eq(got, right, "inference %u, element %zu of %zu: %llx, not %llx", i, j, n,
                         (unsigned long long)got, (unsigned long long)right);
        }
        free(y[0]);
        free(y[1]);
    }
}

/* Pairs of an output and a tap that is not padding, along one axis. */
static size_t meetings(size_t in, size_t out, size_t taps, size_t stride, size_t dilation,
                       size_t pad)
{
    size_t n = 0;
    for (size_t o = 0; o < out; o++)
        for (size_t t = 0; t < taps; t++) {
            const size_t at = o * stride + t * dilation;
            n += at >= pad && at < pad + in;
        }
    return n;
}

/* Bytes of trees for n multipliers. */
static size_t setup_bytes(const session *s, size_t n)
{
    return n * s->graph.ring / 4 * 96 + 128 / s->k * (n * s->graph.ring / 8);
}

static bool is_product(const session *s)
{
    const sonic_conv_shape c = sonic_node_conv(&s->graph, CONV, 1);
    const sonic_shape *out = &s->graph.node[CONV].shape;
    const bool pixel = out->rank == 1 || (out->dim[1] == 1 && out->dim[2] == 1);
    return pixel && c.kh * c.kw == c.h * c.w && c.groups == 1 &&
           c.pad_top + c.pad_left + c.pad_bottom + c.pad_right == 0;
}

/* From the protocol's description: of the session, and of an inference. */
static void describe(const session *s, sonic_ot_cost *once, sonic_ot_cost *each)
{
    static const unsigned wire[2] = {4 + 4 + 3 + 3 + 2 + 2 + 1 + 1,
                                     2 * (8 + 7 + 6 + 5 + 4 + 3 + 2 + 1)};
    const sonic_conv_shape c = sonic_node_conv(&s->graph, CONV, 1);
    const sonic_shape *out = &s->graph.node[CONV].shape;
    const size_t bits = s->graph.ring, weights = sonic_node_weights(&s->graph, CONV);
    const size_t group = 64 * (8192 / bits); /* multipliers whose trees are set up in 2 rounds */
    size_t products = c.c / c.groups * c.o * s->batch;
    products *=
        meetings(c.h, out->rank == 3 ? out->dim[1] : 1, c.kh, c.stride_h, c.dilation_h, c.pad_top) *
        meetings(c.w, out->rank == 3 ? out->dim[2] : 1, c.kw, c.stride_w, c.dilation_w, c.pad_left);
    *once = (sonic_ot_cost){.kept_bytes = weights * bits / 8};
    *each = (sonic_ot_cost){
        .kept_bytes = s->batch * sonic_node_elements(&s->graph, CONV) * bits / 8,
        .bytes = products * wire[bits == 64],
        .rounds = products > 0,
    };
    if (is_product(s) && c.o > s->batch) {
        const size_t inputs = weights / c.o, images = group / inputs;
        each->bytes += setup_bytes(s, inputs * s->batch);
        each->rounds = images > 0 ? 3 * ((s->batch + images - 1) / images)
                                  : 3 * s->batch * ((inputs + group - 1) / group);
    } else {
        once->kept_bytes += weights * bits / 4 * 96;
        once->bytes = setup_bytes(s, weights);
        once->rounds = 2 * ((weights + group - 1) / group);
    }
}

static void check_cost(sonic_ot_cost planned, sonic_ot_cost right)
{
    cr_assert_eq(planned.bytes, right.bytes);
    cr_assert_eq(planned.rounds, right.rounds);
    cr_assert_eq(planned.kept_bytes, right.kept_bytes);
}

static void check_counters(const sonic_traffic *counted, sonic_ot_cost right, unsigned times)
{
    cr_assert_eq(counted->sent, times * right.bytes, "%llu bytes, not %u x %llu",
                 (unsigned long long)counted->sent, times, (unsigned long long)right.bytes);
    cr_assert_eq(counted->received, counted->sent);
    cr_assert_eq(counted->rounds, times * right.rounds);
}

static void check_traffic(const session *s)
{
    sonic_ot_cost once, each;
    describe(s, &once, &each);
    check_cost(sonic_ot_linear_setup_cost(s->k, &s->graph, CONV, s->batch), once);
    check_cost(sonic_ot_linear_cost(s->k, &s->graph, CONV, s->batch), each);
    for (unsigned p = 0; p < 2; p++) {
        check_counters(&s->traffic[p][SONIC_OFFLINE], once, 1);
        check_counters(&s->traffic[p][SONIC_ONLINE], each, INFERENCES);
    }
}

static void check_session(session *s, test_outcome *outcome, uint64_t seed)
{
    begin(s, seed);
    test_run(outcome, run_party, s);
    for (unsigned p = 0; p < 2; p++)
        cr_assert_eq(outcome->status[p], SONIC_OK, "%s", outcome->error[p].text);
    check_results(s);
    check_traffic(s);
    end(s);
}

/* A convolution of c x h x w, or a fully connected layer where h is 0. */
typedef struct conv {
    uint32_t c, h, w, o, groups;
    sonic_window window;
} conv;

static void make_graph(sonic_graph *graph, sonic_ring ring, const conv *shape)
{
    test_graph_begin(graph, ring, SONIC_TRUNC_LOCAL, shape->c, shape->h, shape->w);
    sonic_node *node = test_graph_append(graph, SONIC_OP_CONV, 0);
    node->shape.dim[0] = shape->o;
    node->groups = shape->groups;
    node->window = shape->window;
    test_graph_shape(graph);
}

static uint32_t below(uint64_t *state, uint32_t n)
{
    return (uint32_t)(test_draw(state) % n);
}

static conv random_conv(uint64_t *state)
{
    conv s = {.groups = 1 + below(state, 3), .window = {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}};
    s.c = s.groups * (1 + below(state, 5));
    s.o = s.groups * (1 + below(state, 3));
    if (below(state, 4) == 0) {
        s.groups = 1;
        return s;
    }
    sonic_window *w = &s.window;
    *w = (sonic_window){1 + below(state, 4), 1 + below(state, 4), 1 + below(state, 3),
                        1 + below(state, 3), 1 + below(state, 3), 1 + below(state, 3),
                        below(state, 4),     below(state, 4),     below(state, 4),
                        below(state, 4)};
    s.h = (w->kh - 1) * w->dilation_h + 1 + below(state, 12);
    s.w = (w->kw - 1) * w->dilation_w + 1 + below(state, 12);
    return s;
}

static void check_random(sonic_ring ring)
{
    sonic_context *context[SONIC_TIERS];
    const size_t tiers = test_contexts(context);
    uint64_t state = 5;
    const size_t shapes = getenv("SANITIZED") ? 8 : 16;
    for (size_t i = 0; i < shapes; i++) {
        static const unsigned k[] = {1, 2, 4, 8};
        test_outcome outcome = {0};
        session s = {.context = {context[i % tiers], context[i / tiers % tiers]},
                     .k = k[i % 4],
                     .batch = 1 + below(&state, 3)};
        const conv shape = random_conv(&state);
        make_graph(&s.graph, ring, &shape);
        check_session(&s, &outcome, 70 + i);
    }
    for (size_t t = 0; t < tiers; t++)
        sonic_context_free(context[t]);
}

Test(ot_linear, random_shapes_mod_2_to_32)
{
    check_random(SONIC_RING_32);
}

Test(ot_linear, random_shapes_mod_2_to_64)
{
    check_random(SONIC_RING_64);
}

typedef struct shape_case {
    conv shape;
    sonic_ring ring;
    uint32_t batch;
} shape_case;

static void check_cases(const shape_case *cases, size_t n)
{
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    for (size_t i = 0; i < n; i++) {
        test_outcome outcome = {0};
        session s = {.context = {context, context}, .k = 4, .batch = cases[i].batch};
        make_graph(&s.graph, cases[i].ring, &cases[i].shape);
        check_session(&s, &outcome, i);
    }
    sonic_context_free(context);
}

/* More than a block of multipliers, of elements and of setup's group; padding that hides taps. */
Test(ot_linear, large_shapes)
{
    static const shape_case cases[] = {
        {{3, 60, 61, 2, 1, {3, 3, 1, 1, 1, 1, 1, 1, 1, 1}}, SONIC_RING_32, 1},
        {{70, 7, 7, 3, 1, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}}, SONIC_RING_64, 2},
        {{9, 40, 40, 9, 9, {3, 3, 1, 1, 1, 1, 1, 1, 1, 1}}, SONIC_RING_64, 1},
        {{190, 0, 0, 97, 1, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}}, SONIC_RING_32, 97},
        {{1300, 0, 0, 13, 1, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}}, SONIC_RING_64, 13},
        {{2, 2, 2, 2, 1, {1, 3, 1, 4, 1, 1, 0, 3, 0, 4}}, SONIC_RING_32, 1},
        {{1, 1, 1, 1, 1, {1, 1, 2, 1, 1, 1, 1, 0, 0, 0}}, SONIC_RING_32, 1},
    };
    check_cases(cases, sizeof cases / sizeof *cases);
}

/* By inputs where there are more outputs than images; in groups of some images, and of some inputs
 * of one; more than a block of outputs; and what is nearly such a layer. */
Test(ot_linear, fully_connected)
{
    static const shape_case cases[] = {
        {{1, 0, 0, 2, 1, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}}, SONIC_RING_64, 1},
        {{784, 0, 0, 17, 1, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}}, SONIC_RING_64, 1},
        {{131, 0, 0, 10, 1, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}}, SONIC_RING_32, 3},
        {{60, 0, 0, 4, 1, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}}, SONIC_RING_64, 3},
        {{60, 0, 0, 3, 1, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}}, SONIC_RING_64, 3},
        {{60, 0, 0, 2, 1, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}}, SONIC_RING_32, 3},
        {{3, 5, 7, 9, 1, {5, 7, 2, 3, 1, 1, 0, 0, 0, 0}}, SONIC_RING_32, 2},
        {{6, 1, 4, 8, 1, {1, 4, 1, 1, 9, 1, 0, 0, 0, 0}}, SONIC_RING_64, 1},
        {{6, 3, 3, 8, 2, {3, 3, 1, 1, 1, 1, 0, 0, 0, 0}}, SONIC_RING_64, 1},
        {{6, 3, 3, 8, 1, {3, 3, 3, 3, 1, 1, 1, 1, 1, 1}}, SONIC_RING_64, 1},
        {{6, 3, 3, 8, 1, {3, 2, 3, 3, 1, 1, 0, 0, 0, 0}}, SONIC_RING_64, 1},
        {{5, 0, 0, 2500, 1, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}}, SONIC_RING_32, 1},
        {{3000, 0, 0, 6, 1, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}}, SONIC_RING_64, 5},
        {{9000, 0, 0, 3, 1, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}}, SONIC_RING_64, 2},
    };
    check_cases(cases, sizeof cases / sizeof *cases);
}

/* Threads take multipliers in turns: of one output channel and tap, or of several of them. */
Test(ot_linear, any_number_of_threads)
{
    static const conv shapes[] = {{70, 9, 9, 3, 1, {3, 3, 1, 1, 1, 1, 1, 1, 1, 1}},
                                  {5000, 0, 0, 2, 1, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}},
                                  {900, 0, 0, 90, 1, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        uint64_t hash[2] = {0};
        for (int threads = 1; threads <= 5; threads += 2) {
            const sonic_context_options options = {.threads = threads};
            sonic_context *context;
            test_outcome outcome = {0};
            cr_assert_eq(sonic_context_create(&context, &options, NULL), SONIC_OK);
            session s = {.context = {context, context}, .k = 4, .batch = 2};
            make_graph(&s.graph, SONIC_RING_32, &shapes[i]);
            check_session(&s, &outcome, 2);
            for (unsigned p = 0; p < 2; p++) {
                hash[p] = threads == 1 ? outcome.wire[p].hash : hash[p];
                cr_assert_eq(outcome.wire[p].hash, hash[p], "%d threads", threads);
            }
            sonic_context_free(context);
        }
    }
}

/* Each direction's bytes depend on randomness and inputs alone. */
static void check_tiers(const conv *shape)
{
    sonic_context *context[SONIC_TIERS];
    const size_t tiers = test_contexts(context);
    uint64_t hash[2] = {0};
    for (size_t pair = 0; pair < tiers * tiers; pair += test_next_pair(tiers)) {
        test_outcome outcome = {0};
        session s = {.context = {context[pair / tiers], context[pair % tiers]}, .k = 4, .batch = 2};
        make_graph(&s.graph, SONIC_RING_64, shape);
        check_session(&s, &outcome, 3);
        for (unsigned p = 0; p < 2; p++) {
            hash[p] = pair ? hash[p] : outcome.wire[p].hash;
            cr_assert_eq(outcome.wire[p].hash, hash[p], "tiers %s and %s: server %u's bytes differ",
                         sonic_context_tier(context[pair / tiers]),
                         sonic_context_tier(context[pair % tiers]), p);
        }
    }
    for (size_t t = 0; t < tiers; t++)
        sonic_context_free(context[t]);
}

Test(ot_linear, wire_is_the_same_for_all_tiers)
{
    check_tiers(&(conv){3, 5, 6, 2, 1, {3, 2, 1, 2, 1, 1, 1, 1, 1, 1}});
    check_tiers(&(conv){41, 0, 0, 23, 1, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}});
}

static int compare_words(const void *a, const void *b)
{
    return memcmp(a, b, 8);
}

/* Results stay right where a mask serves twice, in two trees, blocks of a tap, inferences or
 * directions, and inputs do not stay secret.  Of inputs and weights 0 the masks are what is sent.
 */
static void check_masks(const conv *shape)
{
    sonic_context *context;
    test_outcome outcome = {0};
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    session s = {.context = {context, context}, .k = 4, .batch = 1, .zeros = true};
    make_graph(&s.graph, SONIC_RING_32, shape);
    const size_t made = 2 * sonic_ot_linear_cost(4, &s.graph, CONV, 1).bytes;
    uint8_t *masks = take(2 * made);
    for (unsigned p = 0; p < 2; p++) {
        outcome.wire[p].room = made + (1 << 20);
        outcome.wire[p].kept = take(outcome.wire[p].room);
    }
    check_session(&s, &outcome, 9);
    for (unsigned p = 0; p < 2; p++) {
        cr_assert_leq(outcome.wire[p].sent, outcome.wire[p].room);
        memcpy(masks + p * made, outcome.wire[p].kept + outcome.wire[p].sent - made, made);
        free(outcome.wire[p].kept);
    }
    qsort(masks, made / 4, 8, compare_words);
    for (size_t i = 8; i < 2 * made; i += 8)
        cr_assert(memcmp(masks + i, masks + i - 8, 8) != 0, "a mask came twice");
    free(masks);
    sonic_context_free(context);
}

Test(ot_linear, no_mask_serves_twice)
{
    check_masks(&(conv){2, 80, 80, 2, 1, {2, 1, 1, 1, 1, 1, 0, 0, 0, 0}});
    check_masks(&(conv){3, 0, 0, 2500, 1, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}});
}

/* Nor do results say under how many keys trees grew. */
Test(ot_linear, keys_of_trees_change)
{
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    const sonic_ot_seeds seeds = {.side = {{1, 2, 3}, {4, 5, 6}}};
    static const size_t at[] = {0, SONIC_OT_KEY_MULTIPLIERS - 1, SONIC_OT_KEY_MULTIPLIERS};
    sonic_trees_keys keys[3];
    for (size_t i = 0; i < 3; i++)
        sonic_ot_trees_keys(&keys[i], &context->kernels, &seeds, at[i]);
    for (size_t side = 0; side < 2; side++) {
        const void *bytes[3] = {keys[0].side[side].round, keys[1].side[side].round,
                                keys[2].side[side].round};
        cr_assert_arr_eq(bytes[0], bytes[1], 16);
        cr_assert(memcmp(bytes[1], bytes[2], 16) != 0);
    }
    cr_assert(memcmp(keys[0].side[0].round, keys[0].side[1].round, 16) != 0);
    /* what the other party does not know under one of them: 3 parents a tree */
    cr_assert_leq((size_t)SONIC_OT_KEY_MULTIPLIERS * sonic_ot_digits(SONIC_RING_64) * 3, 1 << 20);
    sonic_context_free(context);
}

Test(ot_linear, a_peer_that_leaves_is_an_error_and_leaves_nothing)
{
    static const conv shape = {3, 9, 9, 2, 1, {3, 3, 1, 1, 1, 1, 1, 1, 1, 1}};
    sonic_context *context;
    cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
    for (unsigned quits = 1; quits <= 2; quits++) {
        test_outcome outcome = {0};
        session s = {.context = {context, context}, .k = 4, .batch = 1, .quits = quits};
        make_graph(&s.graph, SONIC_RING_64, &shape);
        begin(&s, 1);
        test_run(&outcome, run_party, &s);
        cr_assert_neq(outcome.status[0], SONIC_OK);
        cr_assert(strstr(outcome.error[0].text, "server 1"), "%s", outcome.error[0].text);
        const size_t bytes = 8 * sonic_node_elements(&s.graph, CONV);
        cr_assert_eq(sodium_is_zero(s.c[0][1], bytes), quits == 2);
        end(&s);
    }
    sonic_context_free(context);
}

/* Seeds of n trees as both parties get them, digit t % 16 in tree t. */
static void check_trees(const sonic_kernels *kernels, size_t n)
{
    enum { LEVELS = SONIC_TREES_LEVELS, SEEDS = SONIC_TREES_SEEDS, SUMS = SONIC_TREES_SUMS };
    uint64_t *transfer = take(LEVELS * 2 * n * 16), *own = take(SEEDS * n * 16);
    uint64_t *peer = take(SEEDS * n * 16), *sums = take(SUMS * n * 16);
    uint64_t *nodes = take(LEVELS * n * 16), *masks = take(LEVELS * n * 16);
    sonic_trees_keys keys;
    kernels->aes.expand(&keys.side[0], (const uint8_t *)"the left children");
    kernels->aes.expand(&keys.side[1], (const uint8_t *)"right children..");
    randombytes_buf(transfer, LEVELS * 2 * n * 16);
    memcpy(own, transfer, 2 * n * 16);
    sonic_trees_grow(kernels, own, sums, n, &keys);
    for (size_t i = 0; i < SUMS * n * 2; i++)
        sums[i] ^= transfer[2 * n * 2 + i];
    for (size_t t = 0; t < n; t++) {
        sonic_trees_mask(masks, n, t, t % SEEDS);
        for (size_t i = 0; i < LEVELS; i++)
            memcpy(nodes + (i * n + t) * 2,
                   transfer + ((2 * i + !(t % SEEDS >> i & 1)) * n + t) * 2, 16);
    }
    sonic_trees_puncture(kernels, peer, nodes, sums, masks, n, &keys);
    for (size_t i = 0; i < LEVELS; i++)
        memcpy(peer + ((size_t)n << i) * 2, nodes + i * n * 2, n * 16);
    sonic_trees_regrow(kernels, peer, masks, n, &keys);
    for (size_t t = 0; t < n; t++)
        for (size_t x = 0; x < SEEDS; x++)
            cr_assert_eq(memcmp(own + (x * n + t) * 2, peer + (x * n + t) * 2, 16) == 0,
                         x != t % SEEDS, "seed %zu of tree %zu of %zu", x, t, n);
    /* a seed is a leaf below the two nodes of its lowest bit, hashed as its bits say */
    for (size_t x = 0; x < SEEDS; x++) {
        uint64_t leaf[2];
        memcpy(leaf, transfer + (x & 1) * n * 2, 16);
        for (size_t i = 1; i < LEVELS; i++)
            kernels->aes.ccr((uint8_t *)leaf, (const uint8_t *)leaf, 1, &keys.side[x >> i & 1]);
        cr_assert_arr_eq(leaf, own + x * n * 2, 16);
    }
    free(transfer);
    free(own);
    free(peer);
    free(sums);
    free(nodes);
    free(masks);
}

Test(trees, all_seeds_but_one)
{
    sonic_context *context[SONIC_TIERS];
    const size_t tiers = test_contexts(context);
    for (size_t t = 0; t < tiers; t++) {
        for (size_t n = 1; n < 40; n++)
            check_trees(&context[t]->kernels, n);
        check_trees(&context[t]->kernels, 300);
        sonic_context_free(context[t]);
    }
}
