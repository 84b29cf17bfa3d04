/* The sessions of the constant-time tests without valgrind: two servers in two threads of one
 * process, on every tier; and packed weights that two threads share.  A plain program, because
 * Criterion does not run under the thread sanitizer.  Prints TAP. */
#include <sonicnn/ring.h>

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "dispatch/cpu.h"
#include "tests/constant_time.h"

/* Nothing watches here: what is hidden stays as it is, and counts as secret. */
void secret_hide(const void *data, size_t n)
{
    (void)data;
    (void)n;
}

void secret_open(const void *data, size_t n)
{
    secret_hide(data, n);
}

size_t secret_count(const void *data, size_t n)
{
    (void)data;
    return n;
}

void constant_time_require(bool holds, const char *format, ...)
{
    va_list list;
    if (holds)
        return;
    va_start(list, format);
    (void)printf("not ok - ");
    (void)vprintf(format, list);
    (void)printf("\n");
    va_end(list);
    exit(1);
}

enum { M = 37, N = 70, K = 310, USES = 5 };

/* A K x N matrix and a convolution of one tap, of the same weights, and one of two users. */
typedef struct user {
    const sonic_context *context;
    const sonic_ring_packed *b;
    const sonic_conv_weights *weights;
    const uint64_t *a;
    uint64_t c[M * N], y[M * N];
} user;

static void *use(void *arg)
{
    user *me = arg;
    sonic_error error = {0};
    for (int i = 0; i < USES; i++) {
        constant_time_require(
            !sonic_ring_matmul_packed_b(me->context, M, me->b, me->c, N, me->a, K, false, &error),
            "%s", error.text);
        constant_time_require(
            !sonic_conv_packed(me->context, me->weights, M, me->y, me->a, false, &error), "%s",
            error.text);
    }
    return NULL;
}

static void share_packed(const sonic_context *context)
{
    static uint64_t a[M * K], w[N * K];
    static user users[2];
    const sonic_conv_shape shape = {M, K, 1, 1, N, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1};
    sonic_ring_packed *b;
    sonic_conv_weights *weights;
    pthread_t thread[2];
    uint64_t state = 1;
    for (size_t i = 0; i < M * K; i++)
        a[i] = state = state * UINT64_C(6364136223846793005) + 1;
    for (size_t i = 0; i < N * K; i++)
        w[i] = state = state * UINT64_C(6364136223846793005) + 1;
    constant_time_require(!sonic_ring_pack_b(&b, context, SONIC_RING_64, K, N, w, K, true, NULL) &&
                              !sonic_conv_pack(&weights, context, SONIC_RING_64, &shape, w, NULL),
                          "cannot pack");
    for (int i = 0; i < 2; i++) {
        users[i] = (user){.context = context, .b = b, .weights = weights, .a = a};
        constant_time_require(!pthread_create(&thread[i], NULL, use, &users[i]), "no thread");
    }
    for (int i = 0; i < 2; i++)
        (void)pthread_join(thread[i], NULL);
    for (size_t i = 0; i < M * N; i++) {
        uint64_t sum = 0;
        for (size_t p = 0; p < K; p++)
            sum += a[i / N * K + p] * w[i % N * K + p];
        for (int t = 0; t < 2; t++)
            constant_time_require(users[t].c[i] == sum && users[t].y[i] == sum,
                                  "element %zu of thread %d is wrong", i, t);
    }
    sonic_ring_packed_free(b);
    sonic_conv_weights_free(weights);
}

int main(void)
{
    unsigned tiers = sonic_cpu_tiers(), n = 0;
    (void)printf("1..%d\n", 4 * __builtin_popcount(tiers));
    for (unsigned t = 0; t < SONIC_TIERS; t++) {
        if (!(tiers >> t & 1))
            continue;
        const char *name = sonic_tier_name((sonic_tier)t);
        const sonic_context_options options = {.tier = name, .threads = 1};
        sonic_context *context;
        sonic_error error = {0};
        constant_time_require(!sonic_context_create(&context, &options, &error), "%s", error.text);
        constant_time_circuit(context);
        (void)printf("ok %u - a garbled circuit between two threads, %s\n", ++n, name);
        constant_time_relu(context);
        (void)printf("ok %u - relu between two threads, %s\n", ++n, name);
        constant_time_session(context);
        (void)printf("ok %u - a network of all layers between two threads, %s\n", ++n, name);
        share_packed(context);
        (void)printf("ok %u - packed weights that two threads share, %s\n", ++n, name);
        sonic_context_free(context);
    }
    return 0;
}
