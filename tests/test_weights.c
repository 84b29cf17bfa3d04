/* Weights made ready: the same products as with weights as they are, on every tier, whatever was
 * expected. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "dispatch/cpu.h"
#include "proto/model/weights.h"
#include "tests/build_model.h"

enum { NODE = 1, MOST = 9, CASES = 6 };

static const sonic_ring rings[] = {SONIC_RING_32, SONIC_RING_64};
static const size_t expected[] = {1, 4, 5, MOST}; /* images, when weights are made ready */
static const size_t images[] = {1, 4, 7, MOST};   /* and afterwards */

static const struct {
    uint32_t c, h, w, o, groups;
    sonic_window window;
} cases[CASES] = {
    {5, 7, 6, 9, 1, {3, 3, 1, 1, 1, 1, 1, 1, 1, 1}},
    {8, 9, 8, 6, 2, {3, 2, 2, 1, 1, 2, 1, 0, 1, 1}},
    {6, 5, 7, 6, 6, {3, 3, 1, 1, 1, 1, 1, 1, 1, 1}},    /* depthwise */
    {17, 6, 6, 13, 1, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}},  /* whole planes */
    {300, 1, 1, 37, 1, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}}, /* fully connected */
    {3, 1, 1, 4, 1, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},    /* not quite */
};

struct layer {
    sonic_model model;
    void *x, *w, *y, *got; /* y: by sonic_conv() on the lowest tier */
    size_t out;            /* bytes an image */
};

static sonic_context *make_context(const char *tier)
{
    const sonic_context_options options = {tier, 2};
    sonic_context *context;
    sonic_error error = {0};
    cr_assert_eq(sonic_context_create(&context, &options, &error), SONIC_OK, "%s", error.text);
    return context;
}

static void *draw(sonic_ring ring, size_t elements, uint64_t *state)
{
    void *x = malloc(elements * ring / 8);
    cr_assert(x);
    build_draw_elements(ring, x, elements, 0, state);
    return x;
}

static struct layer make_layer(sonic_ring ring, size_t i)
{
    struct layer l;
    uint64_t state = i;
    build_begin(&l.model, ring, SONIC_TRUNC_LOCAL,
                (sonic_shape){3, {cases[i].c, cases[i].h, cases[i].w}});
    sonic_node *n = build_add(&l.model, SONIC_OP_CONV, "tested", 1, 0);
    n->shape.dim[0] = cases[i].o;
    n->groups = cases[i].groups;
    n->window = cases[i].window;
    build_finish(&l.model, &state, 1);
    const sonic_graph *graph = &l.model.graph;
    const sonic_conv_shape shape = sonic_node_conv(graph, NODE, MOST);
    l.out = sonic_node_elements(graph, NODE) * ring / 8;
    l.x = draw(ring, sonic_node_elements(graph, 0) * MOST, &state);
    l.w = draw(ring, sonic_node_weights(graph, NODE), &state);
    l.y = malloc(l.out * MOST);
    l.got = malloc(l.out * MOST);
    cr_assert(l.y && l.got);
    sonic_context *context = make_context("ref");
    cr_assert_eq(sonic_conv(context, ring, &shape, l.y, l.x, l.w, false, NULL), SONIC_OK);
    sonic_context_free(context);
    return l;
}

static void free_layer(struct layer *l)
{
    sonic_model_free(&l->model);
    free(l->x);
    free(l->w);
    free(l->y);
    free(l->got);
}

/* Twice, once on top of zeros. */
static void expect_products(struct layer *l, const sonic_weights *weights,
                            const sonic_context *context, const char *what)
{
    sonic_error error = {0};
    for (size_t i = 0; i < sizeof images / sizeof *images; i++)
        for (int accumulate = 0; accumulate < 2; accumulate++) {
            memset(l->got, accumulate ? 0 : 0xa5, l->out * MOST);
            cr_assert_eq(sonic_weights_conv(weights, context, &l->model.graph, NODE, images[i],
                                            l->got, l->x, accumulate, &error),
                         SONIC_OK, "%s", error.text);
            cr_assert_arr_eq(l->got, l->y, l->out * images[i], "%s, ring %d, tier %s, %zu images",
                             what, l->model.graph.ring, sonic_context_tier(context), images[i]);
        }
}

/* Weights that are the caller's, and weights that are given away. */
static void check_layer(struct layer *l, const sonic_context *context, size_t expect)
{
    const sonic_graph *graph = &l->model.graph;
    const size_t bytes = sonic_node_weights(graph, NODE) * graph->ring / 8;
    sonic_weights weights;
    void *given = malloc(bytes);
    cr_assert(given);
    memcpy(given, l->w, bytes);
    cr_assert_eq(sonic_weights_borrow(&weights, context, graph, NODE, expect, l->w, NULL),
                 SONIC_OK);
    expect_products(l, &weights, context, "borrowed");
    sonic_weights_free(&weights);
    cr_assert(!weights.packed && !weights.raw);
    cr_assert_arr_eq(given, l->w, bytes, "the caller's weights were wiped");
    cr_assert_eq(sonic_weights_take(&weights, context, graph, NODE, expect, given, NULL), SONIC_OK);
    expect_products(l, &weights, context, "taken");
    sonic_weights_free(&weights);
}

Test(weights, products_are_the_same_on_every_tier)
{
    for (size_t r = 0; r < 2; r++)
        for (size_t i = 0; i < CASES; i++) {
            struct layer l = make_layer(rings[r], i);
            for (int t = 0; t < SONIC_TIERS; t++) {
                if (!(sonic_cpu_tiers() >> t & 1))
                    continue;
                sonic_context *context = make_context(sonic_tier_name((sonic_tier)t));
                for (size_t e = 0; e < sizeof expected / sizeof *expected; e++)
                    check_layer(&l, context, expected[e]);
                sonic_context_free(context);
            }
            free_layer(&l);
        }
}

/* Only depthwise convolutions', and a fully connected layer's for few images, are not packed. */
Test(weights, are_packed_where_that_is_more_than_a_copy)
{
    sonic_context *context = make_context(NULL);
    for (size_t i = 0; i < CASES; i++) {
        struct layer l = make_layer(SONIC_RING_64, i);
        for (size_t e = 0; e < sizeof expected / sizeof *expected; e++) {
            sonic_weights weights;
            const bool raw = i == 2 || (i == 4 && expected[e] <= 4);
            cr_assert_eq(sonic_weights_borrow(&weights, context, &l.model.graph, NODE, expected[e],
                                              l.w, NULL),
                         SONIC_OK);
            cr_expect_eq(weights.packed == NULL, raw, "case %zu, %zu images", i, expected[e]);
            cr_expect_eq(weights.raw == l.w, raw, "case %zu, %zu images", i, expected[e]);
            sonic_weights_free(&weights);
        }
        free_layer(&l);
    }
    sonic_context_free(context);
}

/* Whoever gives weights away has nothing to free, and a failure leaves none. */
Test(weights, a_failure_leaves_none)
{
    struct layer l = make_layer(SONIC_RING_32, 0);
    sonic_error error = {0};
    sonic_weights weights;
    void *given = malloc(sonic_node_weights(&l.model.graph, NODE) * 4);
    cr_assert(given);
    cr_expect_eq(sonic_weights_take(&weights, NULL, &l.model.graph, NODE, 1, given, &error),
                 SONIC_E_ARGUMENT);
    cr_expect(!weights.packed && !weights.raw && !weights.own);
    cr_expect(strlen(error.text) > 0);
    sonic_weights_free(&weights);
    free_layer(&l);
}
