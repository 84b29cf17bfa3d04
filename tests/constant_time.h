/** @file
 * Constant-time checks under valgrind's memcheck: a secret is memory that memcheck takes for
 * uninitialised, so that it reports every branch and every address that depends on one.
 */
#ifndef SONIC_TESTS_CONSTANT_TIME_H
#define SONIC_TESTS_CONSTANT_TIME_H

#include <stdbool.h>
#include <stddef.h>

#include "dispatch/context.h"

/** Makes n bytes secret; their values stay. */
void secret_hide(const void *data, size_t n);

/** Makes them public again. */
void secret_open(const void *data, size_t n);

/** How many of n bytes have a secret bit. */
size_t secret_count(const void *data, size_t n);

/** Ends the program with status 1 and a sentence unless `holds`. */
void constant_time_require(bool holds, const char *format, ...) SONIC_PRINTF(2, 3);

/** One part: on secret data with the kernels of a context.  Also requires that results are as they
 * should be, and that they are secret until they are opened: or nothing was checked. */
typedef void (*constant_time_part)(const sonic_context *context);

void constant_time_aes(const sonic_context *context);
void constant_time_garble(const sonic_context *context);
void constant_time_ot_kernels(const sonic_context *context);
void constant_time_bitmat(const sonic_context *context);
void constant_time_bool(const sonic_context *context);
void constant_time_vec(const sonic_context *context);
void constant_time_ring(const sonic_context *context); /**< through sonic_ring_matmul() */
void constant_time_conv(const sonic_context *context); /**< through sonic_conv() */
void constant_time_vole(const sonic_context *context);
void constant_time_dpf(const sonic_context *context);

/** Base transfers, and correlated ones extended from others. */
void constant_time_ot(const sonic_context *context);
/** All forms of <sonicnn/ot.h>, and bit triples. */
void constant_time_ot_api(const sonic_context *context);

/** All functions of <sonicnn/dpf.h>. */
void constant_time_dpf_api(const sonic_context *context);

/** What two servers make for comparisons by oblivious transfer. */
void constant_time_material(const sonic_context *context);

/** Trees and products by secret digits, of two parties. */
void constant_time_linear(const sonic_context *context);

/** A circuit between a garbler and an evaluator. */
void constant_time_circuit(const sonic_context *context);

/** Two servers and a dealer with a network of one ReLU, in both rings and every truncation. */
void constant_time_relu(const sonic_context *context);

/** The same with a network of all kinds of layers. */
void constant_time_session(const sonic_context *context);

/** The same with servers that branch on a bit of a result share. */
void constant_time_leak_share(const sonic_context *context);

#endif
