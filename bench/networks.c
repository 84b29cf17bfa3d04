/* The table of layers. */
#include "bench/networks.h"

#include <stdio.h>
#include <string.h>

#define CONV(c, h, o, k, s, p, groups) SONIC_OP_CONV, c, h, h, o, k, s, p, groups
#define FC(c, o) CONV(c, 1, o, 1, 1, 0, 1)
/* A batch norm without a convolution before it: a factor and a sum a channel. */
#define BATCH_NORM(c, h) CONV(c, h, c, 1, 1, 0, c)
#define DEPTHWISE(c, h, s) CONV(c, h, c, 3, s, 1, c)
#define POOL(op, c, h, k, s, p) op, c, h, h, 0, k, s, p, 1
#define MAX_POOL(c, h, k, s, p) POOL(SONIC_OP_MAX_POOL, c, h, k, s, p)
#define AVG_POOL(c, h, k, s, p) POOL(SONIC_OP_AVG_POOL, c, h, k, s, p)
#define RELU(n) POOL(SONIC_OP_RELU, n, 1, 1, 1, 0)
#define ADD(n) POOL(SONIC_OP_ADD, n, 1, 1, 1, 0)
#define TRUNC(n) POOL(SONIC_OP_TRUNC, n, 1, 1, 1, 0)

static const char *const names[BENCH_NETWORKS] = {
    "m1", "m2", "m3", "f3", "c1", "r20", "resnet50", "vgg16",
};

/* clang-format off */
const bench_layer bench_layers[] = {
    /* uses by m1, m2, m3, f3, c1, r20, ResNet-50 (strides in the 3 x 3 convolutions), VGG-16 */
    {FC(784, 128), {1, 0, 0, 0, 0, 0, 0, 0}},
    {FC(128, 128), {1, 0, 0, 0, 0, 0, 0, 0}},
    {FC(128, 10), {1, 0, 0, 0, 0, 0, 0, 0}},
    {CONV(1, 28, 5, 5, 2, 2, 1), {0, 1, 0, 0, 0, 0, 0, 0}},
    {FC(980, 100), {0, 1, 0, 0, 0, 0, 0, 0}},
    {FC(100, 10), {0, 1, 1, 1, 0, 0, 0, 0}},
    {CONV(1, 28, 16, 5, 1, 0, 1), {0, 0, 1, 1, 0, 0, 0, 0}},
    {CONV(16, 12, 16, 5, 1, 0, 1), {0, 0, 1, 1, 0, 0, 0, 0}},
    {FC(256, 100), {0, 0, 1, 1, 0, 0, 0, 0}},
    {CONV(3, 32, 64, 3, 1, 1, 1), {0, 0, 0, 0, 1, 0, 0, 0}},
    {CONV(64, 32, 64, 3, 1, 1, 1), {0, 0, 0, 0, 1, 0, 0, 0}},
    {CONV(64, 16, 64, 3, 1, 1, 1), {0, 0, 0, 0, 2, 0, 0, 0}},
    {CONV(64, 8, 64, 3, 1, 1, 1), {0, 0, 0, 0, 1, 5, 0, 0}},
    {CONV(64, 8, 64, 1, 1, 0, 1), {0, 0, 0, 0, 1, 0, 0, 0}},
    {CONV(64, 8, 16, 1, 1, 0, 1), {0, 0, 0, 0, 1, 0, 0, 0}},
    {FC(1024, 10), {0, 0, 0, 0, 1, 0, 0, 0}},
    {CONV(3, 32, 16, 3, 1, 1, 1), {0, 0, 0, 0, 0, 1, 0, 0}},
    {CONV(16, 32, 16, 3, 1, 1, 1), {0, 0, 0, 0, 0, 6, 0, 0}},
    {CONV(16, 32, 32, 3, 2, 1, 1), {0, 0, 0, 0, 0, 1, 0, 0}},
    {CONV(32, 16, 32, 3, 1, 1, 1), {0, 0, 0, 0, 0, 5, 0, 0}},
    {CONV(16, 32, 32, 1, 2, 0, 1), {0, 0, 0, 0, 0, 1, 0, 0}},
    {CONV(32, 16, 64, 3, 2, 1, 1), {0, 0, 0, 0, 0, 1, 0, 0}},
    {CONV(32, 16, 64, 1, 2, 0, 1), {0, 0, 0, 0, 0, 1, 0, 0}},
    {FC(64, 10), {0, 0, 0, 0, 0, 1, 0, 0}},
    {CONV(3, 224, 64, 7, 2, 3, 1), {0, 0, 0, 0, 0, 0, 1, 0}},
    {CONV(64, 56, 64, 1, 1, 0, 1), {0, 0, 0, 0, 0, 0, 1, 0}},
    {CONV(64, 56, 64, 3, 1, 1, 1), {0, 0, 0, 0, 0, 0, 3, 0}},
    {CONV(64, 56, 256, 1, 1, 0, 1), {0, 0, 0, 0, 0, 0, 4, 0}},
    {CONV(256, 56, 64, 1, 1, 0, 1), {0, 0, 0, 0, 0, 0, 2, 0}},
    {CONV(256, 56, 128, 1, 1, 0, 1), {0, 0, 0, 0, 0, 0, 1, 0}},
    {CONV(128, 56, 128, 3, 2, 1, 1), {0, 0, 0, 0, 0, 0, 1, 0}},
    {CONV(128, 28, 512, 1, 1, 0, 1), {0, 0, 0, 0, 0, 0, 4, 0}},
    {CONV(256, 56, 512, 1, 2, 0, 1), {0, 0, 0, 0, 0, 0, 1, 0}},
    {CONV(512, 28, 128, 1, 1, 0, 1), {0, 0, 0, 0, 0, 0, 3, 0}},
    {CONV(128, 28, 128, 3, 1, 1, 1), {0, 0, 0, 0, 0, 0, 3, 0}},
    {CONV(512, 28, 256, 1, 1, 0, 1), {0, 0, 0, 0, 0, 0, 1, 0}},
    {CONV(256, 28, 256, 3, 2, 1, 1), {0, 0, 0, 0, 0, 0, 1, 0}},
    {CONV(256, 14, 1024, 1, 1, 0, 1), {0, 0, 0, 0, 0, 0, 6, 0}},
    {CONV(512, 28, 1024, 1, 2, 0, 1), {0, 0, 0, 0, 0, 0, 1, 0}},
    {CONV(1024, 14, 256, 1, 1, 0, 1), {0, 0, 0, 0, 0, 0, 5, 0}},
    {CONV(256, 14, 256, 3, 1, 1, 1), {0, 0, 0, 0, 0, 0, 5, 0}},
    {CONV(1024, 14, 512, 1, 1, 0, 1), {0, 0, 0, 0, 0, 0, 1, 0}},
    {CONV(512, 14, 512, 3, 2, 1, 1), {0, 0, 0, 0, 0, 0, 1, 0}},
    {CONV(512, 7, 2048, 1, 1, 0, 1), {0, 0, 0, 0, 0, 0, 3, 0}},
    {CONV(1024, 14, 2048, 1, 2, 0, 1), {0, 0, 0, 0, 0, 0, 1, 0}},
    {CONV(2048, 7, 512, 1, 1, 0, 1), {0, 0, 0, 0, 0, 0, 2, 0}},
    {CONV(512, 7, 512, 3, 1, 1, 1), {0, 0, 0, 0, 0, 0, 2, 0}},
    {FC(2048, 1000), {0, 0, 0, 0, 0, 0, 1, 0}},
    {CONV(3, 224, 64, 3, 1, 1, 1), {0, 0, 0, 0, 0, 0, 0, 1}},
    {CONV(64, 224, 64, 3, 1, 1, 1), {0, 0, 0, 0, 0, 0, 0, 1}},
    {CONV(64, 112, 128, 3, 1, 1, 1), {0, 0, 0, 0, 0, 0, 0, 1}},
    {CONV(128, 112, 128, 3, 1, 1, 1), {0, 0, 0, 0, 0, 0, 0, 1}},
    {CONV(128, 56, 256, 3, 1, 1, 1), {0, 0, 0, 0, 0, 0, 0, 1}},
    {CONV(256, 56, 256, 3, 1, 1, 1), {0, 0, 0, 0, 0, 0, 0, 2}},
    {CONV(256, 28, 512, 3, 1, 1, 1), {0, 0, 0, 0, 0, 0, 0, 1}},
    {CONV(512, 28, 512, 3, 1, 1, 1), {0, 0, 0, 0, 0, 0, 0, 2}},
    {CONV(512, 14, 512, 3, 1, 1, 1), {0, 0, 0, 0, 0, 0, 0, 3}},
    {FC(25088, 4096), {0, 0, 0, 0, 0, 0, 0, 1}},
    {FC(4096, 4096), {0, 0, 0, 0, 0, 0, 0, 1}},
    {FC(4096, 1000), {0, 0, 0, 0, 0, 0, 0, 1}},
    {RELU(128), {2, 0, 0, 0, 0, 0, 0, 0}},
    {RELU(980), {0, 1, 0, 0, 0, 0, 0, 0}},
    {RELU(100), {0, 1, 1, 1, 0, 0, 0, 0}},
    {RELU(2304), {0, 0, 1, 1, 0, 0, 0, 0}},
    {RELU(256), {0, 0, 1, 1, 0, 0, 0, 0}},
    {RELU(65536), {0, 0, 0, 0, 2, 0, 0, 0}},
    {RELU(16384), {0, 0, 0, 0, 2, 7, 0, 0}},
    {RELU(4096), {0, 0, 0, 0, 2, 6, 0, 2}},
    {RELU(1024), {0, 0, 0, 0, 1, 0, 0, 0}},
    {RELU(8192), {0, 0, 0, 0, 0, 6, 0, 0}},
    {RELU(200704), {0, 0, 0, 0, 0, 0, 14, 1}},
    {RELU(802816), {0, 0, 0, 0, 0, 0, 3, 3}},
    {RELU(401408), {0, 0, 0, 0, 0, 0, 5, 3}},
    {RELU(100352), {0, 0, 0, 0, 0, 0, 11, 3}},
    {RELU(50176), {0, 0, 0, 0, 0, 0, 11, 0}},
    {RELU(25088), {0, 0, 0, 0, 0, 0, 5, 1}},
    {RELU(3211264), {0, 0, 0, 0, 0, 0, 0, 1}},
    {RELU(1605632), {0, 0, 0, 0, 0, 0, 0, 1}},
    {MAX_POOL(16, 24, 2, 2, 0), {0, 0, 1, 1, 0, 0, 0, 0}},
    {MAX_POOL(16, 8, 2, 2, 0), {0, 0, 1, 1, 0, 0, 0, 0}},
    {MAX_POOL(64, 112, 3, 2, 1), {0, 0, 0, 0, 0, 0, 1, 0}},
    {MAX_POOL(64, 224, 2, 2, 0), {0, 0, 0, 0, 0, 0, 0, 1}},
    {MAX_POOL(128, 112, 2, 2, 0), {0, 0, 0, 0, 0, 0, 0, 1}},
    {MAX_POOL(256, 56, 2, 2, 0), {0, 0, 0, 0, 0, 0, 0, 1}},
    {MAX_POOL(512, 28, 2, 2, 0), {0, 0, 0, 0, 0, 0, 0, 1}},
    {MAX_POOL(512, 14, 2, 2, 0), {0, 0, 0, 0, 0, 0, 0, 1}},
    {AVG_POOL(64, 32, 2, 2, 0), {0, 0, 0, 0, 1, 0, 0, 0}},
    {AVG_POOL(64, 16, 2, 2, 0), {0, 0, 0, 0, 1, 0, 0, 0}},
    {AVG_POOL(64, 8, 8, 1, 0), {0, 0, 0, 0, 0, 1, 0, 0}},
    {AVG_POOL(2048, 7, 7, 7, 0), {0, 0, 0, 0, 0, 0, 1, 0}},
    {ADD(16384), {0, 0, 0, 0, 0, 3, 0, 0}},
    {ADD(8192), {0, 0, 0, 0, 0, 3, 0, 0}},
    {ADD(4096), {0, 0, 0, 0, 0, 3, 0, 0}},
    {ADD(802816), {0, 0, 0, 0, 0, 0, 3, 0}},
    {ADD(401408), {0, 0, 0, 0, 0, 0, 4, 0}},
    {ADD(200704), {0, 0, 0, 0, 0, 0, 6, 0}},
    {ADD(100352), {0, 0, 0, 0, 0, 0, 3, 0}},
    /* in no network above: mobile networks' depthwise convolutions, batch norms that nothing takes
     * in, truncations that ride on no ReLU, and the ReLU that is quoted */
    {DEPTHWISE(32, 112, 1), {0}},
    {DEPTHWISE(64, 112, 2), {0}},
    {DEPTHWISE(64, 56, 1), {0}},
    {DEPTHWISE(128, 56, 1), {0}},
    {DEPTHWISE(256, 28, 1), {0}},
    {DEPTHWISE(512, 14, 1), {0}},
    {DEPTHWISE(1024, 7, 1), {0}},
    {BATCH_NORM(64, 56), {0}},
    {BATCH_NORM(512, 28), {0}},
    {RELU(1048576), {0}},
    {TRUNC(16384), {0}},
    {TRUNC(1048576), {0}},
};
/* clang-format on */

const size_t bench_layers_count = sizeof bench_layers / sizeof *bench_layers;

const char *bench_network_name(bench_network network)
{
    return names[network];
}

bench_network bench_network_find(const char *name)
{
    unsigned n = 0;
    while (n < BENCH_NETWORKS && strcmp(name, names[n]) != 0)
        n++;
    return (bench_network)n;
}

sonic_conv_shape bench_layer_conv(const bench_layer *l, size_t batch)
{
    return (sonic_conv_shape){batch,     l->c, l->h, l->w,   l->o,   l->k,   l->k,   l->stride,
                              l->stride, 1,    1,    l->pad, l->pad, l->pad, l->pad, l->groups};
}

/* "3x3", "7x7s2p3" */
static void window_name(const bench_layer *l, char *name, size_t room)
{
    int used = snprintf(name, room, "%ux%u", l->k, l->k);
    if (l->stride > 1)
        used += snprintf(name + used, room - (size_t)used, "s%u", l->stride);
    if (l->pad)
        (void)snprintf(name + used, room - (size_t)used, "p%u", l->pad);
}

static void conv_name(const bench_layer *l, char name[BENCH_LAYER_NAME])
{
    char window[16];
    window_name(l, window, sizeof window);
    if (l->h == 1 && l->w == 1)
        (void)snprintf(name, BENCH_LAYER_NAME, "fc/%u-%u", l->c, l->o);
    else if (l->groups == l->c && l->k == 1)
        (void)snprintf(name, BENCH_LAYER_NAME, "batch_norm/%ux%ux%u", l->c, l->h, l->w);
    else if (l->groups == l->c && l->c > 1)
        (void)snprintf(name, BENCH_LAYER_NAME, "conv/%ux%ux%u-depthwise-%s", l->c, l->h, l->w,
                       window);
    else
        (void)snprintf(name, BENCH_LAYER_NAME, "conv/%ux%ux%u-%u-%s", l->c, l->h, l->w, l->o,
                       window);
}

void bench_layer_name(const bench_layer *l, char name[BENCH_LAYER_NAME])
{
    char window[16];
    window_name(l, window, sizeof window);
    switch (l->op) {
    case SONIC_OP_CONV: conv_name(l, name); break;
    case SONIC_OP_MAX_POOL:
    case SONIC_OP_AVG_POOL:
        (void)snprintf(name, BENCH_LAYER_NAME, "%s_pool/%ux%ux%u-%s",
                       l->op == SONIC_OP_MAX_POOL ? "max" : "avg", l->c, l->h, l->w, window);
        break;
    default: (void)snprintf(name, BENCH_LAYER_NAME, "%s/%u", sonic_op_name(l->op), l->c); break;
    }
}
