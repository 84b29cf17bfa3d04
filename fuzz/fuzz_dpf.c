/* Fuzzes blobs of keys of point functions: any bytes give a sentence, or a batch whose shares fit
 * what the batch says it is. */
#include "config.h"

#include <string.h>

#include <sonicnn/dpf.h>

#include "fuzz/fuzz.h"

/* One context for all inputs, of one thread. */
static const sonic_context *context_of(void)
{
    static sonic_context *context;
    const sonic_context_options options = {.threads = 1};
    if (!context)
        fuzz_require(sonic_context_create(&context, &options, NULL) == SONIC_OK);
    return context;
}

static void write_seed(const char *name, sonic_dpf_shape shape)
{
    const uint64_t alpha[4] = {3, 200, UINT64_MAX, 0}, beta[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    size_t bytes;
    fuzz_require(sonic_dpf_bytes(&bytes, &shape, NULL) == SONIC_OK);
    uint8_t *blob = malloc(2 * bytes);
    fuzz_require(blob != NULL);
    fuzz_require(sonic_dpf_generate(context_of(), &shape, blob, blob + bytes, alpha,
                                    shape.function == SONIC_DPF_STEP ? beta : NULL,
                                    NULL) == SONIC_OK);
    fuzz_write_seed(name, blob + bytes, bytes);
    free(blob);
}

void fuzz_seed(void)
{
    write_seed("none", (sonic_dpf_shape){SONIC_DPF_POINT, SONIC_RING_64, 64, 0});
    write_seed("point", (sonic_dpf_shape){SONIC_DPF_POINT, SONIC_RING_32, 7, 4});
    write_seed("compare", (sonic_dpf_shape){SONIC_DPF_COMPARE, SONIC_RING_64, 64, 3});
    write_seed("step32", (sonic_dpf_shape){SONIC_DPF_STEP, SONIC_RING_32, 2, 2});
    write_seed("step64", (sonic_dpf_shape){SONIC_DPF_STEP, SONIC_RING_64, 12, 1});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    sonic_error error = {0};
    sonic_dpf_shape shape;
    unsigned party;
    size_t bytes;
    const sonic_status status = sonic_dpf_inspect(&shape, &party, data, n, &error);
    if (status) {
        fuzz_require_sentence(status, &error);
        return 0;
    }
    fuzz_require(party < 2 && shape.bits >= 1 && shape.bits <= (unsigned)shape.ring);
    fuzz_require(sonic_dpf_bytes(&bytes, &shape, &error) == SONIC_OK && bytes == n);
    const size_t size = (size_t)shape.ring / 8;
    const size_t out_bytes =
        shape.function == SONIC_DPF_STEP ? 2 * size * shape.n : (shape.n + 7) / 8;
    uint8_t *x = malloc(size * shape.n), *out = malloc(out_bytes);
    fuzz_require(x && out);
    memset(x, 0x5a, size * shape.n);
    fuzz_require(sonic_dpf_eval(context_of(), &shape, out, data, n, x, &error) == SONIC_OK);
    shape.n++;
    fuzz_require_sentence(sonic_dpf_eval(context_of(), &shape, out, data, n, x, &error), &error);
    free(x);
    free(out);
    return 0;
}
