/* Import of constants that no convolution can take, or that only a later one can, and of ReLUs with
 * a slope or limits. */
#include <criterion/criterion.h>

#include <math.h>
#include <string.h>

#include "tests/import_check.h"

/* Everything that multiplies or adds a constant, where no convolution can take it. */
Test(import, opset_7_and_constants_that_cannot_be_folded)
{
    build b;
    build_start(&b, 7, "old", 6);
    build_input(&b, "x", LIST(4, 3, 6, 5)); /* a fixed batch is the batch */
    Onnx__NodeProto *bn = build_batch_norm(&b, "bn", "x", "n", 3);
    build_int(&b, bn, "spatial", 1);
    build_float(&b, bn, "epsilon", 0.01f);
    build_node(&b, "Relu", "", "n", "r");
    build_batch_norm(&b, "full", "r", "nf", 90);
    build_int(&b, b.node[b.graph.n_node - 1], "spatial", 0);
    build_weights(&b, "rows", LIST(6, 1));
    build_node(&b, "Mul", "mul_rows", "rows nf", "mr");
    build_weights(&b, "image", LIST(3, 6, 5));
    build_node(&b, "Sub", "from_image", "image mr", "si");
    build_node(&b, "Sub", "two", "si r", "st");
    build_node(&b, "Sum", "three", "st r si", "sum");
    build_ints(&b, build_node(&b, "Pad", "pad", "sum", "padded"), "pads",
               LIST(0, 0, 1, 0, 0, 0, 0, 1));
    Onnx__NodeProto *pool = build_node(&b, "AveragePool", "avg", "padded", "p");
    build_ints(&b, pool, "kernel_shape", LIST(2, 2));
    build_ints(&b, pool, "pads", LIST(1, 0, 0, 1));
    build_initializer(&b, build_scalar(&b, "minus", -0.75f));
    build_node(&b, "Mul", "negative", "p minus", "q");
    build_node(&b, "GlobalMaxPool", "gmax", "q", "g1");
    build_node(&b, "GlobalAveragePool", "gavg", "q", "g2");
    build_int(&b, build_node(&b, "Concat", "cat", "g1 g2", "g"), "axis", 1);
    build_int(&b, build_node(&b, "Flatten", "flatten", "g", "f"), "axis", 1);
    build_weights(&b, "features", LIST(6));
    build_node(&b, "Mul", "mul_features", "f features", "y");
    build_output(&b, "y");
    sonic_model m = import_check(&b, LIST(4, 3, 6, 5), "opset 7");
    for (uint32_t i = 0; i < m.graph.nodes; i++)
        cr_expect_neq(m.graph.node[i].op, SONIC_OP_SCALE);
    sonic_model_free(&m);
    build_end(&b);
}

/* A batch norm between a residual sum and a ReLU can only go forward.  Where it all but switches a
 * channel off, dividing its additions by it would make a network of enormous numbers. */
Test(import, small_factors_do_not_blow_up_additions)
{
    build b;
    build_start(&b, 13, "pre-activation", 9);
    build_input(&b, "x", LIST(0, 3, 5, 5));
    build_ints(&b, build_conv(&b, "first", "x", "c", LIST(3, 3, 3, 3), true), "pads",
               LIST(1, 1, 1, 1));
    build_node(&b, "Add", "residual", "c x", "s");
    build_batch_norm(&b, "bn", "s", "n", 3);
    for (size_t i = 0; i < b.graph.n_initializer; i++)
        if (strcmp(b.tensor[i]->name, "bn.scale") == 0)
            memcpy(b.tensor[i]->float_data, (float[]){1, 1e-9f, 0.7f}, 3 * sizeof(float));
    build_node(&b, "Relu", "relu", "n", "r");
    build_conv(&b, "second", "r", "y", LIST(2, 3, 3, 3), true);
    build_output(&b, "y");
    sonic_model m = import_check(&b, LIST(2, 3, 5, 5), "pre-activation");
    for (uint32_t i = 0; i < m.graph.nodes; i++)
        for (size_t j = 0; j < sonic_node_biases(&m.graph, i); j++)
            cr_expect_leq(fabs(m.constants[i].b[j]), 100, "node %u: %g", i, m.constants[i].b[j]);
    sonic_model_free(&m);
    build_end(&b);
}

/* The usual place of a ReLU with something: after a convolution, before a max-pool. */
static sonic_model import_between(const char *type, const char *attribute, float value,
                                  bool after_relu, const char *what)
{
    build b;
    build_start(&b, 7, what, 12);
    build_input(&b, "x", LIST(0, 2, 6, 6));
    build_conv(&b, "conv", "x", "c", LIST(3, 2, 3, 3), true);
    if (after_relu)
        build_node(&b, "Relu", "relu", "c", "r");
    Onnx__NodeProto *node = build_node(&b, type, "it", after_relu ? "r" : "c", "a");
    if (attribute)
        build_float(&b, node, attribute, value);
    if (*type == 'C')
        build_float(&b, node, "min", 0);
    build_ints(&b, build_node(&b, "MaxPool", "pool", "a", "y"), "kernel_shape", LIST(2, 2));
    build_output(&b, "y");
    sonic_model m = import_check(&b, LIST(3, 2, 6, 6), what);
    build_end(&b);
    return m;
}

static void expect_counts(sonic_model *m, const char *what, unsigned relus, unsigned scales,
                          unsigned convs)
{
    cr_expect_eq(import_count(m, SONIC_OP_RELU), relus, "%s: %u relus", what,
                 import_count(m, SONIC_OP_RELU));
    cr_expect_eq(import_count(m, SONIC_OP_SCALE), scales, "%s: %u factors", what,
                 import_count(m, SONIC_OP_SCALE));
    cr_expect_eq(import_count(m, SONIC_OP_CONV), convs, "%s: %u products", what,
                 import_count(m, SONIC_OP_CONV));
    uint32_t pool = 0, relu = 0;
    for (uint32_t i = m->graph.nodes; i-- > 0;) {
        pool = m->graph.node[i].op == SONIC_OP_MAX_POOL ? i : pool;
        relu = m->graph.node[i].op == SONIC_OP_RELU ? i : relu;
    }
    cr_expect(pool && (relus == 0 || pool < relu), "%s: the pool comes after", what);
    sonic_model_free(m);
}

Test(import, relus_with_slopes_and_limits)
{
    sonic_model m = import_between("LeakyRelu", "alpha", 0.25f, false, "leaky");
    expect_counts(&m, "leaky", 1, 2, 1);
    m = import_between("LeakyRelu", NULL, 0, false, "default alpha");
    cr_expect_eq((float)m.constants[m.graph.nodes - 2].w[0], 0.01f);
    expect_counts(&m, "default alpha", 1, 2, 1);
    m = import_between("LeakyRelu", "alpha", 0, false, "alpha 0");
    expect_counts(&m, "alpha 0", 1, 0, 1);
    m = import_between("LeakyRelu", "alpha", 1, false, "alpha 1");
    expect_counts(&m, "alpha 1", 0, 0, 1);
    m = import_between("LeakyRelu", "alpha", 0.25f, true, "leaky after a ReLU");
    expect_counts(&m, "leaky after a ReLU", 1, 0, 1);
    m = import_between("Clip", "max", 0.5f, false, "clip");
    expect_counts(&m, "clip", 2, 2, 1);
    m = import_between("Clip", "max", 0.5f, true, "clip after a ReLU");
    expect_counts(&m, "clip after a ReLU", 2, 2, 1);
    m = import_between("Clip", NULL, 0, false, "clip from below");
    expect_counts(&m, "clip from below", 1, 0, 1);
}

/* Without a pool between them the convolution does the first difference. */
Test(import, a_convolution_takes_part_of_a_clip)
{
    build b;
    build_start(&b, 13, "clip", 13);
    build_input(&b, "x", LIST(0, 2, 6, 6));
    build_conv(&b, "conv", "x", "c", LIST(3, 2, 3, 3), true);
    build_batch_norm(&b, "norm", "c", "n", 3);
    build_initializer(&b, build_scalar(&b, "low", 0));
    build_initializer(&b, build_scalar(&b, "high", 0.5f));
    build_node(&b, "Clip", "clip", "n low high", "r");
    build_batch_norm(&b, "next", "r", "y", 3); /* must not pass the limit */
    build_output(&b, "y");
    sonic_model m = import_check(&b, LIST(2, 2, 6, 6), "clip");
    cr_expect_eq(import_count(&m, SONIC_OP_SCALE), 1);
    cr_expect_eq(import_count(&m, SONIC_OP_BIAS), 1);
    cr_expect_eq(import_count(&m, SONIC_OP_RELU), 2);
    sonic_model_free(&m);
    build_end(&b);
}

/* Zeros win where all else is negative, which a slope allows; limits below 0 do, too. */
Test(import, padding_after_slopes_and_limits)
{
    for (unsigned kind = 0; kind < 4; kind++) {
        build b;
        build_start(&b, 13, "padding", 14);
        build_input(&b, "x", LIST(0, 1, 3, 3));
        build_initializer(&b, build_scalar(&b, "far", 2));
        build_node(&b, "Sub", "below", "x far", "n");
        build_initializer(&b, build_scalar(&b, "low", -0.5f));
        build_initializer(&b, build_scalar(&b, "high", kind == 3 ? INFINITY : 3));
        if (kind == 0)
            build_node(&b, "LeakyRelu", "leaky", "n", "r");
        else
            build_node(&b, "Clip", "clip", kind == 1 ? "n" : "n low high", "r");
        build_initializer(&b, build_integers(&b, "pads", NULL, LIST(0, 0, 1, 1, 0, 0, 1, 1)));
        build_node(&b, "Pad", "pad", "r pads", "p");
        build_ints(&b, build_node(&b, "MaxPool", "pool", "p", "y"), "kernel_shape", LIST(2, 2));
        build_output(&b, "y");
        sonic_model m = import_check(&b, LIST(2, 1, 3, 3), "padding");
        cr_expect_eq(import_count(&m, SONIC_OP_PAD), 1);
        sonic_model_free(&m);
        build_end(&b);
    }
}
