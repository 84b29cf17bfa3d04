/* Import of ONNX models as the exporters in use write them, held to a naive evaluation of the same
 * nodes; nodes in reverse order must make no difference. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/model/onnx.h"
#include "tests/onnx_build.h"

static unsigned count(const sonic_model *model, sonic_op op)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < model->graph.nodes; i++)
        n += model->graph.node[i].op == op;
    return n;
}

static sonic_model import(build *b)
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

/* Evaluates, imports and compares, with the nodes in both orders.  `dims`: of a batch to run. */
static sonic_model check(build *b, const int64_t *dims, const char *what)
{
    size_t elements = 1, n;
    for (size_t i = 0; dims[i] != END; i++)
        elements *= (size_t)dims[i];
    double *x = calloc(elements, sizeof *x);
    for (size_t i = 0; i < elements; i++)
        x[i] = build_real(b);
    double *y = evaluate(b, b->output[0]->name, dims, x, &n);
    sonic_model model = import(b);
    expect_close(&model, (size_t)dims[0], x, y, n, what);
    for (size_t i = 0, j = b->graph.n_node - 1; i < j; i++, j--) {
        Onnx__NodeProto *swap = b->node[i];
        b->node[i] = b->node[j];
        b->node[j] = swap;
    }
    sonic_model again = import(b);
    expect_close(&again, (size_t)dims[0], x, y, n, what);
    cr_assert_eq(again.graph.nodes, model.graph.nodes);
    sonic_model_free(&again);
    free(x);
    free(y);
    return model;
}

static Onnx__NodeProto *conv(build *b, const char *name, const char *in, const char *out,
                             const int64_t *weights, bool bias)
{
    char w[64], c[64], inputs[192];
    (void)snprintf(w, sizeof w, "%s.weight", name);
    (void)snprintf(c, sizeof c, "%s.bias", name);
    (void)snprintf(inputs, sizeof inputs, bias ? "%s %s %s" : "%s %s", in, w, c);
    build_weights(b, w, weights);
    if (bias)
        build_weights(b, c, LIST(weights[0]));
    return build_node(b, "Conv", name, inputs, out);
}

/* Scale, bias, mean, and a variance away from zero. */
static Onnx__NodeProto *batch_norm(build *b, const char *name, const char *in, const char *out,
                                   int64_t n)
{
    char inputs[256];
    const char *const parts[] = {"scale", "shift", "mean", "variance"};
    for (size_t i = 0; i < 4; i++) {
        char part[64];
        (void)snprintf(part, sizeof part, "%s.%s", name, parts[i]);
        build_initializer(b, build_floats(b, part, LIST(n), i == 3 ? 1 : 0));
    }
    (void)snprintf(inputs, sizeof inputs, "%s %s.scale %s.shift %s.mean %s.variance", in, name,
                   name, name, name);
    return build_node(b, "BatchNormalization", name, inputs, out);
}

Test(import, pytorch_torchscript)
{
    build b;
    build_start(&b, 11, "pytorch", 1);
    build_input(&b, "input", LIST(0, 3, 13, 12));
    build_ints(&b, conv(&b, "/0/Conv", "input", "c0", LIST(8, 3, 3, 3), true), "pads",
               LIST(1, 1, 1, 1));
    batch_norm(&b, "/1/BatchNormalization", "c0", "n0", 8);
    build_node(&b, "Relu", "/2/Relu", "n0", "r0");
    Onnx__NodeProto *pool = build_node(&b, "MaxPool", "/3/MaxPool", "r0", "p0");
    build_ints(&b, pool, "kernel_shape", LIST(2, 2));
    build_ints(&b, pool, "strides", LIST(2, 2));
    build_int(&b, pool, "ceil_mode", 1);
    Onnx__NodeProto *inner = conv(&b, "/4/Conv", "p0", "c1", LIST(8, 2, 3, 3), false);
    build_ints(&b, inner, "pads", LIST(2, 2, 2, 2));
    build_ints(&b, inner, "dilations", LIST(2, 2));
    build_int(&b, inner, "group", 4);
    batch_norm(&b, "/5/BatchNormalization", "c1", "n1", 8);
    build_node(&b, "Add", "/6/Add", "n1 p0", "a");
    build_node(&b, "Relu", "/7/Relu", "a", "r1");
    build_constant(&b, "zeros", build_integers(&b, "zeros", NULL, LIST(0, 0, 0, 0, 0, 0, 0, 0)));
    build_text(&b, build_node(&b, "Pad", "/8/Pad", "r1 zeros", "pad"), "mode", "constant");
    pool = build_node(&b, "AveragePool", "/8/AveragePool", "pad", "p1");
    build_ints(&b, pool, "kernel_shape", LIST(3, 3));
    build_ints(&b, pool, "strides", LIST(2, 2));
    build_ints(&b, pool, "pads", LIST(1, 1, 1, 1));
    build_int(&b, pool, "count_include_pad", 1);
    /* x.view(x.size(0), -1) */
    build_node(&b, "Shape", "/9/Shape", "p1", "shape");
    build_constant(&b, "zero", build_integers(&b, "zero", (const int64_t[]){END}, LIST(0)));
    build_int(&b, build_node(&b, "Gather", "/9/Gather", "shape zero", "size"), "axis", 0);
    build_ints(&b, build_node(&b, "Unsqueeze", "/9/Unsqueeze", "size", "size1"), "axes", LIST(0));
    build_constant(&b, "minus", build_integers(&b, "minus", NULL, LIST(-1)));
    build_int(&b, build_node(&b, "Concat", "/9/Concat", "size1 minus", "target"), "axis", 0);
    build_node(&b, "Reshape", "/9/Reshape", "p1 target", "flat");
    build_weights(&b, "w", LIST(10, 8 * 4 * 3));
    build_weights(&b, "bias", LIST(10));
    Onnx__NodeProto *gemm = build_node(&b, "Gemm", "/10/Gemm", "flat w bias", "y");
    build_float(&b, gemm, "alpha", 0.5f);
    build_float(&b, gemm, "beta", 2);
    build_int(&b, gemm, "transB", 1);
    build_output(&b, "y");
    sonic_model m = check(&b, LIST(3, 3, 13, 12), "pytorch");
    cr_expect_eq(count(&m, SONIC_OP_CONV), 3, "batch norms are folded");
    cr_expect_eq(count(&m, SONIC_OP_BIAS), 0);
    cr_expect_eq(count(&m, SONIC_OP_PAD), 0);
    cr_expect_eq(m.graph.node[1].op, SONIC_OP_CONV);
    cr_expect_str_eq(m.graph.node[1].name, "/0/Conv");
    cr_expect_eq(m.graph.node[2].op, SONIC_OP_MAX_POOL, "max-pool comes before ReLU");
    cr_expect_eq(m.graph.node[3].op, SONIC_OP_RELU);
    sonic_model_free(&m);
    build_end(&b);
}

Test(import, pytorch_dynamo)
{
    build b;
    build_start(&b, 18, "pytorch", 2);
    b.model.ir_version = 10;
    build_input(&b, "x", LIST(0, 2, 9, 9));
    Onnx__NodeProto *node = conv(&b, "node_conv2d", "x", "conv2d", LIST(6, 2, 3, 3), true);
    build_text(&b, node, "auto_pad", "NOTSET");
    build_int(&b, node, "group", 1);
    build_ints(&b, node, "strides", LIST(2, 2));
    build_node(&b, "Relu", "node_relu", "conv2d", "relu");
    build_constant(&b, "axes", build_integers(&b, "axes", NULL, LIST(-1, -2)));
    build_int(&b, build_node(&b, "ReduceMean", "node_mean", "relu axes", "mean"), "keepdims", 1);
    build_constant(&b, "squeeze_axes", build_integers(&b, "squeeze_axes", NULL, LIST(2, 3)));
    build_node(&b, "Squeeze", "node_squeeze", "mean squeeze_axes", "squeezed");
    build_node(&b, "Unsqueeze", "node_unsqueeze", "squeezed squeeze_axes", "unsqueezed");
    build_node(&b, "Shape", "node_shape", "x", "shape");
    build_int(&b, b.node[b.graph.n_node - 1], "start", 0);
    build_int(&b, b.node[b.graph.n_node - 1], "end", 1);
    build_constant(&b, "six", build_integers(&b, "six", NULL, LIST(6)));
    build_int(&b, build_node(&b, "Concat", "node_concat", "shape six", "target"), "axis", 0);
    build_int(&b, build_node(&b, "Reshape", "node_view", "unsqueezed target", "view"), "allowzero",
              1);
    build_int(&b, build_node(&b, "Cast", "node_cast", "view", "cast"), "to", 1);
    build_node(&b, "Dropout", "node_dropout", "cast", "dropped");
    build_weights(&b, "fc.weight", LIST(4, 6));
    build_weights(&b, "fc.bias", LIST(4));
    node = build_node(&b, "Gemm", "node_linear", "dropped fc.weight fc.bias", "linear");
    build_int(&b, node, "transB", 1);
    build_output(&b, "linear");
    sonic_model m = check(&b, LIST(2, 2, 9, 9), "dynamo");
    cr_expect_eq(count(&m, SONIC_OP_AVG_POOL), 1);
    cr_expect_eq(m.graph.last, SONIC_LAST_NONE);
    sonic_model_free(&m);
    build_end(&b);
}

Test(import, tf2onnx_keeps_images_in_nhwc)
{
    build b;
    build_start(&b, 13, "tf2onnx", 3);
    build_input(&b, "x:0", LIST(0, 10, 11, 3));
    build_initializer(&b, build_scalar(&b, "scale", 255));
    build_node(&b, "Div", "model/truediv", "x:0 scale", "d");
    build_initializer(&b, build_floats(&b, "means", LIST(1, 1, 1, 3), 0));
    build_node(&b, "Sub", "model/sub", "d means", "s");
    build_initializer(&b, build_integers(&b, "pads", NULL, LIST(0, 1, 0, 0, 0, 0, 2, 0)));
    build_node(&b, "Pad", "model/pad", "s pads", "padded");
    build_ints(&b, build_node(&b, "Transpose", "t0", "padded", "nchw"), "perm", LIST(0, 3, 1, 2));
    build_ints(&b, conv(&b, "model/conv2d", "nchw", "c0", LIST(4, 3, 3, 3), true), "strides",
               LIST(2, 2));
    build_ints(&b, build_node(&b, "Transpose", "t1", "c0", "nhwc"), "perm", LIST(0, 2, 3, 1));
    build_weights(&b, "beta", LIST(4));
    build_node(&b, "Add", "model/bias_add", "nhwc beta", "biased");
    build_initializer(&b, build_floats(&b, "gamma", LIST(4), 0));
    build_node(&b, "Mul", "model/batchnorm/mul", "biased gamma", "normed");
    build_node(&b, "Relu", "model/relu", "normed", "r0");
    build_ints(&b, build_node(&b, "Transpose", "t2", "r0", "nchw1"), "perm", LIST(0, 3, 1, 2));
    Onnx__NodeProto *pool = build_node(&b, "MaxPool", "model/pool", "nchw1", "p0");
    build_text(&b, pool, "auto_pad", "SAME_UPPER");
    build_ints(&b, pool, "kernel_shape", LIST(3, 3));
    build_ints(&b, pool, "strides", LIST(2, 2));
    build_ints(&b, build_node(&b, "Transpose", "t3", "p0", "nhwc1"), "perm", LIST(0, 2, 3, 1));
    build_ints(&b, build_node(&b, "ReduceMean", "model/mean", "nhwc1", "mean"), "axes", LIST(1, 2));
    build_int(&b, b.node[b.graph.n_node - 1], "keepdims", 0);
    build_ints(&b, build_node(&b, "Transpose", "t4", "nhwc1", "again"), "perm", LIST(0, 3, 1, 2));
    build_ints(&b, build_node(&b, "Transpose", "t5", "again", "nhwc2"), "perm", LIST(0, 2, 3, 1));
    build_initializer(&b, build_integers(&b, "flat_shape", NULL, LIST(-1, 3 * 3 * 4)));
    build_node(&b, "Reshape", "model/flatten", "nhwc2 flat_shape", "flat");
    build_int(&b, build_node(&b, "Concat", "model/concat", "flat mean", "features"), "axis", -1);
    build_weights(&b, "dense", LIST(40, 5));
    build_weights(&b, "dense_bias", LIST(5));
    build_node(&b, "MatMul", "model/dense/MatMul", "features dense", "mm");
    build_node(&b, "Add", "model/dense/BiasAdd", "dense_bias mm", "logits");
    build_node(&b, "Softmax", "model/softmax", "logits", "y");
    build_node(&b, "Identity", "Identity", "y", "Identity:0");
    build_output(&b, "Identity:0");
    sonic_model m = check(&b, LIST(2, 10, 11, 3), "tf2onnx");
    cr_expect_eq(m.graph.last, SONIC_LAST_SOFTMAX);
    cr_expect_eq(count(&m, SONIC_OP_CONV), 2, "the scalings are folded");
    cr_expect_eq(count(&m, SONIC_OP_PERMUTE), 2, "one for the input, one before the features");
    cr_expect_eq(m.graph.node[0].shape.dim[2], 3);
    sonic_model_free(&m);
    build_end(&b);
}

Test(import, keras2onnx_computes_its_reshape)
{
    build b;
    build_start(&b, 10, "keras2onnx", 4);
    build_input(&b, "conv2d_input", LIST(0, 8, 8, 1));
    build_ints(&b, build_node(&b, "Transpose", "adjust", "conv2d_input", "t"), "perm",
               LIST(0, 3, 1, 2));
    Onnx__NodeProto *node = conv(&b, "conv2d", "t", "c", LIST(5, 1, 3, 3), true);
    build_text(&b, node, "auto_pad", "SAME_LOWER");
    build_ints(&b, node, "strides", LIST(2, 1));
    batch_norm(&b, "batch_normalization", "c", "n", 5);
    build_ints(&b, build_node(&b, "Transpose", "back", "n", "t1"), "perm", LIST(0, 2, 3, 1));
    build_node(&b, "Relu", "activation", "t1", "r");
    build_node(&b, "Shape", "flatten_shape", "r", "shape");
    node = build_node(&b, "Slice", "flatten_slice", "shape starts ends slice_axes", "first");
    build_initializer(&b, build_integers(&b, "starts", NULL, LIST(0)));
    build_initializer(&b, build_integers(&b, "ends", NULL, LIST(1)));
    build_initializer(&b, build_integers(&b, "slice_axes", NULL, LIST(0)));
    build_initializer(&b, build_integers(&b, "rest", NULL, LIST(-1)));
    build_int(&b, build_node(&b, "Concat", "flatten_concat", "first rest", "target"), "axis", 0);
    build_node(&b, "Reshape", "flatten", "r target", "flat");
    build_weights(&b, "kernel", LIST(4 * 8 * 5, 3));
    build_weights(&b, "bias", LIST(1, 3));
    build_node(&b, "MatMul", "dense", "flat kernel", "mm");
    build_node(&b, "Add", "dense1", "mm bias", "logits");
    build_int(&b, build_node(&b, "ArgMax", "argmax", "logits", "label"), "axis", 1);
    build_output(&b, "label");
    sonic_model m = check(&b, LIST(3, 8, 8, 1), "keras2onnx");
    cr_expect_eq(m.graph.last, SONIC_LAST_ARGMAX);
    cr_expect_eq(count(&m, SONIC_OP_CONV), 2);
    cr_expect_eq(count(&m, SONIC_OP_PERMUTE), 1, "with one channel a transpose is a reshape");
    sonic_model_free(&m);
    build_end(&b);
}

Test(import, cntk_fixes_the_batch_at_one)
{
    build b;
    build_start(&b, 8, "CNTK", 5);
    b.model.ir_version = 3;
    build_input(&b, "Input3", LIST(1, 1, 12, 12));
    build_input(&b, "Parameter5", LIST(4, 1, 5, 5)); /* old files list initializers as inputs */
    build_weights(&b, "Parameter5", LIST(4, 1, 5, 5));
    Onnx__NodeProto *node = build_node(&b, "Conv", "Convolution28", "Input3 Parameter5", "conv");
    build_text(&b, node, "auto_pad", "SAME_UPPER");
    build_ints(&b, node, "dilations", LIST(1, 1));
    build_ints(&b, node, "kernel_shape", LIST(5, 5));
    build_weights(&b, "Parameter6", LIST(4, 1, 1));
    build_node(&b, "Add", "Plus30", "conv Parameter6", "plus");
    build_node(&b, "Relu", "ReLU32", "plus", "relu");
    node = build_node(&b, "MaxPool", "Pooling66", "relu", "pooled");
    build_text(&b, node, "auto_pad", "NOTSET");
    build_ints(&b, node, "kernel_shape", LIST(3, 3));
    build_ints(&b, node, "pads", LIST(0, 0, 0, 0));
    build_ints(&b, node, "strides", LIST(3, 3));
    build_initializer(&b, build_integers(&b, "shape", NULL, LIST(1, 64)));
    build_node(&b, "Reshape", "Times212_reshape0", "pooled shape", "flat");
    build_weights(&b, "Parameter193", LIST(4, 4, 4, 10));
    build_initializer(&b, build_integers(&b, "shape1", NULL, LIST(64, 10)));
    build_node(&b, "Reshape", "Times212_reshape1", "Parameter193 shape1", "weights");
    build_node(&b, "MatMul", "Times212", "flat weights", "times");
    build_weights(&b, "Parameter194", LIST(1, 10));
    build_node(&b, "Add", "Plus214", "times Parameter194", "Plus214_Output_0");
    build_output(&b, "Plus214_Output_0");
    sonic_model m = check(&b, LIST(1, 1, 12, 12), "CNTK");
    cr_expect_eq(count(&m, SONIC_OP_CONV), 2);
    cr_expect_eq(count(&m, SONIC_OP_BIAS), 0);
    sonic_model_free(&m);
    b.input[0]->type->tensor_type->shape->dim[0]->value_case =
        ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    b.input[0]->type->tensor_type->shape->dim[0]->dim_param = (char[]){"Sequence"};
    m = import(&b);
    cr_expect_eq(count(&m, SONIC_OP_CONV), 2);
    sonic_model_free(&m);
    build_end(&b);
}

/* Everything that multiplies or adds a constant, where no convolution can take it. */
Test(import, opset_7_and_constants_that_cannot_be_folded)
{
    build b;
    build_start(&b, 7, "old", 6);
    build_input(&b, "x", LIST(4, 3, 6, 5)); /* a fixed batch is the batch */
    Onnx__NodeProto *bn = batch_norm(&b, "bn", "x", "n", 3);
    build_int(&b, bn, "spatial", 1);
    build_float(&b, bn, "epsilon", 0.01f);
    build_node(&b, "Relu", "", "n", "r");
    batch_norm(&b, "full", "r", "nf", 90);
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
    sonic_model m = check(&b, LIST(4, 3, 6, 5), "opset 7");
    for (uint32_t i = 0; i < m.graph.nodes; i++)
        cr_expect_neq(m.graph.node[i].op, SONIC_OP_SCALE);
    sonic_model_free(&m);
    build_end(&b);
}

/* --- random networks */
static void random_window(build *b, Onnx__NodeProto *node, bool kernel, uint32_t space, bool dilate)
{
    int64_t k[2], pad[4], dilation[2];
    for (unsigned i = 0; i < 2; i++) {
        k[i] = 1 + build_below(b, 3);
        dilation[i] = dilate && space > 8 ? 1 + build_below(b, 2) : 1;
        pad[i] = build_below(b, (uint32_t)k[i]);
        pad[2 + i] = build_below(b, (uint32_t)k[i]);
    }
    if (kernel)
        build_ints(b, node, "kernel_shape", LIST(k[0], k[1]));
    if (build_below(b, 2))
        build_ints(b, node, "strides", LIST(1 + build_below(b, 2), 1 + build_below(b, 2)));
    if (dilate && dilation[0] + dilation[1] > 2)
        build_ints(b, node, "dilations", LIST(dilation[0], dilation[1]));
    if (!kernel)
        return;
    switch (build_below(b, 4)) {
    case 0: build_ints(b, node, "pads", LIST(pad[0], pad[1], pad[2], pad[3])); break;
    case 1: build_text(b, node, "auto_pad", build_below(b, 2) ? "SAME_UPPER" : "SAME_LOWER"); break;
    case 2:
        build_ints(b, node, "pads", LIST(0, 0, pad[2], pad[3]));
        build_int(b, node, "ceil_mode", 1);
        break;
    default: break;
    }
}

static void random_step(build *b, unsigned step, const char *in, const char *out, int64_t channels,
                        uint32_t space)
{
    char name[32], constant[32], both[80];
    const int64_t one[] = {END};
    (void)snprintf(name, sizeof name, "n%u", step);
    (void)snprintf(constant, sizeof constant, "k%u", step);
    (void)snprintf(both, sizeof both, "%s %s", in, constant);
    Onnx__NodeProto *node;
    switch (build_below(b, 10)) {
    case 0:
    case 1:
        node = conv(b, name, in, out, LIST(channels, channels, 2, 2), build_below(b, 2));
        random_window(b, node, false, space, true);
        build_ints(b, node, "pads", LIST(1, build_below(b, 2), 1, 1));
        break;
    case 2: batch_norm(b, name, in, out, channels); break;
    case 3:
    case 4: build_node(b, "Relu", name, in, out); break;
    case 5: random_window(b, build_node(b, "MaxPool", name, in, out), true, space, true); break;
    case 6:
        node = build_node(b, "AveragePool", name, in, out);
        random_window(b, node, true, space, false);
        build_int(b, node, "count_include_pad", build_below(b, 2));
        break;
    case 7:
        build_initializer(
            b, build_floats(b, constant, build_below(b, 2) ? one : LIST(channels, 1, 1), 1));
        build_node(b, build_below(b, 2) ? "Mul" : "Div", name, both, out);
        break;
    case 8:
        build_weights(b, constant, build_below(b, 2) ? one : LIST(1, channels, 1, 1));
        build_node(b, build_below(b, 2) ? "Add" : "Sub", name, both, out);
        break;
    default:
        build_initializer(
            b, build_integers(b, constant, NULL,
                              LIST(0, 0, build_below(b, 3), 0, 0, 0, 1, build_below(b, 2))));
        build_node(b, "Pad", name, both, out);
        break;
    }
}

/* The height of an activation, from the evaluator; pools are not asked for more than there is. */
static uint32_t height(const build *b, const char *output, const int64_t *dims, const double *x,
                       int64_t channels)
{
    size_t n;
    free(evaluate(b, output, dims, x, &n));
    return (uint32_t)(n / (size_t)channels);
}

Test(import, random_networks)
{
    for (uint64_t seed = 1; seed <= 250; seed++) {
        build b;
        char what[32], in[16] = "x", out[16];
        (void)snprintf(what, sizeof what, "seed %llu", (unsigned long long)seed);
        build_start(&b, 11, what, seed);
        const int64_t channels = 1 + build_below(&b, 3), size = 12 + build_below(&b, 6);
        const int64_t *dims = LIST(1, channels, size, size);
        double *x = calloc((size_t)(channels * size * size), sizeof *x);
        build_input(&b, "x", LIST(0, channels, size, size));
        for (unsigned step = 0; step < 9; step++) {
            uint32_t area = step ? height(&b, in, dims, x, channels) : (uint32_t)(size * size);
            if (area < 50)
                break;
            (void)snprintf(out, sizeof out, "v%u", step);
            random_step(&b, step, in, out, channels, area >= 100 ? 9 : 0);
            memcpy(in, out, sizeof in);
        }
        free(x);
        build_output(&b, in);
        sonic_model m = check(&b, LIST(2, channels, size, size), what);
        sonic_model_free(&m);
        build_end(&b);
    }
}

/* torch.nn.functional.pad as the old exporter writes it: nodes that compute eight integers. */
Test(import, pytorch_computes_its_padding)
{
    build b;
    build_start(&b, 11, "pytorch", 7);
    build_input(&b, "x", LIST(0, 2, 5, 6));
    build_constant(&b, "given",
                   build_integers(&b, "given", NULL, LIST(1, 2, 3, 4))); /* left, right, ... */
    build_constant(&b, "missing", build_integers(&b, "missing", NULL, LIST(4)));
    build_node(&b, "ConstantOfShape", "/ConstantOfShape", "missing", "zeros");
    Onnx__AttributeProto *a = build_attribute(&b, b.node[b.graph.n_node - 1], "value");
    a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR;
    a->t = build_integers(&b, "value", NULL, LIST(0));
    build_int(&b, build_node(&b, "Concat", "/Concat", "given zeros", "all"), "axis", 0);
    build_constant(&b, "pairs", build_integers(&b, "pairs", NULL, LIST(-1, 2)));
    build_node(&b, "Reshape", "/Reshape", "all pairs", "table");
    build_constant(&b, "last", build_integers(&b, "last", NULL, LIST(-1)));
    build_constant(&b, "end", build_integers(&b, "end", NULL, LIST(-INT64_MAX)));
    build_constant(&b, "axis", build_integers(&b, "axis", NULL, LIST(0)));
    build_node(&b, "Slice", "/Slice", "table last end axis last", "reversed");
    build_ints(&b, build_node(&b, "Transpose", "/Transpose", "reversed", "turned"), "perm",
               LIST(1, 0));
    build_node(&b, "Reshape", "/Reshape_1", "turned last", "flat");
    build_int(&b, build_node(&b, "Cast", "/Cast", "flat", "pads"), "to", 7);
    build_text(&b, build_node(&b, "Pad", "/Pad", "x pads", "padded"), "mode", "constant");
    conv(&b, "/Conv", "padded", "y", LIST(3, 2, 2, 2), true);
    build_output(&b, "y");
    sonic_model m = import(&b);
    cr_assert_eq(m.graph.nodes, 2, "the zeros joined the convolution");
    const sonic_window *w = &m.graph.node[1].window;
    cr_expect(w->pad_left == 1 && w->pad_right == 2 && w->pad_top == 3 && w->pad_bottom == 4);
    cr_expect(m.graph.node[1].shape.dim[1] == 11 && m.graph.node[1].shape.dim[2] == 8);
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
    build_ints(&b, conv(&b, "first", "x", "c", LIST(3, 3, 3, 3), true), "pads", LIST(1, 1, 1, 1));
    build_node(&b, "Add", "residual", "c x", "s");
    batch_norm(&b, "bn", "s", "n", 3);
    for (size_t i = 0; i < b.graph.n_initializer; i++)
        if (strcmp(b.tensor[i]->name, "bn.scale") == 0)
            memcpy(b.tensor[i]->float_data, (float[]){1, 1e-9f, 0.7f}, 3 * sizeof(float));
    build_node(&b, "Relu", "relu", "n", "r");
    conv(&b, "second", "r", "y", LIST(2, 3, 3, 3), true);
    build_output(&b, "y");
    sonic_model m = check(&b, LIST(2, 3, 5, 5), "pre-activation");
    for (uint32_t i = 0; i < m.graph.nodes; i++)
        for (size_t j = 0; j < sonic_node_biases(&m.graph, i); j++)
            cr_expect_leq(fabs(m.constants[i].b[j]), 100, "node %u: %g", i, m.constants[i].b[j]);
    sonic_model_free(&m);
    build_end(&b);
}
