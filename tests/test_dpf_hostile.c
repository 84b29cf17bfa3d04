/* <sonicnn/dpf.h> where a blob or the caller is wrong: one sentence, and outputs as they were. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/dpf_batch.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void require_refused(sonic_status got, sonic_status wanted, const sonic_error *error)
{
    cr_assert_eq(got, wanted, "%d: %s", got, error->text);
    cr_assert_eq(error->status, wanted);
    cr_assert(strlen(error->text) > 0 && !strchr(error->text, '\n'));
}

/* Bytes in memory of just their length, so that a sanitizer or valgrind sees who reads behind. */
static sonic_status eval_copy(const dpf_batch *b, const uint8_t *blob, size_t bytes, uint8_t *out,
                              const sonic_context *context, sonic_error *error)
{
    uint8_t *copy = malloc(bytes ? bytes : 1);
    cr_assert(copy);
    memcpy(copy, blob, bytes);
    const sonic_status status = sonic_dpf_eval(context, &b->shape, out, copy, bytes, b->x, error);
    free(copy);
    return status;
}

/* Every length but the right one is refused, with the shares untouched. */
Test(dpf_hostile, blobs_cut_short_or_too_long)
{
    sonic_context *context = dpf_context(NULL, 1);
    for (sonic_dpf_function f = SONIC_DPF_POINT; f <= SONIC_DPF_STEP; f++) {
        dpf_batch b = dpf_make((sonic_dpf_shape){f, SONIC_RING_64, 9, 3}, context, 8);
        uint8_t *longer = dpf_take(b.bytes + 64), out[64], before[64];
        memcpy(longer, b.blob[1], b.bytes);
        memset(out, 0x3c, sizeof out);
        memcpy(before, out, sizeof out);
        for (size_t bytes = 0; bytes < b.bytes + 64; bytes++) {
            sonic_dpf_shape shape = {.n = 71};
            unsigned party = 72;
            sonic_error error;
            if (bytes == b.bytes)
                continue;
            require_refused(eval_copy(&b, longer, bytes, out, context, &error), SONIC_E_FORMAT,
                            &error);
            require_refused(sonic_dpf_inspect(&shape, &party, longer, bytes, &error),
                            SONIC_E_FORMAT, &error);
            cr_assert(shape.n == 71 && shape.function == 0 && party == 72);
            cr_assert_arr_eq(out, before, sizeof out);
        }
        free(longer);
        dpf_drop(&b);
    }
    sonic_context_free(context);
}

/* Every bit of the header: refused, or the party, or the public number, which give wrong shares. */
Test(dpf_hostile, damaged_headers)
{
    enum { PARTY_AT = 20 };
    sonic_context *context = dpf_context(NULL, 1);
    dpf_batch b = dpf_make((sonic_dpf_shape){SONIC_DPF_STEP, SONIC_RING_32, 12, 40}, context, 9);
    dpf_eval(&b, 0, context);
    dpf_eval(&b, 1, context);
    cr_assert(dpf_is_right(&b));
    const size_t out_bytes = dpf_out_bytes(&b.shape);
    uint8_t *before = dpf_take(out_bytes);
    for (size_t i = 0; i < (size_t)DPF_HEADER * 8; i++) {
        sonic_error error;
        memcpy(before, b.out[1], out_bytes);
        b.blob[1][i / 8] ^= (uint8_t)(1 << i % 8);
        const bool accepted = i == (size_t)PARTY_AT * 8 || i >= (size_t)(DPF_HEADER - 16) * 8;
        const sonic_status status = eval_copy(&b, b.blob[1], b.bytes, b.out[1], context, &error);
        if (accepted) {
            cr_assert_eq(status, SONIC_OK, "bit %zu: %s", i, error.text);
            cr_assert(!dpf_is_right(&b), "bit %zu changes nothing", i);
        } else {
            require_refused(status, SONIC_E_FORMAT, &error);
            cr_assert_arr_eq(b.out[1], before, out_bytes, "bit %zu", i);
        }
        b.blob[1][i / 8] ^= (uint8_t)(1 << i % 8);
    }
    free(before);
    dpf_drop(&b);
    sonic_context_free(context);
}

/* What a blob says it is, and one that is well-formed but not what was expected. */
Test(dpf_hostile, blobs_of_another_shape)
{
    const sonic_dpf_shape shape = {SONIC_DPF_COMPARE, SONIC_RING_32, 9, 5};
    const sonic_dpf_shape other[] = {{SONIC_DPF_POINT, SONIC_RING_32, 9, 5},
                                     {SONIC_DPF_COMPARE, SONIC_RING_64, 9, 5},
                                     {SONIC_DPF_COMPARE, SONIC_RING_32, 10, 5},
                                     {SONIC_DPF_COMPARE, SONIC_RING_32, 9, 6}};
    sonic_context *context = dpf_context(NULL, 1);
    dpf_batch b = dpf_make(shape, context, 10);
    for (unsigned p = 0; p < 2; p++) {
        sonic_dpf_shape said;
        unsigned party;
        cr_assert_eq(sonic_dpf_inspect(&said, &party, b.blob[p], b.bytes, NULL), SONIC_OK);
        cr_assert(said.function == shape.function && said.ring == shape.ring &&
                  said.bits == shape.bits && said.n == shape.n && party == p);
    }
    for (size_t i = 0; i < COUNT(other); i++) {
        uint8_t out[8] = {0};
        sonic_error error;
        require_refused(sonic_dpf_eval(context, &other[i], out, b.blob[0], b.bytes, b.x, &error),
                        SONIC_E_SHAPE, &error);
        cr_assert(out[0] == 0);
    }
    dpf_drop(&b);
    sonic_context_free(context);
}

Test(dpf_hostile, wrong_arguments)
{
    static const sonic_dpf_shape wrong[] = {
        {(sonic_dpf_function)0, SONIC_RING_32, 8, 1}, {(sonic_dpf_function)4, SONIC_RING_32, 8, 1},
        {SONIC_DPF_POINT, (sonic_ring)16, 8, 1},      {SONIC_DPF_POINT, SONIC_RING_32, 0, 1},
        {SONIC_DPF_STEP, SONIC_RING_32, 33, 1},       {SONIC_DPF_STEP, SONIC_RING_64, 65, 1}};
    const sonic_dpf_shape vast = {SONIC_DPF_STEP, SONIC_RING_64, 64, SIZE_MAX / 2000};
    const sonic_dpf_shape step = {SONIC_DPF_STEP, SONIC_RING_64, 3, 1};
    const sonic_dpf_shape point = {SONIC_DPF_POINT, SONIC_RING_64, 3, 1};
    uint64_t alpha = 1, beta[2] = {2, 3};
    uint8_t blob[2][512] = {{0}};
    size_t bytes = 7;
    sonic_context *context = dpf_context(NULL, 1);
    sonic_error error;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        require_refused(sonic_dpf_bytes(&bytes, &wrong[i], &error), SONIC_E_ARGUMENT, &error);
        require_refused(
            sonic_dpf_generate(context, &wrong[i], blob[0], blob[1], &alpha, beta, &error),
            SONIC_E_ARGUMENT, &error);
        require_refused(
            sonic_dpf_eval(context, &wrong[i], beta, blob[0], sizeof blob[0], &alpha, &error),
            SONIC_E_ARGUMENT, &error);
    }
    require_refused(sonic_dpf_bytes(&bytes, &vast, &error), SONIC_E_SHAPE, &error);
    require_refused(sonic_dpf_generate(context, &step, blob[0], blob[1], &alpha, NULL, &error),
                    SONIC_E_ARGUMENT, &error);
    require_refused(sonic_dpf_generate(context, &point, blob[0], blob[1], &alpha, beta, &error),
                    SONIC_E_ARGUMENT, &error);
    require_refused(sonic_dpf_generate(NULL, &point, blob[0], blob[1], &alpha, NULL, &error),
                    SONIC_E_ARGUMENT, &error);
    cr_assert_eq(bytes, 7);
    for (size_t i = 0; i < sizeof blob; i++)
        cr_assert_eq(blob[i / 512][i % 512], 0);
    cr_assert_eq(sonic_dpf_generate(context, &point, blob[0], blob[1], &alpha, NULL, NULL),
                 SONIC_OK);
    cr_assert_eq(sonic_dpf_bytes(&bytes, &point, NULL), SONIC_OK);
    require_refused(sonic_dpf_eval(NULL, &point, beta, blob[0], bytes, &alpha, &error),
                    SONIC_E_ARGUMENT, &error);
    sonic_context_free(context);
}
