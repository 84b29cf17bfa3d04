/* Imports held to a naive evaluation; see the header. */
#include "tests/import_check.h"

#include <math.h>
#include <stdlib.h>

#include <criterion/criterion.h>

unsigned import_count(const sonic_model *model, sonic_op op)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < model->graph.nodes; i++)
        n += model->graph.node[i].op == op;
    return n;
}

sonic_model import_sound(build *b)
{
    sonic_model model;
    sonic_error error = {0};
    size_t n;
    uint8_t *bytes = build_pack(b, &n);
    sonic_status status = sonic_model_import_bytes(&model, bytes, n, NULL, &error);
    free(bytes);
    cr_assert_eq(status, SONIC_OK, "%s: %s", b->model.producer_name, error.text);
    return model;
}

static void expect_close(const sonic_model *model, size_t batch, const double *x, const double *y,
                         size_t n, const char *what)
{
    size_t out = sonic_node_elements(&model->graph, model->graph.nodes - 1);
    cr_assert_eq(batch * out, n, "%s: %zu elements, not %zu", what, batch * out, n);
    double *got = calloc(n, sizeof *got), largest = 1;
    cr_assert_eq(sonic_model_run_real(model, batch, got, x, NULL), SONIC_OK);
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(y[i]));
    for (size_t i = 0; i < n; i++)
        cr_assert(fabs(got[i] - y[i]) <= 1e-9 * largest, "%s: element %zu is %g, not %g", what, i,
                  got[i], y[i]);
    free(got);
}

sonic_model import_check(build *b, const int64_t *dims, const char *what)
{
    size_t elements = 1, n;
    for (size_t i = 0; dims[i] != END; i++)
        elements *= (size_t)dims[i];
    double *x = calloc(elements, sizeof *x);
    for (size_t i = 0; i < elements; i++)
        x[i] = build_real(b);
    double *y = evaluate(b, b->output[0]->name, dims, x, &n);
    sonic_model model = import_sound(b);
    expect_close(&model, (size_t)dims[0], x, y, n, what);
    for (size_t i = 0, j = b->graph.n_node - 1; i < j; i++, j--) {
        Onnx__NodeProto *swap = b->node[i];
        b->node[i] = b->node[j];
        b->node[j] = swap;
    }
    sonic_model again = import_sound(b);
    expect_close(&again, (size_t)dims[0], x, y, n, what);
    cr_assert_eq(again.graph.nodes, model.graph.nodes);
    sonic_model_free(&again);
    free(x);
    free(y);
    return model;
}
