/* Everything that import does not support gives one sentence that names the node. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/onnx.h"
#include "tests/onnx_build.h"

static sonic_status import(build *b, sonic_model *model, sonic_error *error)
{
    size_t n;
    uint8_t *bytes = build_pack(b, &n);
    *error = (sonic_error){0};
    sonic_status status = sonic_model_import_bytes(model, bytes, n, NULL, error);
    free(bytes);
    return status;
}

typedef void (*change)(build *b);

static void expect_sentence(change make, const char *sentence)
{
    build b;
    sonic_model model;
    sonic_error error;
    build_start(&b, 13, "test", 1);
    make(&b);
    if (b.graph.n_input == 0)
        build_input(&b, "x", LIST(0, 2, 6, 6));
    if (b.graph.n_output == 0)
        build_output(&b, "y");
    sonic_status status = import(&b, &model, &error);
    cr_expect_neq(status, SONIC_OK, "accepted: %s", sentence);
    cr_expect(strstr(error.text, sentence), "'%s' does not say '%s'", error.text, sentence);
    cr_expect_eq(error.status, status);
    cr_expect_null(model.graph.node);
    build_end(&b);
}

#define REFUSE(name, sentence, ...)            \
    static void name(build *b)                 \
    {                                          \
        __VA_ARGS__                            \
    }                                          \
    static const char name##_says[] = sentence

REFUSE(elu, "node '/3/Foo' (Elu): this operator is not supported",
       build_node(b, "Elu", "/3/Foo", "x", "y"););
REFUSE(unnamed, "node 'y' (Elu)", build_node(b, "Elu", "", "x", "y"););
REFUSE(attribute, "node 'r' (Relu): attribute 'alpha'",
       build_float(b, build_node(b, "Relu", "r", "x", "y"), "alpha", 1););
REFUSE(domain, "domain 'com.microsoft'",
       build_node(b, "Relu", "r", "x", "y")->domain = strcpy(build_own(b, 16), "com.microsoft"););
REFUSE(two_inputs, "two inputs, 'x' and 'z'", build_input(b, "x", LIST(0, 2));
       build_input(b, "z", LIST(0, 2)); build_node(b, "Add", "a", "x z", "y"););
REFUSE(two_outputs, "2 outputs", build_node(b, "Relu", "r", "x", "y"); build_output(b, "y");
       build_output(b, "x"););
REFUSE(open_size, "dimension 2 is not a known size", build_input(b, "x", LIST(0, 2, 0, 6));
       build_node(b, "Relu", "r", "x", "y"););
REFUSE(no_features, "has 1 dimensions", build_input(b, "x", LIST(4));
       build_node(b, "Relu", "r", "x", "y"););
REFUSE(old, "opset 6", b->opset.version = 6; build_node(b, "Relu", "r", "x", "y"););
REFUSE(newer, "opset 22", b->opset.version = 22; build_node(b, "Relu", "r", "x", "y"););
REFUSE(nothing, "computes nothing", build_node(b, "Identity", "i", "x", "y"););
REFUSE(missing, "reads 'q', which nothing", build_node(b, "Relu", "r", "q", "y"););
REFUSE(cycle, "depends on its own output", build_node(b, "Add", "a", "x q", "y");
       build_node(b, "Relu", "r", "y", "q"););
REFUSE(twice, "two values of the model are called 'y'", build_node(b, "Relu", "r", "x", "y");
       build_node(b, "Relu", "s", "x", "y"););
REFUSE(constant_output, "does not depend on its input",
       build_constant(b, "y", build_scalar(b, "y", 1)););
REFUSE(arity, "too few or too many", build_node(b, "Relu", "r", "x x", "y"););
REFUSE(conv_1d, "only convolutions in two dimensions", build_input(b, "x", LIST(0, 2, 9));
       build_weights(b, "w", LIST(2, 2, 3)); build_node(b, "Conv", "c", "x w", "y"););
REFUSE(conv_dynamic, "its input 1 must be a constant", build_node(b, "Conv", "c", "x x", "y"););
REFUSE(conv_groups, "do not fit 2 channels", build_weights(b, "w", LIST(2, 2, 3, 3));
       build_int(b, build_node(b, "Conv", "c", "x w", "y"), "group", 2););
REFUSE(conv_large, "node 'c' (conv): a window of 7 x 7", build_weights(b, "w", LIST(2, 2, 7, 7));
       build_node(b, "Conv", "c", "x w", "y"););
REFUSE(conv_stride, "strides has 0", build_weights(b, "w", LIST(2, 2, 3, 3));
       build_ints(b, build_node(b, "Conv", "c", "x w", "y"), "strides", LIST(0, 1)););
REFUSE(conv_kernel, "kernel_shape", build_weights(b, "w", LIST(2, 2, 3, 3));
       build_ints(b, build_node(b, "Conv", "c", "x w", "y"), "kernel_shape", LIST(3, 2)););
REFUSE(conv_auto, "auto_pad 'SOME'", build_weights(b, "w", LIST(2, 2, 3, 3));
       build_text(b, build_node(b, "Conv", "c", "x w", "y"), "auto_pad", "SOME"););
REFUSE(wrong_type, "attribute 'group' has the wrong type", build_weights(b, "w", LIST(2, 2, 3, 3));
       build_float(b, build_node(b, "Conv", "c", "x w", "y"), "group", 1););
REFUSE(gemm_rank, "batch x features", build_weights(b, "w", LIST(2, 2));
       build_node(b, "Gemm", "g", "x w", "y"););
REFUSE(matmul_rank, "products of features only", build_weights(b, "w", LIST(6, 2));
       build_node(b, "MatMul", "m", "x w", "y"););
REFUSE(matmul_left, "node 'm' (MatMul): its input 0 must depend", build_weights(b, "w", LIST(6, 2));
       build_node(b, "MatMul", "m", "w x", "y"););
REFUSE(product, "products of two activations", build_node(b, "Mul", "m", "x x", "y"););
REFUSE(quotient, "divides by an activation", build_initializer(b, build_scalar(b, "one", 1));
       build_node(b, "Div", "d", "one x", "y"););
REFUSE(zero, "divides by zero", build_initializer(b, build_scalar(b, "zero", 0));
       build_node(b, "Div", "d", "x zero", "y"););
REFUSE(infinite, "infinite, not a number", build_initializer(b, build_scalar(b, "inf", INFINITY));
       build_node(b, "Add", "a", "x inf", "y"););
REFUSE(enlarge, "does not broadcast", build_weights(b, "w", LIST(2, 2, 6, 6));
       build_node(b, "Add", "a", "x w", "y"););
REFUSE(shapes, "have different shapes", build_node(b, "GlobalAveragePool", "g", "x", "p");
       build_node(b, "Add", "a", "x p", "y"););
REFUSE(indices, "second output",
       build_ints(b, build_node(b, "MaxPool", "m", "x", "y i"), "kernel_shape", LIST(2, 2)););
REFUSE(lonely, "padding alone", Onnx__NodeProto *n = build_node(b, "MaxPool", "m", "x", "y");
       build_ints(b, n, "kernel_shape", LIST(1, 1)); build_ints(b, n, "pads", LIST(1, 0, 0, 0)););
REFUSE(pool_1d, "batch, channels, height, width only", build_input(b, "x", LIST(0, 2, 6));
       build_ints(b, build_node(b, "MaxPool", "m", "x", "y"), "kernel_shape", LIST(2)););
REFUSE(mean_batch, "means over the batch",
       build_ints(b, build_node(b, "ReduceMean", "m", "x", "y"), "axes", LIST(0, 2)););
REFUSE(pad_mode, "only padding with zeros",
       Onnx__NodeProto *n = build_node(b, "Pad", "p", "x k", "y");
       build_text(b, n, "mode", "reflect");
       build_initializer(b, build_integers(b, "k", NULL, LIST(0, 0, 1, 1, 0, 0, 1, 1))););
REFUSE(pad_negative, "negative", build_node(b, "Pad", "p", "x k", "y");
       build_initializer(b, build_integers(b, "k", NULL, LIST(0, 0, -1, 1, 0, 0, 1, 1))););
REFUSE(pad_all, "only height and width", build_node(b, "Pad", "p", "x k", "y");
       build_initializer(b, build_integers(b, "k", NULL, LIST(0, 1, 1, 1, 0, 0, 1, 1))););
REFUSE(reshape_batch, "moves or merges the batch", build_node(b, "Reshape", "r", "x k", "y");
       build_initializer(b, build_integers(b, "k", NULL, LIST(-1))););
REFUSE(reshape_four, "moves or merges the batch", build_input(b, "x", LIST(4, 2, 6, 6));
       build_node(b, "Reshape", "r", "x k", "y");
       build_initializer(b, build_integers(b, "k", NULL, LIST(1, -1))););
REFUSE(reshape_mix, "cannot be arranged", build_node(b, "Reshape", "r", "x k", "y");
       build_initializer(b, build_integers(b, "k", NULL, LIST(-1, 36))););
REFUSE(reshape_zero, "allowzero",
       build_int(b, build_node(b, "Reshape", "r", "x k", "y"), "allowzero", 1);
       build_initializer(b, build_integers(b, "k", NULL, LIST(-1, 0))););
REFUSE(transpose_batch, "moves or merges the batch",
       build_ints(b, build_node(b, "Transpose", "t", "x", "y"), "perm", LIST(1, 0, 2, 3)););
REFUSE(flatten_zero, "moves or merges the batch",
       build_int(b, build_node(b, "Flatten", "f", "x", "y"), "axis", 0););
REFUSE(concat_batch, "moves or merges the batch",
       build_int(b, build_node(b, "Concat", "c", "x x", "y"), "axis", 0););
REFUSE(softmax_middle, "node 'r' (Relu): it follows a Softmax",
       build_node(b, "Flatten", "f", "x", "f"); build_node(b, "Softmax", "s", "f", "s");
       build_node(b, "Relu", "r", "s", "y"););
REFUSE(softmax_axis, "over all outputs of an image only",
       build_int(b, build_node(b, "Softmax", "s", "x", "y"), "axis", 1););
REFUSE(gather, "node 'g' (Gather): this operator is supported on constants only",
       build_initializer(b, build_integers(b, "k", NULL, LIST(0)));
       build_node(b, "Gather", "g", "x k", "y"););
REFUSE(training, "training mode", build_weights(b, "c", LIST(2));
       build_int(b, build_node(b, "BatchNormalization", "b", "x c c c c", "y"), "training_mode",
                 1););
REFUSE(batch_sum, "depends on the batch size", build_node(b, "Shape", "s", "x", "s");
       build_initializer(b, build_integers(b, "k", NULL, LIST(1, 1, 1, 1)));
       build_node(b, "Add", "a", "s k", "t"); build_node(b, "Reshape", "r", "x t", "y"););
REFUSE(alpha_nan, "node 'l' (LeakyRelu): its alpha of nan",
       build_float(b, build_node(b, "LeakyRelu", "l", "x", "y"), "alpha", NAN););
REFUSE(alpha_huge, "its alpha of 1e+30",
       build_float(b, build_node(b, "LeakyRelu", "l", "x", "y"), "alpha", 1e30f););
REFUSE(alpha_infinite, "its alpha of inf",
       build_float(b, build_node(b, "LeakyRelu", "l", "x", "y"), "alpha", INFINITY););
REFUSE(alpha_negative, "its alpha of -0.25 is neither 0 nor between",
       build_float(b, build_node(b, "LeakyRelu", "l", "x", "y"), "alpha", -0.25f););
REFUSE(alpha_tiny, "its alpha of 1e-10",
       build_float(b, build_node(b, "LeakyRelu", "l", "x", "y"), "alpha", 1e-10f););
REFUSE(alpha_integer, "attribute 'alpha' has the wrong type",
       build_int(b, build_node(b, "LeakyRelu", "l", "x", "y"), "alpha", 1););
REFUSE(clip_empty, "node 'c' (Clip): limits of 6 and 0",
       Onnx__NodeProto *n = build_node(b, "Clip", "c", "x", "y");
       build_float(b, n, "min", 6); build_float(b, n, "max", 0););
REFUSE(clip_point, "limits of 0 and 0",
       Onnx__NodeProto *n = build_node(b, "Clip", "c", "x", "y");
       build_float(b, n, "min", 0); build_float(b, n, "max", 0););
REFUSE(clip_nan, "limits of 0 and nan", build_initializer(b, build_scalar(b, "low", 0));
       build_initializer(b, build_scalar(b, "high", NAN));
       build_node(b, "Clip", "c", "x low high", "y"););
REFUSE(clip_low_nan, "limits of nan and inf", build_initializer(b, build_scalar(b, "low", NAN));
       build_node(b, "Clip", "c", "x low", "y"););
REFUSE(clip_above_only, "limits of -inf and 6", build_initializer(b, build_scalar(b, "high", 6));
       build_node(b, "Clip", "c", "x - high", "y"););
REFUSE(clip_nothing, "limits of inf and inf",
       build_initializer(b, build_scalar(b, "low", INFINITY));
       build_node(b, "Clip", "c", "x low", "y"););
REFUSE(clip_list, "its max is not one known number",
       build_initializer(b, build_scalar(b, "low", 0)); build_weights(b, "high", LIST(2));
       build_node(b, "Clip", "c", "x low high", "y"););
REFUSE(clip_dynamic, "its input 2 must be a constant",
       build_initializer(b, build_scalar(b, "low", 0));
       build_node(b, "Clip", "c", "x low x", "y"););
REFUSE(control, "is not supported", build_node(b, "If", "i", "x", "y"););

Test(import_refuse, the_node_is_named)
{
#define SAY(name) {name, name##_says}
    static const struct {
        change make;
        const char *says;
    } all[] = {
        SAY(elu),           SAY(unnamed),      SAY(attribute),       SAY(domain),
        SAY(two_inputs),    SAY(two_outputs),  SAY(open_size),       SAY(no_features),
        SAY(old),           SAY(newer),        SAY(nothing),         SAY(missing),
        SAY(cycle),         SAY(twice),        SAY(constant_output), SAY(arity),
        SAY(conv_1d),       SAY(conv_dynamic), SAY(conv_groups),     SAY(conv_large),
        SAY(conv_stride),   SAY(conv_kernel),  SAY(conv_auto),       SAY(wrong_type),
        SAY(gemm_rank),     SAY(matmul_rank),  SAY(matmul_left),     SAY(product),
        SAY(quotient),      SAY(zero),         SAY(infinite),        SAY(enlarge),
        SAY(shapes),        SAY(indices),      SAY(lonely),          SAY(pool_1d),
        SAY(mean_batch),    SAY(pad_mode),     SAY(pad_negative),    SAY(pad_all),
        SAY(reshape_batch), SAY(reshape_mix),  SAY(reshape_zero),    SAY(transpose_batch),
        SAY(flatten_zero),  SAY(concat_batch), SAY(softmax_middle),  SAY(softmax_axis),
        SAY(gather),        SAY(training),     SAY(batch_sum),       SAY(control),
        SAY(reshape_four),  SAY(alpha_nan),    SAY(alpha_huge),      SAY(alpha_infinite),
        SAY(alpha_negative), SAY(alpha_tiny),  SAY(alpha_integer),   SAY(clip_empty),
        SAY(clip_point),    SAY(clip_nan),     SAY(clip_low_nan),    SAY(clip_above_only),
        SAY(clip_nothing),  SAY(clip_list),    SAY(clip_dynamic),
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        expect_sentence(all[i].make, all[i].says);
}
