/** @file
 * Inside the evaluator: its values, how a node's inputs and attributes are read, and the operators.
 */
#ifndef SONIC_TESTS_ONNX_EVAL_H
#define SONIC_TESTS_ONNX_EVAL_H

#include <stdbool.h>

#include "tests/onnx_build.h"

enum { EVAL_RANK = 8, EVAL_VALUES = 256 };

typedef struct eval_value {
    const char *name;
    size_t rank, n;
    long dim[EVAL_RANK];
    double *v;
} eval_value;

typedef struct eval_machine {
    eval_value value[EVAL_VALUES];
    size_t values;
    const Onnx__NodeProto *node; /**< the one that runs */
} eval_machine;

/** Input i of the node, NULL: left out; its output, made. */
eval_value *eval_in(eval_machine *m, size_t i);
eval_value *eval_out(eval_machine *m, size_t rank, const long *dim);

const Onnx__AttributeProto *eval_attribute(const eval_machine *m, const char *name);
long eval_integer(const eval_machine *m, const char *name, long otherwise);
/** Element k of a list attribute. */
long eval_element(const eval_machine *m, const char *name, size_t k, long otherwise);
/** The list in input i, or else in the attribute. */
size_t eval_list(eval_machine *m, size_t i, const char *name, long *to);
/** The axes that input i or the attribute lists, as bits. */
unsigned eval_axis_set(eval_machine *m, size_t i, size_t rank);

/** The index of element i. */
void eval_unravel(const eval_value *t, size_t i, long *at);
/** The element at an index, as wide as `rank`, of a tensor that broadcasts to it. */
double eval_pick(const eval_value *t, size_t rank, const long *at);

/** The output is input 0 with other dimensions. */
void eval_arrange(eval_machine *m, size_t rank, const long *dim);

/** The operators on windows and axes. */
void eval_conv(eval_machine *m);
void eval_pool(eval_machine *m, bool average);
/** The mean, or the maximum, over a set of axes. */
void eval_reduce(eval_machine *m, unsigned axes, bool keep, bool average);

/** The operators on shapes. */
void eval_reshape(eval_machine *m);
void eval_squeeze(eval_machine *m, bool squeeze);
void eval_transpose(eval_machine *m);
void eval_concat(eval_machine *m);
void eval_pad(eval_machine *m);
void eval_shape(eval_machine *m);
void eval_gather(eval_machine *m);
void eval_slice(eval_machine *m);
void eval_flatten(eval_machine *m);

#endif
