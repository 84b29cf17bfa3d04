/* Import of constants that no convolution can take, or that only a later one can. */
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
