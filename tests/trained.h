/** @file
 * The trained networks: f3.onnx is in the source tree; the others, and the inputs and outputs
 * beside each, are in the folder SONIC_MODELS or beside the project, or not at all.
 */
#ifndef SONIC_TESTS_TRAINED_H
#define SONIC_TESTS_TRAINED_H

#include "proto/model/model.h"
#include "proto/offline/relu_plan.h"

/** Imports a network; false where it is not there. */
bool trained_import(sonic_model *model, const char *name);

/** Whether an inference takes minutes under a sanitizer, and one is there: of c1 and r20 with keys
 * of function secret sharing, of all but f3 without a dealer. */
bool trained_takes_minutes(const char *name, sonic_methods methods);

/** The numbers of NAME.WHAT.npy, malloc'ed; NULL where it is not there. */
float *trained_read(const char *name, const char *what, size_t *n);

/** The first n pixels of the inputs of a network, malloc'ed; where they are not there, pixels that
 * look like noise. */
float *trained_inputs(const char *name, size_t n);

#endif
