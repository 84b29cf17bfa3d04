/* What import reads from files: number formats, external data, the trained networks, damage. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/model/onnx.h"
#include "tests/onnx_build.h"
#include "tests/trained.h"

/* y = relu(W x) with 3 features, 2 outputs; W starts as zeros. */
static Onnx__TensorProto *small(build *b, int64_t opset)
{
    build_start(b, opset, "test", 1);
    build_input(b, "x", LIST(0, 3));
    build_node(b, "MatMul", "product", "x w", "p");
    build_node(b, "Relu", "relu", "p", "y");
    build_output(b, "y");
    Onnx__TensorProto *w = build_floats(b, "w", LIST(3, 2), 0);
    build_initializer(b, w);
    return w;
}

static sonic_status import(build *b, const char *directory, sonic_model *model, sonic_error *error)
{
    size_t n;
    uint8_t *bytes = build_pack(b, &n);
    *error = (sonic_error){0};
    sonic_status status = sonic_model_import_bytes(model, bytes, n, directory, error);
    free(bytes);
    return status;
}

/* The six numbers of every format: their float, and whether integers. */
static const double six[6] = {1, -2, 100, 0, -128, 7};

static void expect_six(build *b, const char *directory, const char *what, const double *values)
{
    sonic_model model;
    sonic_error error;
    cr_assert_eq(import(b, directory, &model, &error), SONIC_OK, "%s: %s", what, error.text);
    for (size_t f = 0; f < 3; f++)
        for (size_t o = 0; o < 2; o++)
            cr_expect_eq(model.constants[1].w[o * 3 + f], values[f * 2 + o], "%s: weight %zu, %zu",
                         what, f, o);
    sonic_model_free(&model);
}

static void set_raw(build *b, Onnx__TensorProto *w, int32_t type, const void *raw, size_t n)
{
    w->n_float_data = 0;
    w->data_type = type;
    w->has_raw_data = 1;
    w->raw_data.len = n;
    w->raw_data.data = build_own(b, n);
    memcpy(w->raw_data.data, raw, n);
}

#define RAW(TYPE, ctype)                                                         \
    do {                                                                         \
        build b;                                                                 \
        Onnx__TensorProto *w = small(&b, 13);                                    \
        ctype raw[6];                                                            \
        for (size_t i = 0; i < 6; i++)                                           \
            raw[i] = (ctype)(int64_t)six[i];                                     \
        double values[6];                                                        \
        for (size_t i = 0; i < 6; i++)                                           \
            values[i] = (double)raw[i];                                          \
        set_raw(&b, w, ONNX__TENSOR_PROTO__DATA_TYPE__##TYPE, raw, sizeof raw);  \
        expect_six(&b, NULL, #TYPE, values);                                     \
        w->raw_data.len--;                                                       \
        sonic_model model;                                                       \
        sonic_error error;                                                       \
        cr_expect_eq(import(&b, NULL, &model, &error), SONIC_E_FORMAT);          \
        cr_expect(strstr(error.text, "tensor 'w'"), "%s", error.text);           \
        build_end(&b);                                                           \
    } while (0)

Test(import_file, raw_data_of_every_type)
{
    RAW(FLOAT, float);
    RAW(DOUBLE, double);
    RAW(INT8, int8_t);
    RAW(UINT8, uint8_t);
    RAW(INT16, int16_t);
    RAW(UINT16, uint16_t);
    RAW(INT32, int32_t);
    RAW(UINT32, uint32_t);
    RAW(INT64, int64_t);
}

Test(import_file, halves_and_typed_fields)
{
    build b;
    Onnx__TensorProto *w = small(&b, 13);
    /* 1, -2, the largest, the smallest subnormal, the smallest normal, -1/3 rounded */
    const uint16_t half[6] = {0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0xb555};
    const double halves[6] = {1, -2, 65504, 0x1p-24, 0x1p-14, -0.333251953125};
    set_raw(&b, w, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16, half, sizeof half);
    expect_six(&b, NULL, "float16", halves);
    w->has_raw_data = 0;
    w->n_int32_data = 6;
    w->int32_data = build_own(&b, 6 * sizeof *w->int32_data);
    for (size_t i = 0; i < 6; i++)
        w->int32_data[i] = half[i];
    expect_six(&b, NULL, "float16 in int32_data", halves);
    const uint16_t brain[6] = {0x3f80, 0xc000, 0x42c8, 0, 0xc300, 0x40e0};
    for (size_t i = 0; i < 6; i++)
        w->int32_data[i] = brain[i];
    w->data_type = 16;
    expect_six(&b, NULL, "bfloat16", six);
    w->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__INT8;
    for (size_t i = 0; i < 6; i++)
        w->int32_data[i] = (int32_t)six[i];
    expect_six(&b, NULL, "int8 in int32_data", six);
    w->n_int32_data = 0;
    w->n_double_data = 6;
    w->double_data = build_own(&b, sizeof six);
    memcpy(w->double_data, six, sizeof six);
    w->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE;
    expect_six(&b, NULL, "double_data", six);
    build_end(&b);
}

static void external_entry(build *b, Onnx__TensorProto *w, const char *key, const char *value)
{
    if (!w->external_data)
        w->external_data = build_own(b, 4 * sizeof *w->external_data);
    Onnx__StringStringEntryProto *entry = build_own(b, sizeof *entry);
    onnx__string_string_entry_proto__init(entry);
    entry->key = strcpy(build_own(b, strlen(key) + 1), key);
    entry->value = strcpy(build_own(b, strlen(value) + 1), value);
    w->external_data[w->n_external_data++] = entry;
}

static char *temporary_directory(void)
{
    static char path[] = "/tmp/sonic-import-XXXXXX";
    cr_assert(mkdtemp(path));
    return path;
}

static void write_file(const char *path, const void *data, size_t n)
{
    FILE *file = fopen(path, "wb");
    cr_assert(file);
    cr_assert_eq(fwrite(data, 1, n, file), n);
    cr_assert_eq(fclose(file), 0);
}

Test(import_file, external_data_inside_the_directory)
{
    char *directory = temporary_directory(), data[128], model_path[128];
    float numbers[8] = {9, 9};
    for (size_t i = 0; i < 6; i++)
        numbers[2 + i] = (float)six[i];
    (void)snprintf(data, sizeof data, "%s/weights.data", directory);
    (void)snprintf(model_path, sizeof model_path, "%s/model.onnx", directory);
    write_file(data, numbers, sizeof numbers);
    build b;
    Onnx__TensorProto *w = small(&b, 13);
    w->n_float_data = 0;
    w->has_data_location = 1;
    w->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    external_entry(&b, w, "location", "weights.data");
    external_entry(&b, w, "offset", "8");
    external_entry(&b, w, "length", "24");
    expect_six(&b, directory, "external", six);
    size_t n;
    uint8_t *bytes = build_pack(&b, &n);
    write_file(model_path, bytes, n);
    free(bytes);
    sonic_model model;
    sonic_error error;
    cr_assert_eq(sonic_model_import(&model, model_path, &error), SONIC_OK, "%s", error.text);
    sonic_model_free(&model);
    static const struct {
        const char *location, *offset, *sentence;
    } bad[] = {
        {"/etc/passwd", "0", "outside the model's directory"},
        {"../weights.data", "0", "outside the model's directory"},
        {"sub/../../weights.data", "0", "outside the model's directory"},
        {"..", "0", "outside the model's directory"},
        {"", "0", "outside the model's directory"},
        {"missing.data", "0", "cannot open"},
        {".", "0", "too short"},
        {"weights.data", "9", "too short"},
        {"weights.data", "-1", "no size"},
        {"weights.data", "8x", "no size"},
        {"weights.data", "9223372036854775807", "too short"},
        {"weights.data", "99999999999999999999999", "no size"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        w->external_data[0]->value = strcpy(build_own(&b, 64), bad[i].location);
        w->external_data[1]->value = strcpy(build_own(&b, 64), bad[i].offset);
        cr_expect_neq(import(&b, directory, &model, &error), SONIC_OK, "%s", bad[i].location);
        cr_expect(strstr(error.text, bad[i].sentence), "'%s' at %s: %s", bad[i].location,
                  bad[i].offset, error.text);
    }
    w->external_data[0]->value = strcpy(build_own(&b, 64), "weights.data");
    w->external_data[1]->value = strcpy(build_own(&b, 64), "8");
    cr_expect_neq(import(&b, NULL, &model, &error), SONIC_OK);
    cr_expect(strstr(error.text, "another file"), "%s", error.text);
    build_end(&b);
    cr_expect_eq(unlink(data) | unlink(model_path) | rmdir(directory), 0);
}

/* --- damage */
Test(import_file, damaged_bytes_import_or_give_a_sentence)
{
    build b;
    (void)small(&b, 13);
    size_t n, refused = 0;
    uint8_t *bytes = build_pack(&b, &n);
    for (uint64_t seed = 0; seed < 20000; seed++) {
        b.state = seed;
        size_t length = build_below(&b, 4) ? n : build_below(&b, (uint32_t)n);
        uint8_t *copy = malloc(length ? length : 1);
        memcpy(copy, bytes, length);
        for (uint32_t flips = build_below(&b, 3); length && flips; flips--)
            copy[build_below(&b, (uint32_t)length)] ^= (uint8_t)(1u << build_below(&b, 8));
        sonic_model model;
        sonic_error error = {0};
        if (sonic_model_import_bytes(&model, copy, length, NULL, &error)) {
            refused++;
            cr_assert(error.text[0] && !model.graph.node, "seed %llu", (unsigned long long)seed);
        } else {
            sonic_model_free(&model);
        }
        free(copy);
    }
    cr_expect_gt(refused, 5000);
    free(bytes);
    build_end(&b);
}

Test(import_file, nesting_does_not_exhaust_the_stack)
{
    /* Model.graph, then Node.attribute.g over and over: each level wraps the one inside. */
    enum { LEVELS = 200000 };
    static uint8_t buffer[LEVELS * 20];
    size_t at = sizeof buffer;
    static const uint8_t tags[3] = {0x0a, 0x2a, 0x32}; /* graph.node, node.attribute, attribute.g */
    for (size_t level = 0; level < LEVELS; level++) {
        size_t n = sizeof buffer - at;
        uint8_t varint[10];
        size_t k = 0;
        do
            varint[k++] = (uint8_t)((n & 127) | (n > 127 ? 128 : 0));
        while (n >>= 7);
        at -= k;
        memcpy(buffer + at, varint, k);
        buffer[--at] = level == LEVELS - 1 ? 0x3a : tags[(LEVELS - 2 - level) % 3];
    }
    sonic_model model;
    sonic_error error;
    cr_expect_eq(sonic_model_import_bytes(&model, buffer + at, sizeof buffer - at, NULL, &error),
                 SONIC_E_FORMAT);
    cr_expect(strstr(error.text, "nested too deeply"), "%s", error.text);
}

/* --- files */
Test(import_file, files_that_are_none)
{
    sonic_model model;
    sonic_error error;
    cr_expect_eq(sonic_model_import(&model, "/nonexistent/model.onnx", &error), SONIC_E_FILE);
    cr_expect(strstr(error.text, "/nonexistent/model.onnx"), "%s", error.text);
    cr_expect_eq(sonic_model_import(&model, "/tmp", &error), SONIC_E_FORMAT);
    cr_expect(strstr(error.text, "/tmp"), "%s", error.text);
    cr_expect_eq(sonic_model_import(&model, "/dev/null", &error), SONIC_E_FORMAT);
}

static void run_trained(const char *name)
{
    sonic_model model;
    sonic_error error;
    size_t inputs, outputs;
    float *x = trained_read(name, "input", &inputs), *y = trained_read(name, "logits", &outputs);
    if (!x)
        cr_skip("%s.input.npy is not here (SONIC_MODELS)", name);
    cr_assert(y && trained_import(&model, name), "%s", name);
    size_t batch = inputs / sonic_node_elements(&model.graph, 0);
    cr_assert_eq(batch, 200);
    cr_assert_eq(outputs, batch * sonic_node_elements(&model.graph, model.graph.nodes - 1));
    double *wide = malloc(inputs * sizeof *wide), *got = malloc(outputs * sizeof *got), largest = 0;
    for (size_t i = 0; i < inputs; i++)
        wide[i] = (double)x[i];
    cr_assert_eq(sonic_model_run_real(&model, batch, got, wide, &error), SONIC_OK);
    for (size_t i = 0; i < outputs; i++)
        largest = fmax(largest, fabs((double)y[i]));
    for (size_t i = 0; i < outputs; i++)
        cr_assert(fabs(got[i] - (double)y[i]) <= 1e-4 * largest, "%s: logit %zu is %g, not %g",
                  name, i, got[i], (double)y[i]);
    sonic_model_free(&model);
    free(x);
    free(y);
    free(wide);
    free(got);
}

Test(import_file, m1)
{
    run_trained("m1");
}

Test(import_file, m2)
{
    run_trained("m2");
}

Test(import_file, m3)
{
    run_trained("m3");
}

Test(import_file, f3)
{
    run_trained("f3");
}

Test(import_file, c1)
{
    if (getenv("SANITIZED"))
        cr_skip("too slow with sanitizers");
    run_trained("c1");
}

Test(import_file, r20)
{
    run_trained("r20");
}

/* The project's own copy of f3 is there always. */
Test(import_file, the_network_of_the_quickstart)
{
    sonic_model model;
    cr_assert(trained_import(&model, "f3"));
    static const sonic_op ops[] = {SONIC_OP_INPUT, SONIC_OP_CONV,    SONIC_OP_MAX_POOL,
                                   SONIC_OP_RELU,  SONIC_OP_CONV,    SONIC_OP_MAX_POOL,
                                   SONIC_OP_RELU,  SONIC_OP_RESHAPE, SONIC_OP_CONV,
                                   SONIC_OP_RELU,  SONIC_OP_CONV};
    cr_assert_eq(model.graph.nodes, sizeof ops / sizeof ops[0]);
    for (uint32_t i = 0; i < model.graph.nodes; i++)
        cr_expect_eq(model.graph.node[i].op, ops[i], "node %u", i);
    sonic_model_free(&model);
}
