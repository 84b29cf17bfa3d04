/** @file
 * The layers of well-known networks: every distinct shape once, with how often each network uses
 * it, as the importer lowers them (batch norms folded into convolutions, max-pools before ReLUs).
 */
#ifndef SONIC_BENCH_NETWORKS_H
#define SONIC_BENCH_NETWORKS_H

#include "proto/model/graph.h"

/** The small ones are the literature's for MNIST and CIFAR-10 (SecureML, Chameleon, MiniONN's for
 * MNIST, the same for Fashion-MNIST, MiniONN's for CIFAR-10, ResNet-20); the large ones read
 * 224 x 224 pixels. */
typedef enum bench_network {
    BENCH_M1,
    BENCH_M2,
    BENCH_M3,
    BENCH_F3,
    BENCH_C1,
    BENCH_R20,
    BENCH_RESNET50,
    BENCH_VGG16,
    BENCH_NETWORKS
} bench_network;

/** "m1", ...: static storage. */
const char *bench_network_name(bench_network network);

/** The network of a name, BENCH_NETWORKS if there is none. */
bench_network bench_network_find(const char *name);

/** One layer of one image. */
typedef struct bench_layer {
    sonic_op op;      /**< CONV, RELU, MAX_POOL, AVG_POOL, ADD or TRUNC */
    uint32_t c, h, w; /**< input; h = w = 1 for a fully connected layer, and c = all elements for
                           what works element by element */
    uint32_t o;       /**< CONV: output channels */
    uint32_t k, stride, pad, groups; /**< square windows */
    uint8_t uses[BENCH_NETWORKS];
} bench_layer;

extern const bench_layer bench_layers[];
extern const size_t bench_layers_count;

/** The convolution of a CONV for a batch. */
sonic_conv_shape bench_layer_conv(const bench_layer *layer, size_t batch);

enum { BENCH_LAYER_NAME = 64 };

/** "conv/64x56x56-256-1x1", "fc/128-10", "batch_norm/64x56x56", "relu/802816",
 * "max_pool/64x112x112-3x3s2p1": kind and shape. */
void bench_layer_name(const bench_layer *layer, char name[BENCH_LAYER_NAME]);

#endif
