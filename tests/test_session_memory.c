/* What sessions hold in memory. */
#include <criterion/criterion.h>

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

#include "tests/build_model.h"
#include "tests/session_run.h"

/* The most bytes in use on this heap after any node of either server. */
struct peak {
    pthread_mutex_t lock;
    size_t most;
};

static void watch(void *arg, uint32_t node, const void *share, size_t elements)
{
    struct peak *peak = arg;
    struct mallinfo2 info = mallinfo2();
    size_t bytes = info.uordblks + info.hblkhd;
    (void)node;
    (void)share;
    (void)elements;
    pthread_mutex_lock(&peak->lock);
    peak->most = bytes > peak->most ? bytes : peak->most;
    pthread_mutex_unlock(&peak->lock);
}

/* 40 layers of 1 MiB each: no more than a few of them are in memory at a time. */
Test(session_memory, tensors_are_freed_at_their_last_use)
{
    uint64_t state = 25;
    sonic_model model;
    two_party both;
    build_begin(&model, SONIC_RING_32, SONIC_TRUNC_LOCAL, (sonic_shape){3, {1, 512, 512}});
    for (int i = 0; i < 40; i++) {
        sonic_node *n =
            build_add(&model, i % 4 == 3 ? SONIC_OP_ADD : SONIC_OP_SCALE, "layer", 1, i);
        if (n->op == SONIC_OP_ADD) {
            free(n->input);
            n->input = calloc(2, sizeof *n->input);
            cr_assert(n->input);
            n->inputs = 2;
            n->input[0] = (uint32_t)i;
            n->input[1] = (uint32_t)i - 1;
        }
        build_finish(&model, &state, 0);
    }
    two_party_create(&both, &model, 1, 1, 25);
    session_io io = session_io_make(&both, 1);
    struct peak peak = {.lock = PTHREAD_MUTEX_INITIALIZER};
    watch(&peak, 0, NULL, 0);
    size_t before = peak.most;
    both.tap = watch;
    both.tap_arg = &peak;
    cr_assert_eq(two_party_run(&both, 1, io.x, io.y), SONIC_OK, "%s", both.server[0].error.text);
    if (before == 0) /* a sanitizer's heap, which does not count */
        cr_skip("the heap does not say what is in use");
    /* Either server: the caller's input and output, and three tensors. */
    cr_expect_lt(peak.most - before, 2 * 5 * (1u << 20) + (1u << 20));
    session_io_free(io);
    two_party_free(&both);
}

/* The most that two sessions take while they infer once: `layers` fully connected ones of 512 x
 * 512, 1 MiB of weights each. */
static size_t most_bytes(uint32_t layers, uint32_t batch)
{
    uint64_t state = 26;
    sonic_model model;
    two_party both;
    build_begin(&model, SONIC_RING_32, SONIC_TRUNC_LOCAL, (sonic_shape){1, {512}});
    for (uint32_t i = 0; i < layers; i++) {
        build_add(&model, SONIC_OP_CONV, "layer", 1, i)->shape.dim[0] = 512;
        build_finish(&model, &state, 1);
    }
    two_party_create(&both, &model, batch, 1, 26);
    both.server[0].tier = both.server[1].tier = "ref"; /* packed weights take as much as raw ones */
    session_io io = session_io_make(&both, 1);
    struct peak peak = {.lock = PTHREAD_MUTEX_INITIALIZER};
    watch(&peak, 0, NULL, 0);
    size_t before = peak.most;
    both.tap = watch;
    both.tap_arg = &peak;
    cr_assert_eq(two_party_run(&both, 1, io.x, io.y), SONIC_OK, "%s", both.server[0].error.text);
    if (before == 0)
        cr_skip("the heap does not say what is in use");
    session_io_free(io);
    two_party_free(&both);
    return peak.most - before;
}

/* Beside the shares, which are the caller's: the opened weights once, and the party's own where
 * they are packed, which those of a fully connected layer for few images are not. */
Test(session_memory, weights_are_held_once_a_form)
{
    size_t few = most_bytes(8, 1), many = most_bytes(8, 5);
    cr_expect(few > 2 * 8u << 20 && few < 2 * 10u << 20, "%zu bytes", few);
    cr_expect(many > 2 * 16u << 20 && many < 2 * 18u << 20, "%zu bytes", many);
}
