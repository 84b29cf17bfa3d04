/** @file
 * What must hold of any run of two servers, node by node.
 */
#ifndef SONIC_TESTS_EXPECT_H
#define SONIC_TESTS_EXPECT_H

#include "tests/two_party.h"

/** Whether nothing but the plain reference's result will do for a node; where it drops bits
 * otherwise, 1 more will do, too. */
bool expect_exact(const two_party *both, uint32_t node);

/** Every node is what the plain reference makes of the tensors it read, and within its bound. */
void expect_nodes(const two_party *both);

/** Every node sent what the oracle says, in so many inferences. */
void expect_traffic(const two_party *both, uint32_t inferences);

#endif
