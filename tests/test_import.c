/* Import of ONNX models as the exporters in use write them. */
#include <criterion/criterion.h>

#include "tests/import_check.h"

Test(import, pytorch_torchscript)
{
    build b;
    build_start(&b, 11, "pytorch", 1);
    build_input(&b, "input", LIST(0, 3, 13, 12));
    build_ints(&b, build_conv(&b, "/0/Conv", "input", "c0", LIST(8, 3, 3, 3), true), "pads",
               LIST(1, 1, 1, 1));
    build_batch_norm(&b, "/1/BatchNormalization", "c0", "n0", 8);
    build_node(&b, "Relu", "/2/Relu", "n0", "r0");
    Onnx__NodeProto *pool = build_node(&b, "MaxPool", "/3/MaxPool", "r0", "p0");
    build_ints(&b, pool, "kernel_shape", LIST(2, 2));
    build_ints(&b, pool, "strides", LIST(2, 2));
    build_int(&b, pool, "ceil_mode", 1);
    Onnx__NodeProto *inner = build_conv(&b, "/4/Conv", "p0", "c1", LIST(8, 2, 3, 3), false);
    build_ints(&b, inner, "pads", LIST(2, 2, 2, 2));
    build_ints(&b, inner, "dilations", LIST(2, 2));
    build_int(&b, inner, "group", 4);
    build_batch_norm(&b, "/5/BatchNormalization", "c1", "n1", 8);
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
    sonic_model m = import_check(&b, LIST(3, 3, 13, 12), "pytorch");
    cr_expect_eq(import_count(&m, SONIC_OP_CONV), 3, "batch norms are folded");
    cr_expect_eq(import_count(&m, SONIC_OP_BIAS), 0);
    cr_expect_eq(import_count(&m, SONIC_OP_PAD), 0);
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
    Onnx__NodeProto *node = build_conv(&b, "node_conv2d", "x", "conv2d", LIST(6, 2, 3, 3), true);
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
    sonic_model m = import_check(&b, LIST(2, 2, 9, 9), "dynamo");
    cr_expect_eq(import_count(&m, SONIC_OP_AVG_POOL), 1);
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
    build_ints(&b, build_conv(&b, "model/conv2d", "nchw", "c0", LIST(4, 3, 3, 3), true), "strides",
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
    sonic_model m = import_check(&b, LIST(2, 10, 11, 3), "tf2onnx");
    cr_expect_eq(m.graph.last, SONIC_LAST_SOFTMAX);
    cr_expect_eq(import_count(&m, SONIC_OP_CONV), 2, "the scalings are folded");
    cr_expect_eq(import_count(&m, SONIC_OP_PERMUTE), 2,
                 "one for the input, one before the features");
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
    Onnx__NodeProto *node = build_conv(&b, "conv2d", "t", "c", LIST(5, 1, 3, 3), true);
    build_text(&b, node, "auto_pad", "SAME_LOWER");
    build_ints(&b, node, "strides", LIST(2, 1));
    build_batch_norm(&b, "batch_normalization", "c", "n", 5);
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
    sonic_model m = import_check(&b, LIST(3, 8, 8, 1), "keras2onnx");
    cr_expect_eq(m.graph.last, SONIC_LAST_ARGMAX);
    cr_expect_eq(import_count(&m, SONIC_OP_CONV), 2);
    cr_expect_eq(import_count(&m, SONIC_OP_PERMUTE), 1,
                 "with one channel a transpose is a reshape");
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
    sonic_model m = import_check(&b, LIST(1, 1, 12, 12), "CNTK");
    cr_expect_eq(import_count(&m, SONIC_OP_CONV), 2);
    cr_expect_eq(import_count(&m, SONIC_OP_BIAS), 0);
    sonic_model_free(&m);
    b.input[0]->type->tensor_type->shape->dim[0]->value_case =
        ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    b.input[0]->type->tensor_type->shape->dim[0]->dim_param = (char[]){"Sequence"};
    m = import_sound(&b);
    cr_expect_eq(import_count(&m, SONIC_OP_CONV), 2);
    sonic_model_free(&m);
    build_end(&b);
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
    build_conv(&b, "/Conv", "padded", "y", LIST(3, 2, 2, 2), true);
    build_output(&b, "y");
    sonic_model m = import_sound(&b);
    cr_assert_eq(m.graph.nodes, 2, "the zeros joined the convolution");
    const sonic_window *w = &m.graph.node[1].window;
    cr_expect(w->pad_left == 1 && w->pad_right == 2 && w->pad_top == 3 && w->pad_bottom == 4);
    cr_expect(m.graph.node[1].shape.dim[1] == 11 && m.graph.node[1].shape.dim[2] == 8);
    sonic_model_free(&m);
    build_end(&b);
}
