/** @file
 * Imports of models made in memory, held to a naive evaluation of the same nodes.
 */
#ifndef SONIC_TESTS_IMPORT_CHECK_H
#define SONIC_TESTS_IMPORT_CHECK_H

#include "proto/model/onnx.h"
#include "tests/onnx_build.h"

/** Imports, which must succeed. */
sonic_model import_sound(build *b);

/** Evaluates, imports and compares, with the nodes in both orders, which must make no difference.
 * `dims`: of a batch to run. */
sonic_model import_check(build *b, const int64_t *dims, const char *what);

/** How many nodes of a kind the import made. */
unsigned import_count(const sonic_model *model, sonic_op op);

#endif
