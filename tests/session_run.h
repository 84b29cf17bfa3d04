/** @file
 * What tests of sessions share: a network, its inputs and outputs, and a check of results.
 */
#ifndef SONIC_TESTS_SESSION_RUN_H
#define SONIC_TESTS_SESSION_RUN_H

#include "tests/two_party.h"

/** Every kind of layer that talks, in a few bytes: a convolution, max-pool, ReLU, truncation, and a
 * fully connected layer. */
void session_net(sonic_model *model, sonic_ring ring, sonic_truncation truncation);

/** Inputs, drawn, and room for outputs of so many inferences. */
typedef struct session_io {
    void *x, *y;
} session_io;

session_io session_io_make(const two_party *both, uint32_t inferences);
void session_io_free(session_io io);

/** The last inference's result against the oracle on the tensor before the last layer, which is
 * exact. */
void session_expect_result(const two_party *both);

#endif
