/* Keys made and evaluated, and what they must come to. */
#include "tests/dpf_batch.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "proto/share/random.h"
#include "tests/elements.h"
#include "tests/random_test.h"

enum { SIZE = 16 /* of a pair of the larger elements */, GUARD = 0xc3 };

sonic_context *dpf_context(const char *tier, int threads)
{
    const sonic_context_options options = {.tier = tier, .threads = threads};
    sonic_context *context;
    sonic_error error;
    cr_assert_eq(sonic_context_create(&context, &options, &error), SONIC_OK, "%s", error.text);
    return context;
}

uint8_t *dpf_take(size_t bytes)
{
    uint8_t *memory = calloc(bytes + 1, 1);
    cr_assert(memory);
    memory[bytes] = GUARD;
    return memory;
}

size_t dpf_out_bytes(const sonic_dpf_shape *s)
{
    return s->function == SONIC_DPF_STEP ? s->n * s->ring / 4 : (s->n + 7) / 8;
}

/* x is random, or alpha, or one beside it, or beside a flipped bit; alpha often a corner. */
static void fill(dpf_batch *b, uint64_t seed)
{
    const size_t bytes = (size_t)b->shape.ring / 8;
    sonic_test_seed(seed);
    sonic_random_bytes(b->alpha, b->shape.n * bytes);
    sonic_random_bytes(b->x, b->shape.n * bytes);
    sonic_random_bytes(b->beta, b->shape.n * 2 * bytes);
    for (size_t i = 0; i < b->shape.n; i++) {
        const uint64_t junk = element_get(b->x, i, bytes), choice = junk >> (8 * bytes - 8);
        const uint64_t corner[4] = {0, UINT64_MAX, (uint64_t)1 << (b->shape.bits - 1), 1};
        if (choice % 8 < 4)
            element_put(b->alpha, i, bytes, corner[choice % 4]);
        const uint64_t alpha = element_get(b->alpha, i, bytes);
        const uint64_t near[4] = {alpha, alpha - 1, alpha + 1,
                                  alpha ^ (uint64_t)1 << junk % b->shape.bits};
        if (choice / 8 % 8 < 4)
            element_put(b->x, i, bytes, near[choice / 8 % 4]);
    }
}

dpf_batch dpf_make(sonic_dpf_shape shape, const sonic_context *context, uint64_t seed)
{
    dpf_batch b = {.shape = shape};
    sonic_error error;
    cr_assert_eq(sonic_dpf_bytes(&b.bytes, &shape, &error), SONIC_OK, "%s", error.text);
    b.alpha = dpf_take(shape.n * SIZE);
    b.beta = dpf_take(shape.n * SIZE);
    b.x = dpf_take(shape.n * SIZE);
    fill(&b, seed);
    for (unsigned p = 0; p < 2; p++) {
        b.blob[p] = dpf_take(b.bytes);
        b.out[p] = dpf_take(dpf_out_bytes(&shape));
    }
    cr_assert_eq(sonic_dpf_generate(context, &shape, b.blob[0], b.blob[1], b.alpha,
                                    shape.function == SONIC_DPF_STEP ? b.beta : NULL, &error),
                 SONIC_OK, "%s", error.text);
    for (unsigned p = 0; p < 2; p++)
        cr_assert_eq(b.blob[p][b.bytes], GUARD, "a byte behind a blob was written");
    return b;
}

void dpf_drop(dpf_batch *b)
{
    for (unsigned p = 0; p < 2; p++) {
        free(b->blob[p]);
        free(b->out[p]);
    }
    free(b->alpha);
    free(b->beta);
    free(b->x);
}

void dpf_eval(dpf_batch *b, unsigned p, const sonic_context *context)
{
    sonic_error error;
    memset(b->out[p], 0xa5, dpf_out_bytes(&b->shape));
    cr_assert_eq(sonic_dpf_eval(context, &b->shape, b->out[p], b->blob[p], b->bytes, b->x, &error),
                 SONIC_OK, "%s", error.text);
    cr_assert_eq(b->out[p][dpf_out_bytes(&b->shape)], GUARD, "a byte behind shares was written");
}

/* Both parties' shares are of the function's values. */
bool dpf_is_right(const dpf_batch *b)
{
    const sonic_dpf_shape *s = &b->shape;
    const size_t bytes = (size_t)s->ring / 8;
    const uint64_t read = UINT64_MAX >> (64 - s->bits);
    for (size_t i = 0; i < s->n; i++) {
        const uint64_t x = element_get(b->x, i, bytes) & read;
        const uint64_t a = element_get(b->alpha, i, bytes) & read;
        const bool holds = s->function == SONIC_DPF_POINT ? x == a : x < a;
        if (s->function != SONIC_DPF_STEP &&
            (dpf_bit(b->out[0], i) ^ dpf_bit(b->out[1], i)) != holds)
            return false;
        for (size_t k = 2 * i; k < 2 * i + 2 && s->function == SONIC_DPF_STEP; k++)
            if (element_reduce(element_get(b->out[0], k, bytes) + element_get(b->out[1], k, bytes),
                               bytes) != (holds ? element_get(b->beta, k, bytes) : 0))
                return false;
    }
    for (size_t i = s->n; i < 8 * dpf_out_bytes(s) && s->function != SONIC_DPF_STEP; i++)
        if (dpf_bit(b->out[0], i) || dpf_bit(b->out[1], i))
            return false;
    return true;
}
