/** @file
 * A context: the kernels chosen for this processor and the number of threads to use.
 *
 * A context is immutable once made and may be shared by any number of threads and sessions.  Two
 * contexts with different tiers live side by side.
 */
#ifndef SONICNN_CONTEXT_H
#define SONICNN_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

#include <sonicnn/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sonic_context sonic_context;

/** The integers mod 2^32 or 2^64; the value is the number of bits. */
typedef enum sonic_ring { SONIC_RING_32 = 32, SONIC_RING_64 = 64 } sonic_ring;

/** What a caller may choose; all zeros is the default. */
typedef struct sonic_context_options {
    const char *tier; /**< highest tier to use ("ref", "avx2", ...); NULL: what SONIC_TIER in the
                           environment says, else all that the processor has */
    int threads;      /**< 0: as many as OpenMP would use */
} sonic_context_options;

/** Makes a context.
 * @param[out] context  the context, to be freed with sonic_context_free()
 * @param options       NULL for the defaults
 * @return SONIC_E_ARGUMENT for a tier that does not exist, SONIC_E_MEMORY */
SONIC_API SONIC_MUST_CHECK sonic_status sonic_context_create(sonic_context **context,
                                                             const sonic_context_options *options,
                                                             sonic_error *error);

/** Frees a context; NULL is allowed. */
SONIC_API void sonic_context_free(sonic_context *context);

/** The name of the highest tier the context uses, static storage. */
SONIC_API const char *sonic_context_tier(const sonic_context *context);

/** The tier chosen for one primitive ("aes", "garble", "ot", "bitmat", "bool", "vec", "ring",
 * "conv", "vole", "dpf"), static storage; NULL for an unknown primitive. */
SONIC_API const char *sonic_context_kernel(const sonic_context *context, const char *primitive);

#ifdef __cplusplus
}
#endif
#endif
