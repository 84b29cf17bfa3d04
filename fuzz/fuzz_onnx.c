/* Fuzzes the importer of ONNX models: any bytes give a valid real network or a sentence. */
#include "config.h"

#include <limits.h>
#include <math.h>

#include "fuzz/fuzz.h"
#include "proto/model/model.h"

#ifdef HAVE_PROTOBUF_C
#include "proto/model/onnx.h"

/* x (batch x 2 x 4 x 4) -> Conv 1 x 1 -> Relu -> Flatten -> y, opset 13: a start for the fuzzer. */
static const uint8_t tiny[] = {
    0x08, 0x06, 0x12, 0x00, 0x3a, 0x80, 0x01, 0x0a, 0x0f, 0x0a, 0x01, 0x78, 0x0a, 0x01, 0x77, 0x12,
    0x01, 0x63, 0x22, 0x04, 0x43, 0x6f, 0x6e, 0x76, 0x0a, 0x0c, 0x0a, 0x01, 0x63, 0x12, 0x01, 0x72,
    0x22, 0x04, 0x52, 0x65, 0x6c, 0x75, 0x0a, 0x0f, 0x0a, 0x01, 0x72, 0x12, 0x01, 0x79, 0x22, 0x07,
    0x46, 0x6c, 0x61, 0x74, 0x74, 0x65, 0x6e, 0x12, 0x01, 0x67, 0x2a, 0x17, 0x08, 0x01, 0x08, 0x02,
    0x08, 0x01, 0x08, 0x01, 0x10, 0x01, 0x42, 0x01, 0x77, 0x4a, 0x08, 0x00, 0x00, 0x80, 0x3f, 0x00,
    0x00, 0x00, 0xc0, 0x5a, 0x1c, 0x0a, 0x01, 0x78, 0x12, 0x17, 0x0a, 0x15, 0x08, 0x01, 0x12, 0x11,
    0x0a, 0x03, 0x12, 0x01, 0x4e, 0x0a, 0x02, 0x08, 0x02, 0x0a, 0x02, 0x08, 0x04, 0x0a, 0x02, 0x08,
    0x04, 0x62, 0x14, 0x0a, 0x01, 0x79, 0x12, 0x0f, 0x0a, 0x0d, 0x08, 0x01, 0x12, 0x09, 0x0a, 0x03,
    0x12, 0x01, 0x4e, 0x0a, 0x02, 0x08, 0x10, 0x42, 0x04, 0x0a, 0x00, 0x10, 0x0d,
};

/* A file of the source tree, where it is known. */
static void seed_file(const char *name, const char *file_name)
{
    static uint8_t data[1 << 18];
    char path[PATH_MAX];
    const char *top = getenv("top_srcdir");
    (void)snprintf(path, sizeof path, "%s/%s", top ? top : ".", file_name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return;
    size_t n = fread(data, 1, sizeof data, file);
    (void)fclose(file);
    fuzz_write_seed(name, data, n);
}

void fuzz_seed(void)
{
    sonic_model model;
    fuzz_require(sonic_model_import_bytes(&model, tiny, sizeof tiny, NULL, NULL) == SONIC_OK);
    fuzz_require(model.graph.nodes == 4);
    sonic_model_free(&model);
    fuzz_write_seed("tiny", tiny, sizeof tiny);
    seed_file("f3", "models/f3.onnx");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    sonic_model model;
    sonic_error error = {0};
    sonic_status status = sonic_model_import_bytes(&model, data, n, NULL, &error);
    if (status) {
        fuzz_require_sentence(status, &error);
        fuzz_require(!model.graph.node && !model.constants);
        return 0;
    }
    fuzz_require(sonic_graph_validate_shapes(&model.graph, &error) == SONIC_OK);
    for (uint32_t i = 0; i < model.graph.nodes; i++) {
        size_t weights = sonic_node_weights(&model.graph, i),
               biases = sonic_node_biases(&model.graph, i);
        fuzz_require(model.graph.node[i].op != SONIC_OP_TRUNC);
        fuzz_require(model.graph.node[i].op != SONIC_OP_SCALE ||
                     (model.constants[i].w && fabs(model.constants[i].w[0]) <= 1));
        for (size_t k = 0; k < weights; k++)
            fuzz_require(isfinite(model.constants[i].w[k]));
        for (size_t k = 0; k < biases; k++)
            fuzz_require(isfinite(model.constants[i].b[k]));
    }
    sonic_model_free(&model);
    return 0;
}
#else
void fuzz_seed(void)
{
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    sonic_model model;
    sonic_error error = {0};
    (void)data, (void)n;
    fuzz_require_sentence(sonic_model_import(&model, "model.onnx", &error), &error);
    return 0;
}
#endif
