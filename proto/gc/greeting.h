/** @file
 * How the two parties of an execution find out that they agree.  Private to proto/gc/.
 */
#ifndef SONIC_PROTO_GC_GREETING_H
#define SONIC_PROTO_GC_GREETING_H

#include "proto/gc/execute.h"

/** A round of 88 bytes: role, instances, repetitions, and digests of the circuit and of the rest.
 * @return SONIC_E_MISMATCH, SONIC_E_PEER with what differs */
SONIC_MUST_CHECK sonic_status sonic_execution_greet(sonic_channel *channel,
                                                    const sonic_execution *execution, bool garbles,
                                                    sonic_error *error);

#endif
