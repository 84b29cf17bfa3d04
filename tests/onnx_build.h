/** @file
 * ONNX models made in memory for tests, and a naive evaluator of them: one operator at a time on
 * whole tensors as the ONNX text says, knowing nothing of the importer.
 */
#ifndef SONIC_TESTS_ONNX_BUILD_H
#define SONIC_TESTS_ONNX_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/model/onnx.pb-c.h"

enum { BUILD_NODES = 96, BUILD_TENSORS = 96, BUILD_OWNED = 4096 };

typedef struct build {
    Onnx__ModelProto model;
    Onnx__GraphProto graph;
    Onnx__OperatorSetIdProto opset, *opsets[1];
    Onnx__ValueInfoProto *input[BUILD_TENSORS], *output[2];
    Onnx__NodeProto *node[BUILD_NODES];
    Onnx__TensorProto *tensor[BUILD_TENSORS];
    void *owned[BUILD_OWNED]; /* freed at the end */
    size_t owns;
    uint64_t state; /* of random numbers */
} build;

/* Starts a model; ends it. */
void build_start(build *b, int64_t opset, const char *producer, uint64_t seed);
void build_end(build *b);

/* Memory that lives as long as the model. */
void *build_own(build *b, size_t n);
/* Uniform in -1 .. 1, or an integer below n. */
double build_real(build *b);
uint32_t build_below(build *b, uint32_t n);

/* A list of integers ending in the marker END. */
#define END INT64_MIN
#define LIST(...) ((const int64_t[]){__VA_ARGS__, END})

/* An input or output; dimension 0 is symbolic. */
void build_input(build *b, const char *name, const int64_t *dims);
void build_output(build *b, const char *name);

/* A node; inputs and outputs are words separated by spaces, "-" is an input left out. */
Onnx__NodeProto *build_node(build *b, const char *type, const char *name, const char *inputs,
                            const char *outputs);
Onnx__AttributeProto *build_attribute(build *b, Onnx__NodeProto *node, const char *name);
void build_int(build *b, Onnx__NodeProto *node, const char *name, int64_t value);
void build_ints(build *b, Onnx__NodeProto *node, const char *name, const int64_t *value);
void build_float(build *b, Onnx__NodeProto *node, const char *name, float value);
void build_text(build *b, Onnx__NodeProto *node, const char *name, const char *value);
/* The node Constant with its tensor. */
void build_constant(build *b, const char *name, Onnx__TensorProto *tensor);

/* Tensors, not yet in the model: random floats around `center`, given integers (dims NULL: a list).
 */
Onnx__TensorProto *build_floats(build *b, const char *name, const int64_t *dims, double center);
Onnx__TensorProto *build_integers(build *b, const char *name, const int64_t *dims,
                                  const int64_t *value);
/* One number of rank 0. */
Onnx__TensorProto *build_scalar(build *b, const char *name, float value);
/* Makes it an initializer. */
void build_initializer(build *b, Onnx__TensorProto *tensor);
/* Random initializer, the usual case. */
void build_weights(build *b, const char *name, const int64_t *dims);

/* A convolution with random weights of these dimensions, and a bias or none. */
Onnx__NodeProto *build_conv(build *b, const char *name, const char *in, const char *out,
                            const int64_t *weights, bool bias);
/* Scale, bias, mean, and a variance away from zero, of n channels. */
Onnx__NodeProto *build_batch_norm(build *b, const char *name, const char *in, const char *out,
                                  int64_t n);

/* The serialised model, malloc'ed. */
uint8_t *build_pack(build *b, size_t *n);

/* Runs the nodes, which must be in order, on one batch; *elements results of `output`, malloc'ed.
 * Softmax and ArgMax pass their input on. */
double *evaluate(const build *b, const char *output, const int64_t *input_dims, const double *input,
                 size_t *elements);

#endif
