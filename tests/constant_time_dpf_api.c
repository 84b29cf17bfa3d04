/* <sonicnn/dpf.h> with secret randomness, alpha and beta; a blob's header is public. */
#include "tests/constant_time.h"

#include <stdint.h>
#include <string.h>

#include <sonicnn/dpf.h>

enum { N = 19, HEADER = 48, BYTES = 1 << 16 };

static void require_ok(sonic_status status, const sonic_error *error)
{
    constant_time_require(status == SONIC_OK, "%s", error->text);
}

static void run(const sonic_context *context, const sonic_dpf_shape *shape)
{
    static uint8_t blob[2][BYTES];
    static uint64_t alpha[N], beta[2 * N], x[N], out[2][2 * N];
    const bool step = shape->function == SONIC_DPF_STEP;
    sonic_error error;
    size_t bytes;
    for (size_t i = 0; i < N; i++) {
        alpha[i] = i * 0x3f1;
        x[i] = alpha[i] + i % 3 - 1;
        beta[2 * i] = ~(beta[2 * i + 1] = i + 1);
    }
    require_ok(sonic_dpf_bytes(&bytes, shape, &error), &error);
    constant_time_require(bytes <= BYTES, "%zu bytes of keys", bytes);
    secret_hide(alpha, sizeof alpha);
    secret_hide(beta, sizeof beta);
    require_ok(
        sonic_dpf_generate(context, shape, blob[0], blob[1], alpha, step ? beta : NULL, &error),
        &error);
    for (unsigned p = 0; p < 2; p++) {
        secret_open(blob[p], HEADER);
        secret_hide(blob[p] + HEADER, bytes - HEADER);
        require_ok(sonic_dpf_eval(context, shape, out[p], blob[p], bytes, x, &error), &error);
        const size_t out_bytes = step ? sizeof out[p] : N / 8;
        constant_time_require(secret_count(out[p], out_bytes) == out_bytes, "shares are public");
        secret_open(out[p], sizeof out[p]);
    }
    secret_open(alpha, sizeof alpha);
    secret_open(beta, sizeof beta);
    for (size_t i = 0; i < N; i++) {
        const bool holds = shape->function == SONIC_DPF_POINT ? x[i] == alpha[i] : x[i] < alpha[i];
        const uint8_t *bits[2] = {(const uint8_t *)out[0], (const uint8_t *)out[1]};
        for (size_t k = 2 * i; step && k < 2 * i + 2; k++)
            constant_time_require(out[0][k] + out[1][k] == (holds ? beta[k] : 0),
                                  "step %zu is wrong", i);
        if (!step)
            constant_time_require(((bits[0][i / 8] ^ bits[1][i / 8]) >> i % 8 & 1) == holds,
                                  "bit %zu is wrong", i);
    }
}

void constant_time_dpf_api(const sonic_context *context)
{
    for (sonic_dpf_function f = SONIC_DPF_POINT; f <= SONIC_DPF_STEP; f++)
        run(context, &(sonic_dpf_shape){f, SONIC_RING_64, 64, N});
}
