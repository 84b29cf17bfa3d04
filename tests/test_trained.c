/* The trained networks of ../shared/models and models/: quantised, they predict what they did. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/trained.h"

static sonic_context *context_of(const char *tier)
{
    sonic_context *context;
    const sonic_context_options options = {.tier = tier};
    cr_assert_eq(sonic_context_create(&context, &options, NULL), SONIC_OK);
    return context;
}

static size_t argmax_float(const float *y, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        best = y[i] > y[best] ? i : best;
    return best;
}

static size_t argmax(const double *y, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        best = y[i] > y[best] ? i : best;
    return best;
}

/* How many of the first `most` inputs of a trained network the plain reference and the float
 * network agree on; *n becomes how many there were, 0 where the files are not there. */
static size_t agreement(const char *name, sonic_ring ring, size_t most, size_t *n)
{
    size_t inputs, outputs;
    sonic_model model;
    sonic_error error;
    *n = 0;
    float *x = trained_read(name, "input", &inputs),
          *logits = trained_read(name, "logits", &outputs);
    if (!x || !logits)
        return 0;
    cr_assert(trained_import(&model, name), "%s", name);
    const sonic_quantise_options o = {.ring = ring};
    cr_assert_eq(sonic_model_quantise(&model, &o, &error), SONIC_OK, "%s", error.text);
    const size_t in = sonic_node_elements(&model.graph, 0);
    const size_t out = sonic_node_elements(&model.graph, model.graph.nodes - 1);
    size_t batch = inputs / in, agreed = 0;
    cr_assert_eq(batch, outputs / out);
    batch = batch < most ? batch : most;
    void *q = malloc(batch * in * 8), *r = malloc(batch * out * 8);
    double *y = malloc(batch * out * sizeof *y);
    sonic_context *context = context_of(NULL);
    cr_assert_eq(sonic_graph_encode(&model.graph, q, x, batch * in, &error), SONIC_OK, "%s",
                 error.text);
    cr_assert_eq(sonic_model_run_plain(&model, context, batch, r, q, NULL, &error), SONIC_OK, "%s",
                 error.text);
    sonic_graph_decode(&model.graph, y, r, batch * out);
    for (size_t i = 0; i < batch; i++)
        agreed += argmax(y + i * out, out) == argmax_float(logits + i * out, out);
    sonic_context_free(context);
    sonic_model_free(&model);
    free(q);
    free(r);
    free(y);
    free(x);
    free(logits);
    *n = batch;
    return agreed;
}

Test(trained, networks_keep_their_predictions)
{
    static const struct {
        const char *name;
        sonic_ring ring;
        size_t most;
    } runs[] = {{"m1", SONIC_RING_64, 200}, {"m2", SONIC_RING_64, 200}, {"m3", SONIC_RING_64, 200},
                {"f3", SONIC_RING_64, 200}, {"c1", SONIC_RING_64, 40},  {"r20", SONIC_RING_64, 40},
                {"m1", SONIC_RING_32, 200}, {"m2", SONIC_RING_32, 200}, {"m3", SONIC_RING_32, 200},
                {"f3", SONIC_RING_32, 200}};
    size_t all = 0, agreed = 0;
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        size_t n;
        agreed += agreement(runs[i].name, runs[i].ring, runs[i].most, &n);
        all += n;
    }
    if (!all)
        cr_skip_test(
            "the trained networks' inputs are not there: set SONIC_MODELS to their folder");
    cr_assert_geq((double)agreed, 0.995 * (double)all, "%zu of %zu agree", agreed, all);
}
